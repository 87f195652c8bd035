"""What the bot does by itself while announcements are under way: live cards, pauses, figures."""

from datetime import datetime, timedelta

import structlog

from bot.chat.roles import Role
from bot.chat.router import job
from bot.clock import Clock
from bot.delivery.gate import RateGate
from bot.delivery.message import Message, activity_body
from bot.delivery.messenger import Address, Delivered, Messenger, RetryAfter, Unclear
from bot.directory.protocol import Directory
from bot.features.announcements.progress import ProgressCards
from bot.metrics import OPEN_ROWS, UNKNOWN_ROWS
from storage.chats.store import Chats
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import Dispatch, DispatchState, PauseReason, Tally
from storage.deliveries.store import Deliveries

log = structlog.get_logger(__name__)

_REFRESH = 2.0
_REFRESH_ENDED = timedelta(seconds=20)
_WATCHED = timedelta(days=1)

_Figures = tuple[DispatchState, PauseReason | None, bool, Tally]
"""What makes a live card worth an update; the time of day alone does not."""


class AnnouncementsLive:
    """Keeps authors and administrators up to date without being asked."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        queue: DeliveryQueue,
        progress: ProgressCards,
        directory: Directory,
        chats: Chats,
        messenger: Messenger,
        gate: RateGate,
        clock: Clock,
    ) -> None:
        """Keep what this feature may touch."""
        self._deliveries = deliveries
        self._queue = queue
        self._progress = progress
        self._directory = directory
        self._chats = chats
        self._messenger = messenger
        self._gate = gate
        self._clock = clock
        self._shown: dict[str, _Figures] = {}

    @job(every=_REFRESH)
    async def refresh_live_cards(self) -> None:
        """Update the live cards whose figures have changed, each at most every two seconds."""
        now = self._clock.now()
        for dispatch in await self._deliveries.with_live_card(now - _WATCHED):
            running = dispatch.state in {DispatchState.SENDING, DispatchState.PAUSED}
            pause = timedelta(seconds=_REFRESH * 0.9) if running else _REFRESH_ENDED
            just_ended = dispatch.finished_at is not None and now - dispatch.finished_at < _REFRESH_ENDED
            if just_ended:
                pause = timedelta(seconds=_REFRESH * 0.9)
            if dispatch.live_card and await self._deliveries.take_live_turn(dispatch.id, now, pause):
                await self._refresh(dispatch, now)

    @job(every=10.0)
    async def tell_paused(self) -> None:
        """Tell whoever can act that a dispatch waits: administrators about sign-in, else the author."""
        now = self._clock.now()
        snapshot = self._directory.snapshot
        for dispatch in await self._deliveries.paused_untold():
            people = [dispatch.created_by]
            by_operator = snapshot.person(dispatch.created_by) is None
            if by_operator or dispatch.pause_reason is PauseReason.UNAUTHORIZED:
                people = sorted(snapshot.holders(Role.ADMINISTRATOR))
            card = await self._progress.card(dispatch.id, now)
            for chat in (await self._chats.of(people)).values():
                await self._gate.take(1)
                outcome = await self._messenger.send(
                    Address(conversation=chat.conversation, service_url=chat.service_url),
                    activity_body(Message(card=card, important=True)),
                )
                if isinstance(outcome, Delivered):
                    await self._queue.tell_pause_once(dispatch.id, now)

    @job(every=10.0)
    async def count(self) -> None:
        """Publish how many deliveries are open or wait for a decision."""
        open_rows, unknown_rows = await self._deliveries.backlog()
        OPEN_ROWS.set(open_rows)
        UNKNOWN_ROWS.set(unknown_rows)

    async def _refresh(self, dispatch: Dispatch, now: datetime) -> None:
        place = dispatch.live_card
        tally = await self._deliveries.tally(dispatch.id)
        figures = (dispatch.state, dispatch.pause_reason, dispatch.is_over(now), tally)
        if place is None or self._shown.get(dispatch.id) == figures:
            return
        card = self._progress.draw(dispatch, tally, now)
        await self._gate.take(1)
        outcome = await self._messenger.update(
            Address(conversation=place.conversation, service_url=place.service_url),
            place.activity_id,
            activity_body(Message(card=card)),
        )
        if not isinstance(outcome, RetryAfter | Unclear):
            # A card that can't be updated (deleted, chat left) is not tried again until its figures change.
            self._shown[dispatch.id] = figures
        if not isinstance(outcome, Delivered):
            log.warning("live_card.not_updated", dispatch=dispatch.id, outcome=type(outcome).__name__)
