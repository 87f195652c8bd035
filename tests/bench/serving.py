"""A bot under measurement: the fake connector and the server as processes of their own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from tests.bench.activities import ActivityFactory
from tests.bench.load import Figures, measure_load
from tests.bench.processes import free_port, rss_mb, running, running_connector, wait_for_port
from tests.fakes.connector import Plan

_WARM_UP = 20
_LAST_WORDS = 2000  # bytes of the bot's output shown when it does not start


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A bot that answers, and the connector to which it replies."""

    url: str  # of the messages endpoint
    connector: str
    pid: int
    started_s: float  # from the start of the process until it accepted a connection

    async def measure(
        self, make: ActivityFactory, *, count: int, concurrency: int, replies: int = 0
    ) -> Figures:
        """Load the bot; see `measure_load`."""
        return await measure_load(
            self.url,
            self.connector,
            self.pid,
            make,
            count=count,
            concurrency=concurrency,
            replies=replies,
        )

    def rss_mb(self) -> float:
        """Return the memory of the bot now, in MB."""
        return round(rss_mb(self.pid), 1)


@asynccontextmanager
async def serving(
    argv: Sequence[str], *, delay: float = 0.0, env: Mapping[str, str] | None = None
) -> AsyncIterator[Served]:
    """Start a fake connector and a bot, and stop both at the end.

    Args:
        argv: the bot's command; "{port}" and "{connector}" in it are replaced.
        delay: seconds that the connector takes to answer.
        env: variables added to the environment.

    Raises:
        RuntimeError: the bot does not start; with the end of its output.
    """
    port = free_port()
    with tempfile.TemporaryFile() as output:
        async with running_connector(Plan(check_bodies=False, delay=delay)) as connector:
            command = [part.replace("{port}", str(port)).replace("{connector}", connector) for part in argv]
            async with running(command, env=env, stdout=output, stderr=asyncio.subprocess.STDOUT) as process:
                started = await _wait_for_start(process, port, output)
                yield Served(
                    url=f"http://127.0.0.1:{port}/api/messages",
                    connector=connector,
                    pid=process.pid,
                    started_s=round(started, 2),
                )


async def _wait_for_start(process: asyncio.subprocess.Process, port: int, output: IO[bytes]) -> float:
    try:
        return await wait_for_port(process, port)
    except RuntimeError as error:
        output.seek(0)
        raise RuntimeError(f"{error}\n{output.read()[-_LAST_WORDS:].decode(errors='replace')}") from error


async def measure_server(
    argv: Sequence[str],
    make: ActivityFactory,
    *,
    count: int,
    concurrency: int,
    delay: float = 0.0,
    replies: int = 0,
    env: Mapping[str, str] | None = None,
) -> Figures:
    """Start a bot, warm it up, measure it once, stop it; for several measurements use `serving`."""
    async with serving(argv, delay=delay, env=env) as served:
        await served.measure(make, count=_WARM_UP, concurrency=min(concurrency, _WARM_UP), replies=replies)
        return await served.measure(make, count=count, concurrency=concurrency, replies=replies)
