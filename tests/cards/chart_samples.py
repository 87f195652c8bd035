"""Made-up records of charts in every state, for the cards and for the pictures."""

from datetime import date, datetime, timedelta

from cards.kit.charts.bars import Bar, Bars
from cards.kit.charts.timeline import Moment, Timeline
from cards.kit.charts.trend import Better, Point, Series, Target, Trend
from cards.kit.charts.words import Qualifier
from cards.kit.charts.year import Entry, YearCalendar
from tests.cards.records import HOSTILE_TEXT, JST, LONG_SECTION

START = datetime(2026, 11, 25, 9, 30, tzinfo=JST)
TODAY = date(2026, 11, 22)

BUREAUS = Bars(
    title="テレワークを1回以上した人の割合",
    unit="%",
    own_mark="自局",
    counted="部局",
    target=85,
    source="ボット自己申告（2026年11月）",
    bars=(
        Bar(label="大臣官房", value=81.2),
        Bar(label="行政管理局", value=92.5),
        Bar(label="行政評価局", value=74.5, own=True),
        Bar(label="自治税務局", value=None),
        Bar(label="統計局", value=99.96),
        Bar(label=LONG_SECTION, value=0),
    ),
)
SECTIONS = Bars(
    title="年次休暇の平均取得日数",
    unit="日",
    bars=tuple(
        Bar(
            label=f"第{place}課",
            value=None if place % 9 == 0 else 5 + (place * 37 % 110) / 10,
            own=place == 57,
        )
        for place in range(1, 91)
    ),
)
BARS = {
    "bureaus": BUREAUS,
    "90 sections": SECTIONS,
    "nothing": Bars(title="超過勤務の平均", unit="時間", bars=()),
    "one": Bars(title="超過勤務の平均", unit="時間", bars=(Bar(label="秘書課", value=23.4, own=True),)),
    "all hidden": Bars(
        title="超過勤務の平均", unit="時間", bars=tuple(Bar(label=n, value=None) for n in "甲乙")
    ),
    "all zero": Bars(title="超過勤務の平均", unit="時間", bars=tuple(Bar(label=n, value=0) for n in "甲乙")),
    "over 100 %": Bars(
        title="計画に対する取得率",
        unit="%",
        target=100,
        bars=(Bar(label="甲課", value=130.5), Bar(label="乙課", value=88)),
    ),
    "many people": Bars(
        title="対象者", unit="人", bars=(Bar(label="本省", value=5_012), Bar(label="地方機関", value=298_765))
    ),
    "no data yet": Bars(
        title="超過勤務の平均",
        unit="時間",
        bars=(Bar(label="秘書課", value=23.4), Bar(label="会計課", value=None, words="集計中")),
    ),
    "long names": Bars(
        title="件数",
        unit="件",
        bars=tuple(Bar(label=f"{place}{LONG_SECTION * 2}", value=place) for place in range(20)),
    ),
    "hostile": Bars(
        title=HOSTILE_TEXT,
        unit="%",
        source=HOSTILE_TEXT,
        bars=(
            Bar(label=HOSTILE_TEXT, value=3, own=True),
            Bar(label="", value=4),
            Bar(label="", value=5),
            Bar(label="\u200b", value=None, words="\u202e"),
            Bar(label="課$x^2$と$y$", value=6),
            Bar(label="目標", value=7),
            Bar(label="😀課", value=8, own=True),
        ),
    ),
}


def year_end(fiscal: int) -> date:
    """Return the last day of a fiscal year."""
    return date(fiscal + 1, 3, 31)


LEAVE = Trend(
    title="「男の産休」を5日以上取得した割合",
    unit="%",
    better=Better.UP,
    source="フォローアップ表（令和7年度）",
    target=Target(value=100, label="令和7年度末まで", due=year_end(2025)),
    series=(
        Series(
            points=(
                Point(day=year_end(2023), label="令和5年度", value=70.4),
                Point(day=year_end(2019), label="令和元年度", value=70.2),
            )
        ),
    ),
)
QUALIFIED = Trend(
    title="テレワーク月間の実施率",
    unit="%",
    better=Better.UP,
    source="フォローアップ表とボット自己申告（調査方法が異なります）",
    series=(
        Series(
            name="フォローアップ表",
            points=(
                Point(day=date(2022, 11, 30), label="令和4年11月", value=50, qualifier=Qualifier.LESS_THAN),
                Point(day=date(2023, 11, 30), label="令和5年11月", value=70, qualifier=Qualifier.AT_LEAST),
                Point(day=date(2024, 11, 30), label="令和6年11月", value=72, qualifier=Qualifier.ABOUT),
                Point(day=date(2025, 11, 30), label="令和7年11月", value=None, words="半数以上"),
            ),
        ),
        Series(
            name="ボット自己申告",
            points=(
                Point(day=date(2025, 11, 30), label="令和7年11月", value=68.4),
                Point(day=date(2026, 11, 30), label="令和8年11月", value=75.1),
            ),
        ),
    ),
)


def monthly(name: str, months: int, start: float) -> Series:
    """Return a series of months from April 2024 on."""
    days = [date(2024 + (3 + place) // 12, (3 + place) % 12 + 1, 1) for place in range(months)]
    return Series(
        name=name,
        points=tuple(
            Point(day=day, label=f"{day.year}年{day.month}月", value=start + place * 7 % 13 / 2)
            for place, day in enumerate(days)
        ),
    )


OVERTIME = Trend(
    title="超過勤務の平均",
    unit="時間",
    better=Better.DOWN,
    target=Target(value=30, label="毎月"),
    series=(monthly("自課", 30, 24), monthly("大臣官房", 30, 28), monthly("本省全体", 30, 31)),
)
TRENDS = {
    "towards a target": LEAVE,
    "qualified": QUALIFIED,
    "months of three": OVERTIME,
    "nothing": Trend(title="指標", unit="%", series=(Series(points=()),), target=Target(value=5, label="")),
    "one point": Trend(
        title="指標", unit="%", series=(Series(points=(Point(day=TODAY, label="令和8年度", value=41),)),)
    ),
    "only words": Trend(
        title="指標",
        unit="割合",
        series=(Series(points=(Point(day=TODAY, label="令和8年度", value=None, words="約3分の1"),)),),
    ),
    "only a bound": Trend(
        title="指標",
        unit="%",
        series=(
            Series(
                points=(Point(day=TODAY, label="令和8年度", value=70, qualifier=Qualifier.MORE_THAN),),
            ),
        ),
        target=Target(value=85, label="令和12年まで", due=date(2030, 12, 31)),
    ),
    "zero": Trend(
        title="超過勤務が100時間を超えた人",
        unit="人",
        series=(
            Series(
                points=tuple(
                    Point(day=date(2026, month, 1), label=f"2026年{month}月", value=0) for month in (1, 2)
                )
            ),
        ),
    ),
    "over 100 %": Trend(
        title="計画比",
        unit="%",
        series=(
            Series(
                points=(
                    Point(day=date(2025, 3, 31), label="令和6年度", value=130.5),
                    Point(day=date(2026, 3, 31), label="令和7年度", value=None),
                    Point(day=date(2027, 3, 31), label="令和8年度", value=99.96),
                )
            ),
        ),
    ),
    "hostile": Trend(
        title=HOSTILE_TEXT,
        unit="%",
        source=HOSTILE_TEXT,
        target=Target(value=3, label=HOSTILE_TEXT, due=date(1999, 1, 1)),
        series=(
            Series(
                name=HOSTILE_TEXT,
                points=(
                    Point(day=TODAY, label=HOSTILE_TEXT, value=None, words=HOSTILE_TEXT),
                    Point(day=TODAY, label="", value=1),
                    Point(day=TODAY, label="", value=2),
                    Point(day=date(2027, 1, 1), label="$a$😀", value=2, qualifier=Qualifier.ABOUT),
                ),
            ),
            Series(name="", points=()),
        ),
    ),
}


def course(seconds: range, *, acknowledge: bool = True, total: int = 5_000) -> Timeline:
    """Return a broadcast with a moment at each of these seconds after its start."""
    return Timeline(
        title="「11月はテレワーク月間です」の届き方",
        total=total,
        acknowledge=acknowledge,
        moments=tuple(
            Moment(
                at=START + timedelta(seconds=second),
                delivered=min(4_987, second * 28),
                acknowledged=min(4_321, second // 2),
            )
            for second in seconds
        ),
    )


TIMELINES = {
    "seven minutes": course(range(0, 421, 3)),
    "half a day": course(range(0, 43_000, 600)),
    "three weeks": course(range(0, 21 * 86_400, 3_600)),
    "two years": course(range(0, 730 * 86_400, 86_400)),
    "nothing to confirm": course(range(0, 421, 60), acknowledge=False),
    "not begun": course(range(0)),
    "within a minute": course(range(0, 20, 5)),
    "to nobody": Timeline(
        title="",
        total=0,
        moments=(Moment(at=START, delivered=0), Moment(at=START + timedelta(hours=1), delivered=0)),
    ),
}

_NOTICE, _REMINDER, _TIP, _PULSE, _PERIOD = "お知らせ", "リマインド", "ヒント", "アンケート", "取組期間"
PLAN = YearCalendar(
    title="働き方の年間予定",
    fiscal_year=2026,
    source="取組の一覧",
    entries=(
        Entry(title="異動の趣旨説明の案内", first=date(2026, 4, 6), kind=_NOTICE),
        Entry(title="休暇使用計画表", first=date(2026, 4, 13), last=date(2026, 4, 24), kind=_REMINDER),
        Entry(title="育児時間の申出", first=date(2026, 4, 1), kind=_NOTICE),
        Entry(title="育児時間の年度選択", first=date(2026, 4, 27), kind=_REMINDER),
        Entry(title="集中取組期間", first=date(2026, 7, 1), last=date(2026, 9, 30), kind=_PERIOD),
        *(
            Entry(title="今週のヒント", first=date(2026, 7, 6) + timedelta(weeks=week), kind=_TIP)
            for week in range(12)
        ),
        Entry(title="テレワーク月間の開始", first=date(2026, 11, 2), kind=_NOTICE),
        Entry(title="記録がまだの方へ", first=date(2026, 11, 16), kind=_REMINDER),
        Entry(title="記録がまだの方へ", first=date(2026, 11, 25), kind=_REMINDER),
        Entry(title="多面観察", first=date(2027, 1, 12), last=date(2027, 3, 19), kind=_PERIOD),
        Entry(title="職員アンケート", first=date(2027, 2, 8), last=date(2027, 3, 5), kind=_PULSE),
        Entry(title="前の年度の行事", first=date(2026, 3, 31), kind=_NOTICE),
        Entry(title="次の年度の行事", first=date(2027, 4, 1), kind=_NOTICE),
    ),
)
YEARS = {
    "a plan": PLAN,
    "nothing": YearCalendar(title="", fiscal_year=2026, entries=()),
    "too much": YearCalendar(
        title="多すぎる予定",
        fiscal_year=2027,
        entries=tuple(
            Entry(
                title=f"{place}{LONG_SECTION}",
                first=date(2027, 4, 1) + timedelta(days=place),
                last=date(2027, 4, 3) + timedelta(days=place * 2),
                kind=f"種類{place % 14}",
            )
            for place in range(300)
        ),
    ),
    "hostile": YearCalendar(
        title=HOSTILE_TEXT,
        fiscal_year=2026,
        source=HOSTILE_TEXT,
        entries=(
            Entry(title=HOSTILE_TEXT, first=date(2026, 5, 5), last=date(2026, 5, 1), kind=HOSTILE_TEXT),
            Entry(title="\u200b", first=date(2020, 1, 1), last=date(2030, 1, 1), kind=""),
            Entry(title="$x$😀", first=date(2026, 5, 5)),
        ),
    ),
}
