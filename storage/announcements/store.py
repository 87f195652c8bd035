"""Announcements as documents."""

from collections.abc import Callable
from dataclasses import replace

from pydantic import TypeAdapter

from storage.announcements.records import Announcement
from storage.documents import Document, Documents

_COLLECTION = "announcements"
_SCHEMA = 1
_ADAPTER = TypeAdapter(Announcement)


class Announcements:
    """What authors have written. How far sending is, the ledger knows."""

    def __init__(self, documents: Documents) -> None:
        """Keep what this store may touch."""
        self._documents = documents

    async def get(self, announcement_id: str) -> Announcement | None:
        """Return one announcement, or None."""
        found = await self._documents.get(_COLLECTION, announcement_id)
        return None if found is None else _read(found)

    async def put(self, announcement: Announcement) -> None:
        """Write an announcement."""
        await self._documents.put(_COLLECTION, announcement.id, _write(announcement))

    async def change(self, announcement_id: str, fn: Callable[[Announcement], Announcement]) -> Announcement:
        """Change an announcement by a pure function; a changed text becomes a new revision.

        Raises:
            DocumentMissingError: there is no such announcement.
        """

        def apply(document: Document) -> Document:
            before = _read(document)
            after = fn(before)
            if _text_of(after) != _text_of(before):
                after = replace(after, revision=before.revision + 1)
            return _write(after)

        return _read(await self._documents.change(_COLLECTION, announcement_id, apply))

    async def drafts_of(self, author: str) -> tuple[Announcement, ...]:
        """Return what a person has written, newest first."""
        documents = await self._documents.all(_COLLECTION)
        mine = [a for a in map(_read, documents.values()) if a.author == author]
        return tuple(sorted(mine, key=lambda a: a.updated_at, reverse=True))


def _text_of(announcement: Announcement) -> Announcement:
    return replace(announcement, revision=0, updated_at=announcement.created_at)


def _write(announcement: Announcement) -> Document:
    return {"schema": _SCHEMA, **_ADAPTER.dump_python(announcement, mode="json")}


def _read(document: Document) -> Announcement:
    return _ADAPTER.validate_python({k: v for k, v in document.items() if k != "schema"})
