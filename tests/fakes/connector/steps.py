"""One planned answer to one request, and what Teams writes in an answer that refuses.

A step is a word:

=========================== =====================================================================
``ok``                      the request is served
``429`` ``429:2.5``         refused with Retry-After of 1 s, or of 2.5 s
``429:none``                refused without Retry-After
``403:CODE`` ``404:CODE``   refused with that error code in the body; without one, the usual code
``STATUS:none``             refused with an empty body
``412`` ``502`` ...         refused with that status and Teams' own code, if it has one for it
``STATUS-after-accept``     the message is taken, and yet that status is answered
``gone``                    404 for this conversation from now on; opening the chat again gives a new id
``reset-before``            TCP reset, nothing taken; ``close-before``: an orderly close
``reset-after``             taken, then TCP reset without an answer; likewise ``close-after``
``slow:SECONDS``            taken at once, answered late
``never``                   nothing taken, no answer; ``never-after-accept``: taken, no answer
``html``                    502 with a page of a proxy
``empty``                   taken, answered 201 with an empty body
=========================== =====================================================================
"""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import orjson

_USUAL_CODE = {
    400: "Bad Argument",
    401: "BotNotRegistered",
    403: "ConversationBlockedByUser",
    404: "ConversationNotFound",
    412: "PreconditionFailed",
    413: "MessageSizeTooBig",
    429: "Throttled",
    500: "ServiceError",
    502: "ServiceError",
}
# As listed by Microsoft under "Status codes from bot conversational APIs"; "Forbidden" is what Graph says.
_MESSAGES = {
    "ActivityNotFoundInConversation": "Conversation not found.",
    "Bad Argument": "Invalid request payload.",
    "BotDisabledByAdmin": "The tenant admin disabled this bot",
    "BotNotInConversationRoster": "The bot is not part of the conversation roster.",
    "BotNotRegistered": "No registration found for this bot.",
    "ConversationBlockedByUser": "User blocked the conversation with the bot.",
    "ConversationNotFound": "Conversation not found.",
    "Forbidden": "Failed to get license information for the user. "
    "Ensure user has a valid Office365 license assigned to them.",
    "ForbiddenOperationException": "Bot is not installed in user's personal scope",
    "MessageSizeTooBig": "Message size too large.",
    "PreconditionFailed": "Precondition failed, please try again.",
    "Throttled": "Too many requests.",
}
_NONE = "none"
_DEFAULT_RETRY_AFTER = "1"
_HTML = b"<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>"
_STATUS = re.compile(r"(?P<status>[45]\d\d)(?P<accept>-after-accept)?(?::(?P<arg>[\w. -]+))?")
_WORD = re.compile(r"(?P<word>[a-z-]+)(?::(?P<seconds>\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens to one request: whether it is taken, and what the caller then hears."""

    accepts: bool = True
    status: int | None = None  # None: the status of success
    body: bytes | None = None  # None: the body of success
    content_type: str = "application/json"
    retry_after: str | None = None
    wait: float = 0.0  # seconds between taking and answering
    hangs: bool = False
    cuts: Literal["", "reset", "close"] = ""
    loses_chat: bool = False


_WORDS = {
    "ok": Step(),
    "empty": Step(status=201, body=b""),
    "html": Step(accepts=False, status=502, body=_HTML, content_type="text/html"),
    "never": Step(accepts=False, hangs=True),
    "never-after-accept": Step(hangs=True),
    "reset-before": Step(accepts=False, cuts="reset"),
    "reset-after": Step(cuts="reset"),
    "close-before": Step(accepts=False, cuts="close"),
    "close-after": Step(cuts="close"),
}


@cache
def parse_step(text: str) -> Step:
    """Read one step.

    Raises:
        ValueError: no step is written so.
    """
    if text == "gone":
        return replace(refusal(404), loses_chat=True)
    if text in _WORDS:
        return _WORDS[text]
    if (word := _WORD.fullmatch(text)) and word["word"] == "slow" and word["seconds"]:
        return Step(wait=float(word["seconds"]))
    if match := _STATUS.fullmatch(text):
        step = refusal(int(match["status"]), match["arg"])
        return replace(step, accepts=match["accept"] is not None)
    raise ValueError(f"no such step: {text!r}")


def refusal(status: int, argument: str | None = None) -> Step:
    """Return the step that takes nothing and answers `status`.

    Args:
        status: the HTTP status.
        argument: for 429 the seconds of Retry-After, else an error code; "none" leaves that out.
    """
    if status == 429:
        seconds = argument or _DEFAULT_RETRY_AFTER
        retry_after = None if seconds == _NONE else f"{float(seconds):g}"
        return Step(accepts=False, status=429, body=_error_body("Throttled"), retry_after=retry_after)
    code = argument or _USUAL_CODE.get(status, _NONE)
    body = b"" if code == _NONE else _error_body(code)
    return Step(accepts=False, status=status, body=body)


def _error_body(code: str) -> bytes:
    return orjson.dumps({"error": {"code": code, "message": _MESSAGES.get(code, "Unknown")}})
