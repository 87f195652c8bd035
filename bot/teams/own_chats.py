"""Answers that go into a person's own chat, though they were asked for where others read along."""

from functools import partial

from bot.chat.request import Request
from bot.delivery.messenger import Address, ChatGone, Delivered, Messenger, Opened, Outcome, Refused
from bot.teams.insisting import insist
from bot.teams.outbound import Answer, answer_activity, wire_body
from storage.chats.records import Chat
from storage.chats.store import Chats

_SENT = "ご本人にだけ関わる内容のため、個人チャットにお送りしました。"
_REFUSED = "個人チャットにお送りできませんでした。先に、このアプリを個人用に追加してください。"
_IN_DOUBT = (
    "個人チャットにお送りできなかったかもしれません。届いていないときは、少し待って、もう一度お試しください。"
)


class OwnChats:
    """Sends into people's own chats; opens a chat that is not known, or that has gone."""

    def __init__(self, *, chats: Chats, messenger: Messenger) -> None:
        """Keep what this may touch."""
        self._chats = chats
        self._messenger = messenger

    async def send(self, request: Request, answer: Answer) -> str:
        """Send an answer to whoever asked; return the sentence for the place where they asked."""
        body = wire_body(answer_activity(answer))
        chat = await self._chats.get(request.actor.id)
        outcome = await self._post(chat, body) if chat else ChatGone()
        if isinstance(outcome, ChatGone):
            opened = await self._open(request)
            outcome = await self._post(opened, body) if isinstance(opened, Chat) else opened
        match outcome:
            case Delivered():
                return _SENT
            case Refused() | ChatGone():
                return _REFUSED
            case _:
                return _IN_DOUBT

    async def _post(self, chat: Chat, body: bytes) -> Outcome:
        address = Address(conversation=chat.conversation, service_url=chat.service_url)
        return await insist(partial(self._messenger.send, address, body))

    async def _open(self, request: Request) -> Chat | Outcome:
        person, service_url = request.actor.id, request.conversation.service_url
        opened = await insist(partial(self._messenger.open_chat, person, service_url))
        if not isinstance(opened, Opened):
            return opened
        chat = Chat(person=person, conversation=opened.conversation, service_url=service_url)
        await self._chats.remember(chat, request.now)
        return chat
