"""An author's Markdown: what survives, what is flattened, and that nothing harmful passes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cards.kit.folding import body
from cards.kit.markdown import BlockKind, blocks
from tests.cards.records import HOSTILE_BODY
from tests.cards.rules import visible_texts, walk

PIECES = st.one_of(
    st.sampled_from("*_`~#-+>[]()<|\\!{\n あ。「」a1"),
    st.sampled_from(["**", "1. ", "\n\n", "    ", "```", "---", "|---|", "&lt;", "{{", "\u202e", "\u200b"]),
    st.sampled_from(["https://a.jp/x", "javascript:", "<b>", "<br>", "</at>", "<!--", "[a]: x", "](", "- "]),
)


def lines(markdown: str) -> list[str]:
    """Return all lines of all blocks."""
    return [line for block in blocks(markdown) for line in block.lines]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("ふつうの文です。", ["ふつうの文です。"]),
        ("一行目\n二行目<br>三行目\\\n四行目", ["一行目", "二行目", "三行目", "四行目"]),
        ("**必ず**確認してください。", ["**必ず**確認してください。"]),
        ("これは**「重要」**です。", ["これは「**重要**」です。"]),
        ("これは**重要。**です。", ["これは**重要**。です。"]),
        ("**** と ** だけ", ["＊＊＊＊ と ＊＊ だけ"]),
        ("*斜体*と_斜体_と`符号`", ["斜体と＿斜体＿と符号"]),
        ("2*3*4", ["2＊3＊4"]),
        ("__甲__**乙**", ["**甲乙**"]),
        (r"\\server\share\資料", [r"＼＼server\share\資料"]),
        ("\\ **太字**", ["\\ **太字**"]),
        ("a\\\n**太字**", ["a", "**太字**"]),
        ("注意!https://a.jp/x", ["注意！[https://a.jp/x](https://a.jp/x)"]),
        ("![図の説明](https://a.jp/x.png)と![](https://a.jp/y.png)", ["（画像：図の説明）と（画像）"]),
        ("| 列 | 値 |\n|---|---|\n| 甲 | **1** |", ["列｜値", "甲｜**1**"]),
        ("> 引用です", ["引用です"]),
        ("```\n[符号](https://a.jp)\n# 行\n```", ["[符号］(https://a.jp)", "＃ 行"]),
        ("<div>中身 &amp; &lt;at&gt;</div>", ["中身 & ＜at＞"]),
        ("<at>全員</at>への連絡", ["全員への連絡"]),
        ("見出しではない\n---\n次", ["見出しではない", "次"]),
        ("1\\. 点のある行", ["1． 点のある行"]),
        ("", []),
        ("\u200b\u202e", []),
        ("<!-- 隠し -->", []),
    ],
)
def test_what_an_author_writes_is_shown(written: str, shown: list[str]) -> None:
    assert lines(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[制度](https://www.soumu.go.jp/)", "[制度](https://www.soumu.go.jp/)"),
        ('[制度](https://a.jp/x(y)_z "題")', "[制度](https://a.jp/x%28y%29_z)"),
        ("[日本語](https://a.jp/資料?年=8)", "[日本語](https://a.jp/%E8%B3%87%E6%96%99?%E5%B9%B4=8)"),
        ("[[重要]](https://a.jp/)", "[［重要］](https://a.jp/)"),
        ("[**太字**の題](https://a.jp/)", "[太字の題](https://a.jp/)"),
        ("詳細はhttps://a.jp/b_c。続き", "詳細は[https://a.jp/b_c](https://a.jp/b_c)。続き"),
        ("（https://a.jp/b）", "（[https://a.jp/b](https://a.jp/b)）"),
        ("<taro@example.jp>", "[taro@example.jp](mailto:taro@example.jp)"),
        ("[省内](http://portal/x)", "[省内（省内端末のみ）](http://portal/x)"),
        ("[省内](https://x.soumu.lan/)", "[省内（省内端末のみ）](https://x.soumu.lan/)"),
        ("[省内](http://10.1.2.3/)", "[省内（省内端末のみ）](http://10.1.2.3/)"),
        ("[悪](javascript:alert(1))", "悪"),
        ("[悪](JaVaScRiPt:alert(1))", "悪"),
        ("[悪](data:text/html,x)", "悪"),
        ("[悪](file:///etc/passwd)", "悪"),
        ("[悪](//a.jp/x)", "悪"),
        ("[悪](/etc)", "悪"),
        ("[悪](https://)", "悪"),
        ("[悪](https://www.soumu.go.jp@evil.example/)", "悪"),
        ("[悪](https://[::1/)", "悪"),
        ("[悪][参照]\n\n[参照]: vbscript:x", "悪"),
    ],
)
def test_only_web_and_mail_links_survive(written: str, shown: str) -> None:
    assert lines(written) == [shown]


def test_listed_hosts_count_as_intranet() -> None:
    [block] = blocks("[表](https://x.mic.example/) [外](https://mic.example.jp/)", frozenset({"mic.example"}))
    assert block.lines == ("[表（省内端末のみ）](https://x.mic.example/) [外](https://mic.example.jp/)",)


def test_headings_and_lists_keep_their_kind() -> None:
    found = blocks("# 見出し **強く**\n\n- 甲\n- 乙\n  続き\n\n5. 五\n6. 六\n\n***\n\n後の文")
    assert [(block.kind, block.lines, block.separated) for block in found] == [
        (BlockKind.HEADING, ("見出し 強く",), False),
        (BlockKind.LIST, ("- 甲", "- 乙　続き"), False),
        (BlockKind.LIST, ("5. 五", "6. 六"), False),
        (BlockKind.PARAGRAPH, ("後の文",), True),
    ]


def test_a_list_in_a_list_is_set_as_lines() -> None:
    assert lines("1. 親\n   - 子\n     - 孫\n\n   続き\n2. 次") == [
        "1．親",
        "　・子",
        "　　・孫",
        "　続き",
        "2．次",
    ]


PARAGRAPH = {"paragraph_open", "inline", "paragraph_close"}
LIST = PARAGRAPH | {
    f"{kind}_{end}" for kind in ("bullet_list", "ordered_list", "list_item") for end in ("open", "close")
}
INLINE = {"text", "link_open", "link_close", "strong_open", "strong_close"}


@given(st.lists(PIECES, max_size=30).map("".join))
def test_every_line_is_a_line_to_a_client_and_leads_nowhere_harmful(written: str) -> None:
    client = MarkdownIt("commonmark", {"html": True}).enable("table")
    for block in blocks(written):
        text = re.sub(r"\]\([^)]*\)", "]", "\n".join(block.lines))
        assert not re.search(r"<[A-Za-z/!]|&#?\w+;|\{\{|[\u200b\u202e]", text)
        for line in block.lines:
            tokens = client.parse(line)
            assert {token.type for token in tokens} <= (LIST if block.kind is BlockKind.LIST else PARAGRAPH)
            children = [child for token in tokens for child in token.children or []]
            assert {child.type for child in children} <= INLINE
            targets = [str(child.attrs["href"]) for child in children if child.type == "link_open"]
            assert all(target.startswith(("https:", "mailto:")) for target in targets)


def test_hostile_text_carries_no_link_but_the_good_one() -> None:
    assert re.findall(r"\]\(([^)]*)\)", "\n".join(lines(HOSTILE_BODY))) == [
        "https://www.soumu.go.jp/a%28b%29c"
    ]


def drawn(markdown: str, height: int) -> tuple[str, str]:
    """Return what stands on the card, and what waits behind 続きを読む."""
    elements = [
        element.model_dump(by_alias=True, exclude_none=True) for element in body(markdown, height=height)
    ]
    hidden = [node for _, node in walk(elements) if node.get("id") == "rest"]
    inside = [node["text"] for _, node in walk(hidden) if node["type"] == "TextBlock"]
    return "\n".join(visible_texts(elements)), "\n".join(inside)


def paragraph(lines: int) -> int:
    """Return the height of a paragraph of so many lines on a phone, of 21 letters each."""
    return 12 + 19 * lines


def test_a_body_that_fits_a_phone_is_shown_whole() -> None:
    assert drawn("あ" * 21 * 5, paragraph(5)) == ("あ" * 21 * 5, "")


def test_a_rest_that_takes_no_more_room_than_its_button_is_shown_too() -> None:
    assert drawn("あ" * 21 * 7, paragraph(5)) == ("あ" * 21 * 7, "")
    assert drawn("あ" * 21 * 8, paragraph(5)) == ("あ" * 21 * 5, "あ" * 21 * 3)


def test_a_long_body_waits_from_the_block_that_no_longer_fits() -> None:
    assert drawn("あ" * 30 + "\n\n" + "い" * 30 + "\n\n" + "う" * 5, paragraph(3)) == (
        "あ" * 30,
        "い" * 30 + "\n" + "う" * 5,
    )


def test_short_lines_take_as_much_room_as_long_ones() -> None:
    shown, hidden = drawn("- あ\n" * 20, paragraph(10))
    assert (shown.count("あ"), hidden.count("あ")) == (10, 10)


def test_addresses_of_links_take_no_room() -> None:
    text = f"[題](https://www.soumu.go.jp/{'a' * 900})"
    assert drawn(text, paragraph(1)) == (text, "")


def test_a_long_paragraph_parts_after_a_sentence() -> None:
    sentences = [f"{number}つ目の文はここまでです。" for number in range(1, 10)]
    assert drawn("".join(sentences), paragraph(2)) == ("".join(sentences[:3]), "".join(sentences[3:]))


def test_neither_bold_nor_link_is_cut_in_two() -> None:
    bold = "前。**" + "強い。" * 40 + "終わり**後。"
    assert drawn(bold, paragraph(2))[0] == "前。"
    link = "前。[" + "題。" * 50 + "](https://a.jp/)後。"
    assert drawn(link, paragraph(2))[0] == "前。"


def test_a_paragraph_without_an_end_parts_at_a_comma_or_where_the_room_ends() -> None:
    assert drawn("あ" * 30 + "、" + "い" * 100, paragraph(2)) == ("あ" * 30 + "、", "い" * 100)
    assert drawn("あ" * 200, paragraph(2)) == ("あ" * 42, "あ" * 158)
    bold = f"**{'あ' * 200}**"
    assert drawn(bold, paragraph(2)) == (bold, "")


def test_very_many_lines_stay_a_card() -> None:
    elements = body("あ\n\n" * 400)
    assert len(elements) < 20
    shown, hidden = drawn("あ\n\n" * 400, 340)
    assert shown.count("あ") + hidden.count("あ") == 400
    assert hidden.count("あ") > 380
