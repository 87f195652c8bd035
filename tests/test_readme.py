"""The README shows today's cards, says what the guide in chat says, and leads nowhere that is not there."""

import json
import re

import pytest

from bot.chat.roles import Role
from bot.features.help import tasks_for
from tests.cards.samples import SAMPLES
from tests.gallery.readme import (
    BEGIN,
    DRAWN_FROM,
    END,
    FOLDER,
    PICTURES,
    README,
    RENEW,
    drawn_from,
    guide_part,
    hash_of,
    renewed,
)

TEXT = README.read_text(encoding="utf-8")
KEPT: dict[str, dict[str, str]] = json.loads(DRAWN_FROM.read_text(encoding="utf-8"))
SIZE_LIMIT = 120_000
_LINK = re.compile(r"""\]\((?!https?://|mailto:)([^)#\s]*)[^)]*\)|src="([^"]+)\"""")


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_no_older_than_its_card(picture: str) -> None:
    assert KEPT[picture] == drawn_from(picture), (
        f"{FOLDER.name}/{picture} is older than its card 「{PICTURES[picture]}」: renew it with `{RENEW}`"
    )


def test_another_card_than_the_one_drawn_is_noticed() -> None:
    assert hash_of(SAMPLES["notice: confirmed"].draw()) != KEPT["notice.png"]["card"]
    assert hash_of(SAMPLES["notice: deadline has passed"].draw()) != KEPT["notice.png"]["card"]


def test_the_guide_of_the_readme_is_the_guide_of_the_chat() -> None:
    assert renewed(TEXT) == TEXT, f"the README's guide is older than cards/guide.py: renew it with `{RENEW}`"
    for task in tasks_for(frozenset(Role)):
        assert all(words in guide_part() for words in (task.title, task.remark, *task.steps))


@pytest.mark.parametrize("mark", [BEGIN, END])
def test_a_readme_without_its_marks_is_not_written(mark: str) -> None:
    with pytest.raises(ValueError, match="lacks"):
        renewed(TEXT.replace(mark, ""))


def test_every_picture_stands_in_the_readme_and_nothing_else_in_its_folder() -> None:
    assert {each.name for each in FOLDER.glob("*.png")} == set(PICTURES) == KEPT.keys()
    for name in PICTURES:
        assert f"readme/{name}" in TEXT
        assert (FOLDER / name).stat().st_size <= SIZE_LIMIT, f"{name} is too large"


def test_every_link_of_the_readme_leads_to_something() -> None:
    paths = {found for match in _LINK.finditer(TEXT) for found in match.groups() if found}
    assert len(paths) >= len(PICTURES)
    assert [path for path in sorted(paths) if not (README.parent / path).exists()] == []


def test_every_picture_says_in_words_what_it_shows() -> None:
    shown = re.findall(r"<img [^>]*>", TEXT)
    assert len(shown) >= len(PICTURES)
    assert [each for each in shown if not re.search(r'alt="[^"]+"', each)] == []
