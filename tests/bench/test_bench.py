"""The benchmark's machinery measures what it says; how fast anything is, `make bench` tells."""

import sys

import pytest

from tests.bench.activities import invoke_activities, message_activities
from tests.bench.sending import measure_sender
from tests.bench.serving import measure_server, serving

BARE_BOT = (sys.executable, "-m", "tests.bench.anchors.bare_bot", "--port", "{port}")


async def test_a_bot_is_started_measured_and_stopped() -> None:
    async with serving(BARE_BOT, delay=0.05) as served:
        figures = await served.measure(message_activities(), count=20, concurrency=10, replies=1)
        assert (figures.errors, figures.missing_replies) == (0, 0)
        assert 50 < figures.p50_ms < 1000
        assert figures.turns_per_s <= 200  # ten at once, each waits 50 ms for the connector
        assert 20 < served.rss_mb() < 500


async def test_answers_that_are_errors_are_counted() -> None:
    def broken(index: int, service_url: str) -> dict[str, str]:
        return {"type": "message", "serviceUrl": f"{service_url}/{index}/elsewhere"}

    assert (await measure_server(BARE_BOT, broken, count=5, concurrency=1)).errors == 5
    press = invoke_activities("announcements.acknowledge", {"v": 1})
    assert (await measure_server(BARE_BOT, press, count=5, concurrency=1)).errors == 0


async def test_a_bot_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="no such option"):
        async with serving((sys.executable, "-c", "raise SystemExit('no such option')")):
            pass


async def test_a_sender_is_run_at_each_concurrency() -> None:
    figures = await measure_sender("tests.bench.anchors.bare_post", count=20, concurrencies=(1, 5))
    assert [(it.concurrency, it.count) for it in figures] == [(1, 20), (5, 20)]
    assert all(it.sends_per_s > 0 for it in figures)
