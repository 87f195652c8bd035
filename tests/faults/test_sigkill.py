"""SIGKILL in the middle of sending: nobody is lost, and nobody gets it twice who was not being sent to."""

import sys
from pathlib import Path

import pytest

from tests.fakes.connector import FakeConnector, Plan
from tests.faults.killing import Trial, check, try_out


async def run(folder: Path, trial: Trial, capsys: pytest.CaptureFixture[str], delay: float = 0.05) -> None:
    async with FakeConnector(Plan(delay=delay)) as teams:
        figures = await try_out(folder, trial, teams)
    with capsys.disabled():
        sys.stdout.write(figures.line(trial))
    check(trial, figures)


@pytest.mark.parametrize("policy", ["hold", "resend"])
async def test_three_kills(tmp_path: Path, policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    await run(tmp_path, Trial(people=200, kills=3, policy=policy), capsys)


@pytest.mark.faults
@pytest.mark.parametrize("policy", ["hold", "resend"])
async def test_thirty_kills_in_two_thousand_sends(
    tmp_path: Path, policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(tmp_path, Trial(people=2_000, kills=30, policy=policy), capsys)


@pytest.mark.faults
@pytest.mark.parametrize("policy", ["hold", "resend"])
async def test_two_processes_on_one_postgresql(
    tmp_path: Path, policy: str, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Slow enough that the one does not finish alone while the other starts; a dead one's lease lasts 90 s.
    trial = Trial(
        people=2_400,
        kills=12,
        policy=policy,
        processes=2,
        database_url=postgres_url,
        rate=40,
        seconds=240,
    )
    await run(tmp_path, trial, capsys, delay=0.3)
