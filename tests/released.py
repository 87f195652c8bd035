"""Every button that was ever released, with a payload as it stands on the cards that people still have.

A verb is never reused, a line only ever added. A new verb, or a new version of one, gets its own line.
"""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("released_verbs.jsonl")
LINES: list[dict[str, Any]] = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]
RELEASED: dict[str, list[dict[str, Any]]] = {}
for _line in LINES:
    RELEASED.setdefault(_line["verb"], []).append(_line["data"])
