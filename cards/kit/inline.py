"""What stands inside a line of an author's Markdown: text, bold, links; everything else as its text.

Pieces are joined before they are made literal: two harmless pieces may make a harmful whole. Until then, bold
and links are marked with characters that no text can hold, since cleaning removes them.
"""

import re
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from cards.kit.links import marked, safe_url
from cards.kit.text import BOLD, line_start, literal, one_line

BREAK = "\n"
_LINK, _ADDRESS, _END = "\ufdd1", "\ufdd2", "\ufdd3"
_LINKS = re.compile(f"{_LINK}([^{_ADDRESS}]*){_ADDRESS}([^{_END}]*){_END}")
_BARE_URL = re.compile(r"https?://[!#$%&'*+,./:;=?@\w~-]*[/\w=&#-]", re.ASCII)
# Bold that CommonMark does not see, because ** stands between a letter and a bracket: usual in Japanese.
_MISSED_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_BOLD_CORE = re.compile(r"^([\W_]*)(.*?)([\W_]*)$")
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InlineReader:
    """Turns the inline parts of a paragraph into lines of safe Markdown."""

    intranet: frozenset[str]

    def lines(self, node: SyntaxTreeNode, *, bold: bool = True) -> list[str]:
        """Return the lines of a paragraph, a heading (without bold inside) or a cell."""
        return [self._safe(line) for line in _all(node, bold=bold).split(BREAK)]

    def _safe(self, line: str) -> str:
        parts: list[str] = []
        end = 0
        for found in _LINKS.finditer(line):
            parts += [literal(line[end : found.start()]), link(found[1], found[2], self.intranet)]
            end = found.end()
        text = ("".join(parts) + literal(line[end:])).replace(BOLD + BOLD, "")
        # What stands directly before a link must not make it an image or a reference.
        return line_start(text.replace("![", "！[").replace("][", "］[")).replace(BOLD, "**")


def link(label: str, address: str, intranet: frozenset[str] = frozenset()) -> str:
    """Return Markdown that leads to a safe address, marked where no phone can open it."""
    text = literal(one_line(label)).replace("[", "［").replace("]", "］").replace("\\", "＼")
    return f"[{marked(text, address, intranet)}]({address})"


def _all(node: SyntaxTreeNode, *, bold: bool) -> str:
    return "".join(_one(child, bold=bold) for child in node.children)


def _one(node: SyntaxTreeNode, *, bold: bool) -> str:
    match node.type:
        case "text":
            text = _with_urls(
                _MISSED_BOLD.sub(lambda found: _bold(found[1]) if bold else found[1], node.content)
            )
        case "softbreak" | "hardbreak":
            text = BREAK
        case "code_inline":
            text = node.content
        case "html_inline":
            text = BREAK if _BREAK_TAG.fullmatch(node.content) else ""
        case "image":
            text = f"（画像：{one_line(node.content)}）" if node.content else "（画像）"
        case "link":
            text = _link(_text_of(node), str(node.attrs.get("href", "")))
        case "strong" if bold:
            text = _bold(_all(node, bold=False))
        case "em" if node.markup == "*" and _is_arithmetic(node):
            text = f"*{_text_of(node)}*"
        case _:
            text = _all(node, bold=bold)
    return text


def _with_urls(text: str) -> str:
    return _BARE_URL.sub(lambda found: _link(found[0], found[0]), text)


def _link(label: str, url: str) -> str:
    address = safe_url(url)
    return f"{_LINK}{label or url}{_ADDRESS}{address}{_END}" if address else label


def _bold(text: str) -> str:
    return BREAK.join(_bold_line(line) for line in text.split(BREAK))


def _bold_line(line: str) -> str:
    """Set a line in bold, punctuation at its ends left outside: clients see no bold where ** touches it."""
    parts = _BOLD_CORE.match(line)
    if parts is None or not parts[2] or _LINK in line:
        return line
    before, core, after = parts.groups()
    return f"{before}{BOLD}{core}{BOLD}{after}"


def _text_of(node: SyntaxTreeNode) -> str:
    return node.content + "".join(_text_of(child) for child in node.children)


def _is_arithmetic(node: SyntaxTreeNode) -> bool:
    before = node.previous_sibling
    return before is not None and re.search(r"[0-9A-Za-z]$", before.content) is not None
