"""The parts of a card: heading, paragraph, facts, table, progress, rows to choose from.

Every text handed in is somebody's own and is shown literally; only `rich` takes Markdown, made safe before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import ceil
from typing import Literal

from microsoft_teams.cards import (
    Action,
    ActionSet,
    CardElement,
    Column,
    ColumnDefinition,
    ColumnSet,
    Container,
    ExecuteAction,
    OpenUrlAction,
    ProgressBar,
    Table,
    TableCell,
    TableRow,
    TextBlock,
)

from cards.kit.text import clip, letters, literal, one_line, plain

UNNAMED = "（件名なし）"
_BAR_CELLS = 10
_LARGE_HEADING = 40
_LONGEST_HEADING = 120
_ROW_WIDTH = 310
_BUTTON_FRAME = 34
_LETTER = 14


def heading(text: str) -> TextBlock:
    """Return the heading of a card; a long one is set smaller, so that it does not fill a phone."""
    told = clip(plain(text), _LONGEST_HEADING) or UNNAMED
    size: Literal["Large", "Medium"] = "Large" if len(told) <= _LARGE_HEADING else "Medium"
    return TextBlock(text=told, style="heading", size=size, weight="Bolder", wrap=True)


def subheading(text: str) -> TextBlock:
    """Return a bold line above a part of a card."""
    return TextBlock(text=plain(text), weight="Bolder", wrap=True, spacing="Medium")


def paragraph(text: str) -> TextBlock:
    """Return a line of text."""
    return TextBlock(text=plain(text), wrap=True)


def note(text: str) -> TextBlock:
    """Return a remark in small, quieter letters."""
    return TextBlock(text=plain(text), size="Small", is_subtle=True, wrap=True)


def mistake(text: str) -> TextBlock:
    """Return a line that says what is wrong with the field below it."""
    return _alarm(text, spacing="Large")


def warning(text: str) -> Container:
    """Return a line that something is wrong, set off from the card."""
    return Container(style="attention", rounded_corners=True, items=[_alarm(text)])


def _alarm(text: str, *, spacing: Literal["Large"] | None = None) -> TextBlock:
    # Not in Teams' red: on a dark background it cannot be read.
    return TextBlock(text=f"⚠ {plain(text)}", weight="Bolder", wrap=True, spacing=spacing)


def rich(markdown: str, *, bold: bool = False, follows: bool = False, separated: bool = False) -> TextBlock:
    """Return a text of safe Markdown; `follows` sets it directly under the line before."""
    return TextBlock(
        text=markdown,
        wrap=True,
        weight="Bolder" if bold else None,
        spacing="None" if follows else None,
        separator=separated or None,
    )


def facts(pairs: Sequence[tuple[str, str]]) -> list[CardElement]:
    """Return a line for each name with its value; pairs without a value are left out.

    A FactSet squeezes its names into a column of one or two characters on a phone; lines wrap as text does.
    """
    kept = [(title, value) for title, value in pairs if value.strip()]
    return [
        TextBlock(text=f"**{plain(title)}**　{literal(one_line(value))}", spacing=spacing, wrap=True)
        for (title, value), spacing in zip(kept, _line_spacing(), strict=False)
    ]


def _line_spacing() -> Iterator[Literal["Small"] | None]:
    yield None
    yield from repeat("Small")


def listed(lines: Sequence[str]) -> list[CardElement]:
    """Return a list with a bullet for each line."""
    return [TextBlock(text="\n".join(f"- {plain(line)}" for line in lines), wrap=True)] if lines else []


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], sums: Sequence[str], weights: Sequence[int]
) -> Table:
    """Return a table of at most three columns, names in the first, figures in the others, sums below."""
    return Table(
        columns=[
            ColumnDefinition(width=weight, horizontal_cell_content_alignment="Left" if first else "Right")
            for first, weight in zip([True, *[False] * len(weights)], weights, strict=False)
        ],
        rows=[
            _table_row(header, bold=True),
            *(_table_row(row) for row in rows),
            _table_row(sums, bold=True),
        ],
        first_row_as_headers=True,
        show_grid_lines=False,
    )


def _table_row(cells: Sequence[str], *, bold: bool = False) -> TableRow:
    texts = [TextBlock(text=plain(cell), weight="Bolder" if bold else None, wrap=True) for cell in cells]
    return TableRow(cells=[TableCell(items=[text]) for text in texts])


def progress(done: int, total: int, sentence: str) -> list[CardElement]:
    """Return a bar with its figures in words; `sentence` must name both figures."""
    share = min(max(done / total, 0), 1) if total else 0
    filled = int(share * _BAR_CELLS)
    squares = TextBlock(text="■" * filled + "□" * (_BAR_CELLS - filled), color="Accent", wrap=True)
    return [
        ProgressBar(value=done, max=max(total, 1), color="Accent", fallback=squares),
        TextBlock(text=plain(sentence), weight="Bolder", wrap=True),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A row that can be pressed: what it is, a remark below it, and what pressing it does."""

    title: str
    remark: str
    action: ExecuteAction


def choices(rows: Sequence[Choice]) -> list[CardElement]:
    """Return rows of which each can be pressed as a whole."""
    return [
        Container(
            style="emphasis",
            spacing="Small",
            rounded_corners=True,
            select_action=row.action,
            items=[
                ColumnSet(
                    columns=[
                        Column(
                            width="stretch",
                            items=[
                                TextBlock(text=plain(row.title) or UNNAMED, weight="Bolder", wrap=True),
                                TextBlock(text=plain(row.remark), size="Small", wrap=True, spacing="None"),
                            ],
                        ),
                        Column(
                            width="auto",
                            vertical_content_alignment="Center",
                            items=[TextBlock(text="開く ›", color="Accent", wrap=True)],
                        ),
                    ]
                )
            ],
        )
        for row in rows
    ]


def emphasised(items: Sequence[CardElement]) -> Container:
    """Return elements set off from the rest of the card."""
    return Container(style="emphasis", rounded_corners=True, items=list(items))


def buttons(actions: Sequence[ExecuteAction | OpenUrlAction]) -> list[CardElement]:
    """Return buttons in rows that fit a phone: in one row too many, clients cut their words off."""
    rows: list[list[Action]] = []
    room = 0
    for action in actions:
        width = button_width(action.title or "")
        if width > room:
            rows.append([])
            room = _ROW_WIDTH
        rows[-1].append(action)
        room -= width
    return [ActionSet(actions=row, spacing="Small" if index else None) for index, row in enumerate(rows)]


def button_width(title: str) -> int:
    """Return about how many pixels a button takes, the gap to the next one included."""
    return _BUTTON_FRAME + ceil(_LETTER * letters(title))


def fits_button(title: str) -> bool:
    """Say whether a button of this title is readable on a phone."""
    return button_width(title) <= _ROW_WIDTH
