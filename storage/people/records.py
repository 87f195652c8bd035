"""People and where they belong."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of the ministry, known by the Entra object id alone; names and mails are for showing only."""

    id: str
    name: str
    mail: str
    section: str
    title: str = ""
    extra_sections: tuple[str, ...] = ()
    enabled: bool = True
    guest: bool = False
    employment: str = ""
    inactive_from: date | None = None
    inactive_to: date | None = None

    def reachable(self) -> bool:
        """Say whether announcements are for this person: guests and disabled accounts never count."""
        return self.enabled and not self.guest

    def inactive_on(self, day: date) -> bool:
        """Say whether the person is away for long on this day (both ends included; no reason is known)."""
        if self.inactive_from is None or day < self.inactive_from:
            return False
        return self.inactive_to is None or day <= self.inactive_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A 部局 or 課室 of the tree; `headquarters` is 本省 as against the regional offices."""

    code: str
    name: str
    parent: str = ""
    headquarters: bool = True
    managers: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Say whether the section exists on this day (both ends included)."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """That a person belonged to a section from a day on, until the day before `until` (None: still)."""

    person: str
    section: str
    primary: bool
    since: date
    until: date | None = None
