"""`announce` through the real command line and a running `serve`, while Teams answers with faults by plan."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from tests.fakes.connector import FakeConnector, Plan, Rule
from tests.verbs.commands import bot, serving, start
from tests.verbs.ministry import guid, meet, write_ministry

COUNT = 60
QUICK = {"BOT_SEND_RATE": "0"}
STEPS: dict[int, tuple[str, ...]] = {
    1: ("429:1",),
    2: ("429:none",),
    3: ("403:ConversationBlockedByUser",),
    4: ("403:BotNotInConversationRoster",),
    5: ("403:Forbidden",),
    6: ("400",),
    7: ("gone",),
    8: ("gone", "gone"),
    9: ("412",),
    10: ("503",),
    11: ("502",),
    12: ("500",),
    13: ("500-after-accept",),
    14: ("504",),
    15: ("reset-before",),
    16: ("reset-after",),
    17: ("close-after",),
}
STRANGERS = range(51, COUNT + 1)
FAILED = {
    3: "blocked",
    4: "not_installed",
    5: "unlicensed",
    6: "rejected",
    8: "not_found",
    51: "not_found",
    52: "blocked",
}
DOUBTFUL = {
    12: "server_error",
    13: "server_error",
    14: "timeout",
    15: "connection_lost",
    16: "connection_lost",
    17: "connection_lost",
}
TAKEN_WHEN_DOUBTFUL = {13, 16, 17}


def faults() -> Plan:
    """Return the plan: steps for those above, and two strangers with whom no chat can be opened."""
    sends = (Rule(member=guid(number), steps=steps) for number, steps in STEPS.items())
    creates = (
        Rule(member=guid(number), then=step, on=("create",)) for number, step in ((51, "404"), (52, "403"))
    )
    return Plan(rules=(*sends, *creates))


@pytest.fixture(scope="module")
def waiting_for_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Popen[str]]:
    """An `announce --wait` where nobody serves; it waits while the other tests of this file run."""
    folder = tmp_path_factory.mktemp("nobody")
    process = start(folder, "announce", "notice.md", "--wait", *write_ministry(folder, 4))
    yield process
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("waiting_for_nobody")
@pytest.mark.parametrize(("policy", "code"), [("hold", 3), ("resend", 0)])
async def test_everybody_ends_where_the_plan_sends_them(tmp_path: Path, policy: str, code: int) -> None:
    files = write_ministry(tmp_path, COUNT)
    hold = policy == "hold"
    async with FakeConnector(faults()) as teams:
        known = [guid(number) for number in range(1, COUNT + 1) if number not in STRANGERS]
        await meet(tmp_path, known, teams.url)
        async with serving(tmp_path, *files, "--service-url", teams.url, env=QUICK):
            announced = await bot(
                tmp_path, "announce", "notice.md", "--audience", "all", "--policy", policy, "--wait", *files
            )
            assert announced.code == code, announced.err
            announcement = announced.out.split()[0]
            report = await _report(tmp_path, announcement, "--json")
            rows = await _report(tmp_path, announcement, "--recipients", "--json")

    assert f"{announcement}  宛先 {COUNT}人" in announced.out
    assert "大臣官房: 30人" in announced.out
    assert "自治行政局: 30人" in announced.out

    expected: dict[str, tuple[str, str | None]] = {
        guid(number): ("delivered", None) for number in range(1, COUNT + 1)
    }
    expected |= {guid(number): ("failed", reason) for number, reason in FAILED.items()}
    if hold:
        expected |= {guid(number): ("unknown", doubt) for number, doubt in DOUBTFUL.items()}
    assert {row["person"]: (row["state"], row["reason"]) for row in rows} == expected

    states = Counter(state for state, _ in expected.values())
    sums = {key: report[key] for key in ("queued", "sending", "delivered", "failed", "unknown")}
    assert sums == {"queued": 0, "sending": 0, **states, "unknown": states["unknown"]}
    assert sum(sums.values()) == report["total"] == COUNT
    assert report["reasons"] == dict(Counter(FAILED.values()))
    assert (report["id"], report["state"]) == (announcement, "finished")
    assert (report["acknowledged"], report["recalled"]) == (0, 0)

    taken = teams.records.counts()
    twice = set() if hold else {guid(number) for number in TAKEN_WHEN_DOUBTFUL}
    never = {guid(number) for number in FAILED}
    if hold:
        never |= {guid(number) for number in DOUBTFUL if number not in TAKEN_WHEN_DOUBTFUL}
    assert taken == {person: 1 + (person in twice) for person in expected if person not in never}
    last = {message.member: message.activity_id for message in teams.taken}
    for row in rows:
        assert row["activity_id"] == (last[row["person"]] if row["state"] == "delivered" else None)
        assert row["attempts"] >= 1
        assert row["acknowledged_on"] is None


async def test_what_was_planned_before_serve_came_is_sent_when_it_comes(tmp_path: Path) -> None:
    files = write_ministry(tmp_path, 20)
    async with FakeConnector() as teams:
        planned = await bot(
            tmp_path, "announce", "notice.md", "--audience", "section:KANBO", "--json", *files
        )
        assert planned.code == 0, planned.err
        plan = json.loads(planned.out)
        assert (plan["recipients"], plan["bureaus"]) == (10, {"大臣官房": 10})

        async with serving(tmp_path, *files, "--service-url", teams.url, env=QUICK):
            waited = await bot(tmp_path, "announce", "notice.md", "--wait", "--json", *files)
            assert waited.code == 0, waited.err
        after = await _report(tmp_path, plan["id"], "--json")
        written = tmp_path / "result.csv"
        await bot(tmp_path, "report", plan["id"], "--recipients", "--csv", written, "--data", "data")

    result = json.loads(waited.out)
    assert (result["total"], result["delivered"], result["failed"], result["unknown"]) == (20, 20, 0, 0)
    assert (after["state"], after["delivered"]) == ("finished", 10)
    assert written.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 only with the mark"
    with written.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["person"] for row in rows] == [guid(number) for number in range(2, 21, 2)]
    assert {row["state"] for row in rows} == {"delivered"}
    assert list(rows[0]) == ["person", "state", "reason", "attempts", "activity_id", "acknowledged_on"]


def test_where_nobody_serves_the_plan_stays_and_the_exit_code_says_so(waiting_for_nobody: Popen[str]) -> None:
    out, err = waiting_for_nobody.communicate(timeout=60)

    assert waiting_for_nobody.returncode == 3
    assert "送る serve が動いていません" in err
    assert "宛先 4人" in out


async def _report(folder: Path, announcement: str, *options: str) -> Any:
    ran = await bot(folder, "report", announcement, *options, "--data", "data")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)
