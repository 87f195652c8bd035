"""What the queue promises, in plain Python: only its verbs move a row from state to state."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from storage.deliveries.records import DispatchState, Doubt, Policy, Reason, State

MAY_LEAVE: dict[State, set[str]] = {
    State.QUEUED: {"claim", "finish", "stop", "settle", "acknowledge"},
    State.SENDING: {"finish", "recover"},
    State.UNKNOWN: {"finish", "requeue", "accept_unknown", "acknowledge"},
    State.FAILED: {"requeue", "acknowledge"},
    State.DELIVERED: set(),
}
"""By which verbs a row may leave a state; `finish` moves a queued or unknown row where a result came late."""


@dataclass(slots=True)
class Row:
    """One delivery."""

    state: State = State.QUEUED
    reason: str | None = None
    fence: int = 0
    confirmed: bool = False

    def become(self, state: State, reason: str | None = None) -> None:
        """Move to a state."""
        self.state, self.reason = state, reason


@dataclass(slots=True)
class Post:
    """One dispatch, with its rows by recipient."""

    policy: Policy
    rows: dict[str, Row]
    state: DispatchState = DispatchState.SENDING
    overdue: bool = False

    @property
    def started(self) -> bool:
        """Say whether it has rows to send and has not ended."""
        return self.state in {DispatchState.SENDING, DispatchState.PAUSED}

    def those(self, *states: State) -> Iterator[Row]:
        """Yield the rows in these states."""
        yield from (row for row in self.rows.values() if row.state in states)


@dataclass(slots=True)
class Model:
    """All dispatches by id."""

    posts: dict[str, Post] = field(default_factory=dict)

    def due(self) -> int:
        """Count the rows that a claim may take."""
        running = (post for post in self.posts.values() if post.state is DispatchState.SENDING)
        return sum(1 for post in running for _ in post.those(State.QUEUED))

    def has(self, state: State) -> bool:
        """Say whether some row is in this state."""
        return any(any(post.those(state)) for post in self.posts.values())

    def claim(self, post: str, recipient: str) -> None:
        """Take one row."""
        row = self.posts[post].rows[recipient]
        assert self.posts[post].state is DispatchState.SENDING
        assert row.state is State.QUEUED
        row.fence += 1
        row.become(State.SENDING)

    def finish(self, row: Row, fence: int, state: State, reason: str | None) -> None:
        """Report a result of the claim with this fence."""
        if row.fence != fence or row.state in {State.DELIVERED, State.FAILED}:
            return
        if row.state is State.UNKNOWN and state is State.QUEUED:
            return
        if row.confirmed:
            state, reason = State.DELIVERED, None
        row.become(state, reason)

    def recover(self) -> None:
        """Bring back all that is being sent."""
        for post in self.posts.values():
            resend = post.policy is Policy.RESEND and post.state is not DispatchState.STOPPED
            for row in list(post.those(State.SENDING)):
                if row.confirmed:
                    row.become(State.DELIVERED)
                elif resend:
                    row.become(State.QUEUED)
                else:
                    row.become(State.UNKNOWN, Doubt.INTERRUPTED)

    def settle(self) -> None:
        """Give up, cancel and end what is to be."""
        for post in self.posts.values():
            if post.state is DispatchState.STOPPED:
                self._fail_queued(post, Reason.CANCELLED)
            if post.started and post.overdue:
                self._fail_queued(post, Reason.EXPIRED)
            if post.started and not any(post.those(State.QUEUED, State.SENDING)):
                post.state = DispatchState.FINISHED

    def stop(self, post: Post) -> bool:
        """Stop a dispatch."""
        if not post.started:
            return False
        post.state = DispatchState.STOPPED
        self._fail_queued(post, Reason.CANCELLED)
        return True

    def move(self, post: Post, before: DispatchState, after: DispatchState) -> bool:
        """Pause or resume a dispatch."""
        if post.state is not before:
            return False
        post.state = after
        return True

    def requeue(self, post: Post, state: State) -> int:
        """Queue the rows in one state again."""
        rows = list(post.those(state))
        for row in rows:
            row.become(State.QUEUED)
        if rows:
            post.state, post.overdue = DispatchState.SENDING, False
        return len(rows)

    def accept_unknown(self, post: Post) -> int:
        """Take what is unknown as delivered."""
        rows = list(post.those(State.UNKNOWN))
        for row in rows:
            row.become(State.DELIVERED)
        return len(rows)

    def acknowledge(self, row: Row) -> None:
        """Confirm, as the person."""
        if row.fence:
            row.confirmed = True
            if row.state in {State.QUEUED, State.UNKNOWN, State.FAILED}:
                row.become(State.DELIVERED)

    def _fail_queued(self, post: Post, reason: Reason) -> None:
        for row in list(post.those(State.QUEUED)):
            row.become(State.FAILED, reason)
