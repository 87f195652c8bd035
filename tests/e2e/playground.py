"""Microsoft 365 Agents Playground: the chat window in which the demo and the e2e tests show the bot."""

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.services import HOST, ROOT, Service, running, wait_until_ready

CONFIG = ROOT / "bot" / "content" / "sample" / "m365agentsplayground.yml"
_CLI = ROOT / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
_GUARD = Path(__file__).with_name("loopback.cjs")
_OLDEST_NODE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Playground:
    """A running chat window: where it is, and who sits in front of it."""

    service: Service
    url: str


def is_available() -> bool:
    """Tell whether Node 20 or newer and the Playground are installed."""
    node = shutil.which("node")
    if node is None or not _CLI.is_file():
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=20)
    found = re.match(r"v(\d+)\.", said.stdout)
    return found is not None and int(found[1]) >= _OLDEST_NODE


def people_on_screen() -> list[str]:
    """Return the object ids of those whom the Playground knows, the current user first."""
    config = _config()
    return [str(user["aadObjectId"]) for user in (config["currentUser"], *config["users"])]


@asynccontextmanager
async def playground(port: int, bot: str, log: Path, *, current: str = "") -> AsyncIterator[Playground]:
    """Run the Playground until the block ends.

    Args:
        port: where it shows its page.
        bot: the bot's address for messages.
        log: what it prints goes here.
        current: the object id of who sits in front of it; by default as the sample says.
    """
    # It writes a folder of its own into the directory in which it runs.
    with tempfile.TemporaryDirectory(prefix="playground-", ignore_cleanup_errors=True) as folder:
        config = Path(folder) / "config.yml"
        text = yaml.safe_dump(_seen_by(current), allow_unicode=True)
        await asyncio.to_thread(config.write_text, text, encoding="utf-8")
        argv = ["node", "--require", str(_GUARD), str(_CLI), "start", "-e", bot, "-c", "msteams"]
        argv += ["-p", str(port), "--disable-telemetry"]
        env = {"M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(config), "TEAMSAPPTESTER_BROWSER": "none"}
        async with running("チャットの画面", argv, cwd=Path(folder), log=log, env=env) as service:
            url = f"http://{HOST}:{port}"
            await wait_until_ready(service, f"{url}/_debug/ping")
            yield Playground(service=service, url=url)


def _config() -> dict[str, Any]:
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    assert isinstance(config, dict)
    return config


def _seen_by(current: str) -> dict[str, Any]:
    """Return the sample's configuration with another person in front of the screen."""
    config = _config()
    everybody = [config["currentUser"], *config["users"]]
    chosen = [user for user in everybody if user["aadObjectId"] == current]
    if not chosen:
        return config
    config["currentUser"] = chosen[0]
    config["users"] = [user for user in everybody if user is not chosen[0]]
    config["personalChat"] = {"id": f"personal-chat-{current[-3:]}"}
    return config
