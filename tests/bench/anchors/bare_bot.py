"""Anchor: the least an aiohttp bot can do: a message gets a prebuilt card, a button a prebuilt answer."""

from contextlib import AsyncExitStack

import aiohttp
import orjson
from aiohttp import web

from tests.bench.anchors.server import Handler, run_server
from tests.bench.card import ACTIVITY_JSON, INVOKE_ANSWER_JSON

_JSON = {"Content-Type": "application/json; charset=utf-8"}


async def make_handler(stack: AsyncExitStack) -> Handler:
    """Return the handler, with one session for all it sends."""
    http = await stack.enter_async_context(
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=_JSON)
    )

    async def answer(request: web.Request) -> web.StreamResponse:
        activity = orjson.loads(await request.read())
        if activity["type"] == "invoke":
            return web.Response(body=INVOKE_ANSWER_JSON, headers=_JSON)
        url = f"{activity['serviceUrl']}/v3/conversations/{activity['conversation']['id']}/activities"
        async with http.post(url, data=ACTIVITY_JSON) as response:
            await response.read()
            response.raise_for_status()
        return web.Response()

    return answer


if __name__ == "__main__":
    run_server(make_handler)
