"""Days, times and spans as people read them: one style everywhere, in Japanese time."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_JST = ZoneInfo("Asia/Tokyo")
_WEEKDAYS = "月火水木金土日"
_LAST_MINUTE = (23, 59)
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def local_date(moment: datetime) -> date:
    """Return the day that a moment belongs to in Japan."""
    return moment.astimezone(_JST).date()


def day(moment: datetime, now: datetime) -> str:
    """Return 11月25日（水）, with the year where it is not the present one."""
    moment, now = moment.astimezone(_JST), now.astimezone(_JST)
    year = "" if moment.year == now.year else f"{moment.year}年"
    return f"{year}{moment.month}月{moment.day}日（{_WEEKDAYS[moment.weekday()]}）"


def day_time(moment: datetime, now: datetime) -> str:
    """Return 11月25日（水）17:00."""
    local = moment.astimezone(_JST)
    return f"{day(moment, now)}{local.hour}:{local.minute:02}"


def until(moment: datetime, now: datetime) -> str:
    """Return 11月25日（水）まで; with the time where it is not the day's last minute."""
    local = moment.astimezone(_JST)
    ends_with_day = (local.hour, local.minute) == _LAST_MINUTE
    return f"{(day if ends_with_day else day_time)(moment, now)}まで"


def span(first: datetime, last: datetime, now: datetime) -> str:
    """Return 11月25日（水）～11月27日（金）, or the one day if both are the same."""
    start, end = day(first, now), day(last, now)
    return start if start == end else f"{start}～{end}"


def remaining(seconds: float) -> str:
    """Return how long something will still take: あと3分. Rounded up, so that it is kept."""
    if seconds < 1:
        return "まもなく"
    if seconds < _MINUTE:
        return f"あと{-(-seconds // 1):.0f}秒"
    if seconds < _HOUR:
        return f"あと{-(-seconds // _MINUTE):.0f}分"
    if seconds < _DAY:
        hours, minutes = divmod(-(-seconds // _MINUTE), 60)
        return f"あと{hours:.0f}時間" + (f"{minutes:.0f}分" if minutes else "")
    return f"あと{-(-seconds // _DAY):.0f}日"
