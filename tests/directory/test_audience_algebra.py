"""The algebra of audiences, against sets worked out in a second, plainer way."""

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.directory.audience import AudienceError, canonical, head_count_by_bureau, resolve, to_recipients
from bot.directory.sections import SectionTree
from bot.directory.snapshot import Snapshot
from storage.people.records import Person, Section
from tests.directory.organisation import TODAY, guid

CODES = ("R", "A", "A1", "A2", "A11", "B", "B1", "C")
PARENTS = {"R": "", "A": "R", "A1": "A", "A2": "A", "A11": "A1", "B": "R", "B1": "B", "C": "R"}
FULL_WIDTH = str.maketrans({chr(narrow): chr(narrow + 0xFEE0) for narrow in range(0x21, 0x7F)})


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an expression."""

    text: str
    removed: bool

    def __str__(self) -> str:
        return f"{'!' if self.removed else ''}{self.text}"


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Any number of people, of all kinds, anywhere in a fixed tree of which parts are not 本省."""
    outside = draw(st.sets(st.sampled_from(CODES)))
    managers = draw(st.dictionaries(st.sampled_from(CODES), st.integers(0, 11)))
    sections = SectionTree(
        Section(
            code=code,
            name=f"{code}課",
            parent=PARENTS[code],
            headquarters=code not in outside,
            managers=(guid(managers[code]),) if code in managers else (),
        )
        for code in CODES
    )
    people = tuple(
        Person(
            id=guid(number),
            name=str(number),
            mail="",
            section=draw(st.sampled_from(("", *CODES))),
            extra_sections=tuple(draw(st.sets(st.sampled_from(CODES), max_size=2))),
            enabled=draw(st.integers(0, 5)) > 0,
            guest=draw(st.integers(0, 5)) == 0,
        )
        for number in range(draw(st.integers(1, 12)))
    )
    return Snapshot(people=people, sections=sections)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Snapshot, list[Part]]:
    """A snapshot, and parts all of which can be resolved in it."""
    snapshot = draw(snapshots())
    fixed = ["all", "headquarters", "role:manager", *(f"section:{code}" for code in CODES)]
    people = [f"people:{each.id}" for each in snapshot.people if each.enabled and not each.guest]
    parts = st.builds(Part, st.sampled_from(fixed + people), st.booleans())
    return snapshot, draw(st.lists(parts, min_size=1, max_size=6))


def below(code: str, top: str) -> bool:
    """Say whether a section is another one or lies below it."""
    return code == top or (bool(code) and below(PARENTS[code], top))


def means(text: str, who: Person, tree: SectionTree) -> bool:
    """Say, from the person's side, whether a part without its sign means this person."""
    kind, _, value = text.partition(":")
    places = [code for code in (who.section, *who.extra_sections) if code]
    match kind:
        case "all":
            return True
        case "headquarters":
            return any(tree.is_headquarters(code) for code in places)
        case "role":
            return any(who.id in section.managers for section in tree)
        case "people":
            return who.id == value
        case _:
            return any(below(code, value) for code in places)


def expected(snapshot: Snapshot, parts: list[Part]) -> list[Person]:
    return [
        who
        for who in snapshot.people
        if who.enabled
        and not who.guest
        and any(means(part.text, who, snapshot.sections) for part in parts if not part.removed)
        and not any(means(part.text, who, snapshot.sections) for part in parts if part.removed)
    ]


def written(parts: list[Part]) -> str:
    return ",".join(str(part) for part in parts)


@given(cases())
def test_an_audience_is_the_union_less_what_is_taken_away_each_person_once(
    case: tuple[Snapshot, list[Part]],
) -> None:
    snapshot, parts = case
    people = expected(snapshot, parts)
    if not people:
        with pytest.raises(AudienceError):
            resolve(written(parts), snapshot, TODAY)
        return
    audience = resolve(written(parts), snapshot, TODAY)
    assert list(audience.people) == people
    assert sum(count for _, _, count in head_count_by_bureau(audience, snapshot)) == len(people)
    assert [recipient.id for recipient in to_recipients(audience, snapshot)] == [who.id for who in people]


@given(cases(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_nor_width_of_the_parts_matters(
    case: tuple[Snapshot, list[Part]], chance: Random
) -> None:
    snapshot, parts = case
    people = expected(snapshot, parts)
    if not people:
        return
    mixed = parts + chance.sample(parts, chance.randint(0, len(parts)))
    chance.shuffle(mixed)
    assert list(resolve(written(mixed), snapshot, TODAY).people) == people
    assert list(resolve(f" {written(parts)}　".translate(FULL_WIDTH), snapshot, TODAY).people) == people


@given(cases())
def test_the_canonical_form_means_the_same_and_is_its_own_canonical_form(
    case: tuple[Snapshot, list[Part]],
) -> None:
    snapshot, parts = case
    japanese = (
        written(parts).replace("section:", "課室：").replace("all", "全職員").replace("headquarters", "本省")
    )
    form = canonical(japanese, snapshot, TODAY)
    assert form == canonical(form, snapshot, TODAY) == written(list(dict.fromkeys(parts)))


@given(st.text(max_size=60))
def test_whatever_is_written_is_understood_or_politely_refused(text: str) -> None:
    snapshot = Snapshot(
        people=(Person(id=guid(1), name="職員", mail="", section="A"),),
        sections=SectionTree((Section(code="A", name="甲課"),)),
    )
    try:
        audience = resolve(text, snapshot, TODAY)
    except AudienceError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert audience.people == snapshot.people
    assert refusal == "" or refusal.endswith("。")
