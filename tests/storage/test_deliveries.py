"""What is remembered of dispatches, on both engines: planning, sums, notices, confirmations."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.deliveries.records import (
    BureauTally,
    DispatchState,
    Doubt,
    Finish,
    LiveCard,
    PauseReason,
    Policy,
    Reason,
    Recipient,
    RecipientKind,
    State,
    Tally,
)
from storage.deliveries.store import AlreadyPlannedError
from storage.ledger import Ledger
from tests.delivery.desk import Desk, make_dispatch, make_recipients, present


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk.on(ledger)


async def test_a_dispatch_is_read_back_as_it_was_planned(desk: Desk) -> None:
    now = present()
    dispatch = make_dispatch(
        now,
        policy=Policy.RESEND,
        urgent=True,
        head_count=2,
        deadline=now + timedelta(days=3),
        expires=now + timedelta(days=4),
        pause_reason=PauseReason.UNAUTHORIZED,
        state=DispatchState.PAUSED,
        finished_at=now,
        live_card=LiveCard(conversation="a:1", service_url="https://smba.example/", activity_id="17"),
    )
    await desk.deliveries.plan(dispatch, make_recipients(2))

    assert await desk.deliveries.dispatch("D1") == dispatch
    assert await desk.deliveries.dispatch("D2") is None


async def test_rows_keep_section_bureau_and_kind_of_their_day(desk: Desk) -> None:
    channel = Recipient(id="19:x@thread.tacv2", kind=RecipientKind.CHANNEL)
    await desk.deliveries.plan(make_dispatch(present()), (*make_recipients(1), channel))

    person, place = await desk.deliveries.rows("D1")

    assert (person.recipient, person.section, person.bureau, person.kind) == ("p1", "S1", "B1", "person")
    assert (place.recipient, place.kind) == ("19:x@thread.tacv2", RecipientKind.CHANNEL)
    assert person.state is State.QUEUED
    assert (person.attempts, person.reason, person.activity_id, person.delivered_at) == (0, None, None, None)


async def test_more_rows_than_one_statement_takes_are_planned(desk: Desk) -> None:
    await desk.plan(12_001)

    assert await desk.deliveries.tally("D1") == Tally(queued=12_001)


async def test_planning_twice_is_refused_and_changes_nothing(desk: Desk) -> None:
    await desk.plan(3)

    with pytest.raises(AlreadyPlannedError):
        await desk.plan(5, title="別の件名")

    assert await desk.states() == ["queued"] * 3
    found = await desk.deliveries.dispatch("D1")
    assert found is not None
    assert found.title == "11月はテレワーク月間です"


async def test_of_many_who_plan_at_once_one_wins(desk: Desk) -> None:
    tries = await asyncio.gather(*(desk.plan(20, title=f"{n}") for n in range(6)), return_exceptions=True)

    refused = [result for result in tries if isinstance(result, AlreadyPlannedError)]
    assert len(refused) == 5
    assert (await desk.deliveries.tally("D1")).total == 20


async def test_planning_is_all_or_nothing(desk: Desk) -> None:
    recipients = [*make_recipients(6000), Recipient(id="p1")]

    with pytest.raises(IntegrityError):
        await desk.deliveries.plan(make_dispatch(present()), recipients)

    assert await desk.deliveries.dispatch("D1") is None
    assert await desk.deliveries.rows("D1") == ()


async def test_a_scheduled_dispatch_gets_its_rows_once(desk: Desk) -> None:
    now = present()
    dispatch = make_dispatch(now, state=DispatchState.SCHEDULED, started_at=None)
    await desk.deliveries.plan(dispatch, ())

    tries = [desk.deliveries.start(dispatch, make_recipients(7), now) for _ in range(4)]
    started = await asyncio.gather(*tries)

    assert sorted(started) == [False, False, False, True]
    found = await desk.deliveries.dispatch("D1")
    assert found is not None
    assert (found.state, found.started_at, found.head_count) == (DispatchState.SENDING, now, 7)
    assert await desk.states() == ["queued"] * 7


@pytest.mark.parametrize("ended", [DispatchState.STOPPED, DispatchState.FINISHED, DispatchState.SENDING])
async def test_what_has_ended_or_runs_is_not_started(desk: Desk, ended: DispatchState) -> None:
    dispatch = make_dispatch(present(), state=ended, started_at=None)
    await desk.deliveries.plan(dispatch, ())

    assert not await desk.deliveries.start(dispatch, make_recipients(2), present())
    assert await desk.deliveries.rows("D1") == ()


async def test_starting_is_all_or_nothing(desk: Desk) -> None:
    dispatch = make_dispatch(present(), state=DispatchState.SCHEDULED, started_at=None)
    await desk.deliveries.plan(dispatch, ())

    with pytest.raises(IntegrityError):
        await desk.deliveries.start(dispatch, [*make_recipients(2), Recipient(id="p1")], present())

    assert await desk.deliveries.dispatch("D1") == dispatch


async def test_a_late_start_has_its_own_time_to_give_up(desk: Desk) -> None:
    now = present()
    planned = make_dispatch(
        now - timedelta(days=3),
        state=DispatchState.PAUSED,
        started_at=None,
        pause_reason=PauseReason.AUDIENCE_CHANGED,
        give_up_at=now - timedelta(days=2),
    )
    await desk.deliveries.plan(planned, ())

    later = replace(planned, give_up_at=now + timedelta(hours=24))
    assert await desk.deliveries.start(later, make_recipients(2), now)
    await desk.queue.settle(now)

    assert await desk.states() == ["queued", "queued"]


async def test_lists_of_dispatches(desk: Desk) -> None:
    now = present()
    for number in range(1, 4):
        await desk.plan(
            1,
            now - timedelta(minutes=number),
            id=f"D{number}",
            subject="A1" if number < 3 else "A2",
            state=DispatchState.FINISHED if number == 2 else DispatchState.SENDING,
        )

    of_subject = await desk.deliveries.of_subject("A1")
    assert [found.id for found in of_subject] == ["D2", "D1"]
    assert [found.id for found in await desk.deliveries.in_state(DispatchState.SENDING)] == ["D3", "D1"]
    assert [found.id for found in await desk.deliveries.latest(2)] == ["D1", "D2"]


async def test_the_tally_adds_up_and_names_every_reason(desk: Desk) -> None:
    await desk.plan(10)
    rows = await desk.claim(9)
    await desk.end(rows[0:2], State.DELIVERED, activity_id="1")
    await desk.end(rows[2:4], State.FAILED, Reason.BLOCKED)
    await desk.end(rows[4:5], State.FAILED, Reason.NOT_FOUND)
    await desk.end(rows[5:6], State.UNKNOWN, Doubt.TIMEOUT)
    await desk.end(rows[6:7], State.UNKNOWN, Doubt.INTERRUPTED)
    await desk.deliveries.acknowledge("A1", "p1", present(), None)

    tally = await desk.deliveries.tally("D1")

    assert tally == Tally(
        queued=1,
        sending=2,
        delivered=2,
        failed=3,
        unknown=2,
        acknowledged=1,
        reasons={"blocked": 2, "not_found": 1},
        doubts={"timeout": 1, "interrupted": 1},
    )
    assert (tally.total, tally.open, tally.settled) == (10, 3, 7)


async def test_a_dispatch_without_rows_has_an_empty_tally(desk: Desk) -> None:
    assert await desk.deliveries.tally("D1") == Tally()
    assert await desk.deliveries.tally_by_bureau("D1") == ()


async def test_the_tally_by_bureau(desk: Desk) -> None:
    recipients = [
        Recipient(id="p1", bureau="B2"),
        Recipient(id="p2", bureau="B1"),
        Recipient(id="p3", bureau="B1"),
        Recipient(id="p4"),
    ]
    await desk.deliveries.plan(make_dispatch(present()), recipients)
    rows = await desk.claim()
    await desk.end(rows[:3], State.DELIVERED)
    await desk.end(rows[3:], State.FAILED, Reason.BLOCKED)
    await desk.deliveries.acknowledge("A1", "p2", present(), None)

    assert await desk.deliveries.tally_by_bureau("D1") == (
        BureauTally(bureau="", total=1, delivered=0, acknowledged=0),
        BureauTally(bureau="B1", total=2, delivered=2, acknowledged=1),
        BureauTally(bureau="B2", total=1, delivered=1, acknowledged=0),
    )


async def test_rows_can_be_asked_for_by_state(desk: Desk) -> None:
    await desk.plan(3)
    rows = await desk.claim(2)
    await desk.end(rows[:1], State.FAILED, Reason.UNLICENSED)

    failed = await desk.deliveries.rows("D1", states=[State.FAILED])
    others = await desk.deliveries.rows("D1", states=[State.QUEUED, State.SENDING])

    assert [(row.recipient, row.reason) for row in failed] == [("p1", Reason.UNLICENSED)]
    assert [row.recipient for row in others] == ["p2", "p3"]


async def test_the_live_card_is_refreshed_by_one_process_at_a_time(desk: Desk) -> None:
    now = present()
    await desk.plan(1)
    card = LiveCard(conversation="a:1", service_url="https://smba.example/", activity_id="17")
    await desk.deliveries.keep_live_card("D1", card)
    pause = timedelta(seconds=2)

    turns = await asyncio.gather(*(desk.deliveries.take_live_turn("D1", now, pause) for _ in range(4)))

    assert sorted(turns) == [False, False, False, True]
    assert not await desk.deliveries.take_live_turn("D1", now + timedelta(seconds=1), pause)
    assert await desk.deliveries.take_live_turn("D1", now + pause, pause)
    (watched,) = await desk.deliveries.with_live_card(now)
    assert watched.live_card == card


async def test_live_cards_of_what_is_long_over_are_left_alone(desk: Desk) -> None:
    now = present()
    card = LiveCard(conversation="a:1", service_url="https://smba.example/", activity_id="17")
    old = now - timedelta(days=2)
    await desk.plan(1, old, id="over", state=DispatchState.FINISHED, live_card=card)
    await desk.plan(1, old, id="paused", state=DispatchState.PAUSED, live_card=card)
    await desk.plan(1, now, id="recent", state=DispatchState.FINISHED, live_card=card)
    await desk.plan(1, now, id="without a card")

    watched = await desk.deliveries.with_live_card(now - timedelta(days=1))

    assert {dispatch.id for dispatch in watched} == {"paused", "recent"}


async def test_the_backlog_counts_open_and_undecided_rows(desk: Desk) -> None:
    await desk.plan(5)
    rows = await desk.claim(3)
    await desk.queue.finish(
        [
            Finish(id=rows[0].id, fence=rows[0].fence, state=State.UNKNOWN, reason=Doubt.TIMEOUT),
            Finish(id=rows[1].id, fence=rows[1].fence, state=State.DELIVERED),
        ],
        present(),
    )

    assert await desk.deliveries.backlog() == (3, 1)
