"""Teams' Bot Connector REST API on one shared session: prebuilt bytes out, outcomes back."""

import contextlib
import math
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
import structlog

from bot.delivery.messenger import (
    Address,
    ChatGone,
    Delivered,
    Opened,
    Outcome,
    Refused,
    RetryAfter,
    Unauthorized,
    Unclear,
)
from bot.teams.credentials import TokenSource, TokenUnavailableError
from bot.teams.service_urls import ServiceUrlError, ServiceUrls
from storage.deliveries.records import Doubt, Reason

log = structlog.get_logger(__name__)

_CONNECT_SECONDS = 5.0
_LONGEST_RETRY_AFTER = 86_400.0
_LONGEST_ID = 256

_REASONS = {
    "ConversationBlockedByUser": Reason.BLOCKED,
    "BotNotInConversationRoster": Reason.NOT_INSTALLED,
    "BotDisabledByAdmin": Reason.NOT_INSTALLED,
    "ForbiddenOperationException": Reason.NOT_INSTALLED,
    "MessageWritesBlocked": Reason.BLOCKED,
}


class TeamsMessenger:
    """The Messenger for Teams. The bot's token goes to trusted service URLs only."""

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        tokens: TokenSource,
        service_urls: ServiceUrls,
        bot_id: str,
        tenant_id: str,
        answer_seconds: float = 20,
    ) -> None:
        """Keep what the messenger may touch; `bot_id` is the app id as Teams writes it (28:…).

        After `answer_seconds` without the whole answer a request is given up.
        """
        self._session = session
        self._tokens = tokens
        self._service_urls = service_urls
        self._bot_id = bot_id
        self._tenant_id = tenant_id
        self._timeout = aiohttp.ClientTimeout(total=answer_seconds, connect=_CONNECT_SECONDS)

    async def send(self, address: Address, body: bytes) -> Outcome:
        """Post an activity into a chat."""
        return await self._activity("POST", address, None, body)

    async def update(self, address: Address, activity_id: str, body: bytes) -> Outcome:
        """Put an activity in the place of one that was sent."""
        return await self._activity("PUT", address, activity_id, body)

    async def delete(self, address: Address, activity_id: str) -> Outcome:
        """Take an activity back."""
        return await self._activity("DELETE", address, activity_id, None)

    async def open_chat(self, person: str, service_url: str) -> Opened | Outcome:
        """Open the personal chat with a person; Teams answers with the same chat each time.

        Creating is repeatable, so a doubtful answer is one to try again.
        """
        body = orjson.dumps(
            {
                "bot": {"id": self._bot_id},
                "members": [{"id": person}],
                "isGroup": False,
                "tenantId": self._tenant_id,
                "channelData": {"tenant": {"id": self._tenant_id}},
            }
        )
        outcome = await self._call("POST", service_url, "", body)
        match outcome:
            case Delivered(activity_id=""):
                return RetryAfter(None)
            case Delivered(activity_id=conversation):
                return Opened(conversation)
            case Unclear():
                return RetryAfter(None)
            case _:
                return outcome

    async def _activity(
        self, method: str, address: Address, activity_id: str | None, body: bytes | None
    ) -> Outcome:
        path = f"{quote(address.conversation, safe=':@')}/activities"
        if activity_id is not None:
            path += f"/{quote(activity_id, safe=':@')}"
        return await self._call(method, address.service_url, path, body)

    async def _call(self, method: str, service_url: str, path: str, body: bytes | None) -> Outcome:
        """Call with the bot's token; after a 401 once more with a new one."""
        try:
            base = self._service_urls.require(service_url)
        except ServiceUrlError as error:
            log.warning("messenger.service_url_refused", reason=str(error))
            return Refused(Reason.REJECTED)
        url = f"{base}/v3/conversations/{path}" if path else f"{base}/v3/conversations"
        try:
            token = await self._tokens.token()
        except TokenUnavailableError:
            return RetryAfter(None)
        outcome = await self._once(method, url, body, token)
        if not isinstance(outcome, Unauthorized):
            return outcome
        try:
            renewed = await self._tokens.renew(token)
        except TokenUnavailableError:
            return outcome
        return await self._once(method, url, body, renewed)

    async def _once(self, method: str, url: str, body: bytes | None, token: str) -> Outcome:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                status, after = response.status, response.headers.get("Retry-After")
                content = b""
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    # The status says whether it was taken, also where the rest of the answer is lost.
                    content = await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return RetryAfter(None)
        except TimeoutError:
            return Unclear(Doubt.TIMEOUT)
        except (aiohttp.ClientError, OSError):
            return Unclear(Doubt.CONNECTION_LOST)
        return outcome_of(status, after, content)


def outcome_of(status: int, retry_after: str | None, content: bytes) -> Outcome:
    """Return what an answer of the Bot Connector means.

    Source: Microsoft Learn, "Send proactive messages" and "Rate limiting for bots".
    """
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return RetryAfter(_seconds(retry_after), throttled=True)
        case HTTPStatus.PRECONDITION_FAILED | HTTPStatus.BAD_GATEWAY | HTTPStatus.SERVICE_UNAVAILABLE:
            return RetryAfter(_seconds(retry_after))
        case HTTPStatus.UNAUTHORIZED:
            return Unauthorized()
        case HTTPStatus.NOT_FOUND:
            return ChatGone()
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return _taken(content)
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refused(_reason(content))
    return Unclear(Doubt.TIMEOUT if status == HTTPStatus.GATEWAY_TIMEOUT else Doubt.SERVER_ERROR)


def _taken(content: bytes) -> Outcome:
    if not content.strip():
        return Delivered("")
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        # Something between here and Teams has answered in its place.
        return Unclear(Doubt.SERVER_ERROR)
    given = str(answer.get("id") or "") if isinstance(answer, dict) else ""
    return Delivered(given if len(given) <= _LONGEST_ID and given.isprintable() else "")


def _reason(content: bytes) -> Reason:
    error = _json(content).get("error")
    error = error if isinstance(error, dict) else {}
    codes = [str(error.get("subCode", "")), str(error.get("code", ""))]
    if "license" in f"{codes} {error.get('message', '')}".casefold():
        return Reason.UNLICENSED
    return next((_REASONS[code] for code in codes if code in _REASONS), Reason.REJECTED)


def _json(content: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _seconds(retry_after: str | None) -> float | None:
    try:
        seconds = float(retry_after or math.nan)
    except ValueError:
        return None
    return None if math.isnan(seconds) else min(max(0.0, seconds), _LONGEST_RETRY_AFTER)
