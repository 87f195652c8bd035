"""`make gallery`: every card in every state, in three themes and three widths, on one page."""

import asyncio
import re
import struct
import sys
import time
from pathlib import Path

import click
from playwright.async_api import Browser, async_playwright

from cards.kit.card import Card
from tests.e2e.window import launched
from tests.gallery.drawn import all_cards
from tests.gallery.index import Shown, index_page
from tests.gallery.states import RENDERINGS, Rendering
from tests.gallery.studio import studio

_FOLDER = Path(__file__).parents[2] / "build" / "gallery"
_PAGES_AT_ONCE = 2


@click.command()
@click.option("--only", default="", help="draw the states whose names begin with this")
def main(only: str) -> None:
    """Draw the cards, write build/gallery/index.html, and say what is wrong with the pictures."""
    cards = {name: card for name, card in all_cards().items() if name.startswith(only)}
    if not cards:
        raise click.BadParameter(f"no state begins with {only}", param_hint="--only")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for old in _FOLDER.glob("*.png"):
        old.unlink()
    started = time.monotonic()
    drawn = asyncio.run(_drawn(cards))
    pictures = {name: [each[name] for each in drawn if name in each] for name in cards}
    found = [
        f"{name}, {shown.rendering.name}: {finding}"
        for name, shown_all in pictures.items()
        for shown in shown_all
        for finding in shown.findings
    ]
    count = sum(map(len, pictures.values()))
    note = (
        f"{len(cards)} states, {count} pictures in {time.monotonic() - started:.0f} s, {len(found)} findings"
    )
    (_FOLDER / "index.html").write_text(index_page(cards, pictures, note), encoding="utf-8")
    for line in found:
        click.echo(line)
    click.echo(f"{note}: {_FOLDER / 'index.html'}")
    sys.exit(1 if found else 0)


async def _drawn(cards: dict[str, Card]) -> list[dict[str, Shown]]:
    places = asyncio.Semaphore(_PAGES_AT_ONCE)
    async with async_playwright() as playwright, launched(playwright) as browser:
        return await asyncio.gather(*(_all_in(browser, each, cards, places) for each in RENDERINGS))


async def _all_in(
    browser: Browser, rendering: Rendering, cards: dict[str, Card], places: asyncio.Semaphore
) -> dict[str, Shown]:
    """Draw all cards in one rendering, and return those that it shows in its own way."""
    shown: dict[str, Shown] = {}
    async with places, studio(browser, rendering) as opened:
        for name, card in cards.items():
            content = rendering.content(card.content)
            if content is None:
                continue
            picture = await opened.draw(content)
            file = f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.{rendering.name}.png"
            await asyncio.to_thread((_FOLDER / file).write_bytes, picture.png)
            width, height = struct.unpack(">II", picture.png[16:24])
            shown[name] = Shown(
                rendering=rendering, file=file, width=width, height=height, findings=picture.findings
            )
    return shown


if __name__ == "__main__":
    main()
