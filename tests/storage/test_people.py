"""Who belonged where on which day, on both engines."""

import asyncio
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger import Ledger
from storage.people.records import Membership, Person, Section
from storage.people.store import People

OCT, NOV, DEC = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


def person(id_: str, section: str, *extra: str) -> Person:
    return Person(id=id_, name="職員", mail="", section=section, extra_sections=extra)


def membership(
    who: str, section: str, since: date, until: date | None = None, *, primary: bool = True
) -> Membership:
    return Membership(person=who, section=section, primary=primary, since=since, until=until)


async def test_the_first_sync_opens_memberships(ledger: Ledger) -> None:
    people = People(ledger)

    assert await people.sync([person("p1", "HISHO", "HATARAKI", "HISHO"), person("p2", "")], OCT) == 3

    assert await people.of_person("p1") == (
        membership("p1", "HATARAKI", OCT, primary=False),
        membership("p1", "HISHO", OCT),
    )
    assert await people.of_person("p2") == (membership("p2", "", OCT),)
    assert await people.of_person("p3") == ()


async def test_nothing_changed_is_nothing_written(ledger: Ledger) -> None:
    people = People(ledger)
    await people.sync([person("p1", "HISHO", "HATARAKI")], OCT)

    assert await people.sync([person("p1", "HISHO", "HATARAKI")], NOV) == 0
    assert await people.sync([person("p1", "HISHO", "HATARAKI")], NOV) == 0


async def test_a_move_closes_the_old_membership_on_its_day(ledger: Ledger) -> None:
    people = People(ledger)
    await people.sync([person("p1", "HISHO")], OCT)

    assert await people.sync([person("p1", "JORYU")], NOV) == 2

    assert await people.of_person("p1") == (
        membership("p1", "HISHO", OCT, NOV),
        membership("p1", "JORYU", NOV),
    )
    assert [held.section for held in await people.on(date(2026, 10, 31))] == ["HISHO"]
    assert [held.section for held in await people.on(NOV)] == ["JORYU"]
    assert await people.on(date(2026, 9, 30)) == ()


async def test_who_left_belongs_nowhere_and_may_come_back(ledger: Ledger) -> None:
    people = People(ledger)
    await people.sync([person("p1", "HISHO")], OCT)
    await people.sync([], NOV)
    assert await people.on(NOV) == ()

    await people.sync([person("p1", "HISHO")], DEC)

    assert await people.of_person("p1") == (
        membership("p1", "HISHO", OCT, NOV),
        membership("p1", "HISHO", DEC),
    )


async def test_a_correction_on_the_same_day_leaves_no_trace(ledger: Ledger) -> None:
    people = People(ledger)
    await people.sync([person("p1", "HISHO")], OCT)
    await people.sync([person("p1", "WRONG")], NOV)

    await people.sync([person("p1", "RIGHT")], NOV)

    assert await people.of_person("p1") == (
        membership("p1", "HISHO", OCT, NOV),
        membership("p1", "RIGHT", NOV),
    )


async def test_a_change_taken_back_on_the_same_day(ledger: Ledger) -> None:
    people = People(ledger)
    await people.sync([person("p1", "HISHO")], OCT)
    await people.sync([person("p1", "WRONG")], NOV)

    await people.sync([person("p1", "HISHO")], NOV)

    assert [held.section for held in await people.on(NOV)] == ["HISHO"]
    assert [held.section for held in await people.on(OCT)] == ["HISHO"]


async def test_an_extra_section_that_becomes_the_primary_one(ledger: Ledger) -> None:
    people = People(ledger)
    await people.sync([person("p1", "HISHO", "JORYU")], OCT)

    await people.sync([person("p1", "JORYU")], NOV)

    assert await people.on(OCT) == (
        membership("p1", "HISHO", OCT, NOV),
        membership("p1", "JORYU", OCT, NOV, primary=False),
    )
    assert await people.on(NOV) == (membership("p1", "JORYU", NOV),)


async def test_primary_and_extra_that_swap_on_one_day(ledger: Ledger) -> None:
    people = People(ledger)
    await people.sync([person("p1", "HISHO", "JORYU")], OCT)

    await people.sync([person("p1", "JORYU", "HISHO")], OCT)

    held = {(each.section, each.primary) for each in await people.on(OCT)}
    assert held == {("JORYU", True), ("HISHO", False)}


async def test_several_processes_that_start_at_once_agree(ledger: Ledger) -> None:
    everybody = [person(f"p{n}", f"S{n % 7}", "EXTRA") for n in range(300)]

    await asyncio.gather(*(People(ledger).sync(everybody, OCT) for _ in range(4)))

    assert len(await People(ledger).on(OCT)) == 600
    moved = [person(f"p{n}", f"S{n % 5}", "EXTRA") for n in range(300)]
    await asyncio.gather(*(People(ledger).sync(moved, NOV) for _ in range(4)))
    primary = {held.person: held.section for held in await People(ledger).on(NOV) if held.primary}
    assert primary == {each.id: each.section for each in moved}


@pytest.mark.parametrize(
    ("enabled", "guest", "reachable"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_guests_and_disabled_accounts_are_not_written_to(
    *, enabled: bool, guest: bool, reachable: bool
) -> None:
    who = Person(id="p1", name="", mail="", section="", enabled=enabled, guest=guest)

    assert who.reachable() is reachable


@given(st.dates(), st.none() | st.dates(), st.none() | st.dates())
def test_time_away_and_a_sections_life_include_both_ends(
    day: date, first: date | None, last: date | None
) -> None:
    who = Person(id="p1", name="", mail="", section="", inactive_from=first, inactive_to=last)
    section = Section(code="S", name="", valid_from=first, valid_to=last)
    within = (first or date.min) <= day <= (last or date.max)

    assert section.valid_on(day) is within
    assert who.inactive_on(day) is (within and first is not None)
