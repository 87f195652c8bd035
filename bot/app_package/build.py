"""From a folder of sources to the zip that Teams takes.

The manifest names the files that go into it: the translations and the icons.
"""

import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.app_package.checks import (
    MANIFEST,
    BrokenPackageError,
    Problem,
    fill,
    icon_problems,
    text_problems,
    unfilled,
)
from bot.app_package.schemas import schema_problems
from bot.errors import OperatorError

MANIFEST_SCHEMA = "MicrosoftTeams.schema.json"
TRANSLATION_SCHEMA = "MicrosoftTeams.Localization.schema.json"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
UNIX = 3


def build_package(source: Path, out: Path, values: Mapping[str, str], schemas: Path) -> tuple[str, ...]:
    """Check the folder `source`, write the package to `out`, and return the names of the files in it.

    Args:
        source: the folder of manifest.json, translations and icons.
        out: the zip file; one that is there is replaced at once, and left alone when anything is wrong.
        values: what each placeholder `{{NAME}}` stands for.
        schemas: the folder of Microsoft's schema files for this manifest version.

    Raises:
        BrokenPackageError: the manifest, a translation or an icon is wrong.
        OperatorError: `out` can't be written.
    """
    files = checked_files(source, values, schemas)
    _write_whole(out, _zip(files))
    return tuple(files)


def checked_files(source: Path, values: Mapping[str, str], schemas: Path) -> dict[str, bytes]:
    """Return the content of the package by file name, placeholders filled; as `build_package`."""
    manifest = _read(source, MANIFEST, values, schemas / MANIFEST_SCHEMA)
    languages, icons = dict(_languages(manifest)), dict(sorted(manifest["icons"].items()))
    named = languages | {f"icons.{role}": name for role, name in icons.items()}
    _refuse(
        Problem(file=MANIFEST, path=path, reason=f"ファイル「{name}」が {source.name} フォルダーにありません")
        for path, name in named.items()
        if Path(name).name != name or not (source / name).is_file()
    )
    translations = {
        name: _read(source, name, values, schemas / TRANSLATION_SCHEMA) for name in languages.values()
    }
    pictures = {name: (source / name).read_bytes() for name in icons.values()}
    problems = list(text_problems(manifest, translations))
    for role, name in icons.items():
        problems += icon_problems(name, role, pictures[name])
    _refuse(problems)
    return {name: _dump(text) for name, text in ({MANIFEST: manifest} | translations).items()} | pictures


def _refuse(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        raise BrokenPackageError(found)


def _read(source: Path, name: str, values: Mapping[str, str], schema: Path) -> Any:
    try:
        raw = json.loads((source / name).read_text(encoding="utf-8"))
    except OSError:
        reason = f"{source} から読めません"
    except json.JSONDecodeError as error:
        reason = f"JSON として読めません（{error.lineno} 行目）"
    except UnicodeDecodeError:
        reason = "UTF-8 で書かれていません"
    else:
        filled = fill(raw, values)
        _refuse(unfilled(name, filled))
        wrong = schema_problems(filled, schema)
        _refuse(Problem(file=name, path=path, reason=reason) for path, reason in wrong)
        return filled
    raise BrokenPackageError([Problem(file=name, path="", reason=reason)])


def _languages(manifest: Any) -> Iterator[tuple[str, str]]:
    languages = manifest.get("localizationInfo", {})
    if "defaultLanguageFile" in languages:
        yield "localizationInfo.defaultLanguageFile", languages["defaultLanguageFile"]
    for i, language in enumerate(languages.get("additionalLanguages", [])):
        yield f"localizationInfo.additionalLanguages[{i}].file", language["file"]


def _dump(text: Any) -> bytes:
    return (json.dumps(text, ensure_ascii=False, indent=2) + "\n").encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = UNIX
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return content.getvalue()


def _write_whole(out: Path, content: bytes) -> None:
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(out)
    except OSError as error:
        raise OperatorError(
            f"{out} に書き込めません（{error.strerror}）。フォルダーと書込みの権限を確かめてください。"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
