"""What an author sees after sending: the live card, confirmations by bureau, and what can still be done."""

from datetime import datetime, timedelta

import structlog

from bot.chat.request import Actor, ReplaceCard, Reply, Request, ShowCard
from bot.chat.roles import AUTHORS, Role
from bot.chat.router import card_action, command, job
from bot.clock import Clock
from bot.delivery.gate import RateGate
from bot.delivery.limits import SendingLimits
from bot.delivery.message import Message, activity_body
from bot.delivery.messenger import Address, Delivered, Messenger, RetryAfter, Unclear
from bot.delivery.plan import Planner
from bot.directory.audience import describe
from bot.directory.protocol import Directory
from bot.errors import UserFacingError
from bot.metrics import OPEN_ROWS, UNKNOWN_ROWS
from cards.announcements.confirmations import confirmations_card
from cards.announcements.lists import dispatches_card
from cards.announcements.progress import progress_card
from cards.announcements.verbs import (
    ACCEPT_UNKNOWN,
    CONFIRMATIONS,
    PROGRESS,
    RESEND_UNKNOWN,
    RESUME,
    RETRY,
    SENT,
    STOP,
    DispatchRef,
)
from cards.kit.card import Card
from cards.kit.verbs import Nothing
from storage.audit.store import Audit
from storage.chats.store import Chats
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import Dispatch, DispatchState, LiveCard, PauseReason, State, Tally
from storage.deliveries.store import Deliveries

log = structlog.get_logger(__name__)

_LISTED = 10
_REFRESH = 2.0
_REFRESH_ENDED = timedelta(seconds=20)
_WATCHED = timedelta(days=1)
_NOT_YOURS = "この周知の状況は、作成した方と事務局だけが見られます。"


_Figures = tuple[DispatchState, PauseReason | None, bool, Tally]
"""What makes a live card worth an update; the time of day alone does not."""


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


class AnnouncementWatching:
    """What an author does while an announcement is being sent, and afterwards."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        queue: DeliveryQueue,
        planner: Planner,
        progress: ProgressCards,
        directory: Directory,
        chats: Chats,
        messenger: Messenger,
        gate: RateGate,
        audit: Audit,
        clock: Clock,
        limits: SendingLimits,
    ) -> None:
        """Keep what this feature may touch."""
        self._deliveries = deliveries
        self._queue = queue
        self._planner = planner
        self._progress = progress
        self._directory = directory
        self._chats = chats
        self._messenger = messenger
        self._gate = gate
        self._audit = audit
        self._clock = clock
        self._limits = limits
        self._shown: dict[str, _Figures] = {}

    @command(
        "配信の状況",
        "配信状況",
        "sent",
        description="送った周知の届き方と確認の状況を見る",
        allow=AUTHORS,
    )
    async def list_sent(self, request: Request) -> Reply:
        """List what this author has sent; for the secretariat, what anybody has."""
        author = request.actor.id if request.actor.reach else None
        return ShowCard(dispatches_card(await self._deliveries.latest(_LISTED, author), request.now))

    @card_action(SENT, allow=AUTHORS)
    async def list_sent_from_menu(self, request: Request, _payload: Nothing) -> Reply:
        """List from the menu."""
        return await self.list_sent(request)

    @card_action(PROGRESS, allow=AUTHORS)
    async def show_progress(self, request: Request, payload: DispatchRef) -> Reply:
        """Show how far sending is; the card on which this was pressed is the live one from now on."""
        dispatch = await self._own(request.actor, payload.dispatch)
        if request.card_activity_id and dispatch.created_by == request.actor.id:
            place = LiveCard(
                conversation=request.conversation.id,
                service_url=request.conversation.service_url,
                activity_id=request.card_activity_id,
            )
            await self._deliveries.keep_live_card(dispatch.id, place)
        return ReplaceCard(await self._progress.card(dispatch.id, request.now))

    @card_action(CONFIRMATIONS, allow=AUTHORS)
    async def show_confirmations(self, request: Request, payload: DispatchRef) -> Reply:
        """Show the confirmations by bureau."""
        dispatch = await self._own(request.actor, payload.dispatch)
        sections = self._directory.snapshot.sections
        tallies = {tally.bureau: tally for tally in await self._deliveries.tally_by_bureau(dispatch.id)}
        rows = [
            (sections.name(code) or "所属未登録", tallies[code].delivered, tallies[code].acknowledged)
            for code in sorted(tallies, key=sections.place)
        ]
        card = confirmations_card(dispatch, rows, request.now)
        live = dispatch.live_card
        # The live card updates itself, so a table in its place would be overwritten under the reader's eyes.
        on_live_card = live is not None and live.activity_id == request.card_activity_id
        return ShowCard(card) if on_live_card else ReplaceCard(card)

    @card_action(STOP, allow=AUTHORS)
    async def stop(self, request: Request, payload: DispatchRef) -> Reply:
        """Stop sending: what has not left is cancelled."""
        dispatch = await self._own(request.actor, payload.dispatch)
        stopped = await self._queue.stop(dispatch.id, request.now)
        return await self._done(request, dispatch, "announcement.stop", "stopped" if stopped else "was over")

    @card_action(RESUME, allow=AUTHORS)
    async def resume(self, request: Request, payload: DispatchRef) -> Reply:
        """Let a paused dispatch go on; one that waited for its audience starts with today's."""
        dispatch = await self._own(request.actor, payload.dispatch)
        if dispatch.started_at is None:
            resumed = await self._planner.start_anyway(dispatch, request.now)
        else:
            resumed = await self._queue.resume(dispatch.id)
        return await self._done(
            request, dispatch, "announcement.resume", "resumed" if resumed else "was not paused"
        )

    @card_action(RETRY, allow=AUTHORS)
    async def retry(self, request: Request, payload: DispatchRef) -> Reply:
        """Send again to those whom it did not reach, and to nobody else."""
        return await self._requeue(request, payload, State.FAILED, "announcement.retry")

    @card_action(RESEND_UNKNOWN, allow=AUTHORS)
    async def resend_unknown(self, request: Request, payload: DispatchRef) -> Reply:
        """Send again to those of whom it is unknown; some may get it twice."""
        return await self._requeue(request, payload, State.UNKNOWN, "announcement.resend_unknown")

    @card_action(ACCEPT_UNKNOWN, allow=AUTHORS)
    async def accept_unknown(self, request: Request, payload: DispatchRef) -> Reply:
        """Count those of whom it is unknown as reached (配信済みとして扱う)."""
        dispatch = await self._own(request.actor, payload.dispatch)
        accepted = await self._queue.accept_unknown(dispatch.id, request.now)
        return await self._done(request, dispatch, "announcement.accept_unknown", f"accepted:{accepted}")

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

    async def _requeue(self, request: Request, payload: DispatchRef, state: State, action: str) -> Reply:
        dispatch = await self._own(request.actor, payload.dispatch)
        if dispatch.is_over(request.now):
            raise UserFacingError("掲載を終了した周知のため、再送できません。新しい周知を作ってください。")
        count = await self._queue.requeue(
            dispatch.id, [state], give_up_at=request.now + self._limits.give_up_after, now=request.now
        )
        return await self._done(request, dispatch, action, f"queued:{count}")

    async def _done(self, request: Request, dispatch: Dispatch, action: str, outcome: str) -> Reply:
        await self._audit.append(
            actor=request.actor.id, action=action, subject=dispatch.id, outcome=outcome, now=request.now
        )
        return ReplaceCard(await self._progress.card(dispatch.id, request.now))

    async def _own(self, actor: Actor, dispatch_id: str) -> Dispatch:
        dispatch = await self._deliveries.dispatch(dispatch_id)
        if dispatch is None or (dispatch.created_by != actor.id and actor.reach):
            raise UserFacingError(_NOT_YOURS)
        return dispatch
