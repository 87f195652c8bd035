"""The message that a dispatch freezes: the card, the notification's sentence and the weight."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from cards.kit.card import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One card a message; `important` marks it in Teams' chat.

    `source` is the written record that the card shows, from which its later states are drawn.
    """

    card: Card
    important: bool = False
    source: Mapping[str, Any] = field(default_factory=dict)

    def dump(self) -> str:
        """Return the message as the ledger keeps it."""
        fields = {
            "card": self.card.content,
            "summary": self.card.summary,
            "important": self.important,
            "source": self.source,
        }
        return orjson.dumps(fields).decode()

    @classmethod
    def load(cls, text: str) -> "Message":
        """Return the message that the ledger kept."""
        fields: dict[str, Any] = orjson.loads(text)
        return cls(
            card=Card(content=fields["card"], summary=fields["summary"]),
            important=fields["important"],
            source=fields["source"],
        )


def activity_body(message: Message) -> bytes:
    """Return the message as an activity of the Bot Connector, in UTF-8 JSON without escapes."""
    activity: dict[str, Any] = {
        "type": "message",
        "summary": message.card.summary,
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "content": message.card.content}
        ],
    }
    if message.important:
        activity["importance"] = "high"
    return orjson.dumps(activity)
