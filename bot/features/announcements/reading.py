"""Announcements as staff have them: the list, one announcement, the confirmation."""

from datetime import datetime

from bot.chat.request import ReplaceCard, Reply, Request, ShowCard
from bot.chat.roles import STAFF
from bot.chat.router import card_action, command
from bot.errors import UserFacingError
from bot.features.announcements.messages import frozen_announcement
from cards.announcements.lists import notices_card
from cards.announcements.notice import notice_card
from cards.announcements.verbs import (
    ACKNOWLEDGE,
    LIST,
    SHOW,
    AnnouncementRef,
    PageRef,
    RevisionRef,
)
from cards.kit.card import Card
from storage.deliveries.records import Notice
from storage.deliveries.store import Deliveries

_PAGE = 5
_LAST_PAGE = 1_000
_NOT_YOURS = "このお知らせは、あなた宛てではないか、すでに取り消されています。"


class AnnouncementReading:
    """What a member of staff does with announcements."""

    def __init__(self, *, deliveries: Deliveries) -> None:
        """Keep what this feature may touch."""
        self._deliveries = deliveries

    @command(
        "お知らせ",
        "未確認のお知らせ",
        "周知",
        "連絡",
        "announcements",
        allow=STAFF,
    )
    async def list_notices(self, request: Request) -> Reply:
        """Show the latest announcements, those to confirm first."""
        return ShowCard(await self._list(request, 0))

    @card_action(LIST, allow=STAFF)
    async def turn_page(self, request: Request, payload: PageRef) -> Reply:
        """Show another page of the list."""
        return ReplaceCard(await self._list(request, min(max(0, payload.page), _LAST_PAGE)))

    @card_action(SHOW, allow=STAFF)
    async def show(self, request: Request, payload: AnnouncementRef) -> Reply:
        """Show one announcement as this person has it."""
        return ShowCard(_card(await self._notice(request, payload.announcement), request.now))

    @card_action(ACKNOWLEDGE, allow=STAFF)
    async def acknowledge(self, request: Request, payload: RevisionRef) -> Reply:
        """Take a confirmation; a second press shows the first one's time."""
        notice = await self._notice(request, payload.announcement)
        if not notice.dispatch.acknowledge:
            raise UserFacingError("このお知らせは、確認の操作がいりません。")
        if notice.acknowledged_at is None:
            if notice.dispatch.is_over(request.now):
                raise UserFacingError("このお知らせは掲載を終了しました。確認の操作はいりません。")
            await self._deliveries.acknowledge(
                payload.announcement, request.actor.id, request.now, request.card_activity_id
            )
            notice = await self._notice(request, payload.announcement)
        return ReplaceCard(_card(notice, request.now))

    async def _list(self, request: Request, page: int) -> Card:
        notices = await self._deliveries.notices_of(
            request.actor.id, now=request.now, limit=_PAGE * (page + 1) + 1
        )
        shown = notices[page * _PAGE : (page + 1) * _PAGE]
        return notices_card(shown, now=request.now, page=page, has_more=len(notices) > (page + 1) * _PAGE)

    async def _notice(self, request: Request, announcement: str) -> Notice:
        notice = await self._deliveries.notice(announcement, request.actor.id)
        if notice is None:
            raise UserFacingError(_NOT_YOURS)
        return notice


def _card(notice: Notice, now: datetime) -> Card:
    return notice_card(
        frozen_announcement(notice.dispatch),
        now=now,
        acknowledged_at=notice.acknowledged_at,
        expired=notice.dispatch.is_over(now),
    )
