"""The HTTP side: Teams' endpoint, and what operations ask."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.metrics import REJECTED
from bot.teams.adapter import HttpAnswer, MalformedActivityError
from bot.teams.authentication import Forbidden, Rejected
from bot.teams.service_urls import ServiceUrlError

log = structlog.get_logger(__name__)

_LARGEST_BODY = 1_000_000
"""Bytes; an activity of Teams is below 100 KB with everything that it may carry."""

_STATUS: dict[type[Exception], HTTPStatus] = {
    MalformedActivityError: HTTPStatus.BAD_REQUEST,
    Rejected: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    ServiceUrlError: HTTPStatus.FORBIDDEN,
    web.HTTPRequestEntityTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
"""What is wrong with a request, and the status with which it is turned away."""

Process = Callable[[bytes, str | None], Awaitable[HttpAnswer]]
Ready = Callable[[], Awaitable[bool]]


def build_web(*, process: Process, ready: Ready) -> web.Application:
    """Return the web application; `process` handles an activity, `ready` says whether it can be done now."""

    async def messages(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return _refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content_type")
        try:
            answer = await process(await request.read(), request.headers.get("Authorization"))
        except tuple(_STATUS) as error:
            return _refuse(_STATUS[type(error)], str(error))
        except Exception:
            log.exception("web.failed")
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
        return web.Response(status=answer.status, body=answer.body or None, content_type="application/json")

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        is_ready = await ready()
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response({"status": "ready" if is_ready else "not ready"}, status=status)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_log_refusals])
    application.router.add_post("/api/messages", messages)
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", metrics)
    return application


@web.middleware
async def _log_refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Log what aiohttp itself turns away: an unknown path, another method."""
    try:
        return await handler(request)
    except web.HTTPClientError as error:
        _note_refusal(error.status, error.reason)
        raise


def _refuse(status: HTTPStatus, reason: str) -> web.Response:
    _note_refusal(status.value, reason)
    return web.Response(status=status)


def _note_refusal(status: int, reason: str) -> None:
    REJECTED.labels(str(status)).inc()
    log.warning("web.refused", status=status, reason=reason)
