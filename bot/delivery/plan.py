"""Plans dispatches: who gets a frozen message, with section and chat of this day, before anything is sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import structlog

from bot.delivery.limits import SendingLimits
from bot.delivery.message import Message
from bot.directory.audience import AudienceError, resolve, to_recipients
from bot.directory.protocol import Directory
from storage.announcements.records import Announcement
from storage.chats.records import Chat
from storage.chats.store import Chats
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import (
    Dispatch,
    DispatchKind,
    DispatchState,
    PauseReason,
    Policy,
    Recipient,
)
from storage.deliveries.store import Deliveries

log = structlog.get_logger(__name__)

_TOLERATED_CHANGE = 0.05
"""How far the head count may be from the approved one before the author is asked (design)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be sent: an announcement's revision with its finished message, and how."""

    announcement: Announcement
    message: Message
    created_by: str
    policy: Policy = Policy.HOLD
    start_at: datetime | None = None


class Planner:
    """Writes dispatches and their rows."""

    def __init__(
        self,
        *,
        deliveries: Deliveries,
        queue: DeliveryQueue,
        chats: Chats,
        directory: Directory,
        limits: SendingLimits,
        wake: Callable[[], None],
    ) -> None:
        """Keep what the planner may touch; `wake` tells a worker of this process that there is work."""
        self._deliveries = deliveries
        self._queue = queue
        self._chats = chats
        self._directory = directory
        self._limits = limits
        self._wake = wake

    async def plan(self, order: Order, now: datetime) -> tuple[Dispatch, tuple[Recipient, ...]]:
        """Write a dispatch: with its rows if it starts now, else to be resolved when its time has come.

        Raises:
            AudienceError: some part of the audience can't be resolved, or nobody is in it.
            AlreadyPlannedError: this revision has been sent.
        """
        recipients = await self._recipients(order.announcement.audience, now.date())
        dispatch = self._dispatch(order, len(recipients), now)
        scheduled = dispatch.state is DispatchState.SCHEDULED
        await self._deliveries.plan(dispatch, () if scheduled else recipients)
        log.info("dispatch.planned", dispatch=dispatch.id, recipients=len(recipients), scheduled=scheduled)
        self._wake()
        return dispatch, recipients

    async def start_due(self, now: datetime) -> None:
        """Start scheduled dispatches whose time has come, or ask where the audience is no longer the same."""
        for dispatch in await self._deliveries.in_state(DispatchState.SCHEDULED):
            if dispatch.start_at > now:
                continue
            try:
                recipients = await self._recipients(dispatch.audience, now.date())
            except AudienceError:
                await self._queue.pause(dispatch.id, PauseReason.AUDIENCE_UNRESOLVED)
                continue
            if differs(len(recipients), dispatch.head_count):
                await self._queue.pause(dispatch.id, PauseReason.AUDIENCE_CHANGED)
            elif await self._start(dispatch, recipients, now):
                log.info("dispatch.started", dispatch=dispatch.id, recipients=len(recipients))

    async def start_anyway(self, dispatch: Dispatch, now: datetime) -> bool:
        """Start a scheduled dispatch that waits for its author, with today's audience.

        Raises:
            AudienceError: some part of the audience still can't be resolved.
        """
        recipients = await self._recipients(dispatch.audience, now.date())
        return await self._start(dispatch, recipients, now)

    async def _start(self, dispatch: Dispatch, recipients: Sequence[Recipient], now: datetime) -> bool:
        # A start that was late, or waited for its author, has as long to reach everybody as any other.
        in_time = replace(dispatch, give_up_at=self._give_up_at(now, dispatch.expires))
        started = await self._deliveries.start(in_time, recipients, now)
        self._wake()
        return started

    async def _recipients(self, audience: str, today: date) -> tuple[Recipient, ...]:
        snapshot = self._directory.snapshot
        recipients = to_recipients(resolve(audience, snapshot, today), snapshot)
        return with_chats(recipients, await self._chats.of(recipient.id for recipient in recipients))

    def _dispatch(self, order: Order, head_count: int, now: datetime) -> Dispatch:
        announcement = order.announcement
        start_at = order.start_at or now
        scheduled = start_at > now
        return Dispatch(
            id=f"{announcement.id}.r{announcement.revision}.{DispatchKind.POST}",
            subject=announcement.id,
            revision=announcement.revision,
            kind=DispatchKind.POST,
            policy=order.policy,
            state=DispatchState.SCHEDULED if scheduled else DispatchState.SENDING,
            title=announcement.title,
            content=order.message.dump(),
            audience=announcement.audience,
            head_count=head_count,
            acknowledge=announcement.acknowledge,
            deadline=announcement.deadline,
            expires=announcement.expires,
            created_by=order.created_by,
            created_at=now,
            start_at=start_at,
            started_at=None if scheduled else now,
            give_up_at=self._give_up_at(start_at, announcement.expires),
        )

    def _give_up_at(self, start_at: datetime, expires: datetime | None) -> datetime:
        latest = start_at + self._limits.give_up_after
        return latest if expires is None else min(latest, expires)


def differs(count: int, approved: int) -> bool:
    """Say whether a head count has moved too far from the approved one."""
    return abs(count - approved) > approved * _TOLERATED_CHANGE


def with_chats(recipients: Sequence[Recipient], known: Mapping[str, Chat]) -> tuple[Recipient, ...]:
    """Return the recipients with the chats that are known."""
    return tuple(
        replace(
            recipient,
            conversation=known[recipient.id].conversation,
            service_url=known[recipient.id].service_url,
        )
        if recipient.id in known
        else recipient
        for recipient in recipients
    )
