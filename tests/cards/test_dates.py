"""Days, times and spans in one style."""

from datetime import UTC, datetime, timedelta

import pytest

from cards.kit import dates
from cards.kit.figures import count_of, people, percent
from tests.cards.records import JST, NOW

WEDNESDAY = datetime(2026, 11, 25, 17, 0, tzinfo=JST)


def test_a_day_has_its_weekday_and_the_year_only_where_it_is_another() -> None:
    assert dates.day(WEDNESDAY, NOW) == "11月25日（水）"
    assert dates.day(WEDNESDAY.replace(year=2027), NOW) == "2027年11月25日（木）"
    assert dates.day_time(WEDNESDAY.replace(minute=5), NOW) == "11月25日（水）17:05"


def test_days_are_those_of_japan_wherever_the_time_comes_from() -> None:
    last_of_the_year = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    assert dates.day_time(last_of_the_year, NOW) == "2027年1月1日（金）0:00"
    assert dates.day(last_of_the_year, last_of_the_year) == "1月1日（金）"
    assert dates.local_date(last_of_the_year).isoformat() == "2027-01-01"


def test_the_end_of_a_day_is_the_day() -> None:
    assert dates.until(WEDNESDAY.replace(hour=23, minute=59, second=59), NOW) == "11月25日（水）まで"
    assert dates.until(WEDNESDAY, NOW) == "11月25日（水）17:00まで"
    assert dates.until(WEDNESDAY.replace(hour=0), NOW) == "11月25日（水）0:00まで"


def test_a_range_of_one_day_is_that_day() -> None:
    assert dates.span(WEDNESDAY, WEDNESDAY + timedelta(days=2), NOW) == "11月25日（水）～11月27日（金）"
    assert dates.span(WEDNESDAY, WEDNESDAY, NOW) == "11月25日（水）"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "まもなく"),
        (0.4, "まもなく"),
        (1.2, "あと2秒"),
        (59.5, "あと60秒"),
        (60, "あと1分"),
        (130, "あと3分"),
        (3_600, "あと1時間"),
        (4_799, "あと1時間20分"),
        (86_400, "あと1日"),
        (90_000, "あと2日"),
    ],
)
def test_what_is_left_is_rounded_up(seconds: float, said: str) -> None:
    assert dates.remaining(seconds) == said


def test_figures_have_units_and_a_hundred_percent_means_all() -> None:
    assert people(1_234) == "1,234人"
    assert count_of(1_234) == "1,234件"
    assert percent(238, 239) == "99%"
    assert percent(239, 239) == "100%"
    assert percent(0, 0) == "－"
