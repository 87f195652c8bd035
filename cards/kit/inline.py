"""What stands inside a line of an author's Markdown: text, bold, links; everything else as its text."""

import re
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from cards.kit.links import marked, safe_url
from cards.kit.text import line_start, literal, one_line

BREAK = "\n"
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
        text = self._all(node, bold=bold)
        return [line_start(line) for line in text.split(BREAK)]

    def _all(self, node: SyntaxTreeNode, *, bold: bool) -> str:
        return "".join(self._one(child, bold=bold) for child in node.children)

    def _one(self, node: SyntaxTreeNode, *, bold: bool) -> str:
        match node.type:
            case "text":
                text = self._text(node.content, bold=bold)
            case "softbreak" | "hardbreak":
                text = BREAK
            case "code_inline":
                text = literal(node.content)
            case "html_inline":
                text = BREAK if _BREAK_TAG.fullmatch(node.content) else ""
            case "image":
                text = f"（画像：{literal(one_line(node.content))}）" if node.content else "（画像）"
            case "link":
                text = self._link(_text_of(node), str(node.attrs.get("href", "")))
            case "strong" if bold:
                text = _bold(self._all(node, bold=False))
            case "em" if node.markup == "*" and _is_arithmetic(node):
                text = f"＊{_text_of(node)}＊"
            case _:
                text = self._all(node, bold=bold)
        return text

    def _text(self, text: str, *, bold: bool) -> str:
        parts: list[str] = []
        end = 0
        for found in _MISSED_BOLD.finditer(text):
            inner = self._with_urls(found[1])
            parts += [self._with_urls(text[end : found.start()]), _bold(inner) if bold else inner]
            end = found.end()
        return "".join(parts) + self._with_urls(text[end:])

    def _with_urls(self, text: str) -> str:
        parts: list[str] = []
        end = 0
        for found in _BARE_URL.finditer(text):
            parts += [literal(text[end : found.start()]), self._link(found[0], found[0])]
            end = found.end()
        return "".join(parts) + literal(text[end:])

    def _link(self, label: str, url: str) -> str:
        address = safe_url(url)
        return link(label or url, address, self.intranet) if address else literal(one_line(label))


def link(label: str, address: str, intranet: frozenset[str] = frozenset()) -> str:
    """Return Markdown that leads to a safe address, marked where no phone can open it."""
    text = literal(one_line(label)).replace("[", "［").replace("]", "］")
    return f"[{marked(text, address, intranet)}]({address})"


def _bold(text: str) -> str:
    return BREAK.join(_bold_line(line) for line in text.split(BREAK))


def _bold_line(line: str) -> str:
    """Set a line in bold, punctuation at its ends left outside: clients see no bold where ** touches it."""
    parts = _BOLD_CORE.match(line)
    if parts is None or not parts[2] or "](" in line:
        return line
    before, core, after = parts.groups()
    return f"{before}**{core}**{after}"


def _text_of(node: SyntaxTreeNode) -> str:
    return node.content + "".join(_text_of(child) for child in node.children)


def _is_arithmetic(node: SyntaxTreeNode) -> bool:
    before = node.previous_sibling
    return before is not None and re.search(r"[0-9A-Za-z]$", before.content) is not None
