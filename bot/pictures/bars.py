"""Bars of sections as a picture."""

from pathlib import Path

from bot.pictures.sheet import GOAL, INK, OTHERS, OWN, PAPER, QUIET, SMALL, Sheet, wrapped
from cards.kit.charts.bars import BarRow, Bars, about_hidden
from cards.kit.charts.words import NOTHING, ceiling, titled

_WIDTH = 1000
_ROW, _FRAME = 34, 150
_MOST = 100
_LABEL = 44


def draw(bars: Bars, font: Path | None) -> bytes:
    """Return a PNG with every bar, its label and its figure; at most 100 of them."""
    rows, others = bars.shortened(_MOST)
    sheet = Sheet(_WIDTH, _FRAME + _ROW * max(len(rows), 2), font)
    sheet.head(titled(bars.title, bars.unit), source=bars.source)
    axes = sheet.axes()
    goal = bars.goal()
    drawn = [row.value for row in (*rows, goal) if row is not None and row.value is not None]
    longest = ceiling(max(drawn, default=0))
    axes.set_xlim(0, longest * 1.12)
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.set_xticks([])
    labels = ["\n".join(wrapped(sheet.writable(row.label), _LABEL)) for row in rows]
    axes.set_yticks(range(len(rows)), labels=labels, linespacing=1.1, **sheet.style())
    for place, row in enumerate(rows):
        _draw_row(sheet, place, row, longest)
    if goal is not None and goal.value is not None:
        axes.axvline(goal.value, color=GOAL, linewidth=1.5, linestyle=(0, (5, 3)))
        axes.text(
            goal.value,
            -0.62,
            sheet.writable(f"{goal.label} {goal.said}"),
            ha="center",
            va="bottom",
            **sheet.style(colour=GOAL),
        )
    remarks = sheet.writable(others + about_hidden(rows))
    axes.set_xlabel(remarks, loc="left", **sheet.style(SMALL, QUIET))
    if not rows:
        axes.text(0, 0, NOTHING, **sheet.style(colour=QUIET))
    return sheet.png()


def _draw_row(sheet: Sheet, place: int, row: BarRow, longest: float) -> None:
    axes = sheet.figure.axes[0]
    gap = longest * 0.008
    if row.value is None:
        axes.text(gap, place, sheet.writable(row.said), va="center", **sheet.style(colour=QUIET))
        return
    axes.barh(place, row.value, height=0.62, color=OWN if row.own else OTHERS)
    style = sheet.style(colour=OWN if row.own else INK)
    axes.text(row.value + gap, place, sheet.writable(row.said), va="center", bbox=PAPER, **style)
    if row.own:
        axes.get_yticklabels()[place].set_color(OWN)
