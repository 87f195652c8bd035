"""The fake itself: an HTTP server on loopback that follows its plan and remembers what it took."""

import asyncio
import socket
import struct
import time
from dataclasses import replace
from typing import Literal, Self, TextIO

import orjson
from aiohttp import web

from tests.fakes.connector.calls import Call, member_to_open, route
from tests.fakes.connector.chats import Chats
from tests.fakes.connector.control import answer_control
from tests.fakes.connector.plan import Plan
from tests.fakes.connector.records import Asked, Records, Taken
from tests.fakes.connector.steps import Step
from tests.fakes.connector.teams import Teams

_HOST = "127.0.0.1"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class FakeConnector:
    """Teams' connector, as a context manager; after `stop` connections are refused until `start`."""

    def __init__(self, plan: Plan | None = None, *, port: int = 0, log: TextIO | None = None) -> None:
        """Prepare a server that is not listening yet.

        Args:
            plan: the faults; none by default.
            port: 0 takes a free one, and keeps it.
            log: where one line of JSON is written for each request.
        """
        self._teams = Teams(plan or Plan())
        self._port = port
        self._log = log
        self._runner: web.ServerRunner | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def plan(self) -> Plan:
        """The plan in force; setting one starts its steps anew and leaves chats and records."""
        return self._teams.plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self._teams.follow(plan)

    @property
    def url(self) -> str:
        """The service URL to give to the bot, without a slash at the end."""
        return f"http://{_HOST}:{self._port}{self.plan.prefix}"

    @property
    def chats(self) -> Chats:
        """The chats that were opened or lost."""
        return self._teams.chats

    @property
    def records(self) -> Records:
        """Every request and every message since the start."""
        return self._teams.records

    @property
    def taken(self) -> list[Taken]:
        """Every new message taken, oldest first."""
        return self.records.taken

    @property
    def count(self) -> int:
        """The number of new messages taken."""
        return len(self.records.taken)

    def messages_for(self, recipient: str) -> list[Taken]:
        """Return the messages taken for a member, or in a conversation."""
        return self.records.messages_for(recipient)

    async def __aenter__(self) -> Self:
        """Start listening."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        await self.stop()

    async def start(self) -> None:
        """Listen on loopback, on the same port as before."""
        server = web.Server(self._serve, handler_cancellation=True, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, _HOST, self._port, backlog=1024).start()
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """Drop every connection; new ones are refused."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def wait_idle(self) -> None:
        """Wait until no request is being served: after the bot was killed, until its last one is recorded."""
        await self._idle.wait()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path
        call = route(request.method, path, self.plan.prefix)
        if call is None:
            return await answer_control(self._teams, request, path.removeprefix(self.plan.prefix))
        came = time.monotonic()
        answer = "gave up"
        self.records.in_flight += 1
        self._idle.clear()
        try:
            call = await self._complete(call, request)
            step = self._teams.decide(call, came)
            success = self._teams.carry_out(call) if step.accepts else b""
            await asyncio.sleep(self.plan.delay + step.wait)
            if step.hangs:
                await asyncio.get_running_loop().create_future()
            response = _response(call, step, success)
            answer = step.cuts or str(response.status)
            if step.cuts:
                _cut(request, step.cuts)
            return response
        finally:
            self._note(call, came, answer)
            self.records.in_flight -= 1
            if not self.records.in_flight:
                self._idle.set()

    async def _complete(self, call: Call, request: web.BaseRequest) -> Call:
        """Read the request, and find whose chat it is about."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            body = None
        conversation = call.conversation
        member = self.chats.member_of(conversation)
        if call.kind == "create":
            member = member_to_open(body or b"")
            conversation = self.chats.open(member) if member else ""
        authorization = request.headers.get("Authorization")
        return replace(call, conversation=conversation, member=member, body=body, authorization=authorization)

    def _note(self, call: Call, came: float, answer: str) -> None:
        asked = Asked(
            kind=call.kind,
            conversation=call.conversation,
            member=call.member,
            at=came,
            ended=time.monotonic(),
            answer=answer,
        )
        self.records.requests.append(asked)
        if self._log:
            self._log.write(orjson.dumps(asked).decode() + "\n")


def _response(call: Call, step: Step, success: bytes) -> web.Response:
    status = step.status or (201 if call.kind in {"create", "send"} else 200)
    headers = {"Content-Type": step.content_type}
    if step.retry_after is not None:
        headers["Retry-After"] = step.retry_after
    return web.Response(status=status, body=success if step.body is None else step.body, headers=headers)


def _cut(request: web.BaseRequest, how: Literal["reset", "close"]) -> None:
    """End the connection before the answer; what the server then writes goes nowhere."""
    transport = request.transport
    if transport is None:
        return
    if how == "reset":
        link = transport.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
