"""The one gate through which all processes go: how many requests may leave for Teams now (GCRA)."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries.tables import rate_gate
from storage.ledger import Ledger

_GATE = "teams"
_LONGEST_SLOWDOWN_MICROS = 5_000_000


class SharedGate:
    """The gate's row in the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep what this store may touch."""
        self._ledger = ledger

    async def take(self, wanted: int, rate: float, burst: int, now: datetime) -> tuple[int, float]:
        """Take up to `wanted` permits from the one gate that all processes share (GCRA).

        Returns:
            The permits granted (0 or more), and the seconds to wait before asking again.
        """
        if rate <= 0:
            return wanted, 0.0
        cost = 1_000_000 / rate
        async with self._ledger.write() as connection:
            at = await self._ledger.present(connection, now)
            now_micros = int(at.timestamp() * 1_000_000)
            # Never further ahead than it can have been pushed: the clock may have been set back since.
            furthest = now_micros + _LONGEST_SLOWDOWN_MICROS + burst * cost
            start = max(min(await self._gate_opens(connection), furthest), now_micros)
            granted = min(wanted, max(0, int((now_micros + burst * cost - start) // cost)))
            if granted:
                await connection.execute(
                    update(rate_gate)
                    .where(rate_gate.c.name == _GATE)
                    .values(next_free_micros=int(start + granted * cost))
                )
        ahead = start + (granted + 1) * cost - burst * cost - now_micros
        return granted, max(0.0, ahead / 1_000_000)

    async def slow_down(self, seconds: float, now: datetime) -> None:
        """Push the gate back for everybody, because Teams said that it is too much; at most a few seconds."""
        async with self._ledger.write() as connection:
            at = await self._ledger.present(connection, now)
            now_micros = int(at.timestamp() * 1_000_000)
            start = max(await self._gate_opens(connection), now_micros)
            limit = max(start, now_micros + _LONGEST_SLOWDOWN_MICROS)
            await connection.execute(
                update(rate_gate)
                .where(rate_gate.c.name == _GATE)
                .values(next_free_micros=min(start + int(seconds * 1_000_000), limit))
            )

    async def _gate_opens(self, connection: AsyncConnection) -> int:
        dialect = sqlite if self._ledger.is_sqlite else postgresql
        await connection.execute(
            dialect.insert(rate_gate).values(name=_GATE, next_free_micros=0).on_conflict_do_nothing()
        )
        query = select(rate_gate.c.next_free_micros).where(rate_gate.c.name == _GATE).with_for_update()
        return int((await connection.execute(query)).scalar_one())
