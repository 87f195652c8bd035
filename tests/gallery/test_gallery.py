"""The gallery finds what a person would stumble over, and nothing in what reads well."""

import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.cards.samples import SAMPLES
from tests.e2e.window import launched
from tests.gallery.states import FULL, PHONE, Rendering
from tests.gallery.studio import Picture, studio
from tests.gallery.themes import DARK, LIGHT

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

ON_PHONE = Rendering(theme=LIGHT, width=PHONE)
WIDE_DARK = Rendering(theme=DARK, width=FULL)
LINE = {"type": "TextBlock", "text": "各課室で話し合ってください。", "wrap": True}
UNBROKEN = "https://www.soumu.go.jp/" + "a" * 80


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright, launched(playwright) as browser:
        yield browser


async def picture(browser: Browser, rendering: Rendering, *body: dict[str, Any]) -> Picture:
    """Return the picture of a card with these elements."""
    async with studio(browser, rendering) as opened:
        return await opened.draw({"type": "AdaptiveCard", "version": "1.5", "body": [*body]})


def buttons(*titles: str, **more: str) -> dict[str, Any]:
    """Return a row of buttons."""
    actions = [{"type": "Action.Submit", "title": title, **more} for title in titles]
    return {"type": "ActionSet", "actions": actions}


@pytest.mark.parametrize("rendering", [ON_PHONE, WIDE_DARK], ids=lambda each: each.name)
async def test_our_cards_read_well(browser: Browser, rendering: Rendering) -> None:
    names = [
        "notice: to confirm",
        "form: errors",
        "progress: paused, no access",
        "confirmations: many bureaus",
    ]
    async with studio(browser, rendering) as opened:
        for name in names:
            drawn = await opened.draw(SAMPLES[name].draw().content)
            assert drawn.findings == (), name
            width, height = struct.unpack(">II", drawn.png[16:24])
            assert (width, height > 200) == (rendering.width.pixels - 16, True)


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (
            [{**LINE, "text": "各課室で話し合ってください。" * 5, "wrap": False}],
            "text is cut off or overflows: 各課室で",
        ),
        (
            [{"type": "ColumnSet", "columns": [{"type": "Column", "width": "500px", "items": [LINE]}]}],
            "is wider than the card: 各課室で",
        ),
        (
            [buttons("送れなかった人に再送", "最新の状況にする", "送信を止める")],
            "the button's label is cut: ",
        ),
        (
            [{"type": "Input.Text", "id": "a", "placeholder": "例：" + "長" * 40}],
            "the placeholder is cut: 例：長",
        ),
        ([{**LINE, "color": "Warning"}], "contrast 1.47: 各課室で"),
        ([*[LINE] * 30, buttons("確認しました", style="positive")], "確認しました ends at "),
        ([{"type": "Carousel3D"}], "the renderer says: "),
    ],
    ids=["no wrap", "wide column", "three buttons", "placeholder", "yellow text", "far down", "unknown"],
)
async def test_an_error_on_a_phone_is_found(
    browser: Browser, body: list[dict[str, Any]], finding: str
) -> None:
    found = (await picture(browser, ON_PHONE, *body)).findings
    assert [each for each in found if finding in each], found


async def test_what_reads_well_on_one_screen_may_not_on_another(browser: Browser) -> None:
    red = {**LINE, "color": "Attention"}
    assert (await picture(browser, ON_PHONE, red)).findings == ()
    assert (await picture(browser, WIDE_DARK, red)).findings == (
        "contrast 3.24: 各課室で話し合ってください。",
    )
    far_down = [*[LINE] * 30, buttons("確認しました", style="positive")]
    assert (await picture(browser, WIDE_DARK, *far_down)).findings == ()


async def test_a_word_that_no_line_holds_is_broken_and_no_error(browser: Browser) -> None:
    assert (await picture(browser, ON_PHONE, {**LINE, "text": UNBROKEN})).findings == ()


async def test_what_only_teams_knows_is_drawn_by_a_stand_in(browser: Browser) -> None:
    data = [{"x": "大臣官房", "y": 43.7}, {"x": "統計局", "y": 80}]
    lines = [{"legend": "実績", "values": [{"x": "2026-10-01", "y": 43.7}, {"x": "2026-11-01", "y": 60}]}]
    async with studio(browser, ON_PHONE) as opened:
        bare = await opened.draw({"type": "AdaptiveCard", "version": "1.5", "body": [LINE]})
        for element in (
            {"type": "ProgressBar", "value": 3, "max": 4},
            {"type": "Badge", "text": "重要"},
            {"type": "Chart.HorizontalBar", "data": data},
            {"type": "Chart.VerticalBar", "data": data},
            {"type": "Chart.Line", "data": lines, "yMin": 0, "yMax": 100},
            {"type": "Chart.Donut", "data": [{"legend": "達成", "value": 43.7}]},
            {"type": "Chart.Gauge", "value": 43.7, "segments": [{"legend": "達成", "size": 43.7}]},
        ):
            drawn = await opened.draw({"type": "AdaptiveCard", "version": "1.5", "body": [LINE, element]})
            assert drawn.findings == (), element["type"]
            assert struct.unpack(">II", drawn.png[16:24])[1] > struct.unpack(">II", bare.png[16:24])[1]


async def test_a_card_reaches_no_network(browser: Browser) -> None:
    image = {"type": "Image", "url": "http://127.0.0.1:9/x.png", "altText": "図"}
    async with studio(browser, ON_PHONE) as opened:
        refused: list[str] = []
        opened.page.on("requestfailed", lambda request: refused.append(str(request.failure)))
        await opened.draw({"type": "AdaptiveCard", "version": "1.5", "body": [LINE, image]})
    assert refused == ["net::ERR_FAILED"]
