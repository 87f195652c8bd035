"""Lines over the years towards a target."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from cards.kit.charts.words import HIDDEN, Qualifier, amount, checked, rounded
from cards.kit.text import clip, one_line

ONLY = "実績"
"""The name of a series that stands alone."""
_MOST_SERIES = 3
_LONGEST_NAME = 20
_LONGEST_LABEL = 30


class Better(StrEnum):
    """In which direction things improve; its value is said on the chart."""

    UP = "値が高いほど良い指標です。"
    DOWN = "値が低いほど良い指標です。"


class LineKind(StrEnum):
    """What a line stands for. A bound (50%未満) says on which side of it the true value lies, no more."""

    EXACT = "exact"
    ABOUT = "about"
    BOUND = "bound"
    TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value as it was published: `label` is its time as people call it (令和5年度, 2026年10月).

    What was published without a number (半数以上) has no value: `words` stand in its place.
    """

    day: date
    label: str
    value: float | None
    qualifier: Qualifier = Qualifier.EXACTLY
    words: str = HIDDEN

    def __post_init__(self) -> None:
        """Refuse a value that no chart can show."""
        checked(self.value)

    def said(self, unit: str) -> str:
        """Return the value in words, as it was published."""
        if self.value is None:
            return clip(one_line(self.words), _LONGEST_LABEL) or HIDDEN
        return amount(self.value, unit, self.qualifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The points of one line, in any order."""

    points: tuple[Point, ...]
    name: str = ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be reached; `label` says by when as people say it (令和7年度末まで), `due` is that day."""

    value: float
    label: str
    due: date | None = None

    def __post_init__(self) -> None:
        """Refuse a target that no chart can show."""
        checked(self.value)

    @property
    def by(self) -> str:
        """By when, on one line."""
        return clip(one_line(self.label), _LONGEST_LABEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place on a line: the value is rounded, `said` is the figure in words."""

    day: date
    value: float
    said: str
    qualifier: Qualifier = Qualifier.EXACTLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Spots that are drawn alike, in order of time; `series` counts from 0."""

    name: str
    kind: LineKind
    series: int
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRow:
    """All that is known of one time: for each series in turn the figure in words, or an empty text."""

    day: date
    label: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One to three series towards a target."""

    title: str
    unit: str
    series: tuple[Series, ...]
    better: Better | None = None
    target: Target | None = None
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse more lines than an eye can follow."""
        if not 1 <= len(self.series) <= _MOST_SERIES:
            raise ValueError(f"a trend has 1 to {_MOST_SERIES} series, not {len(self.series)}")

    def names(self) -> tuple[str, ...]:
        """Return the name of each series."""
        return tuple(
            clip(one_line(each.name), _LONGEST_NAME) or f"{ONLY}{place}"
            for place, each in enumerate(self.series, 1)
        )

    def rows(self) -> tuple[TrendRow, ...]:
        """Return every time with its figures in words, the oldest first."""
        found: dict[tuple[date, str], list[list[str]]] = {}
        for place, series in enumerate(self.series):
            for point in series.points:
                label = clip(one_line(point.label), _LONGEST_LABEL) or f"{point.day.year}年"
                said = found.setdefault((point.day, label), [[] for _ in self.series])
                said[place].append(point.said(self.unit))
        return tuple(
            TrendRow(day=day, label=label, said=tuple(map("・".join, found[day, label])))
            for day, label in sorted(found)
        )

    def latest(self, most: int) -> "Trend":
        """Return the trend over its latest days, at most `most` of them."""
        days = sorted({point.day for series in self.series for point in series.points})
        kept = days[-most:]
        series = tuple(
            replace(each, points=tuple(point for point in each.points if point.day in kept))
            for each in self.series
        )
        return replace(self, series=series)

    def lines(self) -> tuple[Line, ...]:
        """Return what can be drawn: exact values, approximate ones and bounds apart, then the target."""
        found = [
            Line(
                name=f"{name}（約）" if kind is LineKind.ABOUT else name, kind=kind, series=place, spots=spots
            )
            for place, (name, series) in enumerate(zip(self.names(), self.series, strict=True))
            for kind in (LineKind.EXACT, LineKind.ABOUT, LineKind.BOUND)
            if (spots := tuple(self._spots(series, kind)))
        ]
        days = [spot.day for line in found for spot in line.spots]
        return (*found, self._goal(self.target, days)) if self.target and days else tuple(found)

    def goal_said(self) -> tuple[str, str]:
        """Return the target's name and figure in words; two empty texts if there is none."""
        if self.target is None:
            return "", ""
        name = f"目標（{self.target.by}）" if self.target.by else "目標"
        return name, amount(self.target.value, self.unit)

    def _spots(self, series: Series, kind: LineKind) -> Iterator[Spot]:
        for point in sorted(series.points, key=lambda point: point.day):
            if point.value is not None and _KINDS.get(point.qualifier, LineKind.BOUND) is kind:
                yield Spot(
                    day=point.day,
                    value=rounded(point.value, self.unit),
                    said=point.said(self.unit),
                    qualifier=point.qualifier,
                )

    def _goal(self, target: Target, days: list[date]) -> Line:
        value, said = rounded(target.value, self.unit), amount(target.value, self.unit)
        ends = (min(days), max([*days, target.due] if target.due else days))
        spots = tuple(Spot(day=day, value=value, said=said) for day in ends)
        return Line(name=f"目標 {said}", kind=LineKind.TARGET, series=0, spots=spots)


_KINDS = {Qualifier.EXACTLY: LineKind.EXACT, Qualifier.ABOUT: LineKind.ABOUT}
