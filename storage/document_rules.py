"""What every implementation of the documents port holds its callers to."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from storage.documents import Document

COLLECTION_LENGTH = 64
KEY_LENGTH = 200

_COLLECTION = re.compile(rf"[a-z_]{{1,{COLLECTION_LENGTH}}}")
_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def check_collection(collection: str) -> None:
    """Refuse a name that could not be a file's on every system.

    Raises:
        ValueError: anything but 1 to 64 of a–z and the underscore.
    """
    if not _COLLECTION.fullmatch(collection):
        raise ValueError(f"not a collection's name: {collection!r}")


def check_key(key: str) -> None:
    """Refuse an id that some engine could not keep.

    Raises:
        ValueError: empty, longer than 200 characters, or with control characters.
    """
    if not (0 < len(key) <= KEY_LENGTH and key.isprintable()):
        raise ValueError(f"not a document's id: {key!r}")


def plain(document: Document) -> dict[str, Any]:
    """Return a deep copy of nothing but JSON's own types, as it will be read back.

    Raises:
        TypeError: the document is no mapping, or holds what JSON has no form for.
    """
    if not isinstance(document, Mapping):
        raise TypeError(f"a document is a mapping, not {type(document).__name__}")
    copy: dict[str, Any] = orjson.loads(orjson.dumps(dict(document), option=_STRICT))
    return copy
