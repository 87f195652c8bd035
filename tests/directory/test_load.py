"""Reading the three files: every kind of broken file, named with file and row; then what good ones mean."""

from datetime import date
from pathlib import Path

import pytest

from bot.chat.roles import Role
from bot.directory.file import load_directory
from bot.directory.load import DirectoryProblems
from bot.directory.snapshot import Grant
from bot.errors import FileProblems
from tests.directory.files import (
    PEOPLE_HEADER,
    PEOPLE_HEADER_LONG,
    SECTIONS_HEADER,
    Files,
    good_files,
    person_row,
    write,
)
from tests.directory.organisation import guid

LAST = "HISHO,係員,,1,0"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Good files, of which a test breaks one."""
    return good_files(tmp_path)


def refused(files: Files) -> list[tuple[int | None, str]]:
    """Load, and return the problems of the one file that has any."""
    with pytest.raises(FileProblems) as caught:
        files.load()
    assert not isinstance(caught.value, DirectoryProblems)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("row", "row_problem"),
    [
        (
            f"not-a-guid,名前,m@example.jp,{LAST}",
            "object_id: 「not-a-guid」はオブジェクト ID（GUID）ではありません",
        ),
        (f",名前,m@example.jp,{LAST}", "object_id: 「」はオブジェクト ID"),
        (f"{guid(50)},　,m@example.jp,{LAST}", "name: 空欄にできません"),
        (person_row(50, section="NONE"), "section: 部局・課室「NONE」がありません"),
        (f"{guid(50)},名前,,HISHO,,KANBO;NONE,1,0", "extra_sections: 部局・課室「NONE」がありません"),
        (f"{guid(50)},名前,,A:B,,,1,0", "section: 「A:B」は 64 字以内で"),
        (person_row(50, enabled="たぶん"), "enabled: 「たぶん」は 1・0・true・false・はい・いいえ"),
        (person_row(50, guest="2"), "guest: 「2」は 1・0"),
        (f"{guid(50)},名前,m@example.jp,HISHO", "列が 4 つあります（見出しは 8 つです）"),
        (f"{person_row(50)},余分", "列が 9 つあります（見出しは 8 つです）"),
        (person_row(3).upper(), f"object_id: 「{guid(3)}」は 4行目と重なっています"),
        (f'{guid(50)},"名前"さん,,HISHO,,,1,0', "引用符"),
        (f'{guid(50)},"名前,,HISHO,,,1,0', "引用符"),
    ],
)
def test_a_bad_person_is_named_with_its_row(files: Files, row: str, row_problem: str) -> None:
    files.write_people(*(person_row(number) for number in range(1, 11)), row)
    [(number, reason)] = refused(files)
    assert number == 12
    assert row_problem in reason


@pytest.mark.parametrize(
    ("cells", "row_problem"),
    [
        ("2026-13-01,", "inactive_from: 「2026-13-01」は 2026-10-01 の形の日付ではありません"),
        ("10月,", "inactive_from: 「10月」は"),
        ("2026-10-02,2026-10-01", "inactive_to: 2026-10-01 は inactive_from の 2026-10-02 より前です"),
        (",2026-10-01", "inactive_from: inactive_to だけでは"),
    ],
)
def test_days_of_absence_that_make_no_sense_are_named(files: Files, cells: str, row_problem: str) -> None:
    files.write_people(
        *(f"{person_row(number)},,," for number in range(1, 11)),
        f"{person_row(50)},休職,{cells}",
        header=PEOPLE_HEADER_LONG,
    )
    [(number, reason)] = refused(files)
    assert number == 12
    assert row_problem in reason


@pytest.mark.parametrize(
    ("rows", "number", "row_problem"),
    [
        (["HISHO,また秘書課,KANBO,,,,"], 4, "code: 「HISHO」は 3行目と重なっています"),
        (["hisho,また秘書課,KANBO,,,,"], 4, "code: 「hisho」は 3行目と重なっています"),
        (["X,孤児課,NONE,,,,"], 4, "parent: 部局・課室「NONE」がありません"),
        (["X,自分課,X,,,,"], 4, "parent: たどると元に戻ります（X → X）"),
        (["X,甲課,Y,,,,", "Y,乙課,X,,,,"], 4, "parent: たどると元に戻ります（X → Y → X）"),
        ([f"X,課,KANBO,,{guid(1)};{guid(77)},,"], 4, f"managers: 職員「{guid(77)}」がありません"),
        (["X,課,KANBO,,山田,,"], 4, "managers: 「山田」はオブジェクト ID"),
        (["X,課,KANBO,本省,,,"], 4, "headquarters: 「本省」は 1・0"),
        (
            ["X,課,KANBO,,,2026-10-01,2026-09-30"],
            4,
            "valid_to: 2026-09-30 は valid_from の 2026-10-01 より前です",
        ),
        (["X,課,KANBO,,,いつか,"], 4, "valid_from: 「いつか」は"),
        ([",課,KANBO,,,,"], 4, "code: 「」は 64 字以内で"),
        (["X;Y,課,KANBO,,,,"], 4, "code: 「X;Y」は 64 字以内で"),
        ([f"{'X' * 65},課,KANBO,,,,"], 4, "は 64 字以内で"),
        (["X,,KANBO,,,,"], 4, "name: 空欄にできません"),
        (["", "X,,KANBO,,,,"], 5, "name: 空欄にできません"),
    ],
)
def test_a_bad_section_is_named_with_its_row(
    files: Files, rows: list[str], number: int, row_problem: str
) -> None:
    files.write_sections("KANBO,大臣官房,,1,,,", "HISHO,秘書課,KANBO,,,,", *rows)
    [(found, reason)] = refused(files)
    assert found == number
    assert row_problem in reason


@pytest.mark.parametrize(
    ("row", "row_problem"),
    [
        (f"{guid(77)},author,", f"object_id: 職員「{guid(77)}」がありません"),
        (f"{guid(3)},boss,", "role: 「boss」という役割はありません（使えるのは author、approver、"),
        (f"{guid(3)},manager,", "role: 「manager」という役割はありません"),
        (f"{guid(2)},author,", "role: 「author」は 2行目と重なっています"),
        (f"{guid(3)},author,section:NONE", "audience: 部局・課室「NONE」が見つかりません"),
        (f"{guid(3)},author,group:0f", "audience: グループ「0f」は"),
        (
            f'{guid(3)},author,"謎甲,謎乙"',
            "audience: 部局・課室「謎甲」が見つかりません。名前かコードを確かめてください。 部局",
        ),
        (f"{guid(3)},viewer,section:HISHO", "audience: 範囲を限れるのは author、coordinator だけです"),
        (f"{guid(3)}", "列が 1 つあります"),
    ],
)
def test_a_bad_grant_is_named_with_its_row(files: Files, row: str, row_problem: str) -> None:
    files.write_roles(f"{guid(2)},author,", row)
    [(number, reason)] = refused(files)
    assert number == 3
    assert row_problem in reason
    assert "\n" not in reason


def test_what_is_taken_away_can_not_be_joined_with_another_grant(files: Files) -> None:
    taken = f'{guid(3)},author,"all,!section:HISHO"'
    files.write_roles(taken)
    assert files.load().actor(guid(3)).reach == "all,!section:HISHO"
    files.write_roles(taken, f"{guid(3)},author,section:HISHO")
    [(number, reason)] = refused(files)
    assert number == 2
    assert "「!」を使えません" in reason


@pytest.mark.parametrize(
    ("header", "reasons"),
    [
        (f"{PEOPLE_HEADER},salary", ["知らない列があります: salary（使えるのは object_id,"]),
        (PEOPLE_HEADER.replace("title,", ""), ["列が足りません: title"]),
        (PEOPLE_HEADER.replace("mail", "name"), ["同じ列が 2 つあります: name", "列が足りません: mail"]),
        (PEOPLE_HEADER.replace(",title", ","), ["知らない列があります: （空欄）", "列が足りません: title"]),
        (
            "氏名,所属",
            ["知らない列があります: 氏名", "知らない列があります: 所属", "列が足りません: object_id,name"],
        ),
    ],
)
def test_a_wrong_header_is_named_and_nothing_else(files: Files, header: str, reasons: list[str]) -> None:
    files.write_people(person_row(1), header=header)
    found = refused(files)
    assert [number for number, _ in found] == [1] * len(reasons)
    assert all(words in reason for words, (_, reason) in zip(reasons, found, strict=True))


def test_an_empty_file_has_no_header(files: Files) -> None:
    files.people.write_bytes(b"")
    assert refused(files) == [(None, "見出しの行がありません")]


def test_a_file_without_people_is_refused(files: Files) -> None:
    files.write_people()
    files.write_sections("KANBO,大臣官房,,1,,,")
    files.write_roles()
    assert refused(files) == [(None, "職員が1人も書かれていません")]


def test_a_file_in_another_encoding_is_refused_at_its_first_odd_row(files: Files) -> None:
    files.people.write_bytes(f"{PEOPLE_HEADER}\n{person_row(1)}\n".encode("shift_jis"))
    assert refused(files) == [(2, "UTF-8 ではありません。UTF-8 で保存し直してください")]


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(files: Files) -> None:
    files.people.unlink()
    assert "ファイルを読めません" in refused(files)[0][1]
    files.people.mkdir()
    assert "ファイルを読めません" in refused(files)[0][1]


def test_all_problems_of_all_files_come_at_once_and_none_twice(files: Files) -> None:
    files.write_people("bad,,,HISHO,,,1,0", person_row(2, section="NONE"), person_row(1, section="BROKEN"))
    files.write_sections("HISHO,秘書課,,,,,", "BROKEN,,HISHO,,,,", "CHILD,子課,BROKEN,,,,")
    files.write_roles(f"{guid(9)},boss,section:XX", f"{guid(1)},author,section:XX")
    with pytest.raises(DirectoryProblems) as caught:
        files.load()
    assert str(caught.value).splitlines() == [
        "sections.csv 3行目: name: 空欄にできません",
        "people.csv 2行目: object_id: 「bad」はオブジェクト ID（GUID）ではありません",
        "people.csv 2行目: name: 空欄にできません",
        "people.csv 3行目: section: 部局・課室「NONE」がありません",
        (
            "roles.csv 2行目: role: 「boss」という役割はありません"
            "（使えるのは author、approver、viewer、coordinator、administrator）"
        ),
    ]
    assert [file.path.name for file in caught.value.files] == ["sections.csv", "people.csv", "roles.csv"]


def test_a_file_that_can_not_be_read_does_not_make_every_mention_of_it_a_problem(files: Files) -> None:
    files.write_sections("HISHO,秘書課,,,,,", header=SECTIONS_HEADER.replace("parent", "above"))
    assert [number for number, _ in refused(files)] == [1, 1]


def test_people_come_in_file_order_with_ids_in_lower_case(files: Files) -> None:
    files.write_people(person_row(7).replace(guid(7), guid(7).upper()), person_row(1), person_row(2))
    assert [person.id for person in files.load().people] == [guid(7), guid(1), guid(2)]


@pytest.mark.parametrize(
    ("enabled", "guest", "reachable"),
    [
        ("1", "0", True),
        ("TRUE", "False", True),
        ("はい", "いいえ", True),
        ("１", "０", True),
        ("", "", True),
        ("0", "0", False),
        ("いいえ", "", False),
        ("", "はい", False),
        ("1", "true", False),
    ],
)
def test_yes_and_no_are_read_in_every_spelling(
    files: Files, enabled: str, guest: str, *, reachable: bool
) -> None:
    files.write_people(person_row(1), person_row(2), person_row(50, enabled=enabled, guest=guest))
    person = files.load().person(guid(50))
    assert person is not None
    assert person.reachable() is reachable


@pytest.mark.parametrize(
    "day", ["2026-10-01", "２０２６－１０－０１", "2026/10/1", "2026.10.01", "　2026-10-01 "]
)
def test_days_are_read_as_people_and_spreadsheets_write_them(files: Files, day: str) -> None:
    files.write_people(
        f"{person_row(1)},,,", f"{person_row(2)},育休,{day},2027-03-31", header=PEOPLE_HEADER_LONG
    )
    person = files.load().person(guid(2))
    assert person is not None
    assert (person.employment, person.inactive_from) == ("育休", date(2026, 10, 1))
    assert person.inactive_to == date(2027, 3, 31)


def test_a_file_from_a_spreadsheet_is_read(files: Files) -> None:
    rows = [
        "Name,OBJECT_ID, mail,section,title,extra_sections,enabled,guest,,",
        f'"職員, 一",{guid(1)},m@example.jp,ＨＩＳＨＯ,"係員\n兼務",KANBO；HISHO;KANBO,1,0,,',
        ",,,,,,,,,",
        f"職員二,{guid(2)},,,,,1,0,,",
    ]
    files.people.write_bytes(("\ufeff" + "\r\n".join(rows)).encode())
    first, second = files.load().people
    assert (first.name, first.section, first.extra_sections) == ("職員, 一", "HISHO", ("KANBO",))
    assert (second.name, second.section) == ("職員二", "")


def test_a_blank_headquarters_is_that_of_the_parent_wherever_it_stands(files: Files) -> None:
    files.write_sections(
        "HISHO,秘書課,KANBO,,,,",
        "KANBO,大臣官房,MIC,はい,,,",
        "MIC,総務省,,,,,",
        "KTKA,課,KANTO,,,,",
        "KANTO,関東,MIC,0,,,",
        "HERE,本省分室,KTKA,1,,,",
    )
    tree = files.load().sections
    outside = [section.code for section in tree if not tree.is_headquarters(section.code)]
    assert outside == ["KTKA", "KANTO"]


def test_grants_are_kept_in_canonical_form(files: Files) -> None:
    files.write_roles(f"{guid(3).upper()},Author,課室：秘書課", f"{guid(4)},coordinator")
    assert files.load().grants == (
        Grant(person=guid(3), role=Role.AUTHOR, audience="section:HISHO"),
        Grant(person=guid(4), role=Role.COORDINATOR),
    )


def test_a_grant_for_a_section_that_is_not_there_yet_is_no_problem(files: Files) -> None:
    files.write_sections("KANBO,大臣官房,,1,,,", "HISHO,秘書課,KANBO,,,,", "NEXT,来年課,KANBO,,,2099-04-01,")
    files.write_roles(f"{guid(3)},author,section:NEXT")
    assert files.load().actor(guid(3)).reach == "section:NEXT"


def test_without_roles_nobody_has_a_granted_role(files: Files) -> None:
    snapshot = load_directory(files.people, files.sections, None)
    assert snapshot.grants == ()
    assert snapshot.actor(guid(1)).roles == {Role.STAFF, Role.MANAGER}


def test_the_audience_column_may_be_left_out(files: Files) -> None:
    write(files.roles, "object_id,role", f"{guid(3)},author")
    assert files.load().actor(guid(3)).roles == {Role.STAFF, Role.AUTHOR}
