"""Sends one claimed row: opens the chat where none is known, and turns Teams' answer into a result."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.delivery.gate import RateGate
from bot.delivery.limits import SendingLimits
from bot.delivery.messenger import (
    Address,
    ChatGone,
    Delivered,
    Messenger,
    Opened,
    Outcome,
    Refused,
    RetryAfter,
    Unauthorized,
    Unclear,
)
from storage.chats.records import Chat
from storage.chats.store import Chats
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import Claimed, Doubt, Finish, Policy, Reason, RecipientKind, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of a row, and what the worker must know beyond it."""

    finish: Finish
    unauthorized: bool = False
    throttled_for: float | None = None


class Sender:
    """Brings one row to its next state. The row is marked `sending` in the ledger before this is called."""

    def __init__(
        self,
        *,
        messenger: Messenger,
        queue: DeliveryQueue,
        chats: Chats,
        gate: RateGate,
        clock: Clock,
        limits: SendingLimits,
        service_url: str,
    ) -> None:
        """Keep what the sender may touch; `service_url` is for people whom the bot has never met."""
        self._messenger = messenger
        self._queue = queue
        self._chats = chats
        self._gate = gate
        self._clock = clock
        self._limits = limits
        self._service_url = service_url

    async def send(self, row: Claimed, body: bytes) -> Sent:
        """Send the body to a row's recipient; a chat that has gone is opened anew once."""
        if row.conversation:
            outcome = await self._messenger.send(_address(row, row.conversation, self._service_url), body)
            if not isinstance(outcome, ChatGone):
                return self._result(row, outcome)
            if row.chat_reopened or row.kind is RecipientKind.CHANNEL:
                return self._result(row, outcome)
        return await self._open_and_send(row, body)

    def in_doubt(self, row: Claimed) -> Sent:
        """Return what becomes of a row whose sending broke off here, nobody knows how far it had come."""
        return self._result(row, Unclear(Doubt.INTERRUPTED))

    async def _open_and_send(self, row: Claimed, body: bytes) -> Sent:
        reopened = bool(row.conversation)
        service_url = row.service_url or self._service_url
        if reopened:
            await self._gate.take(1)
        opened = await self._messenger.open_chat(row.recipient, service_url)
        if not isinstance(opened, Opened):
            return self._result(row, opened)
        await self._queue.keep_chat(row, opened.conversation, reopened=reopened)
        chat = Chat(person=row.recipient, conversation=opened.conversation, service_url=service_url)
        await self._chats.remember(chat, self._clock.now())
        # The permit of the claim went into opening the chat; each request to Teams takes one of its own.
        await self._gate.take(1)
        address = Address(conversation=opened.conversation, service_url=service_url)
        return self._result(row, await self._messenger.send(address, body), reopened=reopened)

    def _result(self, row: Claimed, outcome: Outcome, *, reopened: bool = False) -> Sent:
        now = self._clock.now()
        reopened = reopened or row.chat_reopened

        def finish(
            state: State,
            reason: str | None = None,
            *,
            not_before: datetime | None = None,
            activity_id: str | None = None,
        ) -> Finish:
            return Finish(
                id=row.id,
                fence=row.fence,
                state=state,
                reason=reason,
                not_before=not_before,
                activity_id=activity_id,
                chat_reopened=reopened,
            )

        match outcome:
            case Delivered(activity_id=activity_id):
                return Sent(finish=finish(State.DELIVERED, activity_id=activity_id or None))
            case RetryAfter(seconds=seconds, throttled=throttled):
                wait = self._wait(row.attempts, seconds)
                again = finish(State.QUEUED, not_before=now + wait)
                return Sent(finish=again, throttled_for=wait.total_seconds() if throttled else None)
            case Unauthorized():
                return Sent(finish=finish(State.QUEUED, not_before=now), unauthorized=True)
            case Unclear(doubt=doubt):
                if row.policy is Policy.RESEND and row.attempts < self._limits.doubtful_sends:
                    return Sent(finish=finish(State.QUEUED, not_before=now + self._wait(row.attempts, None)))
                return Sent(finish=finish(State.UNKNOWN, doubt))
            case Refused(reason=reason):
                return Sent(finish=finish(State.FAILED, reason))
            case ChatGone():
                return Sent(finish=finish(State.FAILED, Reason.NOT_FOUND))

    def _wait(self, attempts: int, told: float | None) -> timedelta:
        """Return how long to wait: what Teams said, else twice as long each time, with jitter."""
        if told is not None:
            return timedelta(seconds=told)
        doubled = self._limits.first_wait.total_seconds() * 2.0 ** min(attempts - 1, 20)
        longest = self._limits.longest_wait.total_seconds()
        return timedelta(seconds=min(doubled, longest) * random.uniform(0.75, 1.25))  # noqa: S311


def _address(row: Claimed, conversation: str, default_service_url: str) -> Address:
    return Address(conversation=conversation, service_url=row.service_url or default_service_url)
