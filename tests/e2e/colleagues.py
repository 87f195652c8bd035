"""The bot's service URL in the demo: who has a screen is reached in the Playground, everybody else here.

The Playground knows six people and no more. For all the others the fake connector plays Teams and takes what
the bot sends; a few of them answer with Teams' faults, so that the live card shows what it will show in use.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.fakes.connector import Chats, FakeConnector, Plan, Rule
from tests.fakes.connector.calls import Call, member_to_open, route

PREFIX = "/_connector"
"""What stands before /v3 in the Playground's service URL, and therefore in this one too."""

BLOCKED = (31, 97, 168)
NOT_INSTALLED = (58, 142)
NOT_FOUND = (203,)
THROTTLED_ONCE = (120,)

_PASSED_ON = ("Content-Type", "Retry-After")


def person(number: int) -> str:
    """Return the object id of a person of the sample organisation."""
    return f"00000000-0000-4000-8000-{number:012d}"


def faults() -> Plan:
    """Return how the colleagues answer who are not simply there."""
    always = {
        "403:ConversationBlockedByUser": BLOCKED,
        "403:BotNotInConversationRoster": NOT_INSTALLED,
        "404": NOT_FOUND,
    }
    rules = [Rule(member=person(number), then=step) for step, numbers in always.items() for number in numbers]
    rules += [Rule(member=person(number), steps=("429:2",)) for number in THROTTLED_ONCE]
    return Plan(rules=tuple(rules), prefix=PREFIX)


@asynccontextmanager
async def colleagues(
    port: int, *, playground: str = "", on_screen: Collection[str] = ()
) -> AsyncIterator[str]:
    """Listen on loopback while the block runs; gives the service URL for the bot.

    Args:
        port: where to listen.
        playground: the address of the Playground, such as http://127.0.0.1:56150.
        on_screen: object ids of those who are reached there.
    """
    async with FakeConnector(faults()) as teams, aiohttp.ClientSession() as session:

        async def relay(request: web.Request) -> web.Response:
            body = await request.read()
            call = route(request.method, request.rel_url.raw_path, PREFIX)
            shown = call is not None and _is_on_screen(call, body, on_screen)
            base = playground if shown else teams.url.removesuffix(PREFIX)
            return await _pass_on(session, request, base + request.rel_url.raw_path_qs, body)

        application = web.Application()
        application.router.add_route("*", PREFIX + "/{path:.*}", relay)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield f"http://127.0.0.1:{port}{PREFIX}"
        finally:
            await runner.cleanup()


def _is_on_screen(call: Call, body: bytes, on_screen: Collection[str]) -> bool:
    """Say whether a call is the Playground's: the fake's own names tell whose chat a conversation is."""
    if call.kind == "create":
        return member_to_open(body) in on_screen
    return Chats.member_of(call.conversation) is None


async def _pass_on(
    session: aiohttp.ClientSession, request: web.Request, url: str, body: bytes
) -> web.Response:
    headers = {"Content-Type": request.headers.get("Content-Type", "application/json")}
    try:
        async with session.request(request.method, url, data=body, headers=headers) as answer:
            kept = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)
    except aiohttp.ClientError:
        return web.Response(status=502)
