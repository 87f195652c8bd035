"""How the worker goes about sending: who waits for whom, when it stops, and what it does about a bug."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.delivery.messenger import Address, Messenger, Opened, Outcome
from storage.chats.store import Chats
from storage.deliveries.records import DispatchState, Doubt, PauseReason, Policy
from storage.ledger import Ledger
from tests.delivery.desk import Desk, present
from tests.delivery.station import QUICK, fates, known, plan, strangers, until, until_over, working
from tests.fakes.connector import FakeConnector, Plan, Rule

MANY = [f"p{number}" for number in range(60)]


@pytest.fixture
def desk(sqlite_ledger: Ledger) -> Desk:
    """One engine: what differs between the two is tested with the queue and the fates."""
    return Desk.on(sqlite_ledger)


async def test_only_the_throttled_recipient_waits(desk: Desk) -> None:
    rule = Rule(member="p7", steps=("429:1.2",))
    async with FakeConnector(Plan(rules=(rule,))) as teams:
        await plan(desk, known(MANY, teams))
        async with working(desk.ledger, teams):
            tally = await until_over(desk)

    assert tally.delivered == len(MANY)
    times = {message.member: message.at for message in teams.taken}
    refused, taken = (request.at for request in teams.records.requests if request.member == "p7")
    assert taken - refused >= 1.2
    assert max(at for member, at in times.items() if member != "p7") < refused + 1.2


async def test_teams_own_limit_a_chat_is_survived(desk: Desk) -> None:
    async with FakeConnector(Plan(teams_limits=True, rate=40)) as teams:
        await plan(desk, known(MANY, teams))
        async with working(desk.ledger, teams, replace(QUICK, rate=200)):
            tally = await until_over(desk)

    assert tally.delivered == len(MANY)
    assert teams.records.answers()["429"] > 0
    assert teams.records.duplicates() == {}


async def test_opening_a_chat_takes_a_permit_of_its_own(desk: Desk) -> None:
    rate = 25.0
    people = [f"s{number}" for number in range(25)]
    async with FakeConnector() as teams:
        await plan(desk, strangers(people))
        limits = replace(QUICK, rate=rate)
        async with working(desk.ledger, teams, limits):
            await until_over(desk)

    kinds = [request.kind for request in teams.records.requests]
    assert (kinds.count("create"), kinds.count("send")) == (25, 25)
    first, last = teams.records.requests[0].at, teams.records.requests[-1].at
    assert last - first >= (50 - limits.burst - 1) / rate
    assert teams.records.busiest_second() <= rate + limits.burst + 2
    assert len(await Chats(desk.ledger).of(people)) == 25


async def test_after_a_401_one_new_token_is_enough(desk: Desk) -> None:
    tokens = _Tokens("stale", "good")
    async with FakeConnector(Plan(authorization="Bearer good")) as teams:
        await plan(desk, [*known(MANY, teams), *strangers(["s1"])])
        async with working(desk.ledger, teams, tokens=tokens):
            tally = await until_over(desk)

    assert tally.delivered == len(MANY) + 1
    assert tokens.fetched == 2


async def test_a_lasting_401_pauses_the_dispatch_and_loses_nobody(desk: Desk) -> None:
    async with FakeConnector(Plan(authorization="Bearer good")) as teams:
        await plan(desk, [*known(MANY, teams), *strangers(["s1"])])
        async with working(desk.ledger, teams, tokens=_Tokens("stale", "stale too")) as worker:
            tally = await until(desk, lambda t, state: state is DispatchState.PAUSED and not t.sending)
            found = await desk.deliveries.dispatch("D1")
            assert found is not None
            assert found.pause_reason is PauseReason.UNAUTHORIZED
            assert tally.queued == tally.total == len(MANY) + 1
            asked = len(teams.records.requests)
            await asyncio.sleep(0.3)
            assert len(teams.records.requests) == asked, "a paused dispatch asks Teams for nothing"

            teams.plan = Plan()
            await desk.queue.resume("D1")
            worker.wake()
            tally = await until_over(desk)

    assert tally.delivered == len(MANY) + 1
    assert teams.records.duplicates() == {}


async def test_a_connector_that_is_away_for_a_moment_costs_nobody(desk: Desk) -> None:
    async with FakeConnector() as teams:
        await plan(desk, known(MANY, teams))
        await teams.stop()
        async with working(desk.ledger, teams):
            await until(desk, lambda *_: True)
            await asyncio.sleep(0.3)
            tally = await desk.deliveries.tally("D1")
            assert (tally.open, tally.unknown) == (len(MANY), 0)

            await teams.start()
            tally = await until_over(desk)

    assert tally.delivered == len(MANY)
    assert set(teams.records.counts().values()) == {1}


async def test_what_is_throttled_for_ever_expires(desk: Desk) -> None:
    async with FakeConnector(Plan(rules=(Rule(then="429:0.1"),))) as teams:
        await plan(desk, known(["p1"], teams), give_up_at=present() + timedelta(seconds=0.5))
        async with working(desk.ledger, teams):
            await until_over(desk)

    assert await fates(desk) == {"p1": "failed/expired"}
    assert 2 <= len(teams.records.requests) <= 15


async def test_stopping_keeps_what_is_under_way(desk: Desk) -> None:
    async with FakeConnector(Plan(delay=0.3)) as teams:
        await plan(desk, known(MANY, teams))
        async with working(desk.ledger, teams):
            await until(desk, lambda tally, _: tally.sending > 0)
            assert await desk.queue.stop("D1", present())
            tally = await until_over(desk)

    assert tally.delivered == teams.count > 0
    assert tally.reasons == {"cancelled": len(MANY) - tally.delivered}
    assert tally.delivered <= QUICK.concurrency


async def test_a_pause_holds_and_a_resume_goes_on(desk: Desk) -> None:
    async with FakeConnector(Plan(delay=0.1)) as teams:
        await plan(desk, known(MANY, teams))
        async with working(desk.ledger, teams) as worker:
            await until(desk, lambda tally, _: tally.delivered > 0)
            await desk.queue.pause("D1", PauseReason.UNAUTHORIZED)
            held = await until(desk, lambda tally, _: not tally.sending)
            await asyncio.sleep(0.3)
            assert await desk.deliveries.tally("D1") == held
            assert held.queued > 0

            await desk.queue.resume("D1")
            worker.wake()
            tally = await until_over(desk)

    assert tally.delivered == len(MANY)
    assert set(teams.records.counts().values()) == {1}


async def test_an_urgent_dispatch_overtakes(desk: Desk) -> None:
    async with FakeConnector(Plan(delay=0.02)) as teams:
        await plan(desk, known((f"slow{n}" for n in range(200)), teams), id="D1")
        async with working(desk.ledger, teams, replace(QUICK, concurrency=4)) as worker:
            await until(desk, lambda tally, _: tally.delivered > 0)
            await plan(desk, known(["urgent"], teams), id="D2", subject="A2", urgent=True)
            worker.wake()
            await until_over(desk, "D2")
            left = await desk.deliveries.tally("D1")

    assert left.queued > 50


async def test_a_good_end_leaves_nothing_in_doubt(desk: Desk) -> None:
    async with FakeConnector(Plan(delay=0.05)) as teams:
        await plan(desk, known(MANY, teams))
        for _ in range(3):
            async with working(desk.ledger, teams, replace(QUICK, concurrency=5)):
                sent = teams.count
                await until(desk, lambda tally, _: tally.delivered > sent + 3)  # noqa: B023
            tally = await desk.deliveries.tally("D1")
            assert (tally.delivered, tally.sending, tally.unknown) == (teams.count, 0, 0)
        async with working(desk.ledger, teams):
            tally = await until_over(desk)

    assert tally.delivered == len(MANY)
    assert set(teams.records.counts().values()) == {1}


async def test_a_worker_shows_that_it_is_there(desk: Desk) -> None:
    began = present()
    async with FakeConnector() as teams:
        async with working(desk.ledger, teams):
            async with asyncio.timeout(5):
                while not await desk.queue.anybody_there(began):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        assert not await desk.queue.anybody_there(began)


class _Tokens:
    """Hands out these tokens one after the other, each until it is refused."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)
        self.fetched = 1

    async def token(self) -> str:
        return self._tokens[0]

    async def renew(self, stale: str) -> str:
        if self._tokens[0] == stale and len(self._tokens) > 1:
            self._tokens.pop(0)
            self.fetched += 1
        return self._tokens[0]

    async def close(self) -> None:
        pass


class _Breaking:
    """A messenger that has a bug: it raises for one person, before or after the message was sent."""

    def __init__(self, messenger: Messenger, *, after: bool) -> None:
        self._messenger = messenger
        self._after = after
        self.broke = 0

    async def send(self, address: Address, body: bytes) -> Outcome:
        outcome = await self._messenger.send(address, body) if self._after else None
        if address.conversation.endswith("-p1") and not self.broke:
            self.broke += 1
            raise RuntimeError
        return outcome or await self._messenger.send(address, body)

    async def update(self, address: Address, activity_id: str, body: bytes) -> Outcome:
        raise NotImplementedError

    async def delete(self, address: Address, activity_id: str) -> Outcome:
        raise NotImplementedError

    async def open_chat(self, person: str, service_url: str) -> Opened | Outcome:
        raise NotImplementedError


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("policy", list(Policy))
async def test_a_bug_while_sending_is_a_doubt_like_any_other(
    desk: Desk, policy: Policy, *, after: bool
) -> None:
    async with FakeConnector() as teams:
        await plan(desk, known(["p1", "p2"], teams), policy=policy)
        with capture_logs() as logs:
            async with working(desk.ledger, teams, wrap=lambda messenger: _Breaking(messenger, after=after)):
                await until_over(desk)
    assert [entry["event"] for entry in logs] == ["worker.send_failed"]

    if policy is Policy.HOLD:
        assert await fates(desk) == {"p1": f"unknown/{Doubt.INTERRUPTED}", "p2": "delivered"}
        assert teams.records.counts().get("p1", 0) == after
    else:
        assert await fates(desk) == {"p1": "delivered", "p2": "delivered"}
        assert teams.records.counts()["p1"] == 1 + after
