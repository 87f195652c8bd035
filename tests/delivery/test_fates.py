"""Every answer that Teams may give leads to the state that the design names, under both policies."""

from dataclasses import dataclass

import pytest

from storage.chats.store import Chats
from storage.deliveries.records import Policy, Recipient, RecipientKind
from tests.delivery.desk import Desk
from tests.delivery.station import fates, known, plan, strangers, until_over, working
from tests.fakes.connector import FakeConnector, Plan, Rule, chat_id

DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What one recipient meets, the state in which it ends, and how often the message was taken."""

    steps: tuple[str, ...] = ()
    then: str = "ok"
    create: tuple[str, ...] = ()
    create_then: str = "ok"
    stranger: bool = False
    hold: str = DELIVERED
    resend: str = ""
    taken: int = 1
    taken_resend: int | None = None


def refused(step: str, end: str) -> Fate:
    return Fate(then=step, hold=f"failed/{end}", taken=0)


def retried(*steps: str) -> Fate:
    return Fate(steps=steps)


def doubtful(step: str, why: str, taken: int = 0) -> Fate:
    return Fate(steps=(step,), hold=f"unknown/{why}", resend=DELIVERED, taken=taken, taken_resend=taken + 1)


def opened(*create: str, then: str = "ok", hold: str = DELIVERED, taken: int = 1) -> Fate:
    return Fate(stranger=True, create=create, create_then=then, hold=hold, taken=taken)


FATES = {
    "well": Fate(),
    "throttled": retried("429:0.2"),
    "throttled-again": retried("429:0.1", "429:0.1", "429:none"),
    "412": retried("412", "412"),
    "502": retried("502"),
    "503": retried("503", "503", "503"),
    "proxy-page": retried("html"),
    "empty-answer": retried("empty"),
    "slow": retried("slow:0.2"),
    "blocked": refused("403:ConversationBlockedByUser", "blocked"),
    "writes-blocked": refused("403:MessageWritesBlocked", "blocked"),
    "not-in-roster": refused("403:BotNotInConversationRoster", "not_installed"),
    "disabled-by-admin": refused("403:BotDisabledByAdmin", "not_installed"),
    "not-installed": refused("403:ForbiddenOperationException", "not_installed"),
    "unlicensed": refused("403:Forbidden", "unlicensed"),
    "plain-403": refused("403:none", "rejected"),
    "bad-request": refused("400", "rejected"),
    "too-big": refused("413", "rejected"),
    "chat-gone": retried("gone"),
    "chat-gone-then-throttled": retried("gone", "429:0.1", "503"),
    "chat-gone-twice": Fate(steps=("gone", "gone"), hold="failed/not_found", taken=0),
    "chat-gone-again-later": Fate(steps=("gone", "429:0.1", "gone"), hold="failed/not_found", taken=0),
    "not-found-for-ever": refused("404", "not_found"),
    "gone-and-not-to-be-opened": Fate(steps=("gone",), create_then="404", hold="failed/not_found", taken=0),
    "gone-and-blocked": Fate(steps=("gone",), create_then="403", hold="failed/blocked", taken=0),
    "500": doubtful("500", "server_error"),
    "500-taken": doubtful("500-after-accept", "server_error", 1),
    "504": doubtful("504", "timeout"),
    "504-taken": doubtful("504-after-accept", "timeout", 1),
    "reset": doubtful("reset-before", "connection_lost"),
    "reset-taken": doubtful("reset-after", "connection_lost", 1),
    "closed": doubtful("close-before", "connection_lost"),
    "closed-taken": doubtful("close-after", "connection_lost", 1),
    "never": doubtful("never", "timeout"),
    "never-taken": doubtful("never-after-accept", "timeout", 1),
    "too-slow": doubtful("slow:30", "timeout", 1),
    "broken-for-ever": Fate(then="500", hold="unknown/server_error", taken=0),
    "throttled-then-doubtful": Fate(
        steps=("429:0.1", "500-after-accept"), hold="unknown/server_error", resend=DELIVERED, taken_resend=2
    ),
    "stranger": opened(),
    "stranger-throttled": opened("429:0.1", "503", "412"),
    "stranger-doubtful": opened("500", "reset-before", "504", "empty", "reset-after"),
    "stranger-blocked": opened(then="403", hold="failed/blocked", taken=0),
    "stranger-unknown-to-teams": opened(then="404", hold="failed/not_found", taken=0),
    "stranger-throttled-later": Fate(stranger=True, steps=("429:0.1",)),
    "stranger-whose-chat-is-gone": Fate(stranger=True, steps=("429:0.1", "gone")),
}
CHANNEL, LOST_CHANNEL = "19:a@thread.tacv2", "19:lost@thread.tacv2"


def rules() -> tuple[Rule, ...]:
    """Return what the connector does to each recipient."""
    sends = [Rule(member=name, steps=fate.steps, then=fate.then) for name, fate in FATES.items()]
    creates = [
        Rule(member=name, steps=fate.create, then=fate.create_then, on=("create",))
        for name, fate in FATES.items()
    ]
    return (*sends, *creates, Rule(conversation=LOST_CHANNEL, then="404"))


@pytest.mark.parametrize("policy", list(Policy))
async def test_every_fate(desk: Desk, policy: Policy) -> None:
    resend = policy is Policy.RESEND
    async with FakeConnector(Plan(rules=rules())) as teams:
        recipients = [
            *known((name for name, fate in FATES.items() if not fate.stranger), teams),
            *strangers(name for name, fate in FATES.items() if fate.stranger),
            *(
                Recipient(id=id_, kind=RecipientKind.CHANNEL, conversation=id_, service_url=teams.url)
                for id_ in (CHANNEL, LOST_CHANNEL)
            ),
        ]
        await plan(desk, recipients, policy=policy)
        async with working(desk.ledger, teams, answer_seconds=1):
            tally = await until_over(desk)

    assert await fates(desk) == {
        name: (fate.resend if resend and fate.resend else fate.hold) for name, fate in FATES.items()
    } | {CHANNEL: DELIVERED, LOST_CHANNEL: "failed/not_found"}
    wanted = {
        name: fate.taken_resend if resend and fate.taken_resend is not None else fate.taken
        for name, fate in FATES.items()
    } | {CHANNEL: 1}
    assert teams.records.counts() == {name: count for name, count in wanted.items() if count}
    assert tally.total == len(FATES) + 2
    if not resend:
        assert teams.records.duplicates() == {}
    await _check_activity_ids(desk, teams)
    await _check_requests(teams, resend=resend)
    opened_chats = await Chats(desk.ledger).of(FATES)
    assert opened_chats["stranger"].conversation == chat_id("stranger")
    assert opened_chats["chat-gone"].conversation == chat_id("chat-gone", 2)
    assert "well" not in opened_chats


async def _check_activity_ids(desk: Desk, teams: FakeConnector) -> None:
    """A delivered row knows the message that was taken last; nobody else has one."""
    last = {message.member or message.conversation: message.activity_id for message in teams.taken}
    for row in await desk.deliveries.rows("D1"):
        if row.state == DELIVERED and row.recipient != "empty-answer":
            assert row.activity_id == last[row.recipient], row.recipient
            assert row.delivered_at is not None
        else:
            assert row.activity_id is None


async def _check_requests(teams: FakeConnector, *, resend: bool) -> None:
    """Nobody is asked more often than the fate says."""
    asked: dict[str, list[str]] = {}
    for request in teams.records.requests:
        asked.setdefault(request.member or request.conversation, []).append(
            f"{request.kind} {request.answer}"
        )
    assert asked["well"] == ["send 201"]
    assert asked["blocked"] == ["send 403"]
    assert asked["chat-gone"] == ["send 404", "create 201", "send 201"]
    assert asked["chat-gone-twice"] == ["send 404", "create 201", "send 404"]
    assert asked["chat-gone-again-later"] == ["send 404", "create 201", "send 429", "send 404"]
    assert asked["not-found-for-ever"] == ["send 404", "create 201", "send 404"]
    assert asked["stranger"] == ["create 201", "send 201"]
    assert asked["stranger-throttled-later"] == ["create 201", "send 429", "send 201"]
    assert asked[LOST_CHANNEL] == ["send 404"], "a channel is never opened anew"
    assert asked["broken-for-ever"] == ["send 500"] * (5 if resend else 1)
