"""What the secretariat writes: an announcement with its front matter, and its own rules."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

TITLE_LIMIT = 100
BODY_LIMIT = 8_000
LINKS_LIMIT = 4
SHORT_FIELD_LIMIT = 200
URL_LIMIT = 1_000


class Importance(StrEnum):
    """How loud an announcement is in the chat and in the notification."""

    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link button: what it is called and where it leads (https)."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An announcement as written; `revision` counts its changes. The body is Markdown."""

    id: str
    revision: int
    title: str
    body: str
    audience: str
    acknowledge: bool
    deadline: datetime | None
    issuer: str
    contact: str
    document_number: str
    reference: str
    links: tuple[Link, ...]
    importance: Importance
    mandatory: bool
    expires: datetime | None
    author: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, said to the person who filled it in."""

    field: str
    message: str


def problems_of(announcement: Announcement, now: datetime) -> tuple[Problem, ...]:
    """Return everything that keeps an announcement from being sent, in the order of the form's fields."""
    found: list[Problem] = []

    def check(ok: object, field: str, message: str) -> None:
        if not ok:
            found.append(Problem(field, message))

    check(announcement.title.strip(), "title", "件名を入力してください。")
    check(
        len(announcement.title) <= TITLE_LIMIT,
        "title",
        f"件名は{TITLE_LIMIT}文字以内にしてください（いま{len(announcement.title):,}文字です）。",
    )
    check(announcement.body.strip(), "body", "本文を入力してください。")
    check(
        len(announcement.body) <= BODY_LIMIT,
        "body",
        f"本文は{BODY_LIMIT:,}文字以内にしてください（いま{len(announcement.body):,}文字です）。"
        "長い資料はリンクで案内してください。",
    )
    check(announcement.audience.strip(), "audience", "宛先を入力してください。")
    for field in ("issuer", "contact", "document_number"):
        check(
            len(getattr(announcement, field)) <= SHORT_FIELD_LIMIT,
            field,
            f"{SHORT_FIELD_LIMIT}文字以内にしてください。",
        )
    deadline, expires = announcement.deadline, announcement.expires
    check(
        deadline is None or deadline > now,
        "deadline",
        "確認の期限が過ぎています。これからの日付にしてください。",
    )
    check(
        expires is None or expires > now,
        "expires",
        "掲載の終了が過ぎています。これからの日付にしてください。",
    )
    check(
        deadline is None or expires is None or expires >= deadline,
        "expires",
        "掲載の終了は、確認の期限より後にしてください。",
    )
    check(len(announcement.links) <= LINKS_LIMIT, "links", f"リンクは{LINKS_LIMIT}件以内にしてください。")
    for url in (*(link.url for link in announcement.links), announcement.reference):
        field = "reference" if url == announcement.reference else "links"
        check(
            not url or url.startswith(("https://", "http://")),
            field,
            "リンクは https:// で始まる URL を入力してください。",
        )
        check(len(url) <= URL_LIMIT, field, f"URL が長すぎます。{URL_LIMIT:,}文字以内にしてください。")
    check(
        all(len(link.title) <= TITLE_LIMIT for link in announcement.links),
        "links",
        f"リンクの題名が長すぎます。{TITLE_LIMIT}文字以内にしてください。",
    )
    return tuple(found)
