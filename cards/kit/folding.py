"""Long detail behind a button: 続きを読む and its kind, and an author's body set as elements."""

import re
from collections.abc import Sequence
from math import ceil

from microsoft_teams.cards import ActionSet, CardElement, Container, TextBlock, ToggleVisibilityAction

from cards.kit.layout import rich
from cards.kit.markdown import Block, BlockKind, blocks
from cards.kit.text import letters, one_line

READ_ON = "続きを読む"
SHOWN_HEIGHT = 340
"""Pixels of a body on a phone, some 370 characters: the button below it stays on the first screen."""
LINE_HEIGHT = 19
_LINE_LETTERS = 21
_GAP = 12
_BUTTON = 44
_LONGEST_SEPARATE_LINES = 100
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")
_MARKUP = re.compile(r"\*\*|\]\([^)]*\)")


def folded(
    name: str, title: str, items: Sequence[CardElement], *, is_open: bool = False
) -> list[CardElement]:
    """Return a button that shows and hides the elements; `name` is unique in the card.

    No required input may stand in there: nobody would see what is missing.
    """
    toggle = ToggleVisibilityAction(title=one_line(title), target_elements=[name])
    return [
        ActionSet(actions=[toggle]),
        Container(id=name, is_visible=is_open, items=list(items)),
    ]


def body(
    markdown: str, intranet: frozenset[str] = frozenset(), *, height: int = SHOWN_HEIGHT
) -> list[CardElement]:
    """Return an author's Markdown as text; what exceeds `height` on a phone waits behind 続きを読む."""
    found = blocks(markdown, intranet)
    if sum(map(_height, found)) <= height + _BUTTON:
        return _set(found)
    first, rest = _parted(found, height)
    if not rest:
        return _set(first)
    # The closing button stands beside the hidden text: in it, some clients never draw it.
    more, hidden, less = "more", "rest", "less"
    read_on = ToggleVisibilityAction(title=READ_ON, target_elements=[more, hidden, less])
    close = ToggleVisibilityAction(title="閉じる", target_elements=[more, hidden, less])
    return [
        *_set(first),
        ActionSet(id=more, actions=[read_on]),
        Container(id=hidden, is_visible=False, items=_set(rest)),
        ActionSet(id=less, is_visible=False, actions=[close]),
    ]


def _parted(found: Sequence[Block], room: int) -> tuple[list[Block], list[Block]]:
    for index, block in enumerate(found):
        if _height(block) <= room:
            room -= _height(block)
            continue
        head, tail = _split(block, room, anywhere=index == 0)
        if not index and not head:
            head, tail = [block], []
        return [*found[:index], *head], [*tail, *found[index + 1 :]]
    return list(found), []


def _split(block: Block, room: int, *, anywhere: bool) -> tuple[list[Block], list[Block]]:
    """Part a block at the end of a line, or inside of its first line: after a sentence, or `anywhere`."""
    room -= _GAP
    for index, line in enumerate(block.lines):
        if _line_height(line) <= room:
            room -= _line_height(line)
            continue
        if index:
            return [_with_lines(block, block.lines[:index])], [_with_lines(block, block.lines[index:])]
        if cut := _end(line, room // LINE_HEIGHT * _LINE_LETTERS, anywhere=anywhere):
            rest = (line[cut:], *block.lines[1:])
            return [_with_lines(block, (line[:cut],))], [_with_lines(block, tuple(filter(None, rest)))]
        break
    return [], [block]


def _with_lines(block: Block, lines: tuple[str, ...]) -> Block:
    return Block(kind=block.kind, lines=lines, separated=block.separated)


def _end(line: str, room: int, *, anywhere: bool) -> int:
    """Return the place within `room` after the last 。 that lies in no link and no bold text; 0 if none.

    With `anywhere`, after a 、 or any character where there is no 。
    """
    in_link = {place for found in _LINK.finditer(line) for place in range(found.start() + 1, found.end())}
    free = [
        place
        for place in range(1, min(room, len(line)) + 1)
        if place not in in_link and line[:place].count("**") % 2 == 0 and line[place - 1 : place + 1] != "**"
    ]
    for marks in ("。", "、", "") if anywhere else ("。",):
        if found := [place for place in free if line[:place].endswith(marks)]:
            return found[-1]
    return 0


def _height(block: Block) -> int:
    """Return about how many pixels a block takes on a phone, the gap above it included."""
    return _GAP + sum(map(_line_height, block.lines))


def _line_height(line: str) -> int:
    return LINE_HEIGHT * max(1, ceil(letters(_MARKUP.sub("", line)) / _LINE_LETTERS))


def _set(found: Sequence[Block]) -> list[CardElement]:
    separate = sum(len(block.lines) for block in found if block.kind is not BlockKind.LIST)
    if separate > _LONGEST_SEPARATE_LINES:
        return [rich("\n\n".join(line for block in found for line in block.lines))]
    return [element for block in found for element in _elements(block)]


def _elements(block: Block) -> list[TextBlock]:
    if block.kind is BlockKind.LIST:
        return [rich("\n".join(block.lines), separated=block.separated)]
    bold = block.kind is BlockKind.HEADING
    return [
        rich(line, bold=bold, follows=index > 0, separated=block.separated and index == 0)
        for index, line in enumerate(block.lines)
    ]
