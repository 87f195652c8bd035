"""`check`: what is wrong with this installation, one line each."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import click

from bot.verbs.options import shared_options

_EXAMPLE_APP_ID = "00000000-0000-4000-a000-000000000000"
"""Stands in for the app id where none is set yet, so that the rest of the package can be examined."""

_OK, _WARNING, _WRONG = "良い", "注意", "直す"


@click.command("check")
@shared_options
def command(**given: Any) -> None:
    """設定・証明書・データ・名簿・アプリの部品を調べ、直すところを1行ずつ示します。"""
    from bot.logs import configure_logs  # noqa: PLC0415 - `--help` does without
    from bot.settings import load_settings  # noqa: PLC0415

    settings = load_settings(**given)
    configure_logs(logging.ERROR)  # what a log would warn of is a finding here
    wrong = False
    for subject, examine in _EXAMINATIONS.items():
        for verdict, finding in _examined(examine, settings):
            wrong = wrong or verdict == _WRONG
            for line in finding.splitlines() or [""]:
                click.echo(f"{verdict}  {subject}: {line}")
    if wrong:
        raise SystemExit(1)


def _examined(examine: Callable[[Any], list[tuple[str, str]]], settings: Any) -> list[tuple[str, str]]:
    from bot.errors import OperatorError, UserFacingError  # noqa: PLC0415
    from storage.errors import StorageError  # noqa: PLC0415

    try:
        return examine(settings)
    except (OperatorError, UserFacingError, StorageError) as error:
        return [(_WRONG, str(error))]


def _sign_in(settings: Any) -> list[tuple[str, str]]:
    from bot.clock import SystemClock  # noqa: PLC0415
    from bot.settings import AuthKind  # noqa: PLC0415
    from bot.teams.credentials import token_source  # noqa: PLC0415

    if settings.local and settings.app_id:
        return [(_WRONG, "--local は、BOT_APP_ID を設定した環境では使えません。どちらかを外してください。")]
    if settings.local:
        return [(_OK, "--local のため、資格情報を使いません。")]
    token_source(settings, SystemClock())
    if settings.auth is AuthKind.SECRET:
        return [(_WARNING, "シークレットを使っています。マネージド ID か証明書をおすすめします。")]
    return [(_OK, f"{settings.auth} で署名します。")]


def _addresses(settings: Any) -> list[tuple[str, str]]:
    from bot.teams.service_urls import ServiceUrls  # noqa: PLC0415

    ServiceUrls(configured=settings.service_url, local=settings.local)
    return [(_OK, settings.service_url or "Teams の公開の接続先を使います。")]


def _storage(settings: Any) -> list[tuple[str, str]]:
    from storage.opening import open_storage  # noqa: PLC0415

    async def look() -> list[tuple[str, str]]:
        storage = await open_storage(settings.data_dir, settings.database_url)
        try:
            if not await storage.ledger.answers():
                return [(_WRONG, "データベースが答えません。")]
            place = "PostgreSQL" if settings.database_url else str(settings.data_dir)
            return [(_OK, place)]
        finally:
            await storage.close()

    return asyncio.run(look())


def _directory(settings: Any) -> list[tuple[str, str]]:
    from bot.chat.roles import Role  # noqa: PLC0415
    from bot.directory.file import directory_files  # noqa: PLC0415

    files = directory_files(settings)
    snapshot = files.load()
    findings = [(_OK, f"宛先になる職員 {len(snapshot.recipients()):,}人")]
    if not snapshot.holders(Role.AUTHOR):
        findings.append((_WARNING, "周知を作れる人がいません。roles.csv に author を登録してください。"))
    if not snapshot.holders(Role.ADMINISTRATOR):
        findings.append((_WARNING, "管理者がいません。roles.csv に administrator を登録してください。"))
    return findings


def _app_package(settings: Any) -> list[tuple[str, str]]:
    from bot.app_package.build import checked_files  # noqa: PLC0415
    from bot.app_package.schemas import INSTALLED  # noqa: PLC0415
    from bot.verbs.package import ROOT, package_values  # noqa: PLC0415

    schemas = ROOT / INSTALLED
    if not schemas.is_dir():
        return [(_WARNING, "Microsoft のスキーマがまだありません。package を一度実行すると調べられます。")]
    checked_files(ROOT / "appmanifest", package_values(settings, settings.app_id or _EXAMPLE_APP_ID), schemas)
    return [(_OK, "Microsoft のスキーマに合っています。")]


def _duties(settings: Any) -> list[tuple[str, str]]:
    duties = {
        "職員団体への説明": ("BOT_UNION_BRIEFED_ON", settings.union_briefed_on),
        "個人情報の取扱いの確認": ("BOT_PRIVACY_REVIEWED_ON", settings.privacy_reviewed_on),
    }
    return [
        (_OK, f"{duty}（{done_on}）")
        if done_on
        else (_WARNING, f"{duty}がまだ記録されていません。済んだら、{name} に日付を設定してください。")
        for duty, (name, done_on) in duties.items()
    ]


_EXAMINATIONS: dict[str, Callable[[Any], list[tuple[str, str]]]] = {
    "資格情報": _sign_in,
    "接続先": _addresses,
    "データ": _storage,
    "名簿": _directory,
    "アプリ": _app_package,
    "手続": _duties,
}
