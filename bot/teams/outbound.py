"""Turns a reply into activities and invoke answers."""

from typing import Any

import orjson
from botbuilder.schema import Activity, ActivityTypes, Attachment

from bot.chat.request import ReplaceCard, ShowCard, Text, Toast
from cards.kit.card import Card

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
MESSAGE_TYPE = "application/vnd.microsoft.activity.message"

Answer = Text | ShowCard | ReplaceCard | Toast


def answer_activity(answer: Answer) -> Activity:
    """Return the activity that brings an answer as a message of its own."""
    match answer:
        case Text(text=text) | Toast(text=text):
            return Activity(type=ActivityTypes.message, text=text, text_format="plain")
        case ShowCard(card=card) | ReplaceCard(card=card):
            return card_activity(card)


def card_activity(card: Card) -> Activity:
    """Return a message with one card; the notification shows its summary."""
    return Activity(
        type=ActivityTypes.message,
        summary=card.summary,
        attachments=[Attachment(content_type=CARD_TYPE, content=card.content)],
    )


def wire_body(activity: Activity) -> bytes:
    """Return an activity as UTF-8 JSON without escapes.

    The SDK would walk through every node of a card to copy what is plain JSON already: cards go round it.
    """
    attachments, activity.attachments = activity.attachments, None
    fields = activity.serialize()
    activity.attachments = attachments
    if attachments:
        fields["attachments"] = [{"contentType": a.content_type, "content": a.content} for a in attachments]
    return orjson.dumps(fields)


def card_answer(card: Card) -> dict[str, Any]:
    """Return the invoke answer that puts a card in the place of the one whose button was pressed."""
    return {"statusCode": 200, "type": CARD_TYPE, "value": card.content}


def sentence_answer(text: str) -> dict[str, Any]:
    """Return the invoke answer that says one sentence to the person who pressed the button."""
    return {"statusCode": 200, "type": MESSAGE_TYPE, "value": text}
