"""Anchor: a bare aiohttp POST of the same card as prebuilt bytes, on one session."""

from contextlib import AsyncExitStack

import aiohttp

from tests.bench.activities import person
from tests.bench.card import ACTIVITY_JSON
from tests.bench.sending import Send, run_sender
from tests.fakes.connector import chat_id


async def make_sender(service_url: str, stack: AsyncExitStack) -> Send:
    """Return what posts the card to one chat."""
    http = await stack.enter_async_context(
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
    )

    async def send(index: int) -> None:
        url = f"{service_url}/v3/conversations/{chat_id(person(index))}/activities"
        async with http.post(url, data=ACTIVITY_JSON) as response:
            await response.read()
            response.raise_for_status()

    return send


if __name__ == "__main__":
    run_sender(make_sender)
