"""Microsoft's JSON schemas for the app manifest: where they lie, how to fetch them, what they find wrong."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import OperatorError

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

INSTALLED = Path("node_modules/@microsoft/app-manifest/build/json-schemas/teams/v1.25")
INSTALL = ("ci", "--omit=dev", "--ignore-scripts")
INSTALL_SECONDS = 600


def schema_folder(root: Path, say: Callable[[str], None]) -> Path:
    """Return the folder of the schemas in the project; npm installs them once if they are absent.

    Args:
        root: the project's folder, with package.json and package-lock.json.
        say: told in Japanese what is done before it is done.

    Raises:
        OperatorError: the schemas are absent and npm is too, or npm failed.
    """
    folder = root / INSTALLED
    if folder.is_dir():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise OperatorError(
            "マニフェストの検査に使う Microsoft のスキーマがありません。Node.js（npm を含む）を入れてから、"
            f"{root} で npm {' '.join(INSTALL)} を実行してください。"
        )
    say(f"Microsoft のスキーマを入れています: npm {' '.join(INSTALL)}")
    try:
        done = subprocess.run((npm, *INSTALL), cwd=root, check=False, timeout=INSTALL_SECONDS)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise OperatorError(
            f"npm が {INSTALL_SECONDS} 秒以内に終わりませんでした。通信を確かめてください。"
        ) from None
    if done.returncode != 0 or not folder.is_dir():
        raise OperatorError(
            f"npm で Microsoft のスキーマを入れられませんでした（終了コード {done.returncode}）。"
            "上に出た npm の説明を確かめてください。"
        )
    return folder


def schema_problems(document: object, schema: Path) -> Iterator[tuple[str, str]]:
    """Yield JSON path and reason (in Japanese) for all that the draft-04 schema rejects."""
    from jsonschema import Draft4Validator  # noqa: PLC0415 - 0.15 s that only `package` should pay
    from referencing import Registry  # noqa: PLC0415

    # A registry of its own: the default one would fetch a reference that it does not know from the network.
    validator = Draft4Validator(json.loads(schema.read_text(encoding="utf-8")), registry=Registry())
    found = [pair for error in validator.iter_errors(document) for pair in _explain(error)]
    yield from dict.fromkeys(found)


def _explain(error: "ValidationError") -> Iterator[tuple[str, str]]:
    limit: Any = error.validator_value
    value: Any = error.instance
    if error.validator == "required":
        for name in limit:
            if name not in value:
                yield json_path(*error.absolute_path, name), "必要な項目がありません"
    elif error.validator == "additionalProperties":
        for name in _unknown(value, error.schema):
            yield json_path(*error.absolute_path, name), "知らない項目です"
    else:
        yield json_path(*error.absolute_path), _reason(str(error.validator), limit, value)


def _reason(rule: str, limit: Any, value: Any) -> str:
    match rule:
        case "maxLength":
            return f"{limit} 文字までです（今は {len(value)} 文字）"
        case "maxItems":
            return f"{limit} 件までです（今は {len(value)} 件）"
        case "enum":
            return f"使えない値です: {value}（使えるのは {'、'.join(map(str, limit))}）"
        case "type":
            return f"値の種類が違います（{limit} にしてください）"
        case "pattern":
            return f"書式が違います: {value}"
    return f"Microsoft のスキーマの {rule} に合いません"


def _unknown(value: Any, schema: Any) -> Iterator[str]:
    patterns = schema.get("patternProperties", {})
    for name in value:
        if name not in schema.get("properties", {}) and not any(re.search(one, name) for one in patterns):
            yield name


def json_path(*steps: str | int) -> str:
    """Join keys and indices: `bots[0].commandLists[1]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
