"""The verbs and the card functions that stand in `cards/`, found by walking it."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import cards
from cards.kit.card import Card
from cards.kit.verbs import Verb

MODULES: tuple[ModuleType, ...] = tuple(
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(cards.__path__, "cards.")
    if not found.name.startswith("cards.kit")
)
VERBS: dict[str, Verb[Any]] = {
    value.name: value for module in MODULES for value in vars(module).values() if isinstance(value, Verb)
}


def card_functions() -> dict[str, set[str]]:
    """Return the names of the functions in each module that draw a card."""
    return {
        module.__name__: {
            name
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__
            and not name.startswith("_")
            and inspect.signature(function).return_annotation is Card
        }
        for module in MODULES
    }
