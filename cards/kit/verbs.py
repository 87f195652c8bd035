"""A button's verb and its payload, packed and parsed in one place.

The verb is stable and never reused; the version `v` is raised when the payload changes. What no longer parses
comes from an old card.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

P = TypeVar("P")

RESERVED = frozenset({"verb", "v"})


class OldCardError(Exception):
    """The payload of a button no longer parses."""


@dataclass(frozen=True)
class Verb(Generic[P]):
    """What a button asks for: the stable name, the version, and the dataclass of its payload."""

    name: str
    payload: type[P]
    version: int = 1

    @cached_property
    def _adapter(self) -> TypeAdapter[P]:
        return TypeAdapter(self.payload)

    def pack(self, payload: P) -> dict[str, Any]:
        """Return the data that the button carries."""
        return {"verb": self.name, "v": self.version, **asdict(payload)}  # type: ignore[call-overload]

    def parse(self, fields: Mapping[str, object]) -> P:
        """Return the payload from what came back, which may be anything.

        Raises:
            OldCardError: the version or the fields are not today's.
        """
        if fields.get("v") != self.version:
            raise OldCardError(self.name)
        known = {key: value for key, value in fields.items() if key not in RESERVED}
        try:
            return self._adapter.validate_python(known)
        except ValidationError:
            raise OldCardError(self.name) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """The payload of a button that needs none."""
