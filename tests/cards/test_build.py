"""The frame of a card, and the refusal of one that Teams would not take."""

import pytest

from cards.help import MENU
from cards.kit import actions, layout
from cards.kit.build import SIZE_LIMIT, CardTooLargeError, card, size_of
from cards.kit.verbs import Nothing


def test_the_notification_shows_the_subject_on_one_short_line() -> None:
    drawn = card("件名\nです\u202e", [], summary="要旨\u200bです" + "あ" * 200)
    assert drawn.summary == "要旨です" + "あ" * 95 + "…"
    assert drawn.content["speak"] == drawn.summary
    assert drawn.content["fallbackText"].startswith(drawn.summary)
    assert card("件名", []).summary == "件名"
    assert card("", []).summary == "（件名なし）"


def test_a_card_is_wide_only_where_that_is_wanted() -> None:
    assert "msteams" not in card("件名", []).content
    assert card("件名", [], wide=True).content["msteams"] == {"width": "full"}


def test_too_long_a_text_is_refused_with_its_beginning_and_length() -> None:
    text = "働き方改革の推進について、" + "あ" * 21_000
    with pytest.raises(
        CardTooLargeError, match=r"「働き方改革の推進について、あ+…」で始まる部分が長すぎます（21,013文字）"
    ):
        card("件名", [layout.paragraph("短い文"), layout.paragraph(text)])


def test_too_many_parts_are_refused_with_their_number() -> None:
    with pytest.raises(CardTooLargeError, match=r"項目が多すぎます（\d,\d\d\d個）"):
        card("件名", [layout.paragraph("行") for _ in range(1_000)])


def test_the_limit_counts_utf_16() -> None:
    room = (SIZE_LIMIT - size_of(card("件名", [layout.paragraph("あ")]).content)) // 2
    assert size_of(card("件名", [layout.paragraph("あ" * (1 + room))]).content) <= SIZE_LIMIT
    with pytest.raises(CardTooLargeError):
        card("件名", [layout.paragraph("あ" * (2 + room))])
    assert size_of("😀") == size_of("ああ")


def test_buttons_that_do_not_fit_a_phone_together_stand_in_rows() -> None:
    titles = ["送れなかった1,234人に再送", "最新の状況にする", "前に戻る", "やめる"]
    found = layout.buttons([actions.secondary(title, MENU, Nothing()) for title in titles])
    rows = [element.model_dump(by_alias=True, exclude_none=True)["actions"] for element in found]
    assert [[button["title"] for button in row] for row in rows] == [titles[:1], titles[1:3], titles[3:]]


def test_a_bar_stays_within_its_ends() -> None:
    for done, total in ((0, 0), (5, 3), (3, 3), (0, 3)):
        bar = layout.progress(done, total, "文")[0].model_dump(by_alias=True, exclude_none=True)
        assert len(bar["fallback"]["text"]) == 10
        assert bar["max"] >= 1
