"""The programs that make up the demo: start each, wait until it answers, stop it again."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiohttp

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
_PORTS_TRIED = 50
_READY_SECONDS = 40.0
_STOP_SECONDS = 10.0
_LAST_LINES = 5


class ServiceError(Exception):
    """A program ended or did not answer; the message is for the person at the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running program, named as people know it."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    def ended(self) -> str:
        """Return the sentence that says that it ended by itself, with its last lines."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        said = "".join(f"\n    {line}" for line in lines)
        return f"{self.name}が止まりました（終了コード {self.process.returncode}、記録 {self.log}）。{said}"


def free_port(preferred: int) -> int:
    """Return the first port of loopback from `preferred` on at which nothing listens.

    Raises:
        ServiceError: there is none near.
    """
    for port in range(preferred, preferred + _PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServiceError(f"ポート {preferred}～{preferred + _PORTS_TRIED - 1} に空きがありません。")


@asynccontextmanager
async def running(
    name: str, argv: Sequence[str], *, cwd: Path, log: Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[Service]:
    """Run a program until the block ends: SIGTERM, then SIGKILL.

    The settings of the bot that stand in the environment are not handed down: a demo must never reach a real
    tenant or a real database.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("BOT_")}
    with _opened(log) as output:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env={**inherited, **(env or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl+C reaches the whole terminal; each program is stopped in its turn instead.
            start_new_session=True,
        )
    try:
        yield Service(name=name, process=process, log=log)
    finally:
        await _stop(process)


def _opened(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return log.open("wb")


async def wait_until_ready(service: Service, url: str) -> None:
    """Wait until a program answers 200 at a URL.

    Raises:
        ServiceError: it ended, or did not answer in time.
    """
    try:
        async with asyncio.timeout(_READY_SECONDS), aiohttp.ClientSession() as session:
            while not await _answers(session, url):
                if service.process.returncode is not None:
                    raise ServiceError(service.ended())
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise ServiceError(f"{service.name}が答えません（記録 {service.log}）。") from None


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
