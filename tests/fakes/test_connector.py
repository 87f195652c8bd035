"""The fake connector shows the faults that it was told to show, and remembers what it took."""

import asyncio
import io
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.connector import FakeConnector, Plan, Rule, chat_id, parse_step, plan_from_json

ROOT = Path(__file__).parents[2]
BODY = '{"type":"message","text":"11月はテレワーク月間です"}'.encode()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


def one_rule(*steps: str, then: str = "ok") -> Plan:
    return Plan(rules=(Rule(steps=steps, then=then),))


async def send(
    http: aiohttp.ClientSession, teams: FakeConnector, conversation: str, body: bytes | io.BytesIO = BODY
) -> tuple[int, str, aiohttp.ClientResponse]:
    url = f"{teams.url}/v3/conversations/{conversation}/activities"
    async with http.post(url, data=body) as response:
        return response.status, await response.text(), response


async def open_chat(http: aiohttp.ClientSession, teams: FakeConnector, member: str) -> tuple[int, str]:
    body = {"members": [{"id": member}], "activity": {"text": "ignored"}}
    async with http.post(f"{teams.url}/v3/conversations", json=body) as response:
        return response.status, (await response.json()).get("id", "")


async def test_each_refusal_says_what_teams_says(http: aiohttp.ClientSession) -> None:
    steps = ("403:BotDisabledByAdmin", "403", "404", "412", "401", "400", "413", "500", "502", "503", "504")
    async with FakeConnector(one_rule(*steps, "403:none", "html")) as teams:
        answers = [await send(http, teams, "a:1-x") for _ in range(len(steps) + 2)]
    said = [
        (status, json.loads(text)["error"]["code"] if text[:1] == "{" else "") for status, text, _ in answers
    ]
    assert said == [
        (403, "BotDisabledByAdmin"),
        (403, "ConversationBlockedByUser"),
        (404, "ConversationNotFound"),
        (412, "PreconditionFailed"),
        (401, "BotNotRegistered"),
        (400, "Bad Argument"),
        (413, "MessageSizeTooBig"),
        (500, "ServiceError"),
        (502, "ServiceError"),
        (503, ""),
        (504, ""),
        (403, ""),
        (502, ""),
    ]
    assert answers[-1][2].content_type == "text/html"
    assert "<html>" in answers[-1][1]
    assert teams.count == 0


async def test_throttling_names_the_seconds_or_not(http: aiohttp.ClientSession) -> None:
    async with FakeConnector(one_rule("429", "429:2.5", "429:none")) as teams:
        answers = [await send(http, teams, "a:1-x") for _ in range(4)]
    assert [(status, it.headers.get("Retry-After")) for status, _, it in answers] == [
        (429, "1"),
        (429, "2.5"),
        (429, None),
        (201, None),
    ]


@pytest.mark.parametrize(
    ("step", "taken"),
    [
        ("reset-before", 0),
        ("close-before", 0),
        ("reset-after", 1),
        ("close-after", 1),
        ("500-after-accept", 1),
        ("504-after-accept", 1),
        ("empty", 1),
    ],
)
async def test_answers_that_leave_it_open_whether_the_message_was_taken(
    http: aiohttp.ClientSession, step: str, taken: int
) -> None:
    async with FakeConnector(one_rule(step)) as teams:
        if step.startswith(("reset", "close")):
            expected = aiohttp.ServerDisconnectedError if step.startswith("close") else aiohttp.ClientOSError
            with pytest.raises(expected):
                await send(http, teams, "a:1-x")
        else:
            status, text, _ = await send(http, teams, "a:1-x")
            assert (status, "id" in text) == (int(step[:3]) if step[0] == "5" else 201, False)
        assert teams.count == taken
        assert (await send(http, teams, "a:1-x"))[0] == 201
    assert teams.records.duplicates() == ({"x": 1} if taken else {})


async def test_a_client_that_gives_up_is_remembered(http: aiohttp.ClientSession) -> None:
    short = aiohttp.ClientTimeout(total=0.2)
    async with FakeConnector(one_rule("never", "never-after-accept", "slow:5")) as teams:
        url = f"{teams.url}/v3/conversations/a:1-x/activities"
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await http.post(url, data=BODY, timeout=short)
        await asyncio.wait_for(teams.wait_idle(), 5)
    assert teams.records.answers() == {"gave up": 3}
    assert teams.count == 2


async def test_a_chat_that_is_gone_comes_back_under_another_id(http: aiohttp.ClientSession) -> None:
    async with FakeConnector(one_rule("gone")) as teams:
        first = await open_chat(http, teams, "x")
        assert [(await send(http, teams, first[1]))[0] for _ in range(2)] == [404, 404]
        second = await open_chat(http, teams, "x")
        assert (await send(http, teams, second[1]))[0] == 201
        assert await open_chat(http, teams, "x") == second
    assert (first, second) == ((201, chat_id("x")), (201, chat_id("x", 2)))
    assert [message.conversation for message in teams.messages_for("x")] == [second[1]]


async def test_not_found_for_ever_stays_so_after_opening_again(http: aiohttp.ClientSession) -> None:
    async with FakeConnector(Plan(rules=(Rule(member="x", steps=("gone",), then="404"),))) as teams:
        await send(http, teams, chat_id("x"))
        _, conversation = await open_chat(http, teams, "x")
        assert [(await send(http, teams, conversation))[0] for _ in range(2)] == [404, 404]


async def test_rules_choose_by_id_by_turn_and_by_chance(http: aiohttp.ClientSession) -> None:
    plan = Plan(
        rules=(
            Rule(member="3", then="403"),
            Rule(conversation="19:a/b@thread.tacv2", then="413"),
            Rule(every=5, offset=4, then="412"),
            Rule(on=("create",), then="500"),
        )
    )
    async with FakeConnector(plan) as teams:
        statuses = [(await send(http, teams, chat_id(str(number))))[0] for number in range(10)]
        assert statuses == [201, 201, 201, 403, 412, 201, 201, 201, 201, 412]
        assert (await send(http, teams, "19%3Aa%2Fb%40thread.tacv2"))[0] == 413
        assert (await open_chat(http, teams, "0"))[0] == 500

    hit = []
    for order in (range(200), reversed(range(200))):
        async with FakeConnector(Plan(rules=(Rule(fraction=0.1, seed="a", then="403"),))) as teams:
            hit.append(
                {number for number in order if (await send(http, teams, chat_id(str(number))))[0] == 403}
            )
    assert hit[0] == hit[1]
    assert 8 <= len(hit[0]) <= 35


async def test_the_limits_of_teams(http: aiohttp.ClientSession) -> None:
    async with FakeConnector(Plan(teams_limits=True)) as teams:
        answers = [await send(http, teams, chat_id("x")) for _ in range(8)]
        assert [status for status, _, _ in answers] == [201] * 7 + [429]
        assert answers[-1][2].headers["Retry-After"] == "1"
        assert (await send(http, teams, chat_id("y")))[0] == 201
    async with FakeConnector(Plan(rate=3)) as teams:
        assert [(await send(http, teams, chat_id(str(number))))[0] for number in range(4)] == [
            201,
            201,
            201,
            429,
        ]
        await asyncio.sleep(1.05)
        assert (await send(http, teams, chat_id("3")))[0] == 201
    assert teams.records.busiest_second() == 4


async def test_bodies_that_teams_would_not_take(http: aiohttp.ClientSession) -> None:
    room = 100 * 1024 // 2 - len('{"text":""}')
    async with FakeConnector(Plan(authorization="Bearer right")) as teams:
        assert (await send(http, teams, "a:1-x"))[0] == 401
    async with FakeConnector() as teams:
        fits = '{"text":"%s"}' % ("あ" * room)
        assert (await send(http, teams, "a:1-x", fits.encode()))[0] == 201
        assert (await send(http, teams, "a:1-x", fits.replace("あ", "ああ", 1).encode()))[0] == 413
        assert (await send(http, teams, "a:1-x", io.BytesIO(b" " * 3_000_000)))[0] == 413
        for bad in (b'{"text":"\xff"}', b"{", b"[]", b""):
            assert (await send(http, teams, "a:1-x", bad))[0] == 400
        assert (await open_chat(http, teams, ""))[0] == 400
    assert teams.count == 1


async def test_updates_deletes_members_and_the_prefix(http: aiohttp.ClientSession) -> None:
    async with FakeConnector(Plan(prefix="/amer", keep_bodies=True)) as teams:
        assert teams.url.endswith("/amer")
        async with http.post(teams.url.removesuffix("/amer") + "/v3/conversations", json={}) as response:
            assert response.status == 404
        _, text, _ = await send(http, teams, chat_id("x"))
        url = f"{teams.url}/v3/conversations/{chat_id('x')}/activities/{json.loads(text)['id']}"
        statuses = []
        for method in ("PUT", "DELETE", "PUT", "DELETE", "POST"):
            async with http.request(method, url, data=b'{"text":"2"}') as response:
                statuses.append(response.status)
        assert statuses == [200, 200, 404, 404, 201]  # the last is a reply to a message
        async with http.get(f"{teams.url}/v3/conversations/{chat_id('x')}/pagedmembers") as response:
            assert (await response.json())["members"][0]["aadObjectId"] == "x"
    assert [message.json()["text"] for message in teams.taken] == ["11月はテレワーク月間です", "2"]
    assert [change.kind for change in teams.records.changes] == ["update", "delete"]


async def test_a_stopped_fake_refuses_and_keeps_its_port(http: aiohttp.ClientSession) -> None:
    async with FakeConnector() as teams:
        await teams.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await send(http, teams, "a:1-x")
        await teams.start()
        assert (await send(http, teams, "a:1-x"))[0] == 201


def test_plans_that_make_no_sense_are_refused() -> None:
    for step in ("200", "slow", "429:soon", "forbidden", ""):
        with pytest.raises(ValueError, match=r"step|float"):
            parse_step(step)
    for text in (
        '{"rules":[{"steps":["nothing"]}]}',
        '{"rules":[{"every":0}]}',
        '{"rules":[{"fraction":2}]}',
        '{"faults":[]}',
    ):
        with pytest.raises(ValueError, match="validation error"):
            plan_from_json(text)


async def test_as_its_own_process(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"rules":[{"member":"x","steps":["500-after-accept"]}]}')
    arguments = ("--plan", str(tmp_path / "plan.json"), "--log", str(tmp_path / "log"), "--for", "30")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.connector", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        statuses = []
        for _ in range(2):
            async with http.post(f"{url}/v3/conversations/a:1-x/activities", data=BODY) as response:
                statuses.append(response.status)
        assert statuses == [500, 201]
        async with http.get(f"{url}/_taken") as response:
            summary = await response.json()
        assert (summary["members"], summary["duplicates"]) == ({"x": 2}, {"x": 1})
        async with http.post(f"{url}/_plan", data=b'{"rules":[{"then":"nothing"}]}') as response:
            assert response.status == 400
        async with http.post(
            f"{url}/_plan", data=b'{"rules":[{"then":"403"}],"keep_bodies":true}'
        ) as response:
            assert response.status == 200
        async with http.post(f"{url}/v3/conversations/a:1-x/activities", data=BODY) as response:
            assert response.status == 403
        async with http.get(f"{url}/_messages", params={"member": "x"}) as response:
            assert len(await response.json()) == 2
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["answer"] for line in lines] == ["500", "201", "403"]


async def test_the_process_ends_by_itself() -> None:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.fakes.connector", "--for", "0.1"),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert time.monotonic() - began < 20
