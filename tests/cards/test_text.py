"""People's texts reach the card harmless and unchanged to the eye."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cards.kit.text import clean, clip, one_line, plain

TEXTS = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("*_`~[](){}<>#+-=.|\\!&; \n1aあ")))


def shown(markdown: str) -> str:
    """Return what a client that knows all of CommonMark, and tables, makes of a text: its tags taken away."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"]), tokens
    children = (tokens[1].children or []) if tokens else []
    assert {child.type for child in children} <= {"text"}, children
    return "".join(child.content for child in children)


@given(TEXTS)
def test_a_title_means_nothing_to_markdown_and_looks_the_same(text: str) -> None:
    assert unicodedata.normalize("NFKC", shown(plain(text))) == unicodedata.normalize("NFKC", one_line(text))


@given(TEXTS)
def test_a_title_is_literal_once_and_for_all(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text(alphabet=st.characters(categories=("Cs", "Cc", "Cf", "Co", "Lo"))))
def test_a_cleaned_text_can_leave_as_json_and_is_stable(text: str) -> None:
    clean(text).encode("utf-8")
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("確\u200b認\ufeffし\u2060ま\u00adした", "確認しました"),
        ("abc\u202edcba\u202c\u2066x\u2069\u200f", "abcdcbax"),
        ("\x00件\x07名\x1b", "件名"),
        ("壊れた\ud83d文字", "壊れた文字"),
        ("目印\U000e0041\U000e007f", "目印"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("👨\u200d👩\u200d👧と❤️\u200d🔥", "👨\u200d👩\u200d👧と❤️\u200d🔥"),
        ("か\u200dな", "かな"),
        ("一行目\r\n二行目\u2028三行目", "一行目\n二行目\n三行目"),
    ],
)
def test_what_nobody_sees_goes_and_what_names_need_stays(written: str, read: str) -> None:
    assert clean(written) == read


@pytest.mark.parametrize(
    ("written", "shown_as"),
    [
        ("**重要** [押す](https://evil.example)", "＊＊重要＊＊ [押す］(https://evil.example)"),
        ("<at>全員</at>", "＜at＞全員＜/at＞"),
        ("&lt;at&gt;", "＆lt;at＆gt;"),
        ("{{DATE(2026-11-22T00:00:00Z)}}", "｛｛DATE(2026-11-22T00:00:00Z)}}"),
        ("1. 件名", "1． 件名"),
        ("# 見出し", "＃ 見出し"),
        ("#働き方改革", "#働き方改革"),
        ("-5度", "-5度"),
        ("taro_yamada@example.jp", "taro_yamada@example.jp"),
        ("_件名_", "＿件名＿"),
        ("3 < 5 かつ 5 > 3", "3 < 5 かつ 5 > 3"),
        ("Q&A", "Q&A"),
        ("  改行\nと　　空白 ", "改行 と　空白"),
    ],
)
def test_signs_of_markup_become_their_full_width_twins(written: str, shown_as: str) -> None:
    assert plain(written) == shown_as


def test_a_text_is_cut_with_a_sign() -> None:
    assert clip("あいうえお", 5) == "あいうえお"
    assert clip("あいう えお", 5) == "あいう…"
