"""The public keys with which the Bot Framework channel signs its tokens."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal

import aiohttp
import jwt
import structlog
from pydantic import TypeAdapter, ValidationError

from bot.clock import Clock
from bot.errors import OperatorError
from bot.teams.service_urls import parse_address
from bot.teams.single_flight import SingleFlight

OPENID_ORIGIN = "https://login.botframework.com"
REFRESH_AFTER = timedelta(hours=24)
ASK_AGAIN_AFTER = timedelta(minutes=1)
ALGORITHM = "RS256"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key, and the channels (such as `msteams`) that Microsoft lets it speak for."""

    public: jwt.PyJWK
    endorsements: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metadata:
    jwks_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeySet:
    keys: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Jwk:
    kty: Literal["RSA"]
    kid: str
    n: str
    e: str
    endorsements: frozenset[str] = frozenset()


_METADATA = TypeAdapter(_Metadata)
_KEY_SET = TypeAdapter(_KeySet)
_JWK = TypeAdapter(_Jwk)


class SigningKeys:
    """The keys by key id, fetched when first needed, then kept up to date without holding up a turn."""

    def __init__(
        self, *, openid_url: str, session: aiohttp.ClientSession, clock: Clock, fetch_seconds: float
    ) -> None:
        """Keep what is needed to fetch; `fetch_seconds` is the longest that one refresh may take.

        Raises:
            OperatorError: the address is neither Microsoft's nor on this machine.
        """
        self._origin = _trusted_origin(openid_url)
        self._openid_url = openid_url
        self._session = session
        self._clock = clock
        self._fetch_seconds = fetch_seconds
        self._keys: Mapping[str, SigningKey] = {}
        self._asked_at: datetime | None = None
        self._loaded_at: datetime | None = None
        self._refresh = SingleFlight(self._load)

    async def warm(self) -> None:
        """Fetch the keys before the first turn; a failure is logged and the first turn tries again."""
        await self._refresh.result()

    async def find(self, key_id: str) -> SigningKey | None:
        """Return the key, or None if Microsoft does not publish it.

        An unknown id asks Microsoft, at most once a minute; known keys older than a day are refreshed
        in the background and go on being used if that fails.
        """
        if key_id not in self._keys:
            if self._refresh.running or self._passed(ASK_AGAIN_AFTER, self._asked_at):
                await self._refresh.result()
        elif self._passed(REFRESH_AFTER, self._loaded_at) and self._passed(ASK_AGAIN_AFTER, self._asked_at):
            self._refresh.start()
        return self._keys.get(key_id)

    async def close(self) -> None:
        """Stop a refresh under way."""
        await self._refresh.close()

    def _passed(self, span: timedelta, since: datetime | None) -> bool:
        return since is None or self._clock.now() - since >= span

    async def _load(self) -> None:
        self._asked_at = self._clock.now()
        try:
            keys = await self._fetch()
        except (aiohttp.ClientError, TimeoutError, ValueError, RuntimeError) as error:
            # RuntimeError: the session was closed because the bot is stopping.
            _log.warning("signing_keys_not_loaded", error=type(error).__name__, detail=str(error)[:200])
            return
        self._keys, self._loaded_at = keys, self._clock.now()
        _log.info("signing_keys_loaded", count=len(keys))

    async def _fetch(self) -> Mapping[str, SigningKey]:
        async with asyncio.timeout(self._fetch_seconds):
            metadata = _METADATA.validate_json(await self._get(self._openid_url))
            if parse_address(metadata.jwks_uri).origin != self._origin:
                raise ValueError("the keys are not where the metadata is")
            keys = _read_keys(await self._get(metadata.jwks_uri))
        if not keys:
            raise ValueError("no usable key")
        return keys

    async def _get(self, url: str) -> bytes:
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                raise ValueError(f"HTTP status {response.status}")
            return await response.read()


def _read_keys(content: bytes) -> Mapping[str, SigningKey]:
    keys = {}
    for entry in _KEY_SET.validate_json(content).keys:
        try:
            found = _JWK.validate_python(entry)
            public = jwt.PyJWK({"kty": found.kty, "n": found.n, "e": found.e}, algorithm=ALGORITHM)
        except (ValidationError, jwt.PyJWTError, ValueError):
            # A key of a kind that is not used for RS256 must not cost us the others.
            continue
        keys[found.kid] = SigningKey(public=public, endorsements=found.endorsements)
    return keys


def _trusted_origin(openid_url: str) -> str:
    try:
        address = parse_address(openid_url)
    except ValueError:
        address = None
    if address is None or not (address.origin == OPENID_ORIGIN or address.is_loopback):
        raise OperatorError(
            f"設定 BOT_OPENID_URL には、Microsoft のアドレス（{OPENID_ORIGIN}/…）か、"
            "このコンピューター自身（127.0.0.1、localhost）のアドレスを指定してください。"
        )
    return address.origin
