"""Microsoft's manifest schemas: found, or installed once, or said to be absent."""

import sys
from pathlib import Path

import pytest

from bot.app_package.schemas import INSTALL, INSTALLED, schema_folder
from bot.errors import OperatorError


def bare_project(tmp_path: Path) -> Path:
    """A project folder without node_modules."""
    root = tmp_path / "project"
    root.mkdir()
    return root


def npm_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put a program named npm, and nothing else, on PATH."""
    folder.mkdir()
    program = folder / "npm"
    program.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_without_schemas_and_npm_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OperatorError, match=r"npm ci --omit=dev --ignore-scripts を実行してください"):
        schema_folder(bare_project(tmp_path), print)


def test_absent_schemas_are_installed_once_from_the_lock_file_without_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bare_project(tmp_path)
    npm_on_path(
        monkeypatch,
        tmp_path / "path",
        f"import os, sys; os.makedirs({str(INSTALLED)!r}); open('asked', 'a').write(' '.join(sys.argv[1:]))",
    )
    said: list[str] = []

    assert schema_folder(root, said.append) == schema_folder(root, said.append) == root / INSTALLED
    assert (root / "asked").read_text() == " ".join(INSTALL) == "ci --omit=dev --ignore-scripts"
    assert said == ["Microsoft のスキーマを入れています: npm ci --omit=dev --ignore-scripts"]


def test_a_failing_npm_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"import os; os.makedirs({str(INSTALLED)!r}); raise SystemExit(7)"
    npm_on_path(monkeypatch, tmp_path / "path", script)

    with pytest.raises(OperatorError, match="終了コード 7"):
        schema_folder(bare_project(tmp_path), print)


def test_an_npm_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm_on_path(monkeypatch, tmp_path / "path", "import time; time.sleep(60)")
    monkeypatch.setattr("bot.app_package.schemas.INSTALL_SECONDS", 1)

    with pytest.raises(OperatorError, match="1 秒以内に終わりませんでした"):
        schema_folder(bare_project(tmp_path), print)
