"""Documents in the ledger's database, for a bot of several processes on several machines."""

from collections.abc import Callable

from sqlalchemy import JSON, BigInteger, Column, ColumnElement, String, Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.document_rules import COLLECTION_LENGTH, KEY_LENGTH, check_collection, check_key, plain
from storage.documents import Document, DocumentMissingError
from storage.ledger import Ledger, metadata

documents = Table(
    "documents",
    metadata,
    Column("collection", String(COLLECTION_LENGTH), primary_key=True),
    Column("id", String(KEY_LENGTH), primary_key=True),
    Column("body", JSON, nullable=False),
)

document_versions = Table(
    "document_versions",
    metadata,
    Column("collection", String(COLLECTION_LENGTH), primary_key=True),
    Column("version", BigInteger, nullable=False),
)


class SqlDocuments:
    """The documents port on the ledger. A writer locks the document's row first, its collection's last."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep what this store may touch."""
        self._ledger = ledger
        self._dialect = sqlite if ledger.is_sqlite else postgresql

    async def get(self, collection: str, key: str) -> Document | None:
        """Return one document, or None."""
        check_collection(collection)
        check_key(key)
        async with self._ledger.read() as connection:
            found: Document | None = await connection.scalar(
                select(documents.c.body).where(*_place(collection, key))
            )
            return found

    async def all(self, collection: str) -> dict[str, Document]:
        """Return every document of the collection by id, in the order of the ids."""
        check_collection(collection)
        async with self._ledger.read() as connection:
            rows = await connection.execute(
                select(documents.c.id, documents.c.body).where(documents.c.collection == collection)
            )
            # Sorted here: a database may order by the rules of some language.
            return {row.id: row.body for row in sorted(rows, key=lambda row: str(row.id))}

    async def put(self, collection: str, key: str, document: Document) -> None:
        """Write a new document, or replace it whatever it holds."""
        check_collection(collection)
        check_key(key)
        body = plain(document)
        statement = self._dialect.insert(documents).values(collection=collection, id=key, body=body)
        async with self._ledger.write() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["collection", "id"], set_={"body": body})
            )
            await self._advance(connection, collection)

    async def change(self, collection: str, key: str, fn: Callable[[Document], Document]) -> Document:
        """Apply a pure function to the current document under its row's lock; return what was written."""
        check_collection(collection)
        check_key(key)
        place = _place(collection, key)
        async with self._ledger.write() as connection:
            current = await connection.scalar(select(documents.c.body).where(*place).with_for_update())
            if current is None:
                raise DocumentMissingError(key)
            changed = plain(fn(current))
            await connection.execute(update(documents).where(*place).values(body=changed))
            await self._advance(connection, collection)
        return changed

    async def delete(self, collection: str, key: str) -> None:
        """Remove a document; a missing one is no error."""
        check_collection(collection)
        check_key(key)
        async with self._ledger.write() as connection:
            removed = await connection.execute(delete(documents).where(*_place(collection, key)))
            if removed.rowcount:
                await self._advance(connection, collection)

    async def version(self, collection: str) -> str:
        """Return the number of the collection's latest change."""
        check_collection(collection)
        async with self._ledger.read() as connection:
            found = await connection.scalar(
                select(document_versions.c.version).where(document_versions.c.collection == collection)
            )
            return str(found or 0)

    async def _advance(self, connection: AsyncConnection, collection: str) -> None:
        statement = self._dialect.insert(document_versions).values(collection=collection, version=1)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["collection"], set_={"version": document_versions.c.version + 1}
            )
        )


def _place(collection: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return documents.c.collection == collection, documents.c.id == key
