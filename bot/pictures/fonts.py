"""A font with Japanese letters among those that are installed."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from matplotlib.font_manager import findSystemFonts
from matplotlib.ft2font import FT2Font

from bot.errors import OperatorError

_PREFERRED = (
    "notosanscjk-regular",
    "notosanscjkjp-regular",
    "notosansjp-regular",
    "notosansjp",
    "bizudpgothic-regular",
    "bizudgothic-regular",
    "ipaexg",
    "ipagp",
    "ipag",
    "takaopgothic",
    "takaogothic",
    "vl-pgothic-regular",
    "meiryo",
    "yugothm",
    "yugothr",
    "hiragino",
    "ヒラギノ角ゴシック w3",
    "msgothic",
)
"""Beginnings of file names in small letters, the ones that read best first."""
_NEEDED = "働き方改革、テレワーク：年間予定（％）～●■▲◆★○□△◇☆〓…－"
_MISSING = (
    "日本語のフォントがないため、図を作れません。Debian や Ubuntu では `apt-get install fonts-noto-cjk` で"
    "入れてから、もう一度お試しください。"
)


def japanese_font(installed: Iterable[str] | None = None) -> Path:
    """Return the file of the font to draw with, among the installed ones unless others are named.

    Raises:
        OperatorError: none of them has Japanese letters.
    """
    files = sorted(map(Path, findSystemFonts() if installed is None else installed))
    for beginning in _PREFERRED:
        for file in files:
            if file.stem.lower().startswith(beginning) and _is_japanese(file):
                return file
    raise OperatorError(_MISSING)


@cache
def letters_of(font: Path) -> frozenset[str]:
    """Return every character that a font has."""
    return frozenset(map(chr, FT2Font(str(font)).get_charmap()))


def _is_japanese(file: Path) -> bool:
    try:
        return letters_of(file).issuperset(_NEEDED)
    except (OSError, RuntimeError):
        return False
