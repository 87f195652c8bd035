"""An announcement in a real browser: written, sent to everybody, confirmed, counted."""

import json
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.colleagues import BLOCKED, NOT_FOUND, NOT_INSTALLED
from tests.e2e.stage import Stage
from tests.e2e.window import ChatWindow

pytestmark = pytest.mark.e2e

_TITLE = "11月はテレワーク月間です"
_BODY = """11月は、省全体で取り組む**テレワーク月間**です。

- 月間中に、全員が少なくとも1回はテレワークをしてください。
- 会議や打合せは、まずWeb会議でできないか試してください。
- 課室長は、部下の希望を聞き、実施できる日を調整してください。

業務の都合で難しいときは、早めに課室の庶務担当に相談してください。"""
_LINK = "テレワークの手引 https://www.example.go.jp/telework"
_PROMISE = "人事評価、勤務時間の認定、超過勤務の確認、指導には使いません"
_UNREACHABLE = len(BLOCKED) + len(NOT_INSTALLED) + len(NOT_FOUND)
_RECIPIENTS = 236
_SENT_WITHIN, _FOLLOWS_WITHIN = 90, 30  # seconds


async def test_the_telework_notice_is_written_sent_confirmed_and_counted(
    running: Stage, author: ChatWindow, staff: ChatWindow
) -> None:
    await _greeted_once(author)
    await _menu_leads_to_form(author)
    await _mistakes_come_back(author)
    preview = await _preview(author)
    await _test_send(author, preview)
    announcement = await _send(author)
    await _watch_to_the_end(author)

    await _confirm(author, "author")
    await _counted(author, 1)
    report = await running.report(announcement)
    assert report["acknowledged"] == 1
    assert report["total"] == _RECIPIENTS
    assert report["failed"] == sum(report["reasons"].values()) == _UNREACHABLE
    assert report["delivered"] == _RECIPIENTS - _UNREACHABLE
    assert report["queued"] == report["sending"] == report["unknown"] == 0

    await _confirm(staff, "staff")
    await _listed_as_confirmed(staff)
    await _counted(author, 2)
    assert (await running.report(announcement))["acknowledged"] == 2


async def test_who_is_no_author_is_offered_no_writing(staff: ChatWindow) -> None:
    await staff.say("メニュー")
    menu = await staff.sees("使いたいものを押してください")
    await expect(menu.get_by_text("お知らせ", exact=True)).to_be_visible()
    await expect(menu.get_by_text("周知を作る")).to_have_count(0)
    await staff.keep("menu-of-staff")

    await staff.say("周知を作る")
    await staff.hears("権限のある方だけが使えます")
    await staff.keep("refused")


async def test_what_concerns_one_person_is_answered_in_their_own_chat(author: ChatWindow) -> None:
    await author.go_to("テレワーク月間")
    await author.mention_bot("メニュー")
    await author.hears("個人チャットにお送りしました")
    await expect(author.cards("使いたいものを押してください")).to_have_count(0)
    await author.keep("mentioned-in-channel")

    await author.go_to("Personal Chat")
    await author.sees("使いたいものを押してください")
    await author.keep("answered-in-own-chat")


async def test_a_text_that_nobody_understands_gets_a_friendly_word_and_the_menu(author: ChatWindow) -> None:
    await author.say("ふにゃらら")
    card = await author.sees("うまく読み取れませんでした")
    await expect(card.get_by_text("周知を作る", exact=True)).to_be_visible()
    await author.keep("not-understood")


async def _greeted_once(author: ChatWindow) -> None:
    greeting = await author.sees("はじめまして")
    await expect(greeting).to_contain_text(_PROMISE)
    await author.keep("greeting")
    await author.reload()
    await author.say("使い方")
    # The installation is announced before the text: by now a second greeting would be here.
    await expect(await author.sees("使い方")).to_contain_text(_PROMISE)
    await expect(author.cards("はじめまして")).to_have_count(0)
    await author.keep("guide-after-reload")


async def _menu_leads_to_form(author: ChatWindow) -> None:
    await author.say("メニュー")
    menu = await author.sees("使いたいものを押してください")
    await author.keep("menu")
    await menu.get_by_role("button", name="周知を作る").click()
    form = await author.sees("まだ送信されません")
    await expect(form.get_by_role("textbox", name="件名")).to_be_visible()
    await author.keep("form")


async def _mistakes_come_back(author: ChatWindow) -> None:
    form = author.card("まだ送信されません")
    await form.get_by_role("textbox", name="件名").fill(_TITLE)
    await _choose_day(form, "確認の期限", _today() - timedelta(days=30))
    await author.press(form, "プレビューへ")
    # These two the window itself finds; nothing has reached the bot yet.
    await expect(form.get_by_text("本文を入力してください")).to_be_visible()
    await expect(form.get_by_text("日付を選んでください")).to_be_visible()
    await author.keep("mistakes-found-by-teams")

    await form.get_by_role("textbox", name="本文").fill(_BODY)
    await _choose_day(form, "確認の期限", _today() + timedelta(days=19))
    await form.get_by_role("textbox", name="課室").fill("銀河鉄道課")
    await form.get_by_role("button", name="詳細項目").click()
    await form.get_by_role("textbox", name="リンク").fill(_LINK)
    await _choose_day(form, "掲載の終了", _today() + timedelta(days=5))
    await author.press(form, "プレビューへ")
    form = await author.sees("入力した内容は残っています")
    await expect(form).to_contain_text("銀河鉄道課")
    await expect(form.get_by_role("textbox", name="件名")).to_have_value(_TITLE)
    await expect(form.get_by_role("textbox", name="本文")).to_have_value(_BODY)
    await author.keep("mistakes-found-by-bot", form)


async def _preview(author: ChatWindow) -> Locator:
    form = author.card("入力した内容は残っています")
    await form.get_by_role("textbox", name="課室").fill("")
    await _choose_day(form, "掲載の終了", _today() + timedelta(days=40))
    await author.press(form, "プレビューへ")
    preview = await author.sees("送信前の確認")
    await expect(preview).to_contain_text(f"{_RECIPIENTS}人")
    await expect(preview).to_contain_text("全員が少なくとも1回はテレワークをしてください。")
    await author.keep("preview", preview)
    await preview.get_by_role("button", name="部局別の人数").click()
    await expect(preview.get_by_text("近畿総合通信局")).to_be_visible()
    await author.keep("preview-head-counts", preview)
    return preview


async def _test_send(author: ChatWindow, preview: Locator) -> None:
    await author.press(preview, "自分に試し送信")
    trial = await author.sees("試し送信です")
    await author.keep("test-send")
    await author.press(trial, "確認しました")
    await expect(trial).to_contain_text("に確認しました")
    await author.keep("test-send-confirmed", trial)


async def _send(author: ChatWindow) -> str:
    """Send it, and return the announcement's id, which the pressed button carries."""
    preview = author.card("送信前の確認")
    async with author.page.expect_request("**/_conversation/v1/invoke") as pressed:
        await author.press(preview, f"{_RECIPIENTS}人に送信する")
    await author.keep("sending-begins", await author.sees("送信しています"))
    order = json.loads((await pressed.value).post_data or "")
    return str(order["value"]["action"]["data"]["announcement"])


async def _watch_to_the_end(author: ChatWindow) -> None:
    await author.keep("sending", await author.sees("速さ"))
    live = await author.sees("送信が終わりました", seconds=_SENT_WITHIN)
    await expect(live).to_contain_text(_fact("送れなかった", _UNREACHABLE))
    await expect(live).to_contain_text(_fact("ブロック", len(BLOCKED)))
    await expect(live).to_contain_text(_fact("未導入", len(NOT_INSTALLED)))
    await expect(live).to_contain_text(_fact("見つからない", len(NOT_FOUND)))
    await expect(live).to_contain_text(f"{_RECIPIENTS - _UNREACHABLE}人に届きました")
    await expect(live).to_contain_text(_fact("確認済み", 0))
    await author.keep("sending-ended", live)


async def _confirm(reader: ChatWindow, who: str) -> None:
    notice = reader.cards(_TITLE).filter(has_text="を押してください").last
    await expect(notice).to_contain_text("全員が少なくとも1回はテレワークをしてください。")
    await reader.keep(f"received-by-{who}")
    await reader.press(notice, "確認しました")
    confirmed = reader.cards("に確認しました").filter(has_not_text="試し送信").last
    await expect(confirmed).to_be_visible()
    await expect(confirmed.get_by_role("button", name="確認しました", exact=True)).to_have_count(0)
    await reader.keep(f"confirmed-by-{who}")


async def _listed_as_confirmed(staff: ChatWindow) -> None:
    await staff.say("お知らせ")
    listed = await staff.sees("未確認のお知らせはありません")
    await expect(listed).to_contain_text(_TITLE)
    await staff.keep("list-of-staff", listed)


async def _counted(author: ChatWindow, number: int) -> None:
    live = author.card("送信が終わりました")
    # Nobody presses anything: the card follows by itself, some time after sending has ended.
    await expect(live).to_contain_text(_fact("確認済み", number), timeout=_FOLLOWS_WITHIN * 1000)
    await author.press(live, "部局別の確認状況")
    by_bureau = await author.sees("部局は、送信した日の所属です")
    await expect(by_bureau).to_contain_text(f"うち{number}人が確認しました")
    await author.keep(f"confirmations-{number}", by_bureau)
    await expect(live).to_be_visible()


def _fact(label: str, people: int) -> re.Pattern[str]:
    return re.compile(rf"{label}\s*{people}人")


async def _choose_day(form: Locator, label: str, day: date) -> None:
    field = form.get_by_role("combobox", name=label)
    await field.fill(day.isoformat())
    await field.press("Tab")


def _today() -> date:
    return datetime.now(ZoneInfo("Asia/Tokyo")).date()
