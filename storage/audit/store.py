"""The audit chain in the ledger."""

import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import BigInteger, Column, String, Table, desc, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit.records import FIRST_PREVIOUS, AuditEntry, chain_digest
from storage.ledger import Instant, Ledger, metadata

audit = Table(
    "audit",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("outcome", String(128), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

audit_key = Table(
    "audit_key",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", String(64), nullable=False),
)

_ADVISORY_LOCK = 0x41554449  # "AUDI"


class Audit:
    """Appends to the chain; the actor's object id is kept only as a keyed hash."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep what this store may touch."""
        self._ledger = ledger
        self._key: str | None = None

    async def append(self, *, actor: str, action: str, subject: str, outcome: str, now: datetime) -> None:
        """Add one entry behind the newest one."""
        async with self._ledger.write() as connection:
            await self.append_within(
                connection, actor=actor, action=action, subject=subject, outcome=outcome, now=now
            )

    async def append_within(
        self,
        connection: AsyncConnection,
        *,
        actor: str,
        action: str,
        subject: str,
        outcome: str,
        now: datetime,
    ) -> None:
        """Add one entry in the caller's transaction, so that deed and entry stand or fall together."""
        if not self._ledger.is_sqlite:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        newest = (
            await connection.execute(
                select(audit.c.sequence, audit.c.digest).order_by(desc(audit.c.sequence)).limit(1)
            )
        ).first()
        sequence, previous = (newest.sequence + 1, newest.digest) if newest else (1, FIRST_PREVIOUS)
        pseudonym = await self._pseudonym(connection, actor)
        # The stored time has milliseconds; the digest must be made from what will be read back.
        at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        await connection.execute(
            insert(audit).values(
                sequence=sequence,
                at=at,
                actor=pseudonym,
                action=action,
                subject=subject,
                outcome=outcome,
                previous=previous,
                digest=chain_digest(
                    previous,
                    sequence,
                    at,
                    actor=pseudonym,
                    action=action,
                    subject=subject,
                    outcome=outcome,
                ),
            )
        )

    async def entries(self) -> tuple[AuditEntry, ...]:
        """Return the whole chain, oldest first."""
        async with self._ledger.read() as connection:
            rows = await connection.execute(select(audit).order_by(audit.c.sequence))
            return tuple(AuditEntry(**row._mapping) for row in rows)  # noqa: SLF001

    async def first_break(self) -> int | None:
        """Return the sequence of the first entry that does not fit its predecessor, or None."""
        previous, expected = FIRST_PREVIOUS, 1
        for entry in await self.entries():
            if entry.sequence != expected or entry.previous != previous or not entry.is_intact():
                return entry.sequence
            previous, expected = entry.digest, expected + 1
        return None

    async def _pseudonym(self, connection: AsyncConnection, actor: str) -> str:
        key = self._key or (await connection.execute(select(audit_key.c.key))).scalar()
        if key is None:
            # Not remembered before it was read back: this transaction may still be rolled back.
            key = secrets.token_hex(32)
            await connection.execute(insert(audit_key).values(id=1, key=key))
        else:
            self._key = key
        return hmac.new(bytes.fromhex(key), actor.encode(), hashlib.sha256).hexdigest()[:32]
