"""The menu, 使い方, the first greeting, and a friendly word where nothing fits."""

from functools import cache

from bot.chat.request import ConversationKind, ReplaceCard, Reply, Request, ShowCard
from bot.chat.roles import ADMINISTRATORS, AUTHORS, EVERYONE, STAFF, Permission, Role
from bot.chat.router import NOT_ALLOWED, card_action, command
from bot.errors import UserFacingError
from cards.announcements.verbs import LIST, NEW, SENT, PageRef
from cards.guide import ADMINISTRATOR_TASKS, AUTHOR_TASKS, STAFF_TASKS, TASK, Task, TaskRef
from cards.help import (
    GUIDE,
    MENU,
    MenuItem,
    greeting_card,
    guide_card,
    menu_card,
    not_understood_card,
    task_card,
)
from cards.kit.card import Card
from cards.kit.verbs import Nothing, OldCardError

_CONTACT = "官房秘書課 働き方改革・業務見直し推進室"

_ITEMS: tuple[tuple[Permission, MenuItem], ...] = (
    (
        STAFF,
        MenuItem(
            label="お知らせ",
            description="最近のお知らせを見ます。確認がまだのものが先に並びます。",
            verb=LIST,
            payload=PageRef(),
        ),
    ),
    (AUTHORS, MenuItem(label="周知を作る", description="周知を書いて、宛先の全員に送ります。", verb=NEW)),
    (
        AUTHORS,
        MenuItem(label="配信の状況", description="送った周知の届き方と、確認の状況を見ます。", verb=SENT),
    ),
)
"""What the menu offers, each under its command's label, and to whom; the handlers check again."""
_TASKS: tuple[tuple[Permission, Task], ...] = (
    *((STAFF, task) for task in STAFF_TASKS),
    *((AUTHORS, task) for task in AUTHOR_TASKS),
    *((ADMINISTRATORS, task) for task in ADMINISTRATOR_TASKS),
)
"""What the guide explains, and to whom."""
_TASK_BY_NAME = {task.name: (permission, task) for permission, task in _TASKS}


class Help:
    """Shows what a person may do."""

    @command("メニュー", "menu", allow=EVERYONE)
    async def menu(self, request: Request) -> Reply:
        """Show what this person may do, as buttons."""
        return ShowCard(_menu_of(items_for(request.actor.roles)))

    @card_action(MENU, allow=EVERYONE)
    async def menu_pressed(self, request: Request, _payload: Nothing) -> Reply:
        """Show the menu from a button."""
        return await self.menu(request)

    @command(
        "使い方",
        "ヘルプ",
        "つかいかた",
        "help",
        allow=EVERYONE,
        in_public=True,
    )
    async def guide(self, request: Request) -> Reply:
        """Explain the bot and what it never does."""
        is_own_chat = request.conversation.kind is ConversationKind.PERSONAL
        # Where others read along it says what all staff may do, not what this person may.
        return ShowCard(_guide_for(request.actor.roles if is_own_chat else frozenset({Role.STAFF})))

    @card_action(GUIDE, allow=EVERYONE)
    async def guide_pressed(self, request: Request, _payload: Nothing) -> Reply:
        """Explain the bot, from a button."""
        return await self.guide(request)

    @card_action(TASK, allow=STAFF)
    async def task(self, request: Request, payload: TaskRef) -> Reply:
        """Show the steps of a task in the guide's place, or the guide again.

        Raises:
            OldCardError: there is no such task.
            UserFacingError: it is not for this person.
        """
        roles = request.actor.roles
        if not payload.task:
            return ReplaceCard(_guide_for(roles))
        if payload.task not in _TASK_BY_NAME:
            raise OldCardError(TASK.name)
        permission, task = _TASK_BY_NAME[payload.task]
        if not permission.lets_in(roles):
            raise UserFacingError(NOT_ALLOWED)
        can_start = any(item.verb == task.verb for item in items_for(roles))
        return ReplaceCard(task_card(task, can_start=can_start))

    def greeting(self, _request: Request) -> Card:
        """Return the card with which a person is greeted once."""
        return greeting_card(contact=_CONTACT)

    async def not_understood(self, request: Request) -> Reply:
        """Answer a text that nothing understands."""
        return ShowCard(not_understood_card(items_for(request.actor.roles)))


def items_for(roles: frozenset[Role]) -> tuple[MenuItem, ...]:
    """Return what the menu offers to somebody with these roles."""
    return tuple(item for permission, item in _ITEMS if permission.lets_in(roles))


def tasks_for(roles: frozenset[Role]) -> tuple[Task, ...]:
    """Return what the guide explains to somebody with these roles."""
    return tuple(task for permission, task in _TASKS if permission.lets_in(roles))


def _guide_for(roles: frozenset[Role]) -> Card:
    return guide_card(tasks_for(roles), contact=_CONTACT)


@cache
def _menu_of(items: tuple[MenuItem, ...]) -> Card:
    """Return the menu; there are as many as there are sets of permissions, and everybody asks for them."""
    return menu_card(items)
