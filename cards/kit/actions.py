"""Buttons. Each sends its verb as Action.Execute, and the same data as Action.Submit where Teams is older."""

from collections.abc import Collection
from typing import Literal, TypeVar

from microsoft_teams.cards import ExecuteAction, OpenUrlAction, SubmitAction

from cards.kit.text import clip, one_line
from cards.kit.verbs import Verb

P = TypeVar("P")
_LONGEST_TITLE = 40


def primary(title: str, verb: Verb[P], payload: P, *, inputs: Collection[str] = ()) -> ExecuteAction:
    """Return the one button that is the next step. `inputs` names the fields that the form itself supplies.

    A field that is an input is left out of the data: clients differ in which of the two would win.
    """
    return _execute(title, verb, payload, inputs=inputs, style="positive")


def secondary(title: str, verb: Verb[P], payload: P) -> ExecuteAction:
    """Return any other button."""
    return _execute(title, verb, payload)


def cancel(title: str, verb: Verb[P], payload: P) -> ExecuteAction:
    """Return a button that leaves a form, whatever stands in it."""
    return _execute(title, verb, payload, associated_inputs="none")


def open_link(title: str, address: str) -> OpenUrlAction:
    """Return a button that opens a web page, whose address was found safe before."""
    return OpenUrlAction(title=one_line(title), url=address)


def _execute(
    title: str,
    verb: Verb[P],
    payload: P,
    *,
    inputs: Collection[str] = (),
    style: Literal["positive"] | None = None,
    associated_inputs: Literal["none"] | None = None,
) -> ExecuteAction:
    label = clip(one_line(title), _LONGEST_TITLE)
    data = {key: value for key, value in verb.pack(payload).items() if key not in inputs}
    return ExecuteAction(
        title=label,
        verb=verb.name,
        data=data,
        style=style,
        associated_inputs=associated_inputs,
        fallback=SubmitAction(title=label, data=data, style=style, associated_inputs=associated_inputs),
    )
