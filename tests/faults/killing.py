"""Kills serving processes over and over in the middle of one dispatch, and counts what came of it."""

import asyncio
import json
import random
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.deliveries.records import Delivery, DispatchState, State, Tally
from storage.deliveries.store import Deliveries
from storage.ledger import Ledger, ledger_url
from tests.fakes.connector import FakeConnector
from tests.verbs.commands import bot, end, start_serve
from tests.verbs.ministry import guid, meet, write_ministry


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How many people, of whom every tenth is one whom the bot never met, and how many kills."""

    people: int
    kills: int
    policy: str
    processes: int = 1
    database_url: str = ""
    concurrency: int = 20
    rate: int = 3_000  # requests a second
    seconds: float = 120  # how long the last processes may take for what is left

    @property
    def env(self) -> Mapping[str, str]:
        """Return the settings of the processes."""
        return {
            "BOT_SEND_RATE": str(self.rate),
            "BOT_SEND_CONCURRENCY": str(self.concurrency),
            "BOT_DATABASE_URL": self.database_url,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a trial has come to."""

    kills: int
    under_way: int  # claims that were alive or not yet recovered at the kills
    tally: Tally
    rows: tuple[Delivery, ...]
    taken: Mapping[str, int]

    @property
    def duplicates(self) -> int:
        """Count the messages that somebody got once more."""
        return sum(count - 1 for count in self.taken.values())

    def line(self, trial: Trial) -> str:
        """Return the figures in one line."""
        return (
            f"\n{trial.policy}, {trial.processes} process(es), {trial.people} people, {self.kills} kills: "
            f"{self.under_way} claims under way at the kills, {self.tally.delivered} delivered, "
            f"{self.tally.unknown} unknown, {self.duplicates} duplicates, "
            f"{self.tally.total - self.tally.delivered - self.tally.unknown} lost\n"
        )


async def try_out(folder: Path, trial: Trial, teams: FakeConnector) -> Figures:
    """Plan a dispatch to everybody, kill as often as wanted while it is being sent, and let it end."""
    files = write_ministry(folder, trial.people)
    known = [guid(number) for number in range(1, trial.people + 1) if number % 10]
    await meet(folder, known, teams.url, trial.database_url)
    announce = ["announce", "notice.md", "--audience", "all", "--policy", trial.policy, "--json"]
    planned = await bot(folder, *announce, *files, env=trial.env)
    assert planned.code == 0, planned.err
    dispatch = f"{json.loads(planned.out)['id']}.r1.post"
    ledger = Ledger(ledger_url(folder / "data", trial.database_url))
    deliveries = Deliveries(ledger)
    serve = [*files, "--service-url", teams.url]

    serving: list[Process] = []
    under_way: set[tuple[int, int]] = set()
    try:
        serving += [await start_serve(folder, *serve, env=trial.env) for _ in range(trial.processes)]
        for kill in range(trial.kills):
            await _until_in_the_middle(teams, deliveries, dispatch, trial, trial.kills - kill)
            victim = serving.pop(random.randrange(len(serving)))  # noqa: S311
            await end(victim)
            sending = await deliveries.rows(dispatch, states=[State.SENDING])
            under_way |= {(row.id, row.attempts) for row in sending}
            serving.append(await start_serve(folder, *serve, env=trial.env))
        await _until_finished(deliveries, dispatch, trial.seconds)
        await teams.wait_idle()
        return Figures(
            kills=trial.kills,
            under_way=len(under_way),
            tally=await deliveries.tally(dispatch),
            rows=await deliveries.rows(dispatch),
            taken=teams.records.counts(),
        )
    finally:
        await asyncio.gather(*(end(process) for process in serving))
        await ledger.close()


def check(trial: Trial, figures: Figures) -> None:
    """Hold a trial to what is promised."""
    assert figures.tally.total == len({row.recipient for row in figures.rows}) == trial.people
    states = Counter((row.state.value, row.reason) for row in figures.rows)
    assert set(states) <= {("delivered", None), ("unknown", "interrupted")}, states
    assert figures.under_way > 0, "no kill hit the middle of anything"
    for row in figures.rows:
        times = figures.taken.get(row.recipient, 0)
        assert times >= 1 or row.state == "unknown", "nobody who got nothing counts as reached"
    in_doubt = min(figures.under_way, trial.kills * trial.concurrency)
    if trial.policy == "hold":
        assert figures.duplicates == 0
        assert figures.tally.unknown <= in_doubt
    else:
        assert figures.tally.delivered == trial.people
        assert figures.duplicates <= in_doubt


async def _until_in_the_middle(
    teams: FakeConnector, deliveries: Deliveries, dispatch: str, trial: Trial, kills_left: int
) -> None:
    """Wait for a random share of what is queued, so that the last kill still comes in the middle."""
    queued = (await deliveries.tally(dispatch)).queued
    assert queued, "everything has been sent before the last kill"
    # What is under way, and what the others send while one starts anew, goes besides.
    share = max(1, queued // (kills_left + 1) - trial.concurrency * trial.processes)
    target = teams.count + random.randint(1, share)  # noqa: S311
    async with asyncio.timeout(60):
        while teams.count < target:  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.001)


async def _until_finished(deliveries: Deliveries, dispatch: str, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = await deliveries.dispatch(dispatch)
            if found is not None and found.state is DispatchState.FINISHED:
                return
            await asyncio.sleep(0.1)
