"""What a person does in the chat window, through a headless Chromium that reaches nothing but loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit

from playwright.async_api import Browser, FloatRect, Locator, Page, Playwright, Route, expect

from tests.e2e.browser import chromium
from tests.e2e.services import HOST, ROOT

SHOTS = ROOT / "build" / "e2e"

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SIZE = {"width": 1400, "height": 3600}
_CHAT_LEFT, _CHAT_TOP = 330, 50
_SHOWN_AT_MOST, _SHOWN_AT_LEAST = 1500, 600
_WAIT_MS = 15_000
_LOAD_MS = 40_000
_COMPOSER = '[data-lexical-editor="true"]'
_CARD = ".ac-adaptiveCard"
_MESSAGES = f"{_CARD}, .fai-OutputCard"
_numbers = count(1)


@asynccontextmanager
async def launched(playwright: Playwright) -> AsyncIterator[Browser]:
    """Run Chromium until the block ends."""
    path = chromium()
    assert path is not None, "python -m tests.e2e.browser installs it"
    browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
    try:
        yield browser
    finally:
        await browser.close()


class ChatWindow:
    """The Playground's page in front of one person."""

    def __init__(self, page: Page) -> None:
        """Take a page on which the Playground is open."""
        self.page = page

    @classmethod
    async def open(cls, browser: Browser, url: str) -> "ChatWindow":
        """Open the Playground's page in a new browser profile, with its log panel hidden."""
        context = await browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
        context.set_default_timeout(_WAIT_MS)
        await context.route("**/*", _only_loopback)
        page = await context.new_page()
        await page.set_viewport_size({"width": _SIZE["width"], "height": _SIZE["height"]})
        await page.goto(url, wait_until="load", timeout=_LOAD_MS)
        window = cls(page)
        await window._loaded()
        return window

    async def reload(self) -> None:
        """Load the page again; it forgets what was shown."""
        await self.page.reload(wait_until="load", timeout=_LOAD_MS)
        await self._loaded()

    async def _loaded(self) -> None:
        await self.page.locator(_COMPOSER).first.wait_for(timeout=_LOAD_MS)
        await self.page.get_by_role("button", name="Toggle Log Panel").click()

    async def say(self, text: str) -> None:
        """Write a message and send it."""
        await self.page.locator(_COMPOSER).last.click()
        await self.page.keyboard.type(text)
        await self.page.get_by_role("button", name="Send Message").click()

    async def mention_bot(self, text: str) -> None:
        """Write a post that mentions the bot, in the channel that is open."""
        await self.page.locator(_COMPOSER).last.click()
        await self.page.keyboard.type("@")
        await self.page.get_by_role("menuitem", name="働き方ボット").click()
        await self.page.keyboard.type(f" {text}")
        await self.page.get_by_role("button", name="Post").last.click()

    async def go_to(self, chat: str) -> None:
        """Open another chat or channel."""
        await self.page.get_by_role("treeitem", name=chat).click()

    def card(self, text: str) -> Locator:
        """Return the newest card that holds a text."""
        return self.page.locator(_CARD).filter(has_text=text).last

    def cards(self, text: str) -> Locator:
        """Return all cards that hold a text."""
        return self.page.locator(_CARD).filter(has_text=text)

    async def press(self, card: Locator, button: str) -> None:
        """Press a button of a card by its exact label."""
        await card.get_by_role("button", name=button, exact=True).click()

    async def sees(self, text: str, *, seconds: float = _WAIT_MS / 1000) -> Locator:
        """Wait until a card shows a text, and return the newest one."""
        card = self.card(text)
        await expect(card).to_be_visible(timeout=seconds * 1000)
        return card

    async def hears(self, text: str) -> None:
        """Wait until a message without a card says a text; the list of chats may repeat it."""
        await expect(self.page.get_by_text(text).last).to_be_visible(timeout=_WAIT_MS)

    async def keep(self, name: str, card: Locator | None = None) -> None:
        """Keep a picture of a card, or of the newest part of the chat, as build/e2e/NN-name.png."""
        path = SHOTS / f"{next(_numbers):02d}-{name}.png"
        if card is not None:
            await card.screenshot(path=path)
            return
        boxes = [await shown.bounding_box() for shown in await self.page.locator(_MESSAGES).all()]
        lowest = max((box["y"] + box["height"] for box in boxes if box), default=0)
        bottom = min(max(lowest + 100, _SHOWN_AT_LEAST), _SIZE["height"])
        top = max(_CHAT_TOP, bottom - _SHOWN_AT_MOST)
        clip = FloatRect(x=_CHAT_LEFT, y=top, width=_SIZE["width"] - _CHAT_LEFT, height=bottom - top)
        await self.page.screenshot(path=path, clip=clip)


async def _only_loopback(route: Route) -> None:
    if urlsplit(route.request.url).hostname in {HOST, "localhost"}:
        await route.continue_()
    else:
        await route.abort()


def empty_shots() -> None:
    """Forget the pictures of the last run."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for picture in SHOTS.glob("*.png"):
        picture.unlink()
