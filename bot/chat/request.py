"""What comes in, and what goes back: the only shapes that features know of a chat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.chat.roles import Role
from cards.kit.card import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking, known by the Entra object id alone; the directory says the rest.

    `sections` are the sections of which the person is a manager; `reach` is the audience to which an author
    or coordinator is limited ("" = no limit).
    """

    id: str
    name: str = ""
    section: str = ""
    roles: frozenset[Role] = frozenset()
    manages: tuple[str, ...] = ()
    reach: str = ""


class ConversationKind(StrEnum):
    """Where a message was written."""

    PERSONAL = "personal"
    GROUP = "groupChat"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The chat or channel of a request, with the service URL that Teams gave for it."""

    id: str
    kind: ConversationKind
    service_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One message or one pressed button.

    A message has `text`; a button has `verb` and the untrusted `fields` that its card carried, and
    `card_activity_id` where Teams says which message holds the card.
    """

    actor: Actor
    conversation: Conversation
    now: datetime
    text: str = ""
    verb: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    card_activity_id: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Answer with a line of text."""

    text: str


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Answer with a new card."""

    card: Card


@dataclass(frozen=True, slots=True)
class ReplaceCard:
    """Put a new card in the place of the one whose button was pressed."""

    card: Card


@dataclass(frozen=True, slots=True)
class Toast:
    """Say one sentence to the person who pressed a button; the card stays as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Private:
    """Answer in the person's own chat, and say so where they asked: it concerns them alone."""

    reply: Text | ShowCard | ReplaceCard | Toast


Reply = Text | ShowCard | ReplaceCard | Toast | Private
