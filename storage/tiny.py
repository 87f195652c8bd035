"""Documents on TinyDB: one JSON file a collection, readable by a person, shared by several processes."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson
from filelock import FileLock, Timeout
from tinydb.storages import Storage
from tinydb.table import Table

from storage.atomic_file import Signature, read_whole, replace_whole, signature_of, temporary_of
from storage.document_rules import check_collection, check_key, plain
from storage.documents import Document, DocumentMissingError
from storage.errors import DocumentsBusyError, DocumentsUnreadableError

_T = TypeVar("_T")
_Tables = dict[str, dict[str, Any]]

_FORMAT = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
_LOCK_SECONDS = 10.0
_LOCK_POLL_SECONDS = 0.005


class ReplacedFile(Storage):
    """TinyDB's storage as a file that is replaced whole, and parsed again only when it has changed."""

    def __init__(self, path: Path, name: str) -> None:
        """Keep where the file is and the one table that it holds; nothing is opened yet."""
        self._path = path
        self._name = name
        self._parsed: tuple[Signature, _Tables] | None = None

    def read(self) -> _Tables | None:
        """Return the parsed file, or None if there is none. The documents in it are not to be changed.

        Raises:
            DocumentsUnreadableError: the file is damaged.
        """
        signature = signature_of(self._path)
        if signature is None:
            return None
        if self._parsed is None or self._parsed[0] != signature:
            self._parsed = self._load()
        # TinyDB puts the changed table into what it is given here, before it is written.
        return dict(self._parsed[1])

    def write(self, data: _Tables) -> None:
        """Replace the file. Whatever fails, the next reading starts from the file itself."""
        self._parsed = None
        self._parsed = replace_whole(self._path, orjson.dumps(data, option=_FORMAT)), data

    def _load(self) -> tuple[Signature, _Tables]:
        signature, content = read_whole(self._path)
        try:
            tables = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise DocumentsUnreadableError(self._path, f"{error.lineno}行目: {error.msg}") from None
        if not (isinstance(tables, dict) and _is_table(tables.get(self._name))):
            raise DocumentsUnreadableError(self._path, f"{self._name} の文書の一覧がありません")
        return signature, tables


def _is_table(table: object) -> bool:
    return isinstance(table, dict) and all(isinstance(document, dict) for document in table.values())


class StringIdTable(Table):
    """TinyDB's table with strings for ids, in which a document is exchanged whole, never changed in place."""

    document_id_class = str  # type: ignore[assignment]

    def one(self, key: str) -> Document | None:
        """Return the stored document itself, or None."""
        return self._read_table().get(key)

    def every(self) -> dict[str, Document]:
        """Return the stored documents themselves by id."""
        return self._read_table()

    def exchange(self, key: str, document: Document) -> None:
        """Write this document in the place of whatever the id had."""

        def apply(table: dict[Any, Document]) -> None:
            table[key] = document

        self._update_table(apply)

    def drop(self, key: str) -> None:
        """Write the table without this document."""

        def apply(table: dict[Any, Document]) -> None:
            del table[key]

        self._update_table(apply)


class _Collection:
    """One collection's file and lock, for use in one thread."""

    def __init__(self, folder: Path, name: str, lock_seconds: float) -> None:
        self.path = folder / f"{name}.json"
        self.table = StringIdTable(ReplacedFile(self.path, name), name, cache_size=0)
        self._lock_seconds = lock_seconds
        # A soft lock, filelock's way out where a file system knows no flock, would outlive a killed process.
        self._lock = FileLock(
            folder / f"{name}.lock", poll_interval=_LOCK_POLL_SECONDS, mode=0o600, fallback_to_soft=False
        )

    @contextmanager
    def locked(self) -> Iterator[StringIdTable]:
        """Hold the collection against every other writer."""
        try:
            self._lock.acquire(timeout=self._lock_seconds)
        except Timeout:
            raise DocumentsBusyError(self.path, self._lock_seconds) from None
        try:
            yield self.table
        finally:
            self._lock.release()


class TinyDocuments:
    """The documents port on a folder; all its work on files runs in one thread of its own."""

    def __init__(self, folder: Path, *, lock_seconds: float = _LOCK_SECONDS) -> None:
        """Keep the folder, and how long a writer waits for another process; nothing is opened yet."""
        self._folder = folder
        self._lock_seconds = lock_seconds
        self._collections: dict[str, _Collection] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")

    async def open(self) -> Self:
        """Make the folder if need be, and clear away what writers left that were killed."""

        def prepare() -> None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in self._folder.glob(temporary_of(Path("*.json")).name):
                collection = _Collection(self._folder, left.name.partition(".")[0], lock_seconds=0)
                # A collection that is locked has a living writer, and the file is its own.
                with suppress(DocumentsBusyError), collection.locked():
                    left.unlink(missing_ok=True)

        await self._in_thread(prepare)
        return self

    async def close(self) -> None:
        """Let the work under way end; nothing can be asked afterwards."""
        await asyncio.to_thread(self._thread.shutdown)

    async def get(self, collection: str, key: str) -> Document | None:
        """Return one document, or None."""
        check_key(key)
        kept = self._collection(collection)

        def get() -> Document | None:
            found = kept.table.one(key)
            return None if found is None else plain(found)

        return await self._in_thread(get)

    async def all(self, collection: str) -> dict[str, Document]:
        """Return every document of the collection by id, in the order of the ids."""
        kept = self._collection(collection)
        return await self._in_thread(
            lambda: {key: plain(document) for key, document in sorted(kept.table.every().items())}
        )

    async def put(self, collection: str, key: str, document: Document) -> None:
        """Write a new document, or replace it whatever it holds."""
        check_key(key)
        kept = self._collection(collection)
        written = plain(document)

        def put() -> None:
            with kept.locked() as table:
                table.exchange(key, written)

        await self._in_thread(put)

    async def change(self, collection: str, key: str, fn: Callable[[Document], Document]) -> Document:
        """Apply a pure function to the current document, under the lock; return what was written."""
        check_key(key)
        kept = self._collection(collection)

        def change() -> Document:
            with kept.locked() as table:
                current = table.one(key)
                if current is None:
                    raise DocumentMissingError(key)
                changed = plain(fn(plain(current)))
                table.exchange(key, changed)
            return plain(changed)

        return await self._in_thread(change)

    async def delete(self, collection: str, key: str) -> None:
        """Remove a document; a missing one is no error."""
        check_key(key)
        kept = self._collection(collection)

        def delete() -> None:
            with kept.locked() as table:
                if table.one(key) is not None:
                    table.drop(key)

        await self._in_thread(delete)

    async def version(self, collection: str) -> str:
        """Return a token that differs whenever the collection's file has been replaced or edited."""
        signature = await self._in_thread(partial(signature_of, self._collection(collection).path))
        return "none" if signature is None else "-".join(map(str, signature))

    def _collection(self, name: str) -> _Collection:
        check_collection(name)
        if name not in self._collections:
            self._collections[name] = _Collection(self._folder, name, self._lock_seconds)
        return self._collections[name]

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        def run() -> _T:
            try:
                return work()
            except StopIteration as error:
                # It can't pass through a future: whoever awaits would wait for ever.
                raise RuntimeError("a change of a document raised StopIteration") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)
