"""Which links a card may carry, and which of them open on the ministry's own terminals only."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import quote, urlsplit, urlunsplit

from cards.kit.text import clean

INTRANET_MARK = "（省内端末のみ）"
_KEPT = "!$&'*+,/:;=?@%-._~"
_INTRANET_ENDINGS = (".lan", ".local")


def safe_url(url: str) -> str | None:
    """Return the address with all encoded that a card could misread; None if it is no web or mail link."""
    url = clean(url).strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname
        netloc = parts.netloc.encode("idna").decode() if parts.netloc else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme == "mailto" and "@" in parts.path:
        return f"mailto:{quote(parts.path, safe=_KEPT)}"
    # An address with a name before @ pretends to lead somewhere else.
    if (
        parts.scheme not in {"https", "http"}
        or not host
        or "@" in netloc
        or any(c in netloc for c in '()[]<>"\\ ')
    ):
        return None
    encoded = (quote(part, safe=_KEPT) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, netloc, *encoded))


def is_intranet(address: str, hosts: Collection[str] = ()) -> bool:
    """Say whether a safe address opens in the ministry only: a bare, private, .lan, .local or listed host."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    listed = any(host == known or host.endswith(f".{known}") for known in hosts)
    return bool(host) and ("." not in host or host.endswith(_INTRANET_ENDINGS) or listed or _is_private(host))


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return False


def marked(label: str, address: str, hosts: Collection[str] = ()) -> str:
    """Return the label of a safe link, marked where no phone can open it."""
    return f"{label}{INTRANET_MARK}" if is_intranet(address, hosts) else label
