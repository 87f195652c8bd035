"""A fiscal year as a sheet for the wall: twelve months with their days, and below each what is on."""

from calendar import Calendar
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from bot.pictures.sheet import INK, KINDS, QUIET, SMALL, TITLE, Sheet, cut
from cards.kit.charts.words import sourced
from cards.kit.charts.year import Month, MonthItem, YearCalendar, kinds

_WIDTH, _HEIGHT = 1600, 1130
_MARGIN, _TOP, _BOTTOM = 24, 92, 30
_COLUMNS, _ROWS = 4, 3
_GAP = 22
_PANEL_WIDTH = (_WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS
_PANEL_HEIGHT = (_HEIGHT - _TOP - _BOTTOM) / _ROWS
_DAY_WIDTH, _DAY_HEIGHT = _PANEL_WIDTH / 7, 24
_LINE = 20
_MOST_ITEMS = 6
_MOST_MARKS = 3
_LETTERS, _WIDE = 54, 230
_STRIPE, _MOST_STRIPES = 3, 2
_WEEKDAYS = "月火水木金土日"
_SATURDAY = 5
_WEEKEND = "#f0f2f5"


def draw(calendar: YearCalendar, font: Path | None) -> bytes:
    """Return a PNG of the whole year; kinds differ by their mark and by their colour."""
    sheet = Sheet(_WIDTH, _HEIGHT, font, arranged=False)
    axes = sheet.figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(_HEIGHT, 0)
    axes.axis("off")
    months = calendar.months()
    colours = {mark: KINDS[place % len(KINDS)] for place, (mark, _) in enumerate(kinds(months))}
    axes.text(_MARGIN, 40, sheet.writable(calendar.name()), **sheet.style(TITLE + 4))
    _explain(sheet, axes, kinds(months), colours)
    for place, month in enumerate(months):
        row, column = divmod(place, _COLUMNS)
        left, top = _MARGIN + column * (_PANEL_WIDTH + _GAP), _TOP + row * _PANEL_HEIGHT
        _Panel(sheet, axes, left, top, colours).draw(month)
    source = cut(sheet.writable(sourced(calendar.source)), _WIDE)
    axes.text(_MARGIN, _HEIGHT - 12, source, **sheet.style(SMALL, QUIET))
    return sheet.png()


def _explain(sheet: Sheet, axes: Axes, found: Sequence[tuple[str, str]], colours: dict[str, str]) -> None:
    left = float(_MARGIN)
    for mark, kind in found:
        said = sheet.writable(f"{mark} {kind}")
        written = axes.text(left, 70, said, **sheet.style(colour=colours[mark]))
        left += written.get_window_extent().width + 26


class _Panel:
    """One month on the sheet, from its upper left corner."""

    def __init__(self, sheet: Sheet, axes: Axes, left: float, top: float, colours: dict[str, str]) -> None:
        self._sheet = sheet
        self._axes = axes
        self._left = left
        self._top = top
        self._colours = colours

    def draw(self, month: Month) -> None:
        self._axes.plot([self._left, self._left + _PANEL_WIDTH], [self._top + 2] * 2, color=INK, linewidth=1)
        self._axes.text(self._left, self._top + 21, f"{month.month}月", **self._sheet.style(TITLE))
        weeks = Calendar().monthdayscalendar(month.year, month.month)
        for column, name in enumerate(_WEEKDAYS):
            style = self._sheet.style(SMALL - 1, QUIET)
            self._axes.text(self._middle(column), self._top + 40, name, ha="center", **style)
        for row, week in enumerate(weeks):
            for column, day in enumerate(week):
                if day:
                    self._draw_day(month, day, column, self._top + 46 + row * _DAY_HEIGHT)
        self._list(month.items, self._top + 46 + len(weeks) * _DAY_HEIGHT + 18)

    def _middle(self, column: int) -> float:
        return self._left + (column + 0.5) * _DAY_WIDTH

    def _draw_day(self, month: Month, day: int, column: int, top: float) -> None:
        found = [item for item in month.items if any(first <= day <= last for first, last in item.spans)]
        left = self._left + column * _DAY_WIDTH
        if column >= _SATURDAY:
            self._fill((left, top), _WEEKEND, 1)
        if found:
            self._fill((left, top), self._colours[found[-1].mark], 0.16)
        lasting = [
            item for item in found if any(first < last and first <= day <= last for first, last in item.spans)
        ]
        for place, item in enumerate(lasting[:_MOST_STRIPES]):
            corner = (left, top + _DAY_HEIGHT - _STRIPE * (place + 1))
            self._fill(corner, self._colours[item.mark], 1, height=_STRIPE - 1)
        style = self._sheet.style(SMALL, INK if found or column < _SATURDAY else QUIET)
        self._axes.text(left + 4, top + 15, str(day), **style)
        begins = [item for item in found if any(day == first for first, _ in item.spans)]
        for place, item in enumerate(begins[:_MOST_MARKS]):
            style = self._sheet.style(SMALL - 1, self._colours[item.mark])
            self._axes.text(left + 20 + place * 11, top + 15, item.mark, **style)

    def _fill(
        self, corner: tuple[float, float], colour: str, alpha: float, *, height: float = _DAY_HEIGHT - 1
    ) -> None:
        box = Rectangle(corner, _DAY_WIDTH - 1, height, color=colour, alpha=alpha, linewidth=0)
        self._axes.add_patch(box)

    def _list(self, items: tuple[MonthItem, ...], top: float) -> None:
        if not items:
            self._axes.text(self._left, top, "予定はありません", **self._sheet.style(SMALL, QUIET))
        shown = items if len(items) <= _MOST_ITEMS else items[: _MOST_ITEMS - 1]
        for place, item in enumerate(shown):
            height = top + place * _LINE
            self._axes.text(
                self._left, height, item.mark, **self._sheet.style(SMALL, self._colours[item.mark])
            )
            said = cut(self._sheet.writable(f"{item.when}　{item.title}"), _LETTERS)
            self._axes.text(self._left + 15, height, said, **self._sheet.style(SMALL))
        if len(items) > len(shown):
            rest = f"ほか{len(items) - len(shown)}件"
            self._axes.text(
                self._left + 15, top + len(shown) * _LINE, rest, **self._sheet.style(SMALL, QUIET)
            )
