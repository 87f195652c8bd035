"""From what a form or a file holds to an announcement: parsing at the edge, every problem with its field."""

import re
import secrets
import unicodedata
from datetime import date, datetime, time

from bot.clock import JST
from cards.announcements.verbs import DraftFields
from cards.kit.text import clean, clip, one_line
from storage.announcements.records import Announcement, Importance, Link

_SHOWN = 40
_ID = re.compile(r"\d{8}-[0-9a-f]{8}", re.ASCII)


def new_id(now: datetime) -> str:
    """Return an announcement's id: the day, and enough chance that nobody guesses another."""
    return f"{now:%Y%m%d}-{secrets.token_hex(4)}"


def is_id(text: str) -> bool:
    """Say whether a text could be an announcement's id: what a button carries may be anything."""
    return _ID.fullmatch(text) is not None


def end_of_day(day: date) -> datetime:
    """Return the last moment of a day: a deadline given as a date is its end."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=JST)


def read_form(
    fields: DraftFields, *, announcement_id: str, author: str, now: datetime
) -> tuple[Announcement, dict[str, str]]:
    """Return the announcement that a form describes, and a message for each field that can't be read.

    A field that can't be read is empty in the announcement; the form keeps what was typed.
    """
    errors: dict[str, str] = {}

    def moment(field: str, text: str) -> datetime | None:
        text = unicodedata.normalize("NFKC", one_line(text))
        if not text:
            return None
        try:
            return end_of_day(date.fromisoformat(text))
        except ValueError:
            errors[field] = "日付を 2026-11-25 のように入力してください。"
            return None

    links, bad_link = read_links(clean(fields.links))
    if bad_link:
        errors["links"] = f"「{clip(bad_link, _SHOWN)}」を、題名と URL を空白で区切った1行にしてください。"
    try:
        importance = Importance(fields.importance or Importance.NORMAL)
    except ValueError:
        errors["importance"] = "重要度を選んでください。"
        importance = Importance.NORMAL
    announcement = Announcement(
        id=announcement_id,
        revision=1,
        title=one_line(fields.title),
        body=clean(fields.body).strip(),
        audience=one_line(fields.audience_other) or one_line(fields.audience),
        acknowledge=fields.acknowledge == "true",
        deadline=moment("deadline", fields.deadline),
        issuer=one_line(fields.issuer),
        contact=one_line(fields.contact),
        document_number=one_line(fields.document_number),
        reference=one_line(fields.reference),
        links=links,
        importance=importance,
        mandatory=False,
        expires=moment("expires", fields.expires),
        author=author,
        created_at=now,
        updated_at=now,
    )
    return announcement, errors


def read_links(text: str) -> tuple[tuple[Link, ...], str]:
    """Return the links of lines «題名 URL» (a line may be only a URL), and the first line that is none."""
    links: list[Link] = []
    for line in filter(None, (part.strip() for part in text.splitlines())):
        title, _, url = line.replace("\u3000", " ").rpartition(" ")
        if not url.startswith(("https://", "http://")):
            return tuple(links), line
        links.append(Link(title=title.strip() or url, url=url))
    return tuple(links), ""


def form_of(announcement: Announcement) -> DraftFields:
    """Return the form that describes an announcement."""
    return DraftFields(
        announcement=announcement.id,
        title=announcement.title,
        body=announcement.body,
        audience=announcement.audience,
        acknowledge="true" if announcement.acknowledge else "false",
        deadline=_day(announcement.deadline),
        issuer=announcement.issuer,
        contact=announcement.contact,
        document_number=announcement.document_number,
        reference=announcement.reference,
        links="\n".join(f"{link.title} {link.url}" for link in announcement.links),
        importance=announcement.importance.value,
        expires=_day(announcement.expires),
    )


def _day(moment: datetime | None) -> str:
    return "" if moment is None else moment.date().isoformat()
