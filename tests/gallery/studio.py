"""Where cards are drawn: a page of a headless Chromium for each rendering, for one card after another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Route

from cards.announcements.notice import CONFIRM
from tests.gallery.states import PHONE, Rendering, Variant
from tests.gallery.themes import host_config

_HERE = Path(__file__).parent
_MODULES = _HERE.parents[1] / "node_modules"
_SCRIPTS = (
    _MODULES / "markdown-it" / "dist" / "markdown-it.min.js",
    _MODULES / "adaptivecards" / "dist" / "adaptivecards.min.js",
    _HERE / "draw.js",
    _HERE / "look.js",
)
_PAGE = (
    '<!doctype html><html lang="ja"><meta charset="utf-8"><style>:root{{{variables}}}{style}</style>'
    '<div id="card"></div></html>'
)
_FIRST_SCREEN = 640
_HEIGHT = 800


@dataclass(frozen=True, slots=True)
class Picture:
    """A card as it was drawn, as PNG, and what is wrong with it."""

    png: bytes
    findings: tuple[str, ...]


class Studio:
    """Draws cards in one rendering."""

    def __init__(self, page: Page, rendering: Rendering) -> None:
        """Take a page with the renderer in it."""
        self.page = page
        self._host_config = host_config(rendering.theme)
        counts = rendering.width == PHONE and rendering.variant is not Variant.UNFOLDED
        self._first_screen = {"label": CONFIRM, "pixels": _FIRST_SCREEN} if counts else None

    async def draw(self, content: dict[str, Any]) -> Picture:
        """Return the picture of a card and all that is wrong with it."""
        said = await self.page.evaluate("([card, host]) => draw(card, host)", [content, self._host_config])
        seen = await self.page.evaluate("first => look(first)", self._first_screen)
        box = await self.page.locator("#card").bounding_box()
        assert box is not None
        png = await self.page.screenshot(clip=box, full_page=True, animations="allow")
        return Picture(png, tuple(f"the renderer says: {each}" for each in said) + tuple(seen))


@asynccontextmanager
async def studio(browser: Browser, rendering: Rendering) -> AsyncIterator[Studio]:
    """Open a page for a rendering; it reaches no network at all.

    Raises:
        FileNotFoundError: `npm ci` has not been run.
    """
    width = rendering.width.pixels
    context = await browser.new_context(
        viewport={"width": width, "height": _HEIGHT}, locale="ja-JP", timezone_id="Asia/Tokyo"
    )
    try:
        await context.route("**/*", _refuse)
        page = await context.new_page()
        style = await asyncio.to_thread((_HERE / "style.css").read_text, encoding="utf-8")
        await page.set_content(_PAGE.format(variables=rendering.theme.variables(), style=style))
        for script in _SCRIPTS:
            await page.add_script_tag(path=script)
        yield Studio(page, rendering)
    finally:
        await context.close()


async def _refuse(route: Route) -> None:
    await route.abort()
