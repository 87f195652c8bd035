"""How Teams answers a call: by what it can carry out, by its limits, and by the plan."""

import math
import time
from collections import defaultdict

import orjson

from tests.fakes.connector.calls import Call, exceeds_in_utf16, is_json_object
from tests.fakes.connector.chats import Chats
from tests.fakes.connector.limits import TEAMS_CONVERSATION_LIMITS, SlidingWindow
from tests.fakes.connector.plan import Plan, PlanProgress
from tests.fakes.connector.records import Records, Taken, digest
from tests.fakes.connector.steps import Step, refusal

_MAX_MESSAGE = 100 * 1024  # bytes, as UTF-16


class Teams:
    """The service behind the HTTP: chats, messages, limits, and the progress of one plan."""

    def __init__(self, plan: Plan) -> None:
        """Begin with the chats and records empty and everyone at the first step."""
        self.records = Records()
        self.chats = Chats()
        self.follow(plan)

    def follow(self, plan: Plan) -> None:
        """Take up a plan from its first steps; chats and records stay."""
        self.plan = plan
        self._progress = PlanProgress(plan.rules)
        self._rate = SlidingWindow(((plan.rate, 1.0),)) if plan.rate else None
        self._windows: dict[tuple[bool, str], SlidingWindow] = defaultdict(
            lambda: SlidingWindow(TEAMS_CONVERSATION_LIMITS)
        )

    def decide(self, call: Call, now: float) -> Step:
        """Return the step that the plan holds for a call, or the refusal that it has earned itself.

        A call that is throttled, unauthorised or for a lost chat consumes no step.
        """
        if self.plan.authorization not in {None, call.authorization}:
            return refusal(401)
        if wait := self._throttle(call, now):
            return refusal(429, str(math.ceil(wait)))
        if self.chats.is_lost(call.conversation):
            return refusal(404)
        step = self._progress.next_step(call.kind, call.conversation, call.member)
        if step.loses_chat:
            self.chats.lose(call.conversation)
        return self._find_fault(call) or step if step.accepts else step

    def carry_out(self, call: Call) -> bytes:
        """Do what was asked, and return the body of success."""
        if call.kind == "create":
            return orjson.dumps({"id": call.conversation})
        if call.kind == "members":
            return _roster(call)
        activity = call.activity or ""
        if call.kind == "send":
            activity = self.chats.add_activity(call.conversation)
        elif call.kind == "delete":
            self.chats.remove_activity(call.conversation, activity)
        body = call.body or b""
        message = Taken(
            kind=call.kind,
            conversation=call.conversation,
            member=call.member,
            activity_id=activity,
            sha=digest(body),
            body=body if self.plan.keep_bodies else None,
            at=time.monotonic(),
        )
        (self.records.taken if call.kind == "send" else self.records.changes).append(message)
        return b"" if call.kind == "delete" else b'{"id":"%s"}' % activity.encode()

    def _throttle(self, call: Call, now: float) -> float:
        """Return the seconds to wait under the limits; 0 counts the call."""
        windows = [self._rate] if self._rate else []
        if self.plan.teams_limits and call.kind != "members" and call.conversation:
            windows.append(self._windows[call.kind == "create", call.conversation])
        wait = max((window.wait(now) for window in windows), default=0.0)
        if wait <= 0:
            for window in windows:
                window.note(now)
        return wait

    def _find_fault(self, call: Call) -> Step | None:
        """Return the refusal of a call that Teams could not carry out."""
        if call.body is None or exceeds_in_utf16(call.body, _MAX_MESSAGE):
            return refusal(413)
        if call.kind == "create" and not call.conversation:
            return refusal(400)
        if call.kind in {"send", "update"} and self.plan.check_bodies and not is_json_object(call.body):
            return refusal(400)
        if call.kind in {"update", "delete"} and not self.chats.has_activity(
            call.conversation, call.activity
        ):
            return refusal(404, "ActivityNotFoundInConversation")
        return None


def _roster(call: Call) -> bytes:
    member = call.member
    people = [{"id": member, "aadObjectId": member, "name": member, "userRole": "user"}] if member else []
    return orjson.dumps({"members": people} if call.paged else people)
