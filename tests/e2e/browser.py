"""`python -m tests.e2e.browser`: makes sure that Chromium and a Japanese font are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
_BY_HAND = "次のパッケージを入れてから、もう一度お試しください: {packages}"
_INSTALL_SECONDS = 900


class NoBrowserError(Exception):
    """The browser can't be had; the message says what to do."""


def chromium() -> Path | None:
    """Return where Chromium is, None if it is not installed."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(found) if found else None


def has_japanese_font() -> bool:
    """Tell whether a font with Japanese letters is installed."""
    if shutil.which("fc-list"):
        listed = subprocess.run(["fc-list", ":lang=ja"], capture_output=True, check=False, timeout=60)
        return bool(listed.stdout.strip())
    return any(path for folder in _FONT_FOLDERS if folder.is_dir() for path in folder.rglob("*CJK*"))


def missing_packages() -> list[str]:
    """Return the Debian packages that are still needed."""
    needed = {"chromium": chromium() is not None, "fonts-noto-cjk": has_japanese_font()}
    return [name for name, is_there in needed.items() if not is_there]


def install(packages: list[str]) -> None:
    """Install Debian packages as root, or with a sudo that asks nothing.

    Raises:
        NoBrowserError: it is no Debian, there are no rights, or apt-get failed.
    """
    by_hand = _BY_HAND.format(packages=" ".join(packages))
    if shutil.which("apt-get") is None:
        raise NoBrowserError(f"apt-get がないため、自動で入れられません。{by_hand}")
    prefix = _as_root()
    if prefix is None:
        raise NoBrowserError(f"管理者の権限がないため、自動で入れられません。{by_hand}")
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        argv = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *arguments]
        try:
            subprocess.run(argv, check=True, timeout=_INSTALL_SECONDS)
        except (subprocess.SubprocessError, OSError):
            raise NoBrowserError(f"apt-get {arguments[0]} が失敗しました。{by_hand}") from None


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False, timeout=60)
    return ["sudo", "-n"] if allowed.returncode == 0 else None


def main() -> None:
    """Install what is missing; does nothing if all is there."""
    try:
        if packages := missing_packages():
            click.echo(f"{'、'.join(packages)} を入れています…")
            install(packages)
    except NoBrowserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
