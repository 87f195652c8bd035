"""Anchor: the stock botbuilder adapter sends by `continue_conversation`, without authentication."""

from contextlib import AsyncExitStack

from botbuilder.core import TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botbuilder.schema import Activity, Attachment, ChannelAccount, ConversationAccount, ConversationReference

from tests.bench.activities import BOT, TENANT, person
from tests.bench.card import CARD, TITLE
from tests.bench.sending import Send, run_sender
from tests.fakes.connector import chat_id


class NoCredentials:
    """An empty app id turns authentication off."""

    APP_ID = ""
    APP_PASSWORD = ""


async def make_sender(service_url: str, stack: AsyncExitStack) -> Send:  # noqa: ARG001
    """Return what sends the card to one chat, as the samples of the SDK do it."""
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(NoCredentials()))

    async def send(index: int) -> None:
        member = person(index)
        reference = ConversationReference(
            bot=ChannelAccount(id=BOT),
            user=ChannelAccount(id=member),
            conversation=ConversationAccount(id=chat_id(member), tenant_id=TENANT),
            channel_id="msteams",
            service_url=service_url,
        )
        attachment = Attachment(content_type="application/vnd.microsoft.card.adaptive", content=CARD)

        async def post(turn: TurnContext) -> None:
            await turn.send_activity(Activity(type="message", summary=TITLE, attachments=[attachment]))

        await adapter.continue_conversation(reference, post, "")

    return send


if __name__ == "__main__":
    run_sender(make_sender)
