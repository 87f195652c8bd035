"""A broadcast at the set rate through the real `serve`, while people go on chatting with it."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.clock import SystemClock
from storage.chats.records import Chat
from storage.chats.store import Chats
from storage.opening import open_storage
from tests.bench.activities import message_activities
from tests.bench.processes import free_port, running, running_connector, wait_for_port
from tests.fakes.connector import Plan, chat_id

_LIMIT_SECONDS = 300.0
_CHAT_PAUSE = 0.2
_NOTICE = (
    "---\ntitle: 11月はテレワーク月間です\nacknowledge: true\n---\n"
    + "月内に1回以上の実施をお願いします。" * 40
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastFigures:
    """What a broadcast took, and how long a chat turn took meanwhile."""

    recipients: int
    delivered: int
    seconds: float
    chat_p95_ms: float
    chat_turns: int


async def measure_broadcast(recipients: int, rate: int) -> BroadcastFigures:
    """Send to people with known chats, a chat turn five times a second beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = [f"10000000-0000-4000-8000-{index:012d}" for index in range(recipients)]
        options = _write_directory(folder, people)
        (folder / "notice.md").write_text(_NOTICE, encoding="utf-8")
        async with running_connector(Plan(check_bodies=False)) as connector:
            await _know_chats(folder / "data", people, connector)
            port = free_port()
            bot = [sys.executable, "-m", "bot"]
            env = {"BOT_SEND_RATE": str(rate)}
            serve = [*bot, "serve", "--local", "--port", str(port), "--service-url", connector, *options]
            async with running(serve, env=env) as process:
                await wait_for_port(process, port)
                latencies: list[float] = []
                chatting = asyncio.create_task(_chat(port, connector, latencies))
                began = time.perf_counter()
                announce = [
                    *bot,
                    "announce",
                    str(folder / "notice.md"),
                    "--local",
                    "--wait",
                    "--json",
                    *options,
                ]
                async with running(announce, env=env, stdout=asyncio.subprocess.PIPE) as verb:
                    output, _ = await asyncio.wait_for(verb.communicate(), _LIMIT_SECONDS)
                seconds = time.perf_counter() - began
                chatting.cancel()
                await asyncio.gather(chatting, return_exceptions=True)
    return BroadcastFigures(
        recipients=recipients,
        delivered=json.loads(output)["delivered"],
        seconds=round(seconds, 1),
        chat_p95_ms=round(statistics.quantiles(latencies, n=20)[-1] * 1e3, 1),
        chat_turns=len(latencies),
    )


async def _chat(port: int, connector: str, latencies: list[float]) -> None:
    """Ask for the menu again and again; a turn ends when its answer has been sent."""
    make = message_activities()
    url = f"http://127.0.0.1:{port}/api/messages"
    async with aiohttp.ClientSession() as session:
        for index in range(10_000):
            began = time.perf_counter()
            async with session.post(url, json=make(index, connector)) as response:
                response.raise_for_status()
            latencies.append(time.perf_counter() - began)
            await asyncio.sleep(_CHAT_PAUSE)


def _write_directory(folder: Path, people: list[str]) -> list[str]:
    """Write the files of a fictional organisation; return the options that name them."""
    sections = "code,name,parent,headquarters,managers,valid_from,valid_to\nROOT,見本省,,1,,,\n"
    sections += "".join(f"B{index},第{index}局,ROOT,1,,,\n" for index in range(20))
    rows = [f"{person},職員,p@example.jp,B{index % 20},,,1,0" for index, person in enumerate(people)]
    header = "object_id,name,mail,section,title,extra_sections,enabled,guest"
    (folder / "sections.csv").write_text(sections, encoding="utf-8")
    (folder / "people.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    files = {"people": folder / "people.csv", "sections": folder / "sections.csv", "data": folder / "data"}
    return [part for name, path in files.items() for part in (f"--{name}", str(path))]


async def _know_chats(data: Path, people: list[str], connector: str) -> None:
    storage = await open_storage(data, "")
    chats, now = Chats(storage.ledger), SystemClock().now()
    for person in people:
        await chats.remember(Chat(person=person, conversation=chat_id(person), service_url=connector), now)
    await storage.close()
