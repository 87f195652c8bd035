"""What the author sees while a dispatch is under way and after it, and what people see in their lists."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cards.announcements.confirmations import confirmations_card
from cards.announcements.progress import progress_card
from cards.help import PROMISE
from storage.deliveries.records import PauseReason, Reason, Tally
from tests.cards.records import DISPATCH, FINISHED, NOW
from tests.cards.rules import buttons, walk
from tests.cards.samples import SAMPLES
from tests.cards.test_announcement_cards import drawn, offered, said

NEWEST, BUREAUS, STOP = "最新の状況にする", "部局別の確認状況", "送信を止める"


@pytest.mark.parametrize(
    ("name", "words", "buttons_"),
    [
        (
            "scheduled",
            ["予約しています", "2027年1月21日（木）15:04に、全職員の239人へ送ります。"],
            ["予約を取り消す"],
        ),
        ("nothing sent yet", ["239人中0人に届きました（0%）"], [NEWEST, STOP]),
        (
            "sending",
            [
                "送信しています",
                "239人中180人に届きました（75%）",
                "**速さ**　1秒に約28人",
                "**残り時間**　あと3分",
                "**送れなかった**　4人（本人がボットをブロック）",
            ],
            [BUREAUS, NEWEST, STOP],
        ),
        ("sending slowly", ["1秒に1人未満", "あと2時間47分"], [BUREAUS, NEWEST, STOP]),
        (
            "paused, no access",
            ["一時停止中です", "⚠ Teamsに接続できません。"],
            ["*再開する", BUREAUS, NEWEST, STOP],
        ),
        (
            "paused, audience changed",
            ["⚠ 宛先の人数が、承認したときから5%を超えて変わりました。"],
            ["*再開する", NEWEST, STOP],
        ),
        ("paused, audience unresolved", ["⚠ 宛先の一部が見つかりません。"], ["*再開する", NEWEST, STOP]),
        (
            "all delivered",
            [
                "送信が終わりました",
                "239人中239人に届きました（100%）",
                "**確認済み**　239人（届いた人の100%）",
            ],
            [BUREAUS, NEWEST],
        ),
        ("all delivered, nothing to confirm", ["1人中1人に届きました（100%）"], [NEWEST]),
        (
            "failures and unknown",
            [
                "送れなかった57人にもう一度送ります。取りやめた37人にも送られます。",
                "ボットをブロックしている3人には、本人が解除するまで届きません。",
                "同じお知らせが2通届く人が出ることがあります。",
                "アプリが未導入 9人",
                "期限切れ 4人",
            ],
            ["*送れなかった57人に再送", "届いたか不明の2人に再送", "配信済みとして扱う", BUREAUS, NEWEST],
        ),
        (
            "unknown only",
            ["**届いたか不明**　2人"],
            ["*届いたか不明の2人に再送", "配信済みとして扱う", NEWEST],
        ),
        (
            "nobody reached",
            ["239人中0人に届きました（0%）", "239人（アプリが未導入）"],
            ["*送れなかった239人に再送", NEWEST],
        ),
        ("stopped", ["送信を止めました", "139人（取りやめ）"], ["*送れなかった139人に再送", BUREAUS, NEWEST]),
        ("failures after the end", ["掲載が終了しているため、再送はできません。"], [BUREAUS, NEWEST]),
    ],
)
def test_progress_says_how_far_it_is_and_what_may_be_done(
    name: str, words: list[str], buttons_: list[str]
) -> None:
    card = drawn(f"progress: {name}")
    assert [each for each in words if each not in said(card)] == []
    assert offered(card) == buttons_


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_failure_has_its_words(reason: Reason) -> None:
    card = progress_card(FINISHED, Tally(failed=1, reasons={reason: 1}), audience_label="全職員", now=NOW)
    assert "**送れなかった**　1人（" in said(card)
    assert reason.value not in said(card)


@pytest.mark.parametrize("reason", PauseReason)
def test_every_pause_says_what_to_do(reason: PauseReason) -> None:
    card = drawn("progress: paused, " + {"unauthorized": "no access"}.get(reason, reason.replace("_", " ")))
    assert "「再開する」を押してください。" in said(card)


def test_buttons_act_on_their_dispatch() -> None:
    names = {
        button["data"]["dispatch"] for button in buttons(drawn("progress: failures and unknown").content)
    }
    assert names == {"a1.r2.post"}


def test_confirmations_show_counts_by_bureau_and_their_sum() -> None:
    card = confirmations_card(FINISHED, [("大臣官房", 30, 10), ("統計局", 3, 3)], NOW)
    assert "届いた33人のうち13人が確認しました（39%）" in said(card)
    table = next(node for _, node in walk(card.content) if node["type"] == "Table")
    cells = [[cell["items"][0]["text"] for cell in row["cells"]] for row in table["rows"]]
    assert cells == [
        ["部局", "届いた", "確認済み"],
        ["大臣官房", "30人", "10人（33%）"],
        ["統計局", "3人", "3人（100%）"],
        ["合計", "33人", "13人（39%）"],
    ]


def test_confirmations_before_anything_arrived() -> None:
    assert "まだ誰にも届いていません。" in said(drawn("confirmations: none"))


def test_the_list_says_what_each_person_did_and_has_to_do() -> None:
    card = drawn("notices: a page of many")
    words = said(card)
    assert "未確認のお知らせが3件あります。" in words
    assert "未確認・12月11日（金）まで" in words
    assert "未確認・期限を過ぎました（11月20日（金）15:04まで）" in words
    assert "✓ 2025年10月18日（土）に確認しました" in words
    assert "終了しました" in words
    assert offered(card) == ["次の5件を見る"]
    rows = [node["selectAction"] for _, node in walk(card.content) if "selectAction" in node]
    assert [row["verb"] for row in rows] == ["announcement.show"] * 5
    assert rows[0]["title"] == "「11月はテレワーク月間です」を開く"


def test_the_pages_of_the_list_lead_on_and_back() -> None:
    pages = {b["title"]: b["data"]["page"] for b in buttons(drawn("notices: the second page").content)}
    assert pages == {"次の5件を見る": 2, "前に戻る": 0}


def test_the_list_does_not_count_what_it_does_not_show() -> None:
    full = drawn("notices: a page full of unconfirmed")
    assert "未確認のお知らせが3件以上あります。" in said(full)
    assert full.summary == "お知らせ：未確認3件以上"
    assert "続きのお知らせです。" in said(drawn("notices: the second page"))
    assert "このページに未確認のお知らせが1件あります。" in said(
        drawn("notices: unconfirmed on the second page")
    )


def test_many_reasons_of_failure_stand_in_a_list() -> None:
    words = said(drawn("progress: failures and unknown"))
    assert "**送れなかった**　57人\n" in words
    assert "送れなかった理由\n- 本人がボットをブロック 3人\n- アプリが未導入 9人\n" in words


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        (
            "progress: paused, no access",
            (
                "配信状況：11月はテレワーク月間です。一時停止中です。239人中139人に届きました（58%）。"
                "Teamsに接続できません。管理者にお知らせしました。直ったら「再開する」を押してください"
            ),
        ),
        ("progress: scheduled", "配信状況：11月はテレワーク月間です。予約しています"),
        ("confirmations: none", "確認状況：11月はテレワーク月間です。まだ誰にも届いていません。"),
        (
            "notice: to confirm",
            (
                "11月はテレワーク月間です。12月11日（金）までに「確認しました」を押してください。"
                "発信者は官房秘書課です"
            ),
        ),
        (
            "notice: confirmed",
            "11月はテレワーク月間です。11月22日（日）15:04に確認しました。発信者は官房秘書課です",
        ),
    ],
)
def test_a_screen_reader_says_what_it_is_about_and_what_to_do(name: str, spoken: str) -> None:
    assert drawn(name).content["speak"] == spoken


def test_an_empty_list_says_so() -> None:
    assert "届いたお知らせはまだありません。" in said(drawn("notices: none"))


def test_an_announcement_past_its_end_is_no_longer_asked_for() -> None:
    over = replace(DISPATCH, expires=NOW - timedelta(seconds=1))
    assert over.is_over(NOW)
    card = progress_card(over, Tally(queued=1), audience_label="全職員", now=NOW)
    assert offered(card) == [NEWEST, STOP]


@pytest.mark.parametrize("name", ["greeting", "guide"])
def test_what_the_bot_never_does_is_said_word_for_word(name: str) -> None:
    assert PROMISE in said(SAMPLES[name].draw())
    assert PROMISE == (
        "このボットの記録は、人事評価、勤務時間の認定、超過勤務の確認、指導には使いません。"
        "上司に個人別の記録は見せません。入力しないことによる不利益はありません。"
    )


def test_the_menu_leads_to_the_guide_once() -> None:
    guides = {
        name: [
            node
            for _, node in walk(drawn(name).content)
            if node["type"] == "Action.Execute" and node["verb"] == "help.guide"
        ]
        for name in ("menu: staff", "menu: author")
    }
    assert {name: len(found) for name, found in guides.items()} == {"menu: staff": 1, "menu: author": 1}
