"""A sheet to draw on: white, one Japanese font, calm colours that can be told apart and read in print."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import category, east_asian_width

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bot.pictures.fonts import japanese_font, letters_of
from cards.kit.charts.words import sourced
from cards.kit.text import one_line

INK, QUIET, RULE = "#1f2933", "#52606d", "#d5dbe1"
"""Text (14:1 on white), remarks (6.5:1), thin lines."""
OWN, OTHERS, GOAL = "#0b4f9e", "#8593a3", "#0a6640"
"""One's own (8:1), the others (3.2:1), what is aimed at (7:1)."""
KINDS = ("#0b4f9e", "#9c3d00", "#7a1f6b", "#0a6640", "#5f5200", "#3b3b8f", "#8a1c2b", "#2f5d62")
"""Colours of lines and of kinds, each at least 6:1."""
TITLE, BODY, SMALL = 13.0, 10.5, 9.0
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
"""Behind figures, so that no line runs through them."""
_DPI = 100
_EDGE, _EDGE_SHARE = 0.14, 0.014
"""Inches around everything, and that as a share of a width of 1000 pixels."""
_LEGEND_ROOM, _LEGEND_HANDLE = 120, 8
_GETA = "〓"
_INVISIBLE = frozenset({"Cf", "Mn", "Cc"})


class Sheet:
    """A figure of a size in pixels, and what is written on it."""

    def __init__(self, width: int, height: int, font: Path | None, *, arranged: bool = True) -> None:
        """Take a white sheet; `arranged` makes room for titles, labels and legends by itself."""
        self.font = font or _installed_font()
        self.figure = Figure(
            figsize=(width / _DPI, height / _DPI),
            dpi=_DPI,
            facecolor="white",
            layout=ConstrainedLayoutEngine(w_pad=_EDGE, h_pad=_EDGE) if arranged else None,
        )
        FigureCanvasAgg(self.figure)

    def axes(self) -> Axes:
        """Return axes without a frame."""
        axes = self.figure.add_subplot()
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, colors=INK)
        axes.set_axisbelow(True)
        return axes

    def letters(self, size: float = BODY) -> FontProperties:
        """Return the font in a size in points."""
        return FontProperties(fname=str(self.font), size=size)

    def style(self, size: float = BODY, colour: str = INK) -> dict[str, Any]:
        """Return how matplotlib is to write: a dollar sign begins no formula."""
        return {"fontproperties": self.letters(size), "color": colour, "parse_math": False}

    def writable(self, text: str) -> str:
        """Return a text on one line, with 〓 for what the font does not have."""
        known = letters_of(self.font)
        return "".join(
            letter if letter in known else _GETA
            for letter in one_line(text)
            if letter in known or category(letter) not in _INVISIBLE
        )

    def head(self, title: str, *, source: str = "") -> None:
        """Write the title above everything, and below it where the figures come from."""
        said = "\n".join(wrapped(self.writable(title), 96))
        self.figure.suptitle(said, x=_EDGE_SHARE, ha="left", **self.style(TITLE))
        if source := sourced(source):
            said = "\n".join(wrapped(self.writable(source), 130))
            self.figure.supxlabel(said, x=_EDGE_SHARE, ha="left", **self.style(SMALL, QUIET))

    def legend(self, axes: Axes) -> None:
        """Explain the lines that have a name, above them."""
        legend = axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=4,
            frameon=False,
            prop=self.letters(),
            labelcolor=INK,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)

    def png(self) -> bytes:
        """Return the picture. It carries neither a date nor the version of what drew it."""
        file = BytesIO()
        self.figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
        return file.getvalue()


def width_of(text: str) -> int:
    """Return the width of a text in halves of a Japanese letter."""
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in text)


def wrapped(text: str, limit: int) -> list[str]:
    """Return a text in lines of at most `limit` halves of a letter."""
    lines = [""]
    for letter in text:
        if width_of(lines[-1] + letter) > limit:
            lines.append("")
        lines[-1] += letter
    return lines


def cut(text: str, limit: int) -> str:
    """Return the beginning of a text within `limit` halves of a letter, with … where it was cut."""
    lines = wrapped(text, limit)
    return text if len(lines) == 1 else wrapped(text, limit - 2)[0] + "…"


@cache
def _installed_font() -> Path:
    return japanese_font()
