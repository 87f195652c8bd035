"""The options that several verbs share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

_PATH = click.Path(path_type=Path)

_SHARED = (
    click.option("--data", "data_dir", type=_PATH, help="データフォルダー（BOT_DATA_DIR）"),
    click.option("--people", type=_PATH, help="職員の名簿 people.csv（BOT_PEOPLE）"),
    click.option("--sections", type=_PATH, help="組織の表 sections.csv（BOT_SECTIONS）"),
    click.option("--roles", type=_PATH, help="役割の表 roles.csv（BOT_ROLES）"),
    click.option("--service-url", help="Teams の接続先（BOT_SERVICE_URL）"),
    click.option(
        "--local", is_flag=True, default=None, help="資格情報なしで、このコンピューターの中だけで動かします。"
    ),
)


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the shared options; their values arrive as keyword arguments named as the settings."""
    for option in reversed(_SHARED):
        command = option(command)
    return command
