"""The calendar of a year as a table of a card: Teams has no chart for it."""

from collections.abc import Iterator, Sequence
from datetime import date

from microsoft_teams.cards import (
    CardElement,
    ColumnDefinition,
    Table,
    TableCell,
    TableRow,
    TextBlock,
)

from cards.kit import layout
from cards.kit.charts.words import sourced
from cards.kit.charts.year import Month, MonthItem, YearCalendar, kinds
from cards.kit.figures import count_of
from cards.kit.text import clip, plain

_MOST_ENTRIES = 3
_LONGEST_ENTRY = 56
_WIDTHS = (2, 9)


def year_table(calendar: YearCalendar, *, today: date, most: int = _MOST_ENTRIES) -> list[CardElement]:
    """Return the twelve months with at most `most` entries each; the present month is marked in words."""
    months, source = calendar.months(), sourced(calendar.source)
    return [
        layout.subheading(calendar.name()),
        *_legend(kinds(months)),
        Table(
            columns=[ColumnDefinition(width=width) for width in _WIDTHS],
            rows=[_header(), *(_row(month, today, most) for month in months)],
            first_row_as_headers=True,
            show_grid_lines=False,
        ),
        *([layout.note(source)] if source else []),
    ]


def _legend(found: Sequence[tuple[str, str]]) -> list[CardElement]:
    return [layout.note("　".join(f"{mark} {kind}" for mark, kind in found))] if found else []


def _header() -> TableRow:
    return TableRow(cells=[TableCell(items=[_text(name, bold=True)]) for name in ("月", "予定")])


def _row(month: Month, today: date, most: int) -> TableRow:
    now = month.holds(today)
    name: list[CardElement] = [_text(f"{month.month}月", bold=True)]
    if now:
        name.append(_text("今月", bold=True))
    return TableRow(
        style="accent" if now else None,
        cells=[TableCell(items=name), TableCell(items=list(_entries(month.items, most)))],
    )


def _entries(items: Sequence[MonthItem], most: int) -> Iterator[TextBlock]:
    if not items:
        yield _text("予定はありません")
    for item in items[:most]:
        yield _text(clip(f"{item.mark} {item.when}　{item.title}", _LONGEST_ENTRY))
    if len(items) > most:
        yield _text(f"ほか{count_of(len(items) - most)}")


def _text(text: str, *, bold: bool = False) -> TextBlock:
    return TextBlock(text=plain(text), wrap=True, weight="Bolder" if bold else None, spacing="None")
