"""The menu, the first greeting, 使い方, and polite words where no other card serves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from microsoft_teams.cards import CardElement, ExecuteAction

from cards.guide import TASK, Task, TaskRef
from cards.kit import actions, layout
from cards.kit.build import card
from cards.kit.card import Card
from cards.kit.text import plain
from cards.kit.verbs import Nothing, Verb

MENU = Verb("help.menu", Nothing)
GUIDE = Verb("help.guide", Nothing)

PROMISE = (
    "このボットの記録は、人事評価、勤務時間の認定、超過勤務の確認、指導には使いません。"
    "上司に個人別の記録は見せません。入力しないことによる不利益はありません。"
)
"""What the bot never does, as it was promised to the staff: not to be reworded."""

_WHAT_IT_DOES = (
    "働き方に関するお知らせを、この画面に直接お届けします。",
    "「確認しました」を押すだけで、確認が伝わります。転送やメールの返信は要りません。",
    "届いたお知らせは、「お知らせ」と送ると、いつでも読み返せます。",
)
_PROCEDURES = "申請、勤怠の記録、決裁などの手続は、これまでどおり所定の方法で行ってください。"


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """Something that a person may do: the button's label and verb with its payload, and what it is for."""

    label: str
    description: str
    verb: Verb[Any]
    payload: object = Nothing()


def menu_card(items: Sequence[MenuItem]) -> Card:
    """Show what this person may do, each as a button."""
    return card(
        "メニュー",
        [layout.paragraph("使いたいものを押してください。"), *_rows(items)],
        _way_to_guide(items),
        summary="メニュー",
    )


def greeting_card(*, contact: str) -> Card:
    """Greet a person once: what the bot does, what it never does, and the way to the menu."""
    return card(
        "はじめまして、働き方ボットです",
        [*_what_it_does(), *_promise(), *_contact(contact)],
        [
            actions.primary("メニューを開く", MENU, Nothing()),
            actions.secondary("使い方を見る", GUIDE, Nothing()),
        ],
        summary="はじめまして、働き方ボットです",
    )


def guide_card(tasks: Sequence[Task], *, contact: str) -> Card:
    """Show 使い方: what the bot does, each task as a row, the promise, and who answers questions."""
    return card(
        "使い方",
        [
            *_what_it_does(),
            *_task_rows(tasks),
            *_promise(),
            layout.subheading("手続は変わりません"),
            layout.paragraph(_PROCEDURES),
            *_contact(contact),
        ],
        [actions.primary("メニューを開く", MENU, Nothing())],
        summary="働き方ボットの使い方",
    )


def task_card(task: Task, *, can_start: bool = True) -> Card:
    """Show the steps of one task; `can_start` says whether its button is for this person."""
    start = [actions.primary(task.button, task.verb, task.payload)] if can_start else []
    return card(
        task.title,
        [
            layout.paragraph(task.remark),
            layout.rich("\n".join(f"{number}. {plain(step)}" for number, step in enumerate(task.steps, 1))),
            *(_promise() if task.promises else []),
        ],
        [*start, actions.secondary("使い方に戻る", TASK, TaskRef())],
        summary=f"使い方：{task.title}",
        speak=f"「{task.title}」の手順です。{''.join(task.steps)}",
    )


def not_understood_card(items: Sequence[MenuItem]) -> Card:
    """Answer a text that nothing understands with one friendly sentence and the menu."""
    return card(
        "うまく読み取れませんでした",
        [
            layout.paragraph("すみません。次の中からお選びください。"),
            *_rows(items),
        ],
        _way_to_guide(items),
        summary="うまく読み取れませんでした。メニューからお選びください。",
    )


def message_card(heading: str, text: str) -> Card:
    """Say a polite word in place of a card that no longer serves, with the way to the menu."""
    return card(
        heading,
        [layout.paragraph(text)],
        [actions.secondary("メニューを開く", MENU, Nothing())],
        summary=heading,
        speak=f"{heading}。{text}",
    )


def _rows(items: Sequence[MenuItem]) -> list[CardElement]:
    return layout.choices(
        [
            layout.Choice(
                title=item.label,
                remark=item.description,
                action=actions.secondary(item.label, item.verb, item.payload),
            )
            for item in items
        ]
    )


def _task_rows(tasks: Sequence[Task]) -> list[CardElement]:
    if not tasks:
        return []
    rows = [
        layout.Choice(
            title=task.title,
            remark=task.remark,
            action=actions.secondary(f"「{task.title}」の手順を見る", TASK, TaskRef(task=task.name)),
        )
        for task in tasks
    ]
    return [layout.subheading("手順を見る"), *layout.choices(rows)]


def _way_to_guide(items: Sequence[MenuItem]) -> list[ExecuteAction]:
    if any(item.verb == GUIDE for item in items):
        return []
    return [actions.secondary("使い方を見る", GUIDE, Nothing())]


def _what_it_does() -> list[CardElement]:
    return [layout.paragraph(line) for line in _WHAT_IT_DOES]


def _promise() -> list[CardElement]:
    return [layout.emphasised([layout.subheading("お約束"), layout.paragraph(PROMISE)])]


def _contact(contact: str) -> list[CardElement]:
    return layout.facts([("お問合せ", contact)])
