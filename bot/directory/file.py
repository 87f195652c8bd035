"""The directory as files: which ones count, and how a change of them reaches the running bot."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bot.directory.load import DirectoryProblems, load_directory
from bot.directory.snapshot import Snapshot
from bot.errors import OperatorError
from bot.settings import Settings

__all__ = [
    "DirectoryFiles",
    "DirectoryProblems",
    "FileDirectory",
    "directory_files",
    "load_directory",
]

SAMPLE = Path(__file__).resolve().parents[1] / "content" / "sample"
MOST_LOST = 0.2
Signature = tuple[tuple[int, int, int] | None, ...]
"""Of each file: inode, size in bytes, time of change in ns; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryFiles:
    """The files that count; `roles_optional` where roles.csv may be missing, or come later."""

    people: Path
    sections: Path
    roles: Path
    roles_optional: bool = False

    def load(self) -> Snapshot:
        """Read them.

        Raises:
            FileProblems: as `load_directory`.
        """
        without_roles = self.roles_optional and not self.roles.exists()
        return load_directory(self.people, self.sections, None if without_roles else self.roles)

    def signature(self) -> Signature:
        """Return what changes when one of the files does."""
        return tuple(_signature(path) for path in (self.people, self.sections, self.roles))


class FileDirectory:
    """Holds the last good snapshot of the files, and says why a newer state of them was refused."""

    def __init__(self, files: DirectoryFiles) -> None:
        """Read the files for the first time.

        Raises:
            FileProblems: as `load_directory`.
        """
        self._files = files
        self._signature = files.signature()
        self._snapshot = files.load()
        self._problem: OperatorError | None = None
        self._refreshing = asyncio.Lock()

    @property
    def snapshot(self) -> Snapshot:
        """Return the last good snapshot."""
        return self._snapshot

    @property
    def problem(self) -> OperatorError | None:
        """Return why the files, as they are now, were refused; None if the snapshot is theirs."""
        return self._problem

    async def refresh(self) -> bool:
        """Read the files again if one of them changed; say whether there is a new snapshot.

        A state of the files is refused only once; until they change again `problem` tells why.

        Raises:
            FileProblems: the files are broken; the snapshot stays as it was.
            OperatorError: more than 20 % of the people who can be written to would be lost; the snapshot
                stays as it was, until the files change or the bot starts anew.
        """
        async with self._refreshing:
            signature = await asyncio.to_thread(self._files.signature)
            if signature == self._signature:
                return False
            try:
                found = await asyncio.to_thread(self._files.load)
                _refuse_loss(self._files.people, self._snapshot, found)
            except OperatorError as error:
                self._signature, self._problem = signature, error
                raise
            self._signature, self._problem, self._snapshot = signature, None, found
            return True


def directory_files(settings: Settings) -> DirectoryFiles:
    """Say which files count: the named ones, else those in the data folder, else under `local` the sample.

    The people and sections of the sample belong together: they count only where neither is given.

    Raises:
        OperatorError: a file is missing; the message says how to give it.
    """
    in_data = {name: settings.data_dir / f"{name}.csv" for name in ("people", "sections", "roles")}
    given = settings.people or settings.sections or in_data["people"].exists() or in_data["sections"].exists()
    sample = settings.local and not given
    folder = SAMPLE if sample else settings.data_dir
    people = settings.people or folder / "people.csv"
    sections = settings.sections or folder / "sections.csv"
    roles = settings.roles or in_data["roles"]
    if sample and not roles.exists() and settings.roles is None:
        roles = SAMPLE / "roles.csv"
    named = {"people": settings.people, "sections": settings.sections, "roles": settings.roles}
    wanted = {"people": people, "sections": sections} | ({"roles": roles} if settings.roles else {})
    missing = [_missing(name, path, named[name]) for name, path in wanted.items() if not path.is_file()]
    if missing:
        raise OperatorError("\n".join(missing))
    return DirectoryFiles(
        people=people, sections=sections, roles=roles, roles_optional=settings.roles is None
    )


def _missing(name: str, path: Path, named: Path | None) -> str:
    option = f"--{name}（BOT_{name.upper()}）"
    if named is not None:
        return f"{option}で指定されたファイルがありません: {path}"
    return f"{path.name} がありません。{option}で指定するか、{path.parent} に置いてください。"


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _refuse_loss(path: Path, before: Snapshot, after: Snapshot) -> None:
    """Refuse a file in which too many people are gone, disabled or guests.

    Raises:
        OperatorError: more than 20 % of those who could be written to.
    """
    old = {person.id for person in before.recipients()}
    lost = len(old - {person.id for person in after.recipients()})
    if lost > len(old) * MOST_LOST:
        raise OperatorError(
            f"{path.name}: 配信できる職員 {len(old)} 人のうち {lost} 人がいなくなるため、読み込みませんでした"
            f"（{MOST_LOST:.0%} を超える減少）。正しい場合は、ボットを再起動してください。"
        )
