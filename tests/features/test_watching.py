"""After sending: the live card, stop, retry, what is unknown, pauses, and confirmations by bureau."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.chat.router import NOT_ALLOWED
from storage.audit.store import Audit
from storage.deliveries.records import Dispatch, DispatchState, PauseReason, State
from storage.deliveries.store import Deliveries
from tests.fakes.connector import Plan, Rule
from tests.fakes.connector.records import Taken
from tests.features.activities import person
from tests.features.announcing import (
    AUTHOR,
    GOOD,
    LIMITED_AUTHOR,
    OTHER_AUTHOR,
    STAFF,
    STRANGER,
    dispatch_of,
    order,
    send,
    stores,
)
from tests.features.stage import Stage, stage
from tests.features.window import Shown, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUREAU = "大臣官房"
KANBO = 48
BLOCKED, NOT_INSTALLED, DOUBTFUL = person(9), person(10), person(14)


def live(bot: Stage) -> Shown:
    """Return the author's live card as it looks now."""
    return bot.card_with(AUTHOR, "最新の状況にする")


def updates(bot: Stage) -> list[Taken]:
    """Return the changes of the author's messages, in order."""
    return [each for each in bot.teams.records.changes if each.member == AUTHOR]


def audience_counts(bot: Stage) -> dict[str, int]:
    """Return how many messages everybody but the author has."""
    return {who: count for who, count in bot.teams.records.counts().items() if who != AUTHOR}


async def people_in(bot: Stage, dispatch: Dispatch, state: State) -> set[str]:
    rows = await Deliveries(bot.storage.ledger).rows(dispatch.id, states=[state])
    return {row.recipient for row in rows}


async def test_the_live_card_follows_the_figures_and_rests_when_they_do(data_dir: Path) -> None:
    async with stage(data_dir, plan=Plan(delay=0.25), send_concurrency=8) as bot:
        announcement = await order(bot, audience_other=BUREAU)
        await bot.until_sent(announcement.id, is_over=True)
        await bot.until(lambda: "送信が終わりました" in live(bot).words())
        figures = [tuple(re.findall(r"(\d+)人中(\d+)人に届きました", _words(each))) for each in updates(bot)]
        assert len(figures) == len(updates(bot)) >= 2
        assert figures == sorted(figures, key=lambda found: int(found[0][1]))
        pauses = [b.at - a.at for a, b in pairwise(updates(bot))]
        assert min(pauses) > 1.7
        assert any("1秒に" in _words(each) and "あと" in _words(each) for each in updates(bot)[:-1])
        assert f"{KANBO}人中{KANBO}人に届きました（100%）" in live(bot).words()
        # It stands in the place of the preview: one card for the whole life of the announcement.
        assert [each for each in bot.sees(AUTHOR) if "送信前の確認" in each.words()] == []

        await bot.teams.wait_idle()
        await asyncio.sleep(0.1)  # until the bot has read the last answer
        count = len(updates(bot))
        for _ in range(3):
            bot.clock.advance(timedelta(hours=1))
            await bot.run_job("refresh_live_cards")
        assert len(updates(bot)) == count

        await bot.press(person(12), "確認しました")
        bot.clock.advance(timedelta(minutes=1))
        await bot.run_job("refresh_live_cards")
        assert len(updates(bot)) == count + 1
        assert "1人（届いた人の2%）" in live(bot).words()


def _words(update: Taken) -> str:
    return shown(update.conversation, update.activity_id, update.json()).words()


async def test_stopping_cancels_what_has_not_left_and_retrying_sends_only_that(data_dir: Path) -> None:
    async with stage(data_dir, plan=Plan(delay=0.05), send_concurrency=2) as bot:
        announcement = await order(bot, audience_other=BUREAU)
        await bot.until(lambda: len(audience_counts(bot)) > 3)
        answer = await bot.press(AUTHOR, "送信を止める")
        assert answer.card is not None
        assert "送信を止めました" in answer.card.words()
        dispatch, tally = await bot.until_sent(announcement.id)
        assert dispatch.state is DispatchState.STOPPED
        assert 3 < tally.delivered < KANBO
        assert tally.reasons == {"cancelled": KANBO - tally.delivered}
        reached = await people_in(bot, dispatch, State.DELIVERED)
        await asyncio.sleep(0.3)
        assert set(audience_counts(bot)) == reached - {AUTHOR}

        bot.teams.plan = Plan(keep_bodies=True)
        await bot.press(AUTHOR, "最新の状況にする")
        again = await bot.press(AUTHOR, "に再送")
        assert again.card is not None
        _, tally = await bot.until_sent(announcement.id)
        assert tally.delivered == KANBO
        assert set(audience_counts(bot).values()) == {1}
        actions = [entry.action for entry in await Audit(bot.storage.ledger).entries()]
        assert actions == ["announcement.send", "announcement.stop", "announcement.retry"]


async def test_stopping_twice_or_when_all_is_over_changes_nothing(bot: Stage) -> None:
    announcement = await send(bot)
    before = (await stores(bot))[:2]
    dispatch, _ = await dispatch_of(bot, announcement)
    for _ in range(2):
        answer = await bot.send_action(AUTHOR, "announcement.stop", {"v": 1, "dispatch": dispatch.id})
        assert answer.card is not None
    after = (await stores(bot))[:2]
    assert after[0] == before[0]
    assert [tally for _, tally in after[1]] == [tally for _, tally in before[1]]


async def test_failures_are_named_and_only_they_are_sent_again(data_dir: Path) -> None:
    rules = (
        Rule(member=BLOCKED, then="403:ConversationBlockedByUser"),
        Rule(member=NOT_INSTALLED, then="403:BotNotInConversationRoster"),
    )
    async with stage(data_dir, plan=Plan(rules=rules)) as bot:
        announcement = await send(bot, is_over=True, audience_other=BUREAU)
        await bot.press(AUTHOR, "最新の状況にする")
        words = live(bot).words()
        assert "2人（本人がボットをブロック 1人、アプリが未導入 1人）" in words
        assert f"{KANBO}人中{KANBO - 2}人に届きました" in words

        bot.teams.plan = Plan(keep_bodies=True, rules=rules[:1])
        await bot.press(AUTHOR, "送れなかった2人に再送")
        _, tally = await bot.until_sent(announcement.id)
        assert (tally.delivered, tally.reasons) == (KANBO - 1, {"blocked": 1})
        assert set(audience_counts(bot).values()) == {1}
        assert BLOCKED not in audience_counts(bot)


async def test_pressing_retry_twice_sends_once(data_dir: Path) -> None:
    async with stage(data_dir, plan=Plan(rules=(Rule(member=BLOCKED, steps=("403",)),))) as bot:
        announcement = await send(bot, is_over=True, audience_other=BUREAU)
        await bot.press(AUTHOR, "最新の状況にする")
        card = live(bot)
        await asyncio.gather(*(bot.press(AUTHOR, "に再送", card=card) for _ in range(3)))
        await bot.until_sent(announcement.id)
        await bot.press(AUTHOR, "に再送", card=card)
        _, tally = await bot.until_sent(announcement.id)
        assert tally.delivered == KANBO
        assert set(audience_counts(bot).values()) == {1}


@pytest.mark.parametrize(("button", "copies"), [("届いたか不明の1人に再送", 2), ("配信済みとして扱う", 1)])
async def test_what_is_unknown_waits_for_a_person_to_decide(data_dir: Path, button: str, copies: int) -> None:
    doubt = Rule(member=DOUBTFUL, steps=("500-after-accept",))
    async with stage(data_dir, plan=Plan(rules=(doubt,))) as bot:
        announcement = await send(bot, is_over=True, audience_other=BUREAU)
        dispatch, tally = await dispatch_of(bot, announcement)
        assert await people_in(bot, dispatch, State.UNKNOWN) == {DOUBTFUL}
        assert tally.delivered == KANBO - 1
        await bot.press(AUTHOR, "最新の状況にする")
        assert "届いたか不明" in live(bot).words()
        await bot.press(AUTHOR, button)
        _, tally = await bot.until_sent(announcement.id)
        assert tally.delivered == KANBO
        counts = audience_counts(bot)
        assert counts.pop(DOUBTFUL) == copies
        assert set(counts.values()) == {1}


async def test_who_confirms_a_doubtful_message_has_evidently_got_it(data_dir: Path) -> None:
    doubt = Rule(member=DOUBTFUL, steps=("500-after-accept",))
    async with stage(data_dir, plan=Plan(rules=(doubt,))) as bot:
        announcement = await send(bot, audience_other=BUREAU)
        await bot.press(DOUBTFUL, "確認しました")
        _, tally = await dispatch_of(bot, announcement)
        assert (tally.unknown, tally.delivered, tally.acknowledged) == (0, KANBO, 1)


async def test_what_has_expired_is_not_sent_again(data_dir: Path) -> None:
    async with stage(data_dir, plan=Plan(rules=(Rule(member=BLOCKED, then="403"),))) as bot:
        announcement = await send(bot, is_over=True, audience_other=BUREAU, expires="2026-11-25")
        await bot.press(AUTHOR, "最新の状況にする")
        card = live(bot)
        bot.clock.advance(timedelta(days=30))
        sent = bot.teams.count
        answer = await bot.press(AUTHOR, "に再送", card=card)
        assert "再送できません" in answer.sentence
        _, tally = await dispatch_of(bot, announcement)
        assert (tally.failed, tally.queued) == (1, 0)
        assert bot.teams.count == sent


async def test_confirmations_by_bureau_are_counts_without_names(bot: Stage) -> None:
    await send(bot, audience_other="秘書課、財政課")
    for who in (person(13), person(14), STAFF):
        await bot.press(who, "確認しました")
    await bot.press(AUTHOR, "最新の状況にする")
    await bot.press(AUTHOR, "部局別の確認状況")
    table = bot.sees(AUTHOR)[-1]
    words = table.words()
    lines = words.splitlines()
    assert lines[lines.index("大臣官房") + 2].startswith("2人")
    assert lines[lines.index("自治財政局") + 2].startswith("1人")
    assert lines[lines.index("合計") + 2].startswith("3人")
    assert "職員0" not in words
    assert any("人に届きました" in each.words() for each in bot.sees(AUTHOR)), "the live card stays"
    again = await bot.press(AUTHOR, "最新の状況にする", card=table)
    assert again.card is not None
    assert "合計" in again.card.words()


async def test_the_list_of_what_was_sent_brings_the_live_card_back(bot: Stage) -> None:
    await send(bot)
    (sent,) = await bot.say(AUTHOR, "配信状況")
    assert "11月はテレワーク月間です" in sent.words()
    answer = await bot.press(AUTHOR, "を開く", card=sent)
    assert answer.card is not None
    assert "人に届きました" in answer.card.words()
    (refused,) = await bot.say(STAFF, "配信の状況")
    assert NOT_ALLOWED in refused.words()


ADMINISTRATOR = person(20)

BUTTONS = ["progress", "confirmations", "stop", "resume", "retry", "resend_unknown", "accept_unknown"]


async def test_only_its_author_and_the_secretariat_have_a_hand_in_a_dispatch(bot: Stage) -> None:
    announcement = await send(bot)
    dispatch, _ = await dispatch_of(bot, announcement)
    before = await stores(bot)
    for button in BUTTONS:
        data = {"v": 1, "dispatch": dispatch.id}
        for who in (STAFF, STRANGER):
            answer = await bot.send_action(who, f"announcement.{button}", data)
            assert answer.sentence == NOT_ALLOWED
        answer = await bot.send_action(LIMITED_AUTHOR, f"announcement.{button}", data)
        assert "作成した方と事務局だけ" in answer.sentence
        for forged in ("", "x", dispatch.id + "x", "\x00", "x" * 5_000):
            answer = await bot.send_action(AUTHOR, f"announcement.{button}", data | {"dispatch": forged})
            assert answer.card is None
            assert answer.sentence
            assert "受付番号" not in answer.sentence
    assert await stores(bot) == before
    answer = await bot.send_action(OTHER_AUTHOR, "announcement.progress", {"v": 1, "dispatch": dispatch.id})
    assert answer.card is not None


async def test_when_teams_refuses_the_bot_sending_pauses_until_it_is_told_to_go_on(data_dir: Path) -> None:
    refused = Rule(on=("create",), member=BLOCKED, steps=("401", "401"))
    async with stage(data_dir, plan=Plan(rules=(refused,)), send_concurrency=1) as bot:
        announcement = await order(bot, audience_other=BUREAU)
        await bot.until(lambda: "再開する" in live(bot).titles())
        assert "Teamsに接続できません" in live(bot).words()
        seen = len(bot.sees(AUTHOR))
        await bot.run_job("tell_paused")
        await bot.run_job("tell_paused")
        assert len(bot.sees(AUTHOR)) == seen + 1  # an administrator as well; told once
        sent = bot.teams.count
        await asyncio.sleep(0.3)
        assert bot.teams.count == sent

        await bot.press(AUTHOR, "再開する")
        _, tally = await bot.until_sent(announcement.id)
        assert tally.delivered == KANBO


async def schedule(bot: Stage, **changes: Any) -> Dispatch:
    """Write a dispatch as `announce --at` does, to start in an hour."""
    written = await send(bot)
    dispatch, _ = await dispatch_of(bot, written)
    later = bot.clock.now() + timedelta(hours=1)
    times: dict[str, Any] = {"started_at": None, "finished_at": None, "live_card": None}
    times |= {"start_at": later, "give_up_at": later + timedelta(days=1), "state": DispatchState.SCHEDULED}
    planned = replace(dispatch, id="scheduled", subject="scheduled", **(times | changes))
    await Deliveries(bot.storage.ledger).plan(planned, ())
    return planned


async def test_a_scheduled_dispatch_starts_at_its_time(bot: Stage) -> None:
    planned = await schedule(bot)
    answer = await bot.send_action(AUTHOR, "announcement.progress", {"v": 1, "dispatch": planned.id})
    assert answer.card is not None
    assert answer.card.titles() == ["予約を取り消す"]
    bot.clock.advance(timedelta(hours=2))
    _, tally = await bot.until_sent(planned.id, is_over=True)
    assert tally.delivered == planned.head_count


async def test_a_scheduled_dispatch_can_be_taken_back(bot: Stage) -> None:
    planned = await schedule(bot)
    await bot.send_action(AUTHOR, "announcement.stop", {"v": 1, "dispatch": planned.id})
    bot.clock.advance(timedelta(hours=2))
    await asyncio.sleep(1.2)
    dispatch, tally = await bot.until_sent(planned.id)
    assert (dispatch.state, tally.total) == (DispatchState.STOPPED, 0)


@pytest.mark.parametrize("by", [AUTHOR, "operator"])
async def test_a_scheduled_dispatch_whose_audience_has_changed_asks_first(bot: Stage, by: str) -> None:
    planned = await schedule(bot, head_count=100, created_by=by)
    bot.clock.advance(timedelta(hours=2))
    await paused(bot, planned, PauseReason.AUDIENCE_CHANGED)
    await bot.run_job("tell_paused")
    told = bot.card_with(AUTHOR, "再開する")
    assert "5%を超えて変わりました" in told.words()
    await bot.press(AUTHOR, "再開する", card=told)
    dispatch, tally = await bot.until_sent(planned.id, is_over=True)
    assert tally.delivered == dispatch.head_count < 100


async def test_an_administrator_who_is_no_author_may_let_it_go_on_but_not_end_it(bot: Stage) -> None:
    planned = await schedule(bot, head_count=100)
    bot.clock.advance(timedelta(hours=2))
    await paused(bot, planned, PauseReason.AUDIENCE_CHANGED)
    which = {"v": 1, "dispatch": planned.id}
    assert (await bot.send_action(ADMINISTRATOR, "announcement.stop", which)).sentence == NOT_ALLOWED
    answer = await bot.send_action(ADMINISTRATOR, "announcement.resume", which)
    assert answer.card is not None
    _, tally = await bot.until_sent(planned.id, is_over=True)
    assert tally.delivered > 0


async def test_a_scheduled_dispatch_to_nobody_knows_whom_is_never_shortened(bot: Stage) -> None:
    planned = await schedule(bot, audience="section:HISHO,section:NOWHERE")
    bot.clock.advance(timedelta(hours=2))
    await paused(bot, planned, PauseReason.AUDIENCE_UNRESOLVED)
    answer = await bot.send_action(AUTHOR, "announcement.resume", {"v": 1, "dispatch": planned.id})
    assert "NOWHERE" in answer.sentence
    dispatch, tally = await bot.until_sent(planned.id)
    assert (dispatch.state, tally.total) == (DispatchState.PAUSED, 0)


async def paused(bot: Stage, planned: Dispatch, reason: PauseReason) -> None:
    deliveries = Deliveries(bot.storage.ledger)
    async with asyncio.timeout(5):
        while True:
            found = await deliveries.dispatch(planned.id)
            if found is not None and found.state is DispatchState.PAUSED:
                break
            await asyncio.sleep(0.05)
    assert found.pause_reason is reason


async def test_what_was_sent_is_listed_and_opened_as_the_live_card(bot: Stage) -> None:
    (empty,) = await bot.say(AUTHOR, "配信の状況")
    assert not [title for title in empty.titles() if GOOD["title"] in title]
    await send(bot, LIMITED_AUTHOR, title="局の周知", audience="section:KIBAN", audience_other="")
    announcement = await send(bot, is_over=True)
    (of_limited,) = await bot.say(LIMITED_AUTHOR, "sent")
    assert "局の周知" in of_limited.words()
    assert GOOD["title"] not in of_limited.words()
    await bot.press(AUTHOR, "配信の状況", card=(await bot.say(AUTHOR, "メニュー"))[0])
    listed = bot.sees(AUTHOR)[-1]
    assert "局の周知" in listed.words()
    opened = await bot.press(AUTHOR, GOOD["title"], card=listed)
    assert opened.card is not None
    assert "送信が終わりました" in opened.card.words()

    await bot.press(AUTHOR, "確認しました")
    bot.clock.advance(timedelta(minutes=1))
    await bot.run_job("refresh_live_cards")
    assert updates(bot)[-1].activity_id == listed.activity_id
    assert (await dispatch_of(bot, announcement))[1].acknowledged == 1
    assert "**確認済み**　1人" in bot.card_with(AUTHOR, "部局別の確認状況").words()
