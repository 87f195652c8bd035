"""The composition root: the only file that builds everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from bot.chat.router import Job, Router
from bot.clock import Clock
from bot.delivery.gate import RateGate
from bot.delivery.limits import SendingLimits
from bot.delivery.plan import Planner
from bot.delivery.sender import Sender
from bot.delivery.worker import Worker
from bot.directory.file import FileDirectory, directory_files
from bot.features.announcements.live import AnnouncementsLive
from bot.features.announcements.progress import ProgressCards
from bot.features.announcements.reading import AnnouncementReading
from bot.features.announcements.watching import AnnouncementWatching
from bot.features.announcements.writing import AnnouncementWriting
from bot.features.help import Help
from bot.jobs import run_jobs
from bot.settings import Settings
from bot.teams.adapter import HttpAnswer, TeamsAdapter
from bot.teams.authentication import Authenticator, ChannelAuthenticator, NoAuthentication
from bot.teams.credentials import token_source
from bot.teams.inbound import TeamsBot
from bot.teams.messenger import TeamsMessenger
from bot.teams.own_chats import OwnChats
from bot.teams.service_urls import ServiceUrls
from bot.web import build_web
from storage.announcements.store import Announcements
from storage.audit.store import Audit
from storage.chats.store import Chats
from storage.deliveries.gate import SharedGate
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.store import Deliveries
from storage.opening import Storage
from storage.people.store import People

PUBLIC_SERVICE_URL = "https://smba.trafficmanager.net/teams/"
SAMPLE_TENANT = "00000000-0000-4000-9000-000000000000"
SAMPLE_BOT = "hatarakikata-bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The running bot: its web application, and its router for whoever wants to look."""

    web: web.Application
    router: Router


@asynccontextmanager
async def running_app(settings: Settings, storage: Storage, clock: Clock) -> AsyncIterator[App]:
    """Build the bot and run its worker and jobs until the block ends.

    Raises:
        OperatorError: a setting or a file is wrong.
    """
    tokens = token_source(settings, clock)
    service_urls = ServiceUrls(configured=settings.service_url, local=settings.local)
    directory = FileDirectory(directory_files(settings))
    ledger = storage.ledger
    people = People(ledger)
    await people.sync(directory.snapshot.people, clock.now().date())
    service_url = settings.service_url or PUBLIC_SERVICE_URL
    limits = SendingLimits(rate=settings.send_rate, concurrency=settings.send_concurrency)

    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=limits.concurrency + 50, keepalive_timeout=55)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        stack.push_async_callback(tokens.close)
        messenger = TeamsMessenger(
            session=session,
            tokens=tokens,
            service_urls=service_urls,
            bot_id=f"28:{settings.app_id or SAMPLE_BOT}",
            tenant_id=settings.tenant_id or SAMPLE_TENANT,
        )
        chats, audit = Chats(ledger), Audit(ledger)
        deliveries, queue = Deliveries(ledger), DeliveryQueue(ledger)
        gate = RateGate(shared=SharedGate(ledger), clock=clock, limits=limits)
        sender = Sender(
            messenger=messenger,
            queue=queue,
            chats=chats,
            gate=gate,
            clock=clock,
            limits=limits,
            service_url=service_url,
        )
        worker = Worker(
            sender=sender,
            queue=queue,
            deliveries=deliveries,
            gate=gate,
            clock=clock,
            limits=limits,
            alone=ledger.is_sqlite,
        )
        planner = Planner(
            deliveries=deliveries,
            queue=queue,
            chats=chats,
            directory=directory,
            limits=limits,
            wake=worker.wake,
        )
        progress = ProgressCards(deliveries=deliveries, directory=directory)
        helping = Help()
        features = (
            AnnouncementWriting(
                announcements=Announcements(storage.documents),
                deliveries=deliveries,
                planner=planner,
                directory=directory,
                audit=audit,
                progress=progress,
            ),
            AnnouncementReading(deliveries=deliveries),
            AnnouncementWatching(
                deliveries=deliveries,
                queue=queue,
                planner=planner,
                progress=progress,
                directory=directory,
                audit=audit,
                limits=limits,
            ),
            AnnouncementsLive(
                deliveries=deliveries,
                queue=queue,
                progress=progress,
                directory=directory,
                chats=chats,
                messenger=messenger,
                gate=gate,
                clock=clock,
            ),
            helping,
        )
        router = Router(features, fallback=helping.not_understood)
        bot = TeamsBot(
            router=router,
            directory=directory,
            chats=chats,
            own_chats=OwnChats(chats=chats, messenger=messenger),
            greeting=helping.greeting,
            clock=clock,
        )
        authenticator = _authenticator(settings, session, clock)
        stack.push_async_callback(authenticator.close)
        warming = asyncio.create_task(authenticator.warm())
        adapter = TeamsAdapter(authenticator=authenticator, service_urls=service_urls, messenger=messenger)

        async def process(body: bytes, authorization: str | None) -> HttpAnswer:
            return await adapter.process(body, authorization, bot.on_turn)

        async def ready() -> bool:
            return not working.done() and await ledger.answers()

        async def start_due() -> None:
            await planner.start_due(clock.now())

        async def refresh_directory() -> None:
            if await directory.refresh():
                await people.sync(directory.snapshot.people, clock.now().date())

        jobs = [
            *router.jobs,
            Job(name="Planner.start_due", every=1.0, run=start_due),
            Job(name="refresh_directory", every=60.0, run=refresh_directory),
        ]
        working = asyncio.create_task(worker.run())
        repeating = asyncio.create_task(run_jobs(jobs))
        try:
            yield App(web=build_web(process=process, ready=ready), router=router)
        finally:
            repeating.cancel()
            warming.cancel()
            worker.stop()
            await asyncio.gather(working, repeating, warming, return_exceptions=True)


def _authenticator(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> Authenticator:
    if settings.local:
        return NoAuthentication()
    return ChannelAuthenticator(
        app_id=settings.app_id,
        tenant_id=settings.tenant_id,
        openid_url=settings.openid_url,
        session=session,
        clock=clock,
    )
