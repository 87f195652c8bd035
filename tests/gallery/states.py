"""What is drawn of a card: in which theme, how wide, and as which client shows it."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

from tests.cards.rules import walk
from tests.gallery.themes import LIGHT, THEMES, Theme

_ONLY_IN_TEAMS = ("Chart.", "ProgressBar", "Badge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """How wide the window around the card is, in pixels."""

    name: str
    label: str
    pixels: int


PHONE = Width(name="phone", label="スマートフォン", pixels=360)
STANDARD = Width(name="standard", label="標準", pixels=600)
FULL = Width(name="full", label="全幅", pixels=1000)
WIDTHS = (PHONE, STANDARD, FULL)


class Variant(StrEnum):
    """Which state of a card is drawn; the value is how people call it."""

    AS_SENT = ""
    UNFOLDED = "開いたところ"
    WITHOUT_CHARTS = "グラフを知らない端末"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """One of the ways in which every card is drawn."""

    theme: Theme
    width: Width
    variant: Variant = Variant.AS_SENT

    @property
    def name(self) -> str:
        """Return the name for files and findings."""
        extra = f"-{self.variant.name.lower().replace('_', '-')}" if self.variant else ""
        return f"{self.width.name}-{self.theme.name}{extra}"

    @property
    def label(self) -> str:
        """Return the name for people."""
        extra = f"・{self.variant}" if self.variant else ""
        return f"{self.width.label} {self.width.pixels}px・{self.theme.label}{extra}"

    def content(self, card: dict[str, Any]) -> dict[str, Any] | None:
        """Return the card as this rendering shows it; None where that would be the card as it was sent."""
        match self.variant:
            case Variant.AS_SENT:
                return card
            case Variant.UNFOLDED:
                shown = _unfolded(card)
            case Variant.WITHOUT_CHARTS:
                shown = _without_drawings(card)
        return None if shown == card else shown


RENDERINGS = tuple(Rendering(theme=theme, width=width) for width, theme in product(WIDTHS, THEMES)) + tuple(
    Rendering(theme=LIGHT, width=PHONE, variant=variant)
    for variant in (Variant.UNFOLDED, Variant.WITHOUT_CHARTS)
)


def _unfolded(card: dict[str, Any]) -> dict[str, Any]:
    """Return a card after each button that shows something hidden was pressed."""
    nodes = [node for _, node in walk(card)]
    hidden = {node["id"] for node in nodes if node.get("isVisible") is False}
    pressed = [set(node["targetElements"]) for node in nodes if hidden & set(node.get("targetElements", ()))]
    turned = set[str]().union(*pressed)

    def after(node: Any) -> Any:
        if isinstance(node, list):
            return [after(each) for each in node]
        if not isinstance(node, dict):
            return node
        visible = {"isVisible": node["id"] in hidden} if node.get("id") in turned else {}
        return {key: after(value) for key, value in node.items()} | visible

    return {key: after(value) for key, value in card.items()}


def _without_drawings(node: Any) -> Any:
    """Return a card with the fallback of all that older clients do not know."""
    if isinstance(node, dict):
        if str(node.get("type", "")).startswith(_ONLY_IN_TEAMS):
            return node["fallback"]
        return {key: _without_drawings(value) for key, value in node.items()}
    return [_without_drawings(each) for each in node] if isinstance(node, list) else node
