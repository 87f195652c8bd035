"""How the servers among the anchors are run: on loopback, for a bounded time."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# stack that closes what was opened -> handler
HandlerFactory = Callable[[AsyncExitStack], Awaitable[Handler]]
_LIFE_SECONDS = 900.0


def run_server(make: HandlerFactory) -> None:
    """Serve `POST /api/messages`; prints "ready", and ends on SIGTERM or after 15 minutes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(_serve(make, parser.parse_args().port))


async def _serve(make: HandlerFactory, port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as stack:
        app = web.Application()
        app.router.add_post("/api/messages", await make(stack))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        try:
            await asyncio.wait_for(stop.wait(), _LIFE_SECONDS)
        except TimeoutError:
            sys.stderr.write(f"stopped after {_LIFE_SECONDS:g} s\n")
