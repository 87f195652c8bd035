"""What `announce` refuses: exit 1, the file, the row and the reason in Japanese, and nothing is written."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tests.delivery.desk import present
from tests.verbs.commands import Ran, bot
from tests.verbs.ministry import HEADER, NOTICE, guid, write_ministry

YESTERDAY, TOMORROW, NEXT_WEEK = (
    (present() + timedelta(days=days)).date().isoformat() for days in (-1, 1, 7)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is wrong, and the words that say so."""

    says: tuple[str, ...]
    notice: str | None = NOTICE
    files: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


def front(line: str) -> str:
    """Return the notice with one more line in its front matter, the 3rd of the file."""
    first, title, rest = NOTICE.split("\n", 2)
    return f"{first}\n{title}\n{line}\n{rest}"


CASES = {
    "unknown key": Case(notice=front("titel: x"), says=("notice.md 3行目: titel: 知らない項目です",)),
    "no file": Case(notice=None, says=("notice.md: ファイルがありません",)),
    "deadline in the past": Case(
        notice=front(f"deadline: {YESTERDAY}"), says=("notice.md 3行目: deadline: 確認の期限が過ぎています",)
    ),
    "expiry before the deadline": Case(
        notice=front(f"expires: {TOMORROW}\ndeadline: {NEXT_WEEK}"),
        says=("notice.md 3行目: expires: 掲載の終了は、確認の期限より後に",),
    ),
    "unknown section among others": Case(options=("--audience", "all,section:NOWHERE"), says=("NOWHERE",)),
    "audience of nobody": Case(options=("--audience", "section:EMPTY"), says=("準備室", "職員がいません")),
    "broken row of people": Case(
        files={"people.csv": f"{HEADER}\n{guid(1)},職員1,,HISHO,,,1,0\nnobody,職員2,,HISHO,,,1,0\n"},
        says=("people.csv 3行目: ", "「nobody」", "オブジェクト ID（GUID）"),
    ),
    "files that are not there": Case(options=("--people", "nowhere.csv"), says=("nowhere.csv",)),
    "start in the past": Case(options=("--at", "2020-01-01T09:00"), says=("--at の日時が過ぎています",)),
    "start after the end": Case(
        notice=front(f"expires: {TOMORROW}"),
        options=("--at", f"{NEXT_WEEK}T09:00"),
        says=("--at の日時が、掲載の終了",),
    ),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Ran]]:
    """Run every case, two at a time."""
    two = asyncio.Semaphore(2)

    async def run(name: str, case: Case) -> tuple[str, tuple[Path, Ran]]:
        folder = tmp_path_factory.mktemp("case")
        options = write_ministry(folder, 4)
        for file, text in case.files.items():
            (folder / file).write_text(text, encoding="utf-8")
        if case.notice is None:
            (folder / "notice.md").unlink()
        else:
            (folder / "notice.md").write_text(case.notice, encoding="utf-8")
        async with two:
            return name, (folder, await bot(folder, "announce", "notice.md", *options, *case.options))

    async def run_all() -> dict[str, tuple[Path, Ran]]:
        return dict(await asyncio.gather(*(run(*case) for case in CASES.items())))

    return asyncio.run(run_all())


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_in_words_and_nothing_is_written(ran: dict[str, tuple[Path, Ran]], name: str) -> None:
    folder, result = ran[name]

    assert result.code == 1, result.err
    for words in CASES[name].says:
        assert words in result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    assert len(result.err.splitlines()) <= 2, "one line for each mistake"
    assert not (folder / "data").exists()
