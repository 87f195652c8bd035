"""The checker catches what it is there for: planted errors in good cards."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.cards.known import VERBS
from tests.cards.rules import Node, problems_of, walk
from tests.cards.samples import SAMPLES


def planted(name: str, spoil: Callable[[Node], None]) -> list[str]:
    """Return what the checker says of a good card after something in it was spoilt."""
    card = copy.deepcopy(SAMPLES[name].draw().content)
    spoil(card)
    return problems_of(card, verbs=VERBS, given=SAMPLES[name].given)


def first(card: Node, kind: str) -> Node:
    """Return the first object of a type."""
    return next(node for _, node in walk(card) if node["type"] == kind)


def without(kind: str, key: str) -> Callable[[Node], None]:
    """Take a property away from the first object of a type."""

    def spoil(card: Node) -> None:
        del first(card, kind)[key]

    return spoil


def with_(kind: str, **values: Any) -> Callable[[Node], None]:
    """Set properties of the first object of a type."""

    def spoil(card: Node) -> None:
        first(card, kind).update(values)

    return spoil


def adding(*elements: Node) -> Callable[[Node], None]:
    """Put elements at the end of the body."""

    def spoil(card: Node) -> None:
        card["body"].extend(elements)

    return spoil


NOTICE, FORM, PROGRESS = "notice: to confirm", "form: filled in", "progress: sending"
MENU, TABLE, FOLDED = "menu: author", "confirmations: many bureaus", "notice: body of 8,000 characters"
TEXT: Node = {"type": "TextBlock", "text": "文です。", "wrap": True}
EXECUTE: Node = {
    "type": "Action.Execute",
    "title": "開く",
    "verb": "help.menu",
    "data": {"verb": "help.menu", "v": 1},
    "fallback": {"type": "Action.Submit", "title": "開く", "data": {"verb": "help.menu", "v": 1}},
}
PLANTED = {
    "an old version": (NOTICE, with_("AdaptiveCard", version="1.6"), "card: version is not 1.5"),
    "no language": (NOTICE, without("AdaptiveCard", "lang"), "card: lang is not ja"),
    "no fallback text": (NOTICE, without("AdaptiveCard", "fallbackText"), "card: fallbackText is missing"),
    "nothing to say": (NOTICE, with_("AdaptiveCard", speak=" "), "card: speak is missing"),
    "no heading": (NOTICE, with_("TextBlock", style="default"), "card.body[0]: not a heading"),
    "a heading of two lines": (
        NOTICE,
        with_("TextBlock", text="上\n下"),
        "card.body[0]: the heading is not one line",
    ),
    "a typo in a property": (TABLE, with_("TableCell", itmes=[]), ".itmes: unknown property of TableCell"),
    "a typo in a text": (
        NOTICE,
        with_("TextBlock", wrpa=True),
        "card.body[0].wrpa: unknown property of TextBlock",
    ),
    "a typo where no type stands": (
        FORM,
        with_("Input.ChoiceSet", choices=[{"titel": "全職員", "value": "all"}]),
        ".choices[0].titel: unknown property of Choice",
    ),
    "a wrong value": (NOTICE, with_("TextBlock", weight="Heavy"), "card.body[0].weight: Input should be"),
    "an unknown element": (NOTICE, adding({"type": "TextBlok", "text": "文"}), "unknown type TextBlok"),
    "text that does not wrap": (NOTICE, without("TextBlock", "wrap"), "does not wrap"),
    "an empty text": (NOTICE, adding({**TEXT, "text": " "}), "no text"),
    "red text without words": (NOTICE, adding({**TEXT, "color": "Attention"}), "meaning by colour alone"),
    "text that nobody can read": (
        NOTICE,
        adding({**TEXT, "color": "Warning"}),
        "warning text cannot be read",
    ),
    "too many actions": (NOTICE, adding({"type": "ActionSet", "actions": [EXECUTE] * 6}), "card: 10 actions"),
    "two primary actions": (
        NOTICE,
        adding({"type": "ActionSet", "actions": [{**EXECUTE, "style": "positive"}]}),
        "card: 2 primary actions",
    ),
    "no action at all": (
        NOTICE,
        with_("AdaptiveCard", body=[{**TEXT, "style": "heading"}]),
        "card: no action",
    ),
    "a form without a primary action": (
        FORM,
        without("Action.Execute", "style"),
        "a form without a primary action",
    ),
    "cancelling validates": (
        FORM,
        adding({"type": "ActionSet", "actions": [EXECUTE]}),
        "開く leaves the form, but validates it",
    ),
    "an input without a label": (FORM, without("Input.Text", "label"), "an input without label"),
    "an input without an id": (FORM, without("Input.Text", "id"), "an input without id"),
    "a required input without words": (
        FORM,
        without("Input.Text", "errorMessage"),
        "without an errorMessage",
    ),
    "a required input out of sight": (
        FORM,
        lambda card: first(card, "Container")["items"][0].update(
            isRequired=True, errorMessage="入力してください。"
        ),
        "a required input that may be hidden",
    ),
    "an image without words": (
        NOTICE,
        adding({"type": "Image", "url": "https://www.soumu.go.jp/a.png"}),
        "an image without altText",
    ),
    "a bar without a fallback": (
        PROGRESS,
        without("ProgressBar", "fallback"),
        "ProgressBar without a fallback",
    ),
    "a chart without a fallback": (
        PROGRESS,
        adding({"type": "Chart.Gauge", "value": 3}),
        "Chart.Gauge without a fallback",
    ),
    "a figure that stands nowhere": (PROGRESS, with_("ProgressBar", value=18), "18 does not stand as text"),
    "a chart's figure that stands nowhere": (
        PROGRESS,
        adding({"type": "Chart.VerticalBar", "data": [{"x": "貴課", "y": 43.7}], "fallback": TEXT}),
        "43.7 does not stand as text",
    ),
    "too many columns": (MENU, with_("ColumnSet", columns=[{"type": "Column"}] * 4), "4 columns"),
    "all columns automatic": (
        MENU,
        with_("ColumnSet", columns=[{"type": "Column"}] * 2),
        "all columns are auto",
    ),
    "a column in pixels": (MENU, with_("Column", width="120px"), "a column in pixels"),
    "a row with a cell too few": (TABLE, with_("TableRow", cells=[]), "a row with another number of cells"),
    "a verb that no handler has": (
        NOTICE,
        with_("Action.Execute", verb="announcement.gone"),
        "a verb that no handler has",
    ),
    "data for another verb": (
        NOTICE,
        with_("Action.Execute", verb="help.menu"),
        "the data carry another verb",
    ),
    "no verb": (NOTICE, without("Action.Execute", "verb"), "no verb: a verb that no handler has"),
    "no way for an older client": (
        NOTICE,
        without("Action.Execute", "fallback"),
        "no Action.Submit fallback",
    ),
    "an older client does something else": (
        NOTICE,
        lambda card: first(card, "Action.Execute")["fallback"].update(data={}),
        "the fallback is another button",
    ),
    "data that do not parse": (
        NOTICE,
        lambda card: first(card, "Action.Execute")["data"].pop("revision"),
        "announcement.acknowledge does not understand its own data",
    ),
    "a field twice": (
        FORM,
        lambda card: first(card, "Action.Execute")["data"].update(title=""),
        "title: in the data and as an input",
    ),
    "a button without words": (NOTICE, with_("Action.Execute", title=""), "an action without a title"),
    "a link with a script": (
        NOTICE,
        with_("Action.OpenUrl", url="javascript:alert(1)"),
        "a link that is no web page",
    ),
    "a card that is too large": (
        NOTICE,
        adding({**TEXT, "isVisible": False, "text": "あ" * 20_000}),
        "bytes as UTF-16",
    ),
    "too many watchers": (
        NOTICE,
        with_("AdaptiveCard", refresh={"userIds": ["x"] * 61}),
        "card.refresh: too many userIds",
    ),
    "too much at once": (NOTICE, adding({**TEXT, "text": "あ" * 3_000}), "characters at once"),
    "buttons out of sight": (
        FORM,
        lambda card: first(card, "Container")["items"].append({"type": "ActionSet", "actions": [EXECUTE]}),
        "buttons in a hidden container",
    ),
    "hidden for ever": (NOTICE, adding({**TEXT, "isVisible": False}), "hidden for ever"),
    "a toggle that leads nowhere": (
        FOLDED,
        with_("Action.ToggleVisibility", targetElements=["nowhere"]),
        "a toggle leads to nowhere",
    ),
    "an id twice": (
        FORM,
        lambda card: first(card, "Input.Date").update(id="title"),
        "card: id title stands twice",
    ),
    "a container without a reason": (
        NOTICE,
        adding({"type": "Container", "items": [TEXT]}),
        "a container without emphasis, selection or folding",
    ),
    "an English label": (NOTICE, with_("Action.Execute", title="Confirm"), "title: not in Japanese: Confirm"),
    "an English choice": (
        FORM,
        with_("Input.ChoiceSet", choices=[{"title": "Everybody", "value": "all"}]),
        "choices[0].title: not in Japanese: Everybody",
    ),
    "another style of date": (
        NOTICE,
        adding({**TEXT, "text": "期限は2026-12-11です。"}),
        "another style of date: 2026-12-11",
    ),
    "a date without its weekday": (
        NOTICE,
        adding({**TEXT, "text": "12月11日まで"}),
        "another style of date: 2月11日",
    ),
    "a number without a unit": (NOTICE, adding({**TEXT, "text": "239"}), "a number without a unit: 239"),
    "rude words": (NOTICE, adding({**TEXT, "text": "確認しろ。"}), "not polite: …確認しろ"),
}


@pytest.mark.parametrize("error", PLANTED)
def test_a_planted_error_is_caught(error: str) -> None:
    name, spoil, said = PLANTED[error]
    found = planted(name, spoil)
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize("name", sorted({name for name, _, _ in PLANTED.values()}))
def test_the_cards_were_good_before(name: str) -> None:
    assert planted(name, lambda _card: None) == []


def test_a_breach_names_its_path() -> None:
    found = planted(TABLE, lambda card: first(card, "TableCell")["items"][0].update(wrpa=True))
    assert [problem for problem in found if "wrpa" in problem] == [
        "card.body[4].rows[0].cells[0].items[0].wrpa: unknown property of TextBlock"
    ]
