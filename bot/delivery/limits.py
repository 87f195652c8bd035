"""The figures by which dispatches are sent."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingLimits:
    """`rate` is in requests a second to Teams (0: no limit); `concurrency` counts requests under way."""

    rate: float = 30
    concurrency: int = 50
    lease: timedelta = timedelta(seconds=90)
    give_up_after: timedelta = timedelta(hours=24)
    first_wait: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(minutes=5)
    doubtful_sends: int = 5

    @property
    def burst(self) -> int:
        """How many permits may be taken at once: a third of a second's worth.

        Within Teams' 50 a second at the default rate, and enough that a moment of load loses none.
        """
        return max(1, int(self.rate / 3))
