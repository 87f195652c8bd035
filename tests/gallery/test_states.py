"""Which pictures are drawn, and how they stand on the page."""

from tests.cards.samples import SAMPLES
from tests.gallery.index import Shown, group_of, index_page
from tests.gallery.states import PHONE, RENDERINGS, Rendering, Variant
from tests.gallery.themes import LIGHT

ON_PHONE = Rendering(theme=LIGHT, width=PHONE)


def test_every_theme_at_every_width_and_what_one_finds_by_pressing() -> None:
    names = {rendering.name for rendering in RENDERINGS}
    assert len([each for each in RENDERINGS if each.variant is Variant.AS_SENT]) == 9
    assert {"phone-contrast", "full-dark", "phone-light-unfolded", "phone-light-without-charts"} <= names


def test_a_pressed_button_shows_the_rest_and_goes_away() -> None:
    unfolded = Rendering(theme=LIGHT, width=PHONE, variant=Variant.UNFOLDED)
    content = unfolded.content(SAMPLES["notice: body of 8,000 characters"].draw().content)
    assert content is not None
    shown = {node["id"]: node["isVisible"] for node in content["body"] if "id" in node}
    assert shown == {"more": False, "rest": True, "less": True}
    assert unfolded.content(SAMPLES["notice: to confirm"].draw().content) is None


def test_an_older_client_gets_what_stands_in_for_a_bar() -> None:
    older = Rendering(theme=LIGHT, width=PHONE, variant=Variant.WITHOUT_CHARTS)
    content = older.content(SAMPLES["progress: sending"].draw().content)
    assert content is not None
    assert "ProgressBar" not in str(content)
    assert "■■■■■■■□□□" in str(content)


def test_the_page_names_every_state_and_loads_pictures_late() -> None:
    name = "notice: to confirm"
    shown = Shown(rendering=ON_PHONE, file="a.png", width=344, height=672, findings=("contrast <1>",))
    page = index_page({name: SAMPLES[name].draw()}, {name: [shown]}, "1 state")
    assert group_of(name) == "notice"
    for part in ("<h3>notice: to confirm</h3>", 'loading="lazy" src="a.png"', "スマートフォン 360px・ライト"):
        assert part in page
    assert "contrast &lt;1&gt;" in page
    assert "通知：【要確認 12月11日（金）まで】11月はテレワーク月間です" in page
