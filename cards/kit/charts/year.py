"""The calendar of a fiscal year, April to March."""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import cycle

from cards.kit.text import clip, one_line

_APRIL, _DECEMBER = 4, 12
_WEEKDAYS = "月火水木金土日"
_A_YEAR = timedelta(days=365)
_MARKS = "●■▲◆★○□△◇☆"
_UNNAMED = "（件名なし）"
_LONGEST_TITLE = 40
_LONGEST_KIND = 12
_MOST_NAMED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is on a day, or on all days from the first to the last; `kind` is a word such as お知らせ."""

    title: str
    first: date
    last: date | None = None
    kind: str = "予定"

    @property
    def end(self) -> date:
        """The last day."""
        return max(self.last or self.first, self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthItem:
    """What is on in one month, once or more: its mark, when it is, and the spans of days that it takes."""

    mark: str
    kind: str
    when: str
    title: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month with what is on, in order of time."""

    year: int
    month: int
    items: tuple[MonthItem, ...]

    def holds(self, day: date) -> bool:
        """Say whether a day is in this month."""
        return (day.year, day.month) == (self.year, self.month)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearCalendar:
    """All that is planned from April of `fiscal_year` to the next March."""

    title: str
    fiscal_year: int
    entries: tuple[Entry, ...]
    source: str = ""

    def name(self) -> str:
        """Return the title with the months that it is about."""
        title = clip(one_line(self.title), _LONGEST_TITLE) or "年間予定"
        return f"{title}（{self.fiscal_year}年4月～{self.fiscal_year + 1}年3月）"

    def months(self) -> tuple[Month, ...]:
        """Return the twelve months; what is outside the year is left out."""
        entries = self._within()
        marks = dict(zip(dict.fromkeys(entry.kind for entry in entries), cycle(_MARKS), strict=False))
        starts = [
            date(self.fiscal_year + (month > _DECEMBER), (month - 1) % _DECEMBER + 1, 1)
            for month in range(_APRIL, _APRIL + 12)
        ]
        return tuple(
            Month(year=start.year, month=start.month, items=tuple(_items(entries, start, marks)))
            for start in starts
        )

    def _within(self) -> list[Entry]:
        """Return the entries of the year in order of time, their texts as they are shown."""
        start, end = date(self.fiscal_year, _APRIL, 1), date(self.fiscal_year + 1, _APRIL, 1)
        found = [entry for entry in self.entries if entry.first < end and entry.end >= start]
        told = (replace(entry, kind=_kind(entry), title=_title(entry)) for entry in found)
        return sorted(told, key=lambda entry: (entry.first, entry.title))


def kinds(months: Sequence[Month]) -> tuple[tuple[str, str], ...]:
    """Return the mark and the name of every kind that these months hold, in order of time."""
    return tuple(dict.fromkeys((item.mark, item.kind) for month in months for item in month.items))


def _items(entries: Sequence[Entry], start: date, marks: Mapping[str, str]) -> Iterator[MonthItem]:
    """Yield what is on in the month from `start`; what comes again under one title is one item."""
    end = start.replace(day=monthrange(start.year, start.month)[1])
    again: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.first <= end and entry.end >= start:
            again.setdefault((entry.kind, entry.title), []).append(entry)
    for (kind, title), same in again.items():
        yield MonthItem(
            mark=marks[kind],
            kind=kind,
            when=_whens(same, start),
            title=title,
            spans=tuple((max(each.first, start).day, min(each.end, end).day) for each in same),
        )


def _kind(entry: Entry) -> str:
    return clip(one_line(entry.kind), _LONGEST_KIND) or "予定"


def _title(entry: Entry) -> str:
    return clip(one_line(entry.title), _LONGEST_TITLE) or _UNNAMED


def _whens(entries: Sequence[Entry], start: date) -> str:
    if len(entries) > _MOST_NAMED:
        return f"{_when(entries[0], start)}から{len(entries)}回"
    return "・".join(dict.fromkeys(_when(entry, start) for entry in entries))


def _when(entry: Entry, start: date) -> str:
    """Return 7日（火）, 7日（火）～10日（金）, or 30日（水）まで; the month where it is another one."""
    if entry.first < start:
        return f"{_day(entry.end, start)}まで"
    if entry.end == entry.first:
        return _day(entry.first, start)
    return f"{_day(entry.first, start)}～{_day(entry.end, start)}"


def _day(day: date, start: date) -> str:
    year = f"{day.year}年" if day - start >= _A_YEAR else ""
    month = "" if (day.year, day.month) == (start.year, start.month) else f"{day.month}月"
    return f"{year}{month}{day.day}日（{_WEEKDAYS[day.weekday()]}）"
