"""The ledger: what happens, in SQL. A SQLite file by default, PostgreSQL by URL; one code path for both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Date, Dialect, MetaData, event, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from storage.instant import from_millis, to_millis

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SQLITE_FILE = "ledger.sqlite3"
_SQLITE_BUSY_MS = 30_000
_WRITER_WAIT = 120
_READERS = 2


class Instant(TypeDecorator[datetime]):
    """An aware time, kept as UTC epoch milliseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Turn an aware time into epoch milliseconds."""
        return None if value is None else to_millis(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn epoch milliseconds into an aware time in JST."""
        return None if value is None else from_millis(value)


class Day(TypeDecorator[date]):
    """A date in JST."""

    impl = Date
    cache_ok = True


def ledger_url(data_dir: Path, database_url: str) -> URL:
    """Return where the ledger is: PostgreSQL if a URL is given, else a file in the data folder.

    Raises:
        ValueError: the URL is not one of PostgreSQL.
    """
    if not database_url:
        return URL.create("sqlite+aiosqlite", database=str(data_dir / SQLITE_FILE))
    url = make_url(database_url)
    if url.get_backend_name() != "postgresql":
        raise ValueError(f"the ledger runs on SQLite or PostgreSQL, not on {url.get_backend_name()}")
    return url.set(drivername="postgresql+psycopg")


class Ledger:
    """Transactions on one database. Errors never repeat the values of a statement: they end up in the log.

    SQLite lets one writer in at a time: its write transactions queue on a pool of one connection, in the
    order in which they came, and each begins with BEGIN IMMEDIATE so that it never fails half-way for a lock.
    """

    def __init__(self, url: URL) -> None:
        """Prepare the engines; nothing is opened before the first transaction."""
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_writer(url)
            self._reader = _sqlite_reader(url)
        else:
            self._writer = create_async_engine(
                url, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True
            )
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may change things; it commits at the end, or rolls back on an exception."""
        async with self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads; each statement sees one consistent moment of its own."""
        async with self._reader.connect() as connection:
            yield connection

    async def present(self, connection: AsyncConnection, now: datetime) -> datetime:
        """Return the time by which several machines compare: the database's own, where it has one."""
        if self.is_sqlite:
            return now
        millis = await connection.execute(
            text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        )
        return from_millis(millis.scalar_one())

    async def answers(self) -> bool:
        """Say whether the database can be asked now."""
        try:
            async with self.read() as connection:
                await connection.execute(select(1))
        except SQLAlchemyError:
            return False
        return True

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(engine.dispose() for engine in {self._writer, self._reader}))


def _sqlite_writer(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=_WRITER_WAIT, hide_parameters=True
    )
    _configure(engine)

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _sqlite_reader(url: URL) -> AsyncEngine:
    # Without transactions there is nothing to begin, commit or roll back: a read is one call to the thread.
    engine = create_async_engine(
        url,
        pool_size=_READERS,
        max_overflow=0,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        hide_parameters=True,
    )
    _configure(engine)
    return engine


def _configure(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(dbapi_connection: Any, _record: object) -> None:
        # The driver's own implicit BEGIN is deferred; the writer's is emitted by itself.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in (
            f"busy_timeout={_SQLITE_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
