"""A file that is only ever replaced whole: readers, also after a kill, find the old or the new one."""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

_STEP_NS = 1_000
_WRITE_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
_PRIVATE = 0o600


class Signature(NamedTuple):
    """Tells one version of a file from every other."""

    inode: int
    modified_ns: int
    size: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Self:
        """Take it from what the system says about a file."""
        return cls(stat.st_ino, stat.st_mtime_ns, stat.st_size)


def temporary_of(path: Path) -> Path:
    """Return where the next version is written; one name is enough, since writers hold the file's lock."""
    return path.with_name(f"{path.name}.tmp")


def signature_of(path: Path) -> Signature | None:
    """Return the file's signature, or None if there is no such file."""
    try:
        return Signature.of(path.stat())
    except FileNotFoundError:
        return None


def read_whole(path: Path) -> tuple[Signature, bytes]:
    """Return one version of the file with its signature, even if it is replaced meanwhile."""
    with path.open("rb") as file:
        return Signature.of(os.fstat(file.fileno())), file.read()


def replace_whole(path: Path, content: bytes) -> Signature:
    """Put this content in the file's place, durably; the caller holds the lock of this file.

    Raises:
        OSError: disk full, I/O error and the like; up to the renaming, the old content still stands.
    """
    before = signature_of(path)
    temporary = temporary_of(path)
    try:
        with os.fdopen(os.open(temporary, _WRITE_ANEW, _PRIVATE), "wb") as file:
            file.write(content)
            file.flush()
            signature = _stamp(file.fileno(), before)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)
    return signature


def _stamp(descriptor: int, before: Signature | None) -> Signature:
    # The system's file clock ticks every few milliseconds and inodes are used again at once: without a
    # time that always grows, two writes within a tick could leave the signature that a reader already has.
    written = os.fstat(descriptor)
    if before is not None and written.st_mtime_ns < before.modified_ns + _STEP_NS:
        os.utime(descriptor, ns=(written.st_atime_ns, before.modified_ns + _STEP_NS))
    return Signature.of(os.fstat(descriptor))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
