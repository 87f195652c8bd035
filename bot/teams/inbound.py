"""From activities to requests, and from replies back to activities."""

import re
import secrets
import time
from collections.abc import Callable, Mapping
from html import unescape
from http import HTTPStatus
from typing import Any

import structlog
from botbuilder.core import ActivityHandler, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ConversationAccount

from bot.chat.request import (
    Conversation,
    ConversationKind,
    Private,
    ReplaceCard,
    Request,
    ShowCard,
    Text,
    Toast,
)
from bot.chat.router import Router
from bot.clock import Clock
from bot.directory.protocol import Directory
from bot.metrics import TURN_SECONDS, TURNS
from bot.teams.adapter import TurnSendError
from bot.teams.outbound import Answer, answer_activity, card_activity, card_answer, sentence_answer
from bot.teams.own_chats import OwnChats
from cards.kit.card import Card
from storage.chats.records import Chat
from storage.chats.store import Chats

log = structlog.get_logger(__name__)

_TEXT_LIMIT = 10_000
_MENTION = re.compile(r"<at\b[^>]*>.*?</at>", re.IGNORECASE | re.DOTALL)
_SHOWN_BELOW = "下に表示しました。"
_NOT_SHOWN = "いま表示できませんでした。少し待って、もう一度お試しください。"
_FAILED = (
    "申し訳ありません。処理の途中で問題が起きました。少し待って、もう一度お試しください。"
    "続くときは、受付番号 {number} を推進室にお伝えください。"
)


class TeamsBot(ActivityHandler):  # type: ignore[misc]
    """Handles what Teams sends: messages, buttons, and the bot's being added."""

    def __init__(
        self,
        *,
        router: Router,
        directory: Directory,
        chats: Chats,
        own_chats: OwnChats,
        greeting: Callable[[Request], Card],
        clock: Clock,
    ) -> None:
        """Keep what the bot may touch."""
        super().__init__()
        self._router = router
        self._directory = directory
        self._chats = chats
        self._own_chats = own_chats
        self._greeting = greeting
        self._clock = clock

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Answer a text, or a button that came as Action.Submit from an older client."""
        activity = turn_context.activity
        pressed = activity.value if isinstance(activity.value, dict) and activity.value.get("verb") else None
        if pressed is None:
            answer = await self._answer("message", activity, text=spoken(activity.text or ""))
        else:
            answer = await self._answer("message", activity, verb=str(pressed["verb"]), fields=pressed)
            if isinstance(answer, ReplaceCard) and activity.reply_to_id:
                await _replace(turn_context, card_activity(answer.card))
                return
        await _say(turn_context, answer_activity(answer))

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """Answer an Action.Execute; other invokes are not served."""
        activity = turn_context.activity
        if activity.name != "adaptiveCard/action":
            return InvokeResponse(status=HTTPStatus.NOT_IMPLEMENTED)
        verb, fields = pressed_action(activity.value)
        match await self._answer("invoke", activity, verb=verb, fields=fields):
            case ReplaceCard(card=card):
                body = card_answer(card)
            case ShowCard(card=card):
                body = sentence_answer(await _show_below(turn_context, card_activity(card)))
            case Text(text=text) | Toast(text=text):
                body = sentence_answer(text)
        return InvokeResponse(status=HTTPStatus.OK, body=body)

    async def on_members_added_activity(self, members_added: list[Any], turn_context: TurnContext) -> None:
        """Greet in a personal chat that has just begun; Teams repeats this event."""
        del members_added
        await self._greet(turn_context)

    async def on_installation_update_add(self, turn_context: TurnContext) -> None:
        """Greet where the app was just installed; Teams repeats this event."""
        await self._greet(turn_context)

    async def _greet(self, turn_context: TurnContext) -> None:
        request = await self._request(turn_context.activity)
        if request.conversation.kind is not ConversationKind.PERSONAL or not request.actor.id:
            return
        if await self._chats.greet_once(request.actor.id, request.now):
            await _say(turn_context, card_activity(self._greeting(request)))

    async def _request(
        self,
        activity: Activity,
        *,
        text: str = "",
        verb: str = "",
        fields: Mapping[str, object] | None = None,
    ) -> Request:
        now = self._clock.now()
        person = str(activity.from_property.aad_object_id or "").casefold()
        conversation = Conversation(
            id=activity.conversation.id,
            kind=conversation_kind(activity.conversation),
            service_url=activity.service_url,
        )
        if person and conversation.kind is ConversationKind.PERSONAL:
            chat = Chat(person=person, conversation=conversation.id, service_url=conversation.service_url)
            await self._chats.remember(chat, now)
        return Request(
            actor=self._directory.snapshot.actor(person),
            conversation=conversation,
            now=now,
            text=text,
            verb=verb,
            fields=fields or {},
            card_activity_id=activity.reply_to_id,
        )

    async def _answer(
        self,
        kind: str,
        activity: Activity,
        *,
        text: str = "",
        verb: str = "",
        fields: Mapping[str, object] | None = None,
    ) -> Answer:
        """Return what to say in the place of the request; a private answer has been sent by then.

        What nobody expected gets a number, a log line and a polite word.
        """
        begun = time.perf_counter()
        try:
            request = await self._request(activity, text=text, verb=verb, fields=fields)
            reply = await self._router.dispatch(request)
            if isinstance(reply, Private):
                reply = Text(await self._own_chats.send(request, reply.reply))
        except Exception:
            number = secrets.token_hex(4)
            log.exception("turn.failed", number=number, kind=kind, verb=verb)
            TURNS.labels(kind, "failed").inc()
            return Text(_FAILED.format(number=number))
        TURNS.labels(kind, "answered").inc()
        TURN_SECONDS.labels(kind).observe(time.perf_counter() - begun)
        return reply


async def _show_below(turn_context: TurnContext, activity: Activity) -> str:
    """Send a new card; return the sentence for whoever pressed the button."""
    try:
        await _say(turn_context, activity)
    except TurnSendError as error:
        log.warning("turn.card_not_taken", outcome=str(error))
        return _NOT_SHOWN
    return _SHOWN_BELOW


async def _replace(turn_context: TurnContext, activity: Activity) -> None:
    """Put a card in the place of the one whose button was pressed; below it if that one has gone."""
    replacement = _addressed(turn_context, activity)
    replacement.id = turn_context.activity.reply_to_id
    try:
        await turn_context.adapter.update_activity(turn_context, replacement)
    except TurnSendError as error:
        log.warning("turn.card_not_replaced", outcome=str(error))
        replacement.id = None
        await turn_context.adapter.send_activities(turn_context, [replacement])


async def _say(turn_context: TurnContext, activity: Activity) -> None:
    """Send an answer by the adapter itself: `send_activity` would first copy the whole card, deeply."""
    await turn_context.adapter.send_activities(turn_context, [_addressed(turn_context, activity)])


def _addressed(turn_context: TurnContext, activity: Activity) -> Activity:
    return TurnContext.apply_conversation_reference(
        activity, TurnContext.get_conversation_reference(turn_context.activity)
    )


def spoken(text: str) -> str:
    """Return what a person has written, without the mentions that Teams marks with <at>."""
    return unescape(_MENTION.sub(" ", text[:_TEXT_LIMIT]))


def pressed_action(value: object) -> tuple[str, Mapping[str, object]]:
    """Return verb and fields of an Action.Execute, whatever came; an unreadable one has no known verb."""
    action = value.get("action") if isinstance(value, dict) else None
    if not isinstance(action, dict):
        return "?", {}
    fields = action.get("data")
    fields = fields if isinstance(fields, dict) else {}
    return str(action.get("verb") or fields.get("verb") or "?"), fields


def conversation_kind(conversation: ConversationAccount) -> ConversationKind:
    """Return where a conversation takes place; anything unknown counts as public."""
    try:
        return ConversationKind(conversation.conversation_type)
    except ValueError:
        return ConversationKind.CHANNEL
