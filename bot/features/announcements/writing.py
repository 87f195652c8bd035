"""Announcements as the secretariat writes them: form, preview, a test to oneself, sending."""

from dataclasses import replace
from datetime import datetime

from bot.chat.request import Actor, ReplaceCard, Reply, Request, ShowCard
from bot.chat.roles import AUTHORS
from bot.chat.router import card_action, command
from bot.delivery.plan import Order, Planner, differs
from bot.directory.audience import Audience, AudienceError, describe, head_count_by_bureau
from bot.directory.protocol import Directory
from bot.errors import UserFacingError
from bot.features.announcements.audiences import Audiences
from bot.features.announcements.draft import form_of, is_id, new_id, read_form
from bot.features.announcements.messages import announcement_message
from bot.features.announcements.progress import ProgressCards
from cards.announcements.form import form_card
from cards.announcements.notice import notice_card
from cards.announcements.preview import preview_card
from cards.announcements.verbs import (
    DISCARD,
    EDIT,
    NEW,
    PREVIEW,
    SEND,
    TEST,
    TRY_ACKNOWLEDGE,
    AnnouncementRef,
    DraftFields,
    RevisionRef,
    SendOrder,
)
from cards.help import message_card
from cards.kit.build import CardTooLargeError
from cards.kit.card import Card
from cards.kit.verbs import Nothing
from storage.announcements.records import Announcement, problems_of
from storage.announcements.store import Announcements
from storage.audit.store import Audit
from storage.deliveries.records import LiveCard
from storage.deliveries.store import AlreadyPlannedError, Deliveries

_NOT_YOURS = "この下書きは見つかりません。メニューの「周知を作る」から作り直してください。"
_CHANGED = "内容が新しくなっています。いちばん新しいプレビューから操作してください。"
_SENT = "この周知は送信済みのため、変更できません。新しい周知を作ってください。"


class AnnouncementWriting:
    """What an author does until an announcement is sent."""

    def __init__(
        self,
        *,
        announcements: Announcements,
        deliveries: Deliveries,
        planner: Planner,
        directory: Directory,
        audit: Audit,
        progress: ProgressCards,
    ) -> None:
        """Keep what this feature may touch."""
        self._announcements = announcements
        self._deliveries = deliveries
        self._planner = planner
        self._directory = directory
        self._audiences = Audiences(directory)
        self._audit = audit
        self._progress = progress

    @command("周知を作る", "周知", "配信", "一斉周知", "compose", allow=AUTHORS)
    async def begin(self, request: Request) -> Reply:
        """Open an empty form, with the sender's section filled in."""
        return ShowCard(self._form(self._blank(request.actor), {}, request.now))

    @card_action(NEW, allow=AUTHORS)
    async def begin_from_menu(self, request: Request, _payload: Nothing) -> Reply:
        """Open an empty form from the menu."""
        return await self.begin(request)

    @card_action(PREVIEW, allow=AUTHORS)
    async def preview(self, request: Request, fields: DraftFields) -> Reply:
        """Check the form; keep it and show the preview, or give it back with what is wrong at each field."""
        written = await self._find(request.actor, fields.announcement)
        if written is not None:
            await self._refuse_if_sent(written)
        draft, errors = read_form(
            fields,
            announcement_id=written.id if written else new_id(request.now),
            author=request.actor.id,
            now=request.now,
        )
        for problem in problems_of(draft, request.now):
            errors.setdefault(problem.field, problem.message)
        audience = None
        if "audience" not in errors:
            try:
                audience = self._audiences.resolve(request.actor, draft.audience, request.now)
            except AudienceError as error:
                errors["audience_other" if fields.audience_other.strip() else "audience"] = str(error)
        if audience is not None and not errors:
            draft = replace(draft, audience=audience.expression)
            try:
                self._preview_card(draft, audience, request.now)
            except CardTooLargeError as error:
                errors["body"] = str(error)
        if errors or audience is None:
            return ReplaceCard(self._form(fields, errors, request.now))
        return ReplaceCard(self._preview_card(await self._keep(draft, written), audience, request.now))

    @card_action(EDIT, allow=AUTHORS)
    async def edit(self, request: Request, payload: AnnouncementRef) -> Reply:
        """Go back from the preview to the form."""
        announcement = await self._own(request.actor, payload.announcement)
        await self._refuse_if_sent(announcement)
        fields = form_of(announcement)
        if fields.audience not in dict(self._audiences.choices()):
            fields = replace(fields, audience="", audience_other=self._audiences.typed(fields.audience))
        return ReplaceCard(self._form(fields, {}, request.now))

    @card_action(TEST, allow=AUTHORS)
    async def send_test(self, request: Request, payload: RevisionRef) -> Reply:
        """Show the author the message as it will arrive, in their own chat only."""
        announcement = await self._revision(request.actor, payload.announcement, payload.revision)
        return ShowCard(notice_card(announcement, now=request.now, trial=True))

    @card_action(TRY_ACKNOWLEDGE, allow=AUTHORS)
    async def try_acknowledge(self, request: Request, payload: RevisionRef) -> Reply:
        """Show the author what people see after confirming; nothing is recorded."""
        announcement = await self._revision(request.actor, payload.announcement, payload.revision)
        return ReplaceCard(
            notice_card(announcement, now=request.now, acknowledged_at=request.now, trial=True)
        )

    @card_action(DISCARD, allow=AUTHORS)
    async def discard(self, _request: Request, _payload: AnnouncementRef) -> Reply:
        """Leave the form without sending; the draft stays where it is."""
        return ReplaceCard(
            message_card("作成をやめました", "周知は送られていません。「周知を作る」で、いつでも作れます。")
        )

    @card_action(SEND, allow=AUTHORS)
    async def send(self, request: Request, payload: SendOrder) -> Reply:
        """Plan the dispatch that the author has seen; pressing twice shows the one that exists."""
        actor, now = request.actor, request.now
        announcement = await self._own(actor, payload.announcement)
        if sent := await self._deliveries.of_subject(announcement.id):
            return ReplaceCard(await self._progress.card(sent[-1].id, now))
        _refuse_if_changed(announcement, payload.revision)
        if problems := problems_of(announcement, now):
            raise UserFacingError(f"{problems[0].message}「修正する」から直してください。")
        audience = self._audiences.resolve(actor, announcement.audience, now)
        if differs(len(audience.people), payload.head_count):
            note = (
                f"宛先が{payload.head_count:,}人から{len(audience.people):,}人に変わりました。"
                "もう一度確かめてください。"
            )
            return ReplaceCard(self._preview_card(announcement, audience, now, note=note))
        try:
            dispatch, recipients = await self._planner.plan(
                Order(
                    announcement=announcement,
                    message=announcement_message(announcement, now),
                    created_by=actor.id,
                ),
                now,
            )
        except AlreadyPlannedError as planned:
            return ReplaceCard(await self._progress.card(str(planned), now))
        if request.card_activity_id:
            place = LiveCard(
                conversation=request.conversation.id,
                service_url=request.conversation.service_url,
                activity_id=request.card_activity_id,
            )
            await self._deliveries.keep_live_card(dispatch.id, place)
        await self._audit.append(
            actor=actor.id,
            action="announcement.send",
            subject=dispatch.id,
            outcome=f"planned:{len(recipients)}",
            now=now,
        )
        return ReplaceCard(await self._progress.card(dispatch.id, now))

    def _blank(self, actor: Actor) -> DraftFields:
        name = self._directory.snapshot.sections.name(actor.section)
        return DraftFields(audience=actor.reach or "all", issuer=name, contact=name, acknowledge="true")

    def _form(self, fields: DraftFields, errors: dict[str, str], now: datetime) -> Card:
        return form_card(fields, errors, self._audiences.choices(), now)

    def _preview_card(
        self, announcement: Announcement, audience: Audience, now: datetime, note: str = ""
    ) -> Card:
        snapshot = self._directory.snapshot
        return preview_card(
            announcement,
            head_counts=[(name, count) for _, name, count in head_count_by_bureau(audience, snapshot)],
            total=len(audience.people),
            audience_label=describe(audience.expression, snapshot),
            now=now,
            note=note,
        )

    async def _keep(self, draft: Announcement, written: Announcement | None) -> Announcement:
        if written is None:
            await self._announcements.put(draft)
            return draft
        return await self._announcements.change(
            draft.id,
            lambda before: replace(draft, revision=before.revision, created_at=before.created_at),
        )

    async def _find(self, actor: Actor, announcement_id: str) -> Announcement | None:
        if not is_id(announcement_id):
            return None
        announcement = await self._announcements.get(announcement_id)
        return announcement if announcement is not None and announcement.author == actor.id else None

    async def _own(self, actor: Actor, announcement_id: str) -> Announcement:
        announcement = await self._find(actor, announcement_id)
        if announcement is None:
            raise UserFacingError(_NOT_YOURS)
        return announcement

    async def _revision(self, actor: Actor, announcement_id: str, revision: int) -> Announcement:
        announcement = await self._own(actor, announcement_id)
        _refuse_if_changed(announcement, revision)
        return announcement

    async def _refuse_if_sent(self, announcement: Announcement) -> None:
        if await self._deliveries.of_subject(announcement.id):
            raise UserFacingError(_SENT)


def _refuse_if_changed(announcement: Announcement, revision: int) -> None:
    if announcement.revision != revision:
        raise UserFacingError(_CHANGED)
