"""An author's Markdown as blocks of lines that every client of Teams shows alike.

What Teams knows of Markdown differs between desktop and phone. Paragraphs, bold, links and simple lists
survive; headings become bold lines; tables, images, quotations and HTML are flattened to their text. Each
line of a paragraph stands for itself, because clients disagree on what a single line end means.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from cards.kit.inline import InlineReader
from cards.kit.text import clean, line_start, literal


class BlockKind(StrEnum):
    """How a block is set."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, a bold line or a list; `lines` are Markdown that is safe to show."""

    kind: BlockKind
    lines: tuple[str, ...]
    separated: bool = False

    @property
    def length(self) -> int:
        """Characters, markup included."""
        return sum(map(len, self.lines))


class _EveryLink(MarkdownIt):
    """Takes every link for one, so that a forbidden one keeps its label and loses its address."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802
        return True


# A line of dashes under a text is a rule to a Japanese author, not a heading.
_parser = _EveryLink("commonmark").enable("table").disable("lheading")
_LISTS = frozenset({"bullet_list", "ordered_list"})
_TAG = re.compile(r"<[^>]*>?")
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)


@lru_cache(maxsize=64)
def blocks(body: str, intranet: frozenset[str] = frozenset()) -> tuple[Block, ...]:
    """Return a body's blocks, all markup of the author turned into what cards may carry.

    One body is shown to thousands of people, so the last few are kept.
    """
    # A pair of backslashes is the beginning of a file server's address more often than an escape.
    tree = SyntaxTreeNode(_parser.parse(clean(body).replace(r"\\", "＼＼")))
    return tuple(_Reader(intranet).read(tree.children))


class _Reader:
    def __init__(self, intranet: frozenset[str]) -> None:
        self._inline = InlineReader(intranet)
        self._after_rule = False

    def read(self, nodes: Sequence[SyntaxTreeNode]) -> Iterator[Block]:
        for node in nodes:
            if node.type == "hr":
                self._after_rule = True
            elif lines := self._lines(node):
                yield Block(kind=_kind(node), lines=lines, separated=self._after_rule)
                self._after_rule = False
            else:
                yield from self.read(node.children)

    def _lines(self, node: SyntaxTreeNode) -> tuple[str, ...]:
        """Return the lines of a node that is one block; a node that holds blocks has none of its own."""
        match node.type:
            case "paragraph" | "inline":
                lines = self._inline.lines(node)
            case "heading":
                lines = ["　".join(self._inline.lines(node, bold=False))]
            case "bullet_list" | "ordered_list" if _is_simple(node):
                lines = self._items(node)
            case "bullet_list" | "ordered_list":
                lines = list(self._nested_items(node, depth=0))
            case "table":
                lines = [self._row(row) for part in node.children for row in part.children]
            case "fence" | "code_block":
                lines = _literal_lines(node.content)
            case "html_block":
                lines = _literal_lines(unescape(_TAG.sub("", _BREAK_TAG.sub("\n", node.content))))
            case _:
                lines = []
        return tuple(line for line in lines if line.strip())

    def _items(self, node: SyntaxTreeNode) -> list[str]:
        first = int(node.attrs.get("start", 1))
        texts = [
            "　".join(self._inline.lines(child) if child else []) for child in map(_only_child, node.children)
        ]
        if node.type == "ordered_list":
            return [f"{number}. {text}" for number, text in enumerate(texts, first)]
        return [f"- {text}" for text in texts]

    def _nested_items(self, node: SyntaxTreeNode, depth: int) -> Iterator[str]:
        first = int(node.attrs.get("start", 1))
        for number, item in enumerate(node.children, first):
            mark = "・" if node.type == "bullet_list" else f"{number}．"
            for child in item.children:
                if child.type in _LISTS:
                    yield from self._nested_items(child, depth + 1)
                    continue
                for block in self.read([child]):
                    for line in block.lines:
                        yield "　" * depth + mark + line
                        mark = "　"

    def _row(self, row: SyntaxTreeNode) -> str:
        return "｜".join(" ".join(self._inline.lines(cell)) for cell in row.children)


def _kind(node: SyntaxTreeNode) -> BlockKind:
    if node.type == "heading":
        return BlockKind.HEADING
    return BlockKind.LIST if node.type in _LISTS and _is_simple(node) else BlockKind.PARAGRAPH


def _is_simple(node: SyntaxTreeNode) -> bool:
    """Say whether each item of a list is one paragraph (or nothing)."""
    return all(
        len(item.children) <= 1 and all(child.type == "paragraph" for child in item.children)
        for item in node.children
    )


def _only_child(item: SyntaxTreeNode) -> SyntaxTreeNode | None:
    return item.children[0] if item.children else None


def _literal_lines(text: str) -> list[str]:
    return [line_start(literal(line)) for line in text.split("\n")]
