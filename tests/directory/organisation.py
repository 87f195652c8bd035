"""A small ministry for tests: a root, two bureaus, a regional office, and one of every kind of person."""

from datetime import date

from bot.chat.roles import Role
from bot.directory.sections import SectionTree
from bot.directory.snapshot import Grant, Snapshot
from storage.people.records import Person, Section

TODAY = date(2026, 11, 22)


def guid(number: int) -> str:
    """Return an object id with letters in it, so that upper and lower case differ."""
    return f"abcdef00-0000-4000-8000-{number:012x}"


def person(number: int, section: str, *extra: str, enabled: bool = True, guest: bool = False) -> Person:
    """Return a person who is told apart by the number alone."""
    return Person(
        id=guid(number),
        name=f"職員{number:03}",
        mail=f"staff{number:03}@example.jp",
        section=section,
        extra_sections=extra,
        enabled=enabled,
        guest=guest,
    )


SECTIONS = (
    Section(code="MIC", name="総務省", managers=(guid(1),)),
    Section(code="KANBO", name="大臣官房", parent="MIC"),
    Section(code="HISHO", name="秘書課", parent="KANBO", managers=(guid(2), guid(3))),
    Section(code="SHITSU", name="働き方改革推進室", parent="HISHO", managers=(guid(2),)),
    Section(code="SOMU", name="総務課", parent="KANBO"),
    Section(code="JICHI", name="自治行政局", parent="MIC", managers=(guid(6),)),
    Section(code="GYOSEI", name="行政課", parent="JICHI"),
    Section(code="OLD", name="住民課", parent="JICHI", valid_to=date(2026, 9, 30)),
    Section(code="NEW", name="住民課", parent="JICHI", valid_from=date(2026, 10, 1)),
    Section(code="EMPTY", name="準備課", parent="JICHI"),
    Section(code="KANTO", name="関東総合通信局", parent="MIC", headquarters=False),
    Section(code="KTSOMU", name="総務課", parent="KANTO", headquarters=False),
)
PEOPLE = (
    person(1, "MIC"),
    person(2, "SHITSU"),
    person(3, "HISHO", "KTSOMU"),
    person(4, "SOMU"),
    person(5, "GYOSEI", "HISHO", "SHITSU"),
    person(6, "JICHI"),
    person(7, "NEW"),
    person(8, "KTSOMU"),
    person(9, "KANTO", "GYOSEI"),
    person(10, ""),
    person(11, "HISHO", guest=True),
    person(12, "HISHO", enabled=False),
)
GRANTS = (
    Grant(person=guid(2), role=Role.AUTHOR),
    Grant(person=guid(2), role=Role.ADMINISTRATOR),
    Grant(person=guid(4), role=Role.COORDINATOR, audience="section:KANBO"),
    Grant(person=guid(12), role=Role.APPROVER),
)


def ministry(*grants: Grant) -> Snapshot:
    """Return the ministry, with other grants than the usual ones if any are given."""
    return Snapshot(people=PEOPLE, sections=SectionTree(SECTIONS), grants=grants or GRANTS)
