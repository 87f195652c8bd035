"""What the cards of announcements say and offer in each state."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cards.announcements.form import form_card
from cards.announcements.notice import notice_card
from cards.announcements.preview import preview_card
from cards.announcements.verbs import DraftFields
from cards.kit.build import CardTooLargeError
from cards.kit.card import Card
from storage.announcements.records import Importance, Link
from tests.cards.records import (
    AUDIENCES,
    DEADLINE,
    ERRORS,
    FILLED,
    HEAD_COUNTS,
    HOSTILE,
    LONG_SECTION,
    NOW,
    TELEWORK,
)
from tests.cards.rules import buttons, visible_texts, walk
from tests.cards.samples import SAMPLES


def said(card: Card) -> str:
    """Return all that stands on a card before anything is unfolded."""
    return "\n".join(visible_texts(card.content))


def offered(card: Card) -> list[str]:
    """Return the titles of the buttons; the primary one is marked."""
    return [
        ("*" if button.get("style") == "positive" else "") + button["title"]
        for button in buttons(card.content)
    ]


def drawn(name: str) -> Card:
    """Return a sample's card."""
    return SAMPLES[name].draw()


def inputs(card: Card) -> dict[str, dict[str, Any]]:
    """Return the inputs of a form by their ids."""
    return {node["id"]: node for _, node in walk(card.content) if node["type"].startswith("Input.")}


LINKS = ["テレワークの手引き（省内端末のみ）", "制度のページ", "根拠となる文書（省内端末のみ）"]
LIST = "お知らせの一覧を見る"


@pytest.mark.parametrize(
    ("name", "status", "summary", "buttons_"),
    [
        (
            "to confirm",
            "12月11日（金）までに「確認しました」を押してください。",
            "【要確認 12月11日（金）まで】11月はテレワーク月間です",
            ["*確認しました", *LINKS],
        ),
        (
            "deadline with a time",
            "12月11日（金）17:00までに「確認しました」を押してください。",
            "【要確認 12月11日（金）17:00まで】11月はテレワーク月間です",
            ["*確認しました", *LINKS],
        ),
        (
            "important, no deadline",
            "お読みになったら「確認しました」を押してください。",
            "【重要・要確認】11月はテレワーク月間です",
            ["*確認しました", LINKS[2]],
        ),
        (
            "deadline has passed",
            "確認の期限（11月21日（土）15:04まで）を過ぎました。",
            "【要確認・期限を過ぎました】11月はテレワーク月間です",
            ["*確認しました", *LINKS],
        ),
        (
            "confirmed",
            "✓ 11月22日（日）15:04に確認しました",
            "【確認済み】11月はテレワーク月間です",
            [*LINKS, LIST],
        ),
        (
            "ended",
            "このお知らせは終了しました（11月21日（土）15:04まで）",
            "【終了】11月はテレワーク月間です",
            [*LINKS, LIST],
        ),
        (
            "confirmed and ended",
            "このお知らせは終了しました（12月12日（土）まで）",
            "【確認済み】11月はテレワーク月間です",
            [*LINKS, LIST],
        ),
        ("nothing to confirm", "食堂は、12月1日（火）から改装のため休みます。", "食堂の休業", [LIST]),
        (
            "trial",
            "試し送信です。届いたのはあなただけで、確認は記録されません。",
            "【試し送信・要確認 12月11日（金）まで】11月はテレワーク月間です",
            ["*確認しました", *LINKS],
        ),
        ("no body, no name", "（件名なし）", "（件名なし）", [LIST]),
        ("emoji-only title", "🎉👨‍👩‍👧", "【要確認 12月11日（金）まで】🎉👨‍👩‍👧", ["*確認しました", *LINKS]),
    ],
)
def test_a_notice_says_what_to_do_and_until_when(
    name: str, status: str, summary: str, buttons_: list[str]
) -> None:
    card = drawn(f"notice: {name}")
    assert status in said(card)
    assert card.summary == summary
    assert offered(card) == buttons_


def test_importance_stands_in_words() -> None:
    card = notice_card(replace(TELEWORK, importance=Importance.HIGH), now=NOW)
    assert card.content["body"][0]["text"] == "【重要】11月はテレワーク月間です"


def test_the_confirming_button_comes_before_the_particulars() -> None:
    body = drawn("notice: to confirm").content["body"]
    places = [index for index, node in enumerate(body) if "発信者" in node.get("text", "")]
    button = next(index for index, node in enumerate(body) if "確認しました" in str(node.get("actions")))
    assert button < places[0]


def test_confirming_carries_the_revision_that_was_read() -> None:
    button = buttons(drawn("notice: to confirm").content)[0]
    assert button["verb"] == "announcement.acknowledge"
    assert button["data"] == {"verb": "announcement.acknowledge", "v": 1, "announcement": "a1", "revision": 2}


def test_harmful_links_do_not_become_buttons() -> None:
    card = notice_card(HOSTILE, now=NOW)
    targets = {node["url"] for _, node in walk(card.content) if "url" in node}
    assert all(target.startswith("https://") for target in targets)
    assert "javascript" not in str([node.get("url") for _, node in walk(card.content)])
    texts = [node.get(name, "") for _, node in walk(card.content) for name in ("text", "fallbackText")]
    assert [text for text in texts if "](javascript" in text] == []


def test_a_link_whose_title_fits_no_button_stands_in_a_list() -> None:
    long = Link(
        title="情報通信行政に関する資料の一覧（令和8年度版）のページ", url="https://www.soumu.go.jp/a"
    )
    card = notice_card(replace(TELEWORK, links=(long,)), now=NOW)
    assert offered(card) == ["*確認しました"]
    assert f"- [{long.title}](https://www.soumu.go.jp/a)" in said(card)


def test_hosts_of_the_ministry_are_marked() -> None:
    shown = notice_card(TELEWORK, now=NOW, intranet=frozenset({"soumu.go.jp"}))
    assert "制度のページ（省内端末のみ）" in offered(shown)


def test_long_bodies_wait_behind_a_button_and_can_be_closed() -> None:
    card = drawn("notice: body of 8,000 characters")
    assert sum(map(len, visible_texts(card.content))) < 2_000
    toggles = [node for _, node in walk(card.content) if node["type"] == "Action.ToggleVisibility"]
    assert [(each["title"], each["targetElements"]) for each in toggles] == [
        ("続きを読む", ["more", "rest", "less"]),
        ("閉じる", ["more", "rest", "less"]),
    ]


def test_the_preview_shows_the_notice_as_it_arrives() -> None:
    notice = notice_card(TELEWORK, now=NOW)
    [container] = [
        node for _, node in walk(drawn("preview: many bureaus").content) if node.get("style") == "emphasis"
    ]
    inside = list(visible_texts(container))
    body = [text for text in visible_texts(notice.content) if "確認しました" not in text]
    assert [text for text in body if text not in inside] == []


def test_the_preview_sends_what_was_seen() -> None:
    card = drawn("preview: many bureaus")
    assert offered(card) == ["*288人に送信する", "自分に試し送信", "修正する", "やめる"]
    assert buttons(card.content)[0]["data"] == {
        "verb": "announcement.send",
        "v": 1,
        "announcement": "a1",
        "revision": 2,
        "head_count": 288,
    }
    assert "全職員の288人に、次のとおり届きます。" in said(card)
    assert "ボットの承認は決裁に代わりません。" in said(card)


def test_few_bureaus_stand_open_and_many_behind_a_button() -> None:
    few = preview_card(TELEWORK, head_counts=HEAD_COUNTS[:2], total=68, audience_label="本省", now=NOW)
    assert "- 大臣官房：35人\n- 行政管理局：33人" in said(few)
    many = drawn("preview: many bureaus")
    assert "大臣官房：35人" not in said(many)
    assert "大臣官房：35人" in str(many.content)


def test_head_counts_that_are_too_many_for_a_card_add_up() -> None:
    assert "ほか50部局：50,000人" in str(drawn("preview: 90 bureaus").content)


def test_a_body_that_fills_the_card_is_refused_by_name() -> None:
    with pytest.raises(CardTooLargeError, match="で始まる部分が長すぎます"):
        preview_card(
            replace(TELEWORK, body="長い本文です。" + "あ" * 21_000),
            head_counts=HEAD_COUNTS,
            total=288,
            audience_label="全職員",
            now=NOW,
        )


def test_a_single_bureau_is_named_once() -> None:
    words = said(drawn("preview: one bureau"))
    assert "大臣官房の35人に、次のとおり届きます。" in words
    assert "大臣官房：35人" not in words


def test_a_form_that_kept_less_than_was_written_says_so() -> None:
    assert "⚠ 13か所を直してください。長すぎる入力は、途中までにしました。" in said(
        drawn("form: everything far too long")
    )


def test_the_longer_the_title_the_less_of_the_text_stands_open() -> None:
    body = "各課室で話し合い、できることから始めてください。" * 30
    short = notice_card(replace(TELEWORK, body=body, title="題"), now=NOW)
    long = notice_card(replace(TELEWORK, body=body, title="題" * 100), now=NOW)
    assert said(long).count("始めてください") < said(short).count("始めてください") < 30


def test_a_form_comes_back_as_it_was_filled_in() -> None:
    found = inputs(drawn("form: filled in"))
    values: Mapping[str, str] = {name: field.get("value", "") for name, field in found.items()}
    assert DraftFields(announcement="a1", **values) == replace(FILLED, body=FILLED.body)
    assert offered(drawn("form: filled in")) == ["*プレビューへ", "やめる"]


def test_an_error_stands_above_its_field_and_unfolds_it() -> None:
    card = drawn("form: errors")
    elements = [node for _, node in walk(card.content)]
    for name, sentence in ERRORS.items():
        place = next(index for index, node in enumerate(elements) if node.get("id") == name)
        assert elements[place - 1]["text"] == f"⚠ {sentence}"
    assert "⚠ 4か所を直してください。入力した内容は残っています。" in said(card)
    details = next(node for node in elements if node.get("id") == "details")
    assert details["isVisible"] is True


def test_rare_fields_are_folded_until_they_are_wrong() -> None:
    elements = [node for _, node in walk(drawn("form: filled in").content)]
    assert next(node for node in elements if node.get("id") == "details")["isVisible"] is False


def test_the_first_day_to_choose_is_today() -> None:
    assert inputs(form_card(DraftFields(), {}, AUDIENCES, NOW))["deadline"]["min"] == "2026-11-22"
    late = inputs(form_card(DraftFields(), {}, AUDIENCES, DEADLINE + timedelta(seconds=1)))
    assert late["deadline"]["min"] == "2026-12-12"


def test_a_body_that_no_card_holds_is_cut_and_said_to_be() -> None:
    card = drawn("form: body of 100,000 characters")
    assert len(inputs(card)["body"]["value"]) == 8_000
    assert "⚠ 本文は8,000文字以内にしてください。　長すぎるため、先頭の8,000文字だけを残しました。" in said(
        card
    )


def test_a_form_full_to_the_brim_leaves_room_for_the_choices_of_a_large_ministry() -> None:
    too_long = DraftFields(**dict.fromkeys(inputs(drawn("form: empty")), '\n😀"' * 5_000))
    audiences = [(f"section:{number}", LONG_SECTION) for number in range(40)]
    found = inputs(form_card(too_long, {}, audiences, NOW))
    assert len(found["audience"]["choices"]) == 40
    assert found["body"]["value"].startswith('\n😀"')
