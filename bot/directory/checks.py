"""What is wrong in the directory's files beyond a single cell: the looks from one row or file to another."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from datetime import date

from bot.directory.rows import GrantRow, PersonRow, SectionRow
from bot.directory.sections import fold, loops
from bot.directory.snapshot import LIMITED_ROLES, Snapshot
from bot.directory.table import Problem, Table
from bot.directory.terms import AudienceError, canonical


def section_problems(table: Table[SectionRow], people: Table[PersonRow]) -> Iterator[Problem]:
    """Yield repeated codes, unknown parents and managers, loops, and periods that end before they begin."""
    yield from _repeated(((number, fold(row.code), row.code) for number, row in table.rows), "code")
    rows_of = {row.code: number for number, row in reversed(table.rows)}
    for loop in loops({row.code: row.parent for _, row in table.rows}):
        yield rows_of[loop[0]], f"parent: たどると元に戻ります（{' → '.join((*loop, loop[0]))}）"
    for number, row in table.rows:
        yield from _unknown(number, "parent", "部局・課室", (row.parent,), table.keys)
        yield from _unknown(number, "managers", "職員", row.managers, people.keys)
        yield from _period(number, "valid", row.valid_from, row.valid_to)


def person_problems(table: Table[PersonRow], sections: Table[SectionRow]) -> Iterator[Problem]:
    """Yield repeated people, unknown sections, and periods that make no sense; an empty file is refused."""
    if not table.rows and not table.problems:
        yield None, "職員が1人も書かれていません"
    yield from _repeated(((number, row.object_id, row.object_id) for number, row in table.rows), "object_id")
    for number, row in table.rows:
        yield from _unknown(number, "section", "部局・課室", (row.section,), sections.keys)
        yield from _unknown(number, "extra_sections", "部局・課室", row.extra_sections, sections.keys)
        yield from _period(number, "inactive", row.inactive_from, row.inactive_to)
        if row.inactive_to and not row.inactive_from:
            yield number, "inactive_from: inactive_to だけでは決まりません。始まりの日も書いてください"


def grant_problems(
    table: Table[GrantRow], people: Table[PersonRow], snapshot: Snapshot | None
) -> Iterator[Problem]:
    """Yield repeated grants, unknown people, and audiences that are out of place or can't be resolved.

    Audiences are looked up only in a `snapshot`, thus where the other files are good; whether a section
    exists today, or has people, does not matter: a grant may be written before a reorganisation.
    """
    grants = ((number, (row.object_id, row.role, fold(row.audience)), row.role) for number, row in table.rows)
    yield from _repeated(grants, "role")
    limits = Counter((row.object_id, row.role) for _, row in table.rows if row.audience)
    for number, row in table.rows:
        yield from _unknown(number, "object_id", "職員", (row.object_id,), people.keys)
        if not row.audience:
            continue
        if row.role not in LIMITED_ROLES:
            yield (
                number,
                f"audience: 範囲を限れるのは {'、'.join(LIMITED_ROLES)} だけです。空欄にしてください",
            )
        elif snapshot is not None:
            yield from _unresolved(number, row, snapshot, alone=limits[row.object_id, row.role] == 1)


def _unresolved(number: int, row: GrantRow, snapshot: Snapshot, *, alone: bool) -> Iterator[Problem]:
    try:
        written = canonical(row.audience, snapshot)
    except AudienceError as error:
        yield number, f"audience: {' '.join(str(error).splitlines())}"
        return
    if "!" in written and not alone:
        yield number, "audience: 同じ人の同じ役割が何行もあるときは「!」を使えません。1行にまとめてください"


def _repeated(keys: Iterable[tuple[int, Hashable, str]], column: str) -> Iterator[Problem]:
    first: dict[Hashable, int] = {}
    for number, key, written in keys:
        if first.setdefault(key, number) != number:
            yield number, f"{column}: 「{written}」は {first[key]}行目と重なっています"


def _unknown(
    number: int, column: str, what: str, named: Iterable[str], known: frozenset[str] | None
) -> Iterator[Problem]:
    for each in named:
        if each and known is not None and each not in known:
            yield number, f"{column}: {what}「{each}」がありません"


def _period(number: int, column: str, start: date | None, end: date | None) -> Iterator[Problem]:
    if start and end and end < start:
        yield number, f"{column}_to: {end} は {column}_from の {start} より前です"
