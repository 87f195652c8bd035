"""For what a person waits for: tried again when Teams asks for it, but only for a few seconds."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from bot.delivery.messenger import RetryAfter

T = TypeVar("T")
_ATTEMPTS = 3
_SECONDS = 8.0
_LONGEST_WAIT = 4.0
"""Seconds; Teams itself gives up on a turn after fifteen."""


class _TryAgainError(Exception):
    def __init__(self, seconds: float | None) -> None:
        super().__init__()
        self.seconds = seconds


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Call until Teams has taken or refused it; return its last word.

    That is RetryAfter where Teams wants more patience than a person has.
    """
    with contextlib.suppress(_TryAgainError):
        async for attempt in stamina.retry_context(
            on=_wait_as_told, attempts=_ATTEMPTS, timeout=_SECONDS, wait_max=2.0
        ):
            with attempt:
                outcome = await call()
                _raise_if_to_be_retried(outcome)
    return outcome


def _raise_if_to_be_retried(outcome: object) -> None:
    if isinstance(outcome, RetryAfter):
        raise _TryAgainError(outcome.seconds)


def _wait_as_told(error: Exception) -> bool | float:
    if not isinstance(error, _TryAgainError):
        return False
    if error.seconds is None:
        return True
    return error.seconds if error.seconds <= _LONGEST_WAIT else False
