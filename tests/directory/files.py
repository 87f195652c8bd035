"""The three CSV files of a tiny ministry, for tests that break one of them."""

from dataclasses import dataclass
from pathlib import Path

from bot.directory.file import load_directory
from bot.directory.snapshot import Snapshot
from tests.directory.organisation import guid

PEOPLE_HEADER = "object_id,name,mail,section,title,extra_sections,enabled,guest"
PEOPLE_HEADER_LONG = f"{PEOPLE_HEADER},employment,inactive_from,inactive_to"
SECTIONS_HEADER = "code,name,parent,headquarters,managers,valid_from,valid_to"
ROLES_HEADER = "object_id,role,audience"


def person_row(number: int, section: str = "HISHO", enabled: str = "1", guest: str = "0") -> str:
    """Return a row of people.csv under the short header."""
    return f"{guid(number)},職員{number:03},staff{number:03}@example.jp,{section},係員,,{enabled},{guest}"


@dataclass(frozen=True, slots=True)
class Files:
    """A folder with the three files; each method writes one of them anew."""

    folder: Path

    @property
    def people(self) -> Path:
        """The path of people.csv."""
        return self.folder / "people.csv"

    @property
    def sections(self) -> Path:
        """The path of sections.csv."""
        return self.folder / "sections.csv"

    @property
    def roles(self) -> Path:
        """The path of roles.csv."""
        return self.folder / "roles.csv"

    def write_people(self, *rows: str, header: str = PEOPLE_HEADER) -> None:
        """Write a header and rows."""
        write(self.people, header, *rows)

    def write_sections(self, *rows: str, header: str = SECTIONS_HEADER) -> None:
        """Write a header and rows."""
        write(self.sections, header, *rows)

    def write_roles(self, *rows: str, header: str = ROLES_HEADER) -> None:
        """Write a header and rows."""
        write(self.roles, header, *rows)

    def load(self) -> Snapshot:
        """Read all three."""
        return load_directory(self.people, self.sections, self.roles)


def write(path: Path, *lines: str) -> None:
    """Write lines as UTF-8."""
    path.write_text("\n".join((*lines, "")), encoding="utf-8")


def good_files(folder: Path) -> Files:
    """Write ten people in two sections, of whom one is an author."""
    files = Files(folder)
    files.write_people(*(person_row(number) for number in range(1, 11)))
    files.write_sections("KANBO,大臣官房,,1,,,", f"HISHO,秘書課,KANBO,,{guid(1)},,")
    files.write_roles(f"{guid(2)},author,")
    return files
