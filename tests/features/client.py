"""Teams as the bot knows it: people who write and press buttons over HTTP, and what is on their screens."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from tests.fakes.connector import FakeConnector
from tests.features import activities
from tests.features.activities import Place, own_chat
from tests.features.window import CARD_TYPE, Node, Shown, shown

SENTENCE_TYPE = "application/vnd.microsoft.activity.message"
PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a pressed button brings back: a card in the place of the old one, or a sentence."""

    status: int
    card: Shown | None = None
    sentence: str = ""


@dataclass(kw_only=True)
class TeamsClient:
    """Everybody who talks to the bot at `url`, with the fake connector as the other half of Teams."""

    teams: FakeConnector
    http: aiohttp.ClientSession
    url: str
    _replaced: dict[tuple[str, str], tuple[float, Shown]] = field(default_factory=dict)

    async def post(self, activity: Mapping[str, Any] | bytes, **headers: str) -> tuple[int, Any]:
        """Send an activity, or any bytes; return the status and the answer's JSON (None: empty)."""
        body = activity if isinstance(activity, bytes) else orjson.dumps(activity)
        headers = {"Content-Type": "application/json; charset=utf-8"} | headers
        async with self.http.post(f"{self.url}/api/messages", data=body, headers=headers) as response:
            content = await response.read()
            return response.status, orjson.loads(content) if content else None

    async def say(self, who: str, text: str, where: Place | None = None) -> list[Shown]:
        """Let somebody write; return what the bot wrote in the same place meanwhile."""
        place = where or own_chat(who)
        before = len(self.teams.taken)
        status, _ = await self.post(activities.message(who, text, place, self.teams.url))
        assert status == 200
        return [
            shown(each.conversation, each.activity_id, each.json())
            for each in self.teams.taken[before:]
            if each.conversation == place.conversation
        ]

    async def install(self, who: str, where: Place | None = None) -> None:
        """Let Teams tell that somebody has the app now."""
        for activity in activities.installed(who, where or own_chat(who), self.teams.url):
            assert (await self.post(activity))[0] == 200

    async def press(self, who: str, words: str, /, *, card: Shown | None = None, **fields: str) -> Answer:
        """Press a button on a card (by default the newest that has it), with fields of its form filled in."""
        card = card or self.card_with(who, words)
        button = card.button(words)
        answer = await self.send_action(
            who, button["verb"], _carried(card, button, fields), on=card, where=_place(who, card)
        )
        if answer.card is not None:
            self._replaced[card.conversation, card.activity_id] = (time.monotonic(), answer.card)
        return answer

    async def press_old(self, who: str, words: str, /, *, card: Shown | None = None, **fields: str) -> None:
        """Press a button on an older client, which knows only Action.Submit."""
        card = card or self.card_with(who, words)
        button = card.button(words)
        data = _carried(card, button["fallback"], fields)
        activity = activities.submit(
            who, data, place=_place(who, card), service_url=self.teams.url, card=card.activity_id
        )
        assert (await self.post(activity))[0] == 200

    async def send_action(
        self,
        who: str,
        verb: str,
        data: Mapping[str, Any],
        *,
        on: Shown | None = None,
        where: Place | None = None,
    ) -> Answer:
        """Send an Action.Execute with any verb and data: what a forger can do as well."""
        place = where or own_chat(who)
        activity_id = on.activity_id if on else None
        activity = activities.execute(
            who, verb, data, place=place, service_url=self.teams.url, card=activity_id
        )
        status, body = await self.post(activity)
        if status != 200:
            return Answer(status=status)
        assert body["statusCode"] == 200
        if body["type"] == SENTENCE_TYPE:
            return Answer(status=status, sentence=body["value"])
        assert body["type"] == CARD_TYPE
        card = Shown(conversation=place.conversation, activity_id=activity_id or "", card=body["value"])
        return Answer(status=status, card=card)

    def sees(self, who: str | Place) -> list[Shown]:
        """Return the messages in somebody's own chat, or in a place, each as it looks now, oldest first."""
        place = who if isinstance(who, Place) else own_chat(who)
        screen: dict[str, Shown] = {}
        changed: dict[str, float] = {}
        for each in (*self.teams.taken, *self.teams.records.changes):
            if each.conversation == place.conversation:
                screen[each.activity_id] = shown(each.conversation, each.activity_id, each.json())
                changed[each.activity_id] = each.at
        for (conversation, activity_id), (at, card) in self._replaced.items():
            if conversation == place.conversation and at > changed.get(activity_id, 0.0):
                screen[activity_id] = card
        return list(screen.values())

    def card_with(self, who: str | Place, title: str) -> Shown:
        """Return the newest card that has a button with these words.

        Raises:
            LookupError: nobody sent one.
        """
        for each in reversed(self.sees(who)):
            if any(title in found for found in each.titles()):
                return each
        raise LookupError(f"no card with 「{title}」")

    async def until(self, what: Callable[[], bool]) -> None:
        """Wait until something can be seen."""
        async with asyncio.timeout(PATIENCE):
            while not what():  # noqa: ASYNC110 - the screen is what is waited for
                await asyncio.sleep(0.02)


def _carried(card: Shown, button: Node, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what a button brings along: its own data, and the fields of the form."""
    if button.get("associatedInputs") == "none":
        return dict(button["data"])
    values = card.values()
    unknown: Sequence[str] = sorted(fields.keys() - values.keys())
    assert not unknown, f"no such field: {unknown}"
    return {**button["data"], **values, **fields}


def _place(who: str, card: Shown) -> Place:
    known = (own_chat(who), activities.CHANNEL, activities.GROUP)
    return next(place for place in known if place.conversation == card.conversation)
