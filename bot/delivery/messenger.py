"""The port to Teams for everything that is sent: what may be asked of it, and what it can answer."""

from dataclasses import dataclass
from typing import Protocol

from storage.deliveries.records import Doubt, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A chat or channel, and the service URL under which Teams serves it."""

    conversation: str
    service_url: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """Teams has taken the message; the activity id is how it is updated or deleted later."""

    activity_id: str


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Not taken: try again after so many seconds (None: Teams did not say). `throttled` is a 429."""

    seconds: float | None
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Not taken, and never will be."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class ChatGone:
    """404: this chat does not exist (any more); it may be opened anew."""


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """401, also with a new token: nothing will be taken until an administrator mends the credentials."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Teams may or may not have taken it."""

    doubt: Doubt


Outcome = Delivered | RetryAfter | Refused | ChatGone | Unauthorized | Unclear


@dataclass(frozen=True, slots=True)
class Opened:
    """The chat with a person: created, or found if it was there."""

    conversation: str


class Messenger(Protocol):
    """Sends into chats. Nothing here raises for what Teams answers; `body` is a prebuilt activity."""

    async def send(self, address: Address, body: bytes) -> Outcome:
        """Post an activity."""
        ...

    async def update(self, address: Address, activity_id: str, body: bytes) -> Outcome:
        """Put an activity in the place of one that was sent."""
        ...

    async def delete(self, address: Address, activity_id: str) -> Outcome:
        """Take an activity back."""
        ...

    async def open_chat(self, person: str, service_url: str) -> Opened | Outcome:
        """Open the personal chat with a person, by Entra object id; the same chat each time."""
        ...
