"""How Teams looks in its three themes: colours, and the host configuration that the renderer asks for.

Text and containers follow the host configurations that Microsoft publishes for cards in Teams; buttons,
fields and links follow Fluent's Teams themes. For high contrast no configuration is published: all of it
follows Fluent's theme of that name.
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A theme's colours as CSS writes them; `tinted` are accent, good, attention and warning containers."""

    name: str
    label: str
    chat: str
    card: str
    line: str
    emphasis: str
    tinted: tuple[str, str, str, str]
    text: str
    subtle: str
    on_tint: str
    accent: str
    good: str
    warning: str
    attention: str
    link: str
    button: str
    button_text: str
    button_line: str
    primary: str
    primary_text: str
    field: str
    field_line: str
    placeholder: str

    def variables(self) -> str:
        """Return the colours as CSS variables (--card:#fff;…), and whether the browser is dark."""
        named = {name: value for name, value in asdict(self).items() if isinstance(value, str)}
        scheme = "light" if self.name == "light" else "dark"
        colours = "".join(f"--{name.replace('_', '-')}:{value};" for name, value in named.items())
        return f"color-scheme:{scheme};{colours}"


LIGHT = Theme(
    name="light",
    label="ライト",
    chat="#f5f5f5",
    card="#ffffff",
    line="#e0e0e0",
    emphasis="#f3f2f1",
    tinted=("#c7def9", "#ccffcc", "#ffc5b2", "#ffe2b2"),
    text="#252424",
    subtle="#252424bf",
    on_tint="#252424",
    accent="#6264a7",
    good="#92c353",
    warning="#f8d22a",
    attention="#c4314b",
    link="#4f52b2",
    button="#ffffff",
    button_text="#242424",
    button_line="#d1d1d1",
    primary="#5b5fc7",
    primary_text="#ffffff",
    field="#fafafa",
    field_line="#d1d1d1",
    placeholder="#707070",
)
DARK = Theme(
    name="dark",
    label="ダーク",
    chat="#1f1f1f",
    card="#2d2c2c",
    line="#3d3d3d",
    emphasis="#292828",
    tinted=("#c7def9", "#ccffcc", "#ffc5b2", "#ffe2b2"),
    text="#ffffff",
    subtle="#ffffffbf",
    on_tint="#201f1f",
    accent="#a6a7dc",
    good="#92c353",
    warning="#f8d22a",
    attention="#d74654",
    link="#9299f7",
    button="#292929",
    button_text="#ffffff",
    button_line="#666666",
    primary="#4f52b2",
    primary_text="#ffffff",
    field="#1f1f1f",
    field_line="#666666",
    placeholder="#adadad",
)
HIGH_CONTRAST = Theme(
    name="contrast",
    label="ハイコントラスト",
    chat="#000000",
    card="#000000",
    line="#ffffff",
    emphasis="#000000",
    tinted=("#000000", "#000000", "#000000", "#000000"),
    text="#ffffff",
    subtle="#ffffff",
    on_tint="#ffffff",
    accent="#ffff00",
    good="#ffffff",
    warning="#ffffff",
    attention="#ffff00",
    link="#ffff00",
    button="#000000",
    button_text="#ffffff",
    button_line="#ffffff",
    primary="#ffffff",
    primary_text="#000000",
    field="#000000",
    field_line="#ffffff",
    placeholder="#ffffff",
)
THEMES = (LIGHT, DARK, HIGH_CONTRAST)

_FONT = "'Segoe UI', 'Noto Sans CJK JP', 'Noto Sans JP', sans-serif"
_SIZES = {"small": 12, "default": 14, "medium": 14, "large": 18, "extraLarge": 24}
_WEIGHTS = {"lighter": 200, "default": 400, "bolder": 600}
_TINTS = ("accent", "good", "attention", "warning")


def host_config(theme: Theme) -> dict[str, Any]:
    """Return the host configuration of the renderer for cards in Teams."""
    plain = {"backgroundColor": theme.card, "foregroundColors": _foreground(theme, theme.text)}
    emphasis = {"backgroundColor": theme.emphasis, "foregroundColors": _foreground(theme, theme.text)}
    tinted = {
        name: {"backgroundColor": colour, "foregroundColors": _foreground(theme, theme.on_tint)}
        for name, colour in zip(_TINTS, theme.tinted, strict=True)
    }
    return {
        "supportsInteractivity": True,
        "spacing": {
            "small": 8, "default": 12, "medium": 16, "large": 20, "extraLarge": 24, "padding": 16,
        },
        "separator": {"lineThickness": 1, "lineColor": theme.line},
        "fontTypes": {
            "default": {"fontFamily": _FONT, "fontSizes": _SIZES, "fontWeights": _WEIGHTS},
            "monospace": {"fontFamily": "monospace", "fontSizes": _SIZES, "fontWeights": _WEIGHTS},
        },
        "textStyles": {"heading": {"size": "large", "weight": "bolder"}},
        "textBlock": {"headingLevel": 2},
        "imageSizes": {"small": 32, "medium": 52, "large": 100},
        "containerStyles": {"default": plain, "emphasis": emphasis, **tinted},
        "actions": {
            "maxActions": 6,
            "spacing": "default",
            "buttonSpacing": 8,
            "actionsOrientation": "horizontal",
            "actionAlignment": "left",
        },
        "factSet": {"title": {"weight": "bolder", "wrap": True}, "value": {"wrap": True}, "spacing": 16},
    }  # fmt: skip


def _foreground(theme: Theme, text: str) -> dict[str, dict[str, str]]:
    subtle = _argb(theme.subtle) if text == theme.text else text
    return {
        "default": {"default": text, "subtle": subtle},
        **{
            name: {"default": colour, "subtle": colour}
            for name, colour in (
                ("dark", "#252424"),
                ("light", "#ffffff"),
                ("accent", theme.accent),
                ("good", theme.good),
                ("warning", theme.warning),
                ("attention", theme.attention),
            )
        },
    }


def _argb(colour: str) -> str:
    """Return #aarrggbb, as host configurations write it, for the #rrggbbaa of CSS."""
    return f"#{colour[7:]}{colour[1:7]}" if len(colour) > len("#rrggbb") else colour
