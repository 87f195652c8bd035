"""Every card in every state, from made-up records: what the checker walks and what pictures are drawn from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cards import help as help_cards
from cards.announcements import verbs
from cards.announcements.confirmations import confirmations_card
from cards.announcements.form import form_card
from cards.announcements.lists import notices_card
from cards.announcements.notice import notice_card
from cards.announcements.preview import preview_card
from cards.announcements.progress import progress_card
from cards.announcements.verbs import DraftFields
from cards.help import MenuItem
from cards.kit.card import Card
from storage.announcements.records import Announcement, Importance, Link
from storage.deliveries.records import (
    Dispatch,
    DispatchKind,
    DispatchState,
    Notice,
    PauseReason,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A card in one state. `given` are the texts of its records, which may be in any language or form."""

    draw: Callable[[], Card]
    given: tuple[str, ...] = ()


def _notice(announcement: Announcement, **options: Any) -> Sample:
    return Sample(draw=lambda: notice_card(announcement, now=NOW, **options), given=_texts(announcement))


def _preview(
    announcement: Announcement, head_counts: tuple[tuple[str, int], ...], label: str = "全職員"
) -> Sample:
    return Sample(
        draw=lambda: preview_card(
            announcement,
            head_counts=head_counts,
            total=sum(count for _, count in head_counts),
            audience_label=label,
            now=NOW,
        ),
        given=_texts(announcement),
    )


def _texts(announcement: Announcement) -> tuple[str, ...]:
    links = (text for link in announcement.links for text in (link.title, link.url))
    return (
        announcement.title,
        announcement.body,
        announcement.issuer,
        announcement.contact,
        announcement.document_number,
        *links,
    )


def _form(fields: DraftFields, errors: Mapping[str, str] = {}) -> Sample:
    values = tuple(str(getattr(fields, name)) for name in fields.__slots__)
    return Sample(draw=lambda: form_card(fields, errors, AUDIENCES, NOW), given=values)


def _progress(dispatch: Dispatch, tally: Tally, **options: Any) -> Sample:
    return Sample(
        draw=lambda: progress_card(dispatch, tally, audience_label="全職員", now=NOW, **options),
        given=(dispatch.title,),
    )


def _paused(reason: PauseReason, tally: Tally) -> Sample:
    return _progress(replace(DISPATCH, state=DispatchState.PAUSED, pause_reason=reason), tally)


SAMPLES: dict[str, Sample] = {
    "form: empty": _form(DraftFields()),
    "form: filled in": _form(FILLED),
    "form: errors": _form(replace(FILLED, title="", audience="", deadline="2026-11-01"), ERRORS),
    "form: body of 100,000 characters": _form(
        replace(FILLED, body="あ" * 100_000), {"body": "本文は8,000文字以内にしてください。"}
    ),
    "form: everything far too long": _form(
        DraftFields(
            **{name: '\n\U0001f600"' * 40_000 for name in DraftFields.__slots__ if name != "announcement"}
        )  # type: ignore[attr-defined]
    ),
    "form: hostile": _form(DraftFields(title=HOSTILE_TEXT, body=HOSTILE_BODY, deadline="x", audience="<at>")),
    "notice: to confirm": _notice(TELEWORK),
    "notice: important, no deadline": _notice(
        replace(TELEWORK, importance=Importance.HIGH, deadline=None, links=())
    ),
    "notice: deadline with a time": _notice(replace(TELEWORK, deadline=DEADLINE.replace(hour=17, minute=0))),
    "notice: deadline has passed": _notice(replace(TELEWORK, deadline=NOW - timedelta(days=1))),
    "notice: confirmed": _notice(TELEWORK, acknowledged_at=NOW),
    "notice: confirmed, no links": _notice(replace(TELEWORK, links=()), acknowledged_at=NOW),
    "notice: ended": _notice(replace(TELEWORK, expires=NOW - timedelta(days=1)), expired=True),
    "notice: confirmed and ended": _notice(TELEWORK, acknowledged_at=NOW, expired=True),
    "notice: nothing to confirm": _notice(BARE),
    "notice: trial": _notice(TELEWORK, trial=True),
    "notice: no body, no name": _notice(replace(BARE, title="", body="")),
    "notice: emoji-only title": _notice(replace(TELEWORK, title="🎉👨‍👩‍👧")),
    "notice: long title": _notice(replace(TELEWORK, title=LONG_TITLE, issuer=LONG_SECTION)),
    "notice: body of 8,000 characters": _notice(replace(TELEWORK, body=LONG_BODY)),
    "notice: one paragraph of 8,000 characters": _notice(replace(TELEWORK, body=LONG_BODY.replace("\n", ""))),
    "notice: 600 lines": _notice(replace(TELEWORK, body="あいうえお\n\n" * 600)),
    "notice: hostile": _notice(HOSTILE),
    "notice: four links": _notice(replace(TELEWORK, links=TELEWORK.links * 2)),
    "preview: one bureau": _preview(TELEWORK, HEAD_COUNTS[:1], label="大臣官房"),
    "preview: many bureaus": _preview(TELEWORK, HEAD_COUNTS),
    "preview: 90 bureaus": _preview(TELEWORK, tuple((LONG_SECTION, 1_000) for _ in range(90))),
    "preview: nothing to confirm": _preview(BARE, HEAD_COUNTS[:5]),
    "preview: hostile": _preview(HOSTILE, HEAD_COUNTS),
    "preview: body of 8,000 characters": _preview(replace(TELEWORK, body=LONG_BODY), HEAD_COUNTS),
    "progress: scheduled": _progress(
        replace(DISPATCH, state=DispatchState.SCHEDULED, start_at=NOW + timedelta(days=60), started_at=None),
        Tally(),
    ),
    "progress: nothing sent yet": _progress(DISPATCH, Tally(queued=239)),
    "progress: sending": _progress(
        DISPATCH,
        Tally(queued=50, sending=5, delivered=180, failed=4, acknowledged=12, reasons={Reason.BLOCKED: 4}),
        pace_per_s=27.6,
        seconds_left=130.0,
    ),
    "progress: sending slowly": _progress(
        DISPATCH, Tally(queued=4_000, delivered=1_000), pace_per_s=0.4, seconds_left=10_000.0
    ),
    "progress: paused, no access": _paused(PauseReason.UNAUTHORIZED, Tally(queued=100, delivered=139)),
    "progress: paused, audience changed": _paused(PauseReason.AUDIENCE_CHANGED, Tally()),
    "progress: paused, audience unresolved": _paused(PauseReason.AUDIENCE_UNRESOLVED, Tally()),
    "progress: all delivered": _progress(FINISHED, Tally(delivered=239, acknowledged=239)),
    "progress: all delivered, nothing to confirm": _progress(QUIET, Tally(delivered=1)),
    "progress: failures and unknown": _progress(FINISHED, ALL_FAILURES),
    "progress: unknown only": _progress(QUIET, Tally(delivered=237, unknown=2)),
    "progress: nobody reached": _progress(FINISHED, Tally(failed=239, reasons={Reason.NOT_INSTALLED: 239})),
    "progress: stopped": _progress(
        replace(FINISHED, state=DispatchState.STOPPED),
        Tally(delivered=100, failed=139, reasons={Reason.CANCELLED: 139}),
    ),
    "progress: failures after the end": _progress(replace(FINISHED, expires=NOW), ALL_FAILURES),
    "progress: hostile": _progress(replace(DISPATCH, title=HOSTILE_TEXT), Tally(queued=1)),
    "confirmations: none": Sample(draw=lambda: confirmations_card(FINISHED, (), NOW)),
    "confirmations: one bureau": Sample(draw=lambda: confirmations_card(QUIET, CONFIRMED[1:2], NOW)),
    "confirmations: many bureaus": Sample(draw=lambda: confirmations_card(FINISHED, CONFIRMED, NOW)),
    "confirmations: 90 bureaus": Sample(
        draw=lambda: confirmations_card(FINISHED, [(LONG_SECTION, 1_000, 999)] * 90, NOW)
    ),
    "notices: none": Sample(draw=lambda: notices_card((), NOW)),
    "notices: none on a later page": Sample(draw=lambda: notices_card((), NOW, 3)),
    "notices: one": Sample(draw=lambda: notices_card(NOTICES[3:4], NOW)),
    "notices: a page of many": Sample(draw=lambda: notices_card(NOTICES, NOW, has_more=True)),
    "notices: the second page": Sample(draw=lambda: notices_card(NOTICES[3:], NOW, 1, has_more=True)),
    "notices: hostile": Sample(
        draw=lambda: notices_card([notice(HOSTILE_TEXT), notice("")], NOW), given=(HOSTILE_TEXT,)
    ),
    "menu: staff": Sample(draw=lambda: help_cards.menu_card(MENU[:1])),
    "menu: author": Sample(draw=lambda: help_cards.menu_card(MENU)),
    "menu: twelve items": Sample(draw=lambda: help_cards.menu_card(MENU * 4)),
    "greeting": Sample(draw=lambda: help_cards.greeting_card(contact=CONTACT)),
    "guide": Sample(draw=lambda: help_cards.guide_card(MENU, contact=CONTACT)),
    "not understood": Sample(draw=lambda: help_cards.not_understood_card(MENU)),
    "message": Sample(
        draw=lambda: help_cards.message_card(
            "このお知らせは取り消されました", "内容が変わったため、発信者が取り消しました。操作は要りません。"
        )
    ),
}
