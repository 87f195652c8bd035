"""What other processes do in the tests of the rate gate."""

import asyncio
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from storage.deliveries.gate import SharedGate
from storage.ledger import Ledger, ledger_url
from tests.delivery.desk import present


async def take_for(gate: SharedGate, seconds: float, rate: float, burst: int, wanted: int) -> list[float]:
    """Take permits as fast as the gate allows; return when each was granted, in seconds of the wall clock."""
    granted: list[float] = []
    end = time.time() + seconds
    while time.time() < end:
        count, wait = await gate.take(wanted, rate, burst, present())
        granted += [time.time()] * count
        if not count:
            await asyncio.sleep(wait)
    return granted


def busiest_second(moments: Sequence[float]) -> int:
    """Return the greatest number of moments within any one second."""
    times = sorted(moments)
    first = busiest = 0
    for last, moment in enumerate(times):
        while times[first] <= moment - 1.0:
            first += 1
        busiest = max(busiest, last - first + 1)
    return busiest


def take_in_a_process(database_url: str, seconds: float, rate: float, burst: int, told: Connection) -> None:
    """Take permits with two tasks, and tell when."""

    async def main() -> list[float]:
        ledger = Ledger(ledger_url(Path(), database_url))
        gate = SharedGate(ledger)
        await ledger.answers()
        told.send("ready")
        told.recv()
        takers = (take_for(gate, seconds, rate, burst, wanted) for wanted in (1, burst))
        shares = await asyncio.gather(*takers)
        await ledger.close()
        return [moment for share in shares for moment in share]

    told.send(asyncio.run(main()))
