"""Who is who: strangers, guests and disabled accounts may nothing; roles come from tree and grants."""

from dataclasses import replace

import pytest

from bot.chat.request import Actor
from bot.chat.roles import Role
from bot.directory.sections import SectionTree
from bot.directory.snapshot import Grant, Snapshot
from tests.directory.organisation import guid, ministry, person


def author(audience: str) -> Grant:
    return Grant(person=guid(4), role=Role.AUTHOR, audience=audience)


def coordinator(audience: str) -> Grant:
    return Grant(person=guid(4), role=Role.COORDINATOR, audience=audience)


def test_a_stranger_is_an_actor_with_nothing_but_the_id() -> None:
    assert ministry().actor(guid(99).upper()) == Actor(id=guid(99))


@pytest.mark.parametrize("number", [11, 12], ids=["guest", "disabled"])
def test_guests_and_disabled_accounts_have_no_role_whatever_is_granted(number: int) -> None:
    snapshot = ministry(Grant(person=guid(number), role=Role.ADMINISTRATOR))
    assert snapshot.actor(guid(number)).roles == frozenset()
    assert guid(number) not in snapshot.holders(Role.ADMINISTRATOR)


def test_a_disabled_manager_manages_nothing() -> None:
    snapshot = ministry()
    people = tuple(replace(each, enabled=each.id != guid(6)) for each in snapshot.people)
    snapshot = replace(snapshot, people=people)
    assert snapshot.actor(guid(6)).manages == ()
    assert snapshot.actor(guid(6)).roles == frozenset()
    assert guid(6) not in snapshot.holders(Role.MANAGER)


@pytest.mark.parametrize(
    "people",
    [(person(1, ""), person(1, "")), (replace(person(1, ""), id=guid(1).upper()),)],
    ids=["twice", "upper case"],
)
def test_ids_that_are_not_unique_or_not_lower_case_are_refused(people: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="lower case"):
        Snapshot(people=people, sections=SectionTree())  # type: ignore[arg-type]


def test_a_person_is_found_in_any_case_of_the_id() -> None:
    found = ministry().person(guid(3).upper())
    assert found is not None
    assert found.id == guid(3)
    assert ministry().person("") is None


def test_recipients_are_all_but_guests_and_disabled_accounts_in_file_order() -> None:
    assert [each.id for each in ministry().recipients()] == [guid(number) for number in range(1, 11)]


def test_roles_come_from_the_directory_and_from_grants() -> None:
    snapshot = ministry()
    assert snapshot.actor(guid(8)).roles == {Role.STAFF}
    assert snapshot.actor(guid(6)).roles == {Role.STAFF, Role.MANAGER}
    both = snapshot.actor(guid(2).upper())
    assert both.roles == {Role.STAFF, Role.MANAGER, Role.AUTHOR, Role.ADMINISTRATOR}
    assert both.manages == ("HISHO", "SHITSU")
    assert (both.name, both.section, both.reach) == ("職員002", "SHITSU", "")


def test_holders_of_a_role() -> None:
    snapshot = ministry()
    assert snapshot.holders(Role.MANAGER) == {guid(1), guid(2), guid(3), guid(6)}
    assert snapshot.holders(Role.AUTHOR) == {guid(2)}
    assert snapshot.holders(Role.APPROVER) == frozenset()
    assert len(snapshot.holders(Role.STAFF)) == 10


@pytest.mark.parametrize(
    ("grants", "reach"),
    [
        ((author("section:A"),), "section:A"),
        ((author("section:A"), author("section:B")), "section:A,section:B"),
        ((author("section:A"), author("")), ""),
        ((author("section:A"), coordinator("section:B")), "section:A"),
        ((author("section:A"), coordinator("")), "section:A"),
        ((coordinator("section:B"), author("")), ""),
        ((coordinator("section:B"),), "section:B"),
    ],
)
def test_reach_is_that_of_the_author_and_no_coordinators_grant_widens_it(
    grants: tuple[Grant, ...], reach: str
) -> None:
    assert ministry(*grants).actor(guid(4)).reach == reach


def test_a_section_has_those_for_whom_it_is_an_extra_one_each_once() -> None:
    assert ministry().members(["HISHO", "SHITSU"]) == {guid(2), guid(3), guid(5)}
