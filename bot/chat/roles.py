"""Who may do what: roles, and the permission that every handler states."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the bot: `staff` and `manager` by the directory, the others by a grant."""

    STAFF = "staff"
    MANAGER = "manager"
    AUTHOR = "author"
    APPROVER = "approver"
    VIEWER = "viewer"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


GRANTED_ROLES = frozenset({Role.AUTHOR, Role.APPROVER, Role.VIEWER, Role.COORDINATOR, Role.ADMINISTRATOR})
"""The roles that roles.csv may grant."""


@dataclass(frozen=True, slots=True)
class Permission:
    """The roles of which one is enough; an empty set lets in everyone whom the tenant lets in."""

    roles: frozenset[Role]

    def lets_in(self, roles: frozenset[Role]) -> bool:
        """Say whether somebody with these roles may pass."""
        return not self.roles or bool(self.roles & roles)

    @property
    def breadth(self) -> int:
        """How many it may let in: 0 those with a special role, 1 all staff, 2 everyone."""
        if not self.roles:
            return 2
        return 1 if Role.STAFF in self.roles else 0


EVERYONE = Permission(frozenset())
STAFF = Permission(frozenset({Role.STAFF}))
AUTHORS = Permission(frozenset({Role.AUTHOR}))
ADMINISTRATORS = Permission(frozenset({Role.ADMINISTRATOR}))
AUTHORS_AND_ADMINISTRATORS = Permission(frozenset({Role.AUTHOR, Role.ADMINISTRATOR}))
