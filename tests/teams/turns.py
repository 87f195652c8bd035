"""The adapter, the bot and the web side over HTTP, with a test's own features, tokens and authentication."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
from aiohttp.test_utils import TestServer

from bot.chat.request import ReplaceCard, Reply, Request, ShowCard, Text, Toast
from bot.chat.roles import EVERYONE
from bot.chat.router import Router, card_action, command
from bot.directory.file import FileDirectory, directory_files
from bot.errors import UserFacingError
from bot.features.help import Help
from bot.settings import Settings
from bot.teams.adapter import HttpAnswer, TeamsAdapter
from bot.teams.authentication import Authenticator, NoAuthentication
from bot.teams.credentials import NoToken, TokenSource
from bot.teams.inbound import TeamsBot
from bot.teams.messenger import TeamsMessenger
from bot.teams.own_chats import OwnChats
from bot.teams.service_urls import ServiceUrls
from bot.web import build_web
from cards.help import message_card
from cards.kit.verbs import Nothing, Verb
from storage.chats.store import Chats
from storage.opening import open_storage
from tests.fakes.clock import SetClock
from tests.fakes.connector import FakeConnector, Plan
from tests.features.client import PATIENCE, TeamsClient

SECRET = "ないしょの話"
CARD = message_card("見出し", "「日本語」の文です。")
NEW = message_card("新しい見出し", "置き換えたカードです。")


class Answering:
    """Gives each kind of answer, to a text and to a button of the same name."""

    @command("文", allow=EVERYONE, in_public=True)
    async def text(self, request: Request) -> Reply:
        """Answer with what was asked."""
        return Text(f"「{request.text.strip()}」ですね。")

    @command("カード", allow=EVERYONE, in_public=True)
    async def card(self, _request: Request) -> Reply:
        """Answer with a card."""
        return ShowCard(CARD)

    @command("失敗", allow=EVERYONE, in_public=True)
    async def fail(self, request: Request) -> Reply:
        """Fail as nobody expected."""
        raise RuntimeError(request.actor.id)

    @card_action(Verb("test.text", Nothing), allow=EVERYONE)
    async def press_text(self, _request: Request, _payload: Nothing) -> Reply:
        """Answer with a text."""
        return Text("文です。")

    @card_action(Verb("test.toast", Nothing), allow=EVERYONE)
    async def press_toast(self, _request: Request, _payload: Nothing) -> Reply:
        """Answer with a toast."""
        return Toast("短い文です。")

    @card_action(Verb("test.show", Nothing), allow=EVERYONE)
    async def press_show(self, _request: Request, _payload: Nothing) -> Reply:
        """Answer with a new card."""
        return ShowCard(CARD)

    @card_action(Verb("test.replace", Nothing), allow=EVERYONE)
    async def press_replace(self, _request: Request, _payload: Nothing) -> Reply:
        """Answer with a card in the place of the old one."""
        return ReplaceCard(NEW)

    @card_action(Verb("test.refuse", Nothing), allow=EVERYONE)
    async def press_refuse(self, _request: Request, _payload: Nothing) -> Reply:
        """Refuse politely."""
        raise UserFacingError("それはできません。")

    @card_action(Verb("test.fail", Nothing), allow=EVERYONE)
    async def press_fail(self, request: Request, _payload: Nothing) -> Reply:
        """Fail as nobody expected."""
        raise RuntimeError(request.actor.id)


@asynccontextmanager
async def turns(
    data_dir: Path,
    *,
    plan: Plan | None = None,
    features: Sequence[object] = (Answering(),),
    tokens: TokenSource | None = None,
    authenticator: Authenticator | None = None,
    answer_seconds: float = 20,
) -> AsyncIterator[TeamsClient]:
    """Answer turns with the features of the test, by default with `Answering`."""
    clock, helping = SetClock(), Help()
    async with AsyncExitStack() as stack:
        teams = await stack.enter_async_context(FakeConnector(replace(plan or Plan(), keep_bodies=True)))
        storage = await open_storage(data_dir, "")
        stack.push_async_callback(storage.close)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=PATIENCE * 2), connector=aiohttp.TCPConnector(limit=0)
            )
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        service_urls = ServiceUrls(configured="", local=True)
        messenger = TeamsMessenger(
            session=session,
            tokens=tokens or NoToken(),
            service_urls=service_urls,
            bot_id="28:bot",
            tenant_id="tenant",
            answer_seconds=answer_seconds,
        )
        chats = Chats(storage.ledger)
        settings = Settings(_env_file=None, local=True, data_dir=data_dir)
        bot = TeamsBot(
            router=Router(
                (*features, helping) if features else (Answering(), helping), fallback=helping.menu
            ),
            directory=FileDirectory(directory_files(settings)),
            chats=chats,
            own_chats=OwnChats(chats=chats, messenger=messenger),
            greeting=helping.greeting,
            clock=clock,
        )
        adapter = TeamsAdapter(
            authenticator=authenticator or NoAuthentication(), service_urls=service_urls, messenger=messenger
        )

        async def process(body: bytes, authorization: str | None) -> HttpAnswer:
            return await adapter.process(body, authorization, bot.on_turn)

        async def ready() -> bool:
            return True

        server = await stack.enter_async_context(
            TestServer(build_web(process=process, ready=ready), host="127.0.0.1")
        )
        yield TeamsClient(teams=teams, http=http, url=str(server.make_url("")).rstrip("/"))
