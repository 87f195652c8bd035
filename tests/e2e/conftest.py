"""The stage on which each story plays, and who sits in front of a screen."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.e2e.colleagues import person
from tests.e2e.playground import playground
from tests.e2e.services import free_port
from tests.e2e.stage import Stage, stage
from tests.e2e.window import ChatWindow, empty_shots, launched

_STAFF = person(5)
_STAFF_PORT = 56160


@pytest.fixture(scope="session", autouse=True)
def _new_pictures() -> None:
    empty_shots()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Stage]:
    """The bot with nothing in its memory, the colleagues and the Playground."""
    async with stage(tmp_path) as running:
        yield running
    # Whatever a person saw, nothing may have happened that nobody expected.
    log = running.bot.log.read_text(encoding="utf-8")
    assert "Traceback" not in log, log


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright, launched(playwright) as browser:
        yield browser


@pytest.fixture
async def author(running: Stage, browser: Browser) -> ChatWindow:
    """職員001, who may write announcements, in front of the Playground."""
    assert running.window is not None, "Node 20 and `npm ci` are needed"
    return await ChatWindow.open(browser, running.window.url)


@pytest.fixture
async def staff(running: Stage, browser: Browser, tmp_path: Path) -> AsyncIterator[ChatWindow]:
    """職員005, a member of staff, in front of a second Playground."""
    port, log = free_port(_STAFF_PORT), tmp_path / "staff.log"
    async with playground(port, running.messages_url, log, current=_STAFF) as window:
        yield await ChatWindow.open(browser, window.url)
