"""Menu, 使い方, the first greeting, a friendly word where nothing fits: alone and in public."""

import asyncio
from pathlib import Path

import pytest

from cards.help import PROMISE
from tests.fakes.connector import Plan, Rule
from tests.features.activities import CHANNEL, GROUP, Place, person
from tests.features.stage import Stage, stage

AUTHOR, STAFF, STRANGER = person(1), person(5), person(9_999)
NOT_UNDERSTOOD = "うまく読み取れませんでした"


async def test_everybody_sees_in_the_menu_what_they_may_do(bot: Stage) -> None:
    (menu,) = await bot.say(AUTHOR, "メニュー")
    assert menu.titles() == ["お知らせ", "周知を作る", "配信の状況", "使い方を見る"]
    (menu,) = await bot.say(STAFF, "メニュー")
    assert menu.titles() == ["お知らせ", "使い方を見る"]
    (menu,) = await bot.say(STRANGER, "メニュー")
    assert menu.titles() == ["使い方を見る"]


@pytest.mark.parametrize(
    "text", ["menu", "Menu", "ＭＥＮＵ", "ﾒﾆｭｰ", " メニュー ", "メニュー　今日", "メニュー\n"]
)
async def test_the_menu_is_understood_however_it_is_typed(bot: Stage, text: str) -> None:
    (menu,) = await bot.say(STAFF, text)
    assert "使いたいものを押してください" in menu.words()


async def test_every_button_of_the_menu_leads_somewhere(bot: Stage) -> None:
    for title, led_to in (("お知らせ", "届いたお知らせはまだありません"), ("使い方を見る", PROMISE)):
        (menu,) = await bot.say(AUTHOR, "メニュー")
        answer = await bot.press(AUTHOR, title, card=menu)
        shown = answer.card or bot.sees(AUTHOR)[-1]
        assert led_to in shown.words()


async def test_the_guide_says_what_the_bot_never_does(bot: Stage) -> None:
    (guide,) = await bot.say(STAFF, "使い方")
    assert PROMISE in guide.words()


async def test_the_greeting_comes_once_however_often_teams_repeats_itself(bot: Stage) -> None:
    await asyncio.gather(*(bot.install(STAFF) for _ in range(5)))
    await bot.install(STAFF)
    (greeting,) = bot.sees(STAFF)
    assert PROMISE in greeting.words()
    assert greeting.summary
    await bot.install(AUTHOR)
    assert len(bot.sees(AUTHOR)) == 1


async def test_the_greeting_is_not_repeated_after_a_restart(data_dir: Path) -> None:
    for expected in (1, 0):
        async with stage(data_dir) as bot:
            await bot.install(STAFF)
            assert len(bot.sees(STAFF)) == expected


@pytest.mark.parametrize("place", [CHANNEL, GROUP])
async def test_nobody_is_greeted_in_public(bot: Stage, place: Place) -> None:
    await bot.install(STAFF, place)
    assert bot.teams.count == 0


async def test_a_text_that_nobody_understands_gets_a_friendly_sentence_and_the_menu(bot: Stage) -> None:
    for text in ("ふにゃらら", "", "   ", "🙂", "x" * 20_000, "\x00"):
        (card,) = await bot.say(STAFF, text)
        assert NOT_UNDERSTOOD in card.words()
        assert "お知らせ" in card.titles()


@pytest.mark.parametrize("place", [CHANNEL, GROUP])
@pytest.mark.parametrize("text", ["メニュー", "お知らせ", "周知", "ふにゃらら"])
async def test_what_concerns_one_person_is_answered_in_their_own_chat(
    bot: Stage, place: Place, text: str
) -> None:
    (public,) = await bot.say(AUTHOR, text, place)
    assert "個人チャットにお送りしました" in public.text
    assert public.card is None
    (private,) = bot.sees(AUTHOR)
    assert private.card is not None


async def test_the_guide_in_public_shows_nobody_s_own_permissions(bot: Stage) -> None:
    (of_author,) = await bot.say(AUTHOR, "使い方", CHANNEL)
    (of_staff,) = await bot.say(STAFF, "使い方", CHANNEL)
    assert PROMISE in of_author.words()
    assert of_author.words() == of_staff.words()
    assert bot.sees(AUTHOR) == []


@pytest.mark.parametrize("place", [CHANNEL, GROUP])
async def test_a_button_pressed_in_public_shows_nobody_s_own_menu_there(bot: Stage, place: Place) -> None:
    await bot.say(STAFF, "使い方", place)
    answer = await bot.press(AUTHOR, "メニューを開く", card=bot.card_with(place, "メニューを開く"))
    assert "個人チャットにお送りしました" in answer.sentence
    assert len(bot.sees(place)) == 1
    assert "周知を作る" in bot.sees(AUTHOR)[-1].titles()


async def test_a_button_of_an_older_client_in_public_shows_nobody_s_own_menu_either(bot: Stage) -> None:
    await bot.say(STAFF, "使い方", CHANNEL)
    await bot.press_old(AUTHOR, "メニューを開く", card=bot.card_with(CHANNEL, "メニューを開く"))
    assert "個人チャットにお送りしました" in bot.sees(CHANNEL)[-1].text
    assert "周知を作る" in bot.sees(AUTHOR)[-1].titles()


async def test_whose_own_chat_cannot_be_opened_is_told_so_in_public(data_dir: Path) -> None:
    refused = Rule(on=("create",), member=STAFF, then="403:BotNotInConversationRoster")
    async with stage(data_dir, plan=Plan(rules=(refused,))) as bot:
        (public,) = await bot.say(STAFF, "メニュー", CHANNEL)
        assert "先に、このアプリを個人用に追加してください" in public.text
        assert bot.sees(STAFF) == []


async def test_a_throttled_answer_in_the_own_chat_is_sent_again(data_dir: Path) -> None:
    throttled = Rule(on=("create", "send"), member=STAFF, steps=("429:0.1", "429:0.1"))
    async with stage(data_dir, plan=Plan(rules=(throttled,))) as bot:
        (public,) = await bot.say(STAFF, "メニュー", CHANNEL)
        assert "個人チャットにお送りしました" in public.text
        assert len(bot.sees(STAFF)) == 1


async def test_a_chat_that_has_gone_is_opened_anew_for_an_answer(data_dir: Path) -> None:
    async with stage(data_dir) as bot:
        await bot.say(STAFF, "メニュー")
        bot.teams.chats.lose(bot.sees(STAFF)[0].conversation)
        (public,) = await bot.say(STAFF, "メニュー", GROUP)
        assert "個人チャットにお送りしました" in public.text
        assert [each.member for each in bot.teams.taken].count(STAFF) == 2
