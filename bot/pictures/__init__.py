"""Charts as pictures for the README and reports, drawn from the records of the cards' charts.

A picture is a PNG: the same bytes for the same record and font. Drawing takes some tenths of a second, so a
running bot hands it to a thread. matplotlib is loaded by the first picture.
"""

from importlib.util import find_spec
from pathlib import Path

from bot.errors import OperatorError
from cards.kit.charts.bars import Bars
from cards.kit.charts.timeline import Timeline
from cards.kit.charts.trend import Trend
from cards.kit.charts.year import YearCalendar


def draw_bars(bars: Bars, *, font: Path | None = None) -> bytes:
    """Return bars of sections, 1000 pixels wide and as high as they are many; `font` by default one found.

    Raises:
        OperatorError: matplotlib or a Japanese font is missing.
    """
    _require_matplotlib()
    from bot.pictures import bars as picture  # noqa: PLC0415 - 0.3 s that only a picture should pay

    return picture.draw(bars, font)


def draw_trend(trend: Trend, *, font: Path | None = None) -> bytes:
    """Return lines over the years towards a target, 1000 by 560 pixels.

    Raises:
        OperatorError: matplotlib or a Japanese font is missing.
    """
    _require_matplotlib()
    from bot.pictures import lines  # noqa: PLC0415

    return lines.draw_trend(trend, font)


def draw_timeline(timeline: Timeline, *, font: Path | None = None) -> bytes:
    """Return how a broadcast reached its people, 1000 by 560 pixels.

    Raises:
        OperatorError: matplotlib or a Japanese font is missing.
    """
    _require_matplotlib()
    from bot.pictures import lines  # noqa: PLC0415

    return lines.draw_timeline(timeline, font)


def draw_year(calendar: YearCalendar, *, font: Path | None = None) -> bytes:
    """Return the twelve months of a fiscal year on one sheet, 1600 by 1130 pixels (A4, landscape).

    Raises:
        OperatorError: matplotlib or a Japanese font is missing.
    """
    _require_matplotlib()
    from bot.pictures import year  # noqa: PLC0415

    return year.draw(calendar, font)


def _require_matplotlib() -> None:
    if find_spec("matplotlib") is None:
        raise OperatorError(
            "図を作るには matplotlib が必要です。"
            "`python -m pip install matplotlib` で入れてから、もう一度お試しください。"
        )
