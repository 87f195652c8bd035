"""An announcement as people get it."""

from collections.abc import Sequence
from datetime import datetime

from microsoft_teams.cards import CardElement, ExecuteAction

from cards.announcements.verbs import ACKNOWLEDGE, LIST, TRY_ACKNOWLEDGE, PageRef, RevisionRef
from cards.kit import actions, dates, folding, layout
from cards.kit.build import card
from cards.kit.card import Card
from cards.kit.inline import link
from cards.kit.links import marked, safe_url
from cards.kit.text import one_line
from storage.announcements.records import Announcement, Importance, Link

CONFIRM = "確認しました"
_LETTERS_OF_TITLE = 20


def notice_card(
    announcement: Announcement,
    *,
    now: datetime,
    acknowledged_at: datetime | None = None,
    expired: bool = False,
    trial: bool = False,
    intranet: frozenset[str] = frozenset(),
) -> Card:
    """Show an announcement: to be confirmed, confirmed by this person at a time, ended, or as a trial.

    `intranet` names hosts whose pages open on the ministry's terminals only.
    """
    asks = announcement.acknowledge and acknowledged_at is None and not expired
    status = _status(announcement, now, acknowledged_at, expired=expired)
    trial_note = (
        [layout.note("試し送信です。届いたのはあなただけで、確認は記録されません。")] if trial else []
    )
    summary = notice_summary(
        announcement, now, acknowledged=acknowledged_at is not None, expired=expired, trial=trial
    )
    title = notice_title(announcement)
    heading = f"【試し送信】{title}" if trial else title
    return card(
        heading,
        [
            *trial_note,
            *map(layout.subheading, status),
            *body(announcement, intranet),
            *(layout.buttons([_confirm(announcement, trial=trial)]) if asks else []),
            *particulars(announcement),
            *_link_buttons(announcement, intranet),
        ],
        [] if asks else [actions.secondary("お知らせの一覧を見る", LIST, PageRef())],
        summary=summary,
        speak=_spoken(heading, status, announcement.issuer),
    )


def notice_title(announcement: Announcement) -> str:
    """Return the heading; what is important says so in words."""
    title = announcement.title.strip() or layout.UNNAMED
    return f"【重要】{title}" if announcement.importance is Importance.HIGH else title


def notice_summary(
    announcement: Announcement,
    now: datetime,
    *,
    acknowledged: bool = False,
    expired: bool = False,
    trial: bool = False,
) -> str:
    """Return what a phone's notification shows: what is asked until when, then the subject."""
    marks = ["試し送信"] if trial else []
    if announcement.importance is Importance.HIGH:
        marks.append("重要")
    if acknowledged:
        marks.append("確認済み")
    elif expired:
        marks.append("終了")
    elif announcement.acknowledge:
        marks.append(f"要確認{_limit(announcement.deadline, now)}")
    prefix = f"【{'・'.join(marks)}】" if marks else ""
    return prefix + (announcement.title.strip() or layout.UNNAMED)


def _limit(deadline: datetime | None, now: datetime) -> str:
    if deadline is None:
        return ""
    return "・期限を過ぎました" if deadline < now else f" {dates.until(deadline, now)}"


def asked(announcement: Announcement, now: datetime) -> list[str]:
    """Return the sentence that asks to confirm, if that is wanted."""
    if not announcement.acknowledge:
        return []
    if announcement.deadline is None:
        return [f"お読みになったら「{CONFIRM}」を押してください。"]
    limit = dates.until(announcement.deadline, now)
    if announcement.deadline < now:
        return [f"確認の期限（{limit}）を過ぎました。お読みになったら「{CONFIRM}」を押してください。"]
    return [f"{limit}に「{CONFIRM}」を押してください。"]


def body(announcement: Announcement, intranet: frozenset[str]) -> list[CardElement]:
    """Return the text; the longer the title, the less of it stands open above the button."""
    lines_of_title = len(announcement.title) // _LETTERS_OF_TITLE
    room = folding.SHOWN_HEIGHT - lines_of_title * folding.LINE_HEIGHT
    return folding.body(announcement.body, intranet, height=room)


def particulars(announcement: Announcement) -> list[CardElement]:
    """Return who sends it and whom to ask."""
    return layout.facts(
        [
            ("発信者", announcement.issuer),
            ("問合せ先", announcement.contact),
            ("文書番号", announcement.document_number),
        ]
    )


def link_list(announcement: Announcement, intranet: frozenset[str]) -> list[CardElement]:
    """Return the pages behind the announcement as a list in words."""
    lines = [f"- {link(title, address, intranet)}" for address, title in _pages(announcement).items()]
    return [layout.rich("\n".join(lines))] if lines else []


def _link_buttons(announcement: Announcement, intranet: frozenset[str]) -> list[CardElement]:
    """Return a button for each page, or a list where a title is too long for a button."""
    titles = {address: marked(title, address, intranet) for address, title in _pages(announcement).items()}
    if all(layout.fits_button(title) for title in titles.values()):
        return layout.buttons([actions.open_link(title, address) for address, title in titles.items()])
    return link_list(announcement, intranet)


def _pages(announcement: Announcement) -> dict[str, str]:
    """Return the title of each page that the announcement leads to, by its address."""
    written = list(announcement.links)
    if announcement.reference.strip():
        written.append(Link(title="根拠となる文書", url=announcement.reference))
    return {
        address: one_line(each.title) or "リンク"
        for each in written
        if (address := safe_url(each.url)) is not None
    }


def _status(
    announcement: Announcement, now: datetime, acknowledged_at: datetime | None, *, expired: bool
) -> list[str]:
    said: list[str] = []
    if acknowledged_at is not None:
        said.append(f"✓ {dates.day_time(acknowledged_at, now)}に確認しました")
    if expired:
        ended = f"（{dates.until(announcement.expires, now)}）" if announcement.expires else ""
        said.append(f"このお知らせは終了しました{ended}")
    return said or asked(announcement, now)


def _spoken(title: str, status: Sequence[str], issuer: str) -> str:
    """Return what a screen reader says first: the title, what is asked or done, and from whom it comes."""
    parts = [title, *status, f"発信者は{issuer}です" if issuer.strip() else ""]
    return "。".join(part.removeprefix("✓ ").removesuffix("。") for part in parts if part)


def _confirm(announcement: Announcement, *, trial: bool) -> ExecuteAction:
    target = RevisionRef(announcement=announcement.id, revision=announcement.revision)
    return actions.primary(CONFIRM, TRY_ACKNOWLEDGE if trial else ACKNOWLEDGE, target)
