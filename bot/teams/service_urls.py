"""Where the bot's token may go: the service URLs that are trusted, and how an address is read."""

import re
from dataclasses import dataclass

from bot.errors import OperatorError

# Microsoft's list for Teams: Teams SDK documentation, "Service URL Validation", and the Microsoft 365 Agents
# SDK reference, "TeamsServiceEndpoints". A cloud that is not here is named in BOT_SERVICE_URL.
TEAMS_HOSTS = frozenset(
    {
        "smba.trafficmanager.net",
        "smba.onyx.prod.teams.trafficmanager.net",
        "smba.infra.gcc.teams.microsoft.com",
        "smba.infra.gov.teams.microsoft.us",
        "smba.infra.dod.teams.microsoft.us",
    }
)
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

# Narrower than the standard on purpose: two parsers that read an unusual address differently (user:password@,
# backslash, percent sign, unicode, dot segments) are how a token reaches a stranger.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[::1\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*)/?",
    re.ASCII | re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535


class ServiceUrlError(Exception):
    """The bot does not talk to this service URL; the message is a short word for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """An http(s) address of scheme, host, port and path; scheme and host in lower case."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Return scheme, host and port, the port only where it is not the scheme's own."""
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def base(self) -> str:
        """Return the whole address without a trailing slash: equal for equal addresses."""
        return self.origin + self.path

    @property
    def is_loopback(self) -> bool:
        """Tell whether the address never leaves this machine."""
        return self.host in LOOPBACK_HOSTS


def parse_address(url: object) -> WebAddress:
    """Read an address as it stands in an activity, a token or a setting.

    Raises:
        ValueError: it is no string, or holds anything but scheme, plain host, port and plain path.
    """
    found = _ADDRESS.fullmatch(url) if isinstance(url, str) else None
    if found is None:
        raise ValueError("not a plain http(s) address")
    scheme = found["scheme"].lower()
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    if port > _HIGHEST_PORT:
        raise ValueError("no such port")
    return WebAddress(scheme=scheme, host=found["host"].lower(), port=port, path=found["path"])


class ServiceUrls:
    """The allow-list, asked on receipt and again before every send."""

    def __init__(self, *, configured: str, local: bool) -> None:
        """Allow Teams' own hosts and that of BOT_SERVICE_URL (may be empty); under `local` loopback alone.

        Raises:
            OperatorError: BOT_SERVICE_URL can't be used.
        """
        self._local = local
        self._origins = {f"https://{host}" for host in TEAMS_HOSTS}
        if configured:
            self._origins.add(self._read_setting(configured).origin)

    def require(self, url: object) -> str:
        """Return the normalised address (no trailing slash) to which paths of the connector API are added.

        Raises:
            ServiceUrlError: the address can't be read, or is not on the list.
        """
        try:
            address = parse_address(url)
        except ValueError:
            raise ServiceUrlError("malformed_service_url") from None
        trusted = address.is_loopback if self._local else address.origin in self._origins
        if not trusted:
            raise ServiceUrlError("untrusted_service_url")
        return address.base

    def _read_setting(self, configured: str) -> WebAddress:
        try:
            address = parse_address(configured)
        except ValueError:
            raise OperatorError(
                "設定 BOT_SERVICE_URL のアドレスを読めません。https://ホスト名/パス の形で書いてください。"
            ) from None
        if self._local and not address.is_loopback:
            raise OperatorError(
                "--local では、設定 BOT_SERVICE_URL に指定できるのは、"
                "このコンピューター自身（127.0.0.1、localhost）のアドレスだけです。"
            )
        if not self._local and address.scheme != "https":
            raise OperatorError("設定 BOT_SERVICE_URL は https:// で始まるアドレスにしてください。")
        return address
