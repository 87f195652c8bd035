"""The finished card: what leaves this room."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Card:
    """An Adaptive Card as plain JSON, and the sentence that the notification shows."""

    content: dict[str, Any]
    summary: str
