"""How a card speaks: Japanese, polite, one style of date, numbers with their units."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Any

_READ_ALOUD = (
    "text",
    "title",
    "label",
    "value",
    "placeholder",
    "errorMessage",
    "fallbackText",
    "speak",
    "altText",
    "tooltip",
)
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_LATIN = re.compile("[A-Za-z]")
_NOT_PROSE = re.compile(r"\]\([^)]*\)|https?://\S+|mailto:\S+|[a-zA-Z0-9._+-]{1,60}@\S+")
_OTHER_DATES = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}|(?<![\d/])\d{1,2}/\d{1,2}(?![\d/])|\d月\d{1,2}日(?!（[月火水木金土日]）)"
)
_BARE_NUMBER = re.compile(r"[\d,.]+")
_POLITE_END = re.compile(r"(?:です|ます|ません|ました|でした|ください|ましょう)[）」]*$")
_LONG_ENOUGH_TO_KNOW = 4


def unfit_words(node: dict[str, Any], path: str, given: Collection[str]) -> Iterator[str]:
    """Yield each text of one object that is not as the bot speaks.

    `given` are texts of people's records: they may be in any language and style.
    """
    for key, text in _texts(node):
        prose = _NOT_PROSE.sub("", text)
        found = list(_unfit(prose))
        if found and not is_given(prose, given):
            yield from (f"{path}.{key}: {problem}" for problem in found)


def _unfit(prose: str) -> Iterator[str]:
    if _LATIN.search(prose) and not _JAPANESE.search(prose):
        yield f"not in Japanese: {prose[:40]}"
    if found := _OTHER_DATES.search(prose):
        yield f"another style of date: {found[0]}"
    if _BARE_NUMBER.fullmatch(prose.strip()):
        yield f"a number without a unit: {prose}"
    for sentence in prose.split("。")[:-1]:
        if not _POLITE_END.search(sentence):
            yield f"not polite: …{sentence[-20:]}"


def is_given(text: str, given: Collection[str]) -> bool:
    """Say whether a text is, holds or is cut from what somebody wrote."""
    bare = _bare(text)
    return any(
        len(known) >= _LONG_ENOUGH_TO_KNOW and (bare in known or known in bare) for known in map(_bare, given)
    )


def _texts(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    is_input = node["type"].startswith("Input.")
    for key in _READ_ALOUD:
        if isinstance(node.get(key), str) and not (key == "value" and is_input):
            yield key, node[key]
    for name, keys in (("choices", ("title",)), ("facts", ("title", "value"))):
        for index, each in enumerate(node.get(name, [])):
            yield from ((f"{name}[{index}].{key}", each[key]) for key in keys if key in each)


def _bare(text: str) -> str:
    """Return what remains of a text when it was cleaned, made literal and shortened."""
    return re.sub(r"[\s*…\u200b-\u206f]", "", unicodedata.normalize("NFKC", text))
