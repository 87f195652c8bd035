"""What the rest of the bot knows of the directory: a snapshot in memory, wherever it was read from."""

from typing import Protocol

from bot.directory.snapshot import Snapshot


class Directory(Protocol):
    """Holds the newest good snapshot; whoever needs a consistent view reads `snapshot` once and keeps it."""

    @property
    def snapshot(self) -> Snapshot:
        """Return the newest good snapshot."""
        ...
