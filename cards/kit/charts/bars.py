"""Bars for sections, one's own marked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cards.kit.charts.words import HIDDEN, amount, checked, rounded
from cards.kit.text import clip, one_line

TARGET = "目標"
_UNNAMED = "（名称なし）"
_LONGEST_LABEL = 40
_LONGEST_WORDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A section and its value; where there is none, `words` stand in its place."""

    label: str
    value: float | None
    own: bool = False
    words: str = HIDDEN

    def __post_init__(self) -> None:
        """Refuse a value that no chart can show."""
        checked(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    """A bar as it is shown: its label is found once, its value is rounded, `said` is the figure in words."""

    label: str
    value: float | None
    said: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Sections beside each other, in the order in which they are shown.

    `unit` is %, 人, 時間, 日 …; `counted` is what a bar stands for (課室, 部局); `source` says where the
    figures come from.
    """

    title: str
    unit: str
    bars: tuple[Bar, ...]
    own_mark: str = "自課"
    target: float | None = None
    counted: str = "課室"
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a target that no chart can show."""
        checked(self.target)

    def rows(self) -> tuple[BarRow, ...]:
        """Return every bar as it is shown."""
        labels = _told_apart(map(self._label, self.bars))
        return tuple(
            BarRow(
                label=label,
                value=None if bar.value is None else rounded(bar.value, self.unit),
                said=_without(bar.words) if bar.value is None else amount(bar.value, self.unit),
                own=bar.own,
            )
            for bar, label in zip(self.bars, labels, strict=True)
        )

    def goal(self) -> BarRow | None:
        """Return the target as a bar."""
        if self.target is None:
            return None
        said = amount(self.target, self.unit)
        return BarRow(label=TARGET, value=rounded(self.target, self.unit), said=said, own=False)

    def shortened(self, most: int) -> tuple[tuple[BarRow, ...], str]:
        """Return at most `most` rows, the own ones among them, and a sentence on the others."""
        rows = self.rows()
        if len(rows) <= most:
            return rows, ""
        by_weight = sorted(range(len(rows)), key=lambda place: not rows[place].own)
        kept = set(by_weight[:most])
        rest = [row for place, row in enumerate(rows) if place not in kept]
        return tuple(rows[place] for place in sorted(kept)), self._others(rest)

    def _others(self, rest: list[BarRow]) -> str:
        who = f"ほか{len(rest):,}{self.counted}"
        values = [row.value for row in rest if row.value is not None]
        if not values:
            return f"{who}の値は示していません。"
        lowest, highest = amount(min(values), self.unit), amount(max(values), self.unit)
        span = lowest if lowest == highest else f"{lowest}～{highest}"
        without = len(rest) - len(values)
        beside = f"（値を示さない{without:,}{self.counted}を除きます）" if without else ""
        return f"{who}は{span}です{beside}。"

    def _label(self, bar: Bar) -> str:
        name = clip(one_line(bar.label), _LONGEST_LABEL) or _UNNAMED
        return f"{name}（{self.own_mark}）" if bar.own else name


def about_hidden(rows: Iterable[BarRow]) -> str:
    """Return the sentence on why figures are kept back; an empty text if none is."""
    hidden = any(row.value is None and row.said == HIDDEN for row in rows)
    return f"「{HIDDEN}」は、人数が少ないため値を示していません。" if hidden else ""


def _without(words: str) -> str:
    return clip(one_line(words), _LONGEST_WORDS) or HIDDEN


def _told_apart(labels: Iterable[str]) -> Iterator[str]:
    """Number labels that come again: Teams draws bars of one label as one."""
    used = {TARGET}
    for label in labels:
        told, count = label, 1
        while told in used:
            count += 1
            told = f"{label}（{count}）"
        used.add(told)
        yield told
