"""Whom an audience means: everyone counted once, refused where any part can't be resolved."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from bot.chat.roles import Role
from bot.directory.snapshot import Snapshot
from bot.directory.terms import (
    ROLE_NAMES,
    AudienceError,
    Kind,
    Term,
    canonical,
    parse,
    parse_part,
    parts_of,
    refuse_people,
)
from storage.deliveries.records import Recipient
from storage.people.records import Person

__all__ = [
    "UNASSIGNED",
    "Audience",
    "AudienceError",
    "canonical",
    "describe",
    "head_count_by_bureau",
    "resolve",
    "to_recipients",
]

UNASSIGNED = "所属未登録"
NAMED_PEOPLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Everyone whom an expression (in canonical form) means, in the directory's order."""

    expression: str
    people: tuple[Person, ...]


def resolve(expression: str, snapshot: Snapshot, today: date) -> Audience:
    """Find everyone whom an audience means: the union of its parts less all that a `!` takes away.

    A section brings all sections below it and those for whom it is an extra section; so does 本省. Guests
    and disabled accounts are never in it. People who are inactive (休職・育休・出向) are: an announcement is
    for them as long as their account is enabled; what leaves them out is nudges, reminders and denominators.

    Raises:
        AudienceError: a part can't be resolved, or nobody is left.
    """
    terms = parse(expression, snapshot, today)
    included: set[str] = set()
    removed: set[str] = set()
    for term in terms:
        (removed if term.removed else included).update(_ids(term, snapshot))
    people = tuple(
        person for person in snapshot.recipients() if person.id in included and person.id not in removed
    )
    if not people and all(term.removed for term in terms):
        raise AudienceError("「!」で除く相手しか書かれていません。「全職員」など、送る相手も書いてください。")
    if not people:
        raise AudienceError(
            f"宛先「{describe(expression, snapshot)}」に当てはまる職員がいません。宛先を見直してください。"
        )
    return Audience(expression=",".join(str(term) for term in terms), people=people)


def _ids(term: Term, snapshot: Snapshot) -> frozenset[str]:
    """Return the object ids that one part means.

    Raises:
        AudienceError: somebody is named who can't be written to.
    """
    match term.kind:
        case Kind.ALL:
            return snapshot.holders(Role.STAFF)
        case Kind.HEADQUARTERS:
            codes = (section.code for section in snapshot.sections if section.headquarters)
            return snapshot.members(codes)
        case Kind.ROLE:
            return snapshot.holders(Role(term.values[0]))
        case Kind.PEOPLE:
            return _named_people(term, snapshot)
        case _:
            return snapshot.members(snapshot.sections.with_descendants(term.values[0]))


def _named_people(term: Term, snapshot: Snapshot) -> frozenset[str]:
    ids = frozenset(term.values)
    if not term.removed:
        closed = ids - snapshot.holders(Role.STAFF)
        refuse_people(
            [id_ for id_ in term.values if id_ in closed], "は、ゲストか無効なアカウントのため送れません。"
        )
    return ids


def head_count_by_bureau(audience: Audience, snapshot: Snapshot) -> tuple[tuple[str, str, int], ...]:
    """Count the people by bureau of their primary section: (code, name, people), in file order.

    Only bureaus with somebody in the audience are listed; people without a known section come last, as
    ("", 所属未登録, people). The counts add up to the audience.
    """
    tree = snapshot.sections
    counts = Counter(tree.bureau_of(person.section) for person in audience.people)
    return tuple(
        (code, tree.name(code) if code else UNASSIGNED, counts[code])
        for code in sorted(counts, key=tree.place)
    )


def to_recipients(audience: Audience, snapshot: Snapshot) -> tuple[Recipient, ...]:
    """Return a row to be for everyone, with section and bureau; chats are filled in elsewhere."""
    bureau_of = snapshot.sections.bureau_of
    bureaus = {code: bureau_of(code) for code in {person.section for person in audience.people}}
    return tuple(
        Recipient(id=person.id, section=person.section, bureau=bureaus[person.section])
        for person in audience.people
    )


def describe(expression: str, snapshot: Snapshot) -> str:
    """Say in Japanese whom an audience means; what can't be resolved (any more) is shown as written."""
    included: list[str] = []
    removed: list[str] = []
    for part in parts_of(expression):
        try:
            words = _words(parse_part(part, snapshot), snapshot)
        except AudienceError:
            words = part.removeprefix("!")
        if words:
            (removed if part.startswith("!") else included).append(words)
    who = "、".join(dict.fromkeys(included))
    less = f"{'、'.join(dict.fromkeys(removed))}を除く"
    if not removed:
        return who
    return f"{who}（{less}）" if who else less


def _words(term: Term, snapshot: Snapshot) -> str:
    match term.kind:
        case Kind.ALL:
            return "全職員"
        case Kind.HEADQUARTERS:
            return "本省の職員"
        case Kind.ROLE:
            return ROLE_NAMES[Role(term.values[0])]
        case Kind.PEOPLE if len(term.values) > NAMED_PEOPLE:
            return f"指定した職員{len(term.values)}人"
        case Kind.PEOPLE:
            named = (snapshot.person(id_) for id_ in term.values)
            return "・".join(person.name for person in named if person)
        case _:
            label = snapshot.sections.label(term.values[0])
            return f"{label}（配下を含む）" if snapshot.sections.has_children(term.values[0]) else label
