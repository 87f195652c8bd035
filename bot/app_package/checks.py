"""What Microsoft's schemas leave open: text lengths, placeholders, translation keys, icons.

Source of the limits and icon rules: Microsoft Learn, "App manifest schema for Teams" and
"Teams app icon for Teams Store and app bar".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.app_package.png import Png
from bot.errors import OperatorError

MANIFEST = "manifest.json"
MANIFEST_VERSION = "1.25"
ICON_PIXELS = {"color": 192, "outline": 32, "color32x32": 32}
TEXT_LIMITS = {"name.short": 30, "name.full": 100, "description.short": 80, "description.full": 4000}
PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
BRACES = re.compile(r"\{\{|\}\}")
PATH_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong."""

    file: str
    path: str
    """The JSON path in the file; "" where the file itself is meant."""
    reason: str
    """In Japanese, for whoever builds the package."""

    def __str__(self) -> str:
        """`manifest.json の name.short: …`."""
        return f"{self.file} の {self.path}: {self.reason}" if self.path else f"{self.file}: {self.reason}"


class BrokenPackageError(OperatorError):
    """The app package can't be built; each line of the message names file, JSON path and reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep every problem that was found."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def fill(node: Any, values: Mapping[str, str]) -> Any:
    """Return the JSON value with every placeholder `{{NAME}}` replaced; one without a value stays."""
    match node:
        case dict():
            return {key: fill(value, values) for key, value in node.items()}
        case list():
            return [fill(value, values) for value in node]
        case str():
            return PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], node)
    return node


def unfilled(file: str, node: Any, path: str = "") -> Iterator[Problem]:
    """Yield every text that still holds a placeholder, or half of one."""
    match node:
        case dict():
            for key, value in node.items():
                yield from unfilled(file, value, f"{path}.{key}".removeprefix("."))
        case list():
            for i, value in enumerate(node):
                yield from unfilled(file, value, f"{path}[{i}]")
        case str() if BRACES.search(node):
            yield Problem(file=file, path=path, reason=f"埋まっていない箇所があります: {node}")


def text_problems(manifest: Any, translations: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong in a manifest and in translations (by file name) that satisfy the schemas."""
    # Draft-04 knows no `const`, and ignores a length that stands beside a `$ref`: Microsoft uses both.
    if manifest["manifestVersion"] != MANIFEST_VERSION:
        yield Problem(file=MANIFEST, path="manifestVersion", reason=f"{MANIFEST_VERSION} にしてください")
    for name, url in manifest["developer"].items():
        if name.endswith("Url") and not url.startswith("https://"):
            yield Problem(file=MANIFEST, path=f"developer.{name}", reason="https:// で始めてください")
    for path, limit in TEXT_LIMITS.items():
        yield from _too_long(MANIFEST, path, _lookup(manifest, path), limit)
        for file, texts in translations.items():
            yield from _too_long(file, path, texts.get(path), limit)
    for file, texts in translations.items():
        for key in texts:
            if key != "$schema" and not isinstance(_lookup(manifest, key), str):
                yield Problem(file=file, path=key, reason=f"{MANIFEST} に、対応する項目がありません")


def icon_problems(file: str, role: str, content: bytes) -> Iterator[Problem]:
    """Yield what is wrong with the picture that the manifest names as `icons.{role}`."""
    try:
        image = Png.parse(content)
        pixels = image.pixels() if image.is_plain_rgba() else None
    except ValueError:
        yield Problem(file=file, path="", reason="PNG 画像ではないか、壊れています")
        return
    side = ICON_PIXELS[role]
    if (image.width, image.height) != (side, side):
        now = f"{image.width}×{image.height}"
        yield Problem(file=file, path="", reason=f"{side}×{side} ピクセルにしてください（今は {now}）")
    if role == "outline" and not (pixels and _is_white_on_transparent(pixels)):
        reason = "透明な地に白だけで描いた、8 ビット RGBA の PNG にしてください"
        yield Problem(file=file, path="", reason=reason)


def _is_white_on_transparent(pixels: Sequence[tuple[int, int, int, int]]) -> bool:
    inked = [pixel for pixel in pixels if pixel[3]]
    return 0 < len(inked) < len(pixels) and all(pixel[:3] == (255, 255, 255) for pixel in inked)


def _too_long(file: str, path: str, text: str | None, limit: int) -> Iterator[Problem]:
    # Teams counts UTF-16 units, the schema library characters.
    units = len((text or "").encode("utf-16-le")) // 2
    if units > limit:
        yield Problem(file=file, path=path, reason=f"{limit} 文字までです（今は {units} 文字）")


def _lookup(manifest: Any, path: str) -> Any:
    node = manifest
    for name, index in PATH_STEP.findall(path):
        try:
            node = node[name] if name else node[int(index)]
        except (KeyError, IndexError, TypeError):
            return None
    return node
