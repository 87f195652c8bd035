"""The fake as its own process: prints its URL, and ends on SIGTERM or after a time."""

import argparse
import asyncio
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.fakes.connector.plan import Plan, plan_from_json
from tests.fakes.connector.server import FakeConnector


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.connector", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plan", type=Path, help="a plan in JSON")
    parser.add_argument("--log", type=Path, help="one line of JSON for each request")
    parser.add_argument("--for", type=float, default=900.0, dest="seconds", help="seconds to live")
    arguments = parser.parse_args()
    plan = plan_from_json(arguments.plan.read_bytes()) if arguments.plan else Plan()
    asyncio.run(_serve(plan, arguments.port, arguments.log, arguments.seconds))


async def _serve(plan: Plan, port: int, log: Path | None, seconds: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, stop.set)
    with ExitStack() as stack:
        lines = stack.enter_context(log.open("w", buffering=1, encoding="utf-8")) if log else None
        async with FakeConnector(plan, port=port, log=lines) as teams:
            sys.stdout.write(f"{teams.url}\n")
            sys.stdout.flush()
            try:
                await asyncio.wait_for(stop.wait(), seconds)
            except TimeoutError:
                sys.stderr.write(f"stopped after {seconds:g} s\n")


if __name__ == "__main__":
    main()
