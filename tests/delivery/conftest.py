"""What the tests of delivery stand on."""

import pytest

from storage.ledger import Ledger
from tests.delivery.desk import Desk


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    """The store and the queue, on each engine."""
    return Desk.on(ledger)
