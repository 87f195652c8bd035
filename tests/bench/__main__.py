"""`make bench`: every promised figure beside its anchor, measured in the same run.

Absolute figures of a shared machine say little; the ratio to an anchor says more.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import orjson

from tests.bench.activities import ActivityFactory, invoke_activities, message_activities
from tests.bench.broadcast import measure_broadcast
from tests.bench.load import Figures
from tests.bench.processes import ROOT
from tests.bench.sending import measure_sender
from tests.bench.serving import Served, serving

_STOCK = [sys.executable, "-m", "tests.bench.anchors.stock_bot", "--port", "{port}"]
_BARE = [sys.executable, "-m", "tests.bench.anchors.bare_bot", "--port", "{port}"]
_MENU = message_activities()
_GUIDE = invoke_activities("help.guide", {"verb": "help.guide", "v": 1})
_LIST = invoke_activities("announcement.list", {"verb": "announcement.list", "v": 1, "page": 0})


def _ours(data: str) -> list[str]:
    options = ["--local", "--port", "{port}", "--data", data, "--service-url", "{connector}"]
    return [sys.executable, "-m", "bot", "serve", *options]


def _line(
    name: str, value: float, unit: str, promise: str, anchors: Sequence[tuple[str, float]] = ()
) -> None:
    beside = "   ".join(f"{value / anchor:.2f} x {label} ({anchor:g})" for label, anchor in anchors if anchor)
    sys.stdout.write(f"{name:<46} {value:>9g} {unit:<8} {promise:<22} {beside}\n")
    sys.stdout.flush()


async def _sending() -> None:
    stock = (await measure_sender("tests.bench.anchors.stock_continue", concurrencies=(10,)))[0]
    bare = (await measure_sender("tests.bench.anchors.bare_post", count=3000, concurrencies=(50,)))[0]
    argv = [sys.executable, "-m", "tests.bench.ours"]
    ours = orjson.loads(subprocess.run(argv, check=True, capture_output=True, cwd=ROOT).stdout)  # noqa: ASYNC221
    _line(
        "sends/s, durable SQLite ledger, 50 at once",
        ours["sends_per_s"],
        "/s",
        ">= 500",
        [("stock continue_conversation", stock.sends_per_s), ("bare POST loop", bare.sends_per_s)],
    )


async def _measured(served: Served, make: ActivityFactory, *, replies: int, concurrency: int = 10) -> Figures:
    await served.measure(make, count=250, concurrency=10, replies=replies)
    return await served.measure(make, count=1000, concurrency=concurrency, replies=replies)


async def _turns() -> None:
    async with serving(_STOCK) as served:
        stock = await served.measure(_MENU, count=300, concurrency=10, replies=1)
        stock_invoke = await served.measure(_GUIDE, count=300, concurrency=10)
    async with serving(_BARE) as served:
        bare = await _measured(served, _MENU, replies=1)
        bare_invoke = await _measured(served, _GUIDE, replies=0)
    with tempfile.TemporaryDirectory() as data:
        async with serving(_ours(data)) as served:
            pass  # the first start makes the database; the figures are those of every later one
        async with serving(_ours(data)) as served:
            await asyncio.sleep(2)
            _line("serve answers after", served.started_s, "s", "<= 3")
            _line("idle memory", served.rss_mb(), "MB", "<= 130")
            message = await _measured(served, _MENU, replies=1)
            show = await _measured(served, _GUIDE, replies=0)
            listing = await _measured(served, _LIST, replies=0)
    anchors = [("stock", stock.cpu_ms_per_turn), ("bare aiohttp", bare.cpu_ms_per_turn)]
    _line("message turn with card reply, CPU", message.cpu_ms_per_turn, "ms", "<= 2.5, stretch 1.9", anchors)
    anchors = [("stock", stock_invoke.cpu_ms_per_turn), ("bare aiohttp", bare_invoke.cpu_ms_per_turn)]
    _line("invoke that shows a card (guide), CPU", show.cpu_ms_per_turn, "ms", "<= 1.8", anchors)
    _line("invoke that reads the ledger (list), CPU", listing.cpu_ms_per_turn, "ms", "<= 1.8", anchors)


async def _delayed() -> None:
    async with serving(_STOCK, delay=0.1) as served:
        stock = await served.measure(_MENU, count=300, concurrency=50, replies=1)
    async with serving(_BARE, delay=0.1) as served:
        bare = await _measured(served, _MENU, replies=1, concurrency=50)
    with tempfile.TemporaryDirectory() as data:
        async with serving(_ours(data), delay=0.1) as served:
            ours = await _measured(served, _MENU, replies=1, concurrency=50)
    _line(
        "turns/s, connector answers after 100 ms, 50 at once",
        ours.turns_per_s,
        "/s",
        ">= 300, stretch 400",
        [("stock", stock.turns_per_s), ("bare aiohttp", bare.turns_per_s)],
    )


async def _verbs() -> None:
    nothing = _seconds([sys.executable, "-c", "pass"])
    for name, promise, argv in (
        ("--help", "<= 0.5", ["--help"]),
        ("announce --help", "<= 0.5", ["announce", "--help"]),
        ("report (an unknown id)", "<= 1", ["report", "none"]),
    ):
        with tempfile.TemporaryDirectory() as data:
            shared = ["--data", data] if "--help" not in argv else []
            if shared:
                _seconds([sys.executable, "-m", "bot", "check", "--local", *shared])
            took = _seconds([sys.executable, "-m", "bot", *argv, *shared])
        _line(name, took, "s", promise, [("python -c pass", nothing)])


def _seconds(argv: list[str]) -> float:
    """Return the median wall time of three runs."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(argv, check=False, capture_output=True, cwd=ROOT)
        times.append(time.perf_counter() - began)
    return round(sorted(times)[1], 3)


async def _broadcast() -> None:
    figures = await measure_broadcast(5000, 30)
    if figures.delivered != figures.recipients:
        raise RuntimeError(f"{figures.delivered} of {figures.recipients} delivered")
    _line("5,000 recipients at 30/s", figures.seconds, "s", "<= 175", [("5,000 / 30", 5000 / 30)])
    _line(f"chat turn meanwhile, p95 of {figures.chat_turns}", figures.chat_p95_ms, "ms", "<= 100")


def main() -> None:
    """Measure everything, or the parts that are named."""
    parts = {
        "sending": _sending,
        "turns": _turns,
        "delayed": _delayed,
        "verbs": _verbs,
        "broadcast": _broadcast,
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="by default all")
    for name in parser.parse_args().parts or parts:
        asyncio.run(parts[name]())


if __name__ == "__main__":
    main()
