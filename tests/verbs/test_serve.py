"""`serve` starts only where it may, serves one data folder once, and logs nothing that people said or are."""

import asyncio
import json
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.clock import JST
from bot.directory.file import SAMPLE
from bot.errors import OperatorError
from tests.fakes.connector import FakeConnector, Plan, Rule
from tests.fakes.openid import APP_ID, TENANT_ID, FakeOpenId
from tests.features import activities
from tests.features.activities import CHANNEL, own_chat, person
from tests.features.client import TeamsClient
from tests.verbs.commands import ROOT, Ran, bot, serving

CREDENTIALS = {"BOT_APP_ID": APP_ID, "BOT_TENANT_ID": TENANT_ID, "BOT_AUTH": "secret"}
SECRET = "open-sesame-1234"
ANYWHERE = "0.0.0.0"  # noqa: S104
FILES: list[str | Path] = [
    *("--people", SAMPLE / "people.csv"),
    *("--sections", SAMPLE / "sections.csv"),
    *("--roles", SAMPLE / "roles.csv"),
]


REFUSED: list[tuple[list[str | Path], dict[str, str], str]] = [
    (["--local"], {"BOT_APP_ID": APP_ID}, "--local は、BOT_APP_ID を設定した環境では使えません"),
    (FILES, {}, "BOT_APP_ID・BOT_TENANT_ID・BOT_AUTH"),
    (FILES, CREDENTIALS | {"BOT_TENANT_ID": ""}, "BOT_TENANT_ID"),
    (FILES, CREDENTIALS, "BOT_APP_SECRET"),
    (["--local", "--people", "nowhere.csv"], {}, "nowhere.csv"),
]


async def test_serve_does_not_start_with_settings_that_cannot_be_right(tmp_path: Path) -> None:
    async def refusal(number: int) -> Ran:
        arguments, settings, _ = REFUSED[number]
        return await bot(tmp_path, "serve", "--port", "0", "--data", f"{number}", *arguments, env=settings)

    ended = await asyncio.gather(*map(refusal, range(len(REFUSED))))
    for ran, (_, _, words) in zip(ended, REFUSED, strict=True):
        assert (ran.code, ran.out) == (1, "")
        assert words in ran.err
        assert len(ran.err.splitlines()) <= 2


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (["--local", "--host", ANYWHERE], {}, "127.0.0.1 だけ"),
        (["--local"], {"BOT_SEND_RATE": "fast"}, "BOT_SEND_RATE"),
        (["--local"], {"BOT_AUTH": "none"}, "BOT_AUTH"),
    ],
)
def test_serve_refuses_before_it_touches_anything(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    settings: dict[str, str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["serve", *arguments], env=settings)
    assert isinstance(result.exception, OperatorError)
    assert words in str(result.exception)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_is_served_once_and_a_port_as_well(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with serving(tmp_path, "--local", "--data", "one"):
            again = await bot(tmp_path, "serve", "--local", "--port", "0", "--data", "one")
            assert again.code == 1
            assert "one" in again.err
            elsewhere = await bot(tmp_path, "serve", "--local", "--port", port, "--data", "two")
            assert elsewhere.code == 1
            assert f"ポート {port} は、ほかのプログラムが使っています" in elsewhere.err
    async with serving(tmp_path, "--local", "--data", "one"):
        pass


async def test_an_address_that_this_machine_does_not_have_is_not_called_a_port_in_use(tmp_path: Path) -> None:
    settings = CREDENTIALS | {"BOT_APP_SECRET": SECRET, "BOT_OPENID_URL": "http://127.0.0.1:9/x"}
    ran = await bot(tmp_path, "serve", "--port", "0", "--host", "203.0.113.1", *FILES, env=settings)
    assert ran.code == 1
    assert "203.0.113.1" in ran.err
    assert "ほかのプログラム" not in ran.err


@asynccontextmanager
async def logged(
    folder: Path, teams: FakeConnector, *arguments: str | Path, **env: str
) -> AsyncIterator[TeamsClient]:
    """Run `serve` with its standard error in serve.log."""
    with (folder / "serve.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--port", "0", *map(str, arguments)),
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), **env},
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        async with aiohttp.ClientSession() as http:
            yield TeamsClient(teams=teams, http=http, url=line.split()[0].replace(ANYWHERE, "127.0.0.1"))
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def log_lines(folder: Path) -> list[dict[str, object]]:
    """Return the log, of which each line must be one JSON object."""
    lines = (folder / "serve.log").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    assert all(isinstance(line, dict) and line["event"] for line in found)
    return found


async def test_a_whole_flow_leaves_no_name_and_no_text_in_the_log(tmp_path: Path) -> None:
    author, staff, blocked = person(1), person(13), person(9)
    day = (datetime.now(JST) + timedelta(days=10)).date().isoformat()
    texts = {
        "title": "極秘の件名ですよ",
        "body": "極秘の本文ですよ。\n\n二行目ですよ。",
        "issuer": "極秘の発信者",
        "contact": "極秘の問合せ先（内線 99999）",
        "links": "極秘のリンク https://www.example.go.jp/gokuhi",
    }
    plan = Plan(keep_bodies=True, rules=(Rule(member=blocked, then="403"),))
    async with FakeConnector(plan) as teams:
        local = ["--local", "--service-url", teams.url]
        async with logged(tmp_path, teams, *local, BOT_SEND_RATE="0") as client:
            await client.install(author)
            await client.say(author, "極秘のひとりごと")
            await client.say(author, "極秘のひとりごと", CHANNEL)
            await client.say(author, "周知を作る")
            form = client.card_with(author, "プレビューへ")
            await client.press(author, "プレビューへ", card=form, **texts, deadline="2020-01-01")
            await client.press(author, "プレビューへ", deadline=day, audience_other="大臣官房")
            await client.press(author, "自分に試し送信")
            await client.press(author, "送信する")
            await client.until(lambda: len(client.teams.records.counts()) >= 47)
            await client.press(staff, "確認しました")
            await client.say(staff, "お知らせ")
            await client.press(author, "最新の状況にする")
            await client.press(author, "部局別の確認状況")
            broken = activities.message(staff, "極秘の文", own_chat(staff), teams.url)
            assert (await client.post(broken | {"entities": "極秘の文"}))[0] == 400
            assert (await client.post(broken | {"serviceUrl": "https://gokuhi.example/"}))[0] == 403
            assert (await client.post("極秘の文".encode()))[0] == 400
    lines = log_lines(tmp_path)
    assert {line["event"] for line in lines} >= {"dispatch.planned", "web.refused"}
    assert not [line for line in lines if line["level"] == "error"]
    log = (tmp_path / "serve.log").read_text(encoding="utf-8")
    people = [row.split(",") for row in (SAMPLE / "people.csv").read_text(encoding="utf-8").splitlines()[1:]]
    for text in (
        "極秘",
        "二行目",
        "gokuhi",
        "99999",
        *(row[1] for row in people),
        *(row[2] for row in people),
    ):
        assert text not in log, text


async def test_tokens_and_secrets_are_not_logged(tmp_path: Path) -> None:
    async with FakeOpenId() as microsoft, FakeConnector() as teams:
        settings = CREDENTIALS | {"BOT_APP_SECRET": SECRET, "BOT_OPENID_URL": microsoft.url}
        async with logged(tmp_path, teams, *FILES, **settings) as client:
            activity = activities.message(person(5), "x", own_chat(person(5)), teams.url)
            token = microsoft.sign({"iss": "somebody"})
            for authorization in (f"Bearer {token}", "Bearer e30.e30.c2lnbmF0dXJl", "Basic dXNlcjpwYXNz"):
                assert (await client.post(activity, Authorization=authorization))[0] == 401
            assert (await client.post(activity))[0] == 401
    lines = log_lines(tmp_path)
    assert [line["status"] for line in lines if line["event"] == "web.refused"] == [401] * 4
    log = (tmp_path / "serve.log").read_text(encoding="utf-8")
    for secret in (SECRET, token, token.split(".")[1], "c2lnbmF0dXJl", "dXNlcjpwYXNz"):
        assert secret not in log


async def test_a_bot_that_is_told_to_stop_finishes_what_it_has_begun(tmp_path: Path) -> None:
    async with FakeConnector(Plan(delay=0.5, keep_bodies=True)) as teams:
        async with logged(tmp_path, teams, "--local", "--service-url", teams.url) as client:
            turn = asyncio.create_task(client.say(person(5), "メニュー"))
            await client.until(lambda: teams.records.in_flight > 0)
        (menu,) = await turn
        assert "お知らせ" in menu.titles()
    assert not [line for line in log_lines(tmp_path) if line["level"] == "error"]
