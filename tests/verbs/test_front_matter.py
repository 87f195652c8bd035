"""What stands in an announcement's file: what is understood, and what is refused with its row and reason."""

from datetime import datetime
from pathlib import Path

import pytest

from bot.clock import JST
from bot.errors import FileProblems
from bot.features.announcements.frontmatter import read_announcement
from storage.announcements.records import Announcement, Importance, Link
from tests.fakes.clock import NOW
from tests.verbs.ministry import NOTICE


def read(folder: Path, notice: str | bytes, audience: str | None = None) -> Announcement:
    file = folder / "notice.md"
    file.write_bytes(notice.encode() if isinstance(notice, str) else notice)
    return read_announcement(file, audience=audience, now=NOW)


def front(line: str) -> str:
    """Return the notice with more lines in its front matter, from the 3rd of the file on."""
    first, title, rest = NOTICE.split("\n", 2)
    return f"{first}\n{title}\n{line}\n{rest}"


def test_only_the_title_is_required(tmp_path: Path) -> None:
    announcement = read(tmp_path, "---\ntitle: 件名\n---\n本文\n")

    assert (announcement.title, announcement.body, announcement.audience) == ("件名", "本文", "all")
    assert (announcement.acknowledge, announcement.deadline, announcement.importance) == (
        False,
        None,
        "normal",
    )
    assert announcement.author == "operator"


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    announcement = read(
        tmp_path,
        """\
---
title: "  11月はテレワーク月間です "
audience: headquarters,!section:KANBO
acknowledge: true
deadline: 2026-12-11
issuer: 官房秘書課
contact: 推進室（内線 00000）
document_number: 官秘第1号
reference: https://example.jp/text
importance: high
mandatory: true
links: [{title: 制度のページ, url: https://example.jp/}]
expires: 2026-12-12T18:00
---

# 見出し

---
本文
""".replace("\n", "\r\n"),
    )

    assert announcement.title == "11月はテレワーク月間です"
    assert announcement.body == "# 見出し\n\n---\n本文"
    assert announcement.audience == "headquarters,!section:KANBO"
    assert announcement.deadline == datetime(2026, 12, 11, 23, 59, 59, tzinfo=JST)
    assert announcement.expires == datetime(2026, 12, 12, 18, 0, tzinfo=JST)
    assert announcement.links == (Link(title="制度のページ", url="https://example.jp/"),)
    assert (announcement.importance, announcement.mandatory) == (Importance.HIGH, True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-11", datetime(2026, 12, 11, 23, 59, 59, tzinfo=JST)),
        ("'2026-12-11'", datetime(2026, 12, 11, 23, 59, 59, tzinfo=JST)),
        ("2026-12-11T17:00", datetime(2026, 12, 11, 17, 0, tzinfo=JST)),
        ("2026-12-11 17:00", datetime(2026, 12, 11, 17, 0, tzinfo=JST)),
        ("2026-12-11T08:00:00Z", datetime(2026, 12, 11, 17, 0, tzinfo=JST)),
        ("2026-12-11T17:00:00+09:00", datetime(2026, 12, 11, 17, 0, tzinfo=JST)),
    ],
)
def test_a_deadline_is_the_end_of_its_day_or_a_time_in_japan(
    tmp_path: Path, written: str, meant: datetime
) -> None:
    assert read(tmp_path, front(f"deadline: {written}")).deadline == meant


def test_a_title_that_looks_like_a_date_is_a_title(tmp_path: Path) -> None:
    assert read(tmp_path, "---\ntitle: 2026-12-11\n---\n本文").title == "2026-12-11"


def test_the_command_lines_audience_wins_and_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    announcement = read(tmp_path, b"\xef\xbb\xbf" + NOTICE.encode(), audience="section:HISHO")

    assert announcement.audience == "section:HISHO"


@pytest.mark.parametrize(
    ("notice", "row", "reason"),
    [
        (front("titel: x"), 3, "titel: 知らない項目です"),
        (front("links: [{title: x"), 4, "YAML として読めません"),
        (front("issuer: \x07"), None, "YAML として読めません"),
        (front("issuer: !!python/object:os.system {}"), 3, "YAML として読めません"),
        ("---\n- a\n---\n本文", 2, "title: 件名 のように"),
        ("---\n---\n本文", 2, "title: 件名 のように"),
        ("# 見出し\n本文", 1, "最初の行を --- に"),
        ("", 1, "最初の行を --- に"),
        ("---\ntitle: x\n本文", None, "項目の終わりの ---"),
        ("---\naudience: all\n---\n本文", None, "title: 必要な項目がありません"),
        ("---\ntitle: ''\n---\n本文", 2, "title: 件名を入力"),
        ("---\ntitle:\n---\n本文", 2, "title: 値が正しくありません"),
        ("---\ntitle: x\n---\n\n", None, "body: 本文を入力"),
        (f"---\ntitle: x\n---\n{'あ' * 100_000}", None, "body: 本文は8,000文字以内"),
        (front("deadline: 2026-11-01"), 3, "deadline: 確認の期限が過ぎています"),
        (front("deadline: 2026-11-31"), 3, "deadline: 値が正しくありません"),
        (front("deadline: 来週"), 3, "deadline: 値が正しくありません"),
        (front("expires: 2026-11-20\ndeadline: 2026-11-21"), 3, "expires: 掲載の終了は、確認の期限より後"),
        (front("expires: 2026-11-01"), 3, "expires: 掲載の終了が過ぎています"),
        (front("mandatory: maybe"), 3, "mandatory: 値が正しくありません"),
        (front("importance: loud"), 3, "importance: 値が正しくありません"),
        (front("links: [{title: x, url: 'javascript:alert(1)'}]"), 3, "links: リンクは https://"),
        (front("links: [{title: x}]"), 3, "links.0.url: 必要な項目がありません"),
        (NOTICE.encode("shift_jis"), None, "UTF-8 の文書として読めません"),
    ],
)
def test_a_mistake_is_named_with_its_row(
    tmp_path: Path, notice: str | bytes, row: int | None, reason: str
) -> None:
    with pytest.raises(FileProblems) as caught:
        read(tmp_path, notice)

    ((found_row, found_reason),) = caught.value.problems
    assert found_row == row
    assert reason in found_reason
    place = "notice.md: " if row is None else f"notice.md {row}行目: "
    assert str(caught.value) == place + found_reason


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileProblems) as caught:
        read(tmp_path, front("titel: x\nmandatory: maybe\ndeadline: soon"))

    assert sorted(row or 0 for row, _ in caught.value.problems) == [3, 4, 5]


@pytest.mark.parametrize("name", ["nowhere.md", "."])
def test_what_is_no_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileProblems, match=r"ファイルがありません|読めません"):
        read_announcement(tmp_path / name, audience=None, now=NOW)
