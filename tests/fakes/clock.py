"""A clock that a test sets."""

from datetime import datetime, timedelta

from bot.clock import JST

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=JST)


class SetClock:
    """Stands still until the test moves it."""

    def __init__(self, moment: datetime = NOW) -> None:
        """Start at this moment."""
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self.moment

    def advance(self, span: timedelta) -> None:
        """Move on by so much."""
        self.moment += span
