"""An author's form, preview and sending: every mistake comes back at its field, and changes nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from bot.chat.router import NOT_ALLOWED, OLD_CARD
from storage.announcements.store import Announcements
from storage.audit.store import Audit
from storage.deliveries.records import Recipient, State
from storage.deliveries.store import Deliveries
from tests.features.activities import CHANNEL
from tests.features.announcing import (
    AUTHOR,
    GOOD,
    LIMITED_AUTHOR,
    OFFICE,
    OTHER_AUTHOR,
    STAFF,
    STRANGER,
    dispatch_of,
    draft,
    fill,
    form,
    preview,
    send,
    stores,
)
from tests.features.stage import Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_form_begins_with_the_author_s_section(shared: Stage) -> None:
    values = (await form(shared)).values()
    assert values["issuer"] == values["contact"] == "働き方改革・業務見直し推進室"
    assert values["audience"] == "all"
    assert values["acknowledge"] == "true"
    assert (await form(shared, LIMITED_AUTHOR)).values()["audience"] == "section:KIBAN"


LONG = "あ" * 100_000
REFUSED = [
    ({"title": ""}, "title", "件名を入力してください"),
    ({"title": " 　"}, "title", "件名を入力してください"),
    ({"title": "件" * 101}, "title", "100文字以内"),
    ({"body": ""}, "body", "本文を入力してください"),
    ({"body": LONG}, "body", "8,000文字以内"),
    ({"body": "\n\n".join(['"' * 78] * 99)}, "body", "大きすぎます"),
    ({"deadline": "2026-11-01"}, "deadline", "期限が過ぎています"),
    ({"deadline": "0001-01-01"}, "deadline", "期限が過ぎています"),
    ({"deadline": "11月20日"}, "deadline", "2026-11-25 のように"),
    ({"deadline": "2026-02-30"}, "deadline", "2026-11-25 のように"),
    ({"expires": "2026-11-01"}, "expires", "過ぎています"),
    ({"expires": "2026-11-19"}, "expires", "確認の期限より後"),
    ({"audience_other": "銀河鉄道課"}, "audience_other", "銀河鉄道課"),
    ({"audience_other": "秘書課、銀河鉄道課"}, "audience_other", "銀河鉄道課"),
    ({"audience_other": "総務課"}, "audience_other", "総務課"),
    ({"audience_other": "秘書課、!秘書課"}, "audience_other", "当てはまる職員がいません"),
    ({"audience_other": "!全職員"}, "audience_other", "除く相手しか"),
    ({"audience_other": "people:00000000-0000-4000-8000-999999999999"}, "audience_other", "999999999999"),
    ({"audience_other": "group:00000000-0000-4000-8000-000000000001"}, "audience_other", "グループ"),
    ({"audience_other": LONG}, "audience_other", "…"),
    ({"audience": "section:NOWHERE"}, "audience", "NOWHERE"),
    ({"audience": "", "audience_other": " 　"}, "audience", "宛先を入力してください"),
    ({"links": "制度のページ example.jp"}, "links", "題名と URL"),
    ({"links": "\n".join(f"ページ{i} https://example.jp/{i}" for i in range(5))}, "links", "4件以内"),
    ({"links": f"{LONG} https://example.jp/"}, "links", "長すぎ"),
    ({"links": f"ページ https://example.jp/{'x' * 50_000}"}, "links", "長すぎ"),
    ({"reference": "file:///etc/passwd"}, "reference", "https://"),
    ({"reference": f"https://example.jp/{'x' * 50_000}"}, "reference", "長すぎ"),
    ({"issuer": "課" * 201}, "issuer", "200文字以内"),
    ({"contact": LONG}, "contact", "200文字以内"),
    ({"document_number": LONG}, "document_number", "200文字以内"),
    ({"importance": "urgent"}, "importance", "重要度"),
]


async def test_every_mistake_comes_back_at_its_field_with_everything_kept(shared: Stage) -> None:
    before = await stores(shared)
    for changes, field, words in REFUSED:
        filled = GOOD | {"contact": "内線 00000"} | changes
        card = await fill(shared, **filled)
        assert list(card.errors()) == [field], changes
        assert words in card.errors()[field]
        for name, value in filled.items():
            kept = card.values()[name]
            # What is far too long is cut, and the sentence at the field says so.
            is_cut = value.startswith(kept) and "先頭の" in card.errors().get(name, "")
            assert kept == value or is_cut, name
    assert await stores(shared) == before


async def test_several_mistakes_come_back_together(shared: Stage) -> None:
    card = await fill(shared, title="", body="", deadline="2025-01-01", audience_other="銀河鉄道課")
    assert set(card.errors()) == {"title", "body", "deadline", "audience_other"}
    assert "4か所を直してください" in card.words()


async def test_a_mistake_is_put_right_on_the_card_that_came_back(shared: Stage) -> None:
    await fill(shared, **(GOOD | {"audience_other": "銀河鉄道課"}))
    answer = await shared.press(AUTHOR, "プレビューへ", audience_other="秘書課")
    assert answer.card is not None
    assert "送信前の確認" in answer.card.words()
    assert (await draft(shared)).title == GOOD["title"]


async def test_a_form_may_come_back_with_fields_missing_or_null(shared: Stage) -> None:
    data = (await form(shared)).button("プレビューへ")["data"]
    for fields in ({}, {"title": None, "body": None}, {"title": "件名だけ"}):
        answer = await shared.send_action(AUTHOR, data["verb"], data | fields)
        assert answer.card is not None
        assert "body" in answer.card.errors()


@pytest.mark.parametrize(
    "changes",
    [{"title": 7}, {"title": ["x"]}, {"announcement": None}, {"surplus": "x"}, {"v": 0}, {"v": "1"}],
)
async def test_a_form_of_another_shape_is_an_old_card(shared: Stage, changes: dict[str, object]) -> None:
    before = await stores(shared)
    data = (await form(shared)).button("プレビューへ")["data"]
    answer = await shared.send_action(AUTHOR, data["verb"], data | GOOD | changes)
    if "surplus" in changes:
        assert answer.card is not None
    else:
        assert answer.sentence == OLD_CARD
        assert await stores(shared) == before


async def test_the_preview_shows_what_arrives_and_how_many_get_it_by_bureau(bot: Stage) -> None:
    card = await fill(bot, **GOOD, links="手引 https://www.example.go.jp/t", importance="high")
    words = card.words()
    for expected in (GOOD["body"], "【重要】", "11月20日（金）まで", "全職員の236人", "手引"):
        assert expected in words
    counts = [line for line in words.splitlines() if line.startswith("- ") and line.endswith("人")]
    assert sum(int(line.rpartition("：")[2].removesuffix("人")) for line in counts) == 236
    assert "236人に送信する" in card.titles()
    assert (await stores(bot))[1:] == ((), 0)


async def test_control_characters_in_a_form_are_left_out(shared: Stage) -> None:
    await preview(shared, title="件名\x00\u202e", body="本文\x00です", issuer="課\x00")
    written = await draft(shared)
    assert (written.title, written.body, written.issuer) == ("件名", "本文です", "課")


async def test_going_back_to_the_form_keeps_everything(shared: Stage) -> None:
    filled = OFFICE | {
        "links": "手引 https://www.example.go.jp/t",
        "reference": "https://www.example.go.jp/r",
        "document_number": "官秘第1号",
        "importance": "high",
        "expires": "2026-12-01",
    }
    await preview(shared, **filled)
    answer = await shared.press(AUTHOR, "修正する")
    assert answer.card is not None
    values = answer.card.values()
    assert {name: values[name] for name in filled} == filled
    answer = await shared.press(AUTHOR, "プレビューへ")
    assert answer.card is not None
    assert "送信前の確認" in answer.card.words()
    assert (await draft(shared)).revision == 1


async def test_a_changed_text_is_a_new_revision_and_the_old_preview_no_longer_sends(bot: Stage) -> None:
    old = await preview(bot)
    await bot.press(AUTHOR, "修正する", card=old)
    answer = await bot.press(AUTHOR, "プレビューへ", title="新しい件名")
    assert answer.card is not None
    before = await stores(bot)
    for title in ("送信する", "自分に試し送信"):
        said = await bot.press(AUTHOR, title, card=old)
        assert "内容が新しくなっています" in said.sentence
    assert await stores(bot) == before
    assert bot.teams.messages_for(STAFF) == []


async def test_a_trial_goes_to_the_author_alone_and_records_nothing(shared: Stage) -> None:
    await preview(shared)
    before, sent = await stores(shared), shared.teams.count
    await shared.press(AUTHOR, "自分に試し送信")
    assert shared.teams.count == sent + 1
    assert {each.member for each in shared.teams.taken[sent:]} == {AUTHOR}
    trial = shared.sees(AUTHOR)[-1]
    assert GOOD["body"] in trial.words()
    assert "試し送信" in trial.words()
    for title in trial.titles():
        await shared.press(AUTHOR, title, card=trial)
    assert await stores(shared) == before


async def test_leaving_the_form_sends_nothing(shared: Stage) -> None:
    for card in (await form(shared), await preview(shared)):
        answer = await shared.press(AUTHOR, "やめる", card=card)
        assert answer.card is not None
        assert "送られていません" in answer.card.words()
    assert (await stores(shared))[1] == ()


async def test_sending_reaches_everybody_once(bot: Stage) -> None:
    card = await fill(bot, **GOOD)
    answer = await bot.press(AUTHOR, "236人に送信する", card=card)
    assert answer.card is not None
    assert GOOD["title"] in answer.card.words()
    _, tally = await bot.until_sent((await draft(bot)).id)
    assert (tally.total, tally.delivered) == (236, 236)
    counts = bot.teams.records.counts()
    assert counts.pop(AUTHOR) == 2  # the form, and the announcement
    assert set(counts.values()) == {1}
    assert len(counts) == 235
    (entry,) = await Audit(bot.storage.ledger).entries()
    assert (entry.action, entry.outcome) == ("announcement.send", "planned:236")


async def test_pressing_send_twice_sends_once(bot: Stage) -> None:
    card = await preview(bot)
    answers = await asyncio.gather(*(bot.press(AUTHOR, "送信する", card=card) for _ in range(4)))
    answers.append(await bot.press(AUTHOR, "送信する", card=card))
    assert all(answer.card is not None and "送信前の確認" not in answer.card.words() for answer in answers)
    _, dispatches, entries = await stores(bot)
    assert len(dispatches) == 1
    assert entries == 1
    await bot.until_sent(dispatches[0][0].subject)
    assert bot.teams.records.duplicates() == {}


async def test_pressing_send_once_more_after_the_deadline_shows_what_became_of_it(bot: Stage) -> None:
    card = await preview(bot)
    await bot.press(AUTHOR, "送信する", card=card)
    await bot.until_sent((await draft(bot)).id, is_over=True)
    before = await stores(bot)
    bot.clock.advance(timedelta(days=30))
    answer = await bot.press(AUTHOR, "送信する", card=card)
    assert answer.card is not None
    assert "送信が終わりました" in answer.card.words()
    assert await stores(bot) == before


async def test_what_has_been_sent_is_not_changed_by_a_card_that_was_left_open(bot: Stage) -> None:
    shown = await form(bot)
    answer = await bot.press(AUTHOR, "プレビューへ", card=shown, **OFFICE)
    assert answer.card is not None
    edited = await bot.press(AUTHOR, "修正する", card=answer.card)
    assert edited.card is not None
    await bot.press(AUTHOR, "送信する", card=answer.card)
    await bot.until_sent((await draft(bot)).id)
    before = await stores(bot)
    for title, card in (("プレビューへ", edited.card), ("修正する", answer.card)):
        said = await bot.press(AUTHOR, title, card=card)
        assert "送信済み" in said.sentence
    assert await stores(bot) == before


async def test_a_deadline_that_passes_before_sending_is_noticed(bot: Stage) -> None:
    card = await preview(bot)
    bot.clock.advance(timedelta(days=30))
    before = await stores(bot)
    answer = await bot.press(AUTHOR, "送信する", card=card)
    assert "期限が過ぎています" in answer.sentence
    assert await stores(bot) == before


async def test_when_the_head_count_has_moved_by_more_than_5_percent_the_author_is_asked(bot: Stage) -> None:
    card = await fill(bot, **GOOD)
    sending = card.button("送信する")
    for approved, is_asked in ((225, False), (248, False), (224, True), (249, True), (0, True)):
        answer = await bot.send_action(AUTHOR, sending["verb"], sending["data"] | {"head_count": approved})
        assert answer.card is not None
        assert ("236人に変わりました" in answer.card.words()) == is_asked, approved
        if not is_asked:
            break
    else:
        pytest.fail("never sent")


async def test_being_asked_about_the_head_count_sends_nothing_until_it_is_agreed(bot: Stage) -> None:
    card = await fill(bot, **GOOD)
    sending = card.button("送信する")
    before = await stores(bot)
    answer = await bot.send_action(AUTHOR, sending["verb"], sending["data"] | {"head_count": 200})
    assert answer.card is not None
    assert "200人から236人に変わりました" in answer.card.words()
    assert await stores(bot) == before
    agreed = answer.card.button("236人に送信する")
    answer = await bot.send_action(AUTHOR, agreed["verb"], agreed["data"])
    (dispatch, _) = (await stores(bot))[1][0]
    assert dispatch.head_count == 236


FORGED: list[tuple[str, dict[str, object]]] = [
    ("announcement.edit", {}),
    ("announcement.test", {"revision": 1}),
    ("announcement.send", {"revision": 1, "head_count": 4}),
]


@pytest.mark.parametrize("who", [OTHER_AUTHOR, LIMITED_AUTHOR])
async def test_the_draft_of_another_author_stays_theirs(shared: Stage, who: str) -> None:
    await preview(shared)
    mine = await draft(shared)
    before = await stores(shared)
    for verb, fields in FORGED:
        answer = await shared.send_action(who, verb, {"v": 1, "announcement": mine.id, **fields})
        assert "この下書きは見つかりません" in answer.sentence
        assert mine.title not in answer.sentence
    assert await stores(shared) == before
    # A form that names another's draft makes a new one of one's own.
    data = {"v": 1, "announcement": mine.id, **GOOD, "audience": "section:KIBAN"}
    await shared.send_action(who, "announcement.preview", data)
    assert await Announcements(shared.storage.documents).get(mine.id) == mine
    assert (await draft(shared, who)).id != mine.id


@pytest.mark.parametrize("forged", ["", "nothing", "../etc/passwd", "x" * 5_000, "a\nb", "\x00", "あ", "%"])
async def test_a_draft_that_does_not_exist_is_not_found(shared: Stage, forged: str) -> None:
    before = await stores(shared)
    for verb, fields in FORGED:
        answer = await shared.send_action(AUTHOR, verb, {"v": 1, "announcement": forged, **fields})
        assert "この下書きは見つかりません" in answer.sentence
    assert await stores(shared) == before
    answer = await shared.send_action(
        AUTHOR, "announcement.preview", {"v": 1, "announcement": forged, **OFFICE}
    )
    assert answer.card is not None


async def test_who_is_no_author_can_do_nothing_with_a_draft(shared: Stage) -> None:
    await preview(shared)
    mine = await draft(shared)
    before = await stores(shared)
    writing: dict[str, object] = {**OFFICE}
    for verb, fields in (*FORGED, ("announcement.preview", writing), ("announcement.new", {})):
        for who in (STAFF, STRANGER):
            answer = await shared.send_action(who, verb, {"v": 1, "announcement": mine.id} | fields)
            assert answer.sentence == NOT_ALLOWED
    assert await stores(shared) == before
    (refused,) = await shared.say(STAFF, "周知を作る")
    assert refused.text == NOT_ALLOWED


@pytest.mark.parametrize("version", [0, 2, None, "1", 1.5, [1]])
async def test_a_card_of_another_version_is_answered_politely(shared: Stage, version: object) -> None:
    before = await stores(shared)
    data = {"v": version, "announcement": "x", "revision": 1, "head_count": 1}
    assert (await shared.send_action(AUTHOR, "announcement.send", data)).sentence == OLD_CARD
    assert await stores(shared) == before


@pytest.mark.parametrize("verb", ["announcement.nothing", "", "?", "x" * 1_000, "announcement.SEND", "送信"])
async def test_an_unknown_verb_is_answered_politely(shared: Stage, verb: str) -> None:
    assert (await shared.send_action(AUTHOR, verb, {"v": 1})).sentence == OLD_CARD


async def test_a_limited_author_reaches_their_own_bureau_and_nobody_else(bot: Stage) -> None:
    before = await stores(bot)
    for audience in ("all", "headquarters", "section:KANBO"):
        card = await fill(bot, LIMITED_AUTHOR, **GOOD, audience=audience)
        assert "総合通信基盤局" in card.errors()["audience"]
        assert "の外の方が含まれています" in card.errors()["audience"]
    card = await fill(bot, LIMITED_AUTHOR, **GOOD, audience_other=f"事業政策課、people:{STAFF}")
    assert "の外の方が含まれています" in card.errors()["audience_other"]
    assert await stores(bot) == before

    card = await fill(bot, LIMITED_AUTHOR, **GOOD)
    assert "22人に送信する" in card.titles()
    await bot.press(LIMITED_AUTHOR, "22人に送信する", card=card)
    dispatch, tally = await bot.until_sent((await draft(bot, LIMITED_AUTHOR)).id)
    assert tally.delivered == 22
    rows = await Deliveries(bot.storage.ledger).rows(dispatch.id, states=[State.DELIVERED])
    assert {row.bureau for row in rows} == {"KIBAN"}


async def test_an_author_whose_reach_has_shrunk_since_the_preview_cannot_send(data_dir: Path) -> None:
    for reach, is_sent in (("section:KANBO", False), ("", True)):
        folder = data_dir / f"reach-{is_sent}"
        folder.mkdir()
        async with stage(folder) as bot:
            card = await fill(bot, **GOOD)
        rows = f"object_id,role,audience\n{AUTHOR},author,{reach}\n"
        (folder / "roles.csv").write_text(rows, encoding="utf-8")
        async with stage(folder) as bot:
            sending = card.button("送信する")
            answer = await bot.send_action(AUTHOR, sending["verb"], sending["data"])
            assert bool((await stores(bot))[1]) == is_sent
            assert is_sent or "の外の方が含まれています" in answer.sentence


async def test_an_error_of_the_database_repeats_no_text(bot: Stage) -> None:
    dispatch, _ = await dispatch_of(bot, await send(bot))
    async with bot.storage.ledger.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO away")
    with pytest.raises(DBAPIError) as failed:
        await Deliveries(bot.storage.ledger).plan(
            replace(dispatch, id="another"), [Recipient(id=STAFF, section="HISHO")]
        )
    async with bot.storage.ledger.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO deliveries")
    assert STAFF not in str(failed.value)
    assert GOOD["title"] not in str(failed.value)


async def test_a_form_asked_for_in_a_channel_opens_in_the_author_s_own_chat(shared: Stage) -> None:
    (public,) = await shared.say(AUTHOR, "周知を作る", CHANNEL)
    assert public.card is None
    assert "プレビューへ" in shared.sees(AUTHOR)[-1].titles()
