"""The message of an announcement, and the announcement back from what a dispatch froze."""

from datetime import datetime

from pydantic import TypeAdapter

from bot.delivery.message import Message
from cards.announcements.notice import notice_card
from storage.announcements.records import Announcement, Importance
from storage.deliveries.records import Dispatch

_ANNOUNCEMENT = TypeAdapter(Announcement)


def announcement_message(announcement: Announcement, now: datetime) -> Message:
    """Return the message that everybody gets, exactly as the preview shows it."""
    return Message(
        card=notice_card(announcement, now=now),
        important=announcement.importance is Importance.HIGH,
        source=_ANNOUNCEMENT.dump_python(announcement, mode="json"),
    )


def frozen_announcement(dispatch: Dispatch) -> Announcement:
    """Return the announcement as it was when it was sent, whatever has become of the draft."""
    return _ANNOUNCEMENT.validate_python(Message.load(dispatch.content).source)
