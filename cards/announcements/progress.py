"""The live card of a dispatch: how far it is, in words, and what its author may do now."""

from datetime import datetime

from microsoft_teams.cards import CardElement, ExecuteAction

from cards.announcements.verbs import (
    ACCEPT_UNKNOWN,
    CONFIRMATIONS,
    PROGRESS,
    RESEND_UNKNOWN,
    RESUME,
    RETRY,
    STOP,
    DispatchRef,
)
from cards.kit import actions, dates, layout
from cards.kit.build import card
from cards.kit.card import Card
from cards.kit.figures import people, percent
from cards.kit.text import one_line
from storage.deliveries.records import Dispatch, DispatchState, PauseReason, Reason, Tally

_REASONS = {
    Reason.BLOCKED: "本人がボットをブロック",
    Reason.NOT_INSTALLED: "アプリが未導入",
    Reason.NOT_FOUND: "相手が見つからない",
    Reason.UNLICENSED: "ライセンスなし",
    Reason.REJECTED: "Teamsが受け付けない",
    Reason.EXPIRED: "期限切れ",
    Reason.CANCELLED: "取りやめ",
}
_PAUSES = {
    PauseReason.UNAUTHORIZED: "Teamsに接続できません。管理者にお知らせしました。"
    "直ったら「再開する」を押してください。",
    PauseReason.AUDIENCE_CHANGED: "宛先の人数が、承認したときから5%を超えて変わりました。"
    "今の宛先に送るときは「再開する」を押してください。",
    PauseReason.AUDIENCE_UNRESOLVED: "宛先の一部が見つかりません。"
    "名簿を確かめてから「再開する」を押してください。",
}
_MOST_IN_LINE = 2
_OVER = frozenset({DispatchState.FINISHED, DispatchState.STOPPED})
STATUS = {
    DispatchState.SCHEDULED: "予約しています",
    DispatchState.SENDING: "送信しています",
    DispatchState.PAUSED: "一時停止中です",
    DispatchState.STOPPED: "送信を止めました",
    DispatchState.FINISHED: "送信が終わりました",
}


def progress_card(
    dispatch: Dispatch,
    tally: Tally,
    *,
    audience_label: str,
    now: datetime,
    pace_per_s: float | None = None,
    seconds_left: float | None = None,
) -> Card:
    """Show how far a dispatch is, and what its author may do now."""
    status = STATUS[dispatch.state]
    return card(
        f"配信状況：{one_line(dispatch.title) or layout.UNNAMED}",
        [
            layout.subheading(status),
            *_explanation(dispatch, audience_label, now),
            *_bar(tally),
            *layout.facts(
                [
                    *_counts(dispatch, tally),
                    *(_pace(pace_per_s, seconds_left) if dispatch.state is DispatchState.SENDING else ()),
                    ("宛先", f"{audience_label}（{people(tally.total or dispatch.head_count)}）"),
                ]
            ),
            *_reasons(tally),
            layout.note(f"{dates.day_time(now, now)}現在　配信番号 {dispatch.subject}"),
            *_decisions(dispatch, tally, now),
        ],
        _buttons(dispatch, tally),
        summary=f"{status}：{dispatch.title}",
        speak=_spoken(dispatch, tally),
    )


def _spoken(dispatch: Dispatch, tally: Tally) -> str:
    """Return what a screen reader says first: of what, how far, and what it waits for."""
    reason = dispatch.pause_reason if dispatch.state is DispatchState.PAUSED else None
    parts = [
        f"配信状況：{one_line(dispatch.title) or layout.UNNAMED}",
        STATUS[dispatch.state],
        _reached(tally) if tally.total else "",
        _PAUSES[reason] if reason else "",
    ]
    return "。".join(part.removesuffix("。") for part in parts if part)


def _explanation(dispatch: Dispatch, audience_label: str, now: datetime) -> list[CardElement]:
    if dispatch.state is DispatchState.SCHEDULED:
        when = dates.day_time(dispatch.start_at, now)
        return [layout.paragraph(f"{when}に、{audience_label}の{people(dispatch.head_count)}へ送ります。")]
    if dispatch.state is DispatchState.PAUSED and dispatch.pause_reason is not None:
        return [layout.warning(_PAUSES[dispatch.pause_reason])]
    return []


def _reached(tally: Tally) -> str:
    share = percent(tally.delivered, tally.total)
    return f"{people(tally.total)}中{people(tally.delivered)}に届きました（{share}）"


def _bar(tally: Tally) -> list[CardElement]:
    return layout.progress(tally.delivered, tally.total, _reached(tally)) if tally.total else []


def _counts(dispatch: Dispatch, tally: Tally) -> list[tuple[str, str]]:
    counts = [
        ("送信待ち", people(tally.open) if tally.open else ""),
        ("送れなかった", _failures(tally) if tally.failed else ""),
        ("届いたか不明", people(tally.unknown) if tally.unknown else ""),
    ]
    if dispatch.acknowledge and tally.delivered:
        share = percent(tally.acknowledged, tally.delivered)
        counts.append(("確認済み", f"{people(tally.acknowledged)}（届いた人の{share}）"))
    return counts


def _failures(tally: Tally) -> str:
    only = [_REASONS[reason] for reason in Reason if tally.reasons.get(reason) == tally.failed]
    named = only or _named_reasons(tally)
    return people(tally.failed) + (f"（{'、'.join(named)}）" if 0 < len(named) <= _MOST_IN_LINE else "")


def _reasons(tally: Tally) -> list[CardElement]:
    """Return the reasons of failures as a list where they are too many for a line."""
    named = _named_reasons(tally)
    if len(named) <= _MOST_IN_LINE:
        return []
    return [layout.subheading("送れなかった理由"), *layout.listed(named)]


def _named_reasons(tally: Tally) -> list[str]:
    return [
        f"{_REASONS[reason]} {people(tally.reasons[reason])}"
        for reason in Reason
        if tally.reasons.get(reason)
    ]


def _pace(pace_per_s: float | None, seconds_left: float | None) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if pace_per_s is not None:
        found.append(("速さ", f"1秒に約{people(round(pace_per_s))}" if pace_per_s >= 1 else "1秒に1人未満"))
    if seconds_left is not None:
        found.append(("残り時間", dates.remaining(seconds_left)))
    return found


def _decisions(dispatch: Dispatch, tally: Tally, now: datetime) -> list[CardElement]:
    """Return what may be sent again: what it would mean, and the button below."""
    if dispatch.state not in _OVER or not (tally.failed or tally.unknown):
        return []
    if dispatch.is_over(now):
        return [layout.paragraph("掲載が終了しているため、再送はできません。")]
    target = DispatchRef(dispatch=dispatch.id)
    found: list[CardElement] = []
    if tally.failed:
        again = actions.primary(f"送れなかった{people(tally.failed)}に再送", RETRY, target)
        found += [layout.paragraph(_about_retry(tally)), *layout.buttons([again])]
    if tally.unknown:
        resend = actions.secondary if tally.failed else actions.primary
        choice = [
            resend(f"届いたか不明の{people(tally.unknown)}に再送", RESEND_UNKNOWN, target),
            actions.secondary("配信済みとして扱う", ACCEPT_UNKNOWN, target),
        ]
        found += [layout.paragraph(_about_unknown(tally)), *layout.buttons(choice)]
    return found


def _about_retry(tally: Tally) -> str:
    said = f"再送すると、送れなかった{people(tally.failed)}にもう一度送ります。"
    if cancelled := tally.reasons.get(Reason.CANCELLED, 0):
        said += f"取りやめた{people(cancelled)}にも送られます。"
    if blocked := tally.reasons.get(Reason.BLOCKED, 0):
        said += f"ボットをブロックしている{people(blocked)}には、本人が解除するまで届きません。"
    return said


def _about_unknown(tally: Tally) -> str:
    return (
        f"{people(tally.unknown)}は、Teamsから返事がなく、届いたかどうか分かりません。"
        "再送すると、同じお知らせが2通届く人が出ることがあります。"
    )


def _buttons(dispatch: Dispatch, tally: Tally) -> list[ExecuteAction]:
    target = DispatchRef(dispatch=dispatch.id)
    if dispatch.state is DispatchState.SCHEDULED:
        return [actions.secondary("予約を取り消す", STOP, target)]
    found = [actions.primary("再開する", RESUME, target)] if dispatch.state is DispatchState.PAUSED else []
    if dispatch.acknowledge and tally.delivered:
        found.append(actions.secondary("部局別の確認状況", CONFIRMATIONS, target))
    found.append(actions.secondary("最新の状況にする", PROGRESS, target))
    if dispatch.state not in _OVER:
        found.append(actions.secondary("送信を止める", STOP, target))
    return found
