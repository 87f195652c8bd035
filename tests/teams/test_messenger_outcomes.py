"""What every answer of the Bot Connector means."""

import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.messenger import (
    ChatGone,
    Delivered,
    Outcome,
    Refused,
    RetryAfter,
    Unauthorized,
    Unclear,
)
from bot.teams.messenger import outcome_of
from storage.deliveries.records import Doubt, Reason

DAY = 86_400.0


def error(code: str, message: str = "") -> bytes:
    return orjson.dumps({"error": {"code": code, "message": message}})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Refused(Reason.REJECTED)),
        (401, Unauthorized()),
        (403, Refused(Reason.REJECTED)),
        (404, ChatGone()),
        (405, Refused(Reason.REJECTED)),
        (412, RetryAfter(None)),
        (413, Refused(Reason.REJECTED)),
        (429, RetryAfter(None, throttled=True)),
        (500, Unclear(Doubt.SERVER_ERROR)),
        (501, Unclear(Doubt.SERVER_ERROR)),
        (502, RetryAfter(None)),
        (503, RetryAfter(None)),
        (504, Unclear(Doubt.TIMEOUT)),
        (507, Unclear(Doubt.SERVER_ERROR)),
        (302, Refused(Reason.REJECTED)),
    ],
)
def test_each_status(status: int, outcome: Outcome) -> None:
    assert outcome_of(status, None, b"") == outcome


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b'{"id":"1:17"}', Delivered("1:17")),
        (b'{"id":17}', Delivered("17")),
        (b'{"id":null}', Delivered("")),
        (b'{"id":"%s"}' % (b"x" * 257), Delivered("")),
        (b'{"id":"1\\u00002"}', Delivered("")),
        (b"{}", Delivered("")),
        (b"[]", Delivered("")),
        (b"null", Delivered("")),
        (b"", Delivered("")),
        (b" \n", Delivered("")),
        (b"<!DOCTYPE html><title>Sign in</title>", Unclear(Doubt.SERVER_ERROR)),
        (b'{"id":"1', Unclear(Doubt.SERVER_ERROR)),
        (b"\xff\xfe", Unclear(Doubt.SERVER_ERROR)),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_success_carries_the_activity_id_unless_somebody_else_has_answered(
    status: int, content: bytes, outcome: Outcome
) -> None:
    assert outcome_of(status, None, content) == outcome


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ConversationBlockedByUser", Reason.BLOCKED),
        ("MessageWritesBlocked", Reason.BLOCKED),
        ("BotNotInConversationRoster", Reason.NOT_INSTALLED),
        ("BotDisabledByAdmin", Reason.NOT_INSTALLED),
        ("ForbiddenOperationException", Reason.NOT_INSTALLED),
        ("SomethingNew", Reason.REJECTED),
    ],
)
def test_the_code_of_a_403_names_the_reason(code: str, reason: Reason) -> None:
    assert outcome_of(403, None, error(code)) == Refused(reason)


def test_a_missing_licence_is_named() -> None:
    said = "Failed to get license information for the user. Ensure user has a valid Office365 license."

    assert outcome_of(403, None, error("Forbidden", said)) == Refused(Reason.UNLICENSED)


def test_the_sub_code_counts_too() -> None:
    content = orjson.dumps({"error": {"code": "Forbidden", "subCode": "MessageWritesBlocked"}})

    assert outcome_of(403, None, content) == Refused(Reason.BLOCKED)


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b'"text"', b"<html>", b'{"error":null}', b'{"error":"x"}', b'{"error":{"code":1}}'],
)
def test_an_odd_body_of_a_403_is_a_plain_refusal(content: bytes) -> None:
    assert outcome_of(403, None, content) == Refused(Reason.REJECTED)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("2", 2.0),
        ("2.5", 2.5),
        ("-3", 0.0),
        ("Wed, 25 Nov 2026 07:28:00 GMT", None),
        ("soon", None),
        ("nan", None),
        ("inf", DAY),
        ("1e300", DAY),
        ("99999999", DAY),
    ],
)
@pytest.mark.parametrize("status", [429, 412, 502, 503])
def test_retry_after_is_honoured_within_reason(
    status: int, header: str | None, seconds: float | None
) -> None:
    assert outcome_of(status, header, b"") == RetryAfter(seconds, throttled=status == 429)


@given(st.integers(200, 599), st.none() | st.text(max_size=20), st.binary(max_size=60))
def test_no_answer_whatever_raises(status: int, retry_after: str | None, content: bytes) -> None:
    outcome = outcome_of(status, retry_after, content)

    if isinstance(outcome, RetryAfter) and outcome.seconds is not None:
        assert 0 <= outcome.seconds <= DAY
        assert math.isfinite(outcome.seconds)
    assert isinstance(outcome, Delivered) <= (status < 300)
