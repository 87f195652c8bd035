"""The real bot on loopback, with the fake connector as Teams. Tests talk to it over HTTP, as Teams does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer

from bot.app import App, running_app
from bot.settings import Settings
from storage.deliveries.records import Dispatch, Tally
from storage.deliveries.store import Deliveries
from storage.opening import Storage, open_storage
from tests.fakes.clock import NOW
from tests.fakes.connector import FakeConnector, Plan
from tests.features.client import PATIENCE, TeamsClient


class RunningClock:
    """Starts at a set moment, goes on with the machine's time, and can be put forward."""

    def __init__(self, moment: datetime = NOW) -> None:
        """Start at this moment."""
        self._start = moment
        self._began = time.monotonic()

    def now(self) -> datetime:
        """Return the set moment and what has passed since."""
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def advance(self, span: timedelta) -> None:
        """Put the clock forward."""
        self._start += span


@dataclass(kw_only=True)
class Stage(TeamsClient):
    """The running bot, what it remembers, its clock, and Teams."""

    app: App
    storage: Storage
    clock: RunningClock

    async def run_job(self, name: str) -> None:
        """Let a job of a feature have its turn now instead of in some seconds."""
        (job,) = [each for each in self.app.router.jobs if each.name.endswith(f".{name}")]
        await job.run()

    async def until_sent(self, announcement: str, *, is_over: bool = False) -> tuple[Dispatch, Tally]:
        """Wait until a dispatch has no open row (or until it is over too); return it with its sums."""
        deliveries = Deliveries(self.storage.ledger)
        async with asyncio.timeout(PATIENCE):
            while True:
                dispatch = (await deliveries.of_subject(announcement))[-1]
                tally = await deliveries.tally(dispatch.id)
                if not tally.open and (dispatch.finished_at is not None or not is_over):
                    return dispatch, tally
                await asyncio.sleep(0.02)


@asynccontextmanager
async def stage(
    data_dir: Path,
    *,
    plan: Plan | None = None,
    clock: RunningClock | None = None,
    roles: str = "",
    **settings: Any,
) -> AsyncIterator[Stage]:
    """Run the bot on the sample organisation.

    Args:
        data_dir: a data folder with a migrated ledger.
        plan: the faults of the connector; bodies are always kept.
        clock: what the bot believes to be the time.
        roles: rows of roles.csv instead of the sample's.
        settings: settings of the bot that differ from the usual ones of tests.
    """
    clock = clock or RunningClock()
    if roles:
        (data_dir / "roles.csv").write_text(f"object_id,role,audience\n{roles}", encoding="utf-8")
    async with AsyncExitStack() as stack:
        teams = await stack.enter_async_context(FakeConnector(replace(plan or Plan(), keep_bodies=True)))
        storage = await open_storage(data_dir, "")
        stack.push_async_callback(storage.close)
        given: dict[str, Any] = {
            "local": True,
            "data_dir": data_dir,
            "service_url": teams.url,
            "send_rate": 0,
        }
        app = await stack.enter_async_context(
            running_app(Settings(_env_file=None, **(given | settings)), storage, clock)
        )
        server = await stack.enter_async_context(TestServer(app.web, host="127.0.0.1"))
        http = await stack.enter_async_context(
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=PATIENCE * 2), connector=aiohttp.TCPConnector(limit=0)
            )
        )
        yield Stage(
            app=app,
            storage=storage,
            clock=clock,
            teams=teams,
            http=http,
            url=str(server.make_url("")).rstrip("/"),
        )
