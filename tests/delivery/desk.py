"""Dispatches for tests, and every row's state at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.clock import SystemClock
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import (
    Claimed,
    Dispatch,
    DispatchKind,
    DispatchState,
    Finish,
    Policy,
    Recipient,
    State,
)
from storage.deliveries.store import Deliveries
from storage.ledger import Ledger

LEASE = timedelta(seconds=90)
OVER = timedelta(seconds=-1)
"""A lease that has run out when it is given."""


def present() -> datetime:
    """Return the real time to the millisecond: PostgreSQL compares leases with its own clock."""
    now = SystemClock().now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def make_dispatch(now: datetime, **changes: Any) -> Dispatch:
    """Return a dispatch that is being sent, created at `now`."""
    dispatch = Dispatch(
        id="D1",
        subject="A1",
        revision=1,
        kind=DispatchKind.POST,
        policy=Policy.HOLD,
        state=DispatchState.SENDING,
        title="11月はテレワーク月間です",
        content='{"card":{},"summary":"","important":false,"source":{}}',
        audience="all",
        head_count=0,
        acknowledge=True,
        deadline=None,
        expires=None,
        created_by="author",
        created_at=now,
        start_at=now,
        started_at=now,
        give_up_at=now + timedelta(hours=24),
    )
    return replace(dispatch, **changes)


def make_recipients(count: int, **changes: Any) -> tuple[Recipient, ...]:
    """Return people p1, p2 … of section S1 in bureau B1."""
    return tuple(
        replace(Recipient(id=f"p{number}", section="S1", bureau="B1"), **changes)
        for number in range(1, count + 1)
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """The store and the queue on one ledger, with the words that tests use of them."""

    ledger: Ledger
    deliveries: Deliveries
    queue: DeliveryQueue

    @classmethod
    def on(cls, ledger: Ledger) -> "Desk":
        """Return a desk on a ledger."""
        return cls(ledger, Deliveries(ledger), DeliveryQueue(ledger))

    async def plan(self, count: int = 3, now: datetime | None = None, **changes: Any) -> Dispatch:
        """Write a dispatch to p1 … p`count`."""
        dispatch = make_dispatch(now or present(), **changes)
        await self.deliveries.plan(dispatch, make_recipients(count))
        return dispatch

    async def claim(self, limit: int = 100, lease: timedelta = LEASE) -> tuple[Claimed, ...]:
        """Claim what is due, in the order of the rows."""
        claimed = await self.queue.claim(limit, lease, present())
        return tuple(sorted(claimed, key=lambda row: row.id))

    async def end(
        self, rows: Sequence[Claimed], state: State, reason: str | None = None, **more: Any
    ) -> None:
        """Report the same end for all these rows."""
        results = [Finish(id=row.id, fence=row.fence, state=state, reason=reason, **more) for row in rows]
        await self.queue.finish(results, present())

    async def states(self, dispatch: str = "D1") -> list[str]:
        """Return `state` or `state/reason` for each recipient, in the order of planning."""
        rows = await self.deliveries.rows(dispatch)
        return [f"{row.state}/{row.reason}" if row.reason else str(row.state) for row in rows]

    async def state_of(self, dispatch: str = "D1") -> DispatchState:
        """Return how far a dispatch is."""
        found = await self.deliveries.dispatch(dispatch)
        assert found is not None
        return found.state
