"""Points in time as the storage keeps them: UTC epoch milliseconds, read back as aware times in JST."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime.fromtimestamp(0, tz=ZoneInfo("UTC"))


def to_millis(moment: datetime) -> int:
    """Return UTC epoch milliseconds.

    Raises:
        ValueError: the moment has no offset, so that nobody knows which time it is.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without an offset cannot be stored")
    return (moment - _EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    """Return the aware time in JST for UTC epoch milliseconds."""
    return (_EPOCH + millis * _MILLISECOND).astimezone(JST)
