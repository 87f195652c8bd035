"""The statements that move rows: to claim what is due, and to store what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, func, null, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from storage.deliveries.records import DispatchState, Finish, State
from storage.deliveries.tables import deliveries, dispatches

_CONFIRMED = deliveries.c.acknowledged_at.is_not(None)

FINISH = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("row_id"),
        deliveries.c.fence == bindparam("row_fence"),
        or_(
            deliveries.c.state == State.SENDING,
            deliveries.c.state == State.QUEUED,
            and_(deliveries.c.state == State.UNKNOWN, bindparam("new_state") != State.QUEUED),
        ),
    )
    .values(
        state=case((_CONFIRMED, State.DELIVERED), else_=bindparam("new_state")),
        reason=case((_CONFIRMED, null()), else_=bindparam("new_reason")),
        not_before=func.coalesce(
            bindparam("new_not_before", type_=deliveries.c.not_before.type), deliveries.c.not_before
        ),
        lease_until=None,
        activity_id=func.coalesce(bindparam("new_activity_id"), deliveries.c.activity_id),
        conversation=func.coalesce(bindparam("new_conversation"), deliveries.c.conversation),
        chat_reopened=bindparam("new_chat_reopened"),
        delivered_at=func.coalesce(
            bindparam("new_delivered_at", type_=deliveries.c.delivered_at.type),
            deliveries.c.delivered_at,
            deliveries.c.acknowledged_at,
        ),
    )
)


def finish_values(result: Finish, now: datetime) -> dict[str, Any]:
    """Return what FINISH needs for one result."""
    return {
        "row_id": result.id,
        "row_fence": result.fence,
        "new_state": result.state,
        "new_reason": result.reason,
        "new_not_before": result.not_before,
        "new_activity_id": result.activity_id,
        "new_conversation": result.conversation,
        "new_chat_reopened": result.chat_reopened,
        "new_delivered_at": now if result.state is State.DELIVERED else None,
    }


def claim_statement(
    dispatch_id: str, limit: int, now: datetime, lease_until: datetime
) -> ReturningUpdate[Any]:
    """Return the statement that claims rows of one dispatch and gives what sending needs."""
    due = (
        select(deliveries.c.id)
        .where(
            deliveries.c.dispatch == dispatch_id,
            deliveries.c.state == State.QUEUED,
            deliveries.c.not_before <= now,
            exists().where(dispatches.c.id == dispatch_id, dispatches.c.state == DispatchState.SENDING),
        )
        .order_by(deliveries.c.not_before, deliveries.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=deliveries)
        .cte("due")
    )
    return (
        update(deliveries)
        .where(deliveries.c.id.in_(select(due.c.id)))
        .values(
            state=State.SENDING,
            lease_until=lease_until,
            fence=deliveries.c.fence + 1,
            attempts=deliveries.c.attempts + 1,
        )
        .returning(
            deliveries.c.id,
            deliveries.c.fence,
            deliveries.c.dispatch,
            deliveries.c.recipient,
            deliveries.c.kind,
            deliveries.c.conversation,
            deliveries.c.service_url,
            deliveries.c.attempts,
            deliveries.c.chat_reopened,
        )
    )
