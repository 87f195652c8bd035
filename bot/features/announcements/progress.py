"""Draws the live card of a dispatch from what the ledger says."""

from datetime import datetime

from bot.directory.audience import describe
from bot.directory.protocol import Directory
from bot.errors import UserFacingError
from cards.announcements.progress import progress_card
from cards.kit.card import Card
from storage.deliveries.records import Dispatch, DispatchState, Tally
from storage.deliveries.store import Deliveries


class ProgressCards:
    """Draws the live card of a dispatch."""

    def __init__(self, *, deliveries: Deliveries, directory: Directory) -> None:
        """Keep what drawing may touch."""
        self._deliveries = deliveries
        self._directory = directory

    async def card(self, dispatch_id: str, now: datetime) -> Card:
        """Return the live card as of now."""
        dispatch = await self._deliveries.dispatch(dispatch_id)
        if dispatch is None:
            raise UserFacingError("この周知は見つかりません。")
        return self.draw(dispatch, await self._deliveries.tally(dispatch_id), now)

    def draw(self, dispatch: Dispatch, tally: Tally, now: datetime) -> Card:
        """Return the live card for these sums."""
        pace, left = pace_of(dispatch, tally, now)
        return progress_card(
            dispatch,
            tally,
            audience_label=describe(dispatch.audience, self._directory.snapshot),
            now=now,
            pace_per_s=pace,
            seconds_left=left,
        )


def pace_of(dispatch: Dispatch, tally: Tally, now: datetime) -> tuple[float | None, float | None]:
    """Return settled rows a second since the start, and the seconds that the open rows will take."""
    if dispatch.state is not DispatchState.SENDING or dispatch.started_at is None or not tally.settled:
        return None, None
    elapsed = (now - dispatch.started_at).total_seconds()
    if elapsed < 1:
        return None, None
    pace = tally.settled / elapsed
    return pace, tally.open / pace
