"""Our own sender under measurement: the real worker on a durable SQLite ledger, rate limit off."""

import argparse
import asyncio
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import orjson

from bot.clock import SystemClock
from bot.delivery.gate import RateGate
from bot.delivery.limits import SendingLimits
from bot.delivery.message import Message
from bot.delivery.sender import Sender
from bot.delivery.worker import Worker
from bot.teams.credentials import NoToken
from bot.teams.messenger import TeamsMessenger
from bot.teams.service_urls import ServiceUrls
from cards.kit.card import Card
from storage.chats.store import Chats
from storage.deliveries.gate import SharedGate
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import Dispatch, DispatchKind, DispatchState, Policy, Recipient
from storage.deliveries.store import Deliveries
from storage.opening import open_storage
from tests.bench.card import CARD, TITLE
from tests.bench.processes import running_connector
from tests.fakes.connector import Plan, chat_id

_LIMIT_SECONDS = 120.0


async def measure_worker(count: int, concurrency: int) -> dict[str, float]:
    """Send to `count` people with known chats; return sends a second and CPU ms a send of this process."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        storage = await open_storage(Path(folder), "")
        limits = SendingLimits(rate=0, concurrency=concurrency)
        deliveries, queue = Deliveries(storage.ledger), DeliveryQueue(storage.ledger)
        async with (
            running_connector(Plan(check_bodies=False)) as connector,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency + 50)) as session,
        ):
            messenger = TeamsMessenger(
                session=session,
                tokens=NoToken(),
                service_urls=ServiceUrls(configured=connector, local=True),
                bot_id="28:bench",
                tenant_id="bench",
            )
            gate = RateGate(shared=SharedGate(storage.ledger), clock=clock, limits=limits)
            sender = Sender(
                messenger=messenger,
                queue=queue,
                chats=Chats(storage.ledger),
                gate=gate,
                clock=clock,
                limits=limits,
                service_url=connector,
            )
            worker = Worker(
                sender=sender,
                queue=queue,
                deliveries=deliveries,
                gate=gate,
                clock=clock,
                limits=limits,
                alone=True,
            )
            running = asyncio.create_task(worker.run())
            await _send(deliveries, worker, connector, "warm-up", 200)
            began, cpu = time.perf_counter(), time.process_time()
            await _send(deliveries, worker, connector, "measured", count)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            worker.stop()
            await running
        await storage.close()
    return {"sends_per_s": round(count / seconds, 1), "cpu_ms_per_send": round(cpu / count * 1e3, 3)}


async def _send(deliveries: Deliveries, worker: Worker, connector: str, name: str, count: int) -> None:
    now = SystemClock().now()
    dispatch = Dispatch(
        id=name,
        subject=name,
        revision=1,
        kind=DispatchKind.POST,
        policy=Policy.HOLD,
        state=DispatchState.SENDING,
        title="bench",
        content=Message(card=Card(content=CARD, summary=TITLE)).dump(),
        audience="all",
        head_count=count,
        acknowledge=False,
        deadline=None,
        expires=None,
        created_by="bench",
        created_at=now,
        start_at=now,
        started_at=now,
        give_up_at=now + timedelta(hours=1),
    )
    people = [f"person-{index}" for index in range(count)]
    recipients = [Recipient(id=it, conversation=chat_id(it), service_url=connector) for it in people]
    await deliveries.plan(dispatch, recipients)
    worker.wake()
    async with asyncio.timeout(_LIMIT_SECONDS):
        while (tally := await deliveries.tally(name)).open:  # noqa: ASYNC110 - it is the ledger that tells
            await asyncio.sleep(0.02)
    if tally.delivered != count:
        raise RuntimeError(f"{tally.delivered} of {count} delivered")


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--concurrency", type=int, default=50)
    arguments = parser.parse_args()
    figures = asyncio.run(measure_worker(arguments.count, arguments.concurrency))
    sys.stdout.write(orjson.dumps(figures).decode() + "\n")


if __name__ == "__main__":
    main()
