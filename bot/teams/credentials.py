"""Who we are: the bot's token for the Bot Connector API, on any credential of azure-identity."""

import asyncio
import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.errors import OperatorError
from bot.settings import AuthKind, Settings
from bot.teams.single_flight import SingleFlight

SCOPE = "https://api.botframework.com/.default"
AHEAD = timedelta(minutes=5)
ASK_AGAIN_AFTER = timedelta(seconds=10)

_ENTRA_CODE = re.compile(r"AADSTS\d+")
_log = structlog.get_logger(__name__)


class TokenUnavailableError(Exception):
    """Entra ID gives no token: nothing was sent. The message names the error's kind, never a secret."""


class TokenSource(Protocol):
    """Hands out the bot's token."""

    async def token(self) -> str:
        """Return a valid token; empty: send no Authorization header.

        Raises:
            TokenUnavailableError: there is none to be had.
        """
        ...

    async def renew(self, stale: str) -> str:
        """Return a token other than the one that was refused with a 401.

        However many callers were refused with the same token, one new token is fetched.

        Raises:
            TokenUnavailableError: there is none to be had.
        """
        ...

    async def close(self) -> None:
        """Stop a fetch under way."""
        ...


class NoToken:
    """For `--local`: the emulated Teams wants none."""

    async def token(self) -> str:
        """Return the empty token."""
        return ""

    async def renew(self, stale: str) -> str:  # noqa: ARG002
        """Return the empty token."""
        return ""

    async def close(self) -> None:
        """Nothing to stop."""


class IssuedToken(Protocol):
    """A token as azure-identity returns it; `expires_on` in epoch seconds."""

    @property
    def token(self) -> str:
        """The token."""
        ...

    @property
    def expires_on(self) -> int:
        """When it ends."""
        ...


class Credential(Protocol):
    """What is used of a credential of azure.identity.aio."""

    async def get_token(self, *scopes: str) -> IssuedToken:
        """Ask Entra ID for a token."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


class EntraTokens:
    """Keeps one token and renews it five minutes before it ends, while callers go on with the old one."""

    def __init__(
        self, make_credential: Callable[[], Credential], clock: Clock, *, fetch_seconds: float = 30
    ) -> None:
        """Keep the way to a credential; `fetch_seconds` is the longest that one fetch may take.

        Each fetch makes a credential of its own: one that is kept would hand out its cached token again
        after a 401.
        """
        self._make_credential = make_credential
        self._clock = clock
        self._fetch_seconds = fetch_seconds
        self._held: IssuedToken | None = None
        self._failure = ""
        self._answered_at: datetime | None = None
        self._fetching = SingleFlight(self._fetch)

    async def token(self) -> str:
        """Return the token held, or the first one."""
        held = self._held
        left = held.expires_on - self._clock.now().timestamp() if held else 0
        if held is None or left <= 0:
            return await self._obtain()
        if left <= AHEAD.total_seconds() and not self._just_answered():
            self._fetching.start()
        return held.token

    async def renew(self, stale: str) -> str:
        """Return the token that came after `stale`; fetch it unless somebody already has."""
        if self._held is not None and self._held.token == stale:
            self._held = None
        return await self.token()

    async def close(self) -> None:
        """Stop a fetch under way."""
        await self._fetching.close()

    async def _obtain(self) -> str:
        if self._failure and self._just_answered():
            raise TokenUnavailableError(self._failure)
        return await self._fetching.result()

    def _just_answered(self) -> bool:
        return self._answered_at is not None and self._clock.now() - self._answered_at < ASK_AGAIN_AFTER

    async def _fetch(self) -> str:
        try:
            async with asyncio.timeout(self._fetch_seconds):
                issued = await self._ask()
        except Exception as error:  # noqa: BLE001 - an odd answer makes azure-identity raise anything, KeyError too
            code = _ENTRA_CODE.search(str(error))
            self._failure = f"{type(error).__name__} {code[0] if code else ''}".rstrip()
            _log.warning("token_not_fetched", reason=self._failure)
            raise TokenUnavailableError(self._failure) from None
        finally:
            self._answered_at = self._clock.now()
        self._held, self._failure = issued, ""
        return issued.token

    async def _ask(self) -> IssuedToken:
        credential = self._make_credential()
        try:
            return await credential.get_token(SCOPE)
        finally:
            await credential.close()


def token_source(settings: Settings, clock: Clock) -> TokenSource:
    """Return the source of tokens that the settings describe.

    Raises:
        OperatorError: a setting is missing, or the certificate can't be read.
    """
    if settings.local:
        return NoToken()
    given = {"BOT_APP_ID": settings.app_id, "BOT_TENANT_ID": settings.tenant_id, "BOT_AUTH": settings.auth}
    missing = [name for name, value in given.items() if not value]
    if missing or settings.auth is None:
        raise OperatorError(
            f"設定 {'・'.join(missing)} がありません。Azure ボットの登録に合わせて設定してください"
            "（手元で試すだけなら --local を付けて起動してください）。"
        )
    return EntraTokens(_credential_maker(settings.auth, settings), clock)


def _credential_maker(auth: AuthKind, settings: Settings) -> Callable[[], Credential]:
    from azure.identity import aio  # noqa: PLC0415 - 0.4 s that only a bot with credentials should pay

    ids = {"tenant_id": settings.tenant_id, "client_id": settings.app_id}
    match auth:
        case AuthKind.MANAGED_IDENTITY:
            return partial(aio.ManagedIdentityCredential, client_id=settings.app_id)
        case AuthKind.WORKLOAD_IDENTITY:
            _require("AZURE_FEDERATED_TOKEN_FILE", os.environ.get("AZURE_FEDERATED_TOKEN_FILE"), auth)
            return partial(aio.WorkloadIdentityCredential, **ids)
        case AuthKind.CERTIFICATE:
            _require("BOT_APP_CERTIFICATE", settings.app_certificate, auth)
            make = partial(aio.CertificateCredential, certificate_path=str(settings.app_certificate), **ids)
            _try_certificate(make)
            return make
        case AuthKind.SECRET:
            _require("BOT_APP_SECRET", settings.app_secret, auth)
            _log.warning("plain_secret_in_use")
            return partial(aio.ClientSecretCredential, client_secret=settings.app_secret, **ids)


def _require(name: str, value: object, auth: AuthKind) -> None:
    if not value:
        raise OperatorError(f"設定 {name} がありません。BOT_AUTH={auth} にはこの設定が必要です。")


def _try_certificate(make: Callable[[], object]) -> None:
    try:
        make()
    except (OSError, ValueError):
        raise OperatorError(
            "設定 BOT_APP_CERTIFICATE の証明書を読めません。"
            "RSA の秘密鍵と証明書の両方を含む、パスワードのない PEM ファイルを指定してください。"
        ) from None
