"""The message of an announcement, and the announcement back from what a dispatch froze."""

from datetime import datetime

from pydantic import TypeAdapter

from bot.delivery.message import Message
from bot.errors import UserFacingError
from cards.announcements.notice import notice_card
from cards.kit.build import CardTooLargeError
from storage.announcements.records import Announcement, Importance
from storage.deliveries.records import Dispatch

_ANNOUNCEMENT = TypeAdapter(Announcement)


def announcement_message(announcement: Announcement, now: datetime) -> Message:
    """Return the message that everybody gets, exactly as the preview shows it.

    Raises:
        UserFacingError: it is longer than Teams takes.
    """
    try:
        card = notice_card(announcement, now=now)
    except CardTooLargeError as error:
        raise UserFacingError(str(error)) from None
    return Message(
        card=card,
        important=announcement.importance is Importance.HIGH,
        source=_ANNOUNCEMENT.dump_python(announcement, mode="json"),
    )


def frozen_announcement(dispatch: Dispatch) -> Announcement:
    """Return the announcement as it was when it was sent, whatever has become of the draft."""
    return _ANNOUNCEMENT.validate_python(Message.load(dispatch.content).source)
