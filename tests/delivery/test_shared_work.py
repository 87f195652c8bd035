"""Several workers on one PostgreSQL, and a database that goes away while they send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from storage.deliveries.records import Policy
from storage.ledger import Ledger, ledger_url
from tests.delivery.desk import OVER, Desk
from tests.delivery.station import QUICK, fates, known, plan, until, until_over, working
from tests.fakes.connector import FakeConnector, Plan, Rule

MANY = [f"p{number}" for number in range(200)]


@pytest.fixture
async def ledgers(postgres_url: str) -> AsyncIterator[list[Ledger]]:
    """Three connections pools to one database, as three processes have them."""
    ledgers = [Ledger(ledger_url(Path(), postgres_url)) for _ in range(3)]
    yield ledgers
    await asyncio.gather(*(ledger.close() for ledger in ledgers))


async def test_workers_share_the_work_and_nobody_gets_it_twice(ledgers: list[Ledger]) -> None:
    desk = Desk.on(ledgers[0])
    faults = (Rule(every=5, steps=("429:0.1",)), Rule(every=7, steps=("gone",)))
    async with FakeConnector(Plan(rules=faults, delay=0.02)) as teams, AsyncExitStack() as stack:
        await plan(desk, known(MANY, teams))
        for ledger in ledgers:
            await stack.enter_async_context(working(ledger, teams, replace(QUICK, concurrency=5)))
        tally = await until_over(desk)

    assert tally.delivered == len(MANY)
    assert teams.records.duplicates() == {}
    assert set(teams.records.counts()) == set(MANY)


async def test_workers_together_keep_the_rate(ledgers: list[Ledger]) -> None:
    desk, limits = Desk.on(ledgers[0]), replace(QUICK, rate=60)
    async with FakeConnector() as teams, AsyncExitStack() as stack:
        await plan(desk, known(MANY[:120], teams))
        for ledger in ledgers:
            await stack.enter_async_context(working(ledger, teams, limits))
        tally = await until_over(desk)

    assert tally.delivered == 120
    # Between a permit and the request lies a claim: on a busy machine some arrive late, and so together.
    assert teams.records.busiest_second() <= limits.rate + 2 * limits.burst


async def test_a_second_worker_takes_over_what_a_dead_one_left(ledgers: list[Ledger]) -> None:
    desk = Desk.on(ledgers[0])
    async with FakeConnector() as teams:
        await plan(desk, known(MANY[:6], teams), policy=Policy.HOLD, id="D1")
        await plan(desk, known(MANY[:6], teams), policy=Policy.RESEND, id="D2", subject="A2")
        dead = await desk.claim(3, OVER)
        alive = await desk.claim(1, timedelta(minutes=5))
        async with working(ledgers[1], teams):
            await until_over(desk, "D2")
            tally = await until(desk, lambda tally, _: not tally.queued)

    held = await fates(desk)
    assert {held[row.recipient] for row in dead} == {"unknown/interrupted"}
    assert {held[row.recipient] for row in alive} == {"sending"}
    assert (tally.delivered, tally.unknown, tally.sending) == (2, 3, 1)
    assert set((await fates(desk, "D2")).values()) == {"delivered"}


async def test_a_database_that_goes_away_loses_no_result(ledgers: list[Ledger], postgres_url: str) -> None:
    desk = Desk.on(ledgers[0])
    async with FakeConnector(Plan(delay=0.1)) as teams:
        await plan(desk, known(MANY, teams))
        with capture_logs() as logs:
            async with working(ledgers[1], teams):
                for _ in range(3):
                    await until(desk, lambda tally, _: tally.sending > 5)
                    await ledgers[0].close()
                    _cut_every_connection(postgres_url)
                    await asyncio.sleep(0.2)
                tally = await until_over(desk)

    assert {entry["log_level"] for entry in logs} <= {"error"}
    assert tally.delivered + tally.unknown == len(MANY)
    assert teams.records.duplicates() == {}
    taken = teams.records.counts()
    for recipient, fate in (await fates(desk)).items():
        assert fate == "delivered" if recipient in taken else fate == "unknown/interrupted"


def _cut_every_connection(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
