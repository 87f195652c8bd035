"""The parts of a card: heading, paragraph, facts, table, progress, rows to choose from.

Every text handed in is somebody's own and is shown literally; only `rich` takes Markdown, made safe before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from microsoft_teams.cards import (
    Action,
    ActionSet,
    CardElement,
    Column,
    ColumnDefinition,
    ColumnSet,
    Container,
    ExecuteAction,
    Fact,
    FactSet,
    ProgressBar,
    Table,
    TableCell,
    TableRow,
    TextBlock,
)

from cards.kit.text import plain

UNNAMED = "（件名なし）"
_BAR_CELLS = 10


def heading(text: str) -> TextBlock:
    """Return the heading of a card."""
    return TextBlock(text=plain(text) or UNNAMED, style="heading", size="Large", weight="Bolder", wrap=True)


def subheading(text: str) -> TextBlock:
    """Return a bold line above a part of a card."""
    return TextBlock(text=plain(text), weight="Bolder", wrap=True, spacing="Medium")


def paragraph(text: str) -> TextBlock:
    """Return a line of text."""
    return TextBlock(text=plain(text), wrap=True)


def note(text: str) -> TextBlock:
    """Return a remark in small, quieter letters."""
    return TextBlock(text=plain(text), size="Small", is_subtle=True, wrap=True)


def warning(text: str) -> TextBlock:
    """Return a line that something is wrong, in words, with a sign and in colour."""
    return TextBlock(text=f"⚠ {plain(text)}", color="Attention", weight="Bolder", wrap=True)


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
    """Return names with their values; pairs without a value are left out."""
    kept = [Fact(title=plain(title), value=plain(value)) for title, value in pairs if value.strip()]
    return [FactSet(facts=kept)] if kept else []


def table(header: Sequence[str], rows: Sequence[Sequence[str]], weights: Sequence[int]) -> Table:
    """Return a table of at most three columns; the first holds names, the others hold figures."""
    return Table(
        columns=[
            ColumnDefinition(width=weight, horizontal_cell_content_alignment="Left" if first else "Right")
            for first, weight in zip([True, *[False] * len(weights)], weights, strict=False)
        ],
        rows=[_table_row(header, bold=True), *(_table_row(row) for row in rows)],
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


def buttons(actions: Sequence[Action]) -> ActionSet:
    """Return buttons in the middle of a card."""
    return ActionSet(actions=list(actions))
