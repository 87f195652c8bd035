"""The finished card from its parts, or a refusal that names what is too long."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from microsoft_teams.cards import (
    AdaptiveCard,
    CardElement,
    ExecuteAction,
    OpenUrlAction,
    TeamsCardProperties,
)

from cards.kit import layout
from cards.kit.card import Card
from cards.kit.text import clip, one_line, plain

SIZE_LIMIT = 40 * 1024
"""Bytes of a card as UTF-16, as Teams counts them."""
_SUMMARY_LIMIT = 100
_UPDATE_TEAMS = "このカードを表示するには、Teamsを新しい版にしてください。"
_NAMED_PART = 20


class CardTooLargeError(Exception):
    """A card is larger than Teams takes; the message says in Japanese what is too long."""


def card(
    title: str,
    body: Sequence[CardElement],
    actions: Sequence[ExecuteAction | OpenUrlAction] = (),
    *,
    summary: str = "",
    speak: str = "",
    wide: bool = False,
) -> Card:
    """Return the card under its heading, its buttons at the end.

    `summary` is the sentence of the notification (without one, the heading), `speak` is for screen readers.

    Raises:
        CardTooLargeError: the card is over 40 KB as UTF-16.
    """
    told = clip(one_line(summary or title) or layout.UNNAMED, _SUMMARY_LIMIT)
    model = AdaptiveCard(
        version="1.5",
        lang="ja",
        fallback_text=f"{plain(told)}　{_UPDATE_TEAMS}",
        speak=one_line(speak) or told,
        msteams=TeamsCardProperties(width="full") if wide else None,
        body=[layout.heading(title), *body, *layout.buttons(actions)],
    )
    content = model.model_dump(by_alias=True, exclude_none=True)
    size = size_of(content)
    if size > SIZE_LIMIT:
        raise CardTooLargeError(
            f"カードが大きすぎます（{size // 1024:,} KB。上限は{SIZE_LIMIT // 1024} KBです）。"
            f"{_too_long(content)}"
        )
    return Card(content=content, summary=told)


def size_of(content: object) -> int:
    """Return the bytes of JSON as UTF-16."""
    return len(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le", "surrogatepass")
    )


def _too_long(content: dict[str, Any]) -> str:
    texts = list(_texts(content))
    longest = max(texts, key=len)
    if len(longest) * 4 * 2 < SIZE_LIMIT:
        return f"項目が多すぎます（{len(texts):,}個）。"
    return f"「{clip(one_line(longest), _NAMED_PART)}」で始まる部分が長すぎます（{len(longest):,}文字）。"


def _texts(node: object) -> Iterator[str]:
    match node:
        case str():
            yield node
        case dict():
            for value in node.values():
                yield from _texts(value)
        case list():
            for value in node:
                yield from _texts(value)
