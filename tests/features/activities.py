"""Activities as Teams sends them to the bot. A person's id is never their object id, as in Teams itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.fakes.connector import chat_id

TENANT = "00000000-0000-4000-9000-000000000000"
BOT = "28:hatarakikata-bot"
NAME = "働き方ボット"
_numbers = count(1_600_000_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is said: the conversation, and the type that Teams gives it."""

    conversation: str
    kind: str

    @property
    def is_public(self) -> bool:
        """Say whether others read along: there the bot must be mentioned."""
        return self.kind != "personal"


CHANNEL = Place(conversation="19:general@thread.tacv2;messageid=1600000000000", kind="channel")
GROUP = Place(conversation="19:group@thread.v2", kind="groupChat")


def person(number: int) -> str:
    """Return the object id of a person of the sample organisation."""
    return f"00000000-0000-4000-8000-{number:012d}"


def own_chat(who: str) -> Place:
    """Return a person's own chat with the bot."""
    return Place(conversation=chat_id(who), kind="personal")


def message(who: str, text: str, place: Place, service_url: str) -> dict[str, Any]:
    """Return a text; outside a person's own chat with the bot mentioned."""
    activity = {**_common(who, place, service_url), "type": "message", "text": text, "textFormat": "plain"}
    if place.is_public:
        said = f"<at>{NAME}</at>"
        activity["text"] = f"{said} {text}"
        activity["entities"] = [{"type": "mention", "mentioned": {"id": BOT, "name": NAME}, "text": said}]
    return activity


def execute(
    who: str, verb: str, data: Mapping[str, Any], *, place: Place, service_url: str, card: str | None
) -> dict[str, Any]:
    """Return a pressed Action.Execute on the card with this activity id."""
    return {
        **_common(who, place, service_url),
        "type": "invoke",
        "name": "adaptiveCard/action",
        "value": {
            "action": {"type": "Action.Execute", "verb": verb, "data": dict(data)},
            "trigger": "manual",
        },
        **({"replyToId": card} if card else {}),
    }


def submit(
    who: str, data: Mapping[str, Any], *, place: Place, service_url: str, card: str | None
) -> dict[str, Any]:
    """Return a pressed Action.Submit, which is what an older client sends instead."""
    return {
        **_common(who, place, service_url),
        "type": "message",
        "value": dict(data),
        **({"replyToId": card} if card else {}),
    }


def installed(who: str, place: Place, service_url: str) -> list[dict[str, Any]]:
    """Return what Teams sends when somebody has installed the app, and again whenever it likes."""
    common = _common(who, place, service_url)
    return [
        {**common, "type": "installationUpdate", "action": "add"},
        {**common, "type": "conversationUpdate", "membersAdded": [{"id": BOT}, common["from"]]},
    ]


def _common(who: str, place: Place, service_url: str) -> dict[str, Any]:
    conversation: dict[str, Any] = {
        "id": place.conversation,
        "conversationType": place.kind,
        "tenantId": TENANT,
    }
    channel_data: dict[str, Any] = {"tenant": {"id": TENANT}}
    if place.is_public:
        conversation["isGroup"] = True
    if place.kind == "channel":
        channel_data |= {"team": {"id": "19:team@thread.tacv2"}, "channel": {"id": "19:general@thread.tacv2"}}
    return {
        "id": str(next(_numbers)),
        "timestamp": "2026-11-02T00:30:00.000Z",
        "localTimestamp": "2026-11-02T09:30:00.000+09:00",
        "localTimezone": "Asia/Tokyo",
        "locale": "ja-JP",
        "channelId": "msteams",
        "serviceUrl": service_url,
        "from": {"id": f"29:{who}", "name": "職員", "aadObjectId": who},
        "conversation": conversation,
        "recipient": {"id": BOT, "name": NAME},
        "entities": [{"type": "clientInfo", "locale": "ja-JP", "country": "JP", "platform": "Web"}],
        "channelData": channel_data,
    }
