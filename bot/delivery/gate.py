"""The rate at which requests leave for Teams: one gate in the ledger for all processes."""

import asyncio

from bot.clock import Clock
from bot.delivery.limits import SendingLimits
from storage.deliveries.gate import SharedGate


class RateGate:
    """Hands out permits, one a request."""

    def __init__(self, *, shared: SharedGate, clock: Clock, limits: SendingLimits) -> None:
        """Keep what the gate may touch."""
        self._shared = shared
        self._clock = clock
        self._limits = limits

    async def take(self, wanted: int) -> int:
        """Wait until at least one permit is free; return how many of the wanted were granted."""
        if self._limits.rate <= 0:
            return wanted
        while True:
            granted, wait = await self._shared.take(
                wanted, self._limits.rate, self._limits.burst, self._clock.now()
            )
            if granted:
                return granted
            # A few permits at a time: each claim is a transaction of its own.
            more = min(wanted, self._limits.burst // 2) - 1
            await asyncio.sleep(wait + max(0, more) / self._limits.rate)

    async def slow_down(self) -> None:
        """Let everybody go slower for a moment after a 429; the throttled recipient waits on its own."""
        if self._limits.rate > 0:
            await self._shared.slow_down(self._limits.burst / self._limits.rate, self._clock.now())
