"""Finds the handler for a text or a button, checks the permission, and answers politely when it can't.

A text's first word is normalised (NFKC, case folded) and looked up; a whole text that is a command's name
wins over its first word. A word may mean one thing to those with a special role and another to everybody
else (周知 writes an announcement for an author and lists them for staff): the narrower permission wins.
"""

import inspect
import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.chat.request import ConversationKind, Private, Reply, Request, Text, Toast
from bot.chat.roles import Permission
from bot.errors import UserFacingError
from cards.kit.verbs import OldCardError, Verb

P = TypeVar("P")
F = TypeVar("F", bound=Callable[..., Awaitable[Reply]])
J = TypeVar("J", bound=Callable[..., Awaitable[None]])
Params = ParamSpec("Params")

OLD_CARD = "このカードは古いため、操作できません。メニューから、もう一度操作してください。"
NOT_ALLOWED = "この操作は、権限のある方だけが使えます。必要なときは推進室にお問い合わせください。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A text command: its words (the first is the label that people see), and who may use it.

    What concerns one person is answered in that person's own chat; `in_public` is for what concerns nobody.
    """

    words: tuple[str, ...]
    allow: Permission
    in_public: bool
    run: Callable[[Request], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAction:
    """A button's handler and who may press it."""

    verb: Verb[Any]
    allow: Permission
    run: Callable[[Request, Any], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something that a feature does every so many seconds; it acts for nobody and answers nobody."""

    name: str
    every: float
    run: Callable[[], Awaitable[None]]


def command(*words: str, allow: Permission, in_public: bool = False) -> Callable[[F], F]:
    """Mark a method as the handler of a text command; the first word is its label."""

    def mark(method: F) -> F:
        method.__command__ = (words, allow, in_public)  # type: ignore[attr-defined]
        return method

    return mark


def card_action(
    verb: Verb[P], *, allow: Permission
) -> Callable[
    [Callable[Concatenate[Any, Request, P, Params], Awaitable[Reply]]],
    Callable[Concatenate[Any, Request, P, Params], Awaitable[Reply]],
]:
    """Mark a method as the handler of a button; it receives the request and the parsed payload."""

    def mark(
        method: Callable[Concatenate[Any, Request, P, Params], Awaitable[Reply]],
    ) -> Callable[Concatenate[Any, Request, P, Params], Awaitable[Reply]]:
        method.__card_action__ = (verb, allow)  # type: ignore[attr-defined]
        return method

    return mark


def job(*, every: float) -> Callable[[J], J]:
    """Mark a method as a job that runs every so many seconds."""

    def mark(method: J) -> J:
        method.__job__ = every  # type: ignore[attr-defined]
        return method

    return mark


class Router:
    """All handlers of all features, looked up by word and by verb."""

    def __init__(
        self, features: Iterable[object], *, fallback: Callable[[Request], Awaitable[Reply]]
    ) -> None:
        """Collect the marked methods; `fallback` answers a text that is no command.

        Raises:
            ValueError: two handlers claim the same verb, or the same word for the same people.
        """
        self.commands: list[Command] = []
        self.card_actions: dict[str, CardAction] = {}
        self.jobs: list[Job] = []
        self._by_word: dict[str, list[Command]] = {}
        self._fallback = fallback
        for feature in features:
            for _, method in inspect.getmembers(feature, inspect.ismethod):
                self._register(type(feature).__name__, method)

    def _register(self, owner: str, method: Callable[..., Any]) -> None:
        if marks := getattr(method, "__command__", None):
            words, allow, in_public = marks
            entry = Command(words=words, allow=allow, in_public=in_public, run=method)
            self.commands.append(entry)
            for word in words:
                rivals = self._by_word.setdefault(fold(word), [])
                if any(rival.allow.breadth == allow.breadth for rival in rivals):
                    raise ValueError(f"two commands understand {word}")
                rivals.append(entry)
                rivals.sort(key=lambda rival: rival.allow.breadth)
        if marks := getattr(method, "__card_action__", None):
            verb, allow = marks
            if verb.name in self.card_actions:
                raise ValueError(f"two handlers claim {verb.name}")
            self.card_actions[verb.name] = CardAction(verb=verb, allow=allow, run=method)
        if every := getattr(method, "__job__", None):
            self.jobs.append(Job(name=f"{owner}.{method.__name__}", every=every, run=method))

    async def dispatch(self, request: Request) -> Reply:
        """Answer a request. What a person can act on comes back as words; anything else is raised."""
        if request.verb:
            reply, in_public = await self._press(request), False
        else:
            reply, in_public = await self._read(request)
        if in_public or request.conversation.kind is ConversationKind.PERSONAL:
            return reply
        # A toast is seen only by whoever pressed the button.
        return reply if isinstance(reply, Private | Toast) else Private(reply)

    async def _read(self, request: Request) -> tuple[Reply, bool]:
        """Answer a text; say also whether the answer concerns nobody, so that others may read it."""
        meant = self._find(request.text)
        if not meant:
            return await self._fallback(request), False
        entry = next((entry for entry in meant if entry.allow.lets_in(request.actor.roles)), None)
        if entry is None:
            return Text(NOT_ALLOWED), False
        try:
            return await entry.run(request), entry.in_public
        except UserFacingError as error:
            return Text(str(error)), entry.in_public

    async def _press(self, request: Request) -> Reply:
        action = self.card_actions.get(request.verb)
        if action is None:
            return Toast(OLD_CARD)
        if not action.allow.lets_in(request.actor.roles):
            return Toast(NOT_ALLOWED)
        try:
            return await action.run(request, action.verb.parse(request.fields))
        except OldCardError:
            return Toast(OLD_CARD)
        except UserFacingError as error:
            return Toast(str(error))

    def _find(self, text: str) -> list[Command]:
        folded = fold(text)
        words = folded.split()
        return self._by_word.get(folded) or (self._by_word.get(words[0], []) if words else [])


def fold(text: str) -> str:
    """Return a text as it is compared: NFKC, case folded, spaces trimmed."""
    return unicodedata.normalize("NFKC", text).casefold().strip()
