"""Every card in every state keeps the fifteen rules."""

import time
from collections import Counter

import pytest

from cards.kit.verbs import Nothing, Verb
from tests.cards.known import MODULES, VERBS, card_functions
from tests.cards.rules import problems_of
from tests.cards.samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_a_card_keeps_the_rules(name: str) -> None:
    sample = SAMPLES[name]
    card = sample.draw()
    assert problems_of(card.content, verbs=VERBS, given=sample.given) == []
    assert 0 < len(card.summary) <= 100
    assert "\n" not in card.summary


def test_every_card_function_has_samples() -> None:
    drawn: set[str] = set()
    for sample in SAMPLES.values():
        drawn |= set(sample.draw.__code__.co_names) | set(sample.draw.__code__.co_freevars)
    names = {name for functions in card_functions().values() for name in functions}
    assert len(names) >= 10
    assert names - drawn == set()


def test_no_verb_stands_twice() -> None:
    made = {
        id(value): value.name
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, Verb)
    }
    assert [name for name, count in Counter(made.values()).items() if count > 1] == []


def test_buttons_without_a_payload_say_so() -> None:
    assert {name for name, verb in VERBS.items() if verb.payload is Nothing} == {
        "announcement.new",
        "announcement.sent",
        "help.menu",
        "help.guide",
    }


def test_all_cards_are_drawn_and_checked_in_two_seconds() -> None:
    started = time.process_time()
    for sample in SAMPLES.values():
        problems_of(sample.draw().content, verbs=VERBS, given=sample.given)
    assert time.process_time() - started < 2
