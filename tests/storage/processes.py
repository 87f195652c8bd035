"""What other processes do in these tests; they are forked from one that has imported the storage."""

import asyncio
import multiprocessing
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg
from filelock import FileLock

from storage.documents import Document
from storage.migrations.runner import ADVISORY_LOCK
from storage.opening import Storage, only_serve, open_storage
from storage.tiny import TinyDocuments

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["pytest", "tests.storage.processes"])


@contextmanager
def running(target: Callable[..., None], *args: object) -> Iterator[ForkServerProcess]:
    """Run a function in a new process, which does not outlive the block."""
    process = FORKS.Process(target=target, args=args)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
        process.close()


def exit_code(process: ForkServerProcess, seconds: float = 60) -> int | None:
    """Wait for the process to end by itself; None if it does not."""
    process.join(seconds)
    return process.exitcode


def increase(document: Document) -> Document:
    """Count one up."""
    return {**document, "n": document["n"] + 1}


def names(folder: Path) -> list[str]:
    """List what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def increase_often(data_dir: Path, database_url: str, tasks: int, each: int, start: Barrier) -> None:
    """Count up `counts/shared` from several tasks, once everybody is ready."""

    async def work(storage: Storage) -> None:
        for _ in range(each):
            await storage.documents.change("counts", "shared", increase)

    async def main() -> None:
        storage = await open_storage(data_dir, database_url)
        start.wait()
        await asyncio.gather(*(work(storage) for _ in range(tasks)))
        await storage.close()

    asyncio.run(main())


def put_one(data_dir: Path, database_url: str, collection: str, key: str, document: Document) -> None:
    """Write one document and end."""

    async def main() -> None:
        storage = await open_storage(data_dir, database_url)
        await storage.documents.put(collection, key, document)
        await storage.close()

    asyncio.run(main())


def open_and_tell(data_dir: Path, database_url: str, start: Barrier, told: Connection) -> None:
    """Open the storage when everybody is ready, and tell whether that needed Alembic."""

    async def main() -> None:
        start.wait()
        storage = await open_storage(data_dir, database_url)
        await storage.close()

    asyncio.run(main())
    told.send("alembic" in sys.modules)


def write_until_killed(folder: Path, first: int, told: Connection) -> None:
    """Count up in a hundred documents in turn and a counter, telling each number that is safely stored."""

    async def main() -> None:
        documents = await TinyDocuments(folder).open()
        for number in count(first):
            written = {"schema": 1, "n": number, "text": "周知" * 200}
            await documents.put("notes", f"{number % 100}", written)
            await documents.put("notes", "counter", written)
            told.send(number)

    asyncio.run(main())


def write_until_full(folder: Path, limit: int, told: Connection) -> None:
    """Make a document grow until the system refuses; tell the error and what is there afterwards."""

    async def main() -> None:
        documents = await TinyDocuments(folder).open()
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        acknowledged = 0
        try:
            for size in count(1):
                await documents.put("notes", "a", {"schema": 1, "size": size, "text": "x" * 1000 * size})
                acknowledged = size
        except OSError as error:
            kept = await documents.get("notes", "a")
            files = names(folder)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            await documents.put("notes", "b", {"schema": 1})
            told.send((error.errno, acknowledged, kept, files, sorted(await documents.all("notes"))))
        await documents.close()

    asyncio.run(main())


def hold_lock(path: Path, told: Connection) -> None:
    """Lock a file until killed."""
    with FileLock(path):
        told.send("held")
        signal.pause()


def hold_advisory_lock(database_url: str, told: Connection) -> None:
    """Hold what keeps upgrades on PostgreSQL apart, until killed."""
    with psycopg.connect(database_url) as connection:
        connection.execute(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
        told.send("held")
        signal.pause()


def serve(data_dir: Path, told: Connection) -> None:
    """Hold the place of `serve` until killed."""
    with only_serve(data_dir):
        told.send("serving")
        signal.pause()
