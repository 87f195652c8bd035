"""Dispatches and deliveries as people look at them: planning, sums, one person's notices, confirmations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, desc, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.deliveries.records import (
    BureauTally,
    Delivery,
    Dispatch,
    DispatchKind,
    DispatchState,
    LiveCard,
    Notice,
    PauseReason,
    Policy,
    Reason,
    Recipient,
    RecipientKind,
    State,
    Tally,
)
from storage.deliveries.tables import deliveries, dispatches
from storage.instant import from_millis
from storage.ledger import Ledger

_INSERT_ROWS = 5_000


class AlreadyPlannedError(Exception):
    """A dispatch with this id exists: somebody has sent this revision already."""


class Deliveries:
    """What was sent to whom, and what became of it."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep what this store may touch."""
        self._ledger = ledger

    async def plan(self, dispatch: Dispatch, recipients: Sequence[Recipient]) -> None:
        """Write a dispatch with one queued row a recipient, all or nothing.

        Raises:
            AlreadyPlannedError: the dispatch exists.
        """
        try:
            async with self._ledger.write() as connection:
                await connection.execute(insert(dispatches).values(_dispatch_values(dispatch)))
                await _insert_rows(connection, dispatch, recipients)
        except IntegrityError:
            if await self.dispatch(dispatch.id) is None:
                raise
            raise AlreadyPlannedError(dispatch.id) from None

    async def start(self, dispatch: Dispatch, recipients: Sequence[Recipient], now: datetime) -> bool:
        """Give a dispatch that has no rows yet its rows, and let it be sent until its `give_up_at`.

        Returns:
            False if another process was faster, or the dispatch has ended meanwhile.
        """
        waiting = [DispatchState.SCHEDULED, DispatchState.PAUSED]
        async with self._ledger.write() as connection:
            result = await connection.execute(
                update(dispatches)
                .where(
                    dispatches.c.id == dispatch.id,
                    dispatches.c.state.in_(waiting),
                    dispatches.c.started_at.is_(None),
                )
                .values(
                    state=DispatchState.SENDING,
                    started_at=now,
                    head_count=len(recipients),
                    give_up_at=dispatch.give_up_at,
                    pause_reason=None,
                    pause_told_at=None,
                )
            )
            if result.rowcount:
                await _insert_rows(connection, dispatch, recipients)
        return bool(result.rowcount)

    async def dispatch(self, dispatch_id: str) -> Dispatch | None:
        """Return one dispatch, or None."""
        found = await self._dispatches(select(dispatches).where(dispatches.c.id == dispatch_id))
        return found[0] if found else None

    async def of_subject(self, subject: str) -> tuple[Dispatch, ...]:
        """Return the dispatches of one announcement, oldest first."""
        query = select(dispatches).where(dispatches.c.subject == subject)
        return await self._dispatches(query.order_by(dispatches.c.created_at))

    async def in_state(self, state: DispatchState) -> tuple[Dispatch, ...]:
        """Return the dispatches in one state, oldest first."""
        query = select(dispatches).where(dispatches.c.state == state)
        return await self._dispatches(query.order_by(dispatches.c.created_at))

    async def latest(self, limit: int, created_by: str | None = None) -> tuple[Dispatch, ...]:
        """Return the newest dispatches of one person, or of everybody, newest first."""
        query = select(dispatches).order_by(desc(dispatches.c.created_at)).limit(limit)
        if created_by is not None:
            query = query.where(dispatches.c.created_by == created_by)
        return await self._dispatches(query)

    async def tally(self, dispatch_id: str) -> Tally:
        """Return the sums of a dispatch, all from one moment."""
        query = (
            select(
                deliveries.c.state,
                deliveries.c.reason,
                func.count().label("rows"),
                func.count(deliveries.c.acknowledged_at).label("acknowledged"),
                func.count(deliveries.c.recalled_at).label("recalled"),
            )
            .where(deliveries.c.dispatch == dispatch_id)
            .group_by(deliveries.c.state, deliveries.c.reason)
        )
        sums = dict.fromkeys([*State, "acknowledged", "recalled"], 0)
        reasons: dict[str, int] = {}
        doubts: dict[str, int] = {}
        async with self._ledger.read() as connection:
            for row in await connection.execute(query):
                sums[row.state] += row.rows
                sums["acknowledged"] += row.acknowledged
                sums["recalled"] += row.recalled
                if row.state == State.FAILED:
                    reasons[row.reason] = row.rows
                elif row.state == State.UNKNOWN:
                    doubts[row.reason] = row.rows
        return Tally(**{str(key): value for key, value in sums.items()}, reasons=reasons, doubts=doubts)

    async def tally_by_bureau(self, dispatch_id: str) -> tuple[BureauTally, ...]:
        """Return total, delivered and acknowledged rows for each bureau, by the bureau of that day."""
        delivered = func.count().filter(deliveries.c.state == State.DELIVERED)
        query = (
            select(
                deliveries.c.bureau,
                func.count().label("total"),
                delivered.label("delivered"),
                func.count(deliveries.c.acknowledged_at).label("acknowledged"),
            )
            .where(deliveries.c.dispatch == dispatch_id)
            .group_by(deliveries.c.bureau)
            .order_by(deliveries.c.bureau)
        )
        async with self._ledger.read() as connection:
            return tuple(BureauTally(**row._mapping) for row in await connection.execute(query))  # noqa: SLF001

    async def rows(self, dispatch_id: str, *, states: Iterable[State] = tuple(State)) -> tuple[Delivery, ...]:
        """Return a dispatch's rows in these states, in the order in which they were planned."""
        columns = [deliveries.c[field.name] for field in fields(Delivery)]
        query = (
            select(*columns)
            .where(deliveries.c.dispatch == dispatch_id, deliveries.c.state.in_(list(states)))
            .order_by(deliveries.c.id)
        )
        async with self._ledger.read() as connection:
            return tuple(_delivery(row) for row in await connection.execute(query))

    async def notices_of(self, person: str, *, now: datetime, limit: int) -> tuple[Notice, ...]:
        """Return the announcements that reached a person: those to confirm first, then the newest."""
        return await self._notices(_NOTICES, {"person": person, "now": now, "rows": limit})

    async def notice(self, subject: str, person: str) -> Notice | None:
        """Return one announcement as a person has it, or None if it was not for this person."""
        found = await self._notices(_NOTICE, {"person": person, "subject": subject})
        return found[0] if found else None

    async def acknowledge(self, subject: str, person: str, now: datetime, activity_id: str | None) -> None:
        """Mark a person's row as confirmed, once; the first time stays.

        Pressing the button on the card proves that it arrived, whatever Teams' answer had said; a row that is
        queued once more for a doubtful answer is not sent again. A row that never left is not touched.
        """
        mine = and_(
            deliveries.c.recipient == person,
            deliveries.c.fence > 0,
            deliveries.c.dispatch.in_(select(dispatches.c.id).where(dispatches.c.subject == subject)),
        )
        async with self._ledger.write() as connection:
            await connection.execute(
                update(deliveries)
                .where(mine, deliveries.c.acknowledged_at.is_(None))
                .values(acknowledged_at=now)
            )
            await connection.execute(
                update(deliveries)
                .where(mine, deliveries.c.state.in_([State.QUEUED, State.UNKNOWN, State.FAILED]))
                .values(
                    state=State.DELIVERED,
                    reason=None,
                    activity_id=func.coalesce(activity_id, deliveries.c.activity_id),
                    delivered_at=now,
                )
            )

    async def keep_live_card(self, dispatch_id: str, card: LiveCard) -> None:
        """Remember where the author's live card is."""
        async with self._ledger.write() as connection:
            await connection.execute(
                update(dispatches)
                .where(dispatches.c.id == dispatch_id)
                .values(
                    live_conversation=card.conversation,
                    live_service_url=card.service_url,
                    live_activity_id=card.activity_id,
                )
            )

    async def paused_untold(self) -> tuple[Dispatch, ...]:
        """Return the paused dispatches about which nobody has been told yet."""
        query = select(dispatches).where(
            dispatches.c.state == DispatchState.PAUSED, dispatches.c.pause_told_at.is_(None)
        )
        return await self._dispatches(query)

    async def backlog(self) -> tuple[int, int]:
        """Return how many rows of running dispatches are open, and how many wait for a person to decide."""
        open_rows = select(func.count()).where(deliveries.c.state.in_([State.QUEUED, State.SENDING]))
        unknown_rows = select(func.count()).where(deliveries.c.state == State.UNKNOWN)
        async with self._ledger.read() as connection:
            return (
                (await connection.execute(open_rows)).scalar_one(),
                (await connection.execute(unknown_rows)).scalar_one(),
            )

    async def with_live_card(self, since: datetime) -> tuple[Dispatch, ...]:
        """Return the dispatches whose author watches a live card: all that are not over, and recent ones."""
        running = dispatches.c.state.in_([DispatchState.SENDING, DispatchState.PAUSED])
        query = select(dispatches).where(
            dispatches.c.live_activity_id.is_not(None), or_(running, dispatches.c.created_at >= since)
        )
        return await self._dispatches(query)

    async def take_live_turn(self, dispatch_id: str, now: datetime, pause: timedelta) -> bool:
        """Say whether this process may refresh a live card now: one process, and not more often than that."""
        async with self._ledger.write() as connection:
            result = await connection.execute(
                update(dispatches)
                .where(
                    dispatches.c.id == dispatch_id,
                    or_(dispatches.c.live_updated_at.is_(None), dispatches.c.live_updated_at <= now - pause),
                )
                .values(live_updated_at=now)
            )
        return bool(result.rowcount)

    async def _notices(self, query: Select[Any], values: Mapping[str, Any]) -> tuple[Notice, ...]:
        async with self._ledger.read() as connection:
            return tuple(
                Notice(
                    dispatch=_dispatch(row),
                    acknowledged_at=row.row_acknowledged_at,
                    delivered_at=row.row_delivered_at,
                    section=row.row_section,
                )
                for row in await connection.execute(query, values)
            )

    async def _dispatches(self, query: Select[Any]) -> tuple[Dispatch, ...]:
        async with self._ledger.read() as connection:
            return tuple(_dispatch(row) for row in await connection.execute(query))


# Built once: to compose these for every person that asks costs more than to run them.
_MINE = (
    select(
        dispatches,
        deliveries.c.acknowledged_at.label("row_acknowledged_at"),
        deliveries.c.delivered_at.label("row_delivered_at"),
        deliveries.c.section.label("row_section"),
    )
    .join(deliveries, deliveries.c.dispatch == dispatches.c.id)
    .where(deliveries.c.recipient == bindparam("person"))
)
_NOTICE = _MINE.where(dispatches.c.subject == bindparam("subject")).order_by(desc(dispatches.c.created_at))
_WAITING = and_(
    dispatches.c.acknowledge,
    deliveries.c.acknowledged_at.is_(None),
    or_(dispatches.c.expires.is_(None), dispatches.c.expires > bindparam("now")),
)
_NOTICES = (
    _MINE.where(
        dispatches.c.kind == DispatchKind.POST,
        or_(
            deliveries.c.state == State.DELIVERED,
            deliveries.c.state == State.UNKNOWN,
            deliveries.c.acknowledged_at.is_not(None),
        ),
    )
    .order_by(desc(_WAITING), desc(dispatches.c.created_at))
    .limit(bindparam("rows"))
)


async def _insert_rows(
    connection: AsyncConnection, dispatch: Dispatch, recipients: Sequence[Recipient]
) -> None:
    constant = {
        "dispatch": dispatch.id,
        "state": State.QUEUED,
        "attempts": 0,
        "not_before": from_millis(0),
        "fence": 0,
        "chat_reopened": False,
    }
    for start in range(0, len(recipients), _INSERT_ROWS):
        await connection.execute(
            insert(deliveries),
            [
                constant
                | {
                    "recipient": recipient.id,
                    "kind": recipient.kind,
                    "section": recipient.section,
                    "bureau": recipient.bureau,
                    "conversation": recipient.conversation,
                    "service_url": recipient.service_url,
                }
                for recipient in recipients[start : start + _INSERT_ROWS]
            ],
        )


def _dispatch_values(dispatch: Dispatch) -> dict[str, Any]:
    values = {field.name: getattr(dispatch, field.name) for field in fields(dispatch)}
    card: LiveCard | None = values.pop("live_card")
    return values | {
        "live_conversation": card and card.conversation,
        "live_service_url": card and card.service_url,
        "live_activity_id": card and card.activity_id,
    }


def _dispatch(row: Row[Any]) -> Dispatch:
    live_card = None
    if row.live_activity_id:
        live_card = LiveCard(
            conversation=row.live_conversation,
            service_url=row.live_service_url,
            activity_id=row.live_activity_id,
        )
    plain = {
        field.name: getattr(row, field.name)
        for field in fields(Dispatch)
        if field.name not in {"kind", "policy", "state", "pause_reason", "live_card"}
    }
    return Dispatch(
        **plain,
        kind=DispatchKind(row.kind),
        policy=Policy(row.policy),
        state=DispatchState(row.state),
        pause_reason=PauseReason(row.pause_reason) if row.pause_reason else None,
        live_card=live_card,
    )


def _delivery(row: Row[Any]) -> Delivery:
    values = dict(row._mapping)  # noqa: SLF001
    values["state"] = State(values["state"])
    values["kind"] = RecipientKind(values["kind"])
    if values["state"] is State.FAILED:
        values["reason"] = Reason(values["reason"])
    return Delivery(**values)
