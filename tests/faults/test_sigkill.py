"""SIGKILL in the middle of sending: nobody is lost, and nobody gets it twice who was not being sent to."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.connector import FakeConnector, Plan
from tests.faults.killing import Figures, Trial, check, try_out


async def run(folder: Path, trial: Trial, delay: float = 0.1) -> Figures:
    async with FakeConnector(Plan(delay=delay)) as teams:
        figures = await try_out(folder, trial, teams)
    check(trial, figures)
    return figures


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print figures past pytest."""

    def show(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(line)

    return show


@pytest.mark.parametrize("policy", ["hold", "resend"])
async def test_three_kills(tmp_path: Path, policy: str) -> None:
    await run(tmp_path, Trial(people=300, kills=3, policy=policy))


@pytest.mark.faults
@pytest.mark.parametrize("policy", ["hold", "resend"])
async def test_thirty_kills_in_two_thousand_sends(
    tmp_path: Path, policy: str, show: Callable[[str], None]
) -> None:
    trial = Trial(people=2_000, kills=30, policy=policy)
    show((await run(tmp_path, trial)).line(trial))


@pytest.mark.faults
@pytest.mark.parametrize("policy", ["hold", "resend"])
async def test_two_processes_on_one_postgresql(
    tmp_path: Path, policy: str, postgres_url: str, show: Callable[[str], None]
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
    show((await run(tmp_path, trial, delay=0.3)).line(trial))
