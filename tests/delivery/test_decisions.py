"""What people decide about a dispatch, and when it ends by itself, on both engines."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.deliveries.records import DispatchState, Doubt, PauseReason, Policy, Reason, State
from storage.ledger import Ledger, ledger_url
from tests.delivery.desk import OVER, Desk, make_dispatch, present

DAY = timedelta(hours=24)


async def test_stopping_cancels_what_has_not_left(desk: Desk) -> None:
    await desk.plan(5)
    rows = await desk.claim(4)
    await desk.end(rows[:1], State.DELIVERED)

    assert await desk.queue.stop("D1", present())
    assert await desk.states() == ["delivered", *["sending"] * 3, "failed/cancelled"]

    await desk.end(rows[1:2], State.DELIVERED)
    await desk.end(rows[2:3], State.UNKNOWN, Doubt.TIMEOUT)
    await desk.end(rows[3:], State.QUEUED, not_before=present())
    await desk.queue.settle(present())
    assert await desk.states() == [
        "delivered",
        "delivered",
        "unknown/timeout",
        "failed/cancelled",
        "failed/cancelled",
    ]
    found = await desk.deliveries.dispatch("D1")
    assert found is not None
    assert found.state is DispatchState.STOPPED
    assert found.finished_at is not None


async def test_stopping_one_dispatch_leaves_the_others(desk: Desk) -> None:
    await desk.plan(2, id="D1")
    await desk.plan(2, id="D2")
    rows = await desk.claim(3)

    await desk.queue.stop("D1", present())
    await desk.end(rows, State.QUEUED, not_before=present())

    assert [row.dispatch for row in await desk.claim()] == ["D2", "D2"]
    assert await desk.queue.settle(present()) == ()
    assert await desk.states("D1") == ["failed/cancelled"] * 2
    assert await desk.states("D2") == ["sending"] * 2


@pytest.mark.parametrize("state", [DispatchState.STOPPED, DispatchState.FINISHED])
async def test_what_has_ended_is_not_stopped_paused_or_resumed(desk: Desk, state: DispatchState) -> None:
    await desk.plan(1, state=state)

    assert not await desk.queue.stop("D1", present())
    assert not await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)
    assert not await desk.queue.resume("D1")
    assert await desk.state_of() is state
    assert await desk.states() == ["queued"]


async def test_what_does_not_exist_is_not_stopped(desk: Desk) -> None:
    assert not await desk.queue.stop("D1", present())
    assert not await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)
    assert not await desk.queue.resume("D1")


async def test_a_stopped_row_is_never_sent_whatever_races(desk: Desk) -> None:
    await desk.plan(200)

    some_sent = asyncio.Event()

    async def work() -> int:
        sent = 0
        while rows := await desk.claim(5):
            sent += len(rows)
            await desk.end(rows, State.DELIVERED)
            some_sent.set()
        return sent

    async def stop() -> None:
        await some_sent.wait()
        await desk.queue.stop("D1", present())

    *sent, _ = await asyncio.gather(work(), work(), work(), stop())

    tally = await desk.deliveries.tally("D1")
    assert tally.reasons == {"cancelled": tally.failed}
    assert tally.failed > 0
    assert (tally.delivered, tally.total) == (sum(sent), 200)


async def test_pause_and_resume(desk: Desk) -> None:
    await desk.plan(3)
    rows = await desk.claim(1)

    assert await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)
    assert not await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)
    assert await desk.claim() == ()
    await desk.end(rows, State.DELIVERED)
    assert await desk.states() == ["delivered", "queued", "queued"]

    assert await desk.queue.resume("D1")
    assert not await desk.queue.resume("D1")
    found = await desk.deliveries.dispatch("D1")
    assert found is not None
    assert (found.state, found.pause_reason) == (DispatchState.SENDING, None)
    assert len(await desk.claim()) == 2


async def test_a_dispatch_that_never_started_is_not_resumed_without_its_rows(desk: Desk) -> None:
    waiting = make_dispatch(present(), state=DispatchState.SCHEDULED, started_at=None)
    await desk.deliveries.plan(waiting, ())
    await desk.queue.pause("D1", PauseReason.AUDIENCE_CHANGED)

    assert not await desk.queue.resume("D1")

    assert await desk.queue.settle(present()) == ()
    assert await desk.state_of() is DispatchState.PAUSED


async def test_everybody_is_told_of_a_pause_once(desk: Desk) -> None:
    await desk.plan(1)
    assert not await desk.queue.tell_pause_once("D1", present())
    await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)
    assert [found.id for found in await desk.deliveries.paused_untold()] == ["D1"]

    told = await asyncio.gather(*(desk.queue.tell_pause_once("D1", present()) for _ in range(4)))

    assert sorted(told) == [False, False, False, True]
    assert await desk.deliveries.paused_untold() == ()


@pytest.mark.parametrize("how", ["resume", "requeue"])
async def test_the_next_pause_is_told_again(desk: Desk, how: str) -> None:
    await desk.plan(1)
    await desk.end(await desk.claim(), State.FAILED, Reason.BLOCKED)
    await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)
    await desk.queue.tell_pause_once("D1", present())

    if how == "resume":
        await desk.queue.resume("D1")
    else:
        await desk.queue.requeue("D1", [State.FAILED], give_up_at=present() + DAY, now=present())
    await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)

    assert [found.id for found in await desk.deliveries.paused_untold()] == ["D1"]


async def test_only_the_chosen_states_are_queued_again(desk: Desk) -> None:
    now = present()
    await desk.plan(5)
    rows = await desk.claim(4)
    await desk.end(rows[:1], State.DELIVERED)
    await desk.end(rows[1:2], State.FAILED, Reason.NOT_FOUND, chat_reopened=True)
    await desk.end(rows[2:3], State.UNKNOWN, Doubt.TIMEOUT)

    assert await desk.queue.requeue("D1", [State.FAILED], give_up_at=now + 2 * DAY, now=now) == 1
    assert await desk.states() == ["delivered", "queued", "unknown/timeout", "sending", "queued"]
    first, second = await desk.claim()
    assert (first.recipient, first.attempts, first.chat_reopened) == ("p2", 1, False)
    assert second.recipient == "p5"

    assert await desk.queue.requeue("D1", [State.UNKNOWN], give_up_at=now + 2 * DAY, now=now) == 1
    assert (await desk.states())[2] == "queued"
    assert await desk.queue.requeue("D1", [State.UNKNOWN], give_up_at=now + 2 * DAY, now=now) == 0


async def test_an_ended_dispatch_runs_again_for_what_is_queued_again(desk: Desk) -> None:
    now = present()
    await desk.plan(2, give_up_at=now - timedelta(seconds=1))
    await desk.queue.settle(now)
    assert await desk.states() == ["failed/expired"] * 2
    assert await desk.state_of() is DispatchState.FINISHED

    assert await desk.queue.requeue("D1", [State.FAILED], give_up_at=now + DAY, now=now) == 2

    found = await desk.deliveries.dispatch("D1")
    assert found is not None
    assert (found.state, found.finished_at, found.give_up_at) == (DispatchState.SENDING, None, now + DAY)
    assert len(await desk.claim()) == 2


async def test_nothing_to_queue_again_leaves_an_ended_dispatch_ended(desk: Desk) -> None:
    await desk.plan(1)
    await desk.end(await desk.claim(), State.DELIVERED)
    await desk.queue.settle(present())

    assert await desk.queue.requeue("D1", [State.FAILED], give_up_at=present() + DAY, now=present()) == 0
    assert await desk.state_of() is DispatchState.FINISHED


async def test_what_is_unknown_is_taken_as_delivered_when_a_person_says_so(desk: Desk) -> None:
    await desk.plan(3)
    rows = await desk.claim()
    await desk.end(rows[:2], State.UNKNOWN, Doubt.TIMEOUT)
    await desk.end(rows[2:], State.FAILED, Reason.BLOCKED)
    now = present()

    assert await desk.queue.accept_unknown("D1", now) == 2
    assert await desk.queue.accept_unknown("D1", now) == 0

    assert await desk.states() == ["delivered", "delivered", "failed/blocked"]
    assert (await desk.deliveries.rows("D1"))[0].delivered_at == now


async def test_a_dispatch_ends_when_no_row_is_open(desk: Desk) -> None:
    await desk.plan(3, id="D1")
    await desk.plan(1, id="D2")
    rows = await desk.claim(3)
    await desk.end(rows[:1], State.DELIVERED)
    await desk.end(rows[1:2], State.UNKNOWN, Doubt.TIMEOUT)
    assert await desk.queue.settle(present()) == ()
    await desk.end(rows[2:], State.FAILED, Reason.BLOCKED)
    now = present()

    assert await desk.queue.settle(now) == ("D1",)
    assert await desk.queue.settle(now) == ()

    found = await desk.deliveries.dispatch("D1")
    assert found is not None
    assert (found.state, found.finished_at) == (DispatchState.FINISHED, now)
    assert await desk.state_of("D2") is DispatchState.SENDING


async def test_a_paused_dispatch_ends_with_its_last_row_too(desk: Desk) -> None:
    await desk.plan(1)
    rows = await desk.claim()
    await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)
    assert await desk.queue.settle(present()) == ()

    await desk.end(rows, State.DELIVERED)

    assert await desk.queue.settle(present()) == ("D1",)
    assert await desk.state_of() is DispatchState.FINISHED


@pytest.mark.parametrize("state", [DispatchState.SENDING, DispatchState.PAUSED])
async def test_rows_whose_time_is_over_are_given_up(desk: Desk, state: DispatchState) -> None:
    now = present()
    await desk.plan(3, give_up_at=now)
    rows = await desk.claim(1)
    if state is DispatchState.PAUSED:
        await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)

    assert await desk.queue.settle(now - timedelta(milliseconds=1)) == ()
    assert (await desk.states())[1:] == ["queued", "queued"]
    assert await desk.queue.settle(now) == ()
    assert await desk.states() == ["sending", "failed/expired", "failed/expired"]

    await desk.end(rows, State.QUEUED, not_before=now)
    assert await desk.queue.settle(now) == ("D1",)
    assert await desk.states() == ["failed/expired"] * 3


async def test_a_scheduled_dispatch_is_not_settled(desk: Desk) -> None:
    now = present()
    later = make_dispatch(
        now, state=DispatchState.SCHEDULED, started_at=None, give_up_at=now - timedelta(seconds=1)
    )
    await desk.deliveries.plan(later, ())

    assert await desk.queue.settle(now) == ()
    assert await desk.state_of() is DispatchState.SCHEDULED


async def test_a_dead_lease_keeps_a_dispatch_open_until_it_is_recovered(desk: Desk) -> None:
    await desk.plan(1, policy=Policy.HOLD)
    await desk.claim(lease=OVER)
    assert await desk.queue.settle(present()) == ()

    await desk.queue.recover(present(), every_lease=False)

    assert await desk.queue.settle(present()) == ("D1",)


async def test_rows_queued_again_while_a_dispatch_ends_are_still_sent(postgres_url: str) -> None:
    """The requeue holds its row back at the dispatch, `settle` comes to wait behind it."""
    desk = Desk.on(Ledger(ledger_url(Path(), postgres_url)))
    await desk.plan(1)
    await desk.end(await desk.claim(), State.FAILED, Reason.BLOCKED)

    async with desk.ledger.write() as connection:
        await connection.execute(text("SELECT id FROM dispatches FOR UPDATE"))
        now = present()
        again = asyncio.create_task(desk.queue.requeue("D1", [State.FAILED], give_up_at=now + DAY, now=now))
        await _until_waiting(desk, 1)
        settling = asyncio.create_task(desk.queue.settle(now))
        await _until_waiting(desk, 2)
    assert await again == 1
    await settling

    assert await desk.states() == ["queued"]
    assert await desk.state_of() is DispatchState.SENDING
    await desk.ledger.close()


async def _until_waiting(desk: Desk, number: int) -> None:
    blocked = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10), desk.ledger.read() as connection:
        while (await connection.execute(blocked)).scalar_one() < number:
            await asyncio.sleep(0.01)
            await connection.execute(text("SELECT pg_stat_clear_snapshot()"))


async def test_workers_show_that_they_are_there(desk: Desk) -> None:
    now = present()
    assert not await desk.queue.anybody_there(now - DAY)

    await desk.queue.show_life("w1", now - timedelta(seconds=30))
    await desk.queue.show_life("w1", now - timedelta(seconds=10))
    assert await desk.queue.anybody_there(now - timedelta(seconds=10))
    assert not await desk.queue.anybody_there(now - timedelta(seconds=9))

    await desk.queue.show_life("w2", now)
    await desk.queue.leave("w2")
    assert not await desk.queue.anybody_there(now)
    assert await desk.queue.anybody_there(now - timedelta(seconds=10))


async def test_signs_of_workers_long_gone_are_cleared(desk: Desk) -> None:
    now = present()
    await desk.queue.show_life("old", now - 3 * DAY)
    await desk.queue.show_life("new", now)

    await desk.queue.leave("new")

    assert not await desk.queue.anybody_there(now - 9 * DAY)
