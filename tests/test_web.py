"""Whatever anybody posts: a status below 500, one log line without its content, and the bot goes on."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.teams.adapter import HttpAnswer
from bot.web import build_web
from tests.features import activities
from tests.features.activities import own_chat, person
from tests.features.stage import Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAFF = person(5)
SECRET = "ないしょの話"
WRONG: tuple[object, ...] = (
    None,
    7,
    1.5,
    True,
    "",
    "x",
    [],
    [1],
    [None],
    [[]],
    {},
    {"id": 3},
    {"x": {"y": []}},
)


@pytest.fixture(scope="module")
def module_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(module_data: Path) -> AsyncIterator[Stage]:
    async with stage(module_data) as running:
        yield running


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


async def goes_on(bot: Stage) -> bool:
    (menu,) = await bot.say(STAFF, "メニュー")
    return "使いたいものを押してください" in menu.words()


def text(bot: Stage, **changes: object) -> dict[str, Any]:
    """Return a good message with other, or (None) without some fields."""
    activity = activities.message(STAFF, SECRET, own_chat(STAFF), bot.teams.url) | changes
    return {name: value for name, value in activity.items() if value is not None}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"no json",
        b"{",
        b"null",
        b"[]",
        b'[{"type": "message"}]',
        b'"message"',
        b"{}",
        b'{"type": "message"}',
        b'{"text": "\\ud800"}',
        b'{"a":' * 5000,
        b"[" * 100_000,
        "{'type': 'メニュー'}".encode("cp932"),
    ],
)
async def test_what_is_no_activity_is_turned_away(bot: Stage, logs: list[EventDict], body: bytes) -> None:
    status, answer = await bot.post(body)
    assert (status, answer) == (400, None)
    assert [(line["event"], line["status"]) for line in logs] == [("web.refused", 400)]
    assert await goes_on(bot)


@pytest.mark.parametrize("name", ["type", "channelId", "serviceUrl", "from", "conversation"])
async def test_an_activity_without_a_field_that_every_turn_needs_is_turned_away(
    bot: Stage, logs: list[EventDict], name: str
) -> None:
    for wrong in WRONG:
        if (name == "type" and wrong == "x") or (name == "channelId" and wrong == "x"):
            continue
        status, _ = await bot.post(text(bot, **{name: wrong}))
        assert 400 <= status < 500, wrong
        (line,) = logs
        assert SECRET not in str(line)
        logs.clear()
    assert await goes_on(bot)


def _paths(node: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _paths(value, (*path, name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _paths(value, (*path, place))


def _changed(activity: dict[str, Any], path: tuple[str | int, ...], value: object) -> bytes:
    changed: Any = deepcopy(activity)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return orjson.dumps(changed)


async def test_no_field_of_a_wrong_type_brings_the_bot_down(bot: Stage, logs: list[EventDict]) -> None:
    url, chat = bot.teams.url, own_chat(STAFF)
    mentioned = activities.message(STAFF, "メニュー", activities.CHANNEL, url)
    full = {"attachments": [{"contentType": "text/html", "content": "<p>x</p>"}], "value": {"verb": "x"}}
    pressed = activities.execute(STAFF, "help.menu", {"v": 1}, place=chat, service_url=url, card="1")
    samples = [mentioned | full, pressed, *activities.installed(STAFF, chat, url)]
    failed: list[str] = []
    for activity in samples:
        for path in _paths(activity):
            for wrong in WRONG:
                status, _ = await bot.post(_changed(activity, path, wrong))
                if status >= 500 and status != 501:
                    failed.append(f"{activity['type']} {path} {wrong!r}")
    assert failed == []
    assert {line["event"] for line in logs} <= {"web.refused", "turn.answer_not_taken"}
    assert await goes_on(bot)


async def test_a_body_of_ten_megabytes_is_turned_away(bot: Stage, logs: list[EventDict]) -> None:
    body = BytesIO(orjson.dumps(text(bot, text="x" * 10_000_000)))
    headers = {"Content-Type": "application/json"}
    async with bot.http.post(f"{bot.url}/api/messages", data=body, headers=headers) as response:
        assert response.status == 413
    assert [line["status"] for line in logs] == [413]
    assert await goes_on(bot)


async def test_a_large_body_of_unknown_length_is_turned_away(bot: Stage, logs: list[EventDict]) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 50_000

    headers = {"Content-Type": "application/json"}
    async with bot.http.post(f"{bot.url}/api/messages", data=pieces(), headers=headers) as response:
        assert response.status == 413
    assert [line["status"] for line in logs] == [413]
    assert await goes_on(bot)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/octet-stream", 415),
        ("", 415),
        ("application/json, text/html", 415),
    ],
)
async def test_only_json_is_taken(
    bot: Stage, logs: list[EventDict], content_type: str, expected: int
) -> None:
    status, _ = await bot.post(orjson.dumps(text(bot)), **{"Content-Type": content_type})
    assert status == expected
    assert [line["status"] for line in logs] == ([] if expected == 200 else [expected])


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_only_post_is_taken(bot: Stage, logs: list[EventDict], method: str) -> None:
    async with bot.http.request(method, f"{bot.url}/api/messages") as response:
        assert response.status == 405
    assert [line["status"] for line in logs] == [405]


async def test_an_unknown_path_is_refused_with_one_line(bot: Stage, logs: list[EventDict]) -> None:
    async with bot.http.get(f"{bot.url}/admin?token={SECRET}") as response:
        assert response.status == 404
    assert [line["status"] for line in logs] == [404]
    assert SECRET not in str(logs)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://smba.trafficmanager.net/teams/",
        "http://127.0.0.1.evil.example/",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "",
        "x",
    ],
)
async def test_an_answer_never_goes_to_an_untrusted_place(
    bot: Stage, logs: list[EventDict], url: str
) -> None:
    before = bot.teams.count
    status, _ = await bot.post(text(bot, serviceUrl=url))
    assert status in {400, 403}
    assert len(logs) == 1
    assert SECRET not in str(logs)
    assert bot.teams.count == before


async def test_a_caller_who_goes_away_in_the_middle_does_no_harm(bot: Stage, logs: list[EventDict]) -> None:
    address = urlsplit(bot.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b'Content-Length: 1000\r\n\r\n{"type":'
    )
    await writer.drain()
    await asyncio.sleep(0.05)
    link: socket.socket = writer.get_extra_info("socket")
    link.shutdown(socket.SHUT_RDWR)
    writer.close()
    await asyncio.sleep(0.1)
    assert [line for line in logs if line["log_level"] == "error"] == []
    assert await goes_on(bot)


async def test_operations_can_ask_how_the_bot_is(bot: Stage) -> None:
    for path, expected in (("/healthz", {"status": "ok"}), ("/readyz", {"status": "ready"})):
        async with bot.http.get(f"{bot.url}{path}") as response:
            assert response.status == 200
            assert await response.json() == expected
    await bot.post(b"{}")
    async with bot.http.get(f"{bot.url}/metrics") as response:
        figures = await response.text()
    assert response.status == 200
    assert 'bot_rejected_total{status="400"}' in figures
    assert 'bot_turns_total{kind="message",outcome="answered"}' in figures
    assert STAFF not in figures


async def test_a_bot_that_cannot_work_now_says_so() -> None:
    async def never(body: bytes, authorization: str | None) -> HttpAnswer:
        raise AssertionError(body, authorization)

    async def is_ready() -> bool:
        return False

    async with TestClient(TestServer(build_web(process=never, ready=is_ready))) as client:
        assert (await client.get("/readyz")).status == 503
        assert (await client.get("/healthz")).status == 200
