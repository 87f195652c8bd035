"""TinyDB's files when processes are killed, disks fail, people edit, and several write at once."""

import asyncio
import errno
import json
import os
import stat
from collections import defaultdict
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from storage.atomic_file import replace_whole, signature_of
from storage.errors import DocumentsBusyError, DocumentsUnreadableError
from storage.tiny import TinyDocuments
from tests.storage.processes import (
    FORKS,
    hold_lock,
    increase,
    names,
    running,
    write_until_full,
    write_until_killed,
)

KILLS = int(os.environ.get("BOT_TEST_KILLS", "40"))
OLD = {"schema": 1, "title": "テレワーク月間"}
NEW = {"schema": 1, "title": "訂正"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@pytest.fixture
async def documents(folder: Path) -> AsyncIterator[TinyDocuments]:
    documents = await TinyDocuments(folder, lock_seconds=0.2).open()
    yield documents
    await documents.close()


def _all_told(told: Connection) -> list[int]:
    numbers: list[int] = []
    while True:
        try:
            numbers.append(told.recv())
        except EOFError:
            return numbers


async def test_a_killed_writer_leaves_a_whole_file_with_all_that_was_acknowledged(folder: Path) -> None:
    acknowledged: dict[str, int] = defaultdict(int)
    last = 0
    for kill in range(KILLS):
        receiver, sender = FORKS.Pipe(duplex=False)
        with running(write_until_killed, folder, last + 1, sender) as writer:
            sender.close()
            numbers = [receiver.recv()]
            await asyncio.sleep(kill % 20 / 1000)
            writer.kill()
            numbers += _all_told(receiver)
            receiver.close()
        last = numbers[-1]
        acknowledged |= {f"{number % 100}": number for number in numbers}

        on_disk = json.loads((folder / "notes.json").read_bytes())["notes"]

        assert all(on_disk[key]["n"] in (number, last + 1) for key, number in acknowledged.items())
        assert on_disk["counter"]["n"] in (last, last + 1)
    assert last >= KILLS

    reopened = await TinyDocuments(folder).open()
    assert await reopened.all("notes") == dict(sorted(on_disk.items()))
    assert names(folder) == ["notes.json", "notes.lock"]
    await reopened.close()


async def test_a_file_too_large_for_the_system_is_never_acknowledged(folder: Path) -> None:
    receiver, sender = FORKS.Pipe(duplex=False)
    with running(write_until_full, folder, 65536, sender):
        sender.close()
        error, acknowledged, kept, files, keys_afterwards = receiver.recv()
        receiver.close()

    assert error == errno.EFBIG
    assert acknowledged > 10
    assert kept == {"schema": 1, "size": acknowledged, "text": "x" * 1000 * acknowledged}
    assert files == ["notes.json", "notes.lock"]
    assert keys_afterwards == ["a", "b"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
async def test_a_full_disk_leaves_the_old_content(documents: TinyDocuments, folder: Path) -> None:
    await documents.put("notes", "a", OLD)
    before = await documents.version("notes")
    (folder / "notes.json.tmp").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left on device"):
        await documents.change("notes", "a", lambda _: NEW)

    assert await documents.get("notes", "a") == OLD
    assert await documents.version("notes") == before
    assert not (folder / "notes.json.tmp").is_symlink()
    await documents.put("notes", "a", NEW)
    assert await documents.get("notes", "a") == NEW


@pytest.mark.parametrize("failing_call", [1, 2])
async def test_an_input_output_error_is_never_acknowledged(
    documents: TinyDocuments, folder: Path, monkeypatch: pytest.MonkeyPatch, failing_call: int
) -> None:
    await documents.put("notes", "a", OLD)
    calls = 0

    def fail_once(_descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing_call:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(OSError, match="Input/output error"):
        await documents.put("notes", "a", NEW)
    monkeypatch.undo()

    # The second call is for the folder: by then the new file may or may not outlive a power cut.
    assert calls == failing_call
    assert await documents.get("notes", "a") == (OLD if failing_call == 1 else NEW)
    assert json.loads((folder / "notes.json").read_bytes())["notes"]["a"] == await documents.get("notes", "a")
    assert not (folder / "notes.json.tmp").exists()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0" * 200,
        b'{"notes": {"a": {"schema": 1',
        b'{"notes": {"a": "\xff"}}',
        b"[]",
        b'{"other": {}}',
        b'{"notes": []}',
        b'{"notes": {"a": 5}}',
    ],
)
async def test_a_damaged_file_is_named_and_left_alone(
    documents: TinyDocuments, folder: Path, damage: bytes
) -> None:
    await documents.put("notes", "a", {"schema": 1, "n": 1})
    await documents.put("tips", "T1", OLD)
    path = folder / "notes.json"
    whole = path.read_bytes()
    path.write_bytes(damage)

    for call in (
        documents.get("notes", "a"),
        documents.all("notes"),
        documents.put("notes", "b", NEW),
        documents.change("notes", "a", increase),
        documents.delete("notes", "a"),
    ):
        with pytest.raises(DocumentsUnreadableError) as caught:
            await call
        assert str(path) in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
    assert path.read_bytes() == damage
    assert await documents.get("tips", "T1") == OLD

    path.write_bytes(whole)
    assert await documents.change("notes", "a", increase) == {"schema": 1, "n": 2}


async def test_a_writer_waits_for_the_lock_only_so_long(documents: TinyDocuments, folder: Path) -> None:
    await documents.put("notes", "a", {"n": 1})
    receiver, sender = FORKS.Pipe(duplex=False)
    with running(hold_lock, folder / "notes.lock", sender):
        assert receiver.recv() == "held"
        for call in (
            documents.put("notes", "a", NEW),
            documents.change("notes", "a", increase),
            documents.delete("notes", "a"),
        ):
            with pytest.raises(DocumentsBusyError, match=r"notes\.json"):
                await call
        assert await documents.get("notes", "a") == {"n": 1}
        await documents.put("tips", "T1", OLD)

    assert await documents.change("notes", "a", increase) == {"n": 2}
    receiver.close()
    sender.close()


async def test_what_a_killed_writer_left_is_cleared_away_but_not_a_living_ones(folder: Path) -> None:
    for name in ("notes", "tips"):
        (folder / f"{name}.json.tmp").write_bytes(b'{"half":')
    receiver, sender = FORKS.Pipe(duplex=False)
    with running(hold_lock, folder / "tips.lock", sender):
        assert receiver.recv() == "held"
        documents = await TinyDocuments(folder).open()
        left = names(folder)
    receiver.close()
    sender.close()

    assert left == ["notes.lock", "tips.json.tmp", "tips.lock"]
    assert await documents.all("notes") == {}
    await documents.close()


async def test_no_write_of_another_goes_unseen_however_quick(documents: TinyDocuments, folder: Path) -> None:
    other = await TinyDocuments(folder).open()
    for number in range(0, 400, 2):
        # Two writes of the same size bring the file back to the inode that the reader has seen.
        await other.put("notes", "a", {"n": 1000 + number})
        await other.put("notes", "a", {"n": 1001 + number})
        assert await documents.get("notes", "a") == {"n": 1001 + number}
    await other.close()


async def test_a_files_time_always_grows_whatever_the_clock_says(folder: Path) -> None:
    path = folder / "notes.json"
    seen = [replace_whole(path, b"first")]
    ahead = seen[0].modified_ns + 60_000_000_000
    os.utime(path, ns=(ahead, ahead))
    seen += [replace_whole(path, b"other"), replace_whole(path, b"third")]

    assert ahead < seen[1].modified_ns < seen[2].modified_ns
    assert signature_of(path) == seen[2]


async def test_the_file_is_for_people_to_read_and_edit(documents: TinyDocuments, folder: Path) -> None:
    await documents.put("notes", "a", OLD)
    path = folder / "notes.json"
    text = path.read_text(encoding="utf-8")

    assert (
        text
        == '{\n  "notes": {\n    "a": {\n      "schema": 1,\n      "title": "テレワーク月間"\n    }\n  }\n}\n'
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    path.write_text(text.replace("テレワーク月間", "テレワーク・デイズ"), encoding="utf-8")
    changed = await documents.change("notes", "a", lambda document: {**document, "by": "hand"})
    assert changed == {"schema": 1, "title": "テレワーク・デイズ", "by": "hand"}
