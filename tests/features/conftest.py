"""The stage for tests of features."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.features.stage import Stage, stage


@pytest.fixture
async def bot(data_dir: Path) -> AsyncIterator[Stage]:
    """The running bot on the sample organisation, with Teams on loopback."""
    async with stage(data_dir) as running:
        yield running
