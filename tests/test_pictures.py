"""Charts as pictures: what is drawn follows the data, and what is missing on the machine is said."""

import hashlib
import io
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from bot.errors import OperatorError
from bot.pictures import draw_bars, draw_timeline, draw_trend, draw_year
from bot.pictures.fonts import japanese_font
from bot.pictures.sheet import GOAL, INK, KINDS, OTHERS, OWN, QUIET, cut, width_of, wrapped
from cards.kit.charts.bars import Bar, Bars
from cards.kit.charts.trend import Point, Series, Target, Trend
from cards.kit.charts.words import Qualifier
from cards.kit.charts.year import Entry, YearCalendar
from tests.cards.chart_samples import BARS, BUREAUS, LEAVE, PLAN, TIMELINES, TODAY, TRENDS, YEARS

DRAWN: dict[str, Callable[..., bytes]] = {
    **{f"bars: {name}": partial(draw_bars, each) for name, each in BARS.items()},
    **{f"trend: {name}": partial(draw_trend, each) for name, each in TRENDS.items()},
    **{f"timeline: {name}": partial(draw_timeline, each) for name, each in TIMELINES.items()},
    **{f"year: {name}": partial(draw_year, each) for name, each in YEARS.items()},
}
ROOT = Path(__file__).parents[1]
ONE_OF_EACH = ("bars: bureaus", "trend: qualified", "timeline: seven minutes", "year: a plan")
SIZES = {"trend": (1000, 560), "timeline": (1000, 560), "year": (1600, 1130)}
NO_FONT = r"日本語のフォントがない.*apt-get install fonts-noto-cjk"


@pytest.fixture(autouse=True, scope="module")
def _font() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first run on a machine looks through all its fonts
        try:
            japanese_font()
        except OperatorError as error:
            pytest.skip(str(error))


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def where(png: bytes, colour: str) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return for each pixel whether it is exactly of this colour."""
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    return np.asarray((image == ImageColor.getrgb(colour)[:3]).all(axis=2), dtype=np.bool_)


def length(png: bytes, colour: str) -> int:
    """Return how long the longest unbroken line of a colour is, in pixels."""
    rows = ("".join("x" if pixel else " " for pixel in row) for row in where(png, colour))
    return max(len(line) for row in rows for line in row.split(" "))


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a process of their own."""
    argv = [sys.executable, "-c", code]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", DRAWN)
def test_every_state_is_a_picture_of_its_size(name: str) -> None:
    kind = name.split(":", maxsplit=1)[0]
    width, height = size_of(DRAWN[name]())
    if kind == "bars":
        rows = len(BARS[name.removeprefix("bars: ")].bars)
        assert (width, height) == (1000, 150 + 34 * max(rows, 2))
    else:
        assert (width, height) == SIZES[kind]


def test_a_hundred_bars_are_the_most() -> None:
    bars = Bars(title="件数", unit="件", bars=tuple(Bar(label=f"{n}課", value=n) for n in range(1_000)))
    assert size_of(draw_bars(bars)) == (1000, 150 + 34 * 100)


def hashes() -> list[str]:
    return [hashlib.sha256(DRAWN[name]()).hexdigest() for name in ONE_OF_EACH]


def test_the_same_data_are_the_same_bytes_in_every_process() -> None:
    code = "from tests.test_pictures import hashes; print(*hashes())"
    assert hashes() == hashes() == run(code).stdout.split()


def changed_point(trend: Trend, **changes: object) -> Trend:
    first, *rest = trend.series[0].points
    return replace(trend, series=(Series(points=(replace(first, **changes), *rest)), *trend.series[1:]))  # type: ignore[arg-type]


def moved(days: int) -> bytes:
    first, *rest = PLAN.entries
    other = replace(first, first=first.first + timedelta(days=days))
    return draw_year(replace(PLAN, entries=(other, *rest)))


def two(*, own: int | None = None, label: str = "甲課") -> Bars:
    """Return two bars, one of them one's own."""
    labels = (label, "乙課")
    bars = tuple(Bar(label=each, value=place + 1, own=place == own) for place, each in enumerate(labels))
    return Bars(title=label, unit="件", bars=bars)


CHANGES: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    "a value": (
        partial(draw_bars, BUREAUS),
        partial(draw_bars, replace(BUREAUS, bars=(Bar(label="大臣官房", value=81.3), *BUREAUS.bars[1:]))),
    ),
    "who is one's own": (
        partial(
            draw_bars, replace(BUREAUS, bars=(Bar(label="甲", value=1, own=True), Bar(label="乙", value=1)))
        ),
        partial(
            draw_bars, replace(BUREAUS, bars=(Bar(label="甲", value=1), Bar(label="乙", value=1, own=True)))
        ),
    ),
    "a target": (partial(draw_bars, BUREAUS), partial(draw_bars, replace(BUREAUS, target=None))),
    "a source": (partial(draw_bars, BUREAUS), partial(draw_bars, replace(BUREAUS, source=""))),
    "a qualifier": (
        partial(draw_trend, LEAVE),
        partial(draw_trend, changed_point(LEAVE, qualifier=Qualifier.ABOUT)),
    ),
    "a day": (partial(draw_trend, LEAVE), partial(draw_trend, changed_point(LEAVE, day=date(2024, 1, 31)))),
    "words": (
        partial(draw_trend, TRENDS["only words"]),
        partial(draw_trend, changed_point(TRENDS["only words"], words="約4分の1")),
    ),
    "a due day": (
        partial(draw_trend, LEAVE),
        partial(draw_trend, replace(LEAVE, target=Target(value=100, label="令和7年度末まで", due=TODAY))),
    ),
    "a moment": (
        partial(draw_timeline, TIMELINES["seven minutes"]),
        partial(
            draw_timeline,
            replace(TIMELINES["seven minutes"], moments=TIMELINES["seven minutes"].moments[:-1]),
        ),
    ),
    "an entry's day": (partial(moved, 0), partial(moved, 1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_other_data_are_another_picture(name: str) -> None:
    before, after = CHANGES[name]
    assert before() != after()


def test_bars_are_as_long_as_their_values() -> None:
    bars = two(own=0)
    png = draw_bars(bars)
    assert length(png, OTHERS) > 500
    assert length(png, OWN) * 2 == pytest.approx(length(png, OTHERS), abs=4)
    assert length(png, GOAL) == 0
    assert where(draw_bars(replace(bars, target=1.5)), GOAL).sum() > 20


def test_the_year_shows_periods_on_each_of_their_days() -> None:
    period = KINDS[2]  # the third kind in the order of time
    alone = replace(PLAN, entries=tuple(entry for entry in PLAN.entries if entry.title != "集中取組期間"))
    days = 31 + 31 + 30
    more = where(draw_year(PLAN), period).sum() - where(draw_year(alone), period).sum()
    assert more > days * 40


def contrast(colour: str) -> float:
    """Return the contrast with white as WCAG 2 defines it."""
    parts = [part / 255 for part in ImageColor.getrgb(colour)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def test_colours_can_be_read_on_white() -> None:
    assert min(map(contrast, (INK, QUIET, OWN, GOAL, *KINDS))) >= 4.5
    assert contrast(OTHERS) >= 3


def test_without_a_japanese_font_it_is_said_what_to_install(tmp_path: Path) -> None:
    broken = tmp_path / "NotoSansCJK-Regular.ttc"
    broken.write_bytes(b"no font")
    latin = Path(sys.prefix).glob("lib/python3*/site-packages/matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf")
    named_wrongly = tmp_path / "ipaexg.ttf"
    named_wrongly.write_bytes(next(iter(latin)).read_bytes())
    for installed in ([], [str(broken)], [str(named_wrongly), str(tmp_path / "meiryo.ttc")]):
        with pytest.raises(OperatorError, match=NO_FONT) as raised:
            japanese_font(installed)
        assert "\n" not in str(raised.value)


def test_the_best_font_is_taken_wherever_it_stands(tmp_path: Path) -> None:
    serif, sans = tmp_path / "a" / "ipaexg.ttf", tmp_path / "b" / "NotoSansCJK-Regular.ttc"
    for file in (serif, sans):
        file.parent.mkdir()
        file.symlink_to(japanese_font())
    assert japanese_font([str(serif), str(sans)]) == sans
    assert japanese_font([str(serif)]) == serif


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_without_matplotlib_it_is_said_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(OperatorError, match="python -m pip install matplotlib"):
        DRAWN[name]()


def test_matplotlib_is_loaded_by_the_first_picture_only() -> None:
    code = (
        "import sys, bot.pictures;"
        "sys.exit(bool({'matplotlib', 'numpy', 'microsoft_teams'} & set(sys.modules)))"
    )
    assert run(code).returncode == 0


def test_lines_break_by_the_width_of_their_letters() -> None:
    assert width_of("あaア１1") == 8
    assert wrapped("あいうabc", 5) == ["あい", "うabc"]
    assert wrapped("", 5) == [""]
    assert cut("あいうえお", 10) == "あいうえお"
    assert cut("あいうえおa", 10) == "あいうえ…"


def test_what_the_font_does_not_have_is_marked() -> None:
    assert draw_bars(two(label="😀課")) == draw_bars(two(label="〓課"))


def test_a_dollar_sign_begins_no_formula() -> None:
    broken = r"$\frac{1$"  # as a formula, it could not be drawn
    points = (Point(day=TODAY, label=broken, value=1), Point(day=TODAY, label="", value=None, words=broken))
    trend = Trend(title=broken, unit="%", series=(Series(name=broken, points=points),), source=broken)
    entry = Entry(title=broken, first=date(2026, 5, 5), kind=broken)
    year = YearCalendar(title=broken, fiscal_year=2026, entries=(entry,), source=broken)
    timeline = replace(TIMELINES["seven minutes"], title=broken)
    for png in (draw_bars(two(label=broken)), draw_trend(trend), draw_timeline(timeline), draw_year(year)):
        assert size_of(png)
