"""The contract of the documents port, on every implementation."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from storage.documents import Document, DocumentMissingError, Documents
from storage.instant import JST
from storage.ledger import Ledger, ledger_url
from storage.opening import Storage, open_storage
from storage.sql_documents import SqlDocuments
from storage.tiny import TinyDocuments
from tests.storage.processes import FORKS, exit_code, increase, increase_often, put_one, running

NOTICE = {
    "schema": 1,
    "title": "11月はテレワーク月間です",
    "links": [{"title": "制度", "url": "https://example.jp"}],
}


@pytest.fixture(params=["tinydb", "sqlite", "postgresql"])
def engine_and_url(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param, request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""


@pytest.fixture
async def documents(engine_and_url: tuple[str, str], data_dir: Path) -> AsyncIterator[Documents]:
    engine, url = engine_and_url
    if engine == "tinydb":
        tiny = await TinyDocuments(data_dir / "documents").open()
        yield tiny
        await tiny.close()
    else:
        ledger = Ledger(ledger_url(data_dir, url))
        yield SqlDocuments(ledger)
        await ledger.close()


async def test_nothing_is_there_at_first(documents: Documents) -> None:
    before = await documents.version("announcements")

    assert await documents.get("announcements", "A1") is None
    assert await documents.all("announcements") == {}
    with pytest.raises(DocumentMissingError):
        await documents.change("announcements", "A1", lambda document: document)
    await documents.delete("announcements", "A1")

    assert await documents.all("announcements") == {}
    assert await documents.version("announcements") == before


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"schema": 1, "text": "改行\n\tタブ\0「」\u2028🙂", "": "empty name"},
        {"schema": 1, "numbers": [0, -1, 2**63 - 1, 1.5, 1e300], "nothing": None, "yes": True, "no": False},
        {"schema": 1, "nested": {"list": [[], {}, [{"a": [1]}]]}},
    ],
)
async def test_a_document_comes_back_as_it_was_put(documents: Documents, document: Document) -> None:
    await documents.put("announcements", "A1", document)

    assert await documents.get("announcements", "A1") == document
    assert await documents.all("announcements") == {"A1": document}


async def test_put_replaces_the_whole_document(documents: Documents) -> None:
    await documents.put("announcements", "A1", NOTICE)
    await documents.put("announcements", "A1", {"schema": 2})

    assert await documents.get("announcements", "A1") == {"schema": 2}


async def test_all_are_in_the_order_of_their_ids(documents: Documents) -> None:
    keys = ["b", "a-2", "お知らせ", "B", "10", "a_1", "9"]
    for key in keys:
        await documents.put("announcements", key, {"schema": 1, "key": key})

    found = await documents.all("announcements")

    assert list(found) == sorted(keys)
    assert all(document["key"] == key for key, document in found.items())


async def test_change_returns_what_it_has_written(documents: Documents) -> None:
    await documents.put("announcements", "A1", NOTICE)

    returned = await documents.change("announcements", "A1", lambda document: {**document, "title": "訂正"})

    assert returned == {**NOTICE, "title": "訂正"}
    assert await documents.get("announcements", "A1") == returned


@pytest.mark.parametrize(("refusal", "comes_out"), [(KeyError, KeyError), (StopIteration, RuntimeError)])
async def test_a_change_that_refuses_leaves_all_as_it_was(
    documents: Documents, refusal: type[Exception], comes_out: type[Exception]
) -> None:
    await documents.put("announcements", "A1", NOTICE)
    before = await documents.version("announcements")

    def spoil_and_refuse(document: Document) -> Document:
        document["links"][0]["title"] = "spoilt"
        raise refusal("no")

    with pytest.raises(comes_out):
        await asyncio.wait_for(documents.change("announcements", "A1", spoil_and_refuse), 10)

    assert await documents.get("announcements", "A1") == NOTICE
    assert await documents.version("announcements") == before


@pytest.mark.parametrize(
    "document", [[], "text", None, {"at": datetime(2026, 11, 1, tzinfo=JST)}, {1: "a"}, {"n": 2**70}]
)
async def test_what_json_cannot_hold_is_refused(documents: Documents, document: Any) -> None:
    await documents.put("announcements", "A1", NOTICE)

    with pytest.raises(TypeError):
        await documents.put("announcements", "A1", document)
    with pytest.raises(TypeError):
        await documents.change("announcements", "A1", lambda _: document)

    assert await documents.all("announcements") == {"A1": NOTICE}


async def test_nobody_shares_what_is_stored(documents: Documents) -> None:
    def spoil(document: Any) -> None:
        document["links"][0]["title"] = "spoilt"

    mine: dict[str, Any] = {"schema": 1, "links": [{"title": "制度"}]}
    wanted = {"schema": 1, "links": [{"title": "制度"}]}
    await documents.put("announcements", "A1", mine)
    spoil(mine)
    spoil(await documents.get("announcements", "A1"))
    spoil((await documents.all("announcements"))["A1"])
    assert await documents.get("announcements", "A1") == wanted

    held: list[Document] = []

    def remember(document: Document) -> Document:
        held.append(document)
        return document

    spoil(await documents.change("announcements", "A1", remember))
    spoil(held[0])
    assert await documents.get("announcements", "A1") == wanted


async def test_delete_removes_one_document(documents: Documents) -> None:
    await documents.put("announcements", "A1", NOTICE)
    await documents.put("announcements", "A2", NOTICE)

    await documents.delete("announcements", "A1")

    assert await documents.all("announcements") == {"A2": NOTICE}


async def test_the_version_moves_with_every_change_of_its_own_collection(documents: Documents) -> None:
    await documents.put("tips", "T1", {"schema": 1})
    tips = await documents.version("tips")
    seen = [await documents.version("announcements")]

    await documents.put("announcements", "A1", {"schema": 1, "n": 0})
    seen.append(await documents.version("announcements"))
    for _ in range(20):
        await documents.change("announcements", "A1", lambda document: {**document, "n": 1 - document["n"]})
        seen.append(await documents.version("announcements"))
    await documents.delete("announcements", "A1")
    seen.append(await documents.version("announcements"))

    assert len(set(seen)) == len(seen)
    assert await documents.version("announcements") == seen[-1]
    assert await documents.version("tips") == tips


@pytest.mark.parametrize("collection", ["", "../tips", "Tips", "tips2", "tips/a", "tips\n", "t" * 65])
async def test_a_collection_with_a_dangerous_name_is_refused(documents: Documents, collection: str) -> None:
    for call in (
        documents.get(collection, "A1"),
        documents.all(collection),
        documents.put(collection, "A1", {}),
        documents.change(collection, "A1", increase),
        documents.delete(collection, "A1"),
        documents.version(collection),
    ):
        with pytest.raises(ValueError, match="name"):
            await call


@pytest.mark.parametrize("key", ["", "a\0b", "a\nb", "k" * 201])
async def test_an_id_that_some_engine_cannot_keep_is_refused(documents: Documents, key: str) -> None:
    for call in (
        documents.get("tips", key),
        documents.put("tips", key, {}),
        documents.change("tips", key, increase),
        documents.delete("tips", key),
    ):
        with pytest.raises(ValueError, match="id"):
            await call


async def test_forty_simultaneous_changes_lose_nothing(documents: Documents) -> None:
    await documents.put("counts", "shared", {"n": 0})

    results = await asyncio.gather(*(documents.change("counts", "shared", increase) for _ in range(40)))

    assert sorted(result["n"] for result in results) == list(range(1, 41))
    assert await documents.get("counts", "shared") == {"n": 40}


async def test_puts_and_deletes_at_once_leave_each_document_whole(documents: Documents) -> None:
    async def put_and_delete(number: int) -> None:
        await documents.put("notes", f"kept-{number}", {"n": number})
        await documents.put("notes", "contested", {"n": number})
        await documents.delete("notes", "contested")

    await asyncio.gather(*(put_and_delete(number) for number in range(20)))

    assert await documents.all("notes") == {
        f"kept-{number}": {"n": number} for number in sorted(range(20), key=str)
    }


async def test_changes_from_several_processes_lose_nothing(
    data_dir: Path, database_url: str, storage: Storage
) -> None:
    await storage.documents.put("counts", "shared", {"n": 0})
    start = FORKS.Barrier(4, timeout=60)
    with (
        running(increase_often, data_dir, database_url, 5, 8, start) as one,
        running(increase_often, data_dir, database_url, 5, 8, start) as two,
        running(increase_often, data_dir, database_url, 5, 8, start) as three,
    ):
        await asyncio.to_thread(start.wait)
        await asyncio.gather(*(storage.documents.change("counts", "shared", increase) for _ in range(40)))
        assert [exit_code(process) for process in (one, two, three)] == [0, 0, 0]

    assert await storage.documents.get("counts", "shared") == {"n": 160}


async def test_what_another_process_has_written_is_seen_at_once(
    data_dir: Path, database_url: str, storage: Storage
) -> None:
    await storage.documents.put("tips", "T1", {"schema": 1, "text": "old"})
    assert await storage.documents.get("tips", "T1") == {"schema": 1, "text": "old"}
    before = await storage.documents.version("tips")

    with running(put_one, data_dir, database_url, "tips", "T1", {"schema": 1, "text": "new"}) as process:
        assert exit_code(process) == 0

    assert await storage.documents.version("tips") != before
    assert await storage.documents.get("tips", "T1") == {"schema": 1, "text": "new"}
    assert await storage.documents.all("tips") == {"T1": {"schema": 1, "text": "new"}}


async def test_documents_outlive_the_process(data_dir: Path, database_url: str) -> None:
    for number in range(3):
        storage = await open_storage(data_dir, database_url)
        await storage.documents.put("tips", f"T{number}", {"n": number})
        await storage.close()

    storage = await open_storage(data_dir, database_url)
    assert await storage.documents.all("tips") == {f"T{number}": {"n": number} for number in range(3)}
    await storage.close()
