"""Planning: who gets a dispatch, when it starts, and when its author is asked instead."""

from dataclasses import replace
from datetime import datetime, timedelta

import orjson
import pytest

from bot.delivery.limits import SendingLimits
from bot.delivery.message import Message, activity_body
from bot.delivery.plan import Order, Planner, differs
from bot.directory.audience import AudienceError
from bot.directory.sections import SectionTree
from bot.directory.snapshot import Snapshot
from cards.kit.card import Card
from storage.announcements.records import Announcement, Importance
from storage.chats.records import Chat
from storage.chats.store import Chats
from storage.deliveries.records import Dispatch, DispatchState, PauseReason, Policy, State
from storage.deliveries.store import AlreadyPlannedError
from storage.ledger import Ledger
from tests.delivery.desk import Desk
from tests.directory.organisation import SECTIONS, guid, ministry, person
from tests.fakes.clock import NOW

MESSAGE = Message(
    card=Card(content={"type": "AdaptiveCard"}, summary="件名"), important=True, source={"id": "A1"}
)
HOUR = timedelta(hours=1)


class Ministry:
    """A directory whose snapshot a test replaces."""

    def __init__(self) -> None:
        self.snapshot = ministry()

    def staff(self, count: int) -> None:
        """Let so many people be there."""
        people = tuple(person(number, "SOMU") for number in range(1, count + 1))
        self.snapshot = Snapshot(people=people, sections=SectionTree(SECTIONS))


class Planning:
    """A planner on SQLite with that directory; counts how often it woke the worker."""

    def __init__(self, ledger: Ledger) -> None:
        self.desk = Desk.on(ledger)
        self.chats = Chats(ledger)
        self.directory = Ministry()
        self.woken = 0
        self.planner = Planner(
            deliveries=self.desk.deliveries,
            queue=self.desk.queue,
            chats=self.chats,
            directory=self.directory,
            limits=SendingLimits(),
            wake=self._wake,
        )

    def _wake(self) -> None:
        self.woken += 1

    async def plan(self, audience: str, start_at: datetime | None = None, **changes: object) -> Dispatch:
        """Plan an announcement."""
        order = Order(
            announcement=replace(ANNOUNCEMENT, audience=audience, **changes),  # type: ignore[arg-type]
            message=MESSAGE,
            created_by=guid(2),
            policy=Policy.RESEND,
            start_at=start_at,
        )
        dispatch, _ = await self.planner.plan(order, NOW)
        return dispatch

    async def dispatch(self) -> Dispatch:
        """Return the dispatch as it now is."""
        found = await self.desk.deliveries.dispatch("A1.r1.post")
        assert found is not None
        return found


ANNOUNCEMENT = Announcement(
    id="A1",
    revision=1,
    title="11月はテレワーク月間です",
    body="本文",
    audience="all",
    acknowledge=True,
    deadline=NOW + 48 * HOUR,
    issuer="",
    contact="",
    document_number="",
    reference="",
    links=(),
    importance=Importance.HIGH,
    mandatory=False,
    expires=None,
    author=guid(2),
    created_at=NOW,
    updated_at=NOW,
)


@pytest.fixture
def planning(sqlite_ledger: Ledger) -> Planning:
    return Planning(sqlite_ledger)


async def test_everybody_gets_a_row_with_the_section_bureau_and_chat_of_the_day(planning: Planning) -> None:
    chat = Chat(person=guid(4), conversation="a:4", service_url="https://smba.example/jp/")
    await planning.chats.remember(chat, NOW)

    dispatch = await planning.plan("section:KANBO")

    rows = {
        row.recipient: (row.section, row.bureau) for row in await planning.desk.deliveries.rows(dispatch.id)
    }
    assert rows == {
        guid(2): ("SHITSU", "KANBO"),
        guid(3): ("HISHO", "KANBO"),
        guid(4): ("SOMU", "KANBO"),
        guid(5): ("GYOSEI", "JICHI"),
    }
    claimed = {row.recipient: row.conversation for row in await planning.desk.claim()}
    assert claimed == {guid(2): "", guid(3): "", guid(4): "a:4", guid(5): ""}
    assert planning.woken == 1


async def test_the_dispatch_freezes_what_was_ordered(planning: Planning) -> None:
    planned = await planning.plan("all")

    dispatch = await planning.dispatch()
    assert dispatch == planned
    assert (dispatch.state, dispatch.started_at, dispatch.head_count) == (DispatchState.SENDING, NOW, 10)
    assert (dispatch.policy, dispatch.acknowledge, dispatch.deadline) == (
        Policy.RESEND,
        True,
        NOW + 48 * HOUR,
    )
    assert dispatch.give_up_at == NOW + 24 * HOUR
    assert Message.load(dispatch.content) == MESSAGE
    activity = orjson.loads(activity_body(Message.load(dispatch.content)))
    assert (activity["summary"], activity["importance"]) == ("件名", "high")


async def test_a_revision_is_sent_once(planning: Planning) -> None:
    await planning.plan("section:KANBO")

    with pytest.raises(AlreadyPlannedError):
        await planning.plan("all")

    assert (await planning.desk.deliveries.tally("A1.r1.post")).total == 4
    await planning.plan("all", revision=2)
    assert (await planning.desk.deliveries.tally("A1.r2.post")).total == 10


@pytest.mark.parametrize(
    "audience", ["section:NOWHERE", "section:EMPTY", "all,section:NOWHERE", f"people:{guid(99)}"]
)
async def test_an_audience_that_can_not_be_resolved_writes_nothing(planning: Planning, audience: str) -> None:
    with pytest.raises(AudienceError):
        await planning.plan(audience)

    assert await planning.desk.deliveries.latest(9) == ()
    assert planning.woken == 0


async def test_nothing_is_sent_after_it_has_expired(planning: Planning) -> None:
    assert (await planning.plan("all", expires=NOW + HOUR)).give_up_at == NOW + HOUR


async def test_a_scheduled_dispatch_is_resolved_when_it_starts(planning: Planning) -> None:
    planning.directory.staff(100)
    await planning.plan("all", NOW + HOUR)
    assert (await planning.dispatch()).state is DispatchState.SCHEDULED
    assert await planning.desk.deliveries.rows("A1.r1.post") == ()

    planning.directory.staff(105)
    await planning.planner.start_due(NOW + HOUR - timedelta(seconds=1))
    assert (await planning.dispatch()).state is DispatchState.SCHEDULED
    await planning.planner.start_due(NOW + HOUR)
    await planning.planner.start_due(NOW + HOUR)

    dispatch = await planning.dispatch()
    assert (dispatch.state, dispatch.head_count) == (DispatchState.SENDING, 105)
    assert (await planning.desk.deliveries.tally(dispatch.id)).total == 105


@pytest.mark.parametrize("count", [94, 106])
async def test_an_audience_that_has_changed_too_much_waits_for_its_author(
    planning: Planning, count: int
) -> None:
    planning.directory.staff(100)
    await planning.plan("all", NOW + HOUR)
    planning.directory.staff(count)

    await planning.planner.start_due(NOW + HOUR)

    waiting = await planning.dispatch()
    assert (waiting.state, waiting.pause_reason) == (DispatchState.PAUSED, PauseReason.AUDIENCE_CHANGED)
    assert (await planning.desk.deliveries.tally(waiting.id)).total == 0

    days_later = NOW + 72 * HOUR
    assert await planning.planner.start_anyway(waiting, days_later)
    assert not await planning.planner.start_anyway(waiting, days_later)
    await planning.desk.queue.settle(days_later)
    dispatch = await planning.dispatch()
    assert (dispatch.state, dispatch.pause_reason) == (DispatchState.SENDING, None)
    tally = await planning.desk.deliveries.tally(dispatch.id)
    assert (tally.queued, tally.total) == (count, count)


async def test_an_audience_that_is_gone_waits_for_its_author(planning: Planning) -> None:
    await planning.plan("section:GYOSEI", NOW + HOUR)
    planning.directory.staff(3)

    await planning.planner.start_due(NOW + HOUR)

    waiting = await planning.dispatch()
    assert (waiting.state, waiting.pause_reason) == (DispatchState.PAUSED, PauseReason.AUDIENCE_UNRESOLVED)
    with pytest.raises(AudienceError):
        await planning.planner.start_anyway(waiting, NOW + HOUR)
    assert (await planning.dispatch()).state is DispatchState.PAUSED


async def test_a_start_missed_by_days_still_has_its_time(planning: Planning) -> None:
    await planning.plan("all", NOW + HOUR)
    days_later = NOW + 72 * HOUR

    await planning.planner.start_due(days_later)
    await planning.desk.queue.settle(days_later)

    assert {row.state for row in await planning.desk.deliveries.rows("A1.r1.post")} == {State.QUEUED}
    assert (await planning.dispatch()).give_up_at == days_later + 24 * HOUR


async def test_a_start_that_was_stopped_never_happens(planning: Planning) -> None:
    dispatch = await planning.plan("all", NOW + HOUR)
    await planning.desk.queue.stop(dispatch.id, NOW)

    await planning.planner.start_due(NOW + HOUR)

    assert not await planning.planner.start_anyway(dispatch, NOW + HOUR)
    assert (await planning.desk.deliveries.tally(dispatch.id)).total == 0


@pytest.mark.parametrize(
    ("count", "approved", "too_far"),
    [(95, 100, False), (105, 100, False), (94, 100, True), (106, 100, True), (2, 1, True)],
)
def test_five_percent_are_tolerated(*, count: int, approved: int, too_far: bool) -> None:
    assert differs(count, approved) is too_far
