"""The confirmations of a dispatch by bureau: counts only, nobody by name."""

from collections.abc import Sequence
from datetime import datetime

from microsoft_teams.cards import CardElement

from cards.announcements.verbs import CONFIRMATIONS, DispatchRef
from cards.kit import actions, dates, layout
from cards.kit.build import card
from cards.kit.card import Card
from cards.kit.figures import people, percent
from storage.deliveries.records import Dispatch

_MOST_ROWS = 30


def confirmations_card(dispatch: Dispatch, rows: Sequence[tuple[str, int, int]], now: datetime) -> Card:
    """Show for each bureau (name, delivered, acknowledged) how many have confirmed, and the sums."""
    delivered = sum(row[1] for row in rows)
    acknowledged = sum(row[2] for row in rows)
    limit = dates.until(dispatch.deadline, now) if dispatch.deadline else ""
    return card(
        f"確認状況：{dispatch.title}",
        [
            *_overview(delivered, acknowledged),
            *layout.facts([("確認の期限", limit)]),
            *_table(rows, delivered, acknowledged),
            layout.note(f"{dates.day_time(now, now)}現在の状況です。部局は、送信した日の所属です。"),
        ],
        [actions.secondary("最新の状況にする", CONFIRMATIONS, DispatchRef(dispatch=dispatch.id))],
        summary=f"確認状況：{dispatch.title}"
        + (f"（{percent(acknowledged, delivered)}）" if delivered else ""),
        speak=f"確認状況：{dispatch.title}。{_sentence(delivered, acknowledged)}",
    )


def _overview(delivered: int, acknowledged: int) -> list[CardElement]:
    sentence = _sentence(delivered, acknowledged)
    return layout.progress(acknowledged, delivered, sentence) if delivered else [layout.paragraph(sentence)]


def _sentence(delivered: int, acknowledged: int) -> str:
    if not delivered:
        return "まだ誰にも届いていません。"
    share = percent(acknowledged, delivered)
    return f"届いた{people(delivered)}のうち{people(acknowledged)}が確認しました（{share}）"


def _table(rows: Sequence[tuple[str, int, int]], delivered: int, acknowledged: int) -> list[CardElement]:
    if not rows:
        return []
    return [
        layout.table(
            ("部局", "届いた", "確認済み"),
            [_row(*row) for row in _shortened(rows)],
            _row("合計", delivered, acknowledged),
            (5, 3, 4),
        )
    ]


def _row(bureau: str, delivered: int, acknowledged: int) -> tuple[str, str, str]:
    return bureau, people(delivered), f"{people(acknowledged)}（{percent(acknowledged, delivered)}）"


def _shortened(rows: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    if len(rows) <= _MOST_ROWS:
        return list(rows)
    shown, rest = rows[: _MOST_ROWS - 1], rows[_MOST_ROWS - 1 :]
    return [
        *shown,
        (f"ほか{len(rest):,}部局", sum(row[1] for row in rest), sum(row[2] for row in rest)),
    ]
