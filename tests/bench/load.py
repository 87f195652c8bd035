"""A load generator: activities against any bot, and what the bot's process paid for them."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import aiohttp
import orjson

from tests.bench.activities import ActivityFactory, invoke_activities, message_activities
from tests.bench.processes import cpu_seconds, running_connector
from tests.fakes.connector import Plan

_TURN_SECONDS = 60.0
_REPLIES_SECONDS = 10.0
_POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One measurement of a bot. Times are those of the HTTP answer to the activity."""

    concurrency: int
    count: int
    turns_per_s: float  # until the last answer and the last reply
    p50_ms: float
    p95_ms: float
    errors: int  # answers that are no 2xx, or none
    missing_replies: int  # replies that the connector did not get
    cpu_ms_per_turn: float  # of the server's process, children excluded


async def measure_load(
    bot: str,
    connector: str,
    pid: int,
    make: ActivityFactory,
    *,
    count: int,
    concurrency: int,
    replies: int = 0,
) -> Figures:
    """Send `count` activities, `concurrency` at once, and wait for the replies.

    Args:
        bot: the URL of the bot's messages endpoint.
        connector: the service URL of the fake connector.
        pid: the bot's process.
        make: makes the activities.
        count: how many.
        concurrency: how many at once.
        replies: messages that the bot sends to the connector for each activity.
    """
    bodies = [orjson.dumps(make(index, connector)) for index in range(count)]
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=_TURN_SECONDS),
        headers={"Content-Type": "application/json; charset=utf-8"},
    ) as http:
        expected = await _messages_taken(http, connector) + replies * count
        began, cpu = time.perf_counter(), cpu_seconds(pid)
        answers = await _send_all(http, bot, bodies, concurrency)
        missing = await _wait_for_replies(http, connector, expected) if replies else 0
        seconds = time.perf_counter() - began
    cpu = cpu_seconds(pid) - cpu
    times = sorted(milliseconds for milliseconds, _ in answers)
    return Figures(
        concurrency=concurrency,
        count=count,
        turns_per_s=round(count / seconds, 1),
        p50_ms=round(times[int(count * 0.5)], 2),
        p95_ms=round(times[int(count * 0.95)], 2),
        errors=sum(not succeeded for _, succeeded in answers),
        missing_replies=missing,
        cpu_ms_per_turn=round(cpu / count * 1e3, 3),
    )


async def _send_all(
    http: aiohttp.ClientSession, bot: str, bodies: Sequence[bytes], concurrency: int
) -> list[tuple[float, bool]]:
    """Return the milliseconds and the success of each turn."""
    answers: list[tuple[float, bool]] = []
    waiting = iter(bodies)

    async def work() -> None:
        for body in waiting:
            began = time.perf_counter()
            try:
                async with http.post(bot, data=body) as response:
                    await response.read()
                    succeeded = response.ok
            except (aiohttp.ClientError, TimeoutError):
                succeeded = False
            answers.append(((time.perf_counter() - began) * 1e3, succeeded))

    await asyncio.gather(*(work() for _ in range(concurrency)))
    return answers


async def _wait_for_replies(http: aiohttp.ClientSession, connector: str, expected: int) -> int:
    """Wait until the connector has taken so many messages, and return how many are missing in the end."""
    missing = expected - await _messages_taken(http, connector)
    for _ in range(int(_REPLIES_SECONDS / _POLL_SECONDS)):
        if missing <= 0:
            return 0
        await asyncio.sleep(_POLL_SECONDS)
        missing = expected - await _messages_taken(http, connector)
    return missing


async def _messages_taken(http: aiohttp.ClientSession, connector: str) -> int:
    async with http.get(f"{connector}/_count") as response:
        count: int = orjson.loads(await response.read())["count"]
        return count


def main() -> None:
    """Load a bot that is running already, with an own fake connector, and print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:3978/api/messages")
    parser.add_argument("--pid", type=int, required=True, help="the bot's process")
    parser.add_argument("--kind", choices=["message", "invoke"], default="message")
    parser.add_argument("--text", default="メニュー", help="of a message")
    parser.add_argument("--verb", default="announcements.acknowledge", help="of an invoke")
    parser.add_argument("--data", type=orjson.loads, default={"v": 1}, help="of an invoke, JSON")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that the connector takes to answer")
    parser.add_argument("--replies", type=int, default=0, help="messages to wait for, for each activity")
    sys.stdout.write(orjson.dumps(asdict(asyncio.run(_load(parser.parse_args())))).decode() + "\n")


async def _load(arguments: argparse.Namespace) -> Figures:
    make = (
        message_activities(arguments.text)
        if arguments.kind == "message"
        else invoke_activities(arguments.verb, arguments.data)
    )
    async with running_connector(Plan(check_bodies=False, delay=arguments.delay)) as connector:
        return await measure_load(
            arguments.url,
            connector,
            arguments.pid,
            make,
            count=arguments.count,
            concurrency=arguments.concurrency,
            replies=arguments.replies,
        )


if __name__ == "__main__":
    main()
