"""Brings a ledger to the newest revision; quick when it is there already, safe when many start at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import AsyncFileLock, Timeout
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import LedgerBusyError, LedgerTooNew
from storage.ledger import Ledger

REVISIONS = ("0001",)
"""All revisions, oldest first: known here so that a start with nothing to do needs no Alembic."""

ADVISORY_LOCK = 0x424F54  # "BOT"
_WAIT_SECONDS = 120.0
_LOCK_NOT_AVAILABLE = "55P03"


async def upgrade(ledger: Ledger, *, wait_seconds: float = _WAIT_SECONDS) -> None:
    """Run the revisions that the ledger lacks, all of them or none.

    Raises:
        LedgerTooNew: a newer program has been here.
        LedgerBusyError: another process has been upgrading for as long as this one would wait.
    """
    async with _file_locked(ledger, wait_seconds):
        async with ledger.read() as connection:
            behind = await connection.run_sync(_is_behind)
        if not behind:
            return
        async with ledger.write() as connection:
            if not ledger.is_sqlite:
                await _lock_until_commit(connection, wait_seconds)
            # Asked again, for another process may have held the lock until now.
            if await connection.run_sync(_is_behind):
                await connection.run_sync(_run_alembic)


@asynccontextmanager
async def _file_locked(ledger: Ledger, wait_seconds: float) -> AsyncIterator[None]:
    # Of processes that open a new SQLite file at once, one in a hundred fails in turning on its write-ahead
    # log, which no busy timeout covers.
    if not ledger.is_sqlite:
        yield
        return
    lock = AsyncFileLock(f"{ledger.url.database}.lock", mode=0o600)
    try:
        await lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise LedgerBusyError(wait_seconds) from None
    try:
        yield
    finally:
        await lock.release()


async def _lock_until_commit(connection: AsyncConnection, wait_seconds: float) -> None:
    try:
        await connection.execute(text(f"SET LOCAL lock_timeout = {round(wait_seconds * 1000)}"))
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise LedgerBusyError(wait_seconds) from None
        raise


def _is_behind(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return True
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found is not None and found not in REVISIONS:
        raise LedgerTooNew(found, REVISIONS[-1])
    return found != REVISIONS[-1]


def _run_alembic(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - half a second that only an upgrade should cost
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    command.upgrade(config, REVISIONS[-1])
