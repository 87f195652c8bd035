"""How fast a program sends: the frame that all senders share, and how it is run from outside."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import orjson
from pydantic import TypeAdapter

from tests.bench.processes import running, running_connector

# index of the message -> done when Teams has answered
Send = Callable[[int], Awaitable[None]]
# service URL, stack that closes what was opened -> send
SenderFactory = Callable[[str, AsyncExitStack], Awaitable[Send]]

CONCURRENCIES = (1, 10, 50)
_WARM_UP = 10
_LIMIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFigures:
    """One measurement of a sender."""

    concurrency: int
    count: int
    sends_per_s: float
    cpu_ms_per_send: float  # of the whole sending process


_FIGURES = TypeAdapter(list[SendFigures])


async def measure_sends(send: Send, *, count: int, concurrency: int) -> SendFigures:
    """Send `count` messages, `concurrency` at once, in this process.

    Raises:
        Exception: whatever the sender raised; a failed send makes the figure worthless.
    """
    indices = iter(range(count))

    async def work() -> None:
        for index in indices:
            await send(index)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    seconds = time.perf_counter() - began
    return SendFigures(
        concurrency=concurrency,
        count=count,
        sends_per_s=round(count / seconds, 1),
        cpu_ms_per_send=round((time.process_time() - cpu) / count * 1e3, 3),
    )


def run_sender(make: SenderFactory) -> None:
    """Be a sender's program: measure at each concurrency and print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--connector", help="the service URL; by default an own fake connector is started")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--concurrency", type=int, nargs="+", default=list(CONCURRENCIES))
    arguments = parser.parse_args()
    figures = asyncio.run(_measure_all(make, arguments.connector, arguments.count, arguments.concurrency))
    sys.stdout.write(_FIGURES.dump_json(figures).decode() + "\n")


async def _measure_all(
    make: SenderFactory, connector: str | None, count: int, concurrencies: Sequence[int]
) -> list[SendFigures]:
    async with AsyncExitStack() as stack:
        if connector is None:
            connector = await stack.enter_async_context(running_connector())
        send = await make(connector, stack)
        await measure_sends(send, count=_WARM_UP, concurrency=1)
        return [await measure_sends(send, count=count, concurrency=it) for it in concurrencies]


async def measure_sender(
    module: str, *, count: int = 300, concurrencies: Sequence[int] = CONCURRENCIES
) -> list[SendFigures]:
    """Run a sender's program and read its figures.

    Args:
        module: such as "tests.bench.anchors.bare_post".
        count: messages at each concurrency.
        concurrencies: how many at once.

    Raises:
        RuntimeError: the program failed, or took longer than five minutes.
    """
    argv = [sys.executable, "-m", module, "--count", str(count), "--concurrency", *map(str, concurrencies)]
    async with running(argv, stdout=asyncio.subprocess.PIPE) as process:
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _LIMIT_SECONDS)
        except TimeoutError as error:
            raise RuntimeError(f"{module} took longer than {_LIMIT_SECONDS:g} s") from error
    if process.returncode:
        raise RuntimeError(f"{module} ended with code {process.returncode}")
    return _FIGURES.validate_python(orjson.loads(output))
