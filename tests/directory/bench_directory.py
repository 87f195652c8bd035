"""A directory of 50,000 people: how long reading, resolving and counting take, and how long the loop stalls.

Run with `python -m tests.directory.bench_directory [people]`; prints figures and never fails for being slow.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from bot.directory.audience import head_count_by_bureau, resolve, to_recipients
from bot.directory.file import DirectoryFiles, FileDirectory
from tests.directory.files import PEOPLE_HEADER, ROLES_HEADER, SECTIONS_HEADER, person_row, write
from tests.directory.organisation import TODAY, guid

PEOPLE = 50_000
BUREAUS = 20
T = TypeVar("T")


def organisation(folder: Path, people: int) -> DirectoryFiles:
    """Write an organisation with a section for every twenty people, three levels deep."""
    count = people // 20
    rows = ["MIC,省,,1,,,"]
    for number in range(count):
        parent = "MIC" if number < BUREAUS else f"S{number % BUREAUS}"
        rows.append(f"S{number},第{number}課,{parent},,{guid(number)},,")
    files = DirectoryFiles(
        people=folder / "people.csv", sections=folder / "sections.csv", roles=folder / "roles.csv"
    )
    write(files.sections, SECTIONS_HEADER, *rows)
    write(
        files.people, PEOPLE_HEADER, *(person_row(number, f"S{number % count}") for number in range(people))
    )
    write(files.roles, ROLES_HEADER, f"{guid(1)},author,")
    return files


def timed(what: str, deed: Callable[[], T]) -> T:
    """Do it, and print the milliseconds it took."""
    start = time.perf_counter()
    result = deed()
    sys.stdout.write(f"{what}: {(time.perf_counter() - start) * 1000:.0f} ms\n")
    return result


async def longest_stall(directory: FileDirectory) -> float:
    """Refresh, and return in seconds the longest time for which nothing else in the loop got its turn."""
    refreshing = asyncio.create_task(directory.refresh())
    longest = 0.0
    while not refreshing.done():
        start = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - start)
    await refreshing
    return longest


def main(people: int) -> None:
    """Print the figures."""
    with TemporaryDirectory() as folder:
        files = organisation(Path(folder), people)
        directory = timed(f"read {people} people", lambda: FileDirectory(files))
        snapshot = directory.snapshot
        everyone = timed("resolve all", lambda: resolve("all", snapshot, TODAY))
        timed("resolve a bureau", lambda: resolve("section:S1", snapshot, TODAY))
        several = "全職員,本省,!section:S1,!role:manager"
        timed(f"resolve {several}", lambda: resolve(several, snapshot, TODAY))
        timed("count by bureau", lambda: head_count_by_bureau(everyone, snapshot))
        timed("make the recipients", lambda: to_recipients(everyone, snapshot))
        files.roles.write_text(f"{ROLES_HEADER}\n", encoding="utf-8")
        stall = asyncio.run(longest_stall(directory))
        sys.stdout.write(f"longest stall of the loop while reading again: {stall * 1000:.0f} ms\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
