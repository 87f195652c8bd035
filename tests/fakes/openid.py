"""A fake of Microsoft's OpenID metadata and signing keys on loopback, which also signs tokens as Teams does.

Inside a test::

    async with FakeOpenId() as microsoft:
        token = microsoft.sign(claims)        # signed with the published key "first"
        microsoft.publish("second")           # rotation: only "second" is published from now on
        microsoft.outage = True               # 503 from now on
        microsoft.gate.clear()                # no answer at all until gate.set()
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, Self

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

APP_ID = "6f1c2b7e-2f0b-4b51-9c0c-5a3d1e8f7a90"
TENANT_ID = "0b9f6d1c-7a52-4c8e-8d3f-2e1a9c4b5d60"
SERVICE_URL = "https://smba.trafficmanager.net/jp/"
METADATA_PATH = "/v1/.well-known/openidconfiguration"
KEYS_PATH = "/v1/.well-known/keys"


@cache
def private_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the RSA key of this name, made once a test run."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(name: str, *, endorsements: Sequence[str] | None = ("msteams",), bits: int = 2048) -> dict[str, Any]:
    """Return the public half of a key, as Microsoft publishes it."""
    entry = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name, bits).public_key(), as_dict=True)
    entry |= {"kid": name, "use": "sig", "x5t": name}
    return entry if endorsements is None else entry | {"endorsements": list(endorsements)}


class FakeOpenId:
    """The server; `asked` counts the fetches of the key set, which wait while `gate` is not set.

    In an outage the keys come with status 503: whoever reads them all the same does not look at the status.
    """

    def __init__(self) -> None:
        """Publish one key, "first", that is endorsed for Teams."""
        self.keys: list[object] = [jwk("first")]
        self.asked = 0
        self.outage = False
        self.gate = asyncio.Event()
        self.gate.set()
        self._change = asyncio.Condition()
        self.raw_keys: bytes | None = None
        self.raw_metadata: bytes | None = None
        self.redirect_to = ""
        app = web.Application()
        app.router.add_get(METADATA_PATH, self._metadata)
        app.router.add_get(KEYS_PATH, self._key_set)
        self._server = TestServer(app, host="127.0.0.1")

    @property
    def url(self) -> str:
        """Return the address of the metadata."""
        return str(self._server.make_url(METADATA_PATH))

    async def __aenter__(self) -> Self:
        """Start to serve."""
        await self._server.start_server()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to serve, also what waits at the gate."""
        self.gate.set()
        await self._server.close()

    async def until_asked(self, times: int) -> None:
        """Wait until the key set was fetched so many times."""
        async with asyncio.timeout(5), self._change:
            await self._change.wait_for(lambda: self.asked >= times)

    def publish(self, *names: str) -> None:
        """Publish these keys and no others, endorsed for Teams."""
        self.keys = [jwk(name) for name in names]

    def sign(
        self, claims: Mapping[str, object], *, key: str = "first", bits: int = 2048, **header: object
    ) -> str:
        """Return a token signed with RS256 and the key; `header` adds to or replaces header fields."""
        signer = private_key(key, bits)
        # PyJWT's own `encode` for claims refuses the wrong types that a test wants to send.
        payload = json.dumps(dict(claims)).encode()
        return jwt.api_jws.encode(payload, signer, algorithm="RS256", headers={"kid": key} | header)

    def sign_with_public_key(self, claims: Mapping[str, object], key: str = "first") -> str:
        """Return a token whose HS256 secret is the published key: the classic confusion of algorithms."""
        public = private_key(key).public_key()
        secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        signed = f"{_part({'alg': 'HS256', 'kid': key, 'typ': 'JWT'})}.{_part(claims)}"
        return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    async def _metadata(self, request: web.Request) -> web.StreamResponse:
        if self.raw_metadata is not None:
            return web.Response(body=self.raw_metadata)
        return web.json_response(
            {
                "issuer": "https://api.botframework.com",
                "jwks_uri": str(request.url.with_path(KEYS_PATH)),
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _key_set(self, request: web.Request) -> web.StreamResponse:
        del request
        async with self._change:
            self.asked += 1
            self._change.notify_all()
        await self.gate.wait()
        if self.redirect_to:
            raise web.HTTPFound(self.redirect_to)
        if self.raw_keys is not None:
            return web.Response(body=self.raw_keys)
        return web.json_response({"keys": self.keys}, status=503 if self.outage else 200)


def teams_claims(now: datetime, **changes: object) -> dict[str, object]:
    """Return the claims of a token that Teams sends at `now`; a change to None takes a claim away."""
    seconds = int(now.timestamp())
    claims: dict[str, object] = {
        "iss": "https://api.botframework.com",
        "aud": APP_ID,
        "nbf": seconds - 60,
        "exp": seconds + 3600,
        "serviceurl": SERVICE_URL,
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def teams_activity(**changes: object) -> dict[str, object]:
    """Return the fields of a Teams message that authentication looks at; a change to None takes one away."""
    activity: dict[str, object] = {
        "type": "message",
        "channelId": "msteams",
        "serviceUrl": SERVICE_URL,
        "conversation": {"id": "a:1", "tenantId": TENANT_ID},
        "channelData": {"tenant": {"id": TENANT_ID}},
    }
    return {name: value for name, value in (activity | changes).items() if value is not None}


def unsigned(claims: Mapping[str, object], *, signature: str = "", **header: object) -> str:
    """Return a token that nobody signed; `header` adds to, replaces or (None) takes away header fields."""
    fields = {"alg": "RS256", "kid": "first", "typ": "JWT"} | header
    present = {name: value for name, value in fields.items() if value is not None}
    return f"{_part(present)}.{_part(claims)}.{signature}"


def _part(content: Mapping[str, object]) -> str:
    return _base64(json.dumps(dict(content)).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
