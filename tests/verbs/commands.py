"""The real command line in processes of its own."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 90.0
_WORDS_OF_SERVE = "で動いています。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


async def bot(folder: Path, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Ran:
    """Run `python -m bot` in a folder until it ends by itself."""
    process = await _start(folder, arguments, env or {}, PIPE)
    try:
        out, err = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        await end(process)
    assert process.returncode is not None
    return Ran(code=process.returncode, out=out.decode(), err=err.decode())


@asynccontextmanager
async def serving(
    folder: Path, *arguments: str | Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """Run `serve` on a free port until the block ends; the block may kill it."""
    process = await start_serve(folder, *arguments, env=env)
    try:
        yield process
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), _SECONDS) == 0
    finally:
        await end(process)


async def start_serve(folder: Path, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Process:
    """Start `serve` and return when it serves."""
    process = await _start(folder, ["serve", "--port", "0", *arguments], env or {}, None)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), _SECONDS)).decode()
        assert line.rstrip().endswith(_WORDS_OF_SERVE), line
    except BaseException:
        await end(process)
        raise
    return process


async def end(process: Process) -> None:
    """Kill a process that is still there."""
    if process.returncode is None:
        process.kill()
        await process.wait()


def start(folder: Path, *arguments: str | Path) -> "subprocess.Popen[str]":
    """Start `python -m bot` in a folder, for whoever comes back later."""
    return subprocess.Popen(
        _command(arguments),
        cwd=folder,
        env=_environment({}),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    )


async def _start(
    folder: Path, arguments: Sequence[str | Path], env: Mapping[str, str], err: int | None
) -> Process:
    return await asyncio.create_subprocess_exec(
        *_command(arguments), cwd=folder, env=_environment(env), stdin=DEVNULL, stdout=PIPE, stderr=err
    )


def _command(arguments: Sequence[str | Path]) -> list[str]:
    return [sys.executable, "-m", "bot", *(str(argument) for argument in arguments)]


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with nobody's own settings; the folder holds no .env file."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    return clean | {"PYTHONPATH": str(ROOT)} | dict(env)
