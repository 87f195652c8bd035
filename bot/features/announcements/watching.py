"""What an author sees after sending: the live card, confirmations by bureau, and what can still be done."""

from bot.chat.request import Actor, ReplaceCard, Reply, Request, ShowCard
from bot.chat.roles import AUTHORS, AUTHORS_AND_ADMINISTRATORS, Role
from bot.chat.router import card_action, command
from bot.delivery.limits import SendingLimits
from bot.delivery.plan import Planner
from bot.directory.protocol import Directory
from bot.errors import UserFacingError
from bot.features.announcements.progress import ProgressCards
from cards.announcements.confirmations import confirmations_card
from cards.announcements.lists import dispatches_card
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
from cards.kit.verbs import Nothing
from storage.audit.store import Audit
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import Dispatch, LiveCard, State
from storage.deliveries.store import Deliveries

_LISTED = 10
_NOT_YOURS = "この周知の状況は、作成した方と事務局だけが見られます。"


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
        audit: Audit,
        limits: SendingLimits,
    ) -> None:
        """Keep what this feature may touch."""
        self._deliveries = deliveries
        self._queue = queue
        self._planner = planner
        self._progress = progress
        self._directory = directory
        self._audit = audit
        self._limits = limits

    @command(
        "配信の状況",
        "配信状況",
        "sent",
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

    @card_action(PROGRESS, allow=AUTHORS_AND_ADMINISTRATORS)
    async def show_progress(self, request: Request, payload: DispatchRef) -> Reply:
        """Show how far sending is; the card on which this was pressed is the live one from now on."""
        dispatch = await self._watched(request.actor, payload.dispatch)
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

    @card_action(RESUME, allow=AUTHORS_AND_ADMINISTRATORS)
    async def resume(self, request: Request, payload: DispatchRef) -> Reply:
        """Let a paused dispatch go on; one that waited for its audience starts with today's.

        An administrator may do so as well: it is they who are told, and who mend what was wrong.
        """
        dispatch = await self._watched(request.actor, payload.dispatch)
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

    async def _watched(self, actor: Actor, dispatch_id: str) -> Dispatch:
        dispatch = await self._deliveries.dispatch(dispatch_id)
        if dispatch is None or not (_has_a_hand_in(actor, dispatch) or Role.ADMINISTRATOR in actor.roles):
            raise UserFacingError(_NOT_YOURS)
        return dispatch

    async def _own(self, actor: Actor, dispatch_id: str) -> Dispatch:
        dispatch = await self._deliveries.dispatch(dispatch_id)
        if dispatch is None or not _has_a_hand_in(actor, dispatch):
            raise UserFacingError(_NOT_YOURS)
        return dispatch


def _has_a_hand_in(actor: Actor, dispatch: Dispatch) -> bool:
    """Say whether a dispatch is theirs: its author, or the secretariat (an author without limit)."""
    return dispatch.created_by == actor.id or (Role.AUTHOR in actor.roles and not actor.reach)
