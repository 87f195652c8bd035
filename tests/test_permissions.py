"""Every handler states whom it answers, and answers nobody else: each of them, for each role."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.chat.request import Actor, Conversation, ConversationKind, Reply, Request, ShowCard, Text, Toast
from bot.chat.roles import EVERYONE, STAFF, Permission, Role
from bot.chat.router import NOT_ALLOWED, fold
from bot.directory.file import SAMPLE
from tests.features.activities import person
from tests.features.announcing import stores
from tests.features.stage import Stage, stage
from tests.features.window import Shown, buttons
from tests.released import RELEASED

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOBODY: frozenset[Role] = frozenset()
ROLES: dict[str, frozenset[Role]] = {"stranger": NOBODY, "staff": frozenset({Role.STAFF})} | {
    role.value: frozenset({Role.STAFF, role}) for role in Role if role is not Role.STAFF
}
ANYBODY_S_COMMANDS = {"メニュー", "使い方"}
ANYBODY_S_BUTTONS = {"help.menu", "help.guide"}
STAFF_S_COMMANDS = {"お知らせ"}
STAFF_S_BUTTONS = {"announcement.acknowledge", "announcement.list", "announcement.show", "help.task"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("permissions")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(folder: Path) -> AsyncIterator[Stage]:
    rows = "".join(
        f"{person(number)},{role.value},\n"
        for number, role in enumerate(Role, start=101)
        if role not in {Role.STAFF, Role.MANAGER}
    )
    async with stage(folder, roles=rows) as running:
        yield running


async def ask(bot: Stage, roles: frozenset[Role], **what: Any) -> Reply:
    conversation = Conversation(id="a:1", kind=ConversationKind.PERSONAL, service_url=bot.teams.url)
    actor = Actor(id=person(9_999), roles=roles)
    return await bot.app.router.dispatch(
        Request(actor=actor, conversation=conversation, now=bot.clock.now(), **what)
    )


@pytest.mark.parametrize("role", ROLES)
async def test_a_command_answers_only_whom_it_allows(bot: Stage, role: str) -> None:
    roles, router = ROLES[role], bot.app.router
    for entry in router.commands:
        for word in entry.words:
            rivals = [it for it in router.commands if fold(word) in map(fold, it.words)]
            reply = await ask(bot, roles, text=word)
            is_let_in = any(it.allow.lets_in(roles) for it in rivals)
            assert (reply != Text(NOT_ALLOWED)) == is_let_in, word


@pytest.mark.parametrize("role", ROLES)
async def test_a_button_answers_only_whom_it_allows(bot: Stage, role: str) -> None:
    roles = ROLES[role]
    before = await stores(bot)
    for verb, action in bot.app.router.card_actions.items():
        payload: Mapping[str, object] = RELEASED[verb][-1]
        reply = await ask(bot, roles, verb=verb, fields=payload)
        assert (reply != Toast(NOT_ALLOWED)) == action.allow.lets_in(roles), verb
        if not action.allow.lets_in(roles):
            assert await stores(bot) == before


async def test_the_roles_of_people_reach_the_handlers(bot: Stage) -> None:
    """Whoever has a role in roles.csv may do, over HTTP, what the handlers allow that role, and no more."""
    for number, role in enumerate(Role, start=101):
        roles = ROLES[role.value] if role not in {Role.STAFF, Role.MANAGER} else ROLES["staff"]
        for verb, action in bot.app.router.card_actions.items():
            if verb == "announcement.preview":
                continue  # it would write a draft
            answer = await bot.send_action(person(number), verb, RELEASED[verb][-1])
            assert (answer.sentence != NOT_ALLOWED) == action.allow.lets_in(roles), (role, verb)


UNREACHABLE = [
    line.split(",")[0]
    for line in (SAMPLE / "people.csv").read_text(encoding="utf-8").splitlines()[1:]
    if line.split(",")[6:8] != ["1", "0"]
]


@pytest.mark.parametrize("who", UNREACHABLE)
async def test_guests_and_disabled_accounts_are_strangers(bot: Stage, who: str) -> None:
    answer = await bot.send_action(who, "announcement.list", {"v": 1, "page": 0})
    assert answer.sentence == NOT_ALLOWED
    (menu,) = await bot.say(who, "メニュー")
    assert menu.titles() == ["使い方を見る"]


async def test_what_is_open_to_all_is_open_on_purpose(bot: Stage) -> None:
    def open_to(permission: Permission) -> tuple[set[str], set[str]]:
        router = bot.app.router
        return (
            {entry.words[0] for entry in router.commands if entry.allow == permission},
            {verb for verb, action in router.card_actions.items() if action.allow == permission},
        )

    assert open_to(EVERYONE) == (ANYBODY_S_COMMANDS, ANYBODY_S_BUTTONS)
    assert open_to(STAFF) == (STAFF_S_COMMANDS, STAFF_S_BUTTONS)


async def test_in_public_nothing_is_answered_but_the_guide(bot: Stage) -> None:
    assert [entry.words[0] for entry in bot.app.router.commands if entry.in_public] == ["使い方"]


@pytest.mark.parametrize("role", ROLES)
async def test_the_menu_offers_all_that_a_person_may_do_and_nothing_else(bot: Stage, role: str) -> None:
    reply = await ask(bot, ROLES[role], text="メニュー")
    assert isinstance(reply, ShowCard)
    menu = Shown(conversation="a:1", activity_id="1", card=reply.card.content)
    for button in buttons(menu.card):
        pressed = await ask(bot, ROLES[role], verb=button["verb"], fields=button["data"])
        assert not isinstance(pressed, Toast)
    may = {entry.words[0] for entry in bot.app.router.commands if entry.allow.lets_in(ROLES[role])}
    assert {title.removesuffix("を見る") for title in menu.titles()} == may - {"メニュー"}
