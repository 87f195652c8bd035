"""Claiming rows, reporting their results and recovering them, on both engines."""

import asyncio
from datetime import timedelta

import pytest

from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import (
    Claimed,
    DispatchState,
    Doubt,
    PauseReason,
    Policy,
    Reason,
    RecipientKind,
    State,
)
from storage.ledger import Ledger
from tests.delivery.desk import LEASE, OVER, Desk, make_dispatch, make_recipients, present


async def test_a_claim_carries_what_sending_needs(desk: Desk) -> None:
    chat = {"conversation": "a:1", "service_url": "https://smba.example/"}
    await desk.deliveries.plan(make_dispatch(present(), policy=Policy.RESEND), make_recipients(1, **chat))

    (row,) = await desk.claim()

    assert row == Claimed(
        id=row.id,
        fence=1,
        dispatch="D1",
        recipient="p1",
        kind=RecipientKind.PERSON,
        attempts=1,
        chat_reopened=False,
        policy=Policy.RESEND,
        **chat,
    )
    assert await desk.states() == ["sending"]


async def test_concurrent_claimers_never_get_the_same_row(desk: Desk) -> None:
    await desk.plan(300)

    async def claim_all(limit: int) -> list[int]:
        queue, mine = DeliveryQueue(desk.ledger), []
        while rows := await queue.claim(limit, LEASE, present()):
            mine += [row.id for row in rows]
        return mine

    shares = await asyncio.gather(*(claim_all(limit) for limit in (1, 7, 20, 20, 50, 50)))

    claimed = [row for share in shares for row in share]
    # A claimer that finds the rest locked by others stops early; what is left is still queued.
    rest = [row.id for row in await desk.claim(300)]
    assert len(claimed) == len(set(claimed))
    assert sorted(claimed + rest) == [row.id for row in await desk.deliveries.rows("D1")]


async def test_a_claim_takes_no_more_than_its_limit(desk: Desk) -> None:
    await desk.plan(5, id="D1")
    await desk.plan(5, id="D2")

    assert [len(await desk.claim(4)) for _ in range(4)] == [4, 4, 2, 0]


async def test_urgent_dispatches_go_first_then_the_older(desk: Desk) -> None:
    now = present()
    await desk.plan(2, now - timedelta(hours=2), id="older")
    await desk.plan(2, now - timedelta(hours=1), id="newer")
    await desk.plan(2, now, id="urgent", urgent=True)

    claimed = [row.dispatch for _ in range(6) for row in await desk.claim(1)]

    assert claimed == ["urgent", "urgent", "older", "older", "newer", "newer"]


async def test_a_row_is_not_claimed_before_its_time(desk: Desk) -> None:
    await desk.plan(3)
    rows = await desk.claim()
    await desk.end(rows[:1], State.QUEUED, not_before=present() + timedelta(hours=1))
    await desk.end(rows[1:2], State.QUEUED, not_before=present() - timedelta(seconds=1))

    (again,) = await desk.claim()

    assert (again.recipient, again.attempts, again.fence) == ("p2", 2, 2)
    assert not await desk.queue.has_due(present())
    assert await desk.queue.has_due(present() + timedelta(hours=2))


@pytest.mark.parametrize(
    "state",
    [DispatchState.SCHEDULED, DispatchState.PAUSED, DispatchState.STOPPED, DispatchState.FINISHED],
)
async def test_rows_of_a_dispatch_that_does_not_run_stay(desk: Desk, state: DispatchState) -> None:
    await desk.plan(2, state=state)

    assert not await desk.queue.has_due(present())
    assert await desk.claim() == ()
    assert await desk.states() == ["queued", "queued"]


async def test_each_result_is_stored(desk: Desk) -> None:
    await desk.plan(4)
    rows = await desk.claim()
    later = present() + timedelta(minutes=1)
    await desk.end(rows[:1], State.DELIVERED, activity_id="17")
    await desk.end(rows[1:2], State.FAILED, Reason.BLOCKED)
    await desk.end(rows[2:3], State.UNKNOWN, Doubt.TIMEOUT)
    await desk.end(rows[3:], State.QUEUED, not_before=later, conversation="a:2", chat_reopened=True)

    assert await desk.states() == ["delivered", "failed/blocked", "unknown/timeout", "queued"]
    delivered = (await desk.deliveries.rows("D1"))[0]
    assert delivered.activity_id == "17"
    assert delivered.delivered_at is not None
    assert abs(delivered.delivered_at - present()) < timedelta(seconds=10)


async def test_a_result_for_the_queue_says_where_and_when(ledger: Ledger) -> None:
    desk = Desk.on(ledger)
    await desk.plan(1)
    await desk.end(
        await desk.claim(), State.QUEUED, not_before=present(), conversation="a:2", chat_reopened=True
    )

    (again,) = await desk.claim()

    assert (again.conversation, again.chat_reopened, again.attempts) == ("a:2", True, 2)


async def test_an_opened_chat_is_kept_before_the_message_leaves(desk: Desk) -> None:
    await desk.plan(1, policy=Policy.RESEND)
    (row,) = await desk.claim()
    await desk.queue.keep_chat(row, "a:2", reopened=True)
    await desk.queue.recover(present(), every_lease=True)

    (again,) = await desk.claim()
    await desk.queue.keep_chat(row, "a:1", reopened=False)
    await desk.queue.recover(present(), every_lease=True)
    (third,) = await desk.claim()

    assert (again.conversation, again.chat_reopened) == ("a:2", True)
    assert (third.conversation, third.chat_reopened) == ("a:2", True), "an older claim has no say any more"


async def test_no_results_are_no_work(desk: Desk) -> None:
    await desk.queue.finish([], present())


async def test_the_result_of_an_older_claim_never_counts(desk: Desk) -> None:
    await desk.plan(3, policy=Policy.RESEND)
    old = await desk.claim(lease=OVER)
    assert await desk.queue.recover(present(), every_lease=False) == 3
    new = await desk.claim()
    assert [row.fence for row in new] == [2, 2, 2]

    await desk.end(old, State.FAILED, Reason.BLOCKED)
    assert await desk.states() == ["sending"] * 3
    await desk.end(new[:1], State.DELIVERED, activity_id="new")
    await desk.end(new[1:2], State.UNKNOWN, Doubt.TIMEOUT)
    await desk.end(new[2:], State.QUEUED, not_before=present())
    await desk.end(old, State.DELIVERED, activity_id="old")

    rows = await desk.deliveries.rows("D1")
    assert await desk.states() == ["delivered", "unknown/timeout", "queued"]
    assert [row.activity_id for row in rows] == ["new", None, None]


@pytest.mark.parametrize(
    ("policy", "between"), [(Policy.HOLD, "unknown/interrupted"), (Policy.RESEND, "queued")]
)
async def test_a_late_result_counts_while_nobody_has_claimed_again(
    desk: Desk, policy: Policy, between: str
) -> None:
    await desk.plan(2, policy=policy)
    rows = await desk.claim(lease=OVER)
    await desk.queue.recover(present(), every_lease=False)
    assert await desk.states() == [between] * 2

    await desk.end(rows[:1], State.DELIVERED, activity_id="17")
    await desk.end(rows[1:], State.FAILED, Reason.BLOCKED)

    assert await desk.states() == ["delivered", "failed/blocked"]
    assert await desk.claim() == ()


async def test_a_late_result_never_opens_what_has_ended(desk: Desk) -> None:
    await desk.plan(1, policy=Policy.HOLD)
    rows = await desk.claim(lease=OVER)
    await desk.queue.recover(present(), every_lease=False)
    assert await desk.queue.settle(present()) == ("D1",)

    await desk.end(rows, State.QUEUED, not_before=present())

    assert await desk.states() == ["unknown/interrupted"]


@pytest.mark.parametrize("end", [(State.DELIVERED, None), (State.FAILED, Reason.NOT_FOUND)])
async def test_an_end_is_not_overwritten(desk: Desk, end: tuple[State, str | None]) -> None:
    await desk.plan(1)
    rows = await desk.claim()
    await desk.end(rows, *end)
    before = await desk.deliveries.rows("D1")

    for state, reason in (
        (State.QUEUED, None),
        (State.UNKNOWN, Doubt.TIMEOUT),
        (State.FAILED, Reason.BLOCKED),
        (State.DELIVERED, None),
    ):
        await desk.end(rows, state, reason, activity_id="late")
    await desk.queue.recover(present(), every_lease=True)

    assert await desk.deliveries.rows("D1") == before


async def test_only_rows_whose_lease_ran_out_are_recovered(desk: Desk) -> None:
    await desk.plan(4)
    dead = await desk.claim(2, OVER)
    alive = await desk.claim(2)

    assert await desk.queue.recover(present(), every_lease=False) == 2
    assert await desk.queue.recover(present(), every_lease=False) == 0

    states = dict(zip((row.id for row in await desk.deliveries.rows("D1")), await desk.states(), strict=True))
    assert [states[row.id] for row in dead] == ["unknown/interrupted"] * 2
    assert [states[row.id] for row in alive] == ["sending"] * 2


async def test_the_only_worker_recovers_every_lease_at_its_start(desk: Desk) -> None:
    await desk.plan(2, id="held", subject="A1")
    await desk.plan(2, id="resent", subject="A2", policy=Policy.RESEND)
    await desk.plan(2, id="stopped", subject="A3", policy=Policy.RESEND)
    await desk.plan(2, id="paused", subject="A4", policy=Policy.RESEND)
    await desk.claim()
    await desk.queue.stop("stopped", present())
    await desk.queue.pause("paused", PauseReason.UNAUTHORIZED)

    assert await desk.queue.recover(present(), every_lease=True) == 8

    assert await desk.states("held") == ["unknown/interrupted"] * 2
    assert await desk.states("resent") == ["queued"] * 2
    assert await desk.states("stopped") == ["unknown/interrupted"] * 2
    assert await desk.states("paused") == ["queued"] * 2
    assert {row.dispatch for row in await desk.claim()} == {"resent"}


@pytest.mark.parametrize("policy", list(Policy))
async def test_a_row_that_was_confirmed_meanwhile_has_arrived(desk: Desk, policy: Policy) -> None:
    await desk.plan(2, policy=policy)
    await desk.claim()
    confirmed_at = present()
    await desk.deliveries.acknowledge("A1", "p1", confirmed_at, "17")

    assert await desk.queue.recover(present(), every_lease=True) == 2

    states = await desk.states()
    assert states[0] == "delivered"
    assert states[1] != "delivered"
    assert (await desk.deliveries.rows("D1"))[0].acknowledged_at == confirmed_at
