"""Audiences: what is refused and in which words, what is understood, and what is counted."""

from dataclasses import replace
from datetime import date

import pytest

from bot.directory.audience import (
    AudienceError,
    canonical,
    describe,
    head_count_by_bureau,
    resolve,
    to_recipients,
)
from bot.directory.sections import SectionTree
from bot.directory.snapshot import Snapshot
from storage.deliveries.records import Recipient
from tests.directory.organisation import TODAY, guid, ministry, person

SNAPSHOT = ministry()


def numbers(expression: str, today: date = TODAY) -> list[int]:
    """Resolve, and return people by number."""
    return [int(each.id[-12:], 16) for each in resolve(expression, SNAPSHOT, today).people]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "宛先が空いている"),
        ("　", "宛先が空いている"),
        ("all,", "宛先が空いている"),
        ("!", "宛先が空いている"),
        ("all;headquarters", "部局・課室「all;headquarters」が見つかりません"),
        ("!!all", "「!all」が見つかりません"),
        ("team:HISHO", "宛先「team:HISHO」の書き方が分かりません"),
        ("section:", "部局・課室「」が見つかりません"),
        ("section:all", "部局・課室「all」が見つかりません"),
        ("秘書化", "近い名前に 秘書課（HISHO） があります"),
        ("section:XYZZY", "部局・課室「XYZZY」が見つかりません。名前かコードを"),
        ("総務課", "2 つあります: 大臣官房総務課（SOMU）、関東総合通信局総務課（KTSOMU）"),
        ("OLD", "自治行政局住民課（OLD）」は、2026-11-22 には置かれていません"),
        ("all,!OLD", "2026-11-22 には置かれていません"),
        ("group:0f0f", "グループ「0f0f」は、名簿をファイルから読んでいるため指定できません"),
        ("channel:19:abc@thread.tacv2", "チャネル「19:abc@thread.tacv2」への配信には、まだ対応していません"),
        ("role:boss", "役割「boss」はありません。staff、manager、"),
        ("people:", "people: のあとに"),
        ("people:;", "people: のあとに"),
        (f"people:{guid(1)};{guid(98)};nobody", f"職員「{guid(98)}、nobody」が名簿に見つかりません"),
        (f"all,!people:{guid(98)}", f"職員「{guid(98)}」が名簿に見つかりません"),
        (f"people:{guid(1)};{guid(11)}", f"職員「{guid(11)}」は、ゲストか無効なアカウントのため"),
        (f"people:{guid(12)}", f"職員「{guid(12)}」は、ゲストか無効なアカウントのため"),
        ("!HISHO", "「!」で除く相手しか"),
        ("EMPTY", "宛先「準備課」に当てはまる職員がいません"),
        ("role:approver", "宛先「承認者」に当てはまる職員がいません"),
        ("HISHO,!all", "に当てはまる職員がいません"),
    ],
)
def test_what_can_not_be_resolved_is_refused_and_named(expression: str, words: str) -> None:
    with pytest.raises(AudienceError) as caught:
        resolve(expression, SNAPSHOT, TODAY)
    assert words in str(caught.value)


def test_one_bad_part_refuses_the_whole_and_every_bad_part_is_named() -> None:
    with pytest.raises(AudienceError) as caught:
        resolve("all,!秘書化,group:x,行政課", SNAPSHOT, TODAY)
    first, second = str(caught.value).splitlines()
    assert "秘書化" in first
    assert "グループ「x」" in second


def test_a_refusal_stays_short_however_much_is_wrong() -> None:
    with pytest.raises(AudienceError) as many:
        resolve(",".join(f"謎{number}" for number in range(1000)), SNAPSHOT, TODAY)
    assert len(str(many.value).splitlines()) == 6
    assert "ほかにもあります" in str(many.value)
    with pytest.raises(AudienceError) as long:
        resolve("あ" * 100_000, SNAPSHOT, TODAY)
    assert len(str(long.value)) < 200
    with pytest.raises(AudienceError) as crowd:
        resolve("people:" + ";".join(guid(number) for number in range(100, 200)), SNAPSHOT, TODAY)
    assert "ほか 95 人が名簿に" in str(crowd.value)


@pytest.mark.parametrize(
    ("expression", "people"),
    [
        ("all", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("headquarters", [1, 2, 3, 4, 5, 6, 7, 9]),
        ("section:HISHO", [2, 3, 5]),
        ("section:KTSOMU", [3, 8]),
        ("section:MIC", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("role:manager", [1, 2, 3, 6]),
        ("role:coordinator,role:author", [2, 4]),
        (f"people:{guid(8).upper()};{guid(1)};{guid(8)}", [1, 8]),
        ("HISHO,KTSOMU,HISHO", [2, 3, 5, 8]),
        ("all,!section:KANBO", [1, 6, 7, 8, 9, 10]),
        ("!section:KANBO,all", [1, 6, 7, 8, 9, 10]),
        (f"HISHO,!people:{guid(2)};{guid(12)}", [3, 5]),
    ],
)
def test_everyone_meant_is_in_it_once_in_file_order(expression: str, people: list[int]) -> None:
    assert numbers(expression) == people


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("ＡＬＬ", "all"),
        ("全職員", "all"),
        ("本省", "headquarters"),
        (" Headquarters ", "headquarters"),
        ("管理職", "role:manager"),
        ("role：管理職", "role:manager"),
        ("Role:Manager", "role:manager"),
        ("秘書課", "section:HISHO"),
        ("hisho", "section:HISHO"),
        ("課室：秘書課", "section:HISHO"),
        ("部局:大臣官房", "section:KANBO"),
        ("ｓｅｃｔｉｏｎ：ＨＩＳＨＯ", "section:HISHO"),
        ("大臣官房総務課", "section:SOMU"),
        ("全職員，！秘書課", "all,!section:HISHO"),
        ("秘書課、自治行政局 , 秘書課", "section:HISHO,section:JICHI"),
        (f"ｐｅｏｐｌｅ：{guid(3).upper()}；{guid(2)}；{guid(3)}", f"people:{guid(3)};{guid(2)}"),
        ("住民課", "section:NEW"),
    ],
)
def test_what_people_write_comes_back_in_canonical_form(written: str, form: str) -> None:
    assert canonical(written, SNAPSHOT, TODAY) == form
    assert resolve(written, SNAPSHOT, TODAY).expression == form


def test_a_shared_name_means_the_section_of_the_day() -> None:
    assert canonical("住民課", SNAPSHOT, date(2026, 9, 30)) == "section:OLD"
    assert canonical("住民課", SNAPSHOT, date(2026, 10, 1)) == "section:NEW"
    with pytest.raises(AudienceError, match="2 つあります"):
        canonical("住民課", SNAPSHOT)


def test_people_who_are_away_for_long_still_get_announcements() -> None:
    away = replace(person(1, "MIC"), employment="休職", inactive_from=date(2026, 1, 1))
    snapshot = Snapshot(people=(away,), sections=SNAPSHOT.sections)
    assert away.inactive_on(TODAY)
    assert resolve("all", snapshot, TODAY).people == (away,)


def test_heads_are_counted_by_bureau_of_the_primary_section() -> None:
    everyone = resolve("all", SNAPSHOT, TODAY)
    assert head_count_by_bureau(everyone, SNAPSHOT) == (
        ("MIC", "総務省", 1),
        ("KANBO", "大臣官房", 3),
        ("JICHI", "自治行政局", 3),
        ("KANTO", "関東総合通信局", 2),
        ("", "所属未登録", 1),
    )
    assert head_count_by_bureau(resolve("HISHO", SNAPSHOT, TODAY), SNAPSHOT) == (
        ("KANBO", "大臣官房", 2),
        ("JICHI", "自治行政局", 1),
    )


def test_recipients_carry_section_and_bureau_of_the_day() -> None:
    assert to_recipients(resolve(f"people:{guid(2)};{guid(10)};{guid(1)}", SNAPSHOT, TODAY), SNAPSHOT) == (
        Recipient(id=guid(1), section="MIC", bureau="MIC"),
        Recipient(id=guid(2), section="SHITSU", bureau="KANBO"),
        Recipient(id=guid(10), section="", bureau=""),
    )


def test_a_section_that_the_tree_does_not_know_is_unassigned() -> None:
    snapshot = Snapshot(people=(person(1, "GONE"),), sections=SectionTree())
    audience = resolve("all", snapshot, TODAY)
    assert head_count_by_bureau(audience, snapshot) == (("", "所属未登録", 1),)
    assert to_recipients(audience, snapshot)[0].bureau == ""


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("all", "全職員"),
        ("headquarters", "本省の職員"),
        ("section:JICHI", "自治行政局（配下を含む）"),
        ("section:GYOSEI,section:SOMU", "行政課、大臣官房総務課"),
        ("all,!section:GYOSEI,!role:manager", "全職員（行政課、管理職を除く）"),
        (f"people:{guid(1)};{guid(2)}", "職員001・職員002"),
        (f"people:{guid(1)};{guid(2)};{guid(3)};{guid(4)}", "指定した職員4人"),
        ("section:OLD", "自治行政局住民課"),
        ("!section:GYOSEI", "行政課を除く"),
        ("section:GONE,group:0f,!people:x", "section:GONE、group:0f（people:xを除く）"),
        ("", ""),
    ],
)
def test_an_audience_is_said_in_japanese_even_where_it_no_longer_resolves(
    expression: str, words: str
) -> None:
    assert describe(expression, SNAPSHOT) == words
