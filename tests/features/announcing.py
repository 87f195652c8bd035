"""What tests of announcements do again and again: write one, send it, and look at what is stored."""

from storage.announcements.records import Announcement
from storage.announcements.store import Announcements
from storage.audit.store import Audit
from storage.deliveries.records import Dispatch, Tally
from storage.deliveries.store import Deliveries
from tests.features.activities import person
from tests.features.stage import Stage
from tests.features.window import Shown

AUTHOR, STAFF, STRANGER = person(1), person(5), person(9_999)
OTHER_AUTHOR, LIMITED_AUTHOR = person(19), person(185)
GOOD = {
    "title": "11月はテレワーク月間です",
    "body": "一度はテレワークをしてください。",
    "deadline": "2026-11-20",
}
OFFICE = GOOD | {"audience_other": "働き方改革・業務見直し推進室"}
"""To the office of the author: few people, the author among them."""


async def stores(bot: Stage) -> tuple[dict[str, Announcement], tuple[tuple[Dispatch, Tally], ...], int]:
    """Return everything that pressing a button could have changed."""
    drafts: dict[str, Announcement] = {}
    for author in (AUTHOR, STAFF, OTHER_AUTHOR, LIMITED_AUTHOR):
        drafts |= {each.id: each for each in await Announcements(bot.storage.documents).drafts_of(author)}
    deliveries = Deliveries(bot.storage.ledger)
    dispatches = [(each, await deliveries.tally(each.id)) for each in await deliveries.latest(100)]
    return drafts, tuple(dispatches), len(await Audit(bot.storage.ledger).entries())


async def draft(bot: Stage, who: str = AUTHOR) -> Announcement:
    """Return the newest draft of an author."""
    (newest, *_) = await Announcements(bot.storage.documents).drafts_of(who)
    return newest


async def form(bot: Stage, who: str = AUTHOR) -> Shown:
    """Open a new form."""
    (shown,) = await bot.say(who, "周知を作る")
    return shown


async def fill(bot: Stage, who: str = AUTHOR, **fields: str) -> Shown:
    """Fill in a new form; return the card that comes in its place."""
    answer = await bot.press(who, "プレビューへ", card=await form(bot, who), **fields)
    assert answer.card is not None, answer.sentence
    return answer.card


async def preview(bot: Stage, who: str = AUTHOR, **fields: str) -> Shown:
    """Return the preview of a good announcement, by default to the author's office."""
    card = await fill(bot, who, **(OFFICE | fields))
    assert "送信前の確認" in card.words(), card.words()
    return card


async def order(bot: Stage, who: str = AUTHOR, **fields: str) -> Announcement:
    """Write an announcement and press send; return it before it has reached anybody."""
    card = await preview(bot, who, **fields)
    written = await draft(bot, who)
    answer = await bot.press(who, "送信する", card=card)
    assert answer.card is not None, answer.sentence
    return written


async def send(bot: Stage, who: str = AUTHOR, *, is_over: bool = False, **fields: str) -> Announcement:
    """Write an announcement, send it, and wait until it has reached whom it can (or is over as well)."""
    written = await order(bot, who, **fields)
    await bot.until_sent(written.id, is_over=is_over)
    return written


async def dispatch_of(bot: Stage, announcement: Announcement) -> tuple[Dispatch, Tally]:
    """Return the dispatch of an announcement with its sums."""
    deliveries = Deliveries(bot.storage.ledger)
    (dispatch,) = await deliveries.of_subject(announcement.id)
    return dispatch, await deliveries.tally(dispatch.id)
