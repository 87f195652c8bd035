"""The Messenger on a real aiohttp session against the fake connector: what leaves, and what comes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest

from bot.delivery.messenger import (
    Address,
    ChatGone,
    Delivered,
    Opened,
    Outcome,
    Refused,
    RetryAfter,
    Unauthorized,
    Unclear,
)
from bot.teams.credentials import NoToken, TokenSource, TokenUnavailableError
from bot.teams.messenger import TeamsMessenger
from bot.teams.service_urls import ServiceUrls
from storage.deliveries.records import Doubt, Reason
from tests.fakes.connector import FakeConnector, Plan, Rule, chat_id

BODY = orjson.dumps({"type": "message", "summary": "11月はテレワーク月間です"})
MAKE = Callable[..., TeamsMessenger]


class Tokens:
    """Hands out t1, and after each renewal the next; None where Entra ID has none."""

    def __init__(self, *tokens: str | None) -> None:
        self.tokens = list(tokens)
        self.renewed: list[str] = []

    async def token(self) -> str:
        if self.tokens[0] is None:
            raise TokenUnavailableError("test")
        return self.tokens[0]

    async def renew(self, stale: str) -> str:
        self.renewed.append(stale)
        if self.tokens[0] == stale:
            self.tokens.pop(0)
        return await self.token()

    async def close(self) -> None:
        pass


@pytest.fixture
async def make() -> AsyncIterator[MAKE]:
    async with aiohttp.ClientSession() as session:

        def make(tokens: TokenSource | None = None, answer_seconds: float = 20) -> TeamsMessenger:
            return TeamsMessenger(
                session=session,
                tokens=tokens or NoToken(),
                service_urls=ServiceUrls(configured="", local=True),
                bot_id="28:bot",
                tenant_id="tenant",
                answer_seconds=answer_seconds,
            )

        yield make


def steps(*words: str, then: str = "ok", on: tuple[str, ...] = ("send",)) -> Plan:
    return Plan(rules=(Rule(steps=words, then=then, on=on),))  # type: ignore[arg-type]


def to(teams: FakeConnector, conversation: str = "a:1-p1") -> Address:
    return Address(conversation=conversation, service_url=f"{teams.url}/")


async def test_a_message_arrives_as_it_was_built(make: MAKE) -> None:
    async with FakeConnector(Plan(keep_bodies=True)) as teams:
        outcome = await make().send(to(teams), BODY)

    (message,) = teams.taken
    assert outcome == Delivered(message.activity_id)
    assert message.body == BODY
    assert "11月はテレワーク月間です".encode() in BODY


@pytest.mark.parametrize(
    "conversation",
    ["a:1_x-Y", "19:0a1b@thread.tacv2;messageid=170", "a/b?c#d%2Fe", "会話 1", "a+b&c=d"],
)
async def test_every_conversation_id_reaches_its_own_chat(make: MAKE, conversation: str) -> None:
    async with FakeConnector() as teams:
        outcome = await make().send(to(teams, conversation), BODY)

    assert isinstance(outcome, Delivered)
    assert [message.conversation for message in teams.taken] == [conversation]


async def test_update_and_delete(make: MAKE) -> None:
    async with FakeConnector(Plan(keep_bodies=True)) as teams:
        messenger = make()
        sent = await messenger.send(to(teams), BODY)
        assert isinstance(sent, Delivered)

        updated = await messenger.update(to(teams), sent.activity_id, b"{}")
        deleted = await messenger.delete(to(teams), sent.activity_id)
        again = await messenger.update(to(teams), sent.activity_id, b"{}")

    assert updated == Delivered(sent.activity_id)
    assert deleted == Delivered("")
    assert again == ChatGone()
    assert [(change.kind, change.body) for change in teams.records.changes] == [
        ("update", b"{}"),
        ("delete", b""),
    ]


async def test_a_chat_is_opened_by_object_id_and_is_the_same_each_time(make: MAKE) -> None:
    async with FakeConnector() as teams:
        messenger = make()

        opened = [await messenger.open_chat("p1", teams.url) for _ in range(2)]

    assert opened == [Opened(chat_id("p1"))] * 2
    assert {asked.kind for asked in teams.records.requests} == {"create"}


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("429:2", RetryAfter(2.0, throttled=True)),
        ("429:none", RetryAfter(None, throttled=True)),
        ("503", RetryAfter(None)),
        ("403:BotDisabledByAdmin", Refused(Reason.NOT_INSTALLED)),
        ("404", ChatGone()),
        ("401", Unauthorized()),
        ("500", RetryAfter(None)),
        ("504", RetryAfter(None)),
        ("reset-after", RetryAfter(None)),
        ("reset-before", RetryAfter(None)),
        ("empty", RetryAfter(None)),
    ],
)
async def test_opening_a_chat_is_repeatable_so_doubt_means_again(
    make: MAKE, step: str, outcome: Outcome
) -> None:
    async with FakeConnector(steps(then=step, on=("create",))) as teams:
        assert await make().open_chat("p1", teams.url) == outcome


@pytest.mark.parametrize(
    ("step", "outcome", "taken"),
    [
        ("reset-before", Unclear(Doubt.CONNECTION_LOST), 0),
        ("close-before", Unclear(Doubt.CONNECTION_LOST), 0),
        ("reset-after", Unclear(Doubt.CONNECTION_LOST), 1),
        ("close-after", Unclear(Doubt.CONNECTION_LOST), 1),
        ("never", Unclear(Doubt.TIMEOUT), 0),
        ("never-after-accept", Unclear(Doubt.TIMEOUT), 1),
        ("slow:3", Unclear(Doubt.TIMEOUT), 1),
        ("500-after-accept", Unclear(Doubt.SERVER_ERROR), 1),
        ("504-after-accept", Unclear(Doubt.TIMEOUT), 1),
        ("html", RetryAfter(None), 0),
        ("empty", Delivered(""), 1),
    ],
)
@pytest.mark.parametrize("kept_alive", [False, True])
async def test_what_nobody_can_know_is_said_so(
    make: MAKE, step: str, outcome: Outcome, taken: int, *, kept_alive: bool
) -> None:
    plan = steps(*(["ok"] if kept_alive else []), then=step)
    async with FakeConnector(plan) as teams:
        messenger = make(answer_seconds=0.3)
        if kept_alive:
            await messenger.send(to(teams), BODY)

        assert await messenger.send(to(teams), BODY) == outcome
        assert teams.count == taken + kept_alive


async def test_a_refused_connection_is_tried_again_for_nothing_has_left(make: MAKE) -> None:
    async with FakeConnector() as teams:
        messenger = make()
        assert isinstance(await messenger.send(to(teams), BODY), Delivered)
        await teams.stop()
        await asyncio.sleep(0.05)  # until the kept connection is seen to be closed

        assert await messenger.send(to(teams), BODY) == RetryAfter(None)
        assert await messenger.open_chat("p1", teams.url) == RetryAfter(None)

        await teams.start()
        assert isinstance(await messenger.send(to(teams), BODY), Delivered)


async def test_the_token_goes_along(make: MAKE) -> None:
    async with FakeConnector(Plan(authorization="Bearer t1")) as teams:
        assert isinstance(await make(Tokens("t1")).send(to(teams), BODY), Delivered)


async def test_without_a_token_no_authorization_is_sent(make: MAKE) -> None:
    async with FakeConnector(Plan(authorization="")) as teams:
        assert await make().send(to(teams), BODY) == Unauthorized()


async def test_after_a_401_a_new_token_is_fetched_once(make: MAKE) -> None:
    tokens = Tokens("t1", "t2")
    async with FakeConnector(Plan(authorization="Bearer t2")) as teams:
        assert isinstance(await make(tokens).send(to(teams), BODY), Delivered)

    assert tokens.renewed == ["t1"]
    assert teams.records.answers() == {"401": 1, "201": 1}


async def test_a_401_with_the_new_token_too_is_final(make: MAKE) -> None:
    tokens = Tokens("t1", "t2", "t3")
    async with FakeConnector(Plan(authorization="Bearer nobody")) as teams:
        assert await make(tokens).send(to(teams), BODY) == Unauthorized()

    assert tokens.renewed == ["t1"]
    assert teams.records.answers() == {"401": 2}


async def test_without_any_token_nothing_leaves(make: MAKE) -> None:
    async with FakeConnector() as teams:
        assert await make(Tokens(None)).send(to(teams), BODY) == RetryAfter(None)
        assert teams.records.requests == []


async def test_no_new_token_after_a_401_leaves_the_401(make: MAKE) -> None:
    async with FakeConnector(Plan(authorization="Bearer t2")) as teams:
        assert await make(Tokens("t1", None)).send(to(teams), BODY) == Unauthorized()


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "https://teams.example/", "", "file:///etc/passwd"])
async def test_nothing_goes_to_a_service_url_that_is_not_trusted(make: MAKE, url: str) -> None:
    tokens = Tokens(None)
    messenger = make(tokens)
    address = Address(conversation="a:1", service_url=url)

    assert await messenger.send(address, BODY) == Refused(Reason.REJECTED)
    assert await messenger.update(address, "1", BODY) == Refused(Reason.REJECTED)
    assert await messenger.delete(address, "1") == Refused(Reason.REJECTED)
    assert await messenger.open_chat("p1", url) == Refused(Reason.REJECTED)


Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[tuple[Address, list[bytes]]]:
    """Answer each request with these bytes and hang up; yield the address, and the requests as they come."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Address(conversation="a:1", service_url=f"http://127.0.0.1:{port}"), heard


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{", Delivered("")),
        (
            b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 99\r\n\r\n",
            RetryAfter(7.0, throttled=True),
        ),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 99\r\n\r\n", Unclear(Doubt.SERVER_ERROR)),
        (b"", Unclear(Doubt.CONNECTION_LOST)),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Unclear(Doubt.CONNECTION_LOST)),
        (b"HTTP/1.1 2", Unclear(Doubt.CONNECTION_LOST)),
    ],
)
async def test_a_broken_answer_means_what_its_status_says(
    make: MAKE, answer: bytes, outcome: Outcome
) -> None:
    async with raw_server(answer) as (address, _):
        assert await make().send(address, BODY) == outcome


async def test_a_redirect_is_not_followed_for_it_would_take_the_token_along(make: MAKE) -> None:
    async with FakeConnector() as elsewhere:
        answer = f"HTTP/1.1 307 Go\r\nLocation: {elsewhere.url}/v3\r\nContent-Length: 0\r\n\r\n".encode()
        async with raw_server(answer) as (address, heard):
            assert await make(Tokens("t1")).send(address, BODY) == Refused(Reason.REJECTED)

        assert elsewhere.records.requests == []
    assert b"Authorization: Bearer t1" in heard[0]
    assert b"Content-Type: application/json; charset=utf-8" in heard[0]
