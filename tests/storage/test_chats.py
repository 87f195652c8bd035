"""Which chats are remembered, and that everybody is greeted once, on both engines."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import StatementError

from storage.chats.records import Chat
from storage.chats.store import Chats
from storage.ledger import Ledger
from tests.fakes.clock import NOW


def chat(person: str = "p1", conversation: str = "a:1") -> Chat:
    return Chat(person=person, conversation=conversation, service_url="https://smba.example/jp/")


async def test_a_chat_is_remembered_for_the_next_process(ledger: Ledger) -> None:
    await Chats(ledger).remember(chat(), NOW)

    chats = Chats(ledger)

    assert await chats.get("p1") == chat()
    assert await chats.get("p2") is None


async def test_a_chat_that_moved_replaces_the_old_one(ledger: Ledger) -> None:
    here, elsewhere = Chats(ledger), Chats(ledger)
    await here.remember(chat(), NOW)

    await elsewhere.remember(chat(conversation="a:2"), NOW)
    assert await here.get("p1") == chat(conversation="a:2")
    await here.remember(chat(conversation="a:3"), NOW)

    assert await elsewhere.get("p1") == chat(conversation="a:3")


async def test_what_another_process_wrote_is_not_hidden_by_what_was_seen_here(ledger: Ledger) -> None:
    here, elsewhere = Chats(ledger), Chats(ledger)
    await here.remember(chat(conversation="a:old"), NOW)
    await elsewhere.remember(chat(conversation="a:new"), NOW)

    await here.remember(chat(conversation="a:new"), NOW + timedelta(minutes=1))

    assert await Chats(ledger).get("p1") == chat(conversation="a:new")


async def test_what_failed_to_be_written_is_written_the_next_time(ledger: Ledger) -> None:
    chats = Chats(ledger)
    with pytest.raises(StatementError, match="offset"):
        await chats.remember(chat(), NOW.replace(tzinfo=None))

    await chats.remember(chat(), NOW)

    assert await chats.get("p1") == chat()


async def test_many_chats_at_once(ledger: Ledger) -> None:
    chats = Chats(ledger)
    await asyncio.gather(*(chats.remember(chat(f"p{n}", f"a:{n}"), NOW) for n in range(50)))

    found = await chats.of(f"p{n}" for n in range(2_000))

    assert found == {f"p{n}": chat(f"p{n}", f"a:{n}") for n in range(50)}
    assert await chats.of([]) == {}


async def test_everybody_is_greeted_once(ledger: Ledger) -> None:
    chats = Chats(ledger)
    assert not await chats.greet_once("p1", NOW), "nobody can be greeted whose chat is not known"
    await chats.remember(chat(), NOW)

    greeted = await asyncio.gather(*(Chats(ledger).greet_once("p1", NOW) for _ in range(6)))
    assert sorted(greeted) == [False] * 5 + [True]

    await Chats(ledger).remember(chat(conversation="a:2"), NOW)
    assert not await chats.greet_once("p1", NOW), "a new chat with the same person needs no second greeting"
