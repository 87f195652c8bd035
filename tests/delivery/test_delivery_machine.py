"""Any order of verbs: the rows are where a simple model says, none is lost, and no end is left unasked."""

import asyncio
from collections.abc import Awaitable, Coroutine
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from storage.deliveries.records import (
    Claimed,
    DispatchState,
    Doubt,
    Finish,
    PauseReason,
    Policy,
    Reason,
    State,
    Tally,
)
from storage.deliveries.tables import deliveries, dispatches
from storage.ledger import Ledger, ledger_url
from tests.delivery.desk import LEASE, Desk
from tests.delivery.model import MAY_LEAVE, Model, Post, Row
from tests.fakes.clock import NOW

T = TypeVar("T")
LIFE = timedelta(hours=24)
RESULTS: list[tuple[State, str | None]] = [
    (State.DELIVERED, None),
    (State.QUEUED, None),
    (State.FAILED, Reason.BLOCKED),
    (State.UNKNOWN, Doubt.TIMEOUT),
]
SOME = st.integers(min_value=0, max_value=1_000_000)
"""Chooses one of however many there are."""


class DeliveryMachine(RuleBasedStateMachine):
    """Does the same with the ledger and with the model."""

    def __init__(self, runner: asyncio.Runner, desk: Desk) -> None:
        """Begin with an empty ledger."""
        super().__init__()
        self.runner = runner
        self.desk = desk
        self.model = Model()
        self.claims: list[Claimed] = []
        self.before: dict[tuple[str, str], State] = {}
        self.verb = ""
        self.now = NOW

    def do(self, verb: str, deed: Coroutine[Any, Any, T]) -> T:
        """Wait for the ledger, and note by which verb."""
        self.verb = verb
        return self.runner.run(deed)

    def choose(self, number: int) -> tuple[str, Post]:
        """Return one of the dispatches."""
        names = list(self.model.posts)
        name = names[number % len(names)]
        return name, self.model.posts[name]

    @initialize(policies=st.lists(st.sampled_from(Policy), min_size=1, max_size=2), count=st.integers(1, 4))
    def plan(self, policies: list[Policy], count: int) -> None:
        """Write the dispatches."""
        for policy in policies:
            self._plan(policy, count)

    def _plan(self, policy: Policy, count: int) -> None:
        name = f"D{len(self.model.posts) + 1}"
        plan = self.desk.plan(count, NOW, id=name, subject=name, policy=policy, give_up_at=self.now + LIFE)
        self.do("plan", plan)
        self.model.posts[name] = Post(policy=policy, rows={f"p{n}": Row() for n in range(1, count + 1)})

    @precondition(lambda self: self.model.due())
    @rule(limit=st.integers(min_value=1, max_value=4))
    def claim(self, limit: int) -> None:
        """Claim, as many as are due."""
        expected = min(limit, self.model.due())
        claimed = self.do("claim", self.desk.queue.claim(limit, LEASE, self.now))
        assert len(claimed) == expected
        for row in claimed:
            self.model.claim(row.dispatch, row.recipient)
            assert row.fence == self.model.posts[row.dispatch].rows[row.recipient].fence
        self.claims += claimed

    @precondition(lambda self: self.model.has(State.SENDING))
    @rule(result=st.sampled_from(RESULTS), limit=st.integers(1, 4))
    def finish(self, result: tuple[State, str | None], limit: int) -> None:
        """Report the same result of some of the newest claims."""
        self._finish(self.claims[-limit:], *result)

    @precondition(lambda self: self.claims)
    @rule(number=SOME, result=st.sampled_from(RESULTS))
    def finish_late(self, number: int, result: tuple[State, str | None]) -> None:
        """Report a result of any claim there ever was, in time, late or twice."""
        self._finish([self.claims[number % len(self.claims)]], *result)

    def _finish(self, claims: list[Claimed], state: State, reason: str | None) -> None:
        again = self.now if state is State.QUEUED else None
        ends = [
            Finish(id=claim.id, fence=claim.fence, state=state, reason=reason, not_before=again)
            for claim in claims
        ]
        self.do("finish", self.desk.queue.finish(ends, self.now))
        for claim in claims:
            self.model.finish(self.row(claim), claim.fence, state, reason)

    @precondition(lambda self: self.unconfirmed())
    @rule(number=SOME)
    def acknowledge(self, number: int) -> None:
        """Confirm, as somebody to whom a claim was made."""
        claims = self.unconfirmed()
        claimed = claims[number % len(claims)]
        deed = self.desk.deliveries.acknowledge(claimed.dispatch, claimed.recipient, self.now, None)
        self.do("acknowledge", deed)
        self.model.acknowledge(self.row(claimed))

    @precondition(lambda self: self.model.has(State.SENDING))
    @rule(every_lease=st.booleans())
    def recover(self, every_lease: bool) -> None:  # noqa: FBT001
        """Bring back what was left by the dead; leases have run out."""
        self.now += 2 * LEASE
        self.do("recover", self.desk.queue.recover(self.now, every_lease=every_lease))
        self.model.recover()

    @precondition(
        lambda self: any(p.started or any(p.those(State.QUEUED)) for p in self.model.posts.values())
    )
    @rule(late=st.integers(0, 5))
    def settle(self, late: int) -> None:
        """Give up and end what is to be; now and then after everybody's time is over."""
        if late == 5:
            self.now += LIFE
            for post in self.model.posts.values():
                post.overdue = True
        self.do("settle", self.desk.queue.settle(self.now))
        self.model.settle()

    @rule(number=SOME, verb=st.sampled_from(["pause", "resume", "resume", "stop"]))
    def decide(self, number: int, verb: str) -> None:
        """Stop, pause or resume."""
        name, post = self.choose(number)
        deed: Awaitable[bool]
        match verb:
            case "stop":
                expected = self.model.stop(post)
                deed = self.desk.queue.stop(name, self.now)
            case "pause":
                expected = self.model.move(post, DispatchState.SENDING, DispatchState.PAUSED)
                deed = self.desk.queue.pause(name, PauseReason.UNAUTHORIZED)
            case _:
                expected = self.model.move(post, DispatchState.PAUSED, DispatchState.SENDING)
                deed = self.desk.queue.resume(name)
        assert self.do(verb, deed) == expected

    @precondition(lambda self: self.model.has(State.FAILED) or self.model.has(State.UNKNOWN))
    @rule(number=SOME, state=st.sampled_from([State.FAILED, State.UNKNOWN]))
    def requeue(self, number: int, state: State) -> None:
        """Send again to those whom it did not reach."""
        name, post = self.choose(number)
        deed = self.desk.queue.requeue(name, [state], give_up_at=self.now + LIFE, now=self.now)
        assert self.do("requeue", deed) == self.model.requeue(post, state)

    @precondition(lambda self: self.model.has(State.UNKNOWN))
    @rule(number=SOME)
    def accept_unknown(self, number: int) -> None:
        """Take what is unknown as delivered."""
        name, post = self.choose(number)
        accepted = self.do("accept_unknown", self.desk.queue.accept_unknown(name, self.now))
        assert accepted == self.model.accept_unknown(post)

    @invariant()
    def everybody_is_where_the_model_says(self) -> None:
        """Compare every row and every dispatch."""
        now_is: dict[tuple[str, str], State] = {}
        found_posts = self.runner.run(self.desk.deliveries.latest(9))
        assert {post.id: post.state for post in found_posts} == {
            name: post.state for name, post in self.model.posts.items()
        }
        for name, post in self.model.posts.items():
            rows = self.runner.run(self.desk.deliveries.rows(name))
            found = {row.recipient: (row.state, row.reason, row.acknowledged_at is not None) for row in rows}
            assert found == {who: (row.state, row.reason, row.confirmed) for who, row in post.rows.items()}
            tally = self.runner.run(self.desk.deliveries.tally(name))
            assert tally.queued + tally.sending + tally.delivered + tally.failed + tally.unknown == len(rows)
            assert tally == _tally(post)
            now_is |= {(name, row.recipient): row.state for row in rows}
        for key, state in self.before.items():
            assert now_is[key] is state or self.verb in MAY_LEAVE[state], f"{self.verb}: {state} left"
        self.before = now_is

    @invariant()
    def no_open_row_is_left_behind(self) -> None:
        """What has ended holds nothing that is still to be sent."""
        for name, post in self.model.posts.items():
            if post.state is DispatchState.FINISHED:
                tally = self.runner.run(self.desk.deliveries.tally(name))
                assert tally.open == 0

    def unconfirmed(self) -> list[Claimed]:
        """Return the claims for people who have not confirmed."""
        return [claimed for claimed in self.claims if not self.row(claimed).confirmed]

    def row(self, claimed: Claimed) -> Row:
        """Return the model's row of a claim."""
        return self.model.posts[claimed.dispatch].rows[claimed.recipient]

    def teardown(self) -> None:
        """Leave an empty ledger."""
        self.runner.run(_clear(self.desk.ledger))


def _tally(post: Post) -> Tally:
    def by_reason(state: State) -> dict[str, int]:
        reasons = [str(row.reason) for row in post.those(state)]
        return {reason: reasons.count(reason) for reason in reasons}

    return Tally(
        **{state.value: len(list(post.those(state))) for state in State},
        acknowledged=sum(row.confirmed for row in post.rows.values()),
        reasons=by_reason(State.FAILED),
        doubts=by_reason(State.UNKNOWN),
    )


async def _clear(ledger: Ledger) -> None:
    async with ledger.write() as connection:
        await connection.execute(delete(deliveries))
        await connection.execute(delete(dispatches))


def test_any_order_of_verbs_keeps_everybody(data_dir: Path) -> None:
    ledger = Ledger(ledger_url(data_dir, ""))
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            cast("type[DeliveryMachine]", partial(DeliveryMachine, runner, Desk.on(ledger))),
            settings=settings(
                max_examples=30,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(ledger.close())
