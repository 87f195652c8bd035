"""`make readme-pictures`: the README's pictures and its Japanese part, made from the cards and the guide.

Beside the pictures stands which card each was drawn from, so that a test can tell when one has grown old.
"""

import asyncio
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.async_api import async_playwright

from cards.guide import ADMINISTRATOR_TASKS, AUTHOR_TASKS, STAFF_TASKS, Task
from cards.kit.card import Card
from tests.cards.samples import SAMPLES
from tests.e2e.window import launched
from tests.gallery.states import PHONE, Rendering
from tests.gallery.studio import studio
from tests.gallery.themes import LIGHT

_ROOT = Path(__file__).parents[2]
README = _ROOT / "README.md"
FOLDER = Path(__file__).parent / "readme"
DRAWN_FROM = FOLDER / "drawn_from.json"
RENEW = "make readme-pictures"
BEGIN = f"<!-- from cards/guide.py: renewed by {RENEW} -->"
END = "<!-- to here -->"

PICTURES: Mapping[str, str] = {
    "notice.png": "notice: to confirm",
    "notices.png": "notices: a page of many",
    "guide.png": "guide",
    "form.png": "form: filled in",
    "preview.png": "preview: one bureau",
    "sending.png": "progress: sending",
    "sent.png": "progress: failures and unknown",
    "confirmations.png": "confirmations: many bureaus",
    "paused.png": "progress: paused, no access",
}
"""Each picture of the README, and the state of a card that it shows."""

_PARTS: tuple[tuple[str, tuple[Task, ...]], ...] = (
    ("職員の方", STAFF_TASKS),
    ("周知を送る方（事務局など）", AUTHOR_TASKS),
    ("管理者の方", ADMINISTRATOR_TASKS),
)
_SHOWN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "confirm": (("notice.png", "届いたお知らせ。本文の下に「確認しました」のボタンがあります。"),),
    "read_again": (("notices.png", "お知らせの一覧"),),
    "send": (
        ("form.png", "周知の入力欄"),
        ("preview.png", "送信前の確認。届く形と人数が示されます。"),
    ),
    "resend": (("sent.png", "送信が終わったあとの状況。送れなかった理由と再送のボタンがあります。"),),
    "confirmations": (("confirmations.png", "部局ごとの、届いた人数と確認した人数の表"),),
    "paused": (("paused.png", "一時停止中の配信。理由と「再開する」のボタンがあります。"),),
}
_UNSEEN = frozenset({"speak", "fallbackText"})
_WIDTH = 320
_COLOURS = 96


def main() -> None:
    """Draw the pictures anew, write down what they were drawn from, and renew the README's Japanese part."""
    for name, png in asyncio.run(_drawn()).items():
        (FOLDER / name).write_bytes(png)
    kept = json.dumps({name: drawn_from(name) for name in PICTURES}, indent=2)
    DRAWN_FROM.write_text(f"{kept}\n", encoding="utf-8")
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")


def drawn_from(picture: str) -> dict[str, str]:
    """Return the state of a card that a picture shows, and the hash of the card as it is today."""
    state = PICTURES[picture]
    return {"state": state, "card": hash_of(SAMPLES[state].draw())}


def hash_of(card: Card) -> str:
    """Return the SHA-256 of what can be seen of a card, in hexadecimal digits."""
    seen = {name: value for name, value in card.content.items() if name not in _UNSEEN}
    content = json.dumps(seen, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def guide_part() -> str:
    """Return the README's part for the people who use the bot, in the words of the guide's cards."""
    parts = [f"### {who}\n\n" + "\n\n".join(map(_task, tasks)) for who, tasks in _PARTS]
    return "\n\n".join(parts)


def renewed(readme: str) -> str:
    """Return the README with the part between its two marks as the guide has it today.

    Raises:
        ValueError: a mark is missing.
    """
    before, _, rest = readme.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"README.md lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{guide_part()}\n\n{END}{after}"


def _task(task: Task) -> str:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(task.steps, 1))
    source = FOLDER.relative_to(_ROOT).as_posix()
    shown = "\n".join(
        f'<img src="{source}/{name}" width="{_WIDTH}" alt="{described}">'
        for name, described in _SHOWN[task.name]
    )
    return f"#### {task.title}\n\n{task.remark}\n\n{steps}\n\n{shown}"


async def _drawn() -> dict[str, bytes]:
    rendering = Rendering(theme=LIGHT, width=PHONE)
    async with (
        async_playwright() as playwright,
        launched(playwright) as browser,
        studio(browser, rendering) as opened,
    ):
        return {
            name: _small((await opened.draw(SAMPLES[state].draw().content)).png)
            for name, state in PICTURES.items()
        }


def _small(png: bytes) -> bytes:
    """Return a picture with few colours, which a card needs no more of."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(_COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
