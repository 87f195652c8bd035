"""The port for what people write: small documents in named collections, each with its own version."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Document = Mapping[str, Any]
"""A JSON object; it carries `schema`, the number of the shape that it was written in."""


class DocumentMissingError(LookupError):
    """No document has this id in the collection."""


class Documents(Protocol):
    """Where documents are kept. Everything acknowledged is durable; a reader never sees half a change."""

    async def get(self, collection: str, key: str) -> Document | None:
        """Return one document, or None."""
        ...

    async def all(self, collection: str) -> dict[str, Document]:
        """Return every document of the collection by id."""
        ...

    async def put(self, collection: str, key: str, document: Document) -> None:
        """Write a new document, or replace it whatever it holds."""
        ...

    async def change(self, collection: str, key: str, fn: Callable[[Document], Document]) -> Document:
        """Apply a pure function to the current document, atomically; return what was written.

        `fn` may raise to refuse: then nothing is written and its exception comes out.

        Raises:
            DocumentMissingError: there is no such document.
        """
        ...

    async def delete(self, collection: str, key: str) -> None:
        """Remove a document; a missing one is no error."""
        ...

    async def version(self, collection: str) -> str:
        """Return a token that differs whenever the collection has changed, by whichever process."""
        ...
