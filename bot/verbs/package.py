"""`package`: builds and validates the Teams app package."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@click.command("package")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="app.zip",
    help="書き出す zip ファイル。",
)
def command(out: Path) -> None:
    """Teams のアプリパッケージを検査して作ります。

    \b
    マニフェスト、翻訳、アイコンを検査し、誤りがあれば何も書き出しません。
    設定 BOT_APP_ID（必須）、BOT_PRIVACY_URL、BOT_TERMS_URL を使います。
    """
    from bot.app_package.build import build_package  # noqa: PLC0415 - `--help` starts fast
    from bot.app_package.schemas import schema_folder  # noqa: PLC0415
    from bot.errors import OperatorError  # noqa: PLC0415
    from bot.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    if not settings.app_id:
        raise OperatorError(
            "設定 BOT_APP_ID がありません。Azure ボットのアプリ ID（GUID）を設定してください。"
        )
    if not GUID.fullmatch(settings.app_id):
        raise OperatorError(f"設定 BOT_APP_ID が GUID ではありません: {settings.app_id}")
    schemas = schema_folder(ROOT, lambda line: click.echo(line, err=True))
    names = build_package(ROOT / "appmanifest", out, package_values(settings, settings.app_id), schemas)
    click.echo(f"{out} を作りました（{'、'.join(names)}）。")


def package_values(settings: "Settings", app_id: str) -> dict[str, str]:
    """Return what the placeholders of the package's sources stand for."""
    return {
        "BOT_APP_ID": app_id,
        "BOT_PRIVACY_URL": settings.privacy_url,
        "BOT_TERMS_URL": settings.terms_url,
    }
