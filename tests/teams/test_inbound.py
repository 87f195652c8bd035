"""From activities to requests: who speaks, where, and what; and what nobody expected gets a number."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.chat.request import Reply, Request, Text
from bot.chat.roles import EVERYONE
from bot.chat.router import command
from bot.teams.inbound import spoken
from storage.chats.records import Chat
from storage.chats.store import Chats
from tests.features import activities
from tests.features.activities import BOT, CHANNEL, GROUP, NAME, Place, own_chat, person
from tests.features.client import TeamsClient
from tests.features.stage import stage
from tests.teams.turns import Answering, turns

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAFF, AUTHOR = person(5), person(1)


class Mirror:
    """Says what it was asked."""

    requests: list[Request]

    def __init__(self) -> None:
        self.requests = []

    @command("鏡", allow=EVERYONE, in_public=True)
    async def look(self, request: Request) -> Reply:
        """Keep the request."""
        self.requests.append(request)
        return Text("はい。")


@pytest.fixture(scope="module")
def shared_mirror() -> Mirror:
    return Mirror()


@pytest.fixture
def mirror(shared_mirror: Mirror) -> Mirror:
    shared_mirror.requests.clear()
    return shared_mirror


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory, shared_mirror: Mirror) -> AsyncIterator[TeamsClient]:
    async with turns(tmp_path_factory.mktemp("inbound"), features=(shared_mirror, Answering())) as client:
        yield client


@pytest.mark.parametrize("place", [own_chat(STAFF), CHANNEL, GROUP])
async def test_a_request_says_who_where_and_what(bot: TeamsClient, mirror: Mirror, place: Place) -> None:
    await bot.say(STAFF, "鏡　よ鏡", place)
    (request,) = mirror.requests
    assert request.actor.id == STAFF
    assert request.actor.section == "JZZAISEI"
    assert request.conversation.id == place.conversation
    assert request.conversation.kind == place.kind
    assert request.conversation.service_url == bot.teams.url
    assert request.text.strip() == "鏡　よ鏡"
    assert request.verb == ""
    assert request.now.utcoffset() is not None


async def test_people_are_told_apart_by_their_object_id_in_any_case(bot: TeamsClient, mirror: Mirror) -> None:
    activity = activities.message(STAFF, "鏡", own_chat(STAFF), bot.teams.url)
    for sender in (
        {"id": f"29:{STAFF}", "aadObjectId": AUTHOR.upper()},
        {"id": AUTHOR},
        {"id": AUTHOR, "aadObjectId": ""},
        {"id": AUTHOR, "aadObjectId": None, "name": "職員001", "role": "administrator"},
    ):
        assert (await bot.post(activity | {"from": sender}))[0] == 200
    known, *strangers = [request.actor for request in mirror.requests]
    assert known.id == AUTHOR
    assert known.roles
    assert len(strangers) == 3
    assert [stranger.roles for stranger in strangers] == [frozenset()] * 3


@pytest.mark.parametrize("kind", ["meeting", "", None, 7])
async def test_a_conversation_of_an_unknown_kind_counts_as_public(
    bot: TeamsClient, mirror: Mirror, kind: object
) -> None:
    activity = activities.message(STAFF, "鏡", own_chat(STAFF), bot.teams.url)
    activity["conversation"] |= {"conversationType": kind}
    assert (await bot.post(activity))[0] == 200
    (request,) = mirror.requests
    assert request.conversation.kind == "channel"


@pytest.mark.parametrize(
    "text",
    [
        f"<at>{NAME}</at> 鏡",
        f"<at>{NAME}</at>鏡",
        f"<at>{NAME}</at>&nbsp;鏡",
        f"<at>{NAME}</at>\xa0鏡\r\n",
        f'<at id="0">{NAME}</at> 鏡',
        f"<AT>{NAME}</AT> 鏡",
        f"鏡 <at>{NAME}</at>",
        f"<at>{NAME}</at> <at>職員005</at> 鏡",
        "<at>名前の (変わった+ボット)</at> 鏡",
    ],
)
async def test_a_mention_is_no_part_of_what_was_said(bot: TeamsClient, mirror: Mirror, text: str) -> None:
    activity = activities.message(STAFF, "", CHANNEL, bot.teams.url) | {"text": text}
    assert (await bot.post(activity))[0] == 200
    assert len(mirror.requests) == 1


@pytest.mark.parametrize(
    "entities",
    [
        [{"type": "mention"}],
        [{"type": "mention", "mentioned": None, "text": None}],
        [{"type": "mention", "mentioned": {"id": BOT}}],
        [{"type": None}],
        [{}],
    ],
)
async def test_odd_mentions_do_no_harm(
    bot: TeamsClient, mirror: Mirror, entities: list[dict[str, Any]]
) -> None:
    activity = activities.message(STAFF, "鏡", CHANNEL, bot.teams.url) | {"entities": entities}
    assert (await bot.post(activity))[0] == 200
    assert (await bot.post({k: v for k, v in activity.items() if k != "recipient"}))[0] == 200
    assert len(mirror.requests) == 2


async def test_what_was_said_is_left_as_it_is() -> None:
    assert spoken("お知らせ　今日") == "お知らせ　今日"
    assert spoken(f"{NAME}とは") == f"{NAME}とは"
    assert spoken("2 &lt; 3") == "2 < 3"
    assert spoken("<at>閉じていない お知らせ") == "<at>閉じていない お知らせ"
    assert len(spoken("x" * 100_000)) == 10_000


async def test_a_person_s_own_chat_is_remembered_and_followed_when_it_moves(data_dir: Path) -> None:
    async with stage(data_dir) as bot:
        chats = Chats(bot.storage.ledger)
        await bot.say(STAFF, "メニュー", CHANNEL)
        opened = await chats.get(STAFF)
        assert opened == Chat(
            person=STAFF, conversation=own_chat(STAFF).conversation, service_url=bot.teams.url
        )
        moved = Place(conversation="a:moved", kind="personal")
        await bot.say(STAFF, "メニュー", moved)
        assert await chats.get(STAFF) == Chat(person=STAFF, conversation="a:moved", service_url=bot.teams.url)
        await bot.say(STAFF, "メニュー", GROUP)
        assert len(bot.sees(moved)) == 2


async def test_a_failure_gets_a_number_a_log_line_and_a_polite_word(bot: TeamsClient) -> None:
    with capture_logs() as logs:
        (answer,) = await bot.say(STAFF, "失敗")
        pressed = await bot.send_action(STAFF, "test.fail", {"v": 1})
    said = f"{answer.text}\n{pressed.sentence}"
    assert re.findall(r"受付番号 ([0-9a-f]{8}) を推進室に", said) == [line["number"] for line in logs]
    assert [line["log_level"] for line in logs] == ["error", "error"]
    assert [line["verb"] for line in logs] == ["", "test.fail"]
    assert "RuntimeError" not in said
    assert (await bot.say(STAFF, "文"))[0].text


async def test_what_fails_before_a_handler_is_asked_gets_a_number_as_well(data_dir: Path) -> None:
    async with stage(data_dir) as bot:
        await bot.say(STAFF, "メニュー")
        async with bot.storage.ledger.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE chats RENAME TO away")
        (answer,) = await bot.say(AUTHOR, "メニュー")
        assert "受付番号" in answer.text
        async with bot.storage.ledger.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE away RENAME TO chats")
        (answer,) = await bot.say(AUTHOR, "メニュー")
        assert answer.card is not None
