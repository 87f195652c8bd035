"""The buttons of announcements: what each asks for, and what it carries."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from cards.kit.verbs import Nothing, Verb


def _text(value: object) -> object:
    """Let an input that a client left out as null count as empty."""
    return "" if value is None else value


Input = Annotated[str, BeforeValidator(_text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFields:
    """The form of an announcement as it was filled in; each name is the id of its input.

    `announcement` is the id of the draft ("" = not written down yet). `audience` is a choice of the form,
    `audience_other` the free text beside it. `acknowledge` is "true" or "false", `importance` "high" or
    "normal", `deadline` and `expires` are YYYY-MM-DD, `links` has one "題名 URL" a line.
    """

    announcement: str = ""
    title: Input = ""
    body: Input = ""
    audience: Input = ""
    audience_other: Input = ""
    acknowledge: Input = ""
    deadline: Input = ""
    issuer: Input = ""
    contact: Input = ""
    document_number: Input = ""
    reference: Input = ""
    links: Input = ""
    importance: Input = ""
    expires: Input = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementRef:
    """One announcement, whatever its revision."""

    announcement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRef:
    """One revision of an announcement, as it stood on the card."""

    announcement: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOrder:
    """What the author saw in the preview and agrees to send: the revision and to how many people."""

    announcement: str
    revision: int
    head_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRef:
    """One dispatch."""

    dispatch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRef:
    """A page of a list, counted from 0."""

    page: int = 0


NEW = Verb("announcement.new", Nothing)
PREVIEW = Verb("announcement.preview", DraftFields)
EDIT = Verb("announcement.edit", AnnouncementRef)
TEST = Verb("announcement.test", RevisionRef)
SEND = Verb("announcement.send", SendOrder)
DISCARD = Verb("announcement.discard", AnnouncementRef)

SENT = Verb("announcement.sent", Nothing)
PROGRESS = Verb("announcement.progress", DispatchRef)
CONFIRMATIONS = Verb("announcement.confirmations", DispatchRef)
STOP = Verb("announcement.stop", DispatchRef)
RESUME = Verb("announcement.resume", DispatchRef)
RETRY = Verb("announcement.retry", DispatchRef)
RESEND_UNKNOWN = Verb("announcement.resend_unknown", DispatchRef)
ACCEPT_UNKNOWN = Verb("announcement.accept_unknown", DispatchRef)

ACKNOWLEDGE = Verb("announcement.acknowledge", RevisionRef)
TRY_ACKNOWLEDGE = Verb("announcement.try_acknowledge", RevisionRef)
SHOW = Verb("announcement.show", AnnouncementRef)
LIST = Verb("announcement.list", PageRef)
