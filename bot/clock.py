"""The one place that asks what time it is."""

from datetime import datetime
from typing import Protocol

from storage.instant import JST

__all__ = ["JST", "Clock", "SystemClock"]


class Clock(Protocol):
    """Tells the time; tests hand in one that they set themselves."""

    def now(self) -> datetime:
        """Return the present, aware, in JST."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present, aware, in JST."""
        return datetime.now(JST)
