"""The fifteen rules for cards, checked on the JSON that leaves the bot.

`problems_of` walks a card and returns every breach as "path: what is wrong"; an empty list is a good card.
What only an eye can judge stays with the pictures: how it reads at 360 px, and that a live card is updated.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from cards.kit.verbs import OldCardError, Verb
from tests.cards.schema import unknown_to_microsoft
from tests.cards.wording import unfit_words

Node = dict[str, Any]
SIZE_LIMIT = 40 * 1024
_MOST_ACTIONS = 6
_MOST_COLUMNS = 3
_MOST_USERS = 60
_LONGEST_HEADING = 120
_MOST_VISIBLE_CHARACTERS = 3_000
_PRESSED = frozenset({"Action.Execute", "Action.Submit", "Action.OpenUrl"})
_DRAWN = re.compile(r"Chart\.|Badge$|Progress|Icon$")
_POOR_CONTRAST = frozenset({"warning", "good", "light"})


def problems_of(
    card: Mapping[str, Any], *, verbs: Mapping[str, Verb[Any]], given: Collection[str] = ()
) -> list[str]:
    """Return every breach of the rules in a card.

    `verbs` are those that the router knows; `given` texts of people's records, in whatever language.
    """
    node = dict(card)
    found = [problem for rule in _OF_THE_CARD for problem in rule(node)]
    for path, each in walk(node):
        found += unknown_to_microsoft(each, path)
        found += unfit_words(each, path, given)
        found += [f"{path}: {problem}" for rule in _OF_AN_OBJECT for problem in rule(each)]
        found += [f"{path}: {problem}" for problem in _verb(each, verbs, _inputs(node))]
        found += [f"{path}: {problem}" for problem in _figures(each, node)]
    return found


def walk(node: object, path: str = "card") -> Iterator[tuple[str, Node]]:
    """Yield every typed object of a card with its path."""
    if isinstance(node, dict):
        if "type" in node:
            yield path, node
        for key, value in node.items():
            if key != "data":
                yield from walk(value, f"{path}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{path}[{index}]")


def visible_texts(node: object) -> Iterator[str]:
    """Yield the texts that stand on a card before anything is unfolded."""
    if isinstance(node, dict) and node.get("isVisible") is not False:
        if node.get("type") == "TextBlock":
            yield node.get("text", "")
        for key, value in node.items():
            if key != "fallback":
                yield from visible_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from visible_texts(value)


def buttons(card: Mapping[str, Any]) -> list[Node]:
    """Return the buttons of a card as people see them: no fallbacks, no rows that can be pressed."""
    pressed = [each for _, each in walk(dict(card)) if each["type"] in _PRESSED]
    hidden = [id(each["fallback"]) for each in pressed if "fallback" in each]
    hidden += [id(each["selectAction"]) for _, each in walk(dict(card)) if "selectAction" in each]
    return [each for each in pressed if id(each) not in hidden]


def _inputs(card: Node) -> list[str]:
    return [each.get("id", "") for _, each in walk(card) if each["type"].startswith("Input.")]


# Rules 1, 2, 13: the whole card ---------------------------------------------------------------------------


def _frame(card: Node) -> Iterator[str]:
    for name, value in (("version", "1.5"), ("lang", "ja")):
        if card.get(name) != value:
            yield f"card: {name} is not {value}"
    for name in ("fallbackText", "speak"):
        if not card.get(name, "").strip():
            yield f"card: {name} is missing"
    ids = [each["id"] for _, each in walk(card) if "id" in each]
    yield from (f"card: id {name} stands twice" for name in sorted(set(ids)) if ids.count(name) > 1)


def _heading(card: Node) -> Iterator[str]:
    first: Node = next(iter(card.get("body", [])), {})
    text = first.get("text", "")
    if first.get("type") != "TextBlock" or first.get("style") != "heading":
        yield "card.body[0]: not a heading"
    elif "\n" in text or not 0 < len(text) <= _LONGEST_HEADING:
        yield "card.body[0]: the heading is not one line"


def _size(card: Node) -> Iterator[str]:
    size = len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le"))
    if size > SIZE_LIMIT:
        yield f"card: {size:,} bytes as UTF-16"
    if len(card.get("refresh", {}).get("userIds", [])) > _MOST_USERS:
        yield "card.refresh: too many userIds"


# Rules 4, 6, 14: what can be pressed, left and unfolded ---------------------------------------------------


def _actions(card: Node) -> Iterator[str]:
    shown = buttons(card)
    if not shown and not any("selectAction" in each for _, each in walk(card)):
        yield "card: no action, so that the next step is not obvious"
    if len(shown) > _MOST_ACTIONS:
        yield f"card: {len(shown)} actions"
    primary = [each for each in shown if each.get("style") == "positive"]
    if len(primary) > 1:
        yield f"card: {len(primary)} primary actions"
    if _inputs(card) and not primary:
        yield "card: a form without a primary action"
    for each in shown:
        leaves = bool(_inputs(card)) and each["type"] == "Action.Execute" and each not in primary
        if leaves and each.get("associatedInputs") != "none":
            yield f"card: {each.get('title')} leaves the form, but validates it"


def _folding(card: Node) -> Iterator[str]:
    targets = {
        target if isinstance(target, str) else target.get("elementId", "")
        for _, each in walk(card)
        for target in each.get("targetElements", [])
    }
    ids = {each["id"] for _, each in walk(card) if "id" in each}
    yield from (f"card: a toggle leads to {name}, which does not exist" for name in sorted(targets - ids))
    for path, each in walk(card):
        folds = each.get("id") in targets
        if each.get("isVisible") is False and not folds:
            yield f"{path}: hidden for ever"
        if folds and any(inner.get("isRequired") for _, inner in walk(each)):
            yield f"{path}: a required input that may be hidden"
        if each.get("isVisible") is False and any(
            inner["type"] == "ActionSet" for _, inner in walk(each.get("items", []))
        ):
            yield f"{path}: buttons in a hidden container, which some clients never draw"
        plain = each.get("style", "default") == "default" and "selectAction" not in each
        if each["type"] == "Container" and plain and not folds:
            yield f"{path}: a container without emphasis, selection or folding"
    visible = sum(map(len, visible_texts(card)))
    if visible > _MOST_VISIBLE_CHARACTERS:
        yield f"card: {visible:,} characters at once; long detail belongs behind 続きを読む"


# Rules 3, 5, 7, 8, 9, 11: each object ---------------------------------------------------------------------


def _text(node: Node) -> Iterator[str]:
    if node["type"] != "TextBlock":
        return
    if node.get("wrap") is not True:
        yield "does not wrap"
    if not node.get("text", "").strip():
        yield "no text"
    color = node.get("color", "default").lower()
    if color in _POOR_CONTRAST:
        yield f"{color} text cannot be read on every background"
    if color == "attention" and not node.get("text", "").startswith("⚠"):
        yield "meaning by colour alone"


def _input(node: Node) -> Iterator[str]:
    if not node["type"].startswith("Input."):
        return
    yield from (f"an input without {name}" for name in ("id", "label") if not node.get(name, "").strip())
    if {"isRequired", "min", "max", "regex"} & node.keys() and not node.get("errorMessage"):
        yield "an input that can be wrong, without an errorMessage"


def _drawing(node: Node) -> Iterator[str]:
    if node["type"] == "Image" and not node.get("altText"):
        yield "an image without altText"
    if _DRAWN.search(node["type"]) and not isinstance(node.get("fallback"), dict):
        yield f"{node['type']} without a fallback"


def _columns(node: Node) -> Iterator[str]:
    columns = node.get("columns", [])
    widths = [column.get("width", "auto") for column in columns]
    if len(columns) > _MOST_COLUMNS:
        yield f"{len(columns)} columns"
    if len(columns) > 1 and set(widths) == {"auto"}:
        yield "all columns are auto"
    if any(str(width).endswith("px") for width in widths):
        yield "a column in pixels"
    if any(len(row.get("cells", [])) != len(columns) for row in node.get("rows", [])):
        yield "a row with another number of cells"


def _button(node: Node) -> Iterator[str]:
    if not node["type"].startswith("Action."):
        return
    if not node.get("title", "").strip():
        yield "an action without a title"
    if node["type"] == "Action.OpenUrl" and not re.match(r"https?://", node.get("url", "")):
        yield "a link that is no web page"


_OF_THE_CARD: tuple[Callable[[Node], Iterator[str]], ...] = (_frame, _heading, _size, _actions, _folding)
_OF_AN_OBJECT: tuple[Callable[[Node], Iterator[str]], ...] = (_text, _input, _drawing, _columns, _button)


# Rules 8 and 12: what an object must agree with -----------------------------------------------------------


def _figures(node: Node, card: Node) -> Iterator[str]:
    """Say which figures of a bar or a chart do not stand as text."""
    if node["type"] == "ProgressBar":
        figures = [node.get("value"), node.get("max")]
    elif node["type"].startswith("Chart."):
        points = [
            *node.get("data", []),
            *(value for line in node.get("data", []) for value in line.get("values", [])),
        ]
        figures = [point[name] for point in points for name in ("y", "value") if name in point]
    else:
        return
    said = " ".join(visible_texts(card))
    for figure in figures:
        words = f"{figure:,}".removesuffix(".0") if isinstance(figure, int | float) else str(figure)
        if not re.search(rf"(?<![\d,.]){re.escape(words)}(?![\d,.]*\d)", said):
            yield f"{words} does not stand as text"


def _verb(node: Node, verbs: Mapping[str, Verb[Any]], inputs: Collection[str]) -> Iterator[str]:
    if node["type"] != "Action.Execute":
        return
    name, data, fallback = node.get("verb", ""), node.get("data", {}), node.get("fallback")
    if not isinstance(fallback, dict) or fallback.get("type") != "Action.Submit":
        yield "no Action.Submit fallback"
    elif fallback.get("data") != data or fallback.get("title") != node.get("title"):
        yield "the fallback is another button"
    if name not in verbs:
        yield f"{name or 'no verb'}: a verb that no handler has"
        return
    if data.get("verb") != name:
        yield "the data carry another verb"
    filled_in = {} if node.get("associatedInputs") == "none" else dict.fromkeys(inputs, "")
    if twice := filled_in.keys() & data.keys():
        yield f"{', '.join(sorted(twice))}: in the data and as an input"
    try:
        verbs[name].parse({**data, **filled_in})
    except OldCardError:
        yield f"{name} does not understand its own data"
