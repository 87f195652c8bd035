"""The directory of a running bot: which files count, and which new states of them are refused."""

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.chat.roles import Role
from bot.directory.audience import resolve
from bot.directory.file import SAMPLE, DirectoryFiles, FileDirectory, directory_files
from bot.directory.protocol import Directory
from bot.directory.snapshot import Snapshot
from bot.errors import FileProblems, OperatorError
from bot.settings import Settings
from tests.directory.files import Files, good_files, person_row
from tests.directory.organisation import TODAY, guid


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("PEOPLE", "SECTIONS", "ROLES", "DATA_DIR", "LOCAL"):
        monkeypatch.delenv(f"BOT_{name}", raising=False)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Good files in a data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return good_files(folder)


@pytest.fixture
def directory(files: Files) -> FileDirectory:
    """A directory of these files."""
    return FileDirectory(directory_files(Settings(data_dir=files.folder)))


def write_people(files: Files, count: int) -> None:
    """Leave only the first `count` people."""
    files.write_people(*(person_row(number) for number in range(1, count + 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFiles(DirectoryFiles):
    """Files whose reading takes as long as a test wants."""

    being_read: threading.Event
    may_end: threading.Event

    def load(self) -> Snapshot:
        """Say that reading began, and wait for permission to end it."""
        self.being_read.set()
        if not self.may_end.wait(timeout=5):
            raise TimeoutError
        return DirectoryFiles.load(self)


async def test_a_broken_new_file_leaves_the_last_good_snapshot_and_is_named_once(
    files: Files, directory: FileDirectory
) -> None:
    before = directory.snapshot
    files.write_people(person_row(1), person_row(2, section="NONE"))
    with pytest.raises(FileProblems, match=r"people\.csv 3行目"):
        await directory.refresh()
    assert directory.snapshot is before
    assert isinstance(directory.problem, FileProblems)
    assert await directory.refresh() is False
    assert isinstance(directory.problem, FileProblems)


async def test_a_vanished_file_leaves_the_last_good_snapshot(files: Files, directory: FileDirectory) -> None:
    before = directory.snapshot
    files.people.unlink()
    with pytest.raises(FileProblems, match="ファイルを読めません"):
        await directory.refresh()
    assert directory.snapshot is before


async def test_a_mended_file_is_taken_and_the_problem_is_gone(files: Files, directory: FileDirectory) -> None:
    files.sections.write_text("?", encoding="utf-8")
    with pytest.raises(FileProblems):
        await directory.refresh()
    files.write_sections("KANBO,大臣官房,,1,,,", "HISHO,人事課,KANBO,,,,")
    assert await directory.refresh() is True
    assert directory.problem is None
    assert directory.snapshot.sections.name("HISHO") == "人事課"


async def test_the_loss_of_more_than_a_fifth_of_the_people_is_refused(
    files: Files, directory: FileDirectory
) -> None:
    write_people(files, 7)
    with pytest.raises(OperatorError, match=r"10 人のうち 3 人がいなくなる.*20%"):
        await directory.refresh()
    assert len(directory.snapshot.people) == 10
    assert directory.problem is not None
    write_people(files, 8)
    assert await directory.refresh() is True
    assert len(directory.snapshot.people) == 8


async def test_a_fifth_disabled_or_exchanged_is_as_bad_as_a_fifth_lost(
    files: Files, directory: FileDirectory
) -> None:
    files.write_people(*(person_row(number, enabled="0" if number > 7 else "1") for number in range(1, 11)))
    with pytest.raises(OperatorError, match="3 人がいなくなる"):
        await directory.refresh()
    files.write_people(*(person_row(number) for number in (1, 2, *range(21, 60))))
    with pytest.raises(OperatorError, match="8 人がいなくなる"):
        await directory.refresh()
    assert len(directory.snapshot.recipients()) == 10


async def test_a_new_start_takes_what_a_refresh_refused(files: Files, directory: FileDirectory) -> None:
    write_people(files, 2)
    with pytest.raises(OperatorError):
        await directory.refresh()
    assert len(FileDirectory(directory_files(Settings(data_dir=files.folder))).snapshot.people) == 2


async def test_unchanged_files_are_not_read_again(directory: FileDirectory) -> None:
    before = directory.snapshot
    assert await directory.refresh() is False
    assert directory.snapshot is before


async def test_a_change_of_any_file_is_noticed(files: Files, directory: FileDirectory) -> None:
    write_people(files, 11)
    assert await directory.refresh() is True
    files.write_sections("KANBO,大臣官房,,1,,,", f"HISHO,秘書課,KANBO,,{guid(5)},,")
    assert await directory.refresh() is True
    files.write_roles(f"{guid(5)},approver,")
    assert await directory.refresh() is True
    assert directory.snapshot.person(guid(11)) is not None
    assert directory.snapshot.actor(guid(5)).roles == {Role.STAFF, Role.MANAGER, Role.APPROVER}


async def test_refreshes_at_the_same_time_take_a_change_once(files: Files, directory: FileDirectory) -> None:
    write_people(files, 11)
    assert sorted(await asyncio.gather(*(directory.refresh() for _ in range(5)))) == [False] * 4 + [True]


async def test_a_cancelled_refresh_takes_the_change_next_time(files: Files) -> None:
    being_read, may_end = threading.Event(), threading.Event()
    may_end.set()
    directory = FileDirectory(
        HeldFiles(
            people=files.people,
            sections=files.sections,
            roles=files.roles,
            being_read=being_read,
            may_end=may_end,
        )
    )
    being_read.clear()
    may_end.clear()
    write_people(files, 11)
    refreshing = asyncio.create_task(directory.refresh())
    assert await asyncio.to_thread(being_read.wait, 5)
    refreshing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await refreshing
    may_end.set()
    assert await directory.refresh() is True


async def test_roles_may_come_later_and_go_again(files: Files) -> None:
    files.roles.unlink()
    directory = FileDirectory(directory_files(Settings(data_dir=files.folder)))
    assert directory.snapshot.grants == ()
    files.write_roles(f"{guid(3)},author,")
    assert await directory.refresh() is True
    assert Role.AUTHOR in directory.snapshot.actor(guid(3)).roles
    files.roles.unlink()
    assert await directory.refresh() is True
    assert directory.snapshot.grants == ()


async def test_named_roles_may_not_go(files: Files) -> None:
    named = files.folder / "granted.csv"
    files.roles.rename(named)
    directory = FileDirectory(directory_files(Settings(data_dir=files.folder, roles=named)))
    named.unlink()
    with pytest.raises(FileProblems, match="ファイルを読めません"):
        await directory.refresh()
    assert Role.AUTHOR in directory.snapshot.actor(guid(2)).roles


def test_a_broken_file_at_the_start_is_an_error(files: Files) -> None:
    files.write_people(person_row(1, section="NONE"))
    with pytest.raises(FileProblems):
        FileDirectory(directory_files(Settings(data_dir=files.folder)))


def test_without_files_the_operator_is_told_how_to_give_them(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    with pytest.raises(OperatorError) as caught:
        directory_files(Settings(data_dir=folder))
    assert str(caught.value).splitlines() == [
        f"people.csv がありません。--people（BOT_PEOPLE）で指定するか、{folder} に置いてください。",
        f"sections.csv がありません。--sections（BOT_SECTIONS）で指定するか、{folder} に置いてください。",
    ]


@pytest.mark.parametrize("name", ["people", "sections", "roles"])
@pytest.mark.parametrize("local", [False, True])
def test_a_named_file_that_is_not_there_is_an_error(files: Files, name: str, *, local: bool) -> None:
    settings = Settings(data_dir=files.folder, local=local).model_copy(update={name: Path("gone.csv")})
    with pytest.raises(OperatorError, match=rf"--{name}.*で指定されたファイルがありません: gone.csv"):
        directory_files(settings)


def test_a_sample_never_fills_the_place_of_one_missing_file(files: Files) -> None:
    with pytest.raises(OperatorError, match=r"sections\.csv がありません"):
        directory_files(Settings(local=True, data_dir=Path("none"), people=files.people))
    files.people.unlink()
    with pytest.raises(OperatorError, match=r"people\.csv がありません"):
        directory_files(Settings(local=True, data_dir=files.folder))


def test_named_files_win_over_the_data_folder_and_that_over_the_sample(files: Files, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_bytes(files.people.read_bytes())
    assert directory_files(Settings(local=True, data_dir=files.folder, people=other)) == DirectoryFiles(
        people=other, sections=files.sections, roles=files.roles, roles_optional=True
    )
    assert directory_files(Settings(data_dir=files.folder, roles=files.roles)).roles_optional is False


def test_named_roles_may_be_tried_on_the_sample(files: Files) -> None:
    found = directory_files(Settings(local=True, data_dir=Path("none"), roles=files.roles))
    assert (found.people, found.roles) == (SAMPLE / "people.csv", files.roles)


def test_the_shipped_sample_is_good_and_everyone_in_it_can_be_reached() -> None:
    directory: Directory = FileDirectory(directory_files(Settings(local=True, data_dir=Path("none"))))
    snapshot = directory.snapshot
    assert len(resolve("all", snapshot, TODAY).people) == len(snapshot.recipients()) > 200
    assert len(resolve("headquarters", snapshot, TODAY).people) < len(snapshot.recipients())
    assert {role for grant in snapshot.grants for role in [grant.role]} >= {Role.AUTHOR, Role.APPROVER}
    assert snapshot.sections.bureaus()
