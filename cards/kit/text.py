"""People's texts made harmless: invisible characters removed, Markdown and markup taken literally.

Teams on a phone shows the backslash of an escaped character, Teams on a desktop does not. Characters that
mean something in Markdown are therefore replaced by their full-width twins, which look the same to a reader
and mean nothing to any client.
"""

import re

# Zero-width, bidirectional and filler characters, interlinear marks, tags, and halves of a broken character.
# Variation selectors stay: Japanese names need them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f\ud800-\udfff"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
_STRAY_JOINER = re.compile("(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d")
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_LATIN_WIDTH = 4 / 7
BOLD = "\ufdd0"
"""Stands for ** until a line is finished; cleaning takes it out of people's texts."""

_TWINS = str.maketrans({"*": "＊", "`": "｀"})
_MEANT_FOR_MARKUP = re.compile(
    r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])"  # an underscore that is not inside a word
    r"|~(?=~)|(?<=~)~"
    f"|\\\\(?=[!-/:-@\\[-`{{-~{BOLD}]|$)"
    r"|<(?=[A-Za-z/!?])|(?<=[A-Za-z/\"'?-])>"
    r"|&(?=#?\w{1,31};)"
    r"|\](?=[(:\[])"
    r"|\{(?=\{)|(?<=\{)\{"
)
_LINE_START = re.compile(r"^(?:#{1,6}(?=\s|$)|>|[+-](?=\s|$)|[=-][=\s-]*$|\d{1,9}[.)](?=\s|$))")
_LINE_START_TWINS = str.maketrans("#>+-=.)", "＃＞＋－＝．）")
_FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def clean(text: str) -> str:
    """Return a text of several lines without characters that hide, reorder or break it."""
    text = _LINE_ENDS.sub("\n", text)
    return _STRAY_JOINER.sub("", _INVISIBLE.sub("", text))


def one_line(text: str) -> str:
    """Return a cleaned text on one line, for places that know no Markdown: buttons, summaries."""
    return _SPACES.sub(lambda found: "　" if "　" in found[0] else " ", clean(text)).strip()


def literal(text: str) -> str:
    """Return a cleaned piece of a line with nothing in it that Markdown or a card would interpret."""
    return _MEANT_FOR_MARKUP.sub(lambda found: found[0].translate(_FULL_WIDTH), text.translate(_TWINS))


def line_start(line: str) -> str:
    """Return a line whose beginning is no heading, list item or quotation to Markdown."""
    line = line.strip()
    return _LINE_START.sub(lambda found: found[0].translate(_LINE_START_TWINS), line)


def plain(text: str) -> str:
    """Return somebody's short text (a title, a name) on one line, shown literally by every client."""
    return line_start(literal(one_line(text)))


def clip(text: str, limit: int) -> str:
    """Return at most `limit` characters, the last one being … where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def letters(text: str) -> float:
    """Return about how wide a text is, in Japanese letters: a Latin one is narrower."""
    latin = len(text.encode("ascii", "ignore"))
    return len(text) - latin * (1 - _LATIN_WIDTH)
