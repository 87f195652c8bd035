"""Personal chats in the ledger, and who has been greeted."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, String, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.chats.records import Chat
from storage.ledger import Instant, Ledger, metadata

chats = Table(
    "chats",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("conversation", String(512), nullable=False),
    Column("service_url", String(512), nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("greeted_at", Instant),
)

_IN_LIST = 900
"""How many values one IN list may hold: below SQLite's oldest limit of 999 variables."""


class Chats:
    """Remembers each person's chat; a chat that has not changed since it was last seen costs no write."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep what this store may touch."""
        self._ledger = ledger
        self._seen: dict[str, Chat] = {}

    async def remember(self, chat: Chat, now: datetime) -> None:
        """Keep where this person can be reached, if it is new or has moved."""
        if self._seen.get(chat.person) == chat:
            return
        dialect = sqlite if self._ledger.is_sqlite else postgresql
        values = {"conversation": chat.conversation, "service_url": chat.service_url, "seen_at": now}
        statement = dialect.insert(chats).values(person=chat.person, **values)
        async with self._ledger.write() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values))
        self._seen[chat.person] = chat

    async def get(self, person: str) -> Chat | None:
        """Return a person's chat, or None if none is known."""
        return (await self.of([person])).get(person)

    async def of(self, people: Iterable[str]) -> dict[str, Chat]:
        """Return the known chats of these people."""
        wanted = list(people)
        found: dict[str, Chat] = {}
        async with self._ledger.read() as connection:
            for start in range(0, len(wanted), _IN_LIST):
                part = wanted[start : start + _IN_LIST]
                rows = await connection.execute(
                    select(chats.c.person, chats.c.conversation, chats.c.service_url).where(
                        chats.c.person.in_(part)
                    )
                )
                for row in rows:
                    found[row.person] = Chat(
                        person=row.person, conversation=row.conversation, service_url=row.service_url
                    )
        return found

    async def greet_once(self, person: str, now: datetime) -> bool:
        """Mark a known person as greeted; True only for the first call, whoever else asks at once."""
        async with self._ledger.write() as connection:
            result = await connection.execute(
                update(chats)
                .where(chats.c.person == person, chats.c.greeted_at.is_(None))
                .values(greeted_at=now)
            )
        return bool(result.rowcount)
