"""お知らせ: the list that a person looks through; and what an author has sent."""

from collections.abc import Sequence
from datetime import datetime

from microsoft_teams.cards import ExecuteAction

from cards.announcements.progress import STATUS
from cards.announcements.verbs import LIST, NEW, PROGRESS, SHOW, AnnouncementRef, DispatchRef, PageRef
from cards.kit import actions, dates, layout
from cards.kit.build import card
from cards.kit.card import Card
from cards.kit.figures import count_of, people
from cards.kit.text import clip, one_line
from cards.kit.verbs import Nothing
from storage.deliveries.records import Dispatch, Notice

PAGE_SIZE = 5
_LONGEST_TITLE = 60


def notices_card(notices: Sequence[Notice], now: datetime, page: int = 0, *, has_more: bool = False) -> Card:
    """List a page of a person's announcements in the order given (those to confirm first)."""
    waiting = _waiting(notices, now, has_more=has_more)
    overview = _overview(len(notices), waiting, page)
    return card(
        "お知らせ",
        [
            layout.paragraph(overview),
            *layout.choices([_row(notice, now) for notice in notices]),
        ],
        _paging(page, has_more=has_more),
        summary=f"お知らせ：未確認{waiting}" if waiting and not page else "お知らせの一覧",
        speak=f"お知らせの一覧です。{overview}",
    )


def dispatches_card(dispatches: Sequence[Dispatch], now: datetime) -> Card:
    """List what an author has sent, the newest first; each opens its live card."""
    said = "押すと、届いた人数や確認の状況が見られます。" if dispatches else "送った周知はまだありません。"
    return card(
        "配信の状況",
        [layout.paragraph(said), *layout.choices([_sent_row(dispatch, now) for dispatch in dispatches])],
        [actions.secondary("周知を作る", NEW, Nothing())],
        summary="配信の状況",
    )


def _sent_row(dispatch: Dispatch, now: datetime) -> layout.Choice:
    title = clip(one_line(dispatch.title), _LONGEST_TITLE) or layout.UNNAMED
    return layout.Choice(
        title=title,
        remark=f"{dates.day_time(dispatch.start_at, now)}　{people(dispatch.head_count)}　"
        f"{STATUS[dispatch.state]}",
        action=actions.secondary(f"「{title}」を開く", PROGRESS, DispatchRef(dispatch=dispatch.id)),
    )


def _waiting(notices: Sequence[Notice], now: datetime, *, has_more: bool) -> str:
    """Return how many wait to be confirmed; as they come first, more may follow a page full of them."""
    count = sum(notice.awaits_acknowledgement(now) for notice in notices)
    at_least = "以上" if count == len(notices) and has_more else ""
    return count_of(count) + at_least if count else ""


def _overview(shown: int, waiting: str, page: int) -> str:
    if not shown:
        return "届いたお知らせはまだありません。" if page == 0 else "これより前のお知らせはありません。"
    if waiting:
        where = "このページに" if page else ""
        return f"{where}未確認のお知らせが{waiting}あります。押すと開きます。"
    return (
        "続きのお知らせです。押すと開きます。"
        if page
        else "未確認のお知らせはありません。押すと、もう一度読めます。"
    )


def _row(notice: Notice, now: datetime) -> layout.Choice:
    title = clip(one_line(notice.dispatch.title), _LONGEST_TITLE) or layout.UNNAMED
    opens = AnnouncementRef(announcement=notice.dispatch.subject)
    return layout.Choice(
        title=title,
        remark=_status(notice, now),
        action=actions.secondary(f"「{title}」を開く", SHOW, opens),
    )


def _status(notice: Notice, now: datetime) -> str:
    dispatch = notice.dispatch
    if notice.awaits_acknowledgement(now):
        if dispatch.deadline is None:
            return "未確認"
        if dispatch.deadline < now:
            return f"未確認・期限を過ぎました（{dates.until(dispatch.deadline, now)}）"
        return f"未確認・{dates.until(dispatch.deadline, now)}"
    if notice.acknowledged_at is not None:
        return f"✓ {dates.day(notice.acknowledged_at, now)}に確認しました"
    if dispatch.is_over(now):
        return "終了しました"
    return f"{dates.day(notice.delivered_at or dispatch.created_at, now)}に届きました"


def _paging(page: int, *, has_more: bool) -> list[ExecuteAction]:
    found: list[ExecuteAction] = []
    if has_more:
        found.append(actions.secondary(f"次の{count_of(PAGE_SIZE)}を見る", LIST, PageRef(page=page + 1)))
    if page:
        found.append(actions.secondary("前に戻る", LIST, PageRef(page=page - 1)))
    return found or [actions.secondary("最新の状況にする", LIST, PageRef(page=page))]
