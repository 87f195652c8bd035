"""The router: words however they are typed, the narrower permission first, one handler for one thing."""

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.request import Actor, Conversation, ConversationKind, Private, Reply, Request, Text, Toast
from bot.chat.roles import AUTHORS, EVERYONE, STAFF, Permission, Role
from bot.chat.router import NOT_ALLOWED, OLD_CARD, Router, card_action, command, fold, job
from bot.errors import UserFacingError
from cards.kit.verbs import Nothing, Verb
from tests.fakes.clock import NOW

PERSONAL, GROUP, CHANNEL = ConversationKind.PERSONAL, ConversationKind.GROUP, ConversationKind.CHANNEL
NOBODY: frozenset[Role] = frozenset()
ORDINARY = frozenset({Role.STAFF})
WRITER = frozenset({Role.STAFF, Role.AUTHOR})


@dataclass(frozen=True, kw_only=True)
class Page:
    """A payload with a field."""

    page: int


class Sample:
    """One handler of each kind."""

    @command("お知らせ", "連絡", "周知", "notices", allow=STAFF)
    async def notices(self, request: Request) -> Reply:
        """Answer."""
        return Text(f"一覧:{request.text}")

    @command("周知を作る", "周知", allow=AUTHORS)
    async def write(self, _request: Request) -> Reply:
        """Answer."""
        return Text("書く")

    @command("使い方", "help", allow=EVERYONE, in_public=True)
    async def guide(self, request: Request) -> Reply:
        """Answer, or refuse."""
        if "だめ" in request.text:
            raise UserFacingError("できません。")
        return Text("使い方")

    @command("自分", allow=EVERYONE)
    async def private(self, _request: Request) -> Reply:
        """Answer privately by itself."""
        return Private(Text("自分"))

    @card_action(Verb("sample.page", Page), allow=STAFF)
    async def page(self, _request: Request, payload: Page) -> Reply:
        """Answer with the payload, or refuse."""
        if payload.page < 0:
            raise UserFacingError("ありません。")
        return Text(f"page {payload.page}")

    @card_action(Verb("sample.new", Nothing, version=3), allow=AUTHORS)
    async def new(self, _request: Request, _payload: Nothing) -> Reply:
        """Answer."""
        return Toast("新規")

    @job(every=1.5)
    async def work(self) -> None:
        """Do nothing."""


async def fallback(_request: Request) -> Reply:
    return Text("?")


@pytest.fixture
def router() -> Router:
    return Router([Sample()], fallback=fallback)


def asked(
    text: str = "",
    *,
    roles: frozenset[Role] = WRITER,
    kind: ConversationKind = PERSONAL,
    verb: str = "",
    fields: Mapping[str, object] | None = None,
) -> Request:
    conversation = Conversation(id="a:1", kind=kind, service_url="http://127.0.0.1")
    actor = Actor(id="x", roles=roles)
    return Request(actor=actor, conversation=conversation, now=NOW, text=text, verb=verb, fields=fields or {})


@pytest.mark.parametrize(
    "text",
    [
        "お知らせ",
        "お知らせ　今日",
        " お知らせ\n",
        "お知らせ\t全部 ください",
        "連絡",
        "Notices",
        "NOTICES",
        "ｎｏｔｉｃｅｓ",
        "ＮＯＴＩＣＥＳ　今日",
        "\u00a0お知らせ\u00a0",
    ],
)
async def test_a_command_is_understood_however_it_is_typed(router: Router, text: str) -> None:
    assert await router.dispatch(asked(text)) == Text(f"一覧:{text}")


async def test_half_width_katakana_and_composed_letters_are_the_same() -> None:
    class Katakana:
        @command("アンケート", "パルス", "データ", allow=EVERYONE)
        async def answer(self, _request: Request) -> Reply:
            return Text("はい")

    router = Router([Katakana()], fallback=fallback)
    for text in ("ｱﾝｹｰﾄ", "ﾊﾟﾙｽ", "ﾃﾞｰﾀ", "ハ\u309aルス", "テ\u3099ータ"):
        assert await router.dispatch(asked(text)) == Text("はい"), text


@pytest.mark.parametrize("text", ["", " ", "　", "お知らせください", "今日 お知らせ", "周知を", "help!"])
async def test_what_is_no_command_goes_to_the_fallback(router: Router, text: str) -> None:
    assert await router.dispatch(asked(text)) == Text("?")


async def test_a_whole_text_that_is_a_command_wins_over_its_first_word() -> None:
    class Two:
        @command("自課", allow=EVERYONE)
        async def short(self, _request: Request) -> Reply:
            return Text("短い")

        @command("自課 の 状況", allow=EVERYONE)
        async def long(self, _request: Request) -> Reply:
            return Text("長い")

    router = Router([Two()], fallback=fallback)
    assert await router.dispatch(asked("自課 の 状況")) == Text("長い")
    assert await router.dispatch(asked("自課 の 予定")) == Text("短い")


async def test_one_word_means_what_the_narrower_permission_allows(router: Router) -> None:
    assert await router.dispatch(asked("周知", roles=WRITER)) == Text("書く")
    assert await router.dispatch(asked("周知", roles=ORDINARY)) == Text("一覧:周知")
    assert await router.dispatch(asked("周知", roles=NOBODY)) == Text(NOT_ALLOWED)
    assert await router.dispatch(asked("周知を作る", roles=ORDINARY)) == Text(NOT_ALLOWED)


@pytest.mark.parametrize("kind", [GROUP, CHANNEL])
async def test_what_concerns_one_person_is_answered_privately(router: Router, kind: ConversationKind) -> None:
    for text, roles, expected in (
        ("お知らせ", WRITER, Private(Text("一覧:お知らせ"))),
        ("周知を作る", ORDINARY, Private(Text(NOT_ALLOWED))),
        ("ふにゃ", WRITER, Private(Text("?"))),
        ("自分", WRITER, Private(Text("自分"))),
        ("使い方", NOBODY, Text("使い方")),
        ("使い方 だめ", NOBODY, Text("できません。")),
    ):
        assert await router.dispatch(asked(text, roles=roles, kind=kind)) == expected
    pressed = asked(verb="sample.page", fields={"v": 1, "page": 2}, kind=kind)
    assert await router.dispatch(pressed) == Private(Text("page 2"))
    # A toast is seen by nobody but whoever pressed the button.
    assert await router.dispatch(asked(verb="sample.new", fields={"v": 3}, kind=kind)) == Toast("新規")


async def test_a_button_reaches_its_handler_with_its_payload(router: Router) -> None:
    assert await router.dispatch(asked(verb="sample.page", fields={"v": 1, "page": 2})) == Text("page 2")
    assert await router.dispatch(asked(verb="sample.page", fields={"v": 1, "page": 2, "x": [1]})) == Text(
        "page 2"
    )


@pytest.mark.parametrize(
    "fields",
    [{}, {"v": 1}, {"v": 2, "page": 1}, {"v": "1", "page": 1}, {"v": 1, "page": "x"}, {"v": 1, "page": None}],
)
async def test_a_button_that_no_longer_parses_is_an_old_card(
    router: Router, fields: dict[str, object]
) -> None:
    assert await router.dispatch(asked(verb="sample.page", fields=fields)) == Toast(OLD_CARD)


async def test_a_refusal_in_words_reaches_the_person(router: Router) -> None:
    assert await router.dispatch(asked(verb="sample.page", fields={"v": 1, "page": -1})) == Toast(
        "ありません。"
    )
    assert await router.dispatch(asked("使い方 だめ")) == Text("できません。")


async def test_a_button_without_permission_is_refused_before_it_is_read(router: Router) -> None:
    for fields in ({"v": 3}, {"v": 1}, {}):
        request = asked(verb="sample.new", roles=ORDINARY, fields=fields)
        assert await router.dispatch(request) == Toast(NOT_ALLOWED)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    verb=st.sampled_from(["sample.page", "sample.new", "", "?"]) | st.text(max_size=20),
    fields=st.dictionaries(st.sampled_from(["v", "page", "x"]), VALUES | st.just(1)),
)
async def test_whatever_a_button_carries_the_router_answers(verb: str, fields: dict[str, object]) -> None:
    router = Router([Sample()], fallback=fallback)
    request = asked(verb=verb, fields=fields)
    assert isinstance(await router.dispatch(request), Text | Toast)


@given(st.text())
async def test_whatever_is_written_the_router_answers(text: str) -> None:
    router = Router([Sample()], fallback=fallback)
    assert isinstance(await router.dispatch(asked(text)), Text)


@given(st.text(alphabet=string.ascii_letters + "アイウガパーｱｲｶﾞ　 ", max_size=10))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def _two(make: Callable[[str], Any]) -> list[object]:
    first = type("First", (), {"handler": make("first")})()
    second = type("Second", (), {"handler": make("second")})()
    return [first, second]


def test_two_commands_for_the_same_people_are_refused() -> None:
    def make(_name: str) -> Any:
        @command("使い方", allow=EVERYONE)
        async def handler(_self: object, _request: Request) -> Reply:
            return Text("-")

        return handler

    with pytest.raises(ValueError, match="使い方"):
        Router(_two(make), fallback=fallback)


def test_words_that_differ_in_width_alone_are_the_same_word() -> None:
    words = iter(["メニュー", "ﾒﾆｭｰ"])

    def make(_name: str) -> Any:
        @command(next(words), allow=STAFF)
        async def handler(_self: object, _request: Request) -> Reply:
            return Text("-")

        return handler

    with pytest.raises(ValueError, match="ﾒﾆｭｰ"):
        Router(_two(make), fallback=fallback)


def test_two_handlers_for_one_verb_are_refused() -> None:
    def make(_name: str) -> Any:
        @card_action(Verb("same", Nothing), allow=EVERYONE)
        async def handler(_self: object, _request: Request, _payload: Nothing) -> Reply:
            return Text("-")

        return handler

    with pytest.raises(ValueError, match="same"):
        Router(_two(make), fallback=fallback)


def test_a_handler_without_a_permission_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="allow"):
        command("x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="allow"):
        card_action(Verb("x", Nothing))  # type: ignore[call-arg]


async def test_jobs_are_collected(router: Router) -> None:
    (only,) = router.jobs
    assert (only.name, only.every) == ("Sample.work", 1.5)
    await only.run()


def test_a_permission_lets_in_whoever_has_one_of_its_roles() -> None:
    two = Permission(frozenset({Role.APPROVER, Role.ADMINISTRATOR}))
    assert two.lets_in(frozenset({Role.STAFF, Role.APPROVER}))
    assert not two.lets_in(ORDINARY)
    assert not two.lets_in(NOBODY)
    assert EVERYONE.lets_in(NOBODY)
    assert [each.breadth for each in (two, AUTHORS, STAFF, EVERYONE)] == [0, 0, 1, 2]
