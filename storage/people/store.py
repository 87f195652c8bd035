"""Dated memberships in the ledger: who belonged where on which day."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Boolean, Column, Index, String, Table, insert, select, text, update

from storage.ledger import Day, Ledger, metadata
from storage.people.records import Membership, Person

memberships = Table(
    "memberships",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("section", String(64), primary_key=True),
    Column("since", Day, primary_key=True),
    Column("primary", Boolean, nullable=False),
    Column("until", Day),
    Index(None, "section", "since"),
)

_ADVISORY_LOCK = 0x50454F50  # "PEOP"

Place = tuple[str, str, bool]
"""Person, section, whether it is the primary one."""


class People:
    """Keeps the history of memberships; names and mails stay in the directory."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep what this store may touch."""
        self._ledger = ledger

    async def sync(self, people: Iterable[Person], today: date) -> int:
        """Close memberships that ended and open new ones as of `today`; return how many rows changed."""
        wanted: set[Place] = set()
        for person in people:
            wanted.add((person.id, person.section, True))
            wanted.update(
                (person.id, code, False) for code in person.extra_sections if code != person.section
            )
        async with self._ledger.write() as connection:
            if not self._ledger.is_sqlite:
                # Processes that start together would all open the same memberships.
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            rows = await connection.execute(select(memberships).where(memberships.c.until.is_(None)))
            open_now: dict[Place, date] = {(r.person, r.section, r.primary): r.since for r in rows}
            ended = [place for place in open_now if place not in wanted]
            for person_id, section, _ in ended:
                since = open_now[(person_id, section, _)]
                key = (
                    (memberships.c.person == person_id)
                    & (memberships.c.section == section)
                    & (memberships.c.since == since)
                )
                if since >= today:
                    await connection.execute(memberships.delete().where(key))
                else:
                    await connection.execute(update(memberships).where(key).values(until=today))
            added = [place for place in wanted if place not in open_now]
            if added:
                await connection.execute(
                    insert(memberships),
                    [
                        {"person": p, "section": s, "primary": primary, "since": today, "until": None}
                        for p, s, primary in sorted(added)
                    ],
                )
        return len(ended) + len(added)

    async def of_person(self, person: str) -> tuple[Membership, ...]:
        """Return one person's memberships, oldest first."""
        query = select(memberships).where(memberships.c.person == person)
        return await self._fetch(query.order_by(memberships.c.since, memberships.c.section))

    async def on(self, day: date) -> tuple[Membership, ...]:
        """Return every membership that held on a day."""
        held = (memberships.c.since <= day) & (memberships.c.until.is_(None) | (memberships.c.until > day))
        return await self._fetch(select(memberships).where(held).order_by(memberships.c.person))

    async def _fetch(self, query: object) -> tuple[Membership, ...]:
        async with self._ledger.read() as connection:
            rows = await connection.execute(query)  # type: ignore[call-overload]
            return tuple(
                Membership(
                    person=r.person, section=r.section, primary=r.primary, since=r.since, until=r.until
                )
                for r in rows
            )
