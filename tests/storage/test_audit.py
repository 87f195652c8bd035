"""The audit chain, on both engines: every entry is bound to the one before it, and names nobody."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from storage.audit.records import FIRST_PREVIOUS, AuditEntry, chain_digest
from storage.audit.store import Audit
from storage.instant import from_millis, to_millis
from storage.ledger import Ledger
from tests.fakes.clock import NOW


async def append(audit: Audit, number: int, actor: str = "operator", now: datetime = NOW) -> None:
    await audit.append(actor=actor, action="announcement.send", subject=f"A{number}", outcome="sent", now=now)


async def test_entries_follow_each_other(ledger: Ledger) -> None:
    audit = Audit(ledger)
    for number in range(1, 4):
        await append(audit, number, now=NOW + timedelta(microseconds=123_456 * number))

    entries = await audit.entries()

    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert [entry.subject for entry in entries] == ["A1", "A2", "A3"]
    assert entries[0].previous == FIRST_PREVIOUS
    assert [entry.previous for entry in entries[1:]] == [entry.digest for entry in entries[:2]]
    assert all(entry.is_intact() for entry in entries)
    assert entries[0].at == NOW + timedelta(milliseconds=123)
    assert await audit.first_break() is None


async def test_an_empty_chain_is_whole(ledger: Ledger) -> None:
    assert await Audit(ledger).first_break() is None


async def test_many_writers_make_one_chain(ledger: Ledger) -> None:
    await asyncio.gather(*(append(Audit(ledger), number) for number in range(40)))

    entries = await Audit(ledger).entries()

    assert [entry.sequence for entry in entries] == list(range(1, 41))
    assert {entry.subject for entry in entries} == {f"A{number}" for number in range(40)}
    assert await Audit(ledger).first_break() is None


async def test_the_actor_is_a_pseudonym_that_stays_the_same(ledger: Ledger) -> None:
    await append(Audit(ledger), 1, "7c9e6679-7425-40de-944b-e07fc1f90ae7")
    await append(Audit(ledger), 2, "7c9e6679-7425-40de-944b-e07fc1f90ae7")
    await append(Audit(ledger), 3, "somebody else")

    first, second, third = (entry.actor for entry in await Audit(ledger).entries())

    assert first == second != third
    assert "7c9e" not in first


async def test_another_ministry_has_other_pseudonyms(ledger: Ledger) -> None:
    audit = Audit(ledger)
    await append(audit, 1)
    (before,) = await audit.entries()
    async with ledger.write() as connection:
        await connection.execute(text("DELETE FROM audit"))
        await connection.execute(text("DELETE FROM audit_key"))

    await append(Audit(ledger), 1)

    (after,) = await Audit(ledger).entries()
    assert before.actor != after.actor


async def test_what_is_rolled_back_leaves_neither_entry_nor_key(ledger: Ledger) -> None:
    audit = Audit(ledger)

    async def deed_that_fails() -> None:
        async with ledger.write() as connection:
            await audit.append_within(
                connection, actor="operator", action="a", subject="s", outcome="o", now=NOW
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await deed_that_fails()

    assert await audit.entries() == ()
    await append(audit, 1)
    await append(Audit(ledger), 2)
    first, second = await audit.entries()
    assert first.actor == second.actor
    assert await audit.first_break() is None


@pytest.mark.parametrize(
    "change",
    [
        "outcome = 'planned'",
        "actor = 'somebody'",
        "action = 'x'",
        "subject = 'A9'",
        "at = at + 1",
        "previous = digest",
        "digest = previous",
    ],
)
async def test_a_changed_entry_shows(ledger: Ledger, change: str) -> None:
    audit = Audit(ledger)
    for number in range(1, 5):
        await append(audit, number)

    await _tamper(ledger, f"UPDATE audit SET {change} WHERE sequence = 3")  # noqa: S608

    assert await audit.first_break() == 3


@pytest.mark.parametrize(("missing", "broken"), [(1, 2), (2, 3), (3, 4)])
async def test_a_missing_entry_shows_at_the_next(ledger: Ledger, missing: int, broken: int) -> None:
    audit = Audit(ledger)
    for number in range(1, 5):
        await append(audit, number)

    await _tamper(ledger, f"DELETE FROM audit WHERE sequence = {missing}")  # noqa: S608

    assert await audit.first_break() == broken


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.text(),
    st.text(),
)
def test_an_entry_read_back_is_intact(moment: datetime, actor: str, subject: str) -> None:
    stored = from_millis(to_millis(moment))
    digest = chain_digest(FIRST_PREVIOUS, 1, stored, actor=actor, action="a", subject=subject, outcome="o")

    entry = AuditEntry(
        sequence=1,
        at=from_millis(to_millis(stored)),
        actor=actor,
        action="a",
        subject=subject,
        outcome="o",
        previous=FIRST_PREVIOUS,
        digest=digest,
    )

    assert entry.is_intact()


def test_fields_can_not_run_into_each_other() -> None:
    one = chain_digest(FIRST_PREVIOUS, 1, NOW, actor="a", action="bc", subject="d", outcome="e")
    other = chain_digest(FIRST_PREVIOUS, 1, NOW, actor="ab", action="c", subject="d", outcome="e")

    assert one != other


async def _tamper(ledger: Ledger, statement: str) -> None:
    async with ledger.write() as connection:
        await connection.execute(text(statement))
