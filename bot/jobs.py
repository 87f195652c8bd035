"""Runs what happens every so many seconds; one that fails is logged and tried again at its next turn."""

import asyncio
from collections.abc import Iterable

import structlog

from bot.chat.router import Job

log = structlog.get_logger(__name__)


async def run_jobs(jobs: Iterable[Job]) -> None:
    """Run every job in a loop of its own, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job), name=job.name)


async def _repeat(job: Job) -> None:
    while True:
        try:
            await job.run()
        except Exception:
            log.exception("job.failed", job=job.name)
        await asyncio.sleep(job.every)
