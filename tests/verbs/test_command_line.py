"""The command line as a whole: help that costs nothing, clear lines and exit codes for nonsense."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import VERBS, main
from tests.verbs.commands import ROOT, bot

HEAVY = [
    "botbuilder",
    "botframework",
    "msrest",
    "sqlalchemy",
    "pydantic",
    "aiohttp",
    "azure",
    "tinydb",
    "rich",
]
OF_TEAMS = ["botbuilder", "botframework", "msrest", "aiohttp", "azure", "microsoft_teams"]
_ASK = """
import json, sys
from click.testing import CliRunner
from bot.__main__ import main
for arguments in json.loads(sys.argv[1]):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == int(sys.argv[2]), (arguments, result.output, result.exception)
print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))
"""


async def imported_by(folder: Path, code: int, *commands: list[str]) -> set[str]:
    """Run commands one after the other in one new process; return the packages that it has imported."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _ASK, json.dumps(commands), str(code)),
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    return set(json.loads(out.splitlines()[-1]))


async def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    found = await imported_by(tmp_path, 0, ["--help"], *([verb, "--help"] for verb in VERBS))
    assert found.isdisjoint(HEAVY)


async def test_a_report_imports_nothing_of_teams(data_dir: Path) -> None:
    found = await imported_by(data_dir, 1, ["report", "20261102-00000000", "--data", "."])
    assert found.isdisjoint(OF_TEAMS)
    assert "sqlalchemy" in found


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_in_japanese(verb: str) -> None:
    result = CliRunner().invoke(main, [verb, "--help"])
    assert result.exit_code == 0
    assert f"Usage: bot {verb}" in result.output
    described = result.output.split("Options:")[0]
    assert any("ぁ" <= letter <= "ん" for letter in described)


def test_the_list_of_verbs_says_what_each_does() -> None:
    result = CliRunner().invoke(main, ["--help"])
    for verb, line in VERBS.items():
        assert verb in result.output
        assert line[:8] in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["serve", "--nonsense"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "x"],
        ["report"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Error:" in result.output


async def test_what_an_operator_can_mend_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ledger.sqlite3").write_bytes(b"no database at all" * 100)
    asked: list[tuple[list[str], str]] = [
        (["report", "x", "--data", "nowhere"], "データがまだありません"),
        (["report", "x", "--data", "file"], "file"),
        (["report", "x", "--data", "broken"], "データベースに接続できません"),
        (["announce", "nowhere.md", "--local"], "ファイルがありません"),
    ]
    ended = await asyncio.gather(*(bot(tmp_path, *arguments) for arguments, _ in asked))
    for ran, (arguments, words) in zip(ended, asked, strict=True):
        assert (ran.code, ran.out) == (1, ""), arguments
        assert words in ran.err
        assert len(ran.err.splitlines()) == 1
