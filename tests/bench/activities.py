"""Activities as Teams sends them to a bot."""

from collections.abc import Callable
from typing import Any

from tests.fakes.connector import chat_id

TENANT = "00000000-0000-4000-9000-000000000000"
BOT = "28:hatarakikata-bot"
_PEOPLE = 200

# (index, service URL) -> activity
ActivityFactory = Callable[[int, str], dict[str, Any]]


def person(index: int) -> str:
    """Return an object id of the sample organisation; they repeat after some."""
    return f"00000000-0000-4000-8000-{index % _PEOPLE + 1:012d}"


def message_activities(text: str = "メニュー") -> ActivityFactory:
    """Return what makes messages with this text, each from another person in their own chat."""

    def make(index: int, service_url: str) -> dict[str, Any]:
        return {**_common(index, service_url), "type": "message", "text": text, "textFormat": "plain"}

    return make


def invoke_activities(verb: str, data: dict[str, Any]) -> ActivityFactory:
    """Return what makes presses of an Action.Execute button."""

    def make(index: int, service_url: str) -> dict[str, Any]:
        action = {"type": "Action.Execute", "verb": verb, "data": data}
        return {
            **_common(index, service_url),
            "type": "invoke",
            "name": "adaptiveCard/action",
            "value": {"action": action, "trigger": "manual"},
        }

    return make


def _common(index: int, service_url: str) -> dict[str, Any]:
    object_id = person(index)
    return {
        "id": str(1_600_000_000_000 + index),
        "timestamp": "2026-11-02T00:30:00.000Z",
        "localTimestamp": "2026-11-02T09:30:00.000+09:00",
        "localTimezone": "Asia/Tokyo",
        "locale": "ja-JP",
        "channelId": "msteams",
        "serviceUrl": service_url,
        "from": {"id": object_id, "name": "職員", "aadObjectId": object_id},
        "conversation": {
            "id": chat_id(object_id),
            "conversationType": "personal",
            "tenantId": TENANT,
        },
        "recipient": {"id": BOT, "name": "働き方ボット"},
        "entities": [{"type": "clientInfo", "locale": "ja-JP", "country": "JP", "platform": "Web"}],
        "channelData": {"tenant": {"id": TENANT}},
    }
