"""The ledger's tables as the revisions make them, against the tables that the code expects."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import storage
from storage.errors import LedgerBusyError, LedgerTooNew
from storage.ledger import SQLITE_FILE, Ledger, ledger_url
from storage.migrations.runner import REVISIONS, upgrade
from storage.tables import TABLE_MODULES, metadata
from tests.storage.processes import FORKS, exit_code, hold_advisory_lock, hold_lock, open_and_tell, running

STORAGE = Path(inspect.getfile(storage)).parent

_SQLITE_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version' ORDER BY 1, 2"
_POSTGRES_COLUMNS = """
    SELECT table_name, ordinal_position, column_name, data_type, character_maximum_length, is_nullable,
        column_default
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    ORDER BY 1, 2
"""
_POSTGRES_INDEXES = """
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1
"""
_POSTGRES_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass ORDER BY 1, 2
"""
_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_POSTGRES_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """What BOT_DATABASE_URL says, once for each engine, with nothing in the database."""
    return str(request.getfixturevalue("empty_postgres_url")) if request.param == "postgresql" else ""


@pytest.fixture
async def empty_ledger(tmp_path: Path, empty_url: str) -> AsyncIterator[Ledger]:
    ledger = Ledger(ledger_url(tmp_path, empty_url))
    yield ledger
    await ledger.close()


async def _schema(ledger: Ledger) -> list[list[tuple[Any, ...]]]:
    on_postgres = (_POSTGRES_COLUMNS, _POSTGRES_INDEXES, _POSTGRES_CONSTRAINTS)
    queries = (_SQLITE_SCHEMA,) if ledger.is_sqlite else on_postgres
    async with ledger.read() as connection:
        return [[tuple(row) for row in await connection.execute(text(query))] for query in queries]


async def _tables(ledger: Ledger) -> set[str]:
    query = _SQLITE_TABLES if ledger.is_sqlite else _POSTGRES_TABLES
    async with ledger.read() as connection:
        return set(await connection.scalars(text(query)))


async def _revisions(ledger: Ledger) -> list[str]:
    async with ledger.read() as connection:
        return list(await connection.scalars(text("SELECT version_num FROM alembic_version")))


def test_the_known_revisions_are_those_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(STORAGE / "migrations"))

    scripts = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]

    assert tuple(reversed(scripts)) == REVISIONS


def test_every_module_with_a_table_is_named_in_tables() -> None:
    with_tables = {
        path
        for path in STORAGE.rglob("*.py")
        if re.search(r"^\w+ = Table\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert with_tables == {Path(inspect.getfile(module)) for module in TABLE_MODULES}


async def test_autogenerate_finds_nothing_to_do(ledger: Ledger) -> None:
    def compare(connection: Connection) -> list[Any]:
        differences: list[Any] = compare_metadata(MigrationContext.configure(connection), metadata)
        return differences

    async with ledger.read() as connection:
        assert await connection.run_sync(compare) == []


async def test_the_revisions_make_exactly_what_the_tables_say(empty_ledger: Ledger) -> None:
    """Also the order of columns, defaults and partial indexes, which autogenerate does not compare."""
    await upgrade(empty_ledger)
    migrated = await _schema(empty_ledger)
    async with empty_ledger.write() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)

    assert migrated == await _schema(empty_ledger)
    assert all(migrated)


async def test_an_upgrade_makes_all_and_a_second_one_nothing(empty_ledger: Ledger) -> None:
    await upgrade(empty_ledger)
    before = await _schema(empty_ledger)
    await upgrade(empty_ledger)

    assert await _schema(empty_ledger) == before
    assert await _tables(empty_ledger) == {"alembic_version", *metadata.tables}
    assert await _revisions(empty_ledger) == [REVISIONS[-1]]


async def test_a_start_with_nothing_to_do_needs_no_alembic(data_dir: Path, database_url: str) -> None:
    receiver, sender = FORKS.Pipe(duplex=False)
    with running(open_and_tell, data_dir, database_url, FORKS.Barrier(1), sender) as process:
        assert exit_code(process) == 0
        assert receiver.recv() is False
    receiver.close()
    sender.close()


async def test_many_that_start_at_once_upgrade_once(
    tmp_path: Path, empty_url: str, empty_ledger: Ledger
) -> None:
    receiver, sender = FORKS.Pipe(duplex=False)
    start = FORKS.Barrier(4, timeout=60)
    arguments = (tmp_path, empty_url, start, sender)
    with (
        running(open_and_tell, *arguments) as one,
        running(open_and_tell, *arguments) as two,
        running(open_and_tell, *arguments) as three,
        running(open_and_tell, *arguments) as four,
    ):
        assert [exit_code(process) for process in (one, two, three, four)] == [0, 0, 0, 0]
        assert sorted(receiver.recv() for _ in range(4)) == [False, False, False, True]
    receiver.close()
    sender.close()

    assert await _revisions(empty_ledger) == [REVISIONS[-1]]


async def test_an_upgrade_waits_for_the_one_under_way_only_so_long(
    tmp_path: Path, empty_url: str, empty_ledger: Ledger
) -> None:
    receiver, sender = FORKS.Pipe(duplex=False)
    lock = empty_url or tmp_path / f"{SQLITE_FILE}.lock"
    with running(hold_advisory_lock if empty_url else hold_lock, lock, sender):
        assert receiver.recv() == "held"
        with pytest.raises(LedgerBusyError):
            await upgrade(empty_ledger, wait_seconds=0.2)
        waiting = asyncio.create_task(upgrade(empty_ledger))
        await asyncio.sleep(0.2)
        assert not waiting.done()
    receiver.close()
    sender.close()

    await asyncio.wait_for(waiting, 30)
    assert await _revisions(empty_ledger) == [REVISIONS[-1]]


@pytest.mark.parametrize("revision", ["9999", "0001x"])
async def test_a_database_from_a_newer_program_is_refused_and_left_alone(
    ledger: Ledger, revision: str
) -> None:
    async with ledger.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})

    with pytest.raises(LedgerTooNew, match=revision):
        await upgrade(ledger)

    assert await _revisions(ledger) == [revision]


async def test_an_upgrade_that_fails_leaves_nothing_behind(empty_ledger: Ledger) -> None:
    last = max(metadata.tables)
    async with empty_ledger.write() as connection:
        await connection.execute(text(f"CREATE TABLE {last} (in_the_way INTEGER)"))

    with pytest.raises(DBAPIError, match="already exists"):
        await upgrade(empty_ledger)

    assert await _tables(empty_ledger) == {last}

    async with empty_ledger.write() as connection:
        await connection.execute(text(f"DROP TABLE {last}"))
    await asyncio.wait_for(upgrade(empty_ledger), 30)
    assert await _revisions(empty_ledger) == [REVISIONS[-1]]
