"""Announcements as staff have them: the card, the list, the confirmation with its time, and bad presses."""

from datetime import timedelta

import pytest

from bot.chat.router import NOT_ALLOWED, OLD_CARD
from storage.announcements.records import Announcement
from storage.deliveries.records import Delivery
from storage.deliveries.store import Deliveries
from tests.features.activities import CHANNEL
from tests.features.announcing import AUTHOR, GOOD, OFFICE, STAFF, STRANGER, dispatch_of, send, stores
from tests.features.stage import Stage
from tests.features.window import Shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

READER = AUTHOR  # the author is in their own office
CONFIRM = "確認しました"
FORGED = ["", "nothing", "20261102-00000000", "x" * 5_000, "a\nb", "\x00", "あ", "%", "'; --"]


async def row(bot: Stage, announcement: Announcement, who: str = READER) -> Delivery:
    dispatch, _ = await dispatch_of(bot, announcement)
    rows = await Deliveries(bot.storage.ledger).rows(dispatch.id)
    return next(each for each in rows if each.recipient == who)


def notice(bot: Stage, announcement: Announcement) -> Shown:
    """Return the message that the dispatch brought."""
    return next(
        each
        for each in bot.sees(READER)
        if announcement.body in each.words() and "確認しました" in str(each.titles()) + each.words()
    )


async def test_the_notification_says_what_is_asked_until_when_and_the_subject(bot: Stage) -> None:
    await send(bot)
    (message,) = [each for each in bot.sees(READER) if each.summary.endswith(GOOD["title"])]
    assert message.summary == "【要確認 11月20日（金）まで】11月はテレワーク月間です"
    assert message.button(CONFIRM)


async def test_a_confirmation_is_shown_with_its_time_and_counted(bot: Stage) -> None:
    sent = await send(bot)
    answer = await bot.press(READER, CONFIRM)
    assert answer.card is not None
    assert "✓ 11月2日（月）9:30に確認しました" in answer.card.words()
    assert GOOD["body"] in answer.card.words()
    assert CONFIRM not in answer.card.titles()
    assert (await row(bot, sent)).acknowledged_at is not None
    assert (await dispatch_of(bot, sent))[1].acknowledged == 1


async def test_confirming_twice_keeps_the_first_time(bot: Stage) -> None:
    sent = await send(bot)
    card = notice(bot, sent)
    await bot.press(READER, CONFIRM, card=card)
    before = await row(bot, sent)
    bot.clock.advance(timedelta(hours=2))
    answer = await bot.press(READER, CONFIRM, card=card)
    assert answer.card is not None
    assert "9:30に確認しました" in answer.card.words()
    assert await row(bot, sent) == before


async def test_an_older_client_gets_the_confirmed_card_in_the_place_of_the_old_one(bot: Stage) -> None:
    sent = await send(bot)
    card, count = notice(bot, sent), bot.teams.count
    await bot.press_old(READER, CONFIRM, card=card)
    assert (await row(bot, sent)).acknowledged_at is not None
    assert bot.teams.count == count
    (change,) = [each for each in bot.teams.records.changes if each.activity_id == card.activity_id]
    assert change.kind == "update"
    now = next(each for each in bot.sees(READER) if each.activity_id == card.activity_id)
    assert "9:30に確認しました" in now.words()


async def test_who_did_not_get_it_cannot_confirm_or_read_it(shared: Stage) -> None:
    sent = await send(shared)
    before = await stores(shared)
    for verb, fields in (("announcement.acknowledge", {"revision": 1}), ("announcement.show", {})):
        answer = await shared.send_action(STAFF, verb, {"v": 1, "announcement": sent.id} | fields)
        assert "あなた宛てではない" in answer.sentence
        answer = await shared.send_action(STRANGER, verb, {"v": 1, "announcement": sent.id} | fields)
        assert answer.sentence == NOT_ALLOWED
    assert await stores(shared) == before
    assert all(GOOD["title"] not in each.words() for each in shared.sees(STAFF))


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_announcement_is_not_found(shared: Stage, forged: str) -> None:
    for verb, fields in (("announcement.acknowledge", {"revision": 1}), ("announcement.show", {})):
        answer = await shared.send_action(STAFF, verb, {"v": 1, "announcement": forged} | fields)
        assert "あなた宛てではない" in answer.sentence


@pytest.mark.parametrize(
    "changes",
    [{"v": 2}, {"v": None}, {"revision": "one"}, {"revision": None}, {"announcement": 7}, {"revision": []}],
)
async def test_a_confirmation_of_another_shape_is_an_old_card(
    shared: Stage, changes: dict[str, object]
) -> None:
    sent = await send(shared)
    before = await stores(shared)
    data = {"v": 1, "announcement": sent.id, "revision": 1} | changes
    answer = await shared.send_action(READER, "announcement.acknowledge", data)
    assert answer.sentence == OLD_CARD
    assert await stores(shared) == before


async def test_what_asks_for_no_confirmation_takes_none(shared: Stage) -> None:
    sent = await send(shared, acknowledge="false", deadline="")
    assert CONFIRM not in shared.sees(READER)[-1].titles()
    before = await stores(shared)
    data = {"v": 1, "announcement": sent.id, "revision": 1}
    answer = await shared.send_action(READER, "announcement.acknowledge", data)
    assert "確認の操作がいりません" in answer.sentence
    assert await stores(shared) == before


async def test_what_has_expired_takes_no_confirmation_any_more(bot: Stage) -> None:
    sent = await send(bot, expires="2026-11-25")
    card = notice(bot, sent)
    bot.clock.advance(timedelta(days=30))
    before = await stores(bot)
    answer = await bot.press(READER, CONFIRM, card=card)
    assert "終了しました" in answer.sentence
    assert await stores(bot) == before
    (listed,) = await bot.say(READER, "お知らせ")
    assert "未確認のお知らせはありません" in listed.words()


async def test_a_confirmation_is_still_shown_after_the_end(bot: Stage) -> None:
    sent = await send(bot, expires="2026-11-25")
    card = notice(bot, sent)
    await bot.press(READER, CONFIRM, card=card)
    bot.clock.advance(timedelta(days=30))
    answer = await bot.press(READER, CONFIRM, card=card)
    assert answer.card is not None
    assert "✓ 11月2日（月）9:30に確認しました" in answer.card.words()


async def test_after_the_deadline_it_can_still_be_confirmed(bot: Stage) -> None:
    sent = await send(bot)
    bot.clock.advance(timedelta(days=30))
    (listed,) = await bot.say(READER, "お知らせ")
    assert "期限を過ぎました" in listed.words()
    await bot.press(READER, CONFIRM, card=notice(bot, sent))
    assert (await row(bot, sent)).acknowledged_at is not None


async def test_the_list_has_those_to_confirm_first_and_then_the_newest(bot: Stage) -> None:
    titles = ["古い確認", "古い連絡", "新しい確認", "新しい連絡"]
    for title in titles:
        asks = "確認" in title
        await send(bot, title=title, acknowledge="true" if asks else "false", deadline="")
        bot.clock.advance(timedelta(minutes=1))
    (listed,) = await bot.say(READER, "お知らせ")
    assert "未確認のお知らせが2件あります" in listed.words()
    opened = [title for title in listed.titles() if title.startswith("「")]
    assert opened == [f"「{it}」を開く" for it in ("新しい確認", "古い確認", "新しい連絡", "古い連絡")]

    answer = await bot.press(READER, "「古い確認」を開く", card=listed)
    assert "下に表示しました" in answer.sentence
    await bot.press(READER, CONFIRM, card=bot.sees(READER)[-1])
    (listed,) = await bot.say(READER, "未確認のお知らせ")
    assert "未確認のお知らせが1件あります" in listed.words()
    assert "11月2日（月）に確認しました" in listed.words()


async def test_a_long_list_has_pages(bot: Stage) -> None:
    for number in range(6):
        await send(bot, title=f"お知らせ{number}")
        bot.clock.advance(timedelta(minutes=1))
    (first,) = await bot.say(READER, "連絡")
    assert "「お知らせ0」を開く" not in first.titles()
    second = await bot.press(READER, "次の5件を見る", card=first)
    assert second.card is not None
    assert "「お知らせ0」を開く" in second.card.titles()
    again = await bot.press(READER, "前に戻る", card=second.card)
    assert again.card is not None
    assert again.card.titles() == first.titles()


@pytest.mark.parametrize("page", [-1, 7, 10**6, 10**18, 2**63 - 1, 2**64 - 1])
async def test_a_page_that_does_not_exist_is_answered_politely(shared: Stage, page: int) -> None:
    answer = await shared.send_action(STAFF, "announcement.list", {"v": 1, "page": page})
    assert answer.card is not None, answer.sentence
    assert "お知らせ" in answer.card.words()


async def test_the_list_is_empty_for_who_has_got_nothing(bot: Stage) -> None:
    await send(bot)
    (listed,) = await bot.say(STAFF, "お知らせ")
    assert "届いたお知らせはまだありません" in listed.words()


async def test_shuchi_is_the_form_for_authors_and_the_list_for_staff(shared: Stage) -> None:
    for text in ("周知", "周知　して"):
        (shown,) = await shared.say(AUTHOR, text)
        assert "プレビューへ" in shown.titles()
        (shown,) = await shared.say(STAFF, text)
        assert "届いたお知らせはまだありません" in shown.words()


async def test_one_s_own_list_is_never_shown_in_a_channel(bot: Stage) -> None:
    await send(bot)
    await bot.say(READER, "お知らせ", CHANNEL)
    pressed = await bot.send_action(READER, "announcement.list", {"v": 1, "page": 0}, where=CHANNEL)
    assert pressed.card is None
    await bot.say(READER, "使い方", CHANNEL)
    assert all(OFFICE["title"] not in each.words() for each in bot.sees(CHANNEL))
    assert sum("未確認のお知らせが1件" in each.words() for each in bot.sees(READER)) == 2
