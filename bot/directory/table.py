"""A CSV file that people wrote, read as a whole: good rows as records, everything else as named problems."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.directory.rows import cell_text

RowT = TypeVar("RowT")
Problem = tuple[int | None, str]
"""A row's number as a spreadsheet shows it (None: the whole file), and in Japanese what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[RowT]):
    """What was read: the good rows with their numbers, and the problems of all others.

    `keys` holds the first column of every row, bad ones included, so that one bad row does not turn every
    mention of it into a problem too; None if not all rows could be told apart.
    """

    path: Path
    rows: tuple[tuple[int, RowT], ...] = ()
    problems: tuple[Problem, ...] = ()
    keys: frozenset[str] | None = None


def read_table(path: Path, row: type[RowT], key_form: Callable[[str], str]) -> Table[RowT]:
    """Read a UTF-8 file, with or without BOM; what is wrong in it is returned, not raised.

    `row` is a dataclass whose fields are the columns, those with a default optional; `key_form` brings the
    first of them into the form of `Table.keys`.
    """
    records, broken = _records(path)
    if not records:
        return Table(path=path, problems=tuple(broken) or ((None, "見出しの行がありません"),))
    columns = {column.name: column.default is MISSING for column in fields(row)}  # type: ignore[arg-type]
    header_number, header = records[0]
    names = [cell_text(name).lower() for name in _at_most(header, 0)]
    wrong = tuple((header_number, reason) for reason in _header_problems(names, columns))
    if wrong:
        return Table(path=path, problems=wrong)
    least = max(place for place, name in enumerate(names, start=1) if columns[name])
    key_column = next(iter(columns))
    adapter = TypeAdapter(row)
    keys: set[str] = set()
    rows: list[tuple[int, RowT]] = []
    problems: list[Problem] = []
    for number, record in records[1:]:
        cells = _at_most(record, len(names))
        given = dict(zip(names, cells, strict=False))
        keys.add(key_form(given.get(key_column, "")))
        if not least <= len(cells) <= len(names):
            problems.append((number, f"列が {len(cells)} つあります（見出しは {len(names)} つです）"))
            continue
        try:
            rows.append((number, adapter.validate_python(given)))
        except ValidationError as error:
            problems.extend((number, f"{each['loc'][0]}: {each['msg']}") for each in error.errors())
    known = None if broken else frozenset(keys)
    return Table(path=path, rows=tuple(rows), problems=(*problems, *broken), keys=known)


def _records(path: Path) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """Split a file into its rows, less the empty ones; a quotation mark out of place ends the reading."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return [], [(None, f"ファイルを読めません（{path}: {error.strerror}）")]
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        return [], [(number, "UTF-8 ではありません。UTF-8 で保存し直してください")]
    records: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), strict=True):
            number += 1
            if any(cell.strip() for cell in cells):
                records.append((number, cells))
    except csv.Error as error:
        return records, [(number + 1, f'引用符（"）の対応を確かめてください（{error}）')]
    return records, []


def _at_most(cells: list[str], width: int) -> list[str]:
    """Drop the empty cells at the end of a row that a spreadsheet adds beyond the table's width."""
    end = len(cells)
    while end > width and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _header_problems(names: Sequence[str], columns: dict[str, bool]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name not in columns:
            yield f"知らない列があります: {name or '（空欄）'}（使えるのは {','.join(columns)}）"
        elif names.count(name) > 1:
            yield f"同じ列が {names.count(name)} つあります: {name}"
    missing = [name for name, needed in columns.items() if needed and name not in names]
    if missing:
        yield f"列が足りません: {','.join(missing)}"
