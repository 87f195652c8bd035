"""What the tests of delivery stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.ledger import Ledger, ledger_url
from tests.delivery.desk import Desk


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    """The store and the queue, on each engine."""
    return Desk.on(ledger)


@pytest.fixture
async def sqlite_ledger(data_dir: Path) -> AsyncIterator[Ledger]:
    """A new ledger on SQLite, for what does not depend on the engine or needs a clock of its own."""
    ledger = Ledger(ledger_url(data_dir, ""))
    yield ledger
    await ledger.close()
