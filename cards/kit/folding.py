"""Long detail behind a button: 続きを読む and its kind, and an author's body set as elements."""

import re
from collections.abc import Sequence

from microsoft_teams.cards import ActionSet, CardElement, Container, TextBlock, ToggleVisibilityAction

from cards.kit.layout import rich
from cards.kit.markdown import Block, BlockKind, blocks
from cards.kit.text import one_line

READ_ON = "続きを読む"
SHOWN_CHARACTERS = 1_500
_LONGEST_SEPARATE_LINES = 100
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")


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
    markdown: str, intranet: frozenset[str] = frozenset(), *, shown: int = SHOWN_CHARACTERS
) -> list[CardElement]:
    """Return an author's Markdown as text; what exceeds `shown` characters waits behind 続きを読む."""
    found = blocks(markdown, intranet)
    if sum(block.length for block in found) <= shown:
        return _set(found)
    first, rest = _parted(found, shown)
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


def _parted(found: Sequence[Block], shown: int) -> tuple[list[Block], list[Block]]:
    room = shown
    for index, block in enumerate(found):
        if block.length <= room:
            room -= block.length
            continue
        head, tail = _split(block, room)
        if not index and not head:
            head, tail = [block], []
        return [*found[:index], *head], [*tail, *found[index + 1 :]]
    return list(found), []


def _split(block: Block, room: int) -> tuple[list[Block], list[Block]]:
    """Part a block at the end of a line, or at the end of a sentence of its first line."""
    taken = 0
    for index, line in enumerate(block.lines):
        if taken + len(line) > room:
            if taken:
                return [_with_lines(block, block.lines[:index])], [_with_lines(block, block.lines[index:])]
            if cut := _sentence_end(line, room):
                head, tail = line[:cut], line[cut:]
                rest = (tail, *block.lines[1:])
                return [_with_lines(block, (head,))], [_with_lines(block, tuple(filter(None, rest)))]
        taken += len(line)
    return [], [block]


def _with_lines(block: Block, lines: tuple[str, ...]) -> Block:
    return Block(kind=block.kind, lines=lines, separated=block.separated)


def _sentence_end(line: str, room: int) -> int:
    """Return the place after the last 。 within `room` that lies in no link and no bold text; 0 if none."""
    in_link = {place for found in _LINK.finditer(line) for place in range(found.start(), found.end())}
    ends = (found.end() for found in re.finditer("。", line[:room]))
    return max((end for end in ends if end - 1 not in in_link and line[:end].count("**") % 2 == 0), default=0)


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
