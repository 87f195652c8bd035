"""The stage for tests of features. Every test here runs in the loop of its module."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.features.stage import Stage, stage


@pytest_asyncio.fixture(loop_scope="module")
async def bot(data_dir: Path) -> AsyncIterator[Stage]:
    """The running bot on the sample organisation, with Teams on loopback: new for each test."""
    async with stage(data_dir) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The same for a whole module: for tests that do not mind what others have left behind."""
    async with stage(tmp_path_factory.mktemp("shared")) as running:
        yield running
