"""Everything that a demo needs, on loopback: the bot, the colleagues, and the chat window where Node is."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e import playground as chat_window
from tests.e2e.colleagues import colleagues
from tests.e2e.playground import Playground, playground
from tests.e2e.services import HOST, ROOT, Service, free_port, running, wait_until_ready

_BOT_PORT = 3978
_PLAYGROUND_PORT = 56150
_RELAY_PORT = 56100
_REPORT_SECONDS = 30.0
_IMPORTS = {"PYTHONPATH": str(ROOT)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What is running, and where."""

    bot: Service
    messages_url: str
    data: Path
    window: Playground | None

    @property
    def services(self) -> list[Service]:
        """The programs, each of which must go on running."""
        return [self.bot, *([self.window.service] if self.window else [])]

    async def report(self, announcement: str) -> dict[str, Any]:
        """Return what `python -m bot report ID --json` says."""
        log = self.data / "report.json"
        argv = [sys.executable, "-m", "bot", "report", announcement, "--json", "--data", str(self.data)]
        async with running("report", argv, cwd=self.data, log=log, env=_IMPORTS) as service:
            await asyncio.wait_for(service.process.wait(), _REPORT_SECONDS)
        found = json.loads(log.read_bytes())
        assert isinstance(found, dict)
        return found


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Start everything; what the bot remembers and what each program prints goes below `folder`.

    Raises:
        ServiceError: a program ended or does not answer.
    """
    bot_port, window_port = free_port(_BOT_PORT), free_port(_PLAYGROUND_PORT)
    relay_port = free_port(_RELAY_PORT)
    # The bot remembers at which address it reached somebody, so memory and address belong together.
    data = folder / str(relay_port)
    messages = f"http://{HOST}:{bot_port}/api/messages"
    has_window = chat_window.is_available()
    async with AsyncExitStack() as stack:
        service_url = await stack.enter_async_context(
            colleagues(
                relay_port,
                playground=f"http://{HOST}:{window_port}",
                on_screen=chat_window.people_on_screen() if has_window else (),
            )
        )
        bot = await stack.enter_async_context(
            running(
                "ボット",
                [
                    *(sys.executable, "-m", "bot", "serve", "--local", "--port", str(bot_port)),
                    *("--data", str(data.resolve()), "--service-url", service_url),
                ],
                # Not the repository: a `.env` there may hold the settings of a real tenant.
                cwd=data,
                log=data / "bot.log",
                env=_IMPORTS,
            )
        )
        await wait_until_ready(bot, f"http://{HOST}:{bot_port}/readyz")
        window = None
        if has_window:
            window = await stack.enter_async_context(
                playground(window_port, messages, data / "playground.log")
            )
        yield Stage(bot=bot, messages_url=messages, data=data, window=window)
