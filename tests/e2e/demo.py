"""`make run`: the bot with a sample organisation, opened in Microsoft 365 Agents Playground where Node is."""

import asyncio
import os
import signal
import sys
import webbrowser
from pathlib import Path

import click

from tests.e2e.colleagues import BLOCKED, NOT_FOUND, NOT_INSTALLED
from tests.e2e.services import ROOT, ServiceError
from tests.e2e.stage import Stage, stage

_DATA = ROOT / "data" / "demo"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def main() -> int:
    """Run until Ctrl+C, or until one of the programs ends; returns the exit code."""
    stopped = asyncio.Event()
    for name in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    click.echo("準備しています…")
    async with stage(_DATA) as running:
        click.echo(_welcome(running))
        if running.window and _has_display():
            await asyncio.to_thread(webbrowser.open, running.window.url)
        return await _watch(running, stopped)


async def _watch(running: Stage, stopped: asyncio.Event) -> int:
    """Wait until the person stops the demo (0), or a program ends by itself (1)."""
    asked = asyncio.create_task(stopped.wait())
    ends = {asyncio.create_task(service.process.wait()): service for service in running.services}
    done, _ = await asyncio.wait({asked, *ends}, return_when=asyncio.FIRST_COMPLETED)
    for task in {asked, *ends} - done:
        task.cancel()
    if asked in done:
        click.echo("終了します。")
        return 0
    for task in done:
        click.echo(ends[task].ended())
    return 1


def _welcome(running: Stage) -> str:
    unreachable = len(BLOCKED) + len(NOT_INSTALLED) + len(NOT_FOUND)
    lines = ["", "働き方ボットが動いています。終えるときは Ctrl+C を押してください。", ""]
    if running.window:
        lines += [
            f"  画面　　　{running.window.url} をブラウザーで開いてください。",
            "  あなた　　職員001（働き方改革・業務見直し推進室の室長）として使います。",
            "  はじめに　入力欄に「メニュー」と書いて送ってください。",
        ]
    else:
        lines += [
            "  Node.js 20 以上と npm がないため、チャットの画面は開きません。ボットだけが動いています。",
            f"  接続先　　{running.messages_url}",
            f"  送信　　　{_command(running.data)}",
        ]
    return "\n".join(
        [
            *lines,
            f"  記録　　　{running.data}",
            "",
            f"職員は架空の240人です。うち{unreachable}人には、わざと届かないようにしてあります。",
            "",
        ]
    )


def _command(data: Path) -> str:
    return f"{sys.executable} -m bot announce 周知.md --local --data {data} --wait"


def _has_display() -> bool:
    if os.environ.get("CI"):
        return False
    on_desktop = sys.platform in {"darwin", "win32"}
    return on_desktop or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except ServiceError as error:
        click.echo(str(error))
        sys.exit(1)
