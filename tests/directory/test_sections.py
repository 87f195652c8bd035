"""The section tree: what is refused, and what is found above, below and by name."""

import pytest

from bot.directory.sections import SectionTree
from storage.people.records import Section
from tests.directory.organisation import SECTIONS, guid

TREE = SectionTree(SECTIONS)
TWO_TOPS = SectionTree(
    (
        Section(code="A", name="甲庁"),
        Section(code="A1", name="甲課", parent="A"),
        Section(code="B", name="乙庁"),
        Section(code="B1", name="乙課", parent="B"),
        Section(code="B11", name="乙室", parent="B1"),
    )
)


@pytest.mark.parametrize(
    "sections",
    [
        (Section(code="A", name="甲", parent="NONE"),),
        (Section(code="A", name="甲"), Section(code="A", name="乙")),
        (Section(code="A", name="甲", parent="A"),),
        (
            Section(code="T", name="上"),
            Section(code="A", name="甲", parent="B"),
            Section(code="B", name="乙", parent="A"),
        ),
    ],
    ids=["unknown parent", "code twice", "its own parent", "loop of two beside a good tree"],
)
def test_what_is_no_tree_is_refused(sections: tuple[Section, ...]) -> None:
    with pytest.raises(ValueError, match="tree"):
        SectionTree(sections)


def test_an_unknown_code_is_answered_without_an_error() -> None:
    assert TREE.get("NONE") is None
    assert TREE.name("NONE") == "NONE"
    assert TREE.path("NONE") == ()
    assert TREE.bureau_of("NONE") == ""
    assert TREE.bureau_of("") == ""
    assert TREE.with_descendants("NONE") == frozenset()
    assert TREE.with_descendants("") == frozenset()
    assert not TREE.is_headquarters("NONE")
    assert not TREE.has_children("")


def test_an_empty_tree_has_no_bureaus() -> None:
    assert SectionTree().bureaus() == ()


def test_descendants_reach_to_the_bottom() -> None:
    assert TREE.with_descendants("KANBO") == {"KANBO", "HISHO", "SHITSU", "SOMU"}
    assert TREE.with_descendants("GYOSEI") == {"GYOSEI"}
    assert TREE.with_descendants("MIC") == {section.code for section in SECTIONS}


def test_below_a_single_root_the_bureaus_are_its_children() -> None:
    assert [bureau.code for bureau in TREE.bureaus()] == ["KANBO", "JICHI", "KANTO"]
    assert {code: TREE.bureau_of(code) for code in ("SHITSU", "KANBO", "KTSOMU", "MIC")} == {
        "SHITSU": "KANBO",
        "KANBO": "KANBO",
        "KTSOMU": "KANTO",
        "MIC": "MIC",
    }


def test_with_several_tops_they_are_the_bureaus() -> None:
    assert [bureau.code for bureau in TWO_TOPS.bureaus()] == ["A", "B"]
    assert TWO_TOPS.bureau_of("B11") == "B"
    assert TWO_TOPS.bureau_of("A") == "A"


def test_a_path_leads_from_the_top_down() -> None:
    assert [section.name for section in TREE.path("SHITSU")] == [
        "総務省",
        "大臣官房",
        "秘書課",
        "働き方改革推進室",
    ]


def test_a_name_that_several_sections_share_is_shown_with_the_bureau() -> None:
    assert TREE.label("SOMU") == "大臣官房総務課"
    assert TREE.label("KTSOMU") == "関東総合通信局総務課"
    assert TREE.label("HISHO") == "秘書課"
    assert TREE.label("KANBO") == "大臣官房"


def test_regional_offices_are_no_part_of_headquarters() -> None:
    assert TREE.is_headquarters("HISHO")
    assert not TREE.is_headquarters("KTSOMU")


def test_managers_are_known_in_any_case_of_their_id() -> None:
    assert TREE.managed_by(guid(2).upper()) == ("HISHO", "SHITSU")
    assert TREE.managed_by(guid(4)) == ()
    assert TREE.managers() == {guid(1), guid(2), guid(3), guid(6)}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("HISHO", ["HISHO"]),
        ("ｈｉｓｈｏ", ["HISHO"]),
        ("秘書課", ["HISHO"]),
        ("大臣官房 秘書課", ["HISHO"]),
        ("総務省　大臣官房　秘書課", ["HISHO"]),
        ("総務課", ["SOMU", "KTSOMU"]),
        ("関東総合通信局総務課", ["KTSOMU"]),
        ("総務", []),
        ("", []),
    ],
)
def test_a_section_is_found_by_code_name_and_path(text: str, codes: list[str]) -> None:
    assert [section.code for section in TREE.find(text)] == codes


def test_a_code_beats_a_name_that_reads_the_same() -> None:
    tree = SectionTree((Section(code="A", name="B"), Section(code="B", name="C")))
    assert [section.code for section in tree.find("B")] == ["B"]


def test_close_names_are_offered_and_far_ones_are_not() -> None:
    assert [section.code for section in TREE.close_to("秘書化")] == ["HISHO"]
    assert TREE.close_to("まったく別のもの") == ()
    assert TREE.close_to("あ" * 100_000) == ()
