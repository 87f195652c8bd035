"""Dispatches and their deliveries: one pass over an audience, and what became of it for each recipient."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DispatchKind(StrEnum):
    """What a dispatch brings."""

    POST = "post"


class DispatchState(StrEnum):
    """How far a dispatch is. `scheduled` has no rows yet; `stopped` and `finished` are ends."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


class PauseReason(StrEnum):
    """Why a dispatch waits for a person."""

    UNAUTHORIZED = "unauthorized"
    AUDIENCE_CHANGED = "audience_changed"
    AUDIENCE_UNRESOLVED = "audience_unresolved"


class Policy(StrEnum):
    """What happens to a message of which nobody knows whether Teams took it."""

    HOLD = "hold"
    RESEND = "resend"


class State(StrEnum):
    """The state of one delivery; the five always add up to the total."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a delivery failed for good."""

    BLOCKED = "blocked"
    NOT_INSTALLED = "not_installed"
    NOT_FOUND = "not_found"
    UNLICENSED = "unlicensed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Doubt(StrEnum):
    """Why it is unknown whether Teams took a message."""

    INTERRUPTED = "interrupted"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"


class RecipientKind(StrEnum):
    """Whom a delivery is for."""

    PERSON = "person"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One row to be: the person or channel with the section and bureau of that day, and the known chat."""

    id: str
    kind: RecipientKind = RecipientKind.PERSON
    section: str = ""
    bureau: str = ""
    conversation: str = ""
    service_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCard:
    """The one card that shows the author how far sending is; it is updated in place."""

    conversation: str
    service_url: str
    activity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One pass over an audience with one frozen content (a JSON object: card, summary, importance)."""

    id: str
    subject: str
    revision: int
    kind: DispatchKind
    policy: Policy
    state: DispatchState
    title: str
    content: str
    audience: str
    head_count: int
    acknowledge: bool
    deadline: datetime | None
    expires: datetime | None
    created_by: str
    created_at: datetime
    start_at: datetime
    give_up_at: datetime
    urgent: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    pause_reason: PauseReason | None = None
    live_card: LiveCard | None = None

    def is_over(self, now: datetime) -> bool:
        """Say whether the announcement has expired by now."""
        return self.expires is not None and now >= self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a dispatch for one recipient."""

    id: int
    dispatch: str
    recipient: str
    kind: RecipientKind
    section: str
    bureau: str
    state: State
    reason: str | None
    attempts: int
    activity_id: str | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    recalled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A row that this process may send now: `fence` tells its claim from any later one."""

    id: int
    fence: int
    dispatch: str
    recipient: str
    kind: RecipientKind
    conversation: str
    service_url: str
    attempts: int
    chat_reopened: bool
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What a worker reports of a claimed row."""

    id: int
    fence: int
    state: State
    reason: str | None = None
    not_before: datetime | None = None
    activity_id: str | None = None
    conversation: str | None = None
    chat_reopened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The sums of a dispatch at one moment; queued + sending + delivered + failed + unknown == total."""

    queued: int = 0
    sending: int = 0
    delivered: int = 0
    failed: int = 0
    unknown: int = 0
    acknowledged: int = 0
    recalled: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    doubts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All rows."""
        return self.queued + self.sending + self.delivered + self.failed + self.unknown

    @property
    def open(self) -> int:
        """Rows that the bot itself will still bring to an end."""
        return self.queued + self.sending

    @property
    def settled(self) -> int:
        """Rows that have an end, or wait for a person to decide."""
        return self.total - self.open


@dataclass(frozen=True, slots=True, kw_only=True)
class BureauTally:
    """A bureau's part of a dispatch."""

    bureau: str
    total: int
    delivered: int
    acknowledged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An announcement as one person has it: what reached them, and when they confirmed."""

    dispatch: Dispatch
    acknowledged_at: datetime | None
    delivered_at: datetime | None
    section: str

    def awaits_acknowledgement(self, now: datetime) -> bool:
        """Say whether this person is still asked to confirm."""
        return self.dispatch.acknowledge and self.acknowledged_at is None and not self.dispatch.is_over(now)
