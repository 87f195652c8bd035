"""The adapter between HTTP and botbuilder's turn pipeline.

It stands on BotAdapter instead of the stock CloudAdapter, whose way of authenticating, answering invokes
and sending is replaced whole: who calls is checked by `authentication`, and everything leaves through the
Messenger on one session, so that no turn opens connections, fetches tokens or blocks the loop.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from azure.core.exceptions import DeserializationError
from botbuilder.core import BotAdapter, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ConversationReference, ResourceResponse

from bot.delivery.messenger import Address, Delivered, Messenger, Outcome
from bot.teams.authentication import Authenticator
from bot.teams.insisting import insist
from bot.teams.outbound import wire_body
from bot.teams.service_urls import ServiceUrls

log = structlog.get_logger(__name__)

_INVOKE_ANSWER = "hatarakikata.invoke_answer"
_TIMES = frozenset({"timestamp", "localTimestamp", "localTimezone", "expiration"})
_REQUIRED = ("type", "channelId", "serviceUrl")


class MalformedActivityError(Exception):
    """The body is no activity: HTTP 400."""


class TurnSendError(Exception):
    """Teams did not take an answer; the message is the kind of its last word."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What goes back to Teams: the status, and a JSON body for an invoke."""

    status: int
    body: bytes = b""


class TeamsAdapter(BotAdapter):  # type: ignore[misc]
    """Authenticates an activity, runs the turn, and carries what the turn sends."""

    def __init__(
        self, *, authenticator: Authenticator, service_urls: ServiceUrls, messenger: Messenger
    ) -> None:
        """Keep what the adapter may touch."""
        super().__init__()
        self._service_urls = service_urls
        self._authenticator = authenticator
        self._messenger = messenger

    async def process(
        self,
        body: bytes,
        authorization: str | None,
        on_turn: Callable[[TurnContext], Awaitable[None]],
    ) -> HttpAnswer:
        """Handle one POST of Teams.

        Raises:
            MalformedActivityError: the body is no activity.
            Rejected, Forbidden: see `authentication`.
            ServiceUrlError: answers would go to a place that is not trusted.
        """
        raw = parse_activity(body)
        await self._authenticator.authenticate(authorization, raw)
        self._service_urls.require(raw["serviceUrl"])
        context = TurnContext(self, _activity(raw))
        try:
            await self.run_pipeline(context, on_turn)
        except TurnSendError as error:
            # What was asked for has been done; to let Teams send the activity again would do it twice.
            log.warning("turn.answer_not_taken", outcome=str(error))
        if raw["type"] != ActivityTypes.invoke:
            return HttpAnswer(HTTPStatus.OK)
        answer: InvokeResponse | None = context.turn_state.get(_INVOKE_ANSWER)
        if answer is None:
            return HttpAnswer(HTTPStatus.NOT_IMPLEMENTED)
        return HttpAnswer(answer.status, b"" if answer.body is None else orjson.dumps(answer.body))

    async def send_activities(
        self, context: TurnContext, activities: list[Activity]
    ) -> list[ResourceResponse]:
        """Send what the turn says; an invoke's answer is kept for the HTTP response."""
        responses = []
        for activity in activities:
            if activity.type == ActivityTypes.invoke_response:
                context.turn_state[_INVOKE_ANSWER] = activity.value
                responses.append(ResourceResponse())
                continue
            address = _address(activity)
            sent = _taken(await insist(partial(self._messenger.send, address, wire_body(activity))))
            responses.append(ResourceResponse(id=sent.activity_id))
        return responses

    async def update_activity(self, context: TurnContext, activity: Activity) -> ResourceResponse:  # noqa: ARG002
        """Put an activity in the place of one that was sent."""
        body = wire_body(activity)
        _taken(await insist(partial(self._messenger.update, _address(activity), activity.id, body)))
        return ResourceResponse(id=activity.id)

    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:  # noqa: ARG002
        """Take an activity back."""
        address = Address(conversation=reference.conversation.id, service_url=reference.service_url)
        _taken(await insist(partial(self._messenger.delete, address, reference.activity_id)))


def without_times(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return an activity without its time stamps: the clock says when it came, and to parse them is slow."""
    return {name: value for name, value in raw.items() if name not in _TIMES}


def parse_activity(body: bytes) -> Mapping[str, Any]:
    """Return an activity's JSON with the fields that every turn needs.

    Raises:
        MalformedActivityError: no JSON, no object, or a field is missing or of the wrong type.
    """
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedActivityError("no JSON") from None
    if not isinstance(raw, dict):
        raise MalformedActivityError("no object")
    for name in _REQUIRED:
        if not isinstance(raw.get(name), str) or not raw[name]:
            raise MalformedActivityError(f"no {name}")
    for name in ("from", "conversation"):
        part = raw.get(name)
        if not isinstance(part, dict) or not isinstance(part.get("id"), str) or not part["id"]:
            raise MalformedActivityError(f"no {name}.id")
    if "recipient" in raw and not isinstance(raw["recipient"], dict):
        raise MalformedActivityError("recipient is no object")
    return raw


def _activity(raw: Mapping[str, Any]) -> Activity:
    try:
        return Activity().deserialize(without_times(raw))
    except DeserializationError:
        raise MalformedActivityError("wrong type") from None


def _address(activity: Activity) -> Address:
    return Address(conversation=activity.conversation.id, service_url=activity.service_url)


def _taken(outcome: Outcome) -> Delivered:
    if not isinstance(outcome, Delivered):
        raise TurnSendError(type(outcome).__name__)
    return outcome
