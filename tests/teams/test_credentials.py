"""The bot's token is fetched rarely and once for all callers; a fault at Entra ID spoils no good token."""

import asyncio
import gc
import ipaddress
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from bot.errors import OperatorError
from bot.settings import AuthKind, Settings
from bot.teams.credentials import SCOPE, EntraTokens, NoToken, TokenUnavailableError, token_source
from tests.fakes.clock import NOW, SetClock
from tests.fakes.openid import APP_ID, TENANT_ID, private_key

HOUR = timedelta(hours=1)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    token: str
    expires_on: int


class FakeEntra:
    """Makes credentials that hand out numbered tokens for an hour; counts fetches and open credentials."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.fetches = 0
        self.open = 0
        self.trouble: Exception | None = None
        self.scopes: set[tuple[str, ...]] = set()
        self.lasts = HOUR
        self.gate = asyncio.Event()
        self.gate.set()

    def credential(self) -> "FakeCredential":
        self.open += 1
        return FakeCredential(self)


class FakeCredential:
    """Behaves as one of azure.identity.aio."""

    def __init__(self, entra: FakeEntra) -> None:
        self._entra = entra

    async def get_token(self, *scopes: str) -> Issued:
        entra = self._entra
        entra.fetches += 1
        entra.scopes.add(scopes)
        number = entra.fetches
        await entra.gate.wait()
        await asyncio.sleep(0)
        if entra.trouble is not None:
            raise entra.trouble
        ends = entra.clock.now() + entra.lasts
        return Issued(token=f"token-{number}", expires_on=int(ends.timestamp()))

    async def close(self) -> None:
        self._entra.open -= 1


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def entra(clock: SetClock) -> FakeEntra:
    return FakeEntra(clock)


@pytest.fixture
async def tokens(entra: FakeEntra, clock: SetClock) -> AsyncIterator[EntraTokens]:
    tokens = EntraTokens(entra.credential, clock, fetch_seconds=0.2)
    yield tokens
    await tokens.close()


async def settled() -> None:
    """Let a fetch in the background finish."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "trouble",
    [
        ServiceRequestError("cannot connect"),
        ClientAuthenticationError("no"),
        OSError("token file is gone"),
        ValueError("certificate is none"),
        KeyError("resource"),
        TimeoutError(),
    ],
)
async def test_every_failure_is_one_kind_of_error(
    tokens: EntraTokens, entra: FakeEntra, trouble: Exception
) -> None:
    entra.trouble = trouble
    with pytest.raises(TokenUnavailableError, match=type(trouble).__name__):
        await tokens.token()
    assert entra.open == 0


async def test_the_reason_names_entras_code_and_no_secret(tokens: EntraTokens, entra: FakeEntra) -> None:
    entra.trouble = ClientAuthenticationError("AADSTS7000215: Invalid client secret provided: hunter2")
    with capture_logs() as logs, pytest.raises(TokenUnavailableError) as unavailable:
        await tokens.token()
    assert str(unavailable.value) == "ClientAuthenticationError AADSTS7000215"
    assert [entry["reason"] for entry in logs] == ["ClientAuthenticationError AADSTS7000215"]
    assert unavailable.value.__cause__ is None


async def test_an_entra_that_never_answers_is_given_up(tokens: EntraTokens, entra: FakeEntra) -> None:
    entra.gate.clear()
    with pytest.raises(TokenUnavailableError, match="TimeoutError"):
        await tokens.token()
    assert entra.open == 0


async def test_callers_share_one_failure_and_ask_again_after_ten_seconds(
    tokens: EntraTokens, entra: FakeEntra, clock: SetClock
) -> None:
    entra.trouble = ServiceRequestError("down")
    failures = await asyncio.gather(*(tokens.token() for _ in range(50)), return_exceptions=True)
    assert {type(failure) for failure in failures} == {TokenUnavailableError}
    clock.advance(timedelta(seconds=9))
    with pytest.raises(TokenUnavailableError, match="ServiceRequestError"):
        await tokens.token()
    assert entra.fetches == 1
    entra.trouble = None
    clock.advance(timedelta(seconds=1))
    assert await tokens.token() == "token-2"


async def test_the_first_token_is_fetched_once_for_all_and_kept(
    tokens: EntraTokens, entra: FakeEntra, clock: SetClock
) -> None:
    assert set(await asyncio.gather(*(tokens.token() for _ in range(50)))) == {"token-1"}
    clock.advance(HOUR - timedelta(minutes=5, seconds=1))
    assert await tokens.token() == "token-1"
    await settled()
    assert (entra.fetches, entra.open, entra.scopes) == (1, 0, {(SCOPE,)})


async def test_five_minutes_ahead_a_new_one_is_fetched_while_nobody_waits(
    tokens: EntraTokens, entra: FakeEntra, clock: SetClock
) -> None:
    await tokens.token()
    clock.advance(HOUR - timedelta(minutes=5))
    entra.gate.clear()
    assert {await tokens.token() for _ in range(5)} == {"token-1"}
    entra.gate.set()
    await settled()
    assert await tokens.token() == "token-2"
    assert entra.fetches == 2


async def test_a_failed_refresh_keeps_the_old_token_to_its_end(
    tokens: EntraTokens, entra: FakeEntra, clock: SetClock
) -> None:
    await tokens.token()
    entra.trouble = ServiceRequestError("down")
    clock.advance(HOUR - timedelta(minutes=5))
    for fetches in (2, 3):
        for _ in range(5):
            assert await tokens.token() == "token-1"
            await settled()
        assert entra.fetches == fetches
        clock.advance(timedelta(seconds=10))
    clock.advance(timedelta(minutes=4, seconds=39))
    assert await tokens.token() == "token-1"
    await settled()
    clock.advance(timedelta(seconds=1))
    with pytest.raises(TokenUnavailableError):
        await tokens.token()


async def test_a_failure_that_nobody_waited_for_makes_no_noise_in_the_loop(
    tokens: EntraTokens, entra: FakeEntra, clock: SetClock
) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    await tokens.token()
    entra.trouble = ServiceRequestError("down")
    clock.advance(HOUR - timedelta(minutes=5))
    for _ in range(2):
        await tokens.token()
        await settled()
        clock.advance(timedelta(seconds=10))
    gc.collect()
    assert entra.fetches == 3
    assert complaints == []


async def test_a_token_that_is_short_from_the_start_is_not_asked_for_at_every_call(
    tokens: EntraTokens, entra: FakeEntra, clock: SetClock
) -> None:
    entra.lasts = timedelta(minutes=2)
    for _ in range(5):
        assert await tokens.token() == "token-1"
        await settled()
    clock.advance(timedelta(seconds=10))
    await tokens.token()
    await settled()
    assert await tokens.token() == "token-2"
    assert entra.fetches == 2


async def test_renewals_of_one_refused_token_are_one_fetch(tokens: EntraTokens, entra: FakeEntra) -> None:
    stale = await tokens.token()
    assert set(await asyncio.gather(*(tokens.renew(stale) for _ in range(50)))) == {"token-2"}
    assert await tokens.renew(stale) == "token-2"
    assert await tokens.token() == "token-2"
    assert entra.fetches == 2


async def test_a_refused_token_is_not_handed_out_again_when_its_renewal_fails(
    tokens: EntraTokens, entra: FakeEntra, clock: SetClock
) -> None:
    stale = await tokens.token()
    entra.trouble = ServiceRequestError("down")
    for again in (tokens.renew(stale), tokens.token(), tokens.renew(stale)):
        with pytest.raises(TokenUnavailableError):
            await again
    entra.trouble = None
    clock.advance(timedelta(seconds=10))
    assert await tokens.token() == "token-3"


async def test_a_caller_who_goes_away_does_not_stop_the_fetch_for_others(
    tokens: EntraTokens, entra: FakeEntra
) -> None:
    entra.gate.clear()
    impatient, patient = asyncio.create_task(tokens.token()), asyncio.create_task(tokens.token())
    await settled()
    impatient.cancel()
    await asyncio.wait([impatient])
    entra.gate.set()
    assert await patient == "token-1"


async def test_the_bot_can_stop_in_the_middle_of_a_fetch(tokens: EntraTokens, entra: FakeEntra) -> None:
    entra.gate.clear()
    waiting = asyncio.create_task(tokens.token())
    await settled()
    await tokens.close()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert entra.open == 0


def configured(**values: object) -> Settings:
    given = {
        "app_id": APP_ID,
        "tenant_id": TENANT_ID,
        "auth": AuthKind.SECRET,
        "app_secret": "hunter2",
        "local": False,
    }
    return Settings.model_validate(given | values)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"app_id": ""}, "BOT_APP_ID が"),
        ({"tenant_id": ""}, "BOT_TENANT_ID が"),
        ({"auth": None}, "BOT_AUTH が"),
        ({"app_id": "", "tenant_id": "", "auth": None}, "BOT_APP_ID・BOT_TENANT_ID・BOT_AUTH が"),
        ({"app_secret": ""}, "BOT_APP_SECRET が"),
        ({"auth": AuthKind.CERTIFICATE}, "BOT_APP_CERTIFICATE が"),
        ({"auth": AuthKind.CERTIFICATE, "app_certificate": "/nowhere/bot.pem"}, "BOT_APP_CERTIFICATE の"),
        ({"auth": AuthKind.CERTIFICATE, "app_certificate": __file__}, "BOT_APP_CERTIFICATE の"),
        ({"auth": AuthKind.WORKLOAD_IDENTITY}, "AZURE_FEDERATED_TOKEN_FILE が"),
    ],
)
def test_a_missing_setting_stops_the_start(
    values: dict[str, object], named: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    with pytest.raises(OperatorError, match=named) as stopped:
        token_source(configured(**values), clock)
    assert "\n" not in str(stopped.value)


async def test_local_sends_no_token(clock: SetClock) -> None:
    tokens = token_source(configured(local=True), clock)
    assert isinstance(tokens, NoToken)
    assert (await tokens.token(), await tokens.renew("")) == ("", "")
    await tokens.close()


def test_a_plain_secret_is_warned_of(clock: SetClock) -> None:
    with capture_logs() as logs:
        token_source(configured(), clock)
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("warning", "plain_secret_in_use")]


async def test_a_managed_identity_is_asked_for_the_bots_own_identity(
    clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        expires = int((datetime.now(tz=NOW.tzinfo) + HOUR).timestamp())
        return web.json_response(
            {"access_token": "from-platform", "expires_on": expires, "resource": request.query["resource"]}
        )

    app = web.Application()
    app.router.add_get("/token", answer)
    async with TestServer(app, host="127.0.0.1") as platform:
        monkeypatch.setenv("IDENTITY_ENDPOINT", str(platform.make_url("/token")))
        monkeypatch.setenv("IDENTITY_HEADER", "x")
        tokens = token_source(configured(auth=AuthKind.MANAGED_IDENTITY), clock)
        assert await tokens.token() == "from-platform"
        assert await tokens.renew("from-platform") == "from-platform"
    assert [(query["client_id"], query["resource"]) for query in asked] == [
        (APP_ID, "https://api.botframework.com")
    ] * 2


ASK_WITH_EACH_KIND = """
import asyncio, sys
import bot.teams.credentials
from bot.clock import SystemClock
from bot.settings import Settings
assert not any(name.startswith("azure") for name in sys.modules), "azure is imported before it is needed"

async def main():
    for kind in ("secret", "certificate", "workload-identity"):
        tokens = bot.teams.credentials.token_source(Settings(auth=kind), SystemClock())
        print(await tokens.token())

asyncio.run(main())
"""


def certificate_file(folder: Path) -> Path:
    """Write key and certificate of 127.0.0.1: good for the server, and for the bot to show."""
    key, name = private_key("certificate"), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    today = datetime.now(tz=NOW.tzinfo)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - HOUR)
        .not_valid_after(today + HOUR)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "bot.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path


async def test_secret_certificate_and_workload_identity_show_entra_what_they_have(tmp_path: Path) -> None:
    shown: list[tuple[str, dict[str, str]]] = []

    async def answer(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        shown.append((request.path, form))
        return web.json_response({"access_token": f"token-{len(shown)}", "expires_in": 3600})

    pem, federated = certificate_file(tmp_path), tmp_path / "federated"
    federated.write_text("from-kubernetes")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    app = web.Application()
    app.router.add_post("/{tenant}/oauth2/v2.0/token", answer)
    entra = TestServer(app, host="127.0.0.1")
    await entra.start_server(ssl=tls)
    environment = {
        "PYTHONPATH": str(ROOT),
        "AZURE_AUTHORITY_HOST": f"127.0.0.1:{entra.port}",
        "AZURE_FEDERATED_TOKEN_FILE": str(federated),
        "SSL_CERT_FILE": str(pem),
        "BOT_APP_ID": APP_ID,
        "BOT_TENANT_ID": TENANT_ID,
        "BOT_APP_SECRET": "hunter2",
        "BOT_APP_CERTIFICATE": str(pem),
    }
    bot = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ASK_WITH_EACH_KIND,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        async with asyncio.timeout(60):
            printed, _ = await bot.communicate()
    finally:
        if bot.returncode is None:
            bot.kill()
        await entra.close()
    assert printed.decode().split()[-3:] == ["token-1", "token-2", "token-3"]
    for path, form in shown:
        assert path == f"/{TENANT_ID}/oauth2/v2.0/token"
        assert (form["client_id"], form["scope"], form["grant_type"]) == (APP_ID, SCOPE, "client_credentials")
    assert shown[0][1]["client_secret"] == "hunter2"
    assert shown[1][1]["client_assertion"].count(".") == 2
    assert shown[2][1]["client_assertion"] == "from-kubernetes"
