"""Who calls us: validates the token of an incoming Bot Framework activity, and where the activity comes from.

Two errors and no others: `Rejected` (HTTP 401) where the caller does not prove to be the Teams channel,
`Forbidden` (HTTP 403) where a proven caller brings an activity that is not for this bot: another channel,
another tenant, or, under `--local`, another machine. Source of the rules: Microsoft Learn, "Authentication
with the Bot Connector API", section "Authenticate requests from the Bot Connector service to your bot".
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Protocol

import aiohttp
import jwt
from pydantic import Strict, TypeAdapter, ValidationError

from bot.clock import Clock
from bot.errors import OperatorError
from bot.teams.service_urls import parse_address
from bot.teams.signing_keys import ALGORITHM, SigningKey, SigningKeys

ISSUER = "https://api.botframework.com"
CHANNEL = "msteams"
CLOCK_SKEW = timedelta(minutes=5)
REMEMBERED_TOKENS = 1000

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


class Rejected(Exception):
    """HTTP 401. `reason` is one word for the log and holds nothing of the token."""

    def __init__(self, reason: str) -> None:
        """Keep the word."""
        super().__init__(reason)
        self.reason = reason


class Forbidden(Exception):
    """HTTP 403. `reason` is one word for the log and holds nothing of the activity."""

    def __init__(self, reason: str) -> None:
        """Keep the word."""
        super().__init__(reason)
        self.reason = reason


class Authenticator(Protocol):
    """Decides whether an incoming activity is let in."""

    async def warm(self) -> None:
        """Get ready; never raises for what the network does. May take as long as a fetch may."""
        ...

    async def authenticate(self, authorization: str | None, activity: Mapping[str, object]) -> None:
        """Return if the activity is let in.

        Args:
            authorization: the HTTP header of that name, None where it is missing.
            activity: the activity's JSON object, as it came.

        Raises:
            Rejected: answer 401.
            Forbidden: answer 403.
        """
        ...

    async def close(self) -> None:
        """Stop what goes on in the background."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claims:
    exp: Annotated[float, Strict()]
    nbf: Annotated[float, Strict()] = 0
    serviceurl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verified:
    key_id: str
    claims: _Claims


_CLAIMS = TypeAdapter(_Claims)
_REASONS: dict[type[Exception], str] = {
    jwt.InvalidSignatureError: "signature",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
    jwt.MissingRequiredClaimError: "claims",
}


class ChannelAuthenticator:
    """Lets in what the Teams channel signed for this bot, from this tenant."""

    def __init__(
        self,
        *,
        app_id: str,
        tenant_id: str,
        openid_url: str,
        session: aiohttp.ClientSession,
        clock: Clock,
        fetch_seconds: float = 10,
    ) -> None:
        """Keep what authentication may touch; `fetch_seconds` limits a refresh of the signing keys.

        Raises:
            OperatorError: the app id or the tenant id is empty, or `openid_url` is not to be trusted.
        """
        if not app_id or not tenant_id:
            raise OperatorError(
                "設定 BOT_APP_ID と BOT_TENANT_ID がないと、Teams からの要求を確かめられません。"
            )
        self._app_id = app_id
        self._tenant_id = tenant_id
        self._clock = clock
        self._keys = SigningKeys(
            openid_url=openid_url, session=session, clock=clock, fetch_seconds=fetch_seconds
        )
        self._remembered: OrderedDict[bytes, _Verified] = OrderedDict()

    async def warm(self) -> None:
        """Fetch the signing keys; a failure is logged and the first turn tries again."""
        await self._keys.warm()

    async def authenticate(self, authorization: str | None, activity: Mapping[str, object]) -> None:
        """Check the token, that it was made for this activity, and that the activity is for this bot."""
        verified, key = await self._verify(_bearer_token(authorization))
        self._check_time(verified.claims)
        channel = activity.get("channelId")
        if not isinstance(channel, str) or channel not in key.endorsements:
            raise Rejected("endorsement")
        if not _same_address(verified.claims.serviceurl, activity.get("serviceUrl")):
            raise Rejected("service_url")
        check_origin(activity, self._tenant_id)

    async def close(self) -> None:
        """Stop a refresh of the signing keys."""
        await self._keys.close()

    async def _verify(self, token: str) -> tuple[_Verified, SigningKey]:
        digest = sha256(token.encode()).digest()
        verified = self._remembered.get(digest)
        key_id = verified.key_id if verified else _key_id(token)
        key = await self._keys.find(key_id)
        if key is None:
            raise Rejected("unknown_key")
        if verified is None:
            verified = _Verified(key_id=key_id, claims=self._read_claims(token, key))
            self._remember(digest, verified)
        return verified, key

    def _read_claims(self, token: str, key: SigningKey) -> _Claims:
        try:
            payload = jwt.decode(
                token,
                key.public,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=self._app_id,
                options={
                    "strict_aud": True,
                    "enforce_minimum_key_length": True,
                    # PyJWT asks the machine for the time; _check_time asks the clock, for every activity.
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError as error:
            raise Rejected(_REASONS.get(type(error), "malformed")) from None
        try:
            return _CLAIMS.validate_python(payload)
        except ValidationError:
            raise Rejected("claims") from None

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._remembered[digest] = verified
        while len(self._remembered) > REMEMBERED_TOKENS:
            self._remembered.popitem(last=False)

    def _check_time(self, claims: _Claims) -> None:
        now, skew = self._clock.now().timestamp(), CLOCK_SKEW.total_seconds()
        if not now < claims.exp + skew:
            raise Rejected("expired")
        if not now >= claims.nbf - skew:
            raise Rejected("not_yet_valid")


class NoAuthentication:
    """For `--local`: no tokens, but only activities whose answer stays on this machine."""

    async def warm(self) -> None:
        """Nothing to get ready."""

    async def authenticate(self, authorization: str | None, activity: Mapping[str, object]) -> None:  # noqa: ARG002
        """Let in every activity with a loopback service URL."""
        try:
            address = parse_address(activity.get("serviceUrl"))
        except ValueError:
            raise Forbidden("service_url") from None
        if not address.is_loopback:
            raise Forbidden("service_url")

    async def close(self) -> None:
        """Nothing to stop."""


def tenant_of(activity: Mapping[str, object]) -> str | None:
    """Return the tenant that an activity names in its channel data, else in its conversation."""
    channel_data, conversation = activity.get("channelData"), activity.get("conversation")
    tenant = channel_data.get("tenant") if isinstance(channel_data, Mapping) else None
    stated = tenant.get("id") if isinstance(tenant, Mapping) else None
    if stated is None and isinstance(conversation, Mapping):
        stated = conversation.get("tenantId")
    return stated if isinstance(stated, str) else None


def check_origin(activity: Mapping[str, object], tenant_id: str) -> None:
    """Check that an activity comes from Teams and from our tenant: the channel's token says neither.

    Raises:
        Forbidden: it does not, or does not say.
    """
    if activity.get("channelId") != CHANNEL:
        raise Forbidden("channel")
    tenant = tenant_of(activity)
    if tenant is None or tenant.casefold() != tenant_id.casefold():
        raise Forbidden("tenant")


def _bearer_token(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if not scheme:
        raise Rejected("no_token")
    if scheme.lower() != "bearer":
        raise Rejected("not_bearer")
    if not _TOKEN.fullmatch(token):
        raise Rejected("malformed")
    return token


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise Rejected("malformed") from None
    if header.get("alg") != ALGORITHM:
        raise Rejected("algorithm")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise Rejected("no_key_id")
    return key_id


def _same_address(claimed: str, given: object) -> bool:
    try:
        return parse_address(claimed).base == parse_address(given).base
    except ValueError:
        return False
