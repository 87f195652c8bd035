"""Who cannot prove to be the Teams channel, for this bot and this activity, gets 401; another tenant 403."""

import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import aiohttp
import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import OperatorError
from bot.teams import authentication
from bot.teams.authentication import ChannelAuthenticator, Forbidden, NoAuthentication, Rejected, tenant_of
from tests.fakes.clock import NOW, SetClock
from tests.fakes.openid import (
    APP_ID,
    SERVICE_URL,
    TENANT_ID,
    FakeOpenId,
    jwk,
    teams_activity,
    teams_claims,
    unsigned,
)

SECONDS = int(NOW.timestamp())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
async def microsoft() -> AsyncIterator[FakeOpenId]:
    async with FakeOpenId() as server:
        yield server


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def authenticator(microsoft: FakeOpenId, clock: SetClock) -> AsyncIterator[ChannelAuthenticator]:
    async with aiohttp.ClientSession() as session:
        authenticator = ChannelAuthenticator(
            app_id=APP_ID, tenant_id=TENANT_ID, openid_url=microsoft.url, session=session, clock=clock
        )
        yield authenticator
        await authenticator.close()


def signed(microsoft: FakeOpenId, **changes: object) -> str:
    return "Bearer " + microsoft.sign(teams_claims(NOW, **changes))


async def reason(
    authenticator: ChannelAuthenticator,
    authorization: str | None,
    activity: Mapping[str, object] | None = None,
) -> str:
    """Return why a request is rejected with 401."""
    with pytest.raises(Rejected) as rejected:
        await authenticator.authenticate(authorization, teams_activity() if activity is None else activity)
    return rejected.value.reason


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, "no_token"),
        ("", "no_token"),
        (" ", "no_token"),
        ("Bearer", "malformed"),
        ("Bearer ", "malformed"),
        ("Basic dXNlcjpwYXNz", "not_bearer"),
        ("Bearer garbage", "malformed"),
        ("Bearer a.b.c", "malformed"),
        ("Bearer ..", "malformed"),
        ("Bearer e30.e30.e30", "algorithm"),
        ("Bearer \udcff\udcfe.a.b", "malformed"),
        ("Bearer ｅ３０.e30.e30", "malformed"),
        ("Bearer " + "A" * 100_000, "malformed"),
        ("Bearer " + base64.urlsafe_b64encode(b"[" * 60_000).decode().rstrip("=") + ".e30.e30", "malformed"),
    ],
)
async def test_no_token_at_all_is_rejected(
    authenticator: ChannelAuthenticator, authorization: str | None, expected: str
) -> None:
    assert await reason(authenticator, authorization) == expected


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256", "RS512", "PS256", "ES256"])
async def test_another_algorithm_is_rejected(authenticator: ChannelAuthenticator, alg: str) -> None:
    token = unsigned(teams_claims(NOW), alg=alg, signature="AAAA")
    assert await reason(authenticator, f"Bearer {token}") == "algorithm"


async def test_a_token_without_any_signature_is_rejected(authenticator: ChannelAuthenticator) -> None:
    token = unsigned(teams_claims(NOW), alg="none")
    assert await reason(authenticator, f"Bearer {token}") == "malformed"
    token = unsigned(teams_claims(NOW), alg="RS256", signature="AAAA")
    assert await reason(authenticator, f"Bearer {token}") == "signature"


async def test_the_published_key_does_not_serve_as_a_secret(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId
) -> None:
    token = microsoft.sign_with_public_key(teams_claims(NOW))
    assert await reason(authenticator, f"Bearer {token}") == "algorithm"


async def test_a_strangers_signature_is_rejected(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId
) -> None:
    claims = teams_claims(NOW)
    stolen_id = microsoft.sign(claims, key="stranger", kid="first")
    own_key_enclosed = microsoft.sign(claims, key="stranger", kid="first", jwk=jwk("stranger"))
    assert await reason(authenticator, f"Bearer {stolen_id}") == "signature"
    assert await reason(authenticator, f"Bearer {own_key_enclosed}") == "signature"
    assert await reason(authenticator, f"Bearer {microsoft.sign(claims, key='stranger')}") == "unknown_key"


async def test_a_token_that_was_changed_is_rejected_also_when_the_right_one_is_remembered(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId
) -> None:
    token = microsoft.sign(teams_claims(NOW))
    await authenticator.authenticate(f"Bearer {token}", teams_activity())
    header, _, signature = token.split(".")
    other = teams_claims(NOW, exp=SECONDS + 999_999)
    payload = base64.urlsafe_b64encode(json.dumps(other).encode()).decode().rstrip("=")
    assert await reason(authenticator, f"Bearer {header}.{payload}.{signature}") == "signature"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"kid": None}, "no_key_id"),
        ({"kid": 5}, "malformed"),
        ({"kid": "unheard-of"}, "unknown_key"),
        ({"kid": ""}, "unknown_key"),
    ],
)
async def test_a_key_id_that_is_not_published_is_rejected(
    authenticator: ChannelAuthenticator, header: dict[str, object], expected: str
) -> None:
    token = unsigned(teams_claims(NOW), alg="RS256", signature="AAAA", **header)
    assert await reason(authenticator, f"Bearer {token}") == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"iss": "https://api.botframework.com/"}, "issuer"),
        ({"iss": "https://api.botframework.us"}, "issuer"),
        ({"iss": "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"}, "issuer"),
        ({"iss": ["https://api.botframework.com"]}, "issuer"),
        ({"iss": None}, "claims"),
        ({"aud": "another-bot"}, "audience"),
        ({"aud": APP_ID.upper()}, "audience"),
        ({"aud": [APP_ID, "another-bot"]}, "audience"),
        ({"aud": ""}, "claims"),
        ({"aud": None}, "claims"),
        ({"exp": None}, "claims"),
        ({"exp": "tomorrow"}, "claims"),
        ({"exp": str(SECONDS + 600)}, "claims"),
        ({"exp": True}, "claims"),
        ({"exp": {}}, "claims"),
        ({"exp": float("nan")}, "expired"),
        ({"exp": 0}, "expired"),
        ({"exp": SECONDS - 300}, "expired"),
        ({"nbf": SECONDS + 301}, "not_yet_valid"),
        ({"nbf": "now"}, "claims"),
        ({"nbf": float("nan")}, "not_yet_valid"),
        ({"serviceurl": None}, "claims"),
        ({"serviceurl": 1}, "claims"),
        ({"serviceurl": ""}, "service_url"),
        ({"serviceurl": "https://smba.trafficmanager.net/emea/"}, "service_url"),
        ({"serviceurl": "https://evil.example/"}, "service_url"),
    ],
)
async def test_claims_that_are_not_for_us_or_not_for_now_are_rejected(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, changes: dict[str, object], expected: str
) -> None:
    assert await reason(authenticator, signed(microsoft, **changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"channelId": None}, "endorsement"),
        ({"channelId": ""}, "endorsement"),
        ({"channelId": "webchat"}, "endorsement"),
        ({"channelId": "MSTeams"}, "endorsement"),
        ({"channelId": ["msteams"]}, "endorsement"),
        ({"serviceUrl": None}, "service_url"),
        ({"serviceUrl": ""}, "service_url"),
        ({"serviceUrl": [SERVICE_URL]}, "service_url"),
        ({"serviceUrl": "https://evil.example/"}, "service_url"),
        ({"serviceUrl": "https://smba.trafficmanager.net@evil.example/jp/"}, "service_url"),
        ({"serviceUrl": "https://smba.trafficmanager.net/JP/"}, "service_url"),
    ],
)
async def test_a_good_token_does_not_carry_another_activity_also_when_remembered(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, changes: dict[str, object], expected: str
) -> None:
    authorization, activity = signed(microsoft), teams_activity(**changes)
    assert await reason(authenticator, authorization, activity) == expected
    await authenticator.authenticate(authorization, teams_activity())
    assert await reason(authenticator, authorization, activity) == expected


@pytest.mark.parametrize("endorsements", [None, (), ("webchat", "skype")])
async def test_a_key_that_is_not_endorsed_for_teams_is_rejected(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, endorsements: tuple[str, ...] | None
) -> None:
    microsoft.keys = [jwk("first", endorsements=endorsements)]
    assert await reason(authenticator, signed(microsoft)) == "endorsement"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_short_key_is_rejected(authenticator: ChannelAuthenticator, microsoft: FakeOpenId) -> None:
    microsoft.keys = [jwk("short", bits=1024)]
    token = microsoft.sign(teams_claims(NOW), key="short", bits=1024)
    assert await reason(authenticator, f"Bearer {token}") == "malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"channelData": {"tenant": {"id": "11111111-2222-4333-8444-555555555555"}}},
        {"channelData": None, "conversation": {"tenantId": "11111111-2222-4333-8444-555555555555"}},
        {"channelData": None, "conversation": None},
        {"channelData": {"tenant": {"id": 5}}},
        {"channelData": {"tenant": {"id": [TENANT_ID]}}},
        {"channelData": "x", "conversation": ["y"]},
        {"channelData": {"tenant": {"id": ""}}},
    ],
)
async def test_another_tenant_is_forbidden(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, changes: dict[str, object]
) -> None:
    with pytest.raises(Forbidden, match="tenant"):
        await authenticator.authenticate(signed(microsoft), teams_activity(**changes))


async def test_another_channel_is_forbidden_though_its_key_is_endorsed(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId
) -> None:
    microsoft.keys = [jwk("first", endorsements=("msteams", "webchat"))]
    with pytest.raises(Forbidden, match="channel"):
        await authenticator.authenticate(signed(microsoft), teams_activity(channelId="webchat"))


@pytest.mark.parametrize(
    "activity",
    [
        teams_activity(),
        teams_activity(serviceUrl="https://SMBA.trafficmanager.net/jp"),
        teams_activity(channelData=None),
        teams_activity(channelData={"tenant": {}}, conversation={"tenantId": TENANT_ID.upper()}),
    ],
)
async def test_a_teams_activity_is_let_in(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, activity: dict[str, object]
) -> None:
    await authenticator.authenticate(signed(microsoft), activity)
    await authenticator.authenticate(signed(microsoft).replace("Bearer", "bearer"), activity)


async def test_clocks_may_differ_by_five_minutes_by_the_given_clock(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, clock: SetClock
) -> None:
    authorization = signed(microsoft, nbf=SECONDS + 300, exp=SECONDS + 600)
    await authenticator.authenticate(authorization, teams_activity())
    clock.advance(timedelta(seconds=899))
    await authenticator.authenticate(authorization, teams_activity())
    clock.advance(timedelta(seconds=1))
    assert await reason(authenticator, authorization) == "expired"


async def test_a_token_is_verified_once_and_only_so_many_are_remembered(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []
    decode = jwt.decode

    def counting(token: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        decoded.append(token)
        return decode(token, *args, **kwargs)

    monkeypatch.setattr(authentication, "REMEMBERED_TOKENS", 2)
    monkeypatch.setattr(jwt, "decode", counting)
    oldest, middle, newest = (signed(microsoft, jti=name) for name in ("1", "2", "3"))
    for authorization in (oldest, oldest, middle, oldest, newest, middle, newest):
        await authenticator.authenticate(authorization, teams_activity())
    assert len(decoded) == 3
    await authenticator.authenticate(oldest, teams_activity())
    assert decoded[-1] in oldest
    assert len(decoded) == 4


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    authorization=st.none()
    | st.text()
    | st.text().map(lambda text: f"Bearer {text}")
    | st.binary().map(lambda octets: "Bearer " + octets.decode("utf-8", "surrogateescape"))
    | st.tuples(JSON, JSON).map(
        lambda parts: "Bearer " + ".".join(_encoded(part) for part in parts) + ".AAAA",
    ),
    activity=st.dictionaries(st.sampled_from(["channelId", "serviceUrl", "channelData"]) | st.text(), JSON),
)
async def test_whatever_comes_in_is_rejected(
    authenticator: ChannelAuthenticator, authorization: str | None, activity: dict[str, object]
) -> None:
    assert re.fullmatch(r"[a-z_]+", await reason(authenticator, authorization, activity))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "nbf", "serviceurl", "iat", "sub", "jti"]), JSON
    ),
    changes=st.dictionaries(st.sampled_from(sorted(teams_activity())), JSON, min_size=1),
)
async def test_whatever_is_signed_raises_nothing_else(
    authenticator: ChannelAuthenticator,
    microsoft: FakeOpenId,
    claims: dict[str, object],
    changes: dict[str, object],
) -> None:
    token = microsoft.sign(teams_claims(NOW) | claims)
    with contextlib.suppress(Rejected, Forbidden):
        await authenticator.authenticate(f"Bearer {token}", teams_activity(**changes))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "login.botframework.com",
        "http://login.botframework.com/v1/.well-known/openidconfiguration",
        "https://login.botframework.com:8443/v1/.well-known/openidconfiguration",
        "https://login.botframework.com.evil.example/v1/.well-known/openidconfiguration",
        "https://login.botframework.com@evil.example/v1/.well-known/openidconfiguration",
        "https://login.microsoftonline.com/common/.well-known/openid-configuration",
        "http://192.168.0.1/.well-known/openidconfiguration",
        "file:///etc/passwd",
    ],
)
async def test_keys_from_elsewhere_stop_the_start(url: str, clock: SetClock) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(OperatorError, match="BOT_OPENID_URL"):
            ChannelAuthenticator(
                app_id=APP_ID, tenant_id=TENANT_ID, openid_url=url, session=session, clock=clock
            )


@pytest.mark.parametrize(("app_id", "tenant_id"), [("", TENANT_ID), (APP_ID, ""), ("", "")])
async def test_no_app_or_no_tenant_stops_the_start(app_id: str, tenant_id: str, clock: SetClock) -> None:
    url = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(OperatorError, match="BOT_APP_ID"):
            ChannelAuthenticator(
                app_id=app_id, tenant_id=tenant_id, openid_url=url, session=session, clock=clock
            )


@pytest.mark.parametrize(
    "service_url",
    [None, "", 5, SERVICE_URL, "http://localhost@evil.example/", "http://127.0.0.1.evil.example/"],
)
async def test_without_authentication_nothing_leaves_this_machine(service_url: object) -> None:
    with pytest.raises(Forbidden, match="service_url"):
        await NoAuthentication().authenticate(None, teams_activity(serviceUrl=service_url))


@pytest.mark.parametrize(
    "service_url", ["http://localhost:56150/_connector", "http://127.0.0.1:9000", "http://[::1]:9000/"]
)
async def test_without_authentication_the_playground_is_let_in(service_url: str) -> None:
    await NoAuthentication().authenticate(None, {"serviceUrl": service_url})


def test_the_channels_word_on_the_tenant_comes_first() -> None:
    assert tenant_of({"channelData": {"tenant": {"id": "a"}}, "conversation": {"tenantId": "b"}}) == "a"
    assert tenant_of({"channelData": {"team": {}}, "conversation": {"tenantId": "b"}}) == "b"
    assert tenant_of({}) is None


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
