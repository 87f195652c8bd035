"""The one gate for all requests to Teams: never more than the rate and one burst in any second."""

import asyncio
import time
from contextlib import ExitStack
from datetime import timedelta

from bot.clock import SystemClock
from bot.delivery.gate import RateGate
from bot.delivery.limits import SendingLimits
from storage.deliveries.gate import SharedGate
from storage.ledger import Ledger
from tests.delivery.desk import Desk, present
from tests.delivery.rates import busiest_second, take_for, take_in_a_process
from tests.fakes.clock import NOW, SetClock
from tests.storage.processes import FORKS, running

SLACK = 8
"""Between the grant and the look at the clock a taker may wait for a core."""


async def test_the_first_burst_is_free_and_the_rest_is_spread(sqlite_ledger: Ledger) -> None:
    assert [await _take(sqlite_ledger, 20, 10, 3, after=ms) for ms in (0, 0, 99, 100, 100)] == [
        (3, 100),
        (0, 100),
        (0, 1),
        (1, 100),
        (0, 100),
    ]
    assert [await _take(sqlite_ledger, 2, 10, 3, after=9_000) for _ in range(3)] == [
        (2, 0),
        (1, 100),
        (0, 100),
    ]


async def test_no_limit_grants_everything(desk: Desk) -> None:
    assert await SharedGate(desk.ledger).take(500, 0, 1, present()) == (500, 0.0)


async def test_a_rate_below_one_a_second(sqlite_ledger: Ledger) -> None:
    assert [await _take(sqlite_ledger, 5, 0.5, 1, after=ms) for ms in (0, 1_900, 2_000)] == [
        (1, 2_000),
        (0, 100),
        (1, 2_000),
    ]


async def test_slowing_down_holds_everybody_but_never_long(sqlite_ledger: Ledger) -> None:
    gate = SharedGate(sqlite_ledger)
    await gate.slow_down(0.5, NOW)
    assert await _take(sqlite_ledger, 1, 10, 1) == (0, 500)

    for _ in range(100):
        await gate.slow_down(60, NOW)

    assert await _take(sqlite_ledger, 1, 10, 1) == (0, 5_000)


async def test_a_clock_that_is_set_back_stops_nobody_for_long(sqlite_ledger: Ledger) -> None:
    assert await _take(sqlite_ledger, 1, 10, 1, after=3_600_000) == (1, 100)

    granted, wait = await _take(sqlite_ledger, 1, 10, 1)

    assert granted == 0
    assert wait <= 5_100


async def test_four_takers_stay_within_rate_and_burst(desk: Desk) -> None:
    rate, burst, seconds = 100.0, 10, 2.0
    began = time.time()

    shares = await asyncio.gather(
        *(take_for(SharedGate(desk.ledger), seconds, rate, burst, wanted) for wanted in (1, 3, 10, 50))
    )

    moments = [moment for share in shares for moment in share]
    elapsed = max(moments) - began
    assert busiest_second(moments) <= rate + burst + SLACK
    assert rate * seconds * 0.7 <= len(moments) <= rate * elapsed + burst + SLACK


async def test_processes_share_one_rate(postgres_url: str) -> None:
    rate, burst, seconds = 100.0, 10, 2.0
    with ExitStack() as stack:
        lines = []
        for _ in range(3):
            mine, theirs = FORKS.Pipe()
            arguments = (postgres_url, seconds, rate, burst, theirs)
            stack.enter_context(running(take_in_a_process, *arguments))
            lines.append(mine)
        assert [line.recv() for line in lines] == ["ready"] * 3
        for line in lines:
            line.send("go")
        shares = [line.recv() for line in lines]

    moments = [moment for share in shares for moment in share]
    assert all(shares), "everybody gets a share"
    assert busiest_second(moments) <= rate + burst + SLACK
    assert len(moments) >= rate * seconds * 0.7


async def test_the_gate_waits_for_its_turn(sqlite_ledger: Ledger) -> None:
    gate = RateGate(shared=SharedGate(sqlite_ledger), clock=SystemClock(), limits=SendingLimits(rate=10))
    began = time.monotonic()

    granted = [await gate.take(1) for _ in range(6)]

    assert granted == [1] * 6
    assert 0.25 <= time.monotonic() - began <= 2


async def test_the_gate_without_a_limit_asks_nobody(sqlite_ledger: Ledger) -> None:
    gate = RateGate(shared=SharedGate(sqlite_ledger), clock=SetClock(), limits=SendingLimits(rate=0))
    await sqlite_ledger.close()

    assert await gate.take(500) == 500
    await gate.slow_down()


async def _take(ledger: Ledger, wanted: int, rate: float, burst: int, after: int = 0) -> tuple[int, int]:
    """Ask the gate `after` ms; return what it granted, and the wait in ms."""
    now = NOW + timedelta(milliseconds=after)
    granted, wait = await SharedGate(ledger).take(wanted, rate, burst, now)
    return granted, round(wait * 1000)
