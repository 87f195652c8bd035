"""Anchor: a stock botbuilder bot without authentication: a message gets the card, a button the card anew.

The stock adapter answers every invoke that has a body with HTTP 500, because it serialises the body twice;
its CPU time is measured all the same.
"""

import logging
from contextlib import AsyncExitStack

from aiohttp import web
from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botbuilder.schema import Activity, AdaptiveCardInvokeResponse, AdaptiveCardInvokeValue, Attachment

from tests.bench.anchors.server import Handler, run_server
from tests.bench.anchors.stock_continue import NoCredentials
from tests.bench.card import CARD, TITLE


class StockBot(ActivityHandler):  # type: ignore[misc]  # the SDK is untyped
    """Answers as the samples of the SDK do."""

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Reply with the card."""
        attachment = Attachment(content_type="application/vnd.microsoft.card.adaptive", content=CARD)
        await turn_context.send_activity(Activity(type="message", summary=TITLE, attachments=[attachment]))

    async def on_adaptive_card_invoke(
        self,
        turn_context: TurnContext,  # noqa: ARG002
        invoke_value: AdaptiveCardInvokeValue,  # noqa: ARG002
    ) -> AdaptiveCardInvokeResponse:
        """Replace the card."""
        return AdaptiveCardInvokeResponse(
            status_code=200, type="application/vnd.microsoft.card.adaptive", value=CARD
        )


async def make_handler(stack: AsyncExitStack) -> Handler:  # noqa: ARG001
    """Return the adapter's own handler of requests."""
    # They would print a traceback and a warning for each invoke.
    for noisy in ("aiohttp.server", "msrest.serialization"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(NoCredentials()))
    bot = StockBot()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await adapter.process(request, bot)
        return response if isinstance(response, web.StreamResponse) else web.Response(status=201)

    return answer


if __name__ == "__main__":
    run_server(make_handler)
