"""The form in which the secretariat writes an announcement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from datetime import datetime

from microsoft_teams.cards import CardElement

from cards.announcements.verbs import DISCARD, PREVIEW, AnnouncementRef, DraftFields
from cards.kit import actions, dates, folding, layout
from cards.kit.build import card
from cards.kit.card import Card
from cards.kit.form import Form
from cards.kit.text import clean
from storage.announcements.records import BODY_LIMIT, LINKS_LIMIT, URL_LIMIT, Importance

_INPUTS = tuple(field.name for field in fields_of(DraftFields) if field.name != "announcement")
_DETAILS = ("issuer", "contact", "document_number", "reference", "links", "importance", "expires")
_KEPT_CHARACTERS = {"body": BODY_LIMIT, "links": LINKS_LIMIT * URL_LIMIT, "reference": URL_LIMIT}
_KEPT_OTHERWISE = 250
_ROOM = 12_500
"""Characters of all fields together that leave enough of a card for the form itself and its choices."""


def form_card(
    fields: DraftFields,
    errors: Mapping[str, str],
    audiences: Sequence[tuple[str, str]],
    now: datetime,
) -> Card:
    """Show the form with what was filled in, and each error (input id → sentence) at its field.

    `audiences` are the choices as (value, label).
    """
    form = _kept(fields, errors)
    details_open = any(name in form.errors for name in _DETAILS)
    start = DraftFields(announcement=fields.announcement)
    return card(
        "周知を作る",
        [
            *_overview(form.errors, was_cut=form.errors != dict(errors)),
            *_main_fields(form, audiences, now),
            *folding.folded(
                "details",
                "詳細項目（発信者・リンクなど）",
                _detail_fields(form),
                is_open=details_open,
            ),
        ],
        [
            actions.primary("プレビューへ", PREVIEW, start, inputs=_INPUTS),
            actions.cancel("やめる", DISCARD, AnnouncementRef(announcement=fields.announcement)),
        ],
        summary="周知を作る：入力を直してください" if form.errors else "周知を作る",
    )


def _overview(errors: Mapping[str, str], *, was_cut: bool) -> list[CardElement]:
    if errors:
        kept = "長すぎる入力は、途中までにしました。" if was_cut else "入力した内容は残っています。"
        return [layout.warning(f"{len(errors)}か所を直してください。{kept}")]
    return [layout.note("「プレビューへ」を押すと、届く形と人数を確かめられます。まだ送信されません。")]


def _main_fields(form: Form, audiences: Sequence[tuple[str, str]], now: datetime) -> list[CardElement]:
    return [
        *form.text("title", "件名", required="件名を入力してください。"),
        *form.text(
            "body",
            "本文（**太字**、行の頭の「- 」で箇条書き）",
            required="本文を入力してください。",
            multiline=True,
        ),
        *form.choice("audience", "宛先", audiences),
        *form.text(
            "audience_other",
            "課室だけに送るときは、その名前（上の宛先より優先します）",
            placeholder="例：秘書課",
        ),
        *form.toggle("acknowledge", "確認", "「確認しました」ボタンを付けて、確認を求めます"),
        *form.date("deadline", "確認の期限（その日の終わりまで）", earliest=dates.local_date(now)),
    ]


def _detail_fields(form: Form) -> list[CardElement]:
    weights = [(Importance.NORMAL, "通常"), (Importance.HIGH, "重要")]
    return [
        *form.text("issuer", "発信者", placeholder="例：官房秘書課"),
        *form.text("contact", "問合せ先", placeholder="例：推進室（内線 00000）"),
        *form.text("document_number", "文書番号"),
        *form.text("reference", "根拠となる文書のURL", placeholder="例：https://www.example.go.jp/"),
        *form.text(
            "links",
            "リンク（1行に1件、題名とURL）",
            multiline=True,
            placeholder="例：制度のページ https://www.example.go.jp/",
        ),
        *form.choice("importance", "重要度", weights),
        *form.date("expires", "掲載の終了（その日の終わりまで）"),
    ]


def _kept(fields: DraftFields, errors: Mapping[str, str]) -> Form:
    """Return the form with its values cut to what a card can carry; the errors say where that happened."""
    values: dict[str, str] = {}
    told = dict(errors)
    room = _ROOM
    # The body comes last: it is the one that can give way.
    for name in sorted(_INPUTS, key="body".__eq__):
        written = clean(getattr(fields, name))
        values[name] = _cut(written, min(_KEPT_CHARACTERS.get(name, _KEPT_OTHERWISE), room))
        room -= _room_of(values[name])
        if len(values[name]) < len(written):
            said = f"{told[name]}　" if name in told else ""
            told[name] = f"{said}長すぎるため、先頭の{len(values[name]):,}文字だけを残しました。"
    values["importance"] = values["importance"] or Importance.NORMAL
    return Form(values, told)


def _cut(text: str, limit: int) -> str:
    """Return the beginning of a text that takes no more room than `limit` ordinary characters."""
    text = text[:limit]
    while (excess := _room_of(text) - limit) > 0:
        text = text[: -max(excess // 2, 1)]
    return text


def _room_of(text: str) -> int:
    """Return how many ordinary characters a text is worth in JSON as UTF-16."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-16-le")) // 2 - len('""')
