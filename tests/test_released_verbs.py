"""Cards that people still have go on working: every button ever released is replayed through the router."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.chat.request import Actor, Conversation, ConversationKind, Reply, Request, Toast
from bot.chat.roles import Role
from bot.chat.router import OLD_CARD
from cards.announcements import verbs
from cards.kit.verbs import Verb
from tests.cards.samples import SAMPLES
from tests.features.activities import person
from tests.features.stage import Stage, stage
from tests.features.window import buttons, inputs
from tests.released import LINES, RELEASED

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("released")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(folder: Path) -> AsyncIterator[Stage]:
    async with stage(folder) as running:
        yield running


async def press(bot: Stage, verb: str, data: dict[str, Any]) -> Reply:
    """Press as somebody who may do everything."""
    conversation = Conversation(id="a:1", kind=ConversationKind.PERSONAL, service_url=bot.teams.url)
    actor = Actor(id=person(9_999), roles=frozenset(Role))
    request = Request(actor=actor, conversation=conversation, now=bot.clock.now(), verb=verb, fields=data)
    return await bot.app.router.dispatch(request)


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['verb']}-{line['data']['v']}")
async def test_a_released_button_is_still_understood(bot: Stage, line: dict[str, Any]) -> None:
    action = bot.app.router.card_actions.get(line["verb"])
    assert action is not None, "a released verb must stay, if only to say politely that it is gone"
    reply = await press(bot, line["verb"], line["data"])
    assert (reply == Toast(OLD_CARD)) == (line["data"]["v"] < action.verb.version)


@pytest.mark.parametrize("verb", RELEASED)
async def test_a_button_of_an_older_or_newer_version_is_answered_politely(bot: Stage, verb: str) -> None:
    for version in (0, bot.app.router.card_actions[verb].verb.version + 1):
        assert await press(bot, verb, RELEASED[verb][-1] | {"v": version}) == Toast(OLD_CARD)


async def test_every_verb_has_been_written_down(bot: Stage) -> None:
    now = {(verb, action.verb.version) for verb, action in bot.app.router.card_actions.items()}
    written = {(line["verb"], line["data"]["v"]) for line in LINES}
    missing = now - written
    assert not missing, f"add a line to released_verbs.jsonl for {sorted(missing)}"


async def test_a_line_stands_for_one_button(bot: Stage) -> None:
    del bot
    assert all(line["data"]["verb"] == line["verb"] for line in LINES)
    assert len({(line["verb"], line["data"]["v"]) for line in LINES}) == len(LINES)


async def test_every_button_on_a_card_carries_what_was_written_down(bot: Stage) -> None:
    """A field added to a payload, or taken away, needs a new version and a new line."""
    seen: set[str] = set()
    (menu,) = await bot.say(person(1), "メニュー")
    for card in (menu.card, *(sample.draw().content for sample in SAMPLES.values())):
        for button in buttons(card):
            data = button["data"]
            if button.get("associatedInputs") != "none":
                data = data | {field["id"]: "" for field in inputs(card)}
            released = next(it for it in RELEASED[button["verb"]] if it["v"] == data["v"])
            assert data.keys() == released.keys(), button["verb"]
            seen.add(button["verb"])
    assert seen >= {verb.name for verb in vars(verbs).values() if isinstance(verb, Verb)}
