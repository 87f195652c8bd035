"""`check` says of each subject whether it is right, warns, or names what to mend, and then exits with 1."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from bot.__main__ import main

SUBJECTS = ["資格情報", "接続先", "データ", "名簿", "アプリ", "手続"]
PEOPLE = "object_id,name,mail,section,title,extra_sections,enabled,guest\n"
SECTIONS = "code,name,parent,headquarters,managers,valid_from,valid_to\nMIC,総務省,,1,,,\n"
PERSON = "00000000-0000-4000-8000-000000000001,職員001,a@example.jp,MIC,係員,,1,0\n"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody's own settings or .env file; and the logs as they were before."""
    for name in [name for name in os.environ if name.startswith("BOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers
    structlog.reset_defaults()


def check(*arguments: str, **settings: str) -> tuple[int, dict[str, list[str]]]:
    """Run `check`; return its exit code and what it says of each subject."""
    result = CliRunner().invoke(main, ["check", *arguments], env={f"BOT_{k}": v for k, v in settings.items()})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    found: dict[str, list[str]] = {}
    for line in result.output.splitlines():
        verdict, _, rest = line.partition("  ")
        assert verdict in {"良い", "注意", "直す"}, line
        subject, _, words = rest.partition(": ")
        found.setdefault(subject, []).append(f"{verdict} {words}")
    return result.exit_code, found


def test_a_fresh_local_bot_is_right_but_for_what_a_ministry_must_do() -> None:
    code, found = check("--local")
    assert code == 0
    assert list(found) == SUBJECTS
    assert all(line.startswith("良い") for subject in SUBJECTS[:4] for line in found[subject])
    assert "良い 宛先になる職員 236人" in found["名簿"]
    assert [line[:2] for line in found["手続"]] == ["注意", "注意"]
    assert "BOT_UNION_BRIEFED_ON" in found["手続"][0]
    assert "BOT_PRIVACY_REVIEWED_ON" in found["手続"][1]


def test_what_has_been_recorded_is_no_longer_warned_about() -> None:
    _, found = check("--local", UNION_BRIEFED_ON="2026-10-01", PRIVACY_REVIEWED_ON="2026-10-02")
    assert found["手続"] == [
        "良い 職員団体への説明（2026-10-01）",
        "良い 個人情報の取扱いの確認（2026-10-02）",
    ]


def test_everything_wrong_is_named_at_once() -> None:
    code, found = check("--service-url", "http://smba.trafficmanager.net/")
    assert code == 1
    assert list(found) == SUBJECTS
    assert "BOT_APP_ID・BOT_TENANT_ID・BOT_AUTH" in found["資格情報"][0]
    assert "https://" in found["接続先"][0]
    assert len(found["名簿"]) == 2
    assert all(found[subject][0].startswith("直す") for subject in ("資格情報", "接続先", "名簿"))


def test_rows_that_are_wrong_are_named_with_their_number(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE + PERSON + PERSON, encoding="utf-8")
    (tmp_path / "sections.csv").write_text(SECTIONS, encoding="utf-8")
    code, found = check("--local", "--people", "people.csv", "--sections", "sections.csv")
    assert code == 1
    assert "people.csv 3行目" in found["名簿"][0]


def test_a_directory_without_an_author_or_administrator_is_warned_about(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE + PERSON, encoding="utf-8")
    (tmp_path / "sections.csv").write_text(SECTIONS, encoding="utf-8")
    code, found = check("--local", "--people", "people.csv", "--sections", "sections.csv")
    assert code == 0
    assert [line[:2] for line in found["名簿"]] == ["良い", "注意", "注意"]
    assert "author" in found["名簿"][1]
    assert "administrator" in found["名簿"][2]


def test_a_broken_or_unreachable_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.sqlite3").write_bytes(b"no database at all" * 100)
    assert "直す データベースに接続できません" in check("--local")[1]["データ"][0]
    code, found = check("--local", DATABASE_URL="mysql://user:sesame@127.0.0.1/x")
    assert code == 1
    assert "直す" in found["データ"][0]
    assert "sesame" not in str(found)


@pytest.mark.parametrize(
    ("auth", "missing"),
    [
        ("secret", "BOT_APP_SECRET"),
        ("certificate", "BOT_APP_CERTIFICATE"),
        ("workload-identity", "AZURE_FED"),
    ],
)
def test_credentials_that_are_not_complete_are_named(auth: str, missing: str) -> None:
    app = "6f1c2b7e-2f0b-4b51-9c0c-5a3d1e8f7a90"
    code, found = check(APP_ID=app, TENANT_ID="tenant", AUTH=auth)
    assert code == 1
    assert missing in found["資格情報"][0]


def test_a_secret_is_warned_about_and_never_shown() -> None:
    app = "6f1c2b7e-2f0b-4b51-9c0c-5a3d1e8f7a90"
    _, found = check(APP_ID=app, TENANT_ID="tenant", AUTH="secret", APP_SECRET="sesame")
    assert found["資格情報"][0].startswith("注意")
    assert "sesame" not in str(found)
    _, found = check(APP_ID=app, TENANT_ID="tenant", AUTH="managed-identity")
    assert found["資格情報"] == ["良い managed-identity で署名します。"]


def test_an_app_id_under_local_is_named_as_serve_would_refuse_it() -> None:
    code, found = check("--local", APP_ID="6f1c2b7e-2f0b-4b51-9c0c-5a3d1e8f7a90")
    assert code == 1
    assert "BOT_APP_ID" in found["資格情報"][0]


def test_an_app_id_that_is_none_is_named() -> None:
    code, found = check(APP_ID="x", TENANT_ID="tenant", AUTH="managed-identity")
    assert code == 1
    assert any(line.startswith("直す") for line in found["アプリ"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEND_RATE", "abc"),
        ("SEND_RATE", "-1"),
        ("SEND_RATE", "inf"),
        ("SEND_RATE", "nan"),
        ("AUTH", "password"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(name: str, value: str) -> None:
    result = CliRunner().invoke(main, ["check", "--local"], env={f"BOT_{name}": value})
    assert result.exit_code == 1
    assert f"BOT_{name}" in str(result.exception)
