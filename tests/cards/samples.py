"""Every card in every state: what the checker walks and pictures are drawn from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from cards import help as help_cards
from cards.announcements.confirmations import confirmations_card
from cards.announcements.form import form_card
from cards.announcements.lists import dispatches_card, notices_card
from cards.announcements.notice import notice_card
from cards.announcements.preview import preview_card
from cards.announcements.progress import progress_card
from cards.announcements.verbs import DraftFields
from cards.guide import ADMINISTRATOR_TASKS, AUTHOR_TASKS, STAFF_TASKS, Task
from cards.kit.card import Card
from storage.announcements.records import TITLE_LIMIT, Announcement, Importance
from storage.deliveries.records import Dispatch, DispatchState, PauseReason, Reason, Tally
from tests.cards.records import (
    ALL_FAILURES,
    AUDIENCES,
    BARE,
    CONFIRMED,
    CONTACT,
    DEADLINE,
    DISPATCH,
    ERRORS,
    FILLED,
    FINISHED,
    FOUR_LINKS,
    HEAD_COUNTS,
    HOSTILE,
    HOSTILE_BODY,
    HOSTILE_PIECES,
    HOSTILE_TEXT,
    LONG_BODY,
    LONG_SECTION,
    LONG_TITLE,
    MENU,
    NOTICES,
    NOW,
    QUIET,
    TELEWORK,
    notice,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A card in one state. `given` are the texts of its records, which may be in any language or form."""

    draw: Callable[[], Card]
    given: tuple[str, ...] = ()


def _notice(announcement: Announcement, **options: Any) -> Sample:
    return Sample(draw=lambda: notice_card(announcement, now=NOW, **options), given=_texts(announcement))


def _preview(
    announcement: Announcement, head_counts: tuple[tuple[str, int], ...], label: str = "全職員"
) -> Sample:
    return Sample(
        draw=lambda: preview_card(
            announcement,
            head_counts=head_counts,
            total=sum(count for _, count in head_counts),
            audience_label=label,
            now=NOW,
        ),
        given=_texts(announcement),
    )


def _texts(announcement: Announcement) -> tuple[str, ...]:
    links = (text for link in announcement.links for text in (link.title, link.url))
    return (
        announcement.title,
        announcement.body,
        announcement.issuer,
        announcement.contact,
        announcement.document_number,
        *links,
        *HOSTILE_PIECES,
    )


def _form(fields: DraftFields, errors: Mapping[str, str] = MappingProxyType({})) -> Sample:
    values = (fields.title, fields.body)
    return Sample(draw=lambda: form_card(fields, errors, AUDIENCES, NOW), given=values)


def _progress(dispatch: Dispatch, tally: Tally, **options: Any) -> Sample:
    return Sample(
        draw=lambda: progress_card(dispatch, tally, audience_label="全職員", now=NOW, **options),
        given=(dispatch.title, *HOSTILE_PIECES),
    )


def _paused(reason: PauseReason, tally: Tally) -> Sample:
    return _progress(replace(DISPATCH, state=DispatchState.PAUSED, pause_reason=reason), tally)


def _task(task: Task, *, can_start: bool = True) -> Sample:
    return Sample(draw=lambda: help_cards.task_card(task, can_start=can_start))


SAMPLES: dict[str, Sample] = {
    "form: empty": _form(DraftFields()),
    "form: filled in": _form(FILLED),
    "form: errors": _form(replace(FILLED, title="", audience="", deadline="2026-11-01"), ERRORS),
    "form: body of 100,000 characters": _form(
        replace(FILLED, body="あ" * 100_000), {"body": "本文は8,000文字以内にしてください。"}
    ),
    "form: everything far too long": _form(
        DraftFields(
            **{name: '\n\U0001f600"' * 40_000 for name in DraftFields.__slots__ if name != "announcement"}
        )
    ),
    "form: hostile": _form(DraftFields(title=HOSTILE_TEXT, body=HOSTILE_BODY, deadline="x", audience="<at>")),
    "notice: to confirm": _notice(TELEWORK),
    "notice: important, no deadline": _notice(
        replace(TELEWORK, importance=Importance.HIGH, deadline=None, links=())
    ),
    "notice: deadline with a time": _notice(replace(TELEWORK, deadline=DEADLINE.replace(hour=17, minute=0))),
    "notice: deadline has passed": _notice(replace(TELEWORK, deadline=NOW - timedelta(days=1))),
    "notice: confirmed": _notice(TELEWORK, acknowledged_at=NOW),
    "notice: confirmed, no links": _notice(replace(TELEWORK, links=()), acknowledged_at=NOW),
    "notice: ended": _notice(replace(TELEWORK, expires=NOW - timedelta(days=1)), expired=True),
    "notice: confirmed and ended": _notice(TELEWORK, acknowledged_at=NOW, expired=True),
    "notice: nothing to confirm": _notice(BARE),
    "notice: trial": _notice(TELEWORK, trial=True),
    "notice: no body, no name": _notice(replace(BARE, title="", body="")),
    "notice: emoji-only title": _notice(replace(TELEWORK, title="🎉👨‍👩‍👧")),
    "notice: long title": _notice(replace(TELEWORK, title=LONG_TITLE, issuer=LONG_SECTION)),
    "notice: body of 8,000 characters": _notice(replace(TELEWORK, body=LONG_BODY)),
    "notice: one paragraph of 8,000 characters": _notice(replace(TELEWORK, body=LONG_BODY.replace("\n", ""))),
    "notice: 600 lines": _notice(replace(TELEWORK, body="あいうえお\n\n" * 600)),
    "notice: a list of 100 points": _notice(replace(TELEWORK, body="- 実施した日を記録してください\n" * 100)),
    "notice: no full stop in 500 characters": _notice(
        replace(TELEWORK, body="令和八年度の取組について" * 42)
    ),
    "notice: all parts as long as they can be": _notice(
        replace(
            TELEWORK,
            title=LONG_TITLE[:TITLE_LIMIT],
            body=LONG_BODY,
            importance=Importance.HIGH,
            deadline=(NOW - timedelta(days=1)).replace(hour=17, minute=0),
            issuer=LONG_SECTION,
            links=FOUR_LINKS,
        ),
        trial=True,
    ),
    "notice: hostile": _notice(HOSTILE),
    "notice: four links": _notice(replace(TELEWORK, links=FOUR_LINKS)),
    "preview: one bureau": _preview(TELEWORK, HEAD_COUNTS[:1], label="大臣官房"),
    "preview: many bureaus": _preview(TELEWORK, HEAD_COUNTS),
    "preview: 90 bureaus": _preview(TELEWORK, tuple((LONG_SECTION, 1_000) for _ in range(90))),
    "preview: nothing to confirm": _preview(BARE, HEAD_COUNTS[:5]),
    "preview: hostile": _preview(HOSTILE, HEAD_COUNTS),
    "preview: body of 8,000 characters": _preview(replace(TELEWORK, body=LONG_BODY), HEAD_COUNTS),
    "progress: scheduled": _progress(
        replace(DISPATCH, state=DispatchState.SCHEDULED, start_at=NOW + timedelta(days=60), started_at=None),
        Tally(),
    ),
    "progress: nothing sent yet": _progress(DISPATCH, Tally(queued=239)),
    "progress: sending": _progress(
        DISPATCH,
        Tally(queued=50, sending=5, delivered=180, failed=4, acknowledged=12, reasons={Reason.BLOCKED: 4}),
        pace_per_s=27.6,
        seconds_left=130.0,
    ),
    "progress: sending slowly": _progress(
        DISPATCH, Tally(queued=4_000, delivered=1_000), pace_per_s=0.4, seconds_left=10_000.0
    ),
    "progress: paused, no access": _paused(PauseReason.UNAUTHORIZED, Tally(queued=100, delivered=139)),
    "progress: paused, audience changed": _paused(PauseReason.AUDIENCE_CHANGED, Tally()),
    "progress: paused, audience unresolved": _paused(PauseReason.AUDIENCE_UNRESOLVED, Tally()),
    "progress: all delivered": _progress(FINISHED, Tally(delivered=239, acknowledged=239)),
    "progress: all delivered, nothing to confirm": _progress(QUIET, Tally(delivered=1)),
    "progress: failures and unknown": _progress(FINISHED, ALL_FAILURES),
    "progress: unknown only": _progress(QUIET, Tally(delivered=237, unknown=2)),
    "progress: nobody reached": _progress(FINISHED, Tally(failed=239, reasons={Reason.NOT_INSTALLED: 239})),
    "progress: stopped": _progress(
        replace(FINISHED, state=DispatchState.STOPPED),
        Tally(delivered=100, failed=139, reasons={Reason.CANCELLED: 139}),
    ),
    "progress: failures after the end": _progress(replace(FINISHED, expires=NOW), ALL_FAILURES),
    "progress: hostile": _progress(replace(DISPATCH, title=HOSTILE_TEXT), Tally(queued=1)),
    "confirmations: none": Sample(draw=lambda: confirmations_card(FINISHED, (), NOW)),
    "confirmations: one bureau": Sample(draw=lambda: confirmations_card(QUIET, CONFIRMED[1:2], NOW)),
    "confirmations: many bureaus": Sample(draw=lambda: confirmations_card(FINISHED, CONFIRMED, NOW)),
    "confirmations: 90 bureaus": Sample(
        draw=lambda: confirmations_card(FINISHED, [(LONG_SECTION, 1_000, 999)] * 90, NOW)
    ),
    "dispatches: none": Sample(draw=lambda: dispatches_card((), NOW)),
    "dispatches: some": Sample(draw=lambda: dispatches_card((FINISHED, QUIET), NOW)),
    "notices: none": Sample(draw=lambda: notices_card((), NOW)),
    "notices: none on a later page": Sample(draw=lambda: notices_card((), NOW, 3)),
    "notices: one": Sample(draw=lambda: notices_card(NOTICES[3:4], NOW)),
    "notices: a page of many": Sample(draw=lambda: notices_card(NOTICES, NOW, has_more=True)),
    "notices: the second page": Sample(draw=lambda: notices_card(NOTICES[3:], NOW, 1, has_more=True)),
    "notices: a page full of unconfirmed": Sample(draw=lambda: notices_card(NOTICES[:3], NOW, has_more=True)),
    "notices: unconfirmed on the second page": Sample(draw=lambda: notices_card(NOTICES[:1], NOW, 1)),
    "notices: hostile": Sample(
        draw=lambda: notices_card([notice(HOSTILE_TEXT), notice("")], NOW), given=(HOSTILE_TEXT,)
    ),
    "menu: staff": Sample(draw=lambda: help_cards.menu_card(MENU[:1])),
    "menu: author": Sample(draw=lambda: help_cards.menu_card(MENU)),
    "menu: twelve items": Sample(draw=lambda: help_cards.menu_card(MENU * 4)),
    "greeting": Sample(draw=lambda: help_cards.greeting_card(contact=CONTACT)),
    "guide": Sample(draw=lambda: help_cards.guide_card(STAFF_TASKS, contact=CONTACT)),
    "guide: of a stranger": Sample(draw=lambda: help_cards.guide_card((), contact=CONTACT)),
    "guide: of an author": Sample(
        draw=lambda: help_cards.guide_card(STAFF_TASKS + AUTHOR_TASKS, contact=CONTACT)
    ),
    "guide: of an author and administrator": Sample(
        draw=lambda: help_cards.guide_card(STAFF_TASKS + AUTHOR_TASKS + ADMINISTRATOR_TASKS, contact=CONTACT)
    ),
    "task: confirm": _task(STAFF_TASKS[0]),
    "task: read again": _task(STAFF_TASKS[1]),
    "task: send": _task(AUTHOR_TASKS[0]),
    "task: resend": _task(AUTHOR_TASKS[1]),
    "task: confirmations": _task(AUTHOR_TASKS[2]),
    "task: paused": _task(ADMINISTRATOR_TASKS[0]),
    "task: paused, for who is no author": _task(ADMINISTRATOR_TASKS[0], can_start=False),
    "not understood": Sample(draw=lambda: help_cards.not_understood_card(MENU)),
    "message": Sample(
        draw=lambda: help_cards.message_card(
            "このお知らせは取り消されました", "内容が変わったため、発信者が取り消しました。操作は要りません。"
        )
    ),
}
