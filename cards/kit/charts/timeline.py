"""How a broadcast reached its people over time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from cards.kit import dates
from cards.kit.charts.words import rounded
from cards.kit.figures import people

UNIT = "宛先に占める割合、%"
DELIVERED, ACKNOWLEDGED = "届いた", "確認した"
_MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360)
_JST = ZoneInfo("Asia/Tokyo")
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How many people it had reached by a time, and how many of them had confirmed."""

    at: datetime
    delivered: int
    acknowledged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What share of the people had been reached by a time, and had confirmed: % of all, rounded.

    People call the time `label`; `day` is set where the steps are days.
    """

    at: datetime
    label: str
    day: date | None
    delivered: float
    acknowledged: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A broadcast to `total` people: its moments are cumulative, in any order and number."""

    title: str
    total: int
    moments: tuple[Moment, ...]
    acknowledge: bool = False

    def __post_init__(self) -> None:
        """Refuse numbers below nothing, and times without an offset."""
        for moment in self.moments:
            if min(moment.delivered, moment.acknowledged) < 0:
                raise ValueError("nobody can be reached less than never")
            if moment.at.tzinfo is None:
                raise ValueError("a moment needs its time zone")

    def ordered(self) -> tuple[Moment, ...]:
        """Return the moments in order of time."""
        return tuple(sorted(self.moments, key=lambda moment: moment.at))

    def steps(self, most: int) -> tuple[Step, ...]:
        """Return at most `most` (≥ 2) steps, evenly apart by the clock or by days; the newest comes last."""
        moments = self.ordered()
        if not moments:
            return ()
        first, last = moments[0].at.astimezone(_JST), moments[-1].at.astimezone(_JST)
        by_day = last - first >= _A_DAY
        ends = _ends_of_days(first, last, most) if by_day else _times(first, last, most)
        told = (self._step(moments, end, by_day=by_day) for end in (*ends, last))
        # Two steps within a minute have one label; the later one holds.
        return tuple({step.label: step for step in told}.values())

    def share(self, count: int) -> float:
        """Return how much of all the people a number of them is: %, rounded."""
        return rounded(count * 100 / self.total, "%") if self.total > 0 else 0.0

    def summary(self) -> str:
        """Return the newest numbers in a sentence."""
        moments = self.ordered()
        if not moments:
            return f"宛先は{people(self.total)}です。"
        newest = moments[-1]
        reached = f"宛先{people(self.total)}のうち{people(newest.delivered)}に届"
        if self.acknowledge:
            return f"{reached}き、{people(newest.acknowledged)}が確認しました。"
        return f"{reached}きました。"

    def _step(self, moments: tuple[Moment, ...], end: datetime, *, by_day: bool) -> Step:
        reached = [moment for moment in moments if moment.at <= end][-1]
        return Step(
            at=end,
            label=dates.day(end, end) if by_day else f"{end.hour}:{end.minute:02}",
            day=end.date() if by_day else None,
            delivered=self.share(reached.delivered),
            acknowledged=self.share(reached.acknowledged),
        )


def _times(first: datetime, last: datetime, most: int) -> Iterator[datetime]:
    minutes = (last - first) / timedelta(minutes=1)
    fits = (each for each in _MINUTES if each * (most - 1) >= minutes)
    apart = timedelta(minutes=next(fits, ceil(minutes / (most - 1))))
    while first < last:
        yield first
        first += apart


def _ends_of_days(first: datetime, last: datetime, most: int) -> Iterator[datetime]:
    days = (last.date() - first.date()).days
    for passed in range(0, days, ceil(days / (most - 1))):
        yield first.replace(hour=23, minute=59, second=59) + timedelta(days=passed)
