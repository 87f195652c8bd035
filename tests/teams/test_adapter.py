"""The adapter has none of the stock adapter's defects: answers arrive, whatever Teams and callers do."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil
import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.teams.authentication import ChannelAuthenticator
from bot.teams.credentials import EntraTokens
from tests.fakes.clock import NOW, SetClock
from tests.fakes.connector import Plan, Rule
from tests.fakes.openid import APP_ID, FakeOpenId, teams_claims
from tests.features import activities
from tests.features.activities import CHANNEL, TENANT, own_chat, person
from tests.features.client import SENTENCE_TYPE, TeamsClient
from tests.features.stage import stage
from tests.features.window import CARD_TYPE, shown
from tests.teams.turns import CARD, NEW, turns

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAFF = person(5)
PRESSED = {"v": 1}


@pytest_asyncio.fixture(loop_scope="module")
async def bot(data_dir: Path) -> AsyncIterator[TeamsClient]:
    async with turns(data_dir) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TeamsClient]:
    """For tests that do not mind what others have left behind."""
    async with turns(tmp_path_factory.mktemp("shared")) as client:
        yield client


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


def pressed(bot: TeamsClient, verb: str, card: str | None = None) -> dict[str, Any]:
    return activities.execute(
        STAFF, verb, PRESSED, place=own_chat(STAFF), service_url=bot.teams.url, card=card
    )


# 1. Every invoke answer with a body became HTTP 500.


async def test_an_invoke_answer_arrives_as_it_is(bot: TeamsClient) -> None:
    expected = {
        "test.replace": {"statusCode": 200, "type": CARD_TYPE, "value": NEW.content},
        "test.show": {"statusCode": 200, "type": SENTENCE_TYPE, "value": "下に表示しました。"},
        "test.text": {"statusCode": 200, "type": SENTENCE_TYPE, "value": "文です。"},
        "test.toast": {"statusCode": 200, "type": SENTENCE_TYPE, "value": "短い文です。"},
        "test.refuse": {"statusCode": 200, "type": SENTENCE_TYPE, "value": "それはできません。"},
    }
    for verb, answer in expected.items():
        assert await bot.post(pressed(bot, verb)) == (200, answer)
    (card,) = bot.sees(STAFF)
    assert card.card == CARD.content


@pytest.mark.parametrize("trigger", ["manual", "automatic", None])
async def test_an_automatic_refresh_is_answered_as_well(shared: TeamsClient, trigger: str | None) -> None:
    activity = pressed(shared, "test.replace")
    activity["value"] |= {"trigger": trigger}
    assert (await shared.post(activity))[0] == 200


@pytest.mark.parametrize(
    "name",
    [
        "task/fetch",
        "application/search",
        "fileConsent/invoke",
        "signin/verifyState",
        "composeExtension/query",
        "",
    ],
)
async def test_another_invoke_is_not_served(shared: TeamsClient, name: str) -> None:
    assert await shared.post(pressed(shared, "test.replace") | {"name": name}) == (501, None)


@pytest.mark.parametrize(
    "value",
    [None, 1, "x", [], {}, {"action": None}, {"action": []}, {"action": {"verb": None, "data": []}}],
)
async def test_an_unreadable_button_is_an_old_card(shared: TeamsClient, value: object) -> None:
    status, answer = await shared.post(pressed(shared, "test.replace") | {"value": value})
    assert status == 200
    assert "カードは古いため" in answer["value"]


async def test_a_verb_in_the_data_alone_is_understood(shared: TeamsClient) -> None:
    activity = pressed(shared, "test.toast")
    activity["value"]["action"] = {"type": "Action.Execute", "data": {"verb": "test.toast", "v": 1}}
    assert (await shared.post(activity))[1]["value"] == "短い文です。"


async def test_a_submit_does_what_an_execute_does(bot: TeamsClient) -> None:
    (card,) = await bot.say(STAFF, "カード")

    async def submit(verb: str) -> None:
        data = {"verb": verb, **PRESSED}
        activity = activities.submit(
            STAFF, data, place=own_chat(STAFF), service_url=bot.teams.url, card=card.activity_id
        )
        assert (await bot.post(activity))[0] == 200

    await submit("test.replace")
    (now,) = bot.sees(STAFF)
    assert (now.activity_id, now.card) == (card.activity_id, NEW.content)
    for verb, text in (("test.toast", "短い文です。"), ("test.refuse", "それはできません。")):
        await submit(verb)
        assert bot.sees(STAFF)[-1].text == text
    await submit("test.show")
    assert bot.sees(STAFF)[-1].card == CARD.content
    await submit("test.unknown")
    assert "カードは古いため" in bot.sees(STAFF)[-1].text


async def test_a_card_that_has_gone_is_replaced_below(bot: TeamsClient) -> None:
    data = {"verb": "test.replace", **PRESSED}
    activity = activities.submit(
        STAFF, data, place=own_chat(STAFF), service_url=bot.teams.url, card="1234567890"
    )
    assert (await bot.post(activity))[0] == 200
    (now,) = bot.sees(STAFF)
    assert now.card == NEW.content


# 2. A token was fetched in every turn.


@dataclass(frozen=True, slots=True)
class Issued:
    token: str
    expires_on: int


class CountingEntra:
    """Issues T1, T2 …, each good for an hour."""

    def __init__(self) -> None:
        self.issued = 0

    async def get_token(self, *scopes: str) -> Issued:
        del scopes
        self.issued += 1
        await asyncio.sleep(0.05)
        return Issued(f"T{self.issued}", int(NOW.timestamp()) + 3600)

    async def close(self) -> None:
        pass


@asynccontextmanager
async def with_tokens(data_dir: Path, accepted: str) -> AsyncIterator[tuple[TeamsClient, CountingEntra]]:
    entra = CountingEntra()
    tokens = EntraTokens(lambda: entra, SetClock())
    async with turns(data_dir, plan=Plan(authorization=f"Bearer {accepted}"), tokens=tokens) as bot:
        yield bot, entra
    await tokens.close()


async def test_one_token_serves_many_turns(data_dir: Path) -> None:
    async with with_tokens(data_dir, "T1") as (bot, entra):
        await asyncio.gather(*(bot.say(person(number), "文") for number in range(1, 31)))
        await bot.say(STAFF, "文")
        assert bot.teams.count == 31
        assert entra.issued == 1


async def test_a_refused_token_is_renewed_once_for_all(data_dir: Path) -> None:
    async with with_tokens(data_dir, "T2") as (bot, entra):
        await asyncio.gather(*(bot.say(person(number), "文") for number in range(1, 21)))
        assert bot.teams.count == 20
        assert entra.issued == 2


# 3., 4. Each turn used a new connection, and `requests` in a pool of 6 threads.


async def test_many_turns_share_one_connection(data_dir: Path) -> None:
    async with stage(data_dir) as bot:
        for _ in range(20):
            await bot.say(STAFF, "メニュー")
        port = int(bot.teams.url.rpartition(":")[2])
        links = [
            link
            for link in psutil.Process().net_connections("tcp")
            if link.raddr and link.raddr.port == port and link.status == psutil.CONN_ESTABLISHED
        ]
        assert len(links) == 1
        await asyncio.gather(*(bot.say(person(number), "メニュー") for number in range(1, 51)))
        threads = [thread.name for thread in _threads()]
        assert not [name for name in threads if "requests" in name]


def _threads() -> list[Any]:
    import threading  # noqa: PLC0415

    return threading.enumerate()


async def test_a_slow_connector_neither_limits_turns_nor_blocks_the_loop(data_dir: Path) -> None:
    delay = 1.0
    async with turns(data_dir, plan=Plan(delay=delay)) as bot:
        await bot.say(STAFF, "カード")
        stalls: list[float] = []
        watching = asyncio.create_task(_watch(stalls))
        began = time.perf_counter()
        await asyncio.gather(*(bot.say(person(number), "カード") for number in range(1, 51)))
        seconds = time.perf_counter() - began
        watching.cancel()
    assert seconds < 5 * delay  # a pool of 6 threads would take 9 times the delay
    assert max(stalls) < delay * 0.7  # a request that blocks the loop takes all of the delay


async def _watch(stalls: list[float]) -> None:
    """Note how late each millisecond's wake-up is."""
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(0.001)
        stalls.append(time.perf_counter() - asked)


async def test_no_turn_touches_the_sdk_s_own_sender(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[str] = []
    for path in (
        "requests.sessions.Session.send",
        "msrest.service_client.ServiceClient.__init__",
        "msrest.universal_http.requests.ClientRetryPolicy.__init__",
        "botframework.connector.aio.ConnectorClient.__init__",
        "botframework.connector.ConnectorClient.__init__",
    ):
        monkeypatch.setattr(path, lambda *_, path=path, **__: touched.append(path))
    async with turns(data_dir) as bot:
        (card,) = await bot.say(STAFF, "カード")
        await bot.say(STAFF, "メニュー", CHANNEL)
        await bot.install(STAFF)
        for verb in ("test.show", "test.replace"):
            await bot.send_action(STAFF, verb, PRESSED, on=card)
        assert bot.teams.count == 5
    assert touched == []


# 5. A throttled answer was not sent again; and what never works must not make Teams start over.


async def test_an_answer_that_may_be_sent_again_is(data_dir: Path) -> None:
    steps = {
        person(number): step for number, step in enumerate(["429:0.1", "429:none", "412", "502", "503"], 1)
    }
    rules = tuple(Rule(member=who, steps=(step, step)) for who, step in steps.items())
    async with turns(data_dir, plan=Plan(rules=rules)) as bot:
        answers = await asyncio.gather(*(bot.say(who, "文") for who in steps))
        assert [answer.text for (answer,) in answers] == ["「文」ですね。"] * 5
        assert bot.teams.records.answers() == {"429": 4, "412": 2, "502": 2, "503": 2, "201": 5}


async def test_a_throttled_update_is_made_again(data_dir: Path) -> None:
    async with turns(data_dir, plan=Plan(rules=(Rule(on=("update",), steps=("429:0.1",)),))) as bot:
        (card,) = await bot.say(STAFF, "カード")
        data = {"verb": "test.replace", **PRESSED}
        activity = activities.submit(
            STAFF, data, place=own_chat(STAFF), service_url=bot.teams.url, card=card.activity_id
        )
        assert (await bot.post(activity))[0] == 200
        (now,) = bot.sees(STAFF)
        assert now.card == NEW.content


NEVER_TAKEN = {
    "429:600": 1,
    "503": 3,
    "403": 1,
    "404": 1,
    "413": 1,
    "500-after-accept": 1,
    "504": 1,
    "reset-after": 1,
    "close-after": 1,
    "never-after-accept": 1,
}
"""What Teams does to an answer, and how often it is worth trying."""


async def test_what_teams_never_takes_does_not_make_it_start_over(
    data_dir: Path, logs: list[EventDict]
) -> None:
    people = {person(number): step for number, step in enumerate(NEVER_TAKEN, 1)}
    rules = tuple(Rule(member=who, then=step) for who, step in people.items())
    async with turns(data_dir, plan=Plan(rules=rules), answer_seconds=0.3) as bot:

        async def try_both(who: str) -> None:
            text = activities.message(who, "文", own_chat(who), bot.teams.url)
            assert (await bot.post(text))[0] == 200
            answer = await bot.send_action(who, "test.show", PRESSED)
            assert "もう一度お試しください" in answer.sentence

        began = time.perf_counter()
        await asyncio.gather(*map(try_both, people))
        assert time.perf_counter() - began < 10  # Teams gives up on a turn after 15 s
        await bot.teams.wait_idle()
        tried = Counter(people[str(each.member)] for each in bot.teams.records.requests)
        assert tried == {step: 2 * attempts for step, attempts in NEVER_TAKEN.items()}
        events = Counter(line["event"] for line in logs if not line["event"].startswith("stamina"))
        assert events == {"turn.answer_not_taken": 10, "turn.card_not_taken": 10}
        bot.teams.plan = Plan(keep_bodies=True)
        assert all(await asyncio.gather(*(bot.say(who, "文") for who in people)))


# 8. Bad tokens became 500, other tenants were let in. (The tokens themselves: test_authentication.)


@asynccontextmanager
async def guarded(data_dir: Path) -> AsyncIterator[tuple[TeamsClient, FakeOpenId]]:
    async with FakeOpenId() as microsoft, aiohttp.ClientSession() as session:
        authenticator = ChannelAuthenticator(
            app_id=APP_ID, tenant_id=TENANT, openid_url=microsoft.url, session=session, clock=SetClock()
        )
        async with turns(data_dir, authenticator=authenticator) as bot:
            yield bot, microsoft
        await authenticator.close()


async def test_only_who_proves_to_be_teams_for_our_tenant_is_let_in(
    data_dir: Path, logs: list[EventDict]
) -> None:
    async with guarded(data_dir) as (bot, microsoft):
        good = microsoft.sign(teams_claims(NOW, serviceurl=bot.teams.url))
        expired = microsoft.sign(teams_claims(NOW, serviceurl=bot.teams.url, exp=1))
        stolen = microsoft.sign(teams_claims(NOW, serviceurl=bot.teams.url), key="second")
        elsewhere = microsoft.sign(teams_claims(NOW, serviceurl="https://smba.trafficmanager.net/jp/"))
        activity = activities.message(STAFF, "文", own_chat(STAFF), bot.teams.url)
        foreign = activity | {"channelData": {"tenant": {"id": "00000000-0000-4000-9000-000000000001"}}}
        nameless = {
            name: value for name, value in activity.items() if name not in {"channelData", "conversation"}
        } | {"conversation": {"id": "a:1"}}
        tries: list[tuple[dict[str, Any], str | None, int]] = [
            (activity, None, 401),
            (activity, "Bearer garbage", 401),
            (activity, "Basic dXNlcjpwYXNz", 401),
            (activity, f"Bearer {good[:-4]}AAAA", 401),
            (activity, f"Bearer {expired}", 401),
            (activity, f"Bearer {stolen}", 401),
            (activity, f"Bearer {elsewhere}", 401),
            (activity | {"channelId": "webchat"}, f"Bearer {good}", 401),
            (foreign, f"Bearer {good}", 403),
            (nameless, f"Bearer {good}", 403),
            (activity, f"Bearer {good}", 200),
        ]
        for what, authorization, expected in tries:
            logs.clear()
            headers = {"Authorization": authorization} if authorization else {}
            status, answer = await bot.post(what, **headers)
            assert (status, answer) == (expected, None), authorization
            refused = [line for line in logs if line["event"] == "web.refused"]
            assert [line["status"] for line in refused] == ([] if expected == 200 else [expected])
            assert authorization is None or authorization.partition(" ")[2] not in str(logs)
        assert bot.teams.count == 1


# 10. JSON left with \u escapes; and texts must arrive as they are.


async def test_json_leaves_as_utf8_without_escapes(bot: TeamsClient) -> None:
    await bot.say(STAFF, "カード")
    await bot.say(STAFF, "文　🙂「引用」")
    for message in bot.teams.taken:
        assert message.body is not None
        assert b"\\u" not in message.body
        message.body.decode("utf-8")
    card, text = bot.sees(STAFF)
    assert card.card == CARD.content
    assert card.summary == CARD.summary
    assert text.text == "「文　🙂「引用」」ですね。"
    activity = pressed(bot, "test.replace")
    headers = {"Content-Type": "application/json"}
    async with bot.http.post(
        f"{bot.url}/api/messages", data=orjson.dumps(activity), headers=headers
    ) as response:
        body = await response.read()
        assert response.content_type == "application/json"
    assert "置き換えたカードです。".encode() in body
    assert b"\\u" not in body


async def test_an_answer_is_addressed_to_the_conversation_it_came_from(bot: TeamsClient) -> None:
    await bot.say(STAFF, "文", CHANNEL)
    (taken,) = bot.teams.taken
    activity = taken.json()
    assert taken.conversation == activity["conversation"]["id"] == CHANNEL.conversation
    assert activity["type"] == "message"
    assert activity["replyToId"]
    assert shown(taken.conversation, taken.activity_id, activity).text


@pytest.mark.parametrize("kind", ["typing", "messageReaction", "event", "endOfConversation", "futureKind"])
async def test_other_activities_are_taken_without_an_answer(shared: TeamsClient, kind: str) -> None:
    activity = activities.message(STAFF, "文", own_chat(STAFF), shared.teams.url) | {"type": kind}
    count = shared.teams.count
    assert await shared.post(activity) == (200, None)
    assert shared.teams.count == count
