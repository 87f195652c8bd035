"""Files that people write, for a fictional ministry of any size: people.csv, sections.csv and a notice."""

from collections.abc import Sequence
from pathlib import Path

from storage.chats.records import Chat
from storage.chats.store import Chats
from storage.opening import open_storage
from tests.fakes.clock import NOW
from tests.fakes.connector import chat_id

SECTIONS = """\
code,name,parent,headquarters,managers,valid_from,valid_to
MIC,総務省,,1,,,
KANBO,大臣官房,MIC,1,,,
HISHO,秘書課,KANBO,1,,,
JICHI,自治行政局,MIC,1,,,
GYOSEI,行政課,JICHI,1,,,
EMPTY,準備室,MIC,1,,,
"""
HEADER = "object_id,name,mail,section,title,extra_sections,enabled,guest"
NOTICE = """\
---
title: 11月はテレワーク月間です
audience: all
acknowledge: true
issuer: 官房秘書課
contact: 働き方改革・業務見直し推進室（内線 00000）
---
11月は**テレワーク月間**です。週に1回以上、テレワークを行いましょう。
"""


def guid(number: int) -> str:
    """Return the object id of person `number`."""
    return f"00000000-0000-4000-8000-{number:012x}"


def write_ministry(folder: Path, count: int) -> list[str | Path]:
    """Write people.csv, sections.csv and notice.md; return the options that name them, with `--local`."""
    sections = ("HISHO", "GYOSEI")
    rows = (f"{guid(n)},職員{n:05},s{n}@example.jp,{sections[n % 2]},,,1,0" for n in range(1, count + 1))
    (folder / "people.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    (folder / "sections.csv").write_text(SECTIONS, encoding="utf-8")
    (folder / "notice.md").write_text(NOTICE, encoding="utf-8")
    return ["--local", "--data", "data", "--people", "people.csv", "--sections", "sections.csv"]


async def meet(folder: Path, people: Sequence[str], service_url: str, database_url: str = "") -> None:
    """Let the bot know the chats of these people."""
    storage = await open_storage(folder / "data", database_url)
    chats = Chats(storage.ledger)
    for person in people:
        chat = Chat(person=person, conversation=chat_id(person), service_url=service_url)
        await chats.remember(chat, NOW)
    await storage.close()
