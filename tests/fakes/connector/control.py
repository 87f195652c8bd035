"""The doors beside the API, by which another process asks what was taken and changes the plan."""

from typing import Any

import orjson
from aiohttp import web

from tests.fakes.connector.plan import plan_from_json
from tests.fakes.connector.records import Taken
from tests.fakes.connector.teams import Teams


async def answer_control(teams: Teams, request: web.BaseRequest, path: str) -> web.Response:
    """Answer `GET /_taken`, `/_count`, `/_messages?member=…` and `POST /_plan`; 404 for all else.

    `/_messages` without a member lists all messages. A plan that cannot be read: 400 with the reason.
    """
    records = teams.records
    match (request.method, path):
        case ("GET", "/_taken"):
            return _json(records.summary())
        case ("GET", "/_count"):
            return _json({"count": len(records.taken)})
        case ("GET", "/_messages"):
            member = request.query.get("member")
            return _json([_shown(it) for it in (records.messages_for(member) if member else records.taken)])
        case ("POST", "/_plan"):
            try:
                teams.follow(plan_from_json(await request.read()))
            except ValueError as error:
                return web.Response(status=400, text=str(error))
            return _json({})
    return web.Response(status=404)


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")


def _shown(message: Taken) -> dict[str, Any]:
    return {
        "conversation": message.conversation,
        "member": message.member,
        "activity_id": message.activity_id,
        "sha": message.sha,
        "activity": None if message.body is None else message.json(),
        "at": message.at,
    }
