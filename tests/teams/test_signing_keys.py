"""Microsoft's signing keys are renewed without holding up a turn, and an outage there is no outage here."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.teams.authentication import ChannelAuthenticator, Rejected
from tests.fakes.clock import SetClock
from tests.fakes.openid import APP_ID, TENANT_ID, FakeOpenId, jwk, teams_activity, teams_claims

MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)


@pytest.fixture
async def microsoft() -> AsyncIterator[FakeOpenId]:
    async with FakeOpenId() as server:
        yield server


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def authenticator(
    microsoft: FakeOpenId, session: aiohttp.ClientSession, clock: SetClock
) -> AsyncIterator[ChannelAuthenticator]:
    authenticator = ChannelAuthenticator(
        app_id=APP_ID,
        tenant_id=TENANT_ID,
        openid_url=microsoft.url,
        session=session,
        clock=clock,
        fetch_seconds=0.3,
    )
    yield authenticator
    await authenticator.close()


class Caller:
    """Comes with tokens that are signed with the key of a name."""

    def __init__(self, microsoft: FakeOpenId, authenticator: ChannelAuthenticator, clock: SetClock) -> None:
        self.microsoft = microsoft
        self.authenticator = authenticator
        self.clock = clock

    async def comes_with(self, key: str) -> str:
        """Return "in", or why not."""
        token = self.microsoft.sign(teams_claims(self.clock.now()), key=key)
        try:
            await self.authenticator.authenticate(f"Bearer {token}", teams_activity())
        except Rejected as rejected:
            return rejected.reason
        return "in"


@pytest.fixture
def caller(microsoft: FakeOpenId, authenticator: ChannelAuthenticator, clock: SetClock) -> Caller:
    return Caller(microsoft, authenticator, clock)


async def test_an_outage_at_the_start_is_logged_and_gets_better(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, caller: Caller, clock: SetClock
) -> None:
    microsoft.outage = True
    with capture_logs() as logs:
        await authenticator.warm()
    assert [entry["event"] for entry in logs] == ["signing_keys_not_loaded"]
    microsoft.outage = False
    assert await caller.comes_with("first") == "unknown_key"
    clock.advance(MINUTE)
    assert await caller.comes_with("first") == "in"
    assert microsoft.asked == 2


async def test_a_dead_address_at_the_start_is_logged(
    session: aiohttp.ClientSession, clock: SetClock, unused_tcp_port: int
) -> None:
    authenticator = ChannelAuthenticator(
        app_id=APP_ID,
        tenant_id=TENANT_ID,
        openid_url=f"http://127.0.0.1:{unused_tcp_port}/openid",
        session=session,
        clock=clock,
    )
    with capture_logs() as logs:
        await authenticator.warm()
        await session.close()
        await authenticator.warm()
    assert [entry["event"] for entry in logs] == ["signing_keys_not_loaded"] * 2


async def test_warm_keys_serve_the_first_turn_without_asking_again(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, caller: Caller
) -> None:
    await authenticator.warm()
    microsoft.outage = True
    assert await caller.comes_with("first") == "in"
    assert microsoft.asked == 1


async def test_a_new_key_is_asked_for_once_and_then_known(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, caller: Caller, clock: SetClock
) -> None:
    await authenticator.warm()
    clock.advance(MINUTE)
    microsoft.publish("first", "second")
    assert set(await asyncio.gather(*(caller.comes_with("second") for _ in range(20)))) == {"in"}
    assert microsoft.asked == 2


async def test_unknown_keys_cannot_make_us_flood_microsoft(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, caller: Caller, clock: SetClock
) -> None:
    await authenticator.warm()
    clock.advance(MINUTE)
    assert set(await asyncio.gather(*(caller.comes_with("stranger") for _ in range(20)))) == {"unknown_key"}
    clock.advance(timedelta(seconds=59))
    assert await caller.comes_with("stranger") == "unknown_key"
    assert microsoft.asked == 2
    clock.advance(timedelta(seconds=1))
    assert await caller.comes_with("stranger") == "unknown_key"
    assert microsoft.asked == 3


async def test_keys_of_a_day_are_renewed_behind_a_turn_that_does_not_wait(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, caller: Caller, clock: SetClock
) -> None:
    await authenticator.warm()
    microsoft.publish("first", "second")
    clock.advance(DAY - timedelta(seconds=1))
    assert await caller.comes_with("first") == "in"
    await asyncio.sleep(0.05)
    assert microsoft.asked == 1
    clock.advance(timedelta(seconds=1))
    microsoft.gate.clear()
    for _ in range(5):
        assert await caller.comes_with("first") == "in"
    await microsoft.until_asked(2)
    microsoft.gate.set()
    assert await caller.comes_with("second") == "in"
    assert microsoft.asked == 2


async def test_old_keys_are_used_while_microsoft_is_down_and_asked_for_once_a_minute(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, caller: Caller, clock: SetClock
) -> None:
    await authenticator.warm()
    clock.advance(3 * DAY)
    microsoft.outage = True
    for asked in (2, 3):
        async with asyncio.timeout(5):
            while microsoft.asked < asked:
                assert await caller.comes_with("first") == "in"
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        for _ in range(5):
            assert await caller.comes_with("first") == "in"
        await asyncio.sleep(0.05)
        assert microsoft.asked == asked
        clock.advance(MINUTE)


async def test_a_server_that_never_answers_is_given_up(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, caller: Caller, clock: SetClock
) -> None:
    await authenticator.warm()
    clock.advance(MINUTE)
    microsoft.gate.clear()
    async with asyncio.timeout(5):
        assert await caller.comes_with("second") == "unknown_key"
    assert await caller.comes_with("first") == "in"


async def test_a_key_that_was_withdrawn_opens_no_door_also_to_a_remembered_token(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId, caller: Caller, clock: SetClock
) -> None:
    token = microsoft.sign(teams_claims(clock.now()))
    await authenticator.authenticate(f"Bearer {token}", teams_activity())
    clock.advance(MINUTE)
    microsoft.publish("second")
    assert await caller.comes_with("second") == "in"
    with pytest.raises(Rejected, match="unknown_key"):
        await authenticator.authenticate(f"Bearer {token}", teams_activity())


async def test_a_caller_who_goes_away_does_not_stop_the_refresh_for_others(
    microsoft: FakeOpenId, caller: Caller
) -> None:
    microsoft.gate.clear()
    impatient = asyncio.create_task(caller.comes_with("first"))
    await microsoft.until_asked(1)
    patient = asyncio.create_task(caller.comes_with("first"))
    impatient.cancel()
    await asyncio.wait([impatient])
    microsoft.gate.set()
    assert await patient == "in"
    assert microsoft.asked == 1


async def test_the_bot_can_stop_in_the_middle_of_a_refresh(
    authenticator: ChannelAuthenticator, microsoft: FakeOpenId
) -> None:
    microsoft.gate.clear()
    warming = asyncio.create_task(authenticator.warm())
    await microsoft.until_asked(1)
    async with asyncio.timeout(0.2):
        await authenticator.close()
        await asyncio.wait([warming])
    assert warming.cancelled()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>maintenance</html>",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b'{"keys": null}',
        b'{"keys": []}',
        b'{"keys": [1]}',
        b'{"keys": [{"kty": "RSA", "kid": "first", "n": "!", "e": "AQAB", "endorsements": ["msteams"]}]}',
        b'{"keys": [{"kty": "RSA", "kid": "first", "n": "AQAB", "e": "AQAB", "endorsements": ["msteams"]}]}',
        b'{"keys": [{"kty": "oct", "kid": "first", "k": "c2VjcmV0", "endorsements": ["msteams"]}]}',
    ],
)
async def test_a_broken_key_set_leaves_the_old_keys(
    microsoft: FakeOpenId, caller: Caller, clock: SetClock, content: bytes
) -> None:
    microsoft.raw_keys = content
    assert await caller.comes_with("first") == "unknown_key"
    clock.advance(MINUTE)
    microsoft.raw_keys = None
    assert await caller.comes_with("first") == "in"
    clock.advance(MINUTE)
    microsoft.raw_keys = content
    assert await caller.comes_with("second") == "unknown_key"
    assert await caller.comes_with("first") == "in"
    assert microsoft.asked == 3


async def test_a_key_that_cannot_be_used_does_not_cost_us_the_others(
    microsoft: FakeOpenId, caller: Caller
) -> None:
    microsoft.keys = [
        {"kty": "EC", "kid": "curve", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "broken", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": 5, "n": "AQAB", "e": "AQAB"},
        jwk("first"),
    ]
    assert await caller.comes_with("first") == "in"


@pytest.mark.parametrize(
    "metadata", [b"", b"[]", b'{"jwks_uri": 5}', b'{"jwks_uri": "keys"}', b"[" * 100_000]
)
async def test_broken_metadata_is_no_500(microsoft: FakeOpenId, caller: Caller, metadata: bytes) -> None:
    microsoft.raw_metadata = metadata
    assert await caller.comes_with("first") == "unknown_key"


async def test_neither_metadata_nor_a_redirect_sends_us_to_another_server(
    microsoft: FakeOpenId, caller: Caller, clock: SetClock
) -> None:
    async with FakeOpenId() as evil:
        elsewhere = evil.url.replace("openidconfiguration", "keys")
        microsoft.raw_metadata = json.dumps({"jwks_uri": elsewhere}).encode()
        assert await caller.comes_with("first") == "unknown_key"
        clock.advance(MINUTE)
        microsoft.raw_metadata, microsoft.redirect_to = None, elsewhere
        assert await caller.comes_with("first") == "unknown_key"
        assert (microsoft.asked, evil.asked) == (1, 0)
