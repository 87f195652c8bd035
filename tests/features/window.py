"""A chat as a person sees it, and what a finger does with a card: find a button, fill a form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Node = dict[str, Any]
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
_PRESSED = {"Action.Execute", "Action.Submit"}
_SHOWN = {"text", "title", "label", "errorMessage", "placeholder"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message in a chat: a text, or a card with the sentence of its notification."""

    conversation: str
    activity_id: str
    text: str = ""
    card: Node | None = None
    summary: str = ""

    def words(self) -> str:
        """Return all that stands on it, a line each."""
        return "\n".join(filter(None, (self.text, *_texts(self.card))))

    def button(self, title: str) -> Node:
        """Return the one button with these words in its title.

        Raises:
            LookupError: there is none, or there are several.
        """
        found = [each for each in buttons(self.card) if title in str(each.get("title"))]
        if len(found) != 1:
            raise LookupError(f"{len(found)} buttons 「{title}」 among {self.titles()}")
        return found[0]

    def titles(self) -> list[str]:
        """Return the titles of all buttons that ask the bot for something."""
        return [str(each.get("title")) for each in buttons(self.card)]

    def values(self) -> dict[str, str]:
        """Return what stands in the fields of the form, as Teams sends it along with a button."""
        return {each["id"]: str(each.get("value") or "") for each in inputs(self.card)}

    def errors(self) -> dict[str, str]:
        """Return the sentence that stands directly above a field, by the field's id."""
        found: dict[str, str] = {}
        for siblings in _lists(self.card):
            for before, each in pairwise(siblings):
                said = str(before.get("text"))
                is_at_field = said.startswith("⚠") and "か所を直してください" not in said
                if is_at_field and str(each.get("type")).startswith("Input."):
                    found[each["id"]] = said
        return found


def shown(conversation: str, activity_id: str, activity: Mapping[str, Any]) -> Shown:
    """Return the message that an activity brings."""
    attachments = activity.get("attachments") or []
    cards = [each["content"] for each in attachments if each["contentType"] == CARD_TYPE]
    return Shown(
        conversation=conversation,
        activity_id=activity_id,
        text=activity.get("text") or "",
        card=cards[0] if cards else None,
        summary=activity.get("summary") or "",
    )


def nodes(node: object) -> Iterator[Node]:
    """Yield every object of a card that has a type; what only an older Teams would show is left out."""
    if isinstance(node, dict):
        if "type" in node:
            yield node
        for name, value in node.items():
            if name not in {"data", "fallback"}:
                yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


def buttons(card: object) -> list[Node]:
    """Return everything on a card that asks the bot for something."""
    return [each for each in nodes(card) if each["type"] in _PRESSED]


def inputs(card: object) -> list[Node]:
    """Return the fields of a form."""
    return [each for each in nodes(card) if str(each["type"]).startswith("Input.")]


def _texts(card: object) -> Iterator[str]:
    for node in nodes(card):
        for name in _SHOWN:
            if isinstance(node.get(name), str):
                yield node[name]


def _lists(card: object) -> Iterator[list[Node]]:
    for node in nodes(card):
        for value in node.values():
            if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
                yield value
