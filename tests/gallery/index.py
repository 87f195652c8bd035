"""The page that shows all pictures: plain HTML, grouped by card, each picture under its state's name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from cards.kit.card import Card
from tests.gallery.states import Rendering

_STYLE = """
body { font: 14px/1.5 'Noto Sans CJK JP', sans-serif; margin: 24px; background: #eee; color: #222; }
nav a { margin-right: 16px; } h3 { margin: 32px 0 4px; } p { margin: 2px 0; }
.state { display: flex; gap: 12px; overflow-x: auto; align-items: flex-start; padding: 8px 0; }
figure { margin: 0; flex: none; } figcaption { font-size: 12px; } img { display: block; max-width: none; }
.wrong { color: #a4262c; font-weight: bold; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One picture on the page: the file beside it, its size in pixels, and what is wrong with it."""

    rendering: Rendering
    file: str
    width: int
    height: int
    findings: tuple[str, ...]


def index_page(cards: Mapping[str, Card], pictures: Mapping[str, Sequence[Shown]], note: str) -> str:
    """Return the page for cards and their pictures, both by the state's name ("card: state")."""
    groups = [(group, list(names)) for group, names in groupby(pictures, key=group_of)]
    links = "".join(
        f'<a href="#{escape(group)}">{escape(group)}（{len(names)}）</a>' for group, names in groups
    )
    sections = "".join(
        f'<h2 id="{escape(group)}">{escape(group)}</h2>'
        + "".join(_state(name, cards[name], pictures[name]) for name in names)
        for group, names in groups
    )
    return (
        '<!doctype html><html lang="ja"><meta charset="utf-8"><title>カードの一覧</title>'
        f"<style>{_STYLE}</style><h1>カードの一覧</h1><p>{escape(note)}</p><nav>{links}</nav>{sections}</html>"
    )


def group_of(name: str) -> str:
    """Return the card of a state: "notice" of "notice: to confirm"."""
    return name.partition(":")[0]


def _state(name: str, card: Card, shown: Iterable[Shown]) -> str:
    pictures = "".join(map(_figure, shown))
    return (
        f"<h3>{escape(name)}</h3><p>通知：{escape(card.summary)}</p>"
        f"<p>読み上げ：{escape(card.content['speak'])}</p>"
        f'<div class="state">{pictures}</div>'
    )


def _figure(shown: Shown) -> str:
    wrong = "".join(f'<p class="wrong">{escape(each)}</p>' for each in shown.findings)
    return (
        f"<figure><figcaption>{escape(shown.rendering.label)}</figcaption>{wrong}"
        f'<img loading="lazy" src="{escape(shown.file)}" width="{shown.width}" height="{shown.height}" '
        f'alt="{escape(shown.rendering.label)}"></figure>'
    )
