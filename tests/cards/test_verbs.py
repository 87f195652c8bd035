"""What a button carries comes back as it left, and survives what clients add or leave out."""

from contextlib import suppress
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.announcements import verbs
from cards.announcements.verbs import DraftFields
from cards.kit.verbs import OldCardError
from tests.cards.known import VERBS

PAYLOADS = st.sampled_from(sorted(VERBS)).flatmap(
    lambda name: st.tuples(st.just(name), st.from_type(VERBS[name].payload))
)
OTHERS = st.dictionaries(
    st.text(min_size=1).filter(lambda key: key not in {each.name for each in fields(DraftFields)}),
    st.none() | st.booleans() | st.integers() | st.text(),
)


@given(PAYLOADS)
def test_a_payload_comes_back_as_it_left(packed: tuple[str, Any]) -> None:
    name, payload = packed
    assert VERBS[name].parse(VERBS[name].pack(payload)) == payload


@given(st.from_type(DraftFields), OTHERS)
def test_what_clients_add_is_ignored(payload: DraftFields, added: dict[str, Any]) -> None:
    assert verbs.PREVIEW.parse({**added, **verbs.PREVIEW.pack(payload)}) == payload


@given(
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()))
)
def test_anything_may_come_back_and_only_an_old_card_is_said(fields_: dict[str, Any]) -> None:
    for verb in VERBS.values():
        for version in ({}, {"v": 1}):
            with suppress(OldCardError):
                assert isinstance(verb.parse({**fields_, **version}), verb.payload)


def test_inputs_that_a_client_leaves_out_are_empty() -> None:
    found = verbs.PREVIEW.parse({"v": 1, "announcement": "a1", "title": "件名", "deadline": None})
    assert found == DraftFields(announcement="a1", title="件名")


@pytest.mark.parametrize(
    "data",
    [
        {"v": 2, "announcement": "a1", "revision": 1},
        {"announcement": "a1", "revision": 1},
        {"v": 1, "announcement": "a1"},
        {"v": 1, "announcement": "a1", "revision": "二"},
        {"v": 1, "announcement": None, "revision": 1},
        {"v": 1, "announcement": ["a1"], "revision": 1},
    ],
)
def test_a_card_that_is_not_todays_is_old(data: dict[str, Any]) -> None:
    with pytest.raises(OldCardError):
        verbs.ACKNOWLEDGE.parse(data)
