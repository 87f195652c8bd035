"""A worker that sends from a ledger to the fake connector over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp

from bot.clock import SystemClock
from bot.delivery.gate import RateGate
from bot.delivery.limits import SendingLimits
from bot.delivery.message import Message
from bot.delivery.messenger import Messenger
from bot.delivery.sender import Sender
from bot.delivery.worker import Worker
from bot.teams.credentials import NoToken, TokenSource
from bot.teams.messenger import TeamsMessenger
from bot.teams.service_urls import ServiceUrls
from cards.kit.card import Card
from storage.chats.store import Chats
from storage.deliveries.gate import SharedGate
from storage.deliveries.records import DispatchState, Recipient, Tally
from storage.ledger import Ledger
from tests.delivery.desk import Desk, make_dispatch, present
from tests.fakes.connector import FakeConnector, chat_id

CONTENT = Message(
    card=Card(content={"type": "AdaptiveCard", "body": []}, summary="11月はテレワーク月間です")
).dump()
QUICK = SendingLimits(
    rate=0, concurrency=20, first_wait=timedelta(milliseconds=50), longest_wait=timedelta(milliseconds=200)
)
"""No rate, and short waits where Teams does not say how long."""


def known(ids: Iterable[str], teams: FakeConnector) -> list[Recipient]:
    """Return people with whom the bot has a chat already."""
    return [
        Recipient(id=id_, section="S1", bureau="B1", conversation=chat_id(id_), service_url=teams.url)
        for id_ in ids
    ]


def strangers(ids: Iterable[str]) -> list[Recipient]:
    """Return people whom the bot has never met."""
    return [Recipient(id=id_, section="S1", bureau="B1") for id_ in ids]


async def plan(desk: Desk, recipients: list[Recipient], **changes: Any) -> None:
    """Write a dispatch with a real message."""
    await desk.deliveries.plan(make_dispatch(present(), content=CONTENT, **changes), recipients)


@asynccontextmanager
async def working(
    ledger: Ledger,
    teams: FakeConnector,
    limits: SendingLimits = QUICK,
    *,
    tokens: TokenSource | None = None,
    answer_seconds: float = 20,
    wrap: Callable[[Messenger], Messenger] = lambda messenger: messenger,
) -> AsyncIterator[Worker]:
    """Run a worker, the only one of its process, until the block ends; then let it end in good order."""
    desk = Desk.on(ledger)
    clock = SystemClock()
    gate = RateGate(shared=SharedGate(ledger), clock=clock, limits=limits)
    async with aiohttp.ClientSession() as session:
        messenger = TeamsMessenger(
            session=session,
            tokens=tokens or NoToken(),
            service_urls=ServiceUrls(configured="", local=True),
            bot_id="28:bot",
            tenant_id="tenant",
            answer_seconds=answer_seconds,
        )
        sender = Sender(
            messenger=wrap(messenger),
            queue=desk.queue,
            chats=Chats(ledger),
            gate=gate,
            clock=clock,
            limits=limits,
            service_url=teams.url,
        )
        worker = Worker(
            sender=sender,
            queue=desk.queue,
            deliveries=desk.deliveries,
            gate=gate,
            clock=clock,
            limits=limits,
            alone=ledger.is_sqlite,
        )
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            await running


async def until(
    desk: Desk, reached: Callable[[Tally, DispatchState], bool], dispatch: str = "D1", seconds: float = 20
) -> Tally:
    """Wait until a dispatch is so far; the five states add up at every look."""
    async with asyncio.timeout(seconds):
        while True:
            tally = await desk.deliveries.tally(dispatch)
            rows = await desk.deliveries.rows(dispatch)
            assert tally.queued + tally.sending + tally.delivered + tally.failed + tally.unknown == len(rows)
            if reached(tally, await desk.state_of(dispatch)):
                return tally
            await asyncio.sleep(0.05)


async def until_over(desk: Desk, dispatch: str = "D1", seconds: float = 20) -> Tally:
    """Wait until a dispatch has ended."""
    ends = {DispatchState.FINISHED, DispatchState.STOPPED}
    return await until(desk, lambda tally, state: state in ends and not tally.open, dispatch, seconds)


async def fates(desk: Desk, dispatch: str = "D1") -> dict[str, str]:
    """Return `state` or `state/reason` by recipient."""
    rows = await desk.deliveries.rows(dispatch)
    return {row.recipient: f"{row.state}/{row.reason}" if row.reason else str(row.state) for row in rows}
