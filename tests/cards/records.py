"""Made-up records of which cards are drawn: usual, empty, long, and hostile."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cards import help as help_cards
from cards.announcements import verbs
from cards.announcements.verbs import DraftFields
from cards.help import MenuItem
from storage.announcements.records import Announcement, Importance, Link
from storage.deliveries.records import (
    Dispatch,
    DispatchKind,
    DispatchState,
    Notice,
    Policy,
    Reason,
    Tally,
)

JST = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 22, 15, 4, tzinfo=JST)
DEADLINE = datetime(2026, 12, 11, 23, 59, 59, tzinfo=JST)
EXPIRES = datetime(2026, 12, 12, 23, 59, 59, tzinfo=JST)
LONG_SECTION = "情報流通行政局地域通信振興課デジタル経済推進室企画調整係および関連業務総括担当"
LONG_TITLE = (
    "働き方改革集中取組期間における業務見直し・テレワーク・休暇取得の促進に関する各部局の取組状況の報告について（第三回照会）"
    + "重要な変更があります" * 4
)

BODY = """\
11月は**テレワーク月間**です。期間中に、全職員が少なくとも1回はテレワークを実施してください。

あわせて、Web会議やWeb打合せも試してください。

- 期間：11月2日（月）から11月30日（月）まで
- 対象：本省の全職員
- 記録：勤怠管理アプリにこれまでどおり入力してください

テレワーク中の連絡の取り方は、**「テレワークの手引き」**にまとめました。[手引き](https://portal.soumu.lan/tebiki)をご覧ください。
"""
TELEWORK = Announcement(
    id="a1",
    revision=2,
    title="11月はテレワーク月間です",
    body=BODY,
    audience="all",
    acknowledge=True,
    deadline=DEADLINE,
    issuer="官房秘書課",
    contact="働き方改革・業務見直し推進室（内線 00000）",
    document_number="総官秘第123号",
    reference="https://portal.soumu.lan/tsuchi/123",
    links=(
        Link(title="テレワークの手引き", url="https://portal.soumu.lan/tebiki"),
        Link(title="制度のページ", url="https://www.soumu.go.jp/telework/"),
    ),
    importance=Importance.NORMAL,
    mandatory=False,
    expires=EXPIRES,
    author="p1",
    created_at=NOW,
    updated_at=NOW,
)
FOUR_LINKS = tuple(
    Link(title=title, url=f"https://www.soumu.go.jp/{number}")
    for number, title in enumerate(("制度のページ", "申請の手引き", "よくある質問", "事例集"))
)
BARE = replace(
    TELEWORK,
    body="食堂は、12月1日（火）から改装のため休みます。",
    title="食堂の休業",
    acknowledge=False,
    deadline=None,
    issuer="",
    contact="",
    document_number="",
    reference="",
    links=(),
    expires=None,
)
HOSTILE_TEXT = (
    "<at>全員</at> [押す](javascript:alert(1)) **太字 \u202e逆向き\u202c \u200b見えない\u2066 "
    "`符号` | 表 | {{DATE(2026-11-22T00:00:00Z,SHORT)}} &lt;at&gt; # 見出し ~~線~~ \\*"
)
HOSTILE_PIECES = ("DATE(2026-11-22", "https://user:pass@example.jp/", "[符号］(vbscript:x)")
HOSTILE_BODY = f"""\
# {HOSTILE_TEXT}

{HOSTILE_TEXT}
1. 一つ目
   - 中の項目
- {HOSTILE_TEXT}

| 列 | 列 |
|---|---|
| [悪](data:text/html,x) | ![図](https://example.jp/x.png) |

<script>alert(1)</script>

<div onclick="alert(1)">中身</div>

```
[符号](vbscript:x)
```

[裏の定義]: javascript:alert(1)
[裏の定義] と https://user:pass@example.jp/ と [鍵](https://www.soumu.go.jp/a(b)c "題")
"""
HOSTILE = replace(
    TELEWORK,
    title=HOSTILE_TEXT,
    body=HOSTILE_BODY,
    issuer=HOSTILE_TEXT,
    contact=HOSTILE_TEXT,
    document_number=HOSTILE_TEXT,
    reference="javascript:alert(1)",
    links=(
        Link(title="悪い", url="javascript:alert(1)"),
        Link(title=HOSTILE_TEXT, url="https://www.soumu.go.jp/<at>(x)"),
    ),
)
LONG_BODY = (
    "働き方改革の推進のため、次のとおり取り組みます。各課室で話し合い、できることから始めてください。" * 4
    + "\n\n"
) * 44
AUDIENCES = (
    ("all", "全職員"),
    ("headquarters", "本省"),
    ("section:1000", "大臣官房"),
    ("section:9000", LONG_SECTION),
)
BUREAUS = (
    "大臣官房",
    "行政管理局",
    "行政評価局",
    "自治行政局",
    "自治財政局",
    "自治税務局",
    "国際戦略局",
    "情報流通行政局",
    "総合通信基盤局",
    "統計局",
    "北海道総合通信局",
    LONG_SECTION,
)
HEAD_COUNTS = tuple((name, 35 - 2 * index) for index, name in enumerate(BUREAUS))
FILLED = DraftFields(
    announcement="a1",
    title="11月はテレワーク月間です",
    body=BODY,
    audience="all",
    acknowledge="true",
    deadline="2026-12-11",
    issuer="官房秘書課",
    contact="推進室（内線 00000）",
    document_number="総官秘第123号",
    reference="https://portal.soumu.lan/tsuchi/123",
    links="手引き https://portal.soumu.lan/tebiki",
    importance="normal",
    expires="2026-12-12",
)
ERRORS = {
    "title": "件名を入力してください。",
    "audience": "宛先を選ぶか、課室名を入力してください。",
    "deadline": "確認の期限が過ぎています。これからの日付にしてください。",
    "expires": "掲載の終了は、確認の期限より後にしてください。",
}
DISPATCH = Dispatch(
    id="a1.r2.post",
    subject="a1",
    revision=2,
    kind=DispatchKind.POST,
    policy=Policy.HOLD,
    state=DispatchState.SENDING,
    title="11月はテレワーク月間です",
    content="{}",
    audience="all",
    head_count=239,
    acknowledge=True,
    deadline=DEADLINE,
    expires=EXPIRES,
    created_by="p1",
    created_at=NOW,
    start_at=NOW,
    give_up_at=EXPIRES,
    started_at=NOW,
)
FINISHED = replace(DISPATCH, state=DispatchState.FINISHED, finished_at=NOW)
QUIET = replace(FINISHED, acknowledge=False, deadline=None)
ALL_FAILURES = Tally(
    delivered=180,
    failed=57,
    unknown=2,
    acknowledged=61,
    reasons={
        Reason.BLOCKED: 3,
        Reason.NOT_INSTALLED: 9,
        Reason.NOT_FOUND: 1,
        Reason.UNLICENSED: 2,
        Reason.REJECTED: 1,
        Reason.EXPIRED: 4,
        Reason.CANCELLED: 37,
    },
    doubts={"timeout": 2},
)
CONFIRMED = tuple((name, count, count * index // 12) for index, (name, count) in enumerate(HEAD_COUNTS))
CONTACT = "大臣官房秘書課 働き方改革・業務見直し推進室（内線 00000）"


def notice(title: str, **changes: Any) -> Notice:
    """Return a notice as one person has it; changes name fields of the notice or of its dispatch."""
    mine = {name: changes.pop(name) for name in ("acknowledged_at",) if name in changes}
    return Notice(
        dispatch=replace(FINISHED, title=title, **changes),
        **{"acknowledged_at": None, "delivered_at": NOW - timedelta(days=3), "section": "1100"} | mine,
    )


NOTICES = (
    notice("11月はテレワーク月間です"),
    notice(LONG_TITLE, deadline=NOW - timedelta(days=2)),
    notice("期限のないお知らせ", deadline=None),
    notice("夏季の集中取組期間", acknowledged_at=NOW - timedelta(days=400)),
    notice("食堂の休業", acknowledge=False, expires=NOW - timedelta(days=1)),
)
MENU = (
    MenuItem(
        label="お知らせ",
        description="届いたお知らせを読み、確認します",
        verb=verbs.LIST,
        payload=verbs.PageRef(),
    ),
    MenuItem(label="周知を作る", description="お知らせを書いて、職員に送ります", verb=verbs.NEW),
    MenuItem(label="使い方", description="このボットでできることと、お約束", verb=help_cards.GUIDE),
)
