"""The stock SDK's defects on which our own adapter rests.

Each test shows one on the stock adapter. One that fails here is good news: the SDK has been mended, and what
we do in its place may go.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botbuilder.schema import (
    Activity,
    AdaptiveCardInvokeResponse,
    AdaptiveCardInvokeValue,
    ConversationReference,
)
from botframework.connector.models import ErrorResponseException

from tests.fakes.connector import FakeConnector, Plan, Rule
from tests.features import activities
from tests.features.activities import BOT, CHANNEL, own_chat, person

STAFF = person(5)


class Credentials:
    """With an app id tokens are checked, without one nobody is asked."""

    APP_PASSWORD = ""

    def __init__(self, app_id: str = "") -> None:
        self.APP_ID = app_id


class StockBot(ActivityHandler):  # type: ignore[misc]
    """Answers as the SDK's samples do, and notes what sending raised."""

    def __init__(self) -> None:
        self.raised: list[BaseException] = []

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Answer with a text."""
        try:
            await turn_context.send_activity("11月はテレワーク月間です")
        except ErrorResponseException as error:
            self.raised.append(error)

    async def on_adaptive_card_invoke(
        self,
        turn_context: TurnContext,  # noqa: ARG002
        invoke_value: AdaptiveCardInvokeValue,  # noqa: ARG002
    ) -> AdaptiveCardInvokeResponse:
        """Answer with a sentence."""
        return AdaptiveCardInvokeResponse(
            status_code=200, type="application/vnd.microsoft.activity.message", value={"text": "はい"}
        )


Post = Callable[..., Any]


@asynccontextmanager
async def stock(bot: StockBot, app_id: str = "") -> AsyncIterator[Post]:
    """Serve a stock bot; gives what posts an activity and returns the HTTP status."""
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(Credentials(app_id)))

    async def messages(request: web.Request) -> web.StreamResponse:
        response = await adapter.process(request, bot)
        return response if isinstance(response, web.StreamResponse) else web.Response(status=201)

    app = web.Application()
    app.router.add_post("/api/messages", messages)
    async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession() as http:

        async def post(activity: dict[str, Any], **headers: str) -> int:
            async with http.post(
                server.make_url("/api/messages"), json=activity, headers=headers
            ) as response:
                return response.status

        yield post


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    for noisy in ("aiohttp.server", "msrest.serialization"):
        caplog.set_level(logging.CRITICAL, logger=noisy)


async def test_every_invoke_answer_with_a_body_becomes_500() -> None:
    async with FakeConnector() as teams, stock(StockBot()) as post:
        pressed = activities.execute(STAFF, "x", {}, place=own_chat(STAFF), service_url=teams.url, card="1")
        assert await post(pressed) == 500


async def test_a_garbage_token_becomes_500() -> None:
    async with FakeConnector() as teams, stock(StockBot(), app_id="an-app-id") as post:
        activity = activities.message(STAFF, "x", own_chat(STAFF), teams.url)
        assert await post(activity, Authorization="Bearer garbage") == 500


async def test_without_an_app_id_everybody_is_let_in_from_any_tenant_for_any_service_url() -> None:
    bot = StockBot()
    async with FakeConnector(Plan(prefix="/stranger")) as stranger, stock(bot) as post:
        activity = activities.message(STAFF, "x", own_chat(STAFF), stranger.url)
        activity["channelData"] = {"tenant": {"id": "somebody-else"}}
        assert await post(activity) == 201
        assert stranger.count == 1


async def test_a_throttled_answer_is_not_sent_again() -> None:
    bot = StockBot()
    async with FakeConnector(Plan(rules=(Rule(steps=("429:0.1",)),))) as teams, stock(bot) as post:
        await post(activities.message(STAFF, "x", own_chat(STAFF), teams.url))
        assert teams.records.answers() == {"429": 1}
        assert len(bot.raised) == 1


async def test_json_leaves_with_escapes() -> None:
    async with FakeConnector(Plan(keep_bodies=True)) as teams, stock(StockBot()) as post:
        await post(activities.message(STAFF, "x", own_chat(STAFF), teams.url))
        (message,) = teams.taken
        assert message.body is not None
        assert b"\\u" in message.body


async def test_an_answer_that_fails_looks_like_success_when_it_was_not_asked_for() -> None:
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(Credentials()))

    async def on_error(context: TurnContext, error: Exception) -> None:
        del context, error

    adapter.on_turn_error = on_error
    async with FakeConnector(Plan(rules=(Rule(then="403"),))) as teams:
        incoming = Activity().deserialize(activities.message(STAFF, "x", own_chat(STAFF), teams.url))
        reference: ConversationReference = TurnContext.get_conversation_reference(incoming)

        async def send(context: TurnContext) -> None:
            await context.send_activity("x")

        await adapter.continue_conversation(reference, send, "")
        assert teams.records.answers() == {"403": 1}


def test_removing_a_mention_fails_on_what_teams_may_leave_out() -> None:
    activity = Activity().deserialize(activities.message(STAFF, "メニュー", CHANNEL, "http://x"))
    activity.recipient = None
    with pytest.raises(AttributeError):
        TurnContext.remove_recipient_mention(activity)
    odd = Activity().deserialize(activities.message(STAFF, "メニュー", CHANNEL, "http://x"))
    odd.entities[0].additional_properties = {}
    with pytest.raises(KeyError):
        TurnContext.remove_mention_text(odd, BOT)
