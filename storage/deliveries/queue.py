"""The rows as a queue: claim, finish, recover, and what people decide about a dispatch.

A claim marks rows as `sending` with a lease before anything leaves; the fence, raised at each claim, keeps a
worker whose lease ran out from overwriting what a later claim has brought about.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.deliveries.records import (
    Claimed,
    DispatchState,
    Doubt,
    Finish,
    PauseReason,
    Policy,
    Reason,
    RecipientKind,
    State,
)
from storage.deliveries.statements import FINISH, claim_statement, finish_values
from storage.deliveries.tables import deliveries, dispatches, workers
from storage.ledger import Ledger

_RUNNING = (DispatchState.SENDING,)

_STARTED = and_(
    dispatches.c.state.in_([DispatchState.SENDING, DispatchState.PAUSED]),
    dispatches.c.started_at.is_not(None),
)


class DeliveryQueue:
    """What workers do with the rows. Any number of them may share one PostgreSQL."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep what this store may touch."""
        self._ledger = ledger

    async def claim(self, limit: int, lease: timedelta, now: datetime) -> tuple[Claimed, ...]:
        """Mark up to `limit` due rows as being sent, urgent dispatches first, and return them."""
        claimed: list[Claimed] = []
        running = (
            select(dispatches.c.id, dispatches.c.policy)
            .where(dispatches.c.state.in_(_RUNNING))
            .order_by(dispatches.c.urgent.desc(), dispatches.c.created_at)
        )
        async with self._ledger.read() as connection:
            candidates = (await connection.execute(running)).all()
        if not candidates:
            return ()
        async with self._ledger.write() as connection:
            now = await self._ledger.present(connection, now)
            for dispatch_id, policy in candidates:
                if len(claimed) >= limit:
                    break
                rows = await connection.execute(
                    claim_statement(dispatch_id, limit - len(claimed), now, now + lease)
                )
                claimed.extend(
                    Claimed(
                        **{**row._mapping, "kind": RecipientKind(row.kind)},  # noqa: SLF001
                        policy=Policy(policy),
                    )
                    for row in rows
                )
        return tuple(claimed)

    async def keep_chat(self, row: Claimed, conversation: str, *, reopened: bool) -> None:
        """Store the chat that was opened for a claimed row, before the message is sent into it."""
        async with self._ledger.write() as connection:
            await connection.execute(
                update(deliveries)
                .where(deliveries.c.id == row.id, deliveries.c.fence == row.fence)
                .values(conversation=conversation, chat_reopened=reopened)
            )

    async def finish(self, results: Sequence[Finish], now: datetime) -> None:
        """Store what became of claimed rows, in one transaction.

        A result that comes after its lease was recovered still counts while nobody has claimed the row again;
        but none brings a row back to the queue that waits for a person: its dispatch may have ended. A row
        that its person has confirmed has arrived, whatever the answer was.
        """
        if not results:
            return
        async with self._ledger.write() as connection:
            await connection.execute(FINISH, [finish_values(result, now) for result in results])

    async def recover(self, now: datetime, *, every_lease: bool) -> int:
        """Bring back rows whose worker died; return how many.

        Nobody knows whether Teams took them: `hold` leaves them to a person, `resend` queues them again; a
        row that its person has confirmed meanwhile has evidently arrived. `every_lease` is for the only
        worker there is, at its start: then no lease can be alive.
        """
        async with self._ledger.write() as connection:
            dead = deliveries.c.state == State.SENDING
            if not every_lease:
                dead = and_(dead, deliveries.c.lease_until < await self._ledger.present(connection, now))
            arrived = await connection.execute(
                update(deliveries)
                .where(dead, deliveries.c.acknowledged_at.is_not(None))
                .values(state=State.DELIVERED, reason=None, delivered_at=now)
            )
            resend = select(dispatches.c.id).where(
                dispatches.c.policy == Policy.RESEND, dispatches.c.state != DispatchState.STOPPED
            )
            queued = await connection.execute(
                update(deliveries)
                .where(dead, deliveries.c.dispatch.in_(resend))
                .values(state=State.QUEUED, not_before=now, lease_until=None)
            )
            held = await connection.execute(
                update(deliveries)
                .where(dead)
                .values(state=State.UNKNOWN, reason=Doubt.INTERRUPTED, lease_until=None)
            )
        return arrived.rowcount + queued.rowcount + held.rowcount

    async def settle(self, now: datetime) -> tuple[str, ...]:
        """End the dispatches that have no open row; return their ids.

        Rows whose time is over are given up; what came back to the queue of a stopped dispatch is cancelled.
        """
        overdue = and_(_STARTED, dispatches.c.give_up_at <= now)
        stopped = dispatches.c.state == DispatchState.STOPPED
        ended = and_(_STARTED, ~_has_row(State.QUEUED, State.SENDING))
        due = or_(overdue, ended, and_(stopped, _has_row(State.QUEUED)))
        async with self._ledger.read() as connection:
            if (await connection.execute(select(dispatches.c.id).where(due).limit(1))).first() is None:
                return ()
        async with self._ledger.write() as connection:
            # Locked, lest a dispatch be ended while somebody queues its rows again.
            await connection.execute(
                select(dispatches.c.id).where(due).order_by(dispatches.c.id).with_for_update()
            )
            for over, reason in ((overdue, Reason.EXPIRED), (stopped, Reason.CANCELLED)):
                await connection.execute(
                    update(deliveries)
                    .where(
                        deliveries.c.state == State.QUEUED,
                        deliveries.c.dispatch.in_(select(dispatches.c.id).where(over)),
                    )
                    .values(state=State.FAILED, reason=reason)
                )
            result = await connection.execute(
                update(dispatches)
                .where(ended)
                .values(state=DispatchState.FINISHED, finished_at=now)
                .returning(dispatches.c.id)
            )
            return tuple(result.scalars())

    async def pause(self, dispatch_id: str, reason: PauseReason) -> bool:
        """Hold a dispatch that is running or scheduled; False if it is neither."""
        return await self._move(
            dispatch_id,
            dispatches.c.state.in_([DispatchState.SENDING, DispatchState.SCHEDULED]),
            state=DispatchState.PAUSED,
            pause_reason=reason,
        )

    async def resume(self, dispatch_id: str) -> bool:
        """Let a paused dispatch go on; False if it is not paused, or was never started and has no rows."""
        return await self._move(
            dispatch_id,
            and_(_STARTED, dispatches.c.state == DispatchState.PAUSED),
            state=DispatchState.SENDING,
            pause_reason=None,
            pause_told_at=None,
        )

    async def tell_pause_once(self, dispatch_id: str, now: datetime) -> bool:
        """Mark that somebody has been told why a dispatch is paused; True only for the first call."""
        async with self._ledger.write() as connection:
            result = await connection.execute(
                update(dispatches)
                .where(
                    dispatches.c.id == dispatch_id,
                    dispatches.c.state == DispatchState.PAUSED,
                    dispatches.c.pause_told_at.is_(None),
                )
                .values(pause_told_at=now)
            )
        return bool(result.rowcount)

    async def stop(self, dispatch_id: str, now: datetime) -> bool:
        """End a dispatch: what has not left is cancelled; False if it had ended already."""
        alive = [DispatchState.SCHEDULED, DispatchState.SENDING, DispatchState.PAUSED]
        async with self._ledger.write() as connection:
            result = await connection.execute(
                update(dispatches)
                .where(dispatches.c.id == dispatch_id, dispatches.c.state.in_(alive))
                .values(state=DispatchState.STOPPED, finished_at=now)
            )
            if result.rowcount:
                await connection.execute(
                    update(deliveries)
                    .where(deliveries.c.dispatch == dispatch_id, deliveries.c.state == State.QUEUED)
                    .values(state=State.FAILED, reason=Reason.CANCELLED)
                )
        return bool(result.rowcount)

    async def requeue(
        self, dispatch_id: str, states: Iterable[State], *, give_up_at: datetime, now: datetime
    ) -> int:
        """Queue rows in these final states again, and let the dispatch run; return how many."""
        async with self._ledger.write() as connection:
            result = await connection.execute(
                update(deliveries)
                .where(deliveries.c.dispatch == dispatch_id, deliveries.c.state.in_(list(states)))
                .values(
                    state=State.QUEUED,
                    reason=None,
                    attempts=0,
                    chat_reopened=False,
                    not_before=now,
                    lease_until=None,
                )
            )
            if result.rowcount:
                await connection.execute(
                    update(dispatches)
                    .where(dispatches.c.id == dispatch_id)
                    .values(
                        state=DispatchState.SENDING,
                        pause_reason=None,
                        pause_told_at=None,
                        finished_at=None,
                        give_up_at=give_up_at,
                    )
                )
        return result.rowcount

    async def accept_unknown(self, dispatch_id: str, now: datetime) -> int:
        """Count the rows of which nobody knows as delivered, because a person decided so."""
        async with self._ledger.write() as connection:
            result = await connection.execute(
                update(deliveries)
                .where(deliveries.c.dispatch == dispatch_id, deliveries.c.state == State.UNKNOWN)
                .values(state=State.DELIVERED, reason=None, delivered_at=now)
            )
        return result.rowcount

    async def has_due(self, now: datetime) -> bool:
        """Say whether some row of a running dispatch may be sent now."""
        query = (
            select(deliveries.c.id)
            .join(dispatches, dispatches.c.id == deliveries.c.dispatch)
            .where(
                dispatches.c.state.in_(_RUNNING),
                deliveries.c.state == State.QUEUED,
                deliveries.c.not_before <= now,
            )
            .limit(1)
        )
        async with self._ledger.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def show_life(self, worker: str, now: datetime) -> None:
        """Leave a sign that this worker is there to send."""
        dialect = sqlite if self._ledger.is_sqlite else postgresql
        statement = dialect.insert(workers).values(id=worker, seen_at=now)
        async with self._ledger.write() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now})
            )
            await connection.execute(workers.delete().where(workers.c.seen_at < now - timedelta(days=1)))

    async def leave(self, worker: str) -> None:
        """Take back the sign of life at an orderly end."""
        async with self._ledger.write() as connection:
            await connection.execute(workers.delete().where(workers.c.id == worker))

    async def anybody_there(self, since: datetime) -> bool:
        """Say whether some worker has shown itself since then."""
        async with self._ledger.read() as connection:
            newest = (await connection.execute(select(func.max(workers.c.seen_at)))).scalar()
        return newest is not None and newest >= since

    async def _move(self, dispatch_id: str, if_it: ColumnElement[bool], **values: object) -> bool:
        async with self._ledger.write() as connection:
            result = await connection.execute(
                update(dispatches).where(dispatches.c.id == dispatch_id, if_it).values(**values)
            )
        return bool(result.rowcount)


def _has_row(*states: State) -> ColumnElement[bool]:
    return exists().where(deliveries.c.dispatch == dispatches.c.id, deliveries.c.state.in_(states))
