"""The preview before sending: the notice exactly as people will see it, and to how many it goes."""

from collections.abc import Sequence
from datetime import datetime

from microsoft_teams.cards import CardElement, ExecuteAction

from cards.announcements.notice import (
    CONFIRM,
    asked,
    body,
    link_list,
    notice_summary,
    notice_title,
    particulars,
)
from cards.announcements.verbs import DISCARD, EDIT, SEND, TEST, AnnouncementRef, RevisionRef, SendOrder
from cards.kit import actions, folding, layout
from cards.kit.build import card
from cards.kit.card import Card
from cards.kit.figures import people
from storage.announcements.records import Announcement

_ROWS_AT_ONCE = 5
_MOST_ROWS = 40


def preview_card(
    announcement: Announcement,
    *,
    head_counts: Sequence[tuple[str, int]],
    total: int,
    audience_label: str,
    now: datetime,
    note: str = "",
    intranet: frozenset[str] = frozenset(),
) -> Card:
    """Show the notice and the head count by bureau (name, people), with the button that sends it.

    `note` says what has changed since the author looked last.
    """
    return card(
        "送信前の確認",
        [
            *([layout.warning(note)] if note else []),
            layout.paragraph(f"{audience_label}の{people(total)}に、次のとおり届きます。"),
            layout.emphasised(_as_received(announcement, now, intranet)),
            *layout.facts([("通知の表示", notice_summary(announcement, now))]),
            *_head_counts(head_counts),
            layout.note("ボットの承認は決裁に代わりません。必要な決裁は、所定の方法で受けてください。"),
        ],
        _buttons(announcement, total),
        summary=f"送信前の確認：{announcement.title}（{people(total)}）",
    )


def _as_received(announcement: Announcement, now: datetime, intranet: frozenset[str]) -> list[CardElement]:
    links = link_list(announcement, intranet)
    button = layout.note(f"［ここに「{CONFIRM}」のボタンが付きます］")
    return [
        layout.heading(notice_title(announcement)),
        *map(layout.subheading, asked(announcement, now)),
        *body(announcement, intranet),
        *([button] if announcement.acknowledge else []),
        *particulars(announcement),
        *([layout.note("［ここにリンクのボタンが付きます］"), *links] if links else []),
    ]


def _head_counts(head_counts: Sequence[tuple[str, int]]) -> list[CardElement]:
    shown, rest = head_counts[:_MOST_ROWS], head_counts[_MOST_ROWS:]
    lines = [f"{name}：{people(count)}" for name, count in shown]
    if rest:
        lines.append(f"ほか{len(rest):,}部局：{people(sum(count for _, count in rest))}")
    found = layout.listed(lines)
    if len(lines) == 1:
        return []
    if len(lines) <= _ROWS_AT_ONCE:
        return [layout.subheading("部局別の人数"), *found]
    return folding.folded("head-counts", f"部局別の人数を見る（{len(head_counts):,}部局）", found)


def _buttons(announcement: Announcement, total: int) -> list[ExecuteAction]:
    reference = AnnouncementRef(announcement=announcement.id)
    revision = RevisionRef(announcement=announcement.id, revision=announcement.revision)
    order = SendOrder(announcement=announcement.id, revision=announcement.revision, head_count=total)
    return [
        actions.primary(f"{people(total)}に送信する", SEND, order),
        actions.secondary("自分に試し送信", TEST, revision),
        actions.secondary("修正する", EDIT, reference),
        actions.cancel("やめる", DISCARD, reference),
    ]
