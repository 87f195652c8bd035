"""Lines over time as pictures: a trend towards its target, and the course of a broadcast."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.pictures.sheet import GOAL, INK, KINDS, PAPER, QUIET, RULE, SMALL, Sheet, width_of
from cards.kit.charts.timeline import ACKNOWLEDGED, DELIVERED, UNIT, Timeline
from cards.kit.charts.trend import Line, LineKind, Trend
from cards.kit.charts.words import NOTHING, Qualifier, amount, ceiling, number, titled

_WIDTH, _HEIGHT = 1000, 560
_MOST_LABELLED = 16
_MOST_STEPS = 7
_STYLES = ("-", (0, (6, 2)), (0, (1, 1.5)))
_MARKERS = ("o", "s", "D")
_ABOVE = frozenset({Qualifier.AT_LEAST, Qualifier.MORE_THAN})
_LETTER = 0.0075
"""Half a letter below the axis, as a share of its length."""
_GAP = 3
_APART = 0.055
"""Two figures that do not touch, as a share of the height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    """A figure in words at a place of the plot."""

    time: float
    value: float
    said: str
    colour: str


def draw_trend(trend: Trend, font: Path | None) -> bytes:
    """Return a PNG with every value as it was published: exact, about (hollow), or a bound (an arrow)."""
    lines = trend.lines()
    plot = _Plot(titled(trend.title, trend.unit), font, source=trend.source, remark=trend.better or "")
    plot.scale(max((spot.value for line in lines for spot in line.spots), default=0))
    named: set[int] = set()
    for line in lines:
        if line.kind is LineKind.TARGET:
            plot.draw_goal(line, " ".join(trend.goal_said()))
        else:
            plot.draw(line, named=line.series not in named or line.kind is not LineKind.BOUND)
            named.add(line.series)
    measured = [line for line in lines if line.kind is not LineKind.TARGET]
    if sum(len(line.spots) for line in measured) <= _MOST_LABELLED:
        plot.write_all([figure for line in measured for figure in _figures(line)])
    else:
        plot.write_ends([_figures(line)[-1] for line in measured])
    rows = trend.rows()
    marks = [(float(row.day.toordinal()), row.label) for row in rows]
    if rows and trend.target and trend.target.due and trend.target.due > rows[-1].day:
        marks.append((float(trend.target.due.toordinal()), trend.target.by))
    plot.mark_times([time for time, _ in marks] if rows else [], marks)
    for series in trend.series:
        for point in series.points:
            if point.value is None:
                plot.write_below(float(point.day.toordinal()), point.said(trend.unit))
    return plot.png()


def draw_timeline(timeline: Timeline, font: Path | None) -> bytes:
    """Return a PNG with the share of people who had been reached, and had confirmed, at every moment."""
    plot = _Plot(titled(timeline.title, UNIT), font, remark=timeline.summary())
    moments = timeline.ordered()
    times = [moment.at.timestamp() for moment in moments]
    courses = [(DELIVERED, [timeline.share(moment.delivered) for moment in moments])]
    if timeline.acknowledge:
        courses.append((ACKNOWLEDGED, [timeline.share(moment.acknowledged) for moment in moments]))
    plot.scale(max((share for _, shares in courses for share in shares), default=0))
    for place, (name, shares) in enumerate(courses):
        plot.axes.plot(
            times, shares, color=KINDS[place], linestyle=_STYLES[place], linewidth=2, label=name, marker=""
        )
    plot.mark_times(times, [(step.at.timestamp(), step.label) for step in timeline.steps(_MOST_STEPS)])
    plot.write_ends(
        [
            _Figure(time=times[-1], value=shares[-1], said=amount(shares[-1], "%"), colour=KINDS[place])
            for place, (_, shares) in enumerate(courses)
            if shares
        ]
    )
    return plot.png()


def _figures(line: Line) -> list[_Figure]:
    return [
        _Figure(time=spot.day.toordinal(), value=spot.value, said=spot.said, colour=KINDS[line.series])
        for spot in line.spots
    ]


class _Plot:
    """Axes of time and value on a sheet, and what is drawn on them."""

    def __init__(self, title: str, font: Path | None, *, source: str = "", remark: str = "") -> None:
        self._sheet = Sheet(_WIDTH, _HEIGHT, font)
        self._sheet.head(title, source=source)
        self._highest = 1.0
        self.axes = self._sheet.axes()
        self.axes.set_xlabel(remark, loc="left", **self._sheet.style(SMALL, QUIET))

    def scale(self, highest: float) -> None:
        """Set the values' axis from 0 to a round number at or above the highest value."""
        self._highest = ceiling(highest)
        quarters = [self._highest * quarter / 4 for quarter in range(5)]
        self.axes.set_ylim(0, self._highest * 1.08)
        style = self._sheet.style(SMALL, QUIET)
        self.axes.set_yticks(quarters, labels=[number(round(each, 9)) for each in quarters], **style)
        self.axes.grid(axis="y", color=RULE, linewidth=0.8)

    def draw(self, line: Line, *, named: bool) -> None:
        """Draw a line of spots; what is not exact has hollow marks and no line between them."""
        exact = line.kind is LineKind.EXACT
        name = self._sheet.writable(line.name) if named else None
        for place, spot in enumerate(line.spots[:1] if exact else line.spots):
            spots = line.spots if exact else (spot,)
            self.axes.plot(
                [each.day.toordinal() for each in spots],
                [each.value for each in spots],
                color=KINDS[line.series],
                linestyle=_STYLES[line.series] if exact else "none",
                linewidth=2,
                marker=_marker(line, spot.qualifier),
                markersize=7,
                markeredgewidth=1.6,
                markerfacecolor=KINDS[line.series] if exact else "white",
                label=None if place else name,
            )

    def draw_goal(self, line: Line, name: str) -> None:
        """Draw the target as a broken line."""
        self.axes.plot(
            [spot.day.toordinal() for spot in line.spots],
            [spot.value for spot in line.spots],
            color=GOAL,
            linewidth=1.8,
            linestyle=(0, (5, 3)),
            label=self._sheet.writable(name),
        )

    def write_all(self, figures: Sequence[_Figure]) -> None:
        """Write every figure above its place, or below it where another one stands higher."""
        for figure in figures:
            higher = any(other.time == figure.time and other.value > figure.value for other in figures)
            self._write(
                figure, figure.value, (0, -9 if higher else 9), "center", "top" if higher else "bottom"
            )

    def write_ends(self, figures: Sequence[_Figure]) -> None:
        """Write figures to the right of their places, one below the other where they are close."""
        lowest = float("inf")
        for figure in sorted(figures, key=lambda figure: -figure.value):
            lowest = min(figure.value, lowest - self._highest * _APART)
            self._write(figure, lowest, (9, 0), "left", "center")

    def write_below(self, time: float, said: str) -> None:
        """Write what was said of a time without a number, above the axis."""
        figure = _Figure(time=time, value=0, said=said, colour=QUIET)
        self._write(figure, 0, (0, 6), "center", "bottom")

    def mark_times(self, times: Sequence[float], marks: Sequence[tuple[float, str]]) -> None:
        """Write the times below the axis, the newest first, as far as there is room."""
        self.axes.set_xticks([])
        if not times:
            self.axes.set_yticks([])
            style = self._sheet.style(colour=QUIET)
            self.axes.text(0.5, 0.5, NOTHING, transform=self.axes.transAxes, ha="center", **style)
            return
        first, last = min(times), max(times)
        span = (last - first) or 1
        self.axes.set_xlim(first - span * 0.08, last + span * 0.1)
        kept: list[tuple[float, str]] = []
        for time, label in sorted(marks, reverse=True):
            room = (abs(time - other) / span / _LETTER * 2 - width_of(said) - _GAP for other, said in kept)
            if all(width_of(label) < each for each in room):
                kept.append((time, label))
        labels = [self._sheet.writable(label) for _, label in kept]
        self.axes.set_xticks([time for time, _ in kept], labels=labels, **self._sheet.style(SMALL, INK))

    def png(self) -> bytes:
        """Return the picture."""
        if self.axes.get_legend_handles_labels()[1]:
            self._sheet.legend(self.axes)
        return self._sheet.png()

    def _write(self, figure: _Figure, height: float, moved: tuple[float, float], ha: str, va: str) -> None:
        self.axes.annotate(
            self._sheet.writable(figure.said),
            (figure.time, height),
            xytext=moved,
            textcoords="offset points",
            ha=ha,
            va=va,
            bbox=PAPER,
            **self._sheet.style(colour=figure.colour),
        )


def _marker(line: Line, qualifier: Qualifier) -> str:
    if line.kind is LineKind.BOUND:
        return "^" if qualifier in _ABOVE else "v"
    return _MARKERS[line.series]
