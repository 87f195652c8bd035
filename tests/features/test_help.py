"""Menu, 使い方, the first greeting, a friendly word where nothing fits: alone and in public."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.chat.router import NOT_ALLOWED, OLD_CARD
from cards.announcements.verbs import LIST, NEW, SENT
from cards.guide import ADMINISTRATOR_TASKS, AUTHOR_TASKS, STAFF_TASKS, TASK, Task
from cards.help import PROMISE
from tests.cards.samples import SAMPLES
from tests.fakes.connector import Plan, Rule
from tests.features.activities import CHANNEL, GROUP, Place, person
from tests.features.stage import Stage, stage
from tests.features.window import nodes

pytestmark = pytest.mark.asyncio(loop_scope="module")

AUTHOR, STAFF, STRANGER = person(1), person(5), person(9_999)
ADMINISTRATOR = person(7)
ALL_AT_ONCE = person(1)
FIRST_WORDS = {LIST.name: "お知らせ", NEW.name: "周知を作る", SENT.name: "配信"}
NOT_UNDERSTOOD = "うまく読み取れませんでした"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def with_roles(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The bot where author and administrator are two people."""
    rows = f"{AUTHOR},author,\n{ADMINISTRATOR},administrator,\n"
    async with stage(tmp_path_factory.mktemp("roles"), roles=rows) as running:
        yield running


async def test_everybody_sees_in_the_menu_what_they_may_do(shared: Stage) -> None:
    (menu,) = await shared.say(AUTHOR, "メニュー")
    assert menu.titles() == ["お知らせ", "周知を作る", "配信の状況", "使い方を見る"]
    (menu,) = await shared.say(STAFF, "メニュー")
    assert menu.titles() == ["お知らせ", "使い方を見る"]
    (menu,) = await shared.say(STRANGER, "メニュー")
    assert menu.titles() == ["使い方を見る"]


@pytest.mark.parametrize(
    "text", ["menu", "Menu", "ＭＥＮＵ", "ﾒﾆｭｰ", " メニュー ", "メニュー　今日", "メニュー\n"]
)
async def test_the_menu_is_understood_however_it_is_typed(shared: Stage, text: str) -> None:
    (menu,) = await shared.say(STAFF, text)
    assert "使いたいものを押してください" in menu.words()


async def test_every_button_of_the_menu_leads_somewhere(shared: Stage) -> None:
    for title, led_to in (("お知らせ", "届いたお知らせはまだありません"), ("使い方を見る", PROMISE)):
        (menu,) = await shared.say(AUTHOR, "メニュー")
        answer = await shared.press(AUTHOR, title, card=menu)
        shown = answer.card or shared.sees(AUTHOR)[-1]
        assert led_to in shown.words()


async def test_the_guide_says_what_the_bot_never_does(shared: Stage) -> None:
    (guide,) = await shared.say(STAFF, "使い方")
    assert PROMISE in guide.words()


async def test_a_task_that_does_not_exist_is_answered_as_an_old_card(shared: Stage) -> None:
    for task in ("nothing", "CONFIRM", "confirm ", "\x00"):
        answer = await shared.send_action(ADMINISTRATOR, TASK.name, {"v": 1, "task": task})
        assert (answer.sentence, answer.card) == (OLD_CARD, None)
    answer = await shared.send_action(ADMINISTRATOR, TASK.name, {"v": 1, "task": ["confirm"]})
    assert answer.sentence == OLD_CARD


async def test_a_task_is_explained_only_to_whom_it_is_for(with_roles: Stage) -> None:
    for who, may in (
        (STRANGER, ()),
        (STAFF, STAFF_TASKS),
        (AUTHOR, STAFF_TASKS + AUTHOR_TASKS),
        (ADMINISTRATOR, STAFF_TASKS + ADMINISTRATOR_TASKS),
    ):
        for task in STAFF_TASKS + AUTHOR_TASKS + ADMINISTRATOR_TASKS:
            answer = await with_roles.send_action(who, TASK.name, {"v": 1, "task": task.name})
            assert (answer.sentence == NOT_ALLOWED) == (task not in may)
            assert (answer.card is not None) == (task in may)


async def test_the_guide_offers_the_tasks_that_a_person_may_do(with_roles: Stage) -> None:
    for who, may in (
        (STRANGER, ()),
        (STAFF, STAFF_TASKS),
        (AUTHOR, STAFF_TASKS + AUTHOR_TASKS),
        (ADMINISTRATOR, STAFF_TASKS + ADMINISTRATOR_TASKS),
    ):
        (guide,) = await with_roles.say(who, "使い方")
        rows = [f"「{task.title}」の手順を見る" for task in may]
        assert guide.titles() == [*rows, "メニューを開く"]


@pytest.mark.parametrize("task", STAFF_TASKS + AUTHOR_TASKS + ADMINISTRATOR_TASKS, ids=lambda task: task.name)
async def test_a_task_stands_in_the_guide_s_place_and_leads_on_and_back(shared: Stage, task: Task) -> None:
    (guide,) = await shared.say(ALL_AT_ONCE, "使い方")
    seen = len(shared.sees(ALL_AT_ONCE))
    steps = (await shared.press(ALL_AT_ONCE, f"「{task.title}」の手順を見る", card=guide)).card
    assert steps is not None
    assert len(shared.sees(ALL_AT_ONCE)) == seen
    assert all(f"{number}. {step}" in steps.words() for number, step in enumerate(task.steps, 1))
    assert (PROMISE in steps.words()) == task.promises
    assert steps.titles() == [task.button, "使い方に戻る"]
    back = (await shared.press(ALL_AT_ONCE, "使い方に戻る", card=steps)).card
    assert back is not None
    assert back.words() == guide.words()
    started = await shared.press(ALL_AT_ONCE, task.button, card=steps)
    shown = started.card or shared.sees(ALL_AT_ONCE)[-1]
    assert shown.words().startswith(FIRST_WORDS[task.verb.name])


@pytest.mark.parametrize("task", STAFF_TASKS + AUTHOR_TASKS + ADMINISTRATOR_TASKS, ids=lambda task: task.name)
async def test_what_a_task_quotes_stands_on_a_card_or_is_understood(shared: Stage, task: Task) -> None:
    words = {word for entry in shared.app.router.commands for word in entry.words}
    for name, sample in SAMPLES.items():
        if not name.startswith(("task", "guide")):
            card = sample.draw().content
            words |= {title for each in nodes(card) if (title := str(each.get("title", "")))}
            words |= {f"{said}。" for each in nodes(card) for said in str(each.get("text")).split("。")}
    for quoted in re.findall("「([^」]+)」", "".join(task.steps)):
        assert any(quoted in word for word in words), quoted


async def test_who_may_not_start_a_task_gets_no_button_that_does(with_roles: Stage) -> None:
    (guide,) = await with_roles.say(ADMINISTRATOR, "使い方")
    answer = await with_roles.press(ADMINISTRATOR, ADMINISTRATOR_TASKS[0].title, card=guide)
    assert answer.card is not None
    assert answer.card.titles() == ["使い方に戻る"]


async def test_a_task_pressed_in_public_is_shown_to_that_person_alone(bot: Stage) -> None:
    await bot.say(STAFF, "使い方", CHANNEL)
    row = "「お知らせを確認する」の手順を見る"
    answer = await bot.press(AUTHOR, row, card=bot.card_with(CHANNEL, row))
    assert "個人チャットにお送りしました" in answer.sentence
    assert len(bot.sees(CHANNEL)) == 1
    assert "使い方に戻る" in bot.sees(AUTHOR)[-1].titles()


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
async def test_nobody_is_greeted_in_public(shared: Stage, place: Place) -> None:
    count = shared.teams.count
    await shared.install(STAFF, place)
    assert shared.teams.count == count


async def test_a_text_that_nobody_understands_gets_a_friendly_sentence_and_the_menu(shared: Stage) -> None:
    for text in ("ふにゃらら", "", "   ", "🙂", "x" * 20_000, "\x00"):
        (card,) = await shared.say(STAFF, text)
        assert NOT_UNDERSTOOD in card.words()
        assert "お知らせ" in card.titles()


@pytest.mark.parametrize("place", [CHANNEL, GROUP])
@pytest.mark.parametrize("text", ["メニュー", "お知らせ", "周知", "ふにゃらら"])
async def test_what_concerns_one_person_is_answered_in_their_own_chat(
    shared: Stage, place: Place, text: str
) -> None:
    seen = len(shared.sees(AUTHOR))
    (public,) = await shared.say(AUTHOR, text, place)
    assert "個人チャットにお送りしました" in public.text
    assert public.card is None
    (private,) = shared.sees(AUTHOR)[seen:]
    assert private.card is not None


async def test_the_guide_in_public_shows_nobody_s_own_permissions(bot: Stage) -> None:
    (of_author,) = await bot.say(AUTHOR, "使い方", CHANNEL)
    (of_staff,) = await bot.say(STAFF, "使い方", CHANNEL)
    assert PROMISE in of_author.words()
    assert of_author.words() == of_staff.words()
    assert bot.sees(AUTHOR) == []


@pytest.mark.parametrize("place", [CHANNEL, GROUP])
async def test_a_button_pressed_in_public_shows_nobody_s_own_menu_there(shared: Stage, place: Place) -> None:
    await shared.say(STAFF, "使い方", place)
    seen = len(shared.sees(place))
    answer = await shared.press(AUTHOR, "メニューを開く", card=shared.card_with(place, "メニューを開く"))
    assert "個人チャットにお送りしました" in answer.sentence
    assert len(shared.sees(place)) == seen
    assert "周知を作る" in shared.sees(AUTHOR)[-1].titles()


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
