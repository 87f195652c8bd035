"""Who is who at one moment: people, sections and granted roles, ready to be asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.chat.request import Actor
from bot.chat.roles import Role
from bot.directory.sections import SectionTree
from storage.people.records import Person

LIMITED_ROLES = (Role.AUTHOR, Role.COORDINATOR)
"""The roles that an audience may limit; the first that a person holds sets the reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role given to a person; `audience` (canonical form, "" = no limit) is how far it reaches."""

    person: str
    role: Role
    audience: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The directory at one moment. Object ids are in lower case inside; questions may be in any case."""

    people: tuple[Person, ...]
    sections: SectionTree
    grants: tuple[Grant, ...] = ()
    _by_id: Mapping[str, Person] = field(init=False, repr=False, compare=False)
    _recipients: tuple[Person, ...] = field(init=False, repr=False, compare=False)
    _members: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _granted: Mapping[str, tuple[Grant, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build what makes questions fast.

        Raises:
            ValueError: an object id comes twice or is not in lower case.
        """
        by_id = {person.id.lower(): person for person in self.people}
        if len(by_id) != len(self.people) or any(key != person.id for key, person in by_id.items()):
            raise ValueError("object ids are to be unique and in lower case")
        recipients = tuple(person for person in self.people if person.reachable())
        members: dict[str, list[str]] = {}
        for person in recipients:
            for code in {person.section, *person.extra_sections}:
                members.setdefault(code, []).append(person.id)
        granted: dict[str, list[Grant]] = {}
        for grant in self.grants:
            granted.setdefault(grant.person.lower(), []).append(grant)
        object.__setattr__(self, "_by_id", by_id)
        object.__setattr__(self, "_recipients", recipients)
        object.__setattr__(self, "_members", {code: tuple(ids) for code, ids in members.items()})
        object.__setattr__(self, "_granted", {person: tuple(all_) for person, all_ in granted.items()})

    def person(self, object_id: str) -> Person | None:
        """Return the person with this object id, None if nobody has it."""
        return self._by_id.get(object_id.lower())

    def recipients(self) -> tuple[Person, ...]:
        """Return everyone who may be written to, in file order: no guests, no disabled accounts.

        People who are inactive (休職・育休・出向) are among them.
        """
        return self._recipients

    def members(self, codes: Iterable[str]) -> frozenset[str]:
        """Return the ids of the recipients for whom one of the sections is the primary or an extra one."""
        return frozenset(person for code in codes for person in self._members.get(code, ()))

    def holders(self, role: Role) -> frozenset[str]:
        """Return the ids of the recipients who have a role."""
        if role is Role.STAFF:
            return frozenset(person.id for person in self._recipients)
        ids = (
            self.sections.managers()
            if role is Role.MANAGER
            else {grant.person.lower() for grant in self.grants if grant.role is role}
        )
        return frozenset(id_ for id_ in ids if (person := self._by_id.get(id_)) and person.reachable())

    def actor(self, object_id: str) -> Actor:
        """Return who is asking, with all roles. Strangers, guests and disabled accounts have none."""
        person = self.person(object_id)
        if person is None:
            return Actor(id=object_id.lower())
        if not person.reachable():
            return Actor(id=person.id, name=person.name, section=person.section)
        grants = self._granted.get(person.id, ())
        manages = self.sections.managed_by(person.id)
        roles = {Role.STAFF, *(grant.role for grant in grants)}
        if manages:
            roles.add(Role.MANAGER)
        return Actor(
            id=person.id,
            name=person.name,
            section=person.section,
            roles=frozenset(roles),
            manages=manages,
            reach=_reach(grants),
        )


def _reach(grants: Iterable[Grant]) -> str:
    """Return the audience to which a person's grants are limited, "" if there is no limit.

    A coordinator's grant never widens what the same person may do as an author.
    """
    for role in LIMITED_ROLES:
        audiences = [grant.audience for grant in grants if grant.role is role]
        if audiences:
            return ",".join(dict.fromkeys(audiences)) if all(audiences) else ""
    return ""
