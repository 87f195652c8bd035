"""`serve`: runs the bot."""

import asyncio
import contextlib
import errno
import gc
import os
import signal
from typing import Any

import click

from bot.verbs.options import shared_options


@click.command("serve")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=3978, show_default=True, help="待ち受けるポート"
)
@click.option("--host", help="待ち受けるアドレス（既定は 0.0.0.0、--local では 127.0.0.1）")
@shared_options
def command(port: int, host: str | None, **given: Any) -> None:
    """ボットを動かします。Ctrl+C で、送りかけの分を終えてから止まります。"""
    from bot.settings import load_settings  # noqa: PLC0415 - `--help` does without

    settings = load_settings(**given)
    asyncio.run(_serve(settings, port, host or ("127.0.0.1" if settings.local else "0.0.0.0")))  # noqa: S104


async def _serve(settings: Any, port: int, host: str) -> None:
    from aiohttp import web  # noqa: PLC0415

    from bot.app import running_app  # noqa: PLC0415
    from bot.clock import SystemClock  # noqa: PLC0415
    from bot.errors import OperatorError  # noqa: PLC0415
    from bot.logs import configure_logs  # noqa: PLC0415
    from storage.opening import only_serve, open_storage  # noqa: PLC0415

    if settings.local and settings.app_id:
        raise OperatorError("--local は、BOT_APP_ID を設定した環境では使えません。どちらかを外してください。")
    if settings.local and host not in {"127.0.0.1", "localhost", "::1"}:
        raise OperatorError("--local で待ち受けられるのは、127.0.0.1 だけです。")
    configure_logs()
    async with contextlib.AsyncExitStack() as stack:
        if not settings.database_url:
            stack.enter_context(only_serve(settings.data_dir))
        storage = await open_storage(settings.data_dir, settings.database_url)
        stack.push_async_callback(storage.close)
        app = await stack.enter_async_context(running_app(settings, storage, SystemClock()))
        runner = web.AppRunner(app.web, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stopped.set)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise OperatorError(_why_not_listening(error, host, port)) from None
        bound = runner.addresses[0][1]
        click.echo(f"http://{host}:{bound} で動いています。")
        # What was built until now stays: the garbage collector need not look at it again.
        gc.collect()
        gc.freeze()
        await stopped.wait()


def _why_not_listening(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"ポート {port} は、ほかのプログラムが使っています。--port で別の番号を指定してください。"
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{host} のポート {port} で待ち受けられません（{reason}）。--host と --port を確認してください。"
