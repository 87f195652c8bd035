"""Opens what the bot remembers: documents in files with a SQLite ledger, or both in PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import ArgumentError, DBAPIError

from storage.documents import Documents
from storage.errors import AlreadyServing, DatabaseUrlError, DataFolderError, LedgerUnreachableError
from storage.ledger import SQLITE_FILE, Ledger, ledger_url
from storage.migrations.runner import upgrade
from storage.sql_documents import SqlDocuments
from storage.tiny import TinyDocuments

DOCUMENTS_FOLDER = "documents"
_SERVE_LOCK = "serve.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Both memories, ready for use."""

    ledger: Ledger
    documents: Documents
    opened: AsyncExitStack = field(repr=False)

    async def close(self) -> None:
        """Close files and connections; nothing can be asked afterwards."""
        await self.opened.aclose()


async def open_ledger(data_dir: Path, database_url: str) -> Ledger:
    """Open the ledger alone, as it stands: for verbs that only read.

    Raises:
        StorageError: something is in the way; its message is for whoever runs the bot.
    """
    try:
        url = ledger_url(data_dir, database_url)
    except (ValueError, ArgumentError):
        raise DatabaseUrlError from None
    if not database_url and not (data_dir / SQLITE_FILE).is_file():
        raise DataFolderError(data_dir, "データがまだありません")
    ledger = Ledger(url)
    try:
        await upgrade(ledger)
    except (DBAPIError, sqlite3.Error) as error:
        await ledger.close()
        raise LedgerUnreachableError(_reason(error)) from error
    return ledger


async def open_storage(data_dir: Path, database_url: str) -> Storage:
    """Open the storage, with its tables brought to the newest revision.

    Raises:
        StorageError: something is in the way; its message is for whoever runs the bot.
    """
    make_data_folder(data_dir)
    try:
        url = ledger_url(data_dir, database_url)
    except (ValueError, ArgumentError):
        raise DatabaseUrlError from None
    async with AsyncExitStack() as opening:
        ledger = Ledger(url)
        opening.push_async_callback(ledger.close)
        try:
            await upgrade(ledger)
        except (DBAPIError, sqlite3.Error) as error:
            raise LedgerUnreachableError(_reason(error)) from error
        documents: Documents
        if ledger.is_sqlite:
            documents = tiny = await TinyDocuments(data_dir / DOCUMENTS_FOLDER).open()
            opening.push_async_callback(tiny.close)
        else:
            documents = SqlDocuments(ledger)
        return Storage(ledger=ledger, documents=documents, opened=opening.pop_all())


@contextmanager
def only_serve(data_dir: Path) -> Iterator[None]:
    """Hold the place of the one `serve` that may run on a data folder with a SQLite ledger.

    Raises:
        AlreadyServing: another process holds it.
        DataFolderError: the folder can't be used.
    """
    make_data_folder(data_dir)
    lock = FileLock(data_dir / _SERVE_LOCK, blocking=False, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise AlreadyServing(data_dir) from None
    try:
        yield
    finally:
        lock.release()


def make_data_folder(data_dir: Path) -> None:
    """Make the data folder for the bot's own account alone, if it is not there.

    Raises:
        DataFolderError: it can't be made, or is no folder.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderError(data_dir, error.strerror or str(error)) from error


def _reason(error: DBAPIError | sqlite3.Error) -> str:
    said = error.orig if isinstance(error, DBAPIError) else error
    return (str(said).splitlines() or [type(said).__name__])[0]
