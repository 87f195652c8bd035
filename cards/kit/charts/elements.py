"""The records of charts as elements of a card: the drawing, and below it every figure in words.

Teams' charts show no title by themselves and their names of colours decide; a phone may know no charts at
all. So the title stands above as text, and nothing is told by a drawing or by a colour alone.
"""

from collections.abc import Sequence

from microsoft_teams.cards import (
    CardElement,
    ChartColor,
    HorizontalBarChart,
    HorizontalBarChartDataValue,
    LineChart,
    LineChartData,
    LineChartValue,
    Table,
    TextBlock,
)

from cards.kit import layout
from cards.kit.charts.bars import BarRow, Bars, about_hidden
from cards.kit.charts.timeline import ACKNOWLEDGED, DELIVERED, UNIT, Step, Timeline
from cards.kit.charts.trend import Line, LineKind, Trend, TrendRow
from cards.kit.charts.words import NOTHING, amount, ceiling, sourced, titled
from cards.kit.text import plain

_MOST_BARS = 12
_MOST_TIMES = 12
_MOST_LONG_LINES = 6
_MOST_STEPS = 6
_FEWEST_TO_COMPARE = 2
_MOST_COLUMNS = 2
_OWN: ChartColor = "categoricalLightBlue"
_OTHERS: ChartColor = "neutral"
_GOAL: ChartColor = "good"
_ABOUT: ChartColor = "sequential4"
_SERIES: tuple[ChartColor, ...] = ("categoricalLightBlue", "divergingLightRed", "categoricalTeal")


def bar_chart(bars: Bars, *, most: int = _MOST_BARS) -> list[CardElement]:
    """Return bars of at most `most` sections, the own one among them; the others in one sentence."""
    shown, others = bars.shortened(most)
    title = titled(bars.title, bars.unit)
    if not shown:
        return _empty(title)
    goal = bars.goal()
    drawn = [row for row in (*shown, goal) if row is not None and row.value is not None]
    chart = HorizontalBarChart(
        title=title,
        # With an axis, one long name leaves no room for any bar.
        display_mode="AbsoluteNoAxis",
        data=[
            HorizontalBarChartDataValue(x=row.label, y=row.value, color=_colour(row, goal)) for row in drawn
        ],
        fallback=_instead(),
    )
    lines = [_line(row.label, row.said, marked=row.own) for row in shown]
    if goal is not None:
        lines.append(_line(goal.label, goal.said))
    return [
        layout.subheading(title),
        *([chart] if len(drawn) >= _FEWEST_TO_COMPARE else []),
        _list(lines),
        *_notes(others, about_hidden(shown), sourced(bars.source)),
    ]


def trend_chart(trend: Trend, *, most: int = _MOST_TIMES) -> list[CardElement]:
    """Return lines over the latest times, at most `most` of them, and the target."""
    shown = trend.latest(most if len(trend.series) <= _MOST_COLUMNS else min(most, _MOST_LONG_LINES))
    rows, title = shown.rows(), titled(trend.title, trend.unit)
    if not rows:
        return _empty(title)
    lines = [line for line in shown.lines() if line.kind is not LineKind.BOUND]
    spots = [spot for line in lines for spot in line.spots]
    chart = LineChart(
        title=title,
        y_min=0,
        y_max=ceiling(max((spot.value for spot in spots), default=0)),
        data=[_line_data(line) for line in lines],
        fallback=_instead(),
    )
    measured = sum(len(line.spots) for line in lines if line.kind is not LineKind.TARGET)
    left_out = len({row.day for row in trend.rows()}) - len({row.day for row in rows})
    return [
        layout.subheading(title),
        *([chart] if measured >= _FEWEST_TO_COMPARE else []),
        _figures(rows, shown.names()),
        *layout.facts([trend.goal_said()]),
        *_notes(
            f"これより前の{left_out:,}時点は省略しています。" if left_out else "",
            _undrawn(shown),
            trend.better or "",
            sourced(trend.source),
        ),
    ]


def timeline_chart(timeline: Timeline, *, most: int = _MOST_STEPS) -> list[CardElement]:
    """Return how a broadcast reached its people, in at most `most` steps."""
    steps, title = timeline.steps(most), titled(timeline.title, UNIT)
    if not steps:
        return _empty(title)
    lines = [_steps_data(DELIVERED, _SERIES[0], [(step, step.delivered) for step in steps])]
    if timeline.acknowledge:
        lines.append(_steps_data(ACKNOWLEDGED, _SERIES[1], [(step, step.acknowledged) for step in steps]))
    chart = LineChart(
        title=title,
        y_min=0,
        y_max=ceiling(max(max(step.delivered, step.acknowledged) for step in steps)),
        data=lines,
        fallback=_instead(),
    )
    return [
        layout.subheading(title),
        *([chart] if len(steps) >= _FEWEST_TO_COMPARE else []),
        _steps_table(steps, acknowledge=timeline.acknowledge),
        layout.paragraph(timeline.summary()),
    ]


def _empty(title: str) -> list[CardElement]:
    return [layout.subheading(title), layout.paragraph(NOTHING)]


def _instead() -> TextBlock:
    return layout.note("この画面ではグラフを表示できません。数字は下のとおりです。")


def _colour(row: BarRow, goal: BarRow | None) -> ChartColor:
    if row is goal:
        return _GOAL
    return _OWN if row.own else _OTHERS


def _list(lines: Sequence[str]) -> TextBlock:
    return layout.rich("\n".join(lines))


def _line(label: str, said: str, *, marked: bool = False) -> str:
    name = plain(label)
    return f"- **{name}**　{plain(said)}" if marked else f"- {name}　{plain(said)}"


def _notes(*texts: str) -> list[CardElement]:
    return [layout.note(text) for text in texts if text.strip()]


def _line_data(line: Line) -> LineChartData:
    colours = {LineKind.TARGET: _GOAL, LineKind.ABOUT: _ABOUT}
    return LineChartData(
        legend=line.name,
        color=colours.get(line.kind, _SERIES[line.series]),
        values=[LineChartValue(x=spot.day.isoformat(), y=spot.value) for spot in line.spots],
    )


def _figures(rows: Sequence[TrendRow], names: Sequence[str]) -> CardElement:
    """Return a table with the newest time in bold; a list where a phone has no room for the columns."""
    if len(names) > _MOST_COLUMNS:
        return _list([_line(row.label, _together(row, names)) for row in rows])
    full = [(row.label, *(said or "－" for said in row.said)) for row in rows]
    return layout.table(("時期", *names), full[:-1], full[-1], (4, *(3 for _ in names)))


def _together(row: TrendRow, names: Sequence[str]) -> str:
    return "・".join(f"{name} {said}" for name, said in zip(names, row.said, strict=True) if said)


def _undrawn(trend: Trend) -> str:
    """Say what of the list is not in the drawing."""
    drawn = sum(len(line.spots) for line in trend.lines() if line.kind in {LineKind.EXACT, LineKind.ABOUT})
    if drawn < sum(len(series.points) for series in trend.series):
        return "幅のある値や数字のない値は、グラフに点を描いていません。"
    return ""


def _steps_data(name: str, colour: ChartColor, values: Sequence[tuple[Step, float]]) -> LineChartData:
    return LineChartData(
        legend=name,
        color=colour,
        values=[
            LineChartValue(x=step.day.isoformat() if step.day else step.label, y=count)
            for step, count in values
        ],
    )


def _steps_table(steps: Sequence[Step], *, acknowledge: bool) -> Table:
    names = (DELIVERED, ACKNOWLEDGED) if acknowledge else (DELIVERED,)
    full = [
        (step.label, *(amount(share, "%") for share in (step.delivered, step.acknowledged)[: len(names)]))
        for step in steps
    ]
    first = "日" if steps[0].day else "時刻"
    return layout.table((first, *names), full[:-1], full[-1], (4, *(3 for _ in names)))
