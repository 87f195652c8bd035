"""Programs measured from outside: start, wait until they answer, read their CPU time, stop."""

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import psutil
from pydantic import TypeAdapter

from tests.fakes.connector import Plan

ROOT = Path(__file__).parents[2]
_HOST = "127.0.0.1"
_STOP_SECONDS = 10.0
_PLAN = TypeAdapter(Plan)


def free_port() -> int:
    """Return a port of loopback on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, user and system, without its children.

    The system counts in steps of 10 ms: measure enough turns for some hundred of them.
    """
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    return psutil.Process(pid).memory_info().rss / 1e6


@asynccontextmanager
async def running(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program in the repository's root, and stop it at the end: SIGTERM, then SIGKILL."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()


@asynccontextmanager
async def running_connector(plan: Plan | None = None, *, seconds: float = 900.0) -> AsyncIterator[str]:
    """Run the fake connector as its own process; gives its URL.

    Args:
        plan: its faults; by default none, and bodies are not parsed.
        seconds: after which it ends by itself.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.json"
        file.write_bytes(_PLAN.dump_json(plan or Plan(check_bodies=False)))
        argv = [sys.executable, "-m", "tests.fakes.connector", "--plan", str(file), "--for", str(seconds)]
        async with running(argv, stdout=asyncio.subprocess.PIPE) as process:
            if process.stdout is None:
                raise RuntimeError("no pipe from the fake connector")
            url = await asyncio.wait_for(process.stdout.readline(), 20)
            yield url.decode().strip()


async def wait_for_port(process: asyncio.subprocess.Process, port: int, *, seconds: float = 30.0) -> float:
    """Wait until a program accepts connections, and return the seconds that it took.

    Raises:
        RuntimeError: it ended, or did not listen in time.
    """
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        if process.returncode is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}")
        try:
            _, writer = await asyncio.open_connection(_HOST, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            return time.perf_counter() - began
    raise RuntimeError(f"nothing listens on port {port} after {seconds:g} s")
