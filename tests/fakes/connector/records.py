"""What the fake saw: every request, and every message really taken."""

import hashlib
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson

from tests.fakes.connector.plan import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message, an update or a deletion that Teams has carried out, whatever it answered."""

    kind: Kind
    conversation: str
    member: str | None
    activity_id: str
    sha: str  # SHA-256 of the body, hexadecimal
    body: bytes | None  # only with `keep_bodies`
    at: float  # seconds, monotonic

    def json(self) -> Any:
        """Return the activity that was sent.

        Raises:
            ValueError: bodies are not kept.
        """
        if self.body is None:
            raise ValueError("set keep_bodies in the plan")
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that has ended."""

    kind: Kind
    conversation: str
    member: str | None
    at: float  # when it came, seconds, monotonic
    ended: float
    answer: str  # the status, or "reset", "close", "gave up" (the client left first)


class Records:
    """All requests and all messages since the start, in the order in which they were taken or ended."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.taken: list[Taken] = []  # new messages
        self.changes: list[Taken] = []  # updates and deletions
        self.requests: list[Asked] = []
        self.in_flight = 0  # requests come and not yet ended

    def messages_for(self, recipient: str) -> list[Taken]:
        """Return the messages taken for a member, or in a conversation."""
        return [message for message in self.taken if recipient in {message.member, message.conversation}]

    def counts(self) -> dict[str, int]:
        """Return how many messages each member has, or each conversation that is of no one member."""
        return dict(Counter(message.member or message.conversation for message in self.taken))

    def duplicates(self) -> dict[str, int]:
        """Return who has the very same message more than once, and how many too many."""
        copies = Counter((message.member or message.conversation, message.sha) for message in self.taken)
        too_many: Counter[str] = Counter()
        for (recipient, _), count in copies.items():
            if count > 1:
                too_many[recipient] += count - 1
        return dict(too_many)

    def answers(self) -> dict[str, int]:
        """Return how often each answer was given."""
        return dict(Counter(asked.answer for asked in self.requests))

    def busiest_second(self) -> int:
        """Return the greatest number of requests that came within any one second."""
        times = sorted(asked.at for asked in self.requests)
        return max((bisect_right(times, at + 1.0) - index for index, at in enumerate(times)), default=0)

    def summary(self) -> dict[str, Any]:
        """Return the counts, as `GET /_taken` shows them."""
        return {
            "count": len(self.taken),
            "changes": len(self.changes),
            "in_flight": self.in_flight,
            "members": self.counts(),
            "duplicates": self.duplicates(),
            "answers": self.answers(),
            "busiest_second": self.busiest_second(),
        }


def digest(body: bytes) -> str:
    """Return the SHA-256 of a body, hexadecimal."""
    return hashlib.sha256(body).hexdigest()
