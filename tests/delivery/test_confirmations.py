"""Confirmations and what each person has, on both engines."""

from datetime import timedelta
from typing import Any

import pytest

from storage.deliveries.records import DispatchState, Doubt, Policy, Reason, State
from tests.delivery.desk import Desk, present


async def test_the_first_confirmation_stays(desk: Desk) -> None:
    await desk.plan(1)
    await desk.end(await desk.claim(), State.DELIVERED, activity_id="17")
    first = present()

    await desk.deliveries.acknowledge("A1", "p1", first, "17")
    await desk.deliveries.acknowledge("A1", "p1", first + timedelta(hours=1), "18")

    (row,) = await desk.deliveries.rows("D1")
    assert (row.acknowledged_at, row.activity_id, row.state) == (first, "17", State.DELIVERED)


@pytest.mark.parametrize(
    ("state", "reason"), [(State.UNKNOWN, Doubt.TIMEOUT), (State.FAILED, Reason.NOT_FOUND)]
)
async def test_a_confirmation_proves_the_delivery(desk: Desk, state: State, reason: str) -> None:
    await desk.plan(2)
    await desk.end(await desk.claim(), state, reason)
    now = present()

    await desk.deliveries.acknowledge("A1", "p1", now, "17")

    row, other = await desk.deliveries.rows("D1")
    assert (row.state, row.reason, row.activity_id) == (State.DELIVERED, None, "17")
    assert (row.delivered_at, row.acknowledged_at) == (now, now)
    assert other.state is state


async def test_a_confirmation_of_a_row_being_sent_outlives_a_doubtful_answer(desk: Desk) -> None:
    await desk.plan(2, policy=Policy.RESEND)
    rows = await desk.claim()
    await desk.deliveries.acknowledge("A1", "p1", present(), "17")
    await desk.deliveries.acknowledge("A1", "p2", present(), "18")

    await desk.end(rows[:1], State.UNKNOWN, Doubt.TIMEOUT)
    await desk.end(rows[1:], State.QUEUED, not_before=present())

    assert await desk.states() == ["delivered", "delivered"]
    assert await desk.claim() == ()


async def test_a_confirmed_row_is_not_sent_again(desk: Desk) -> None:
    await desk.plan(2, policy=Policy.RESEND)
    await desk.claim(1)
    await desk.queue.recover(present(), every_lease=True)
    assert await desk.states() == ["queued", "queued"]

    await desk.deliveries.acknowledge("A1", "p1", present(), "17")
    await desk.deliveries.acknowledge("A1", "p2", present(), None)

    # p2 was never sent to, so there was nothing to confirm.
    assert await desk.states() == ["delivered", "queued"]


async def test_a_stranger_confirms_nothing(desk: Desk) -> None:
    await desk.plan(1)
    await desk.end(await desk.claim(), State.UNKNOWN, Doubt.TIMEOUT)

    await desk.deliveries.acknowledge("A1", "stranger", present(), None)
    await desk.deliveries.acknowledge("A2", "p1", present(), None)

    assert await desk.states() == ["unknown/timeout"]
    assert (await desk.deliveries.tally("D1")).acknowledged == 0


async def test_notices_come_with_those_to_confirm_first(desk: Desk) -> None:
    now = present()
    kinds: dict[str, dict[str, Any]] = {
        "old, to confirm": {"created_at": now - timedelta(days=9), "acknowledge": True},
        "new, to read": {"created_at": now - timedelta(days=1), "acknowledge": False},
        "newer, confirmed": {"created_at": now - timedelta(hours=1), "acknowledge": True},
        "expired, never confirmed": {
            "created_at": now - timedelta(days=2),
            "acknowledge": True,
            "expires": now - timedelta(minutes=1),
        },
        "of unknown fate": {"created_at": now - timedelta(days=3), "acknowledge": True},
        "never arrived": {"acknowledge": True},
        "still queued": {"acknowledge": True},
    }
    for name, changes in kinds.items():
        await desk.plan(2, id=name, subject=name, state=DispatchState.SENDING, **changes)
    for row in await desk.claim():
        state, reason = {
            "of unknown fate": (State.UNKNOWN, Doubt.TIMEOUT),
            "never arrived": (State.FAILED, Reason.BLOCKED),
            "still queued": (State.QUEUED, None),
        }.get(row.dispatch, (State.DELIVERED, None))
        await desk.end([row], state, reason)
    await desk.deliveries.acknowledge("newer, confirmed", "p1", now, None)

    notices = await desk.deliveries.notices_of("p1", now=now, limit=10)

    assert [notice.dispatch.id for notice in notices] == [
        "of unknown fate",
        "old, to confirm",
        "newer, confirmed",
        "new, to read",
        "expired, never confirmed",
    ]
    assert [notice.awaits_acknowledgement(now) for notice in notices] == [True, True, False, False, False]
    assert notices[2].acknowledged_at == now
    assert notices[0].section == "S1"
    first_two = await desk.deliveries.notices_of("p1", now=now, limit=2)
    assert first_two == notices[:2]
    assert await desk.deliveries.notices_of("p3", now=now, limit=10) == ()


async def test_one_notice_is_the_latest_of_its_subject(desk: Desk) -> None:
    now = present()
    await desk.plan(1, now - timedelta(days=1), id="D1", revision=1)
    await desk.plan(1, now, id="D2", revision=2)

    notice = await desk.deliveries.notice("A1", "p1")

    assert notice is not None
    assert notice.dispatch.id == "D2"
    assert await desk.deliveries.notice("A1", "p2") is None
    assert await desk.deliveries.notice("A2", "p1") is None
