"""From people.csv, sections.csv and roles.csv to a snapshot; all or nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.directory.checks import grant_problems, person_problems, section_problems
from bot.directory.rows import GrantRow, PersonRow, SectionRow, cell_text, object_id
from bot.directory.sections import SectionTree
from bot.directory.snapshot import Grant, Snapshot
from bot.directory.table import Problem, Table, read_table
from bot.directory.terms import canonical
from bot.errors import FileProblems
from storage.people.records import Section


class DirectoryProblems(FileProblems):
    """Several of the directory's files have wrong rows; the message names all of them."""

    def __init__(self, files: Sequence[FileProblems]) -> None:
        """Keep the problems by file; `path` and `problems` are those of the first."""
        super().__init__(files[0].path, files[0].problems)
        self.files = tuple(files)
        self.args = ("\n".join(str(file) for file in files),)


def load_directory(people: Path, sections: Path, roles: Path | None) -> Snapshot:
    """Read the whole directory; without roles.csv nobody has a granted role.

    Raises:
        FileProblems: something is wrong; every bad row of every file is named.
    """
    section_table = read_table(sections, SectionRow, cell_text)
    person_table = read_table(people, PersonRow, object_id)
    no_grants: Table[GrantRow] = Table(path=Path("roles.csv"))
    grant_table = read_table(roles, GrantRow, object_id) if roles else no_grants
    files = [
        *_trouble(section_table, section_problems(section_table, person_table)),
        *_trouble(person_table, person_problems(person_table, section_table)),
    ]
    snapshot = None if files else _snapshot(person_table, section_table)
    files += _trouble(grant_table, grant_problems(grant_table, person_table, snapshot))
    if snapshot is None or files:
        raise files[0] if len(files) == 1 else DirectoryProblems(files)
    return replace(snapshot, grants=tuple(_grants(grant_table, snapshot)))


def _trouble(table: Table[Any], found: Iterable[Problem]) -> list[FileProblems]:
    problems = sorted(dict.fromkeys((*table.problems, *found)), key=lambda problem: problem[0] or 0)
    return [FileProblems(table.path, problems)] if problems else []


def _snapshot(people: Table[PersonRow], sections: Table[SectionRow]) -> Snapshot:
    by_code = {row.code: row for _, row in sections.rows}
    tree = SectionTree(
        Section(
            code=row.code,
            name=row.name,
            parent=row.parent,
            headquarters=_headquarters(row, by_code),
            managers=row.managers,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in by_code.values()
    )
    return Snapshot(people=tuple(row.person() for _, row in people.rows), sections=tree)


def _headquarters(row: SectionRow, by_code: Mapping[str, SectionRow]) -> bool:
    """Return the row's own value, else the nearest one above it; a tree that says nothing is 本省."""
    above: SectionRow | None = row
    while above is not None and above.headquarters is None:
        above = by_code.get(above.parent)
    return above is None or above.headquarters is True


def _grants(table: Table[GrantRow], snapshot: Snapshot) -> Iterator[Grant]:
    for _, row in table.rows:
        audience = canonical(row.audience, snapshot) if row.audience else ""
        yield Grant(person=row.object_id, role=row.role, audience=audience)
