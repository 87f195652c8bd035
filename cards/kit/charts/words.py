"""What charts say: figures rounded once and with their unit, so that a drawing and its words never differ."""

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from math import isfinite

from cards.kit.text import clip, one_line

HIDDEN = "非公表"
"""Said in place of a figure that would show a group too small."""
NOTHING = "表示できるデータはまだありません。"
_LARGEST = 10**12
_TENTH = Decimal("0.1")
_ALL = 100.0
_LONGEST_TITLE = 60
_LONGEST_SOURCE = 200


class Qualifier(StrEnum):
    """How a published figure is to be understood; its value is the Japanese word."""

    EXACTLY = ""
    ABOUT = "約"
    AT_LEAST = "以上"
    MORE_THAN = "超"
    AT_MOST = "以下"
    LESS_THAN = "未満"


def checked(value: float | None) -> None:
    """Refuse what no chart can show.

    Raises:
        ValueError: the value is negative, not finite, or over a trillion.
    """
    if value is not None and not (isfinite(value) and 0 <= value <= _LARGEST):
        raise ValueError(f"a chart shows values from 0 to {_LARGEST:,}, not {value}")


def rounded(value: float, unit: str) -> float:
    """Return a value to one decimal, half up; 100 % is left to what is all."""
    near = float(Decimal(repr(float(value))).quantize(_TENTH, ROUND_HALF_UP))
    if unit == "%" and value < _ALL <= near:
        return float(_ALL - float(_TENTH))
    return near


def number(value: float) -> str:
    """Return 1,234.5 or 1,234."""
    return f"{float(value):,}".removesuffix(".0")


def amount(value: float, unit: str, qualifier: Qualifier = Qualifier.EXACTLY) -> str:
    """Return a value in words: 43.7%, 約72%, 50%未満, 1,234人."""
    said = f"{number(rounded(value, unit))}{unit}"
    return f"{qualifier}{said}" if qualifier is Qualifier.ABOUT else f"{said}{qualifier}"


def titled(title: str, unit: str) -> str:
    """Return the title of a chart with the unit of its axis."""
    return f"{clip(one_line(title), _LONGEST_TITLE) or 'グラフ'}（{unit}）"


def sourced(source: str) -> str:
    """Return the line that says where the figures come from; an empty text if that is not known."""
    return f"出典：{clip(one_line(source), _LONGEST_SOURCE)}" if source.strip() else ""


def ceiling(highest: float) -> float:
    """Return the end of an axis from 0: at or above `highest`, and round when cut into quarters."""
    if highest <= 0:
        return 1.0
    quarter = Decimal(repr(float(highest))) / 4
    power = Decimal(10) ** quarter.adjusted()
    steps = (Decimal(step) * power for step in ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10"))
    return float(4 * next(step for step in steps if step >= quarter))
