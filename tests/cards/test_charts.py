"""Charts on cards: the rules hold in every state, and the words say what the drawing shows."""

import math
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from microsoft_teams.cards import CardElement

from cards.help import MENU
from cards.kit import actions
from cards.kit.build import card
from cards.kit.charts.bars import Bar, Bars
from cards.kit.charts.elements import bar_chart, timeline_chart, trend_chart
from cards.kit.charts.timeline import Moment, Timeline
from cards.kit.charts.trend import Point, Series, Target, Trend
from cards.kit.charts.words import NOTHING, Qualifier, amount, ceiling
from cards.kit.charts.year import Entry, YearCalendar
from cards.kit.charts.year_table import year_table
from cards.kit.text import plain
from cards.kit.verbs import Nothing
from tests.cards.chart_samples import (
    BARS,
    BUREAUS,
    LEAVE,
    OVERTIME,
    PLAN,
    QUALIFIED,
    SECTIONS,
    START,
    TIMELINES,
    TODAY,
    TRENDS,
    YEARS,
    course,
)
from tests.cards.known import VERBS
from tests.cards.records import HOSTILE_PIECES, HOSTILE_TEXT, JST, LONG_SECTION
from tests.cards.rules import Node, problems_of, visible_texts, walk

DRAWN: dict[str, Callable[[], list[CardElement]]] = {
    **{f"bars: {name}": partial(bar_chart, each) for name, each in BARS.items()},
    **{f"trend: {name}": partial(trend_chart, each) for name, each in TRENDS.items()},
    **{f"timeline: {name}": partial(timeline_chart, each) for name, each in TIMELINES.items()},
    **{f"year: {name}": partial(year_table, each, today=TODAY) for name, each in YEARS.items()},
}


def on_a_card(elements: list[CardElement]) -> dict[str, Any]:
    return card("グラフ", elements, [actions.secondary("メニューを開く", MENU, Nothing())]).content


def charts(elements: list[CardElement]) -> list[Node]:
    return [node for _, node in walk(on_a_card(elements)) if node["type"].startswith("Chart.")]


def words(elements: list[CardElement]) -> str:
    return "\n".join(visible_texts(on_a_card(elements)))


def table(elements: list[CardElement]) -> list[list[str]]:
    found = next(node for _, node in walk(on_a_card(elements)) if node["type"] == "Table")
    return [
        ["\n".join(item["text"] for item in cell["items"]) for cell in row["cells"]] for row in found["rows"]
    ]


def figure(said: str) -> float | None:
    """Return the number of a figure in words."""
    found = re.search(r"[\d,]+(?:\.\d)?", said)
    return float(found[0].replace(",", "")) if found else None


def listed(elements: list[CardElement]) -> dict[str, str]:
    """Return what the list says of each name."""
    lines = next(text for text in words(elements).split("\n- ", 1)[1:]).split("\n- ")
    lines = [line.split("\n")[0] for line in lines]
    pairs = (line.rsplit("　", 1) for line in lines)
    return {name.removeprefix("**").removesuffix("**"): said for name, said in pairs}


# The rules, in every state --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
def test_a_card_with_a_chart_keeps_the_rules(name: str) -> None:
    given_texts = (HOSTILE_TEXT, *HOSTILE_PIECES, "$x$😀", "$a$😀", "課$x^2$と$y$")
    assert problems_of(on_a_card(DRAWN[name]()), verbs=VERBS, given=given_texts) == []


@pytest.mark.parametrize("name", sorted(set(DRAWN) - {"year: too much"}))
def test_a_chart_is_made_in_two_milliseconds(name: str) -> None:
    DRAWN[name]()
    started = time.process_time()
    for _ in range(20):
        DRAWN[name]()
    assert (time.process_time() - started) / 20 < 0.002


LABELS = st.text(alphabet="課室局あア*_`[]()<>#|~\\{}&$\u202e\u200b😀 　\n-+.", max_size=50)
VALUES = st.none() | st.floats(0, 1e6) | st.integers(0, 10**12)


@settings(deadline=None)
@given(
    st.lists(st.builds(Bar, label=LABELS, value=VALUES, own=st.booleans()), max_size=30),
    st.none() | st.floats(0, 100),
    st.sampled_from(["%", "人", "時間", "日"]),
)
def test_bars_say_in_words_what_they_draw(bars: list[Bar], target: float | None, unit: str) -> None:
    elements = bar_chart(Bars(title="割合", unit=unit, bars=tuple(bars), target=target))
    for chart in charts(elements):
        labels = [point["x"] for point in chart["data"]]
        assert len(set(labels)) == len(labels), "Teams adds up what has one label"
        drawn = {plain(point["x"]): point["y"] for point in chart["data"]}
        said = {name: figure(said) for name, said in listed(elements).items()}
        assert drawn == {name: value for name, value in said.items() if value is not None}
    assert (
        len(listed(elements)) == min(len(bars), 12) + (target is not None)
        if bars
        else NOTHING in words(elements)
    )
    assert_all_figures_stand_as_text(elements)


POINTS = st.builds(
    Point,
    day=st.dates(date(2019, 4, 1), date(2031, 3, 31)),
    label=LABELS,
    value=VALUES,
    qualifier=st.sampled_from(Qualifier),
)


@settings(deadline=None)
@given(st.lists(st.lists(POINTS, max_size=8), min_size=1, max_size=3), st.none() | st.floats(0, 100))
def test_a_trend_says_in_words_what_it_draws(series: list[list[Point]], target: float | None) -> None:
    trend = Trend(
        title="割合",
        unit="%",
        series=tuple(Series(points=tuple(points)) for points in series),
        target=None if target is None else Target(value=target, label="令和12年まで", due=date(2030, 12, 31)),
    )
    elements = trend_chart(trend)
    assert_all_figures_stand_as_text(elements)
    exact = {
        value
        for chart in charts(elements)
        for line in chart["data"]
        if not line["legend"].startswith("目標") and not line["legend"].endswith("（約）")
        for value in (point["y"] for point in line["values"])
    }
    published = {point for points in series for point in points if point.value is not None}
    allowed = {figure(point.said("%")) for point in published if point.qualifier is Qualifier.EXACTLY}
    assert exact <= allowed


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40 * 86_400), st.integers(0, 6_000), st.integers(0, 6_000)), max_size=60
    ),
    st.integers(0, 5_000),
)
def test_a_timeline_says_in_words_what_it_draws(moments: list[tuple[int, int, int]], total: int) -> None:
    timeline = Timeline(
        title="届き方",
        total=total,
        acknowledge=True,
        moments=tuple(
            Moment(at=START + timedelta(seconds=at), delivered=delivered, acknowledged=acknowledged)
            for at, delivered, acknowledged in moments
        ),
    )
    elements = timeline_chart(timeline)
    for chart in charts(elements):
        drawn = [[point["y"] for point in line["values"]] for line in chart["data"]]
        rows = table(elements)[1:]
        assert drawn == [[figure(row[column]) for row in rows] for column in (1, 2)]
        assert 2 <= len(rows) <= 6
    assert_all_figures_stand_as_text(elements)


def assert_all_figures_stand_as_text(elements: list[CardElement]) -> None:
    found = problems_of(on_a_card(elements), verbs=VERBS)
    assert [
        each for each in found if "not stand" in each or "property" in each or "Input should" in each
    ] == []


# Bars -----------------------------------------------------------------------------------------------------


def test_ones_own_section_is_marked_in_words_and_by_colour() -> None:
    elements = bar_chart(BUREAUS)
    (chart,) = charts(elements)
    colours = {point["x"]: point["color"] for point in chart["data"]}
    assert colours.pop("行政評価局（自局）") == "categoricalLightBlue"
    assert colours.pop("目標") == "good"
    assert set(colours.values()) == {"neutral"}
    assert "- **行政評価局（自局）**　74.5%" in words(elements)
    assert "- 大臣官房　81.2%" in words(elements)


def test_a_small_group_has_no_bar_and_no_figure() -> None:
    elements = bar_chart(BUREAUS)
    (chart,) = charts(elements)
    assert "自治税務局" not in [point["x"] for point in chart["data"]]
    assert listed(elements)["自治税務局"] == "非公表"
    assert "「非公表」は、人数が少ないため値を示していません。" in words(elements)
    assert "人数が少ない" not in words(bar_chart(BARS["no data yet"]))
    assert listed(bar_chart(BARS["no data yet"]))["会計課"] == "集計中"


def test_a_hundred_per_cent_means_all() -> None:
    assert listed(bar_chart(BUREAUS))["統計局"] == "99.9%"
    assert amount(100, "%") == "100%"
    assert amount(99.96, "時間") == "100時間"
    assert amount(100.04, "%") == "100%"
    assert (amount(0.25, "日"), amount(0.35, "日"), amount(1234, "人")) == ("0.3日", "0.4日", "1,234人")


def test_many_sections_are_summarised_and_the_own_one_stays() -> None:
    elements = bar_chart(SECTIONS)
    said = listed(elements)
    assert len(said) == 12
    assert list(said)[-1] == "第57課（自課）"
    rest = [bar.value for bar in SECTIONS.bars[11:] if bar.value is not None and not bar.own]
    hidden = [bar for bar in SECTIONS.bars[11:] if bar.value is None]
    assert (
        f"ほか78課室は{min(rest):g}日～{max(rest):g}日です（値を示さない{len(hidden)}課室を除きます）。"
        in words(elements)
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([None, None, None], "ほか2課室の値は示していません。"),
        ([1, 2, 2], "ほか2課室は2日です。"),
        ([1, 2, None], "ほか2課室は2日です（値を示さない1課室を除きます）。"),
    ],
)
def test_the_sentence_on_the_others_gives_no_more_than_their_bars(
    values: list[float | None], sentence: str
) -> None:
    bars = Bars(title="日数", unit="日", bars=tuple(Bar(label=f"課{v}", value=v) for v in values))
    assert sentence in words(bar_chart(bars, most=1))


@pytest.mark.parametrize("name", ["nothing", "one", "all hidden"])
def test_nothing_to_compare_is_no_chart(name: str) -> None:
    assert charts(bar_chart(BARS[name])) == []
    assert len(charts(bar_chart(BARS["all zero"]))) == 1


def test_names_that_come_again_are_told_apart() -> None:
    bars = Bars(
        title="件数", unit="件", bars=tuple(Bar(label=n, value=1) for n in ("総務課", "総務課", "目標", ""))
    )
    (chart,) = charts(bar_chart(replace(bars, target=5)))
    assert [point["x"] for point in chart["data"]] == [
        "総務課",
        "総務課（2）",
        "目標（2）",
        "（名称なし）",
        "目標",
    ]


def test_a_long_name_is_kept_up_to_forty_letters() -> None:
    assert LONG_SECTION in words(bar_chart(BUREAUS))
    assert max(map(len, listed(bar_chart(BARS["long names"])))) == 40


# Trends ---------------------------------------------------------------------------------------------------


def test_a_line_leads_to_the_targets_day() -> None:
    elements = trend_chart(LEAVE)
    (chart,) = charts(elements)
    actual, goal = chart["data"]
    assert actual == {
        "legend": "実績",
        "color": "categoricalLightBlue",
        "values": [{"x": "2020-03-31", "y": 70.2}, {"x": "2024-03-31", "y": 70.4}],
    }
    assert (goal["legend"], goal["color"]) == ("目標 100%", "good")
    assert goal["values"] == [{"x": "2020-03-31", "y": 100.0}, {"x": "2026-03-31", "y": 100.0}]
    assert (chart["yMin"], chart["yMax"]) == (0, 100)
    assert table(elements) == [["時期", "実績"], ["令和元年度", "70.2%"], ["令和5年度", "70.4%"]]
    assert "**目標（令和7年度末まで）**　100%" in words(elements)
    assert "値が高いほど良い指標です。" in words(elements)
    assert "出典：フォローアップ表（令和7年度）" in words(elements)


def test_a_target_that_is_past_reaches_the_newest_value() -> None:
    past = replace(LEAVE, target=Target(value=100, label="", due=date(2021, 1, 1)))
    (chart,) = charts(trend_chart(past))
    assert [point["x"] for point in chart["data"][-1]["values"]] == ["2020-03-31", "2024-03-31"]


def test_a_qualified_value_is_never_shown_as_an_exact_one() -> None:
    elements = trend_chart(QUALIFIED)
    (chart,) = charts(elements)
    drawn = {line["legend"]: [point["y"] for point in line["values"]] for line in chart["data"]}
    assert drawn == {"フォローアップ表（約）": [72], "ボット自己申告": [68.4, 75.1]}
    assert table(elements) == [
        ["時期", "フォローアップ表", "ボット自己申告"],
        ["令和4年11月", "50%未満", "－"],
        ["令和5年11月", "70%以上", "－"],
        ["令和6年11月", "約72%", "－"],
        ["令和7年11月", "半数以上", "68.4%"],
        ["令和8年11月", "－", "75.1%"],
    ]
    assert "幅のある値や数字のない値は、グラフに点を描いていません。" in words(elements)


@pytest.mark.parametrize("name", ["nothing", "one point", "only words", "only a bound"])
def test_fewer_than_two_values_are_no_line(name: str) -> None:
    assert charts(trend_chart(TRENDS[name])) == []


def test_only_the_latest_times_stand_on_the_card() -> None:
    elements = trend_chart(OVERTIME)
    (chart,) = charts(elements)
    assert [len(line["values"]) for line in chart["data"]] == [6, 6, 6, 2]
    assert next(iter(listed(elements))) == "2026年4月"
    assert re.search(
        r"- 2026年9月　自課 [\d.]+時間・大臣官房 [\d.]+時間・本省全体 [\d.]+時間", words(elements)
    )
    assert "これより前の24時点は省略しています。" in words(elements)
    assert "値が低いほど良い指標です。" in words(elements)


def test_a_phone_has_room_for_the_months_of_a_year_in_two_columns() -> None:
    elements = trend_chart(replace(OVERTIME, series=OVERTIME.series[:2]))
    assert len(table(elements)) == 13
    assert table(elements)[-1][0] == "2026年9月"


@settings(deadline=None)
@given(st.floats(0.1, 1e9))
def test_an_axis_ends_soon_after_the_highest_value_and_has_round_quarters(highest: float) -> None:
    end = ceiling(highest)
    assert highest <= end <= highest * 1.51
    assert len(f"{end / 4:.6e}".split("e")[0].rstrip("0").replace(".", "")) <= 2


# Timelines ------------------------------------------------------------------------------------------------


def test_the_course_of_minutes() -> None:
    elements = timeline_chart(TIMELINES["seven minutes"])
    (chart,) = charts(elements)
    assert [point["x"] for point in chart["data"][0]["values"]] == ["9:30", "9:32", "9:34", "9:36", "9:37"]
    assert table(elements) == [
        ["時刻", "届いた", "確認した"],
        ["9:30", "0%", "0%"],
        ["9:32", "67.2%", "1.2%"],
        ["9:34", "99.7%", "2.4%"],
        ["9:36", "99.7%", "3.6%"],
        ["9:37", "99.7%", "4.2%"],
    ]
    assert "宛先5,000人のうち4,987人に届き、210人が確認しました。" in words(elements)


def test_the_course_of_weeks_goes_by_days_in_japan() -> None:
    evening = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # half past midnight in Japan
    timeline = Timeline(
        title="届き方",
        total=10,
        moments=tuple(Moment(at=evening + timedelta(days=place), delivered=place) for place in range(3)),
    )
    elements = timeline_chart(timeline)
    (chart,) = charts(elements)
    assert [point["x"] for point in chart["data"][0]["values"]] == ["2026-11-26", "2026-11-27", "2026-11-28"]
    assert table(elements)[1:] == [
        ["11月26日（木）", "0%"],
        ["11月27日（金）", "10%"],
        ["11月28日（土）", "20%"],
    ]
    assert "宛先10人のうち2人に届きました。" in words(elements)


@pytest.mark.parametrize("name", TIMELINES)
def test_the_newest_state_comes_last(name: str) -> None:
    timeline = TIMELINES[name]
    steps = timeline.steps(6)
    assert len(steps) <= 6
    if timeline.moments:
        assert steps[-1].at == timeline.moments[-1].at
        assert steps[-1].delivered == timeline.share(timeline.moments[-1].delivered)


@pytest.mark.parametrize("name", ["not begun", "within a minute"])
def test_a_broadcast_without_a_course_is_words(name: str) -> None:
    assert charts(timeline_chart(TIMELINES[name])) == []


def test_moments_in_any_order_are_one_course() -> None:
    timeline = course(range(0, 421, 3))
    turned = replace(timeline, moments=timeline.moments[::-1])
    assert turned.steps(6) == timeline.steps(6)


# The year -------------------------------------------------------------------------------------------------


def test_a_year_goes_from_april_to_march() -> None:
    elements = year_table(PLAN, today=TODAY)
    rows = table(elements)
    months = [f"{month}月" for month in (*range(4, 13), *range(1, 4))]
    assert [row[0].split("\n")[0] for row in rows] == ["月", *months]
    assert [row[0] for row in rows if "今月" in row[0]] == ["11月\n今月"]
    assert "働き方の年間予定（2026年4月～2027年3月）" in words(elements)
    assert "● お知らせ　■ リマインド　◆ ヒント" not in words(elements)
    assert "● お知らせ　■ リマインド　▲ 取組期間　◆ ヒント　★ アンケート" in words(elements)
    assert "年度の行事" not in words(elements)


def test_a_month_says_what_is_on() -> None:
    months = {row[0].split("\n")[0]: row[1].split("\n") for row in table(year_table(PLAN, today=TODAY))}
    assert months["4月"] == [
        "● 1日（水）　育児時間の申出",
        "● 6日（月）　異動の趣旨説明の案内",
        "■ 13日（月）～24日（金）　休暇使用計画表",
        "ほか1件",
    ]
    assert months["5月"] == ["予定はありません"]
    assert months["7月"] == ["▲ 1日（水）～9月30日（水）　集中取組期間", "◆ 6日（月）から4回　今週のヒント"]
    assert months["8月"] == ["▲ 9月30日（水）まで　集中取組期間", "◆ 3日（月）から5回　今週のヒント"]
    assert months["9月"][0] == "▲ 30日（水）まで　集中取組期間"
    assert months["11月"][1] == "■ 16日（月）・25日（水）　記録がまだの方へ"


def test_a_day_of_a_later_year_says_its_year() -> None:
    rows = table(year_table(YEARS["hostile"], today=TODAY))
    assert rows[1] == ["4月", "● 2030年1月1日（火）まで　（件名なし）"]


def test_another_year_has_no_present_month() -> None:
    assert "今月" not in words(year_table(PLAN, today=date(2025, 11, 22)))


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Entry,
            title=LABELS,
            first=st.dates(date(2025, 1, 1), date(2028, 1, 1)),
            last=st.none() | st.dates(date(2025, 1, 1), date(2028, 1, 1)),
            kind=LABELS,
        ),
        max_size=40,
    )
)
def test_every_day_of_an_entry_stands_in_its_month(entries: list[Entry]) -> None:
    calendar = YearCalendar(title="予定", fiscal_year=2026, entries=tuple(entries))
    year = (date(2026, 4, 1), date(2027, 3, 31))
    expected = {
        day
        for entry in entries
        for day in (entry.first + timedelta(days=n) for n in range((entry.end - entry.first).days + 1))
        if year[0] <= day <= year[1]
    }
    shown = {
        date(month.year, month.month, day)
        for month in calendar.months()
        for item in month.items
        for first, last in item.spans
        for day in range(first, last + 1)
    }
    assert shown == expected
    assert problems_of(on_a_card(year_table(calendar, today=TODAY)), verbs=VERBS, given=("予定",)) == []


# What no chart can show -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, 1e13])
def test_a_value_that_no_chart_can_show_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="a chart shows values from 0"):
        Bar(label="甲課", value=value)
    with pytest.raises(ValueError, match="a chart shows values from 0"):
        Point(day=TODAY, label="令和8年度", value=value)
    with pytest.raises(ValueError, match="a chart shows values from 0"):
        Target(value=value, label="")
    with pytest.raises(ValueError, match="a chart shows values from 0"):
        Bars(title="", unit="%", bars=(), target=value)


@pytest.mark.parametrize("count", [0, 4])
def test_more_lines_than_an_eye_can_follow_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="a trend has 1 to 3 series"):
        Trend(title="", unit="%", series=(Series(points=()),) * count)


def test_a_moment_is_aware_and_counts_people() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Timeline(title="", total=1, moments=(Moment(at=START.replace(tzinfo=None), delivered=0),))
    with pytest.raises(ValueError, match="less than never"):
        Timeline(title="", total=1, moments=(Moment(at=START.astimezone(JST), delivered=-1),))
