"""Opening the storage: what it makes, what it finds in its way, and who may serve."""

import stat
from pathlib import Path

import pytest

from storage.errors import AlreadyServing, DatabaseUrlError, DataFolderError, LedgerUnreachableError
from storage.ledger import SQLITE_FILE
from storage.opening import Storage, only_serve, open_storage
from tests.storage.processes import FORKS, running, serve


async def test_a_new_data_folder_is_private(tmp_path: Path) -> None:
    data_dir = tmp_path / "new" / "data"

    storage = await open_storage(data_dir, "")
    await storage.documents.put("tips", "T1", {"schema": 1})
    await storage.close()

    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert (data_dir / SQLITE_FILE).exists()
    assert (data_dir / "documents" / "tips.json").exists()


async def test_with_postgresql_no_file_is_written(tmp_path: Path, postgres_url: str) -> None:
    storage = await open_storage(tmp_path / "data", postgres_url)
    await storage.documents.put("tips", "T1", {"schema": 1})
    await storage.close()

    assert list((tmp_path / "data").iterdir()) == []


async def test_closing_twice_is_no_error(storage: Storage) -> None:
    await storage.close()
    await storage.close()


@pytest.mark.parametrize(
    "database_url", ["mysql://u:secret@127.0.0.1/bot", "no url: secret", "postgresql:secret"]
)
async def test_a_url_of_another_kind_is_refused_without_repeating_it(
    tmp_path: Path, database_url: str
) -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        await open_storage(tmp_path, database_url)

    assert "secret" not in str(caught.value)


async def test_a_server_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnreachableError) as caught:
        await open_storage(tmp_path, "postgresql://bot:secret@127.0.0.1:9/bot?connect_timeout=5")

    assert len(str(caught.value).splitlines()) == 1
    assert "secret" not in str(caught.value)


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / SQLITE_FILE).write_bytes(b"not a database " * 100)

    with pytest.raises(LedgerUnreachableError, match="not a database"):
        await open_storage(tmp_path, "")

    assert (tmp_path / SQLITE_FILE).read_bytes() == b"not a database " * 100


async def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")

    with pytest.raises(DataFolderError, match="data"):
        await open_storage(tmp_path / "data", "")
    with pytest.raises(DataFolderError, match="data"), only_serve(tmp_path / "data" / "deeper"):
        pass


async def test_only_one_serves_a_data_folder(tmp_path: Path) -> None:
    receiver, sender = FORKS.Pipe(duplex=False)
    data_dir = tmp_path / "data"
    with running(serve, data_dir, sender):
        assert receiver.recv() == "serving"
        with pytest.raises(AlreadyServing, match="data"), only_serve(data_dir):
            pass
    receiver.close()
    sender.close()

    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    with only_serve(data_dir):
        pass
    with only_serve(data_dir):
        pass
