"""The commands that Teams offers are the commands that the router understands, in both languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.chat.router import Command, Router, fold
from tests.features.stage import stage

ROOT = Path(__file__).parents[1]
MANIFEST: dict[str, Any] = json.loads((ROOT / "appmanifest/manifest.json").read_text(encoding="utf-8"))
ENGLISH: dict[str, str] = json.loads((ROOT / "appmanifest/en.json").read_text(encoding="utf-8"))
LISTS: list[dict[str, Any]] = MANIFEST["bots"][0]["commandLists"]
ONLY_PERSONAL = {
    "周知を作る": "a form is filled in in one's own chat; who asks elsewhere is sent there",
    "配信の状況": "an author looks at it in their own chat",
}
_TITLE = re.compile(r"bots\[0\]\.commandLists\[(\d)\]\.commands\[(\d+)\]\.(title|description)")


@pytest.fixture
async def router(data_dir: Path) -> Router:
    async with stage(data_dir) as bot:
        return bot.app.router


def meant(router: Router, word: str) -> list[Command]:
    """Return the commands whose label or other word this is."""
    return [entry for entry in router.commands if fold(word) in map(fold, entry.words)]


def titles(scope: str) -> list[str]:
    return [each["title"] for it in LISTS if scope in it["scopes"] for each in it["commands"]]


async def test_every_command_of_the_manifest_is_a_label_of_the_router(router: Router) -> None:
    labels = {entry.words[0] for entry in router.commands}
    for commands in LISTS:
        assert {each["title"] for each in commands["commands"]} <= labels


async def test_every_command_of_the_router_is_in_the_manifest(router: Router) -> None:
    labels = [entry.words[0] for entry in router.commands]
    assert sorted(titles("personal")) == sorted(labels)
    for scope in ("team", "groupChat"):
        assert sorted(titles(scope)) == sorted(set(labels) - ONLY_PERSONAL.keys())


async def test_the_english_title_means_the_same_command(router: Router) -> None:
    for place, commands in enumerate(LISTS):
        for index, each in enumerate(commands["commands"]):
            name = f"bots[0].commandLists[{place}].commands[{index}].title"
            assert meant(router, ENGLISH[name]) == meant(router, each["title"]), name
            assert meant(router, each["title"])


def test_everything_is_translated_and_nothing_more() -> None:
    expected = {
        (str(place), str(index), field)
        for place, commands in enumerate(LISTS)
        for index in range(len(commands["commands"]))
        for field in ("title", "description")
    }
    found = {match.groups() for key in ENGLISH if (match := _TITLE.fullmatch(key))}
    assert found == expected
