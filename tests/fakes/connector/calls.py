"""From an HTTP request to the call of Teams that it means."""

from dataclasses import dataclass
from urllib.parse import unquote

import orjson

from tests.fakes.connector.plan import Kind

_ROOT = "/v3/conversations"
_MEMBERS = {"members", "pagedmembers"}
_ON_ACTIVITY: dict[str, Kind] = {"POST": "send", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the connector's API."""

    kind: Kind
    conversation: str = ""
    member: str | None = None  # whose chat it is
    activity: str | None = None  # the message to update, delete or reply to
    paged: bool = False
    body: bytes | None = b""  # None: too large to be read
    authorization: str | None = None


def route(method: str, raw_path: str, prefix: str) -> Call | None:
    """Find the call that a request means.

    Args:
        method: the HTTP method.
        raw_path: the path as it was sent, still percent-encoded, without the query.
        prefix: what stands before /v3.

    Returns:
        The call as far as the path tells it; None if there is no such call.
    """
    if not raw_path.startswith(prefix + _ROOT):
        return None
    parts = [unquote(part) for part in raw_path[len(prefix + _ROOT) :].split("/")[1:]]
    match (method, parts):
        case ("POST", [] | [""]):
            return Call(kind="create")
        case ("POST", [conversation, "activities"]):
            return Call(kind="send", conversation=conversation)
        case ("POST" | "PUT" | "DELETE", [conversation, "activities", activity]):
            return Call(kind=_ON_ACTIVITY[method], conversation=conversation, activity=activity)
        case ("GET", [conversation, name, *_]) if name in _MEMBERS:
            return Call(kind="members", conversation=conversation, paged=name == "pagedmembers")
    return None


def member_to_open(body: bytes) -> str | None:
    """Return whose chat a create request asks for; None if it names nobody."""
    try:
        member = orjson.loads(body)["members"][0]["id"]
    except (ValueError, LookupError, TypeError):
        return None
    return member if isinstance(member, str) and member else None


def is_json_object(body: bytes) -> bool:
    """Say whether a body is a JSON object in valid UTF-8."""
    try:
        return isinstance(orjson.loads(body), dict)
    except ValueError:
        return False


def exceeds_in_utf16(body: bytes, limit: int) -> bool:
    """Say whether a UTF-8 body takes more than `limit` bytes as UTF-16, which is how Teams counts."""
    if 2 * len(body) <= limit:
        return False
    return len(body.decode("utf-8", "replace").encode("utf-16-le")) > limit
