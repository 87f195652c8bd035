"""The Teams app package: what is refused, what is written, and where the schemas come from."""

import json
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.app_package.build import build_package
from bot.app_package.checks import BrokenPackageError
from bot.app_package.schemas import INSTALLED, schema_folder, schema_problems
from bot.errors import OperatorError
from bot.verbs.package import ROOT, command

APP_ID = "11111111-2222-4333-8444-555555555555"
VALUES = {
    "BOT_APP_ID": APP_ID,
    "BOT_PRIVACY_URL": "https://www.soumu.go.jp/privacy",
    "BOT_TERMS_URL": "https://www.soumu.go.jp/terms",
}
FILES = ["manifest.json", "en.json", "color.png", "outline.png"]
Edit = Callable[[Path], object]


@pytest.fixture(scope="session")
def schemas() -> Path:
    """Microsoft's schemas as `package` itself finds or installs them."""
    if not (ROOT / INSTALLED).is_dir() and shutil.which("npm") is None:
        pytest.skip("Microsoft's schemas are not in node_modules, and there is no npm to install them")
    return schema_folder(ROOT, print)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the sources that a test may break."""
    return Path(shutil.copytree(ROOT / "appmanifest", tmp_path / "appmanifest"))


def edit_json(name: str, change: Callable[[Any], object]) -> Edit:
    """An edit that changes one JSON file of the sources."""

    def edit(source: Path) -> None:
        document = json.loads((source / name).read_text(encoding="utf-8"))
        change(document)
        (source / name).write_text(json.dumps(document), encoding="utf-8")

    return edit


def manifest(change: Callable[[Any], object]) -> Edit:
    """An edit of the manifest."""
    return edit_json("manifest.json", change)


def english(change: Callable[[Any], object]) -> Edit:
    """An edit of the English texts."""
    return edit_json("en.json", change)


def commands(document: Any) -> list[dict[str, str]]:
    """The first command list of a manifest."""
    found: list[dict[str, str]] = document["bots"][0]["commandLists"][0]["commands"]
    return found


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its length and sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(side: int, rows: bytes, *, colour_type: int = 6) -> bytes:
    """A square 8-bit PNG of filtered rows."""
    header = struct.pack(">IIBBBBB", side, side, 8, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def painted(side: int, pixel: bytes, *, first: bytes = b"") -> bytes:
    """A square RGBA picture of one colour, except the first pixel of each row if that is given."""
    row = b"\0" + (first or pixel) + pixel * (side - 1)
    return png(side, row * side)


WHITE, RED, CLEAR = b"\xff\xff\xff\xff", b"\xff\0\0\xff", b"\0\0\0\0"
ENGLISH = {"languageTag": "en", "file": "en.json"}
RGB_WITHOUT_ALPHA = png(32, (b"\0" + b"\xff\xff\xff" * 32) * 32, colour_type=2)

PLANTED: dict[str, tuple[Edit, str]] = {
    "name.short too long": (
        manifest(lambda m: m["name"].update(short="働" * 31)),
        "manifest.json の name.short: 30 文字までです（今は 31 文字）",
    ),
    "name.short too long in UTF-16 only": (
        manifest(lambda m: m["name"].update(short="🏠" * 16)),
        "manifest.json の name.short: 30 文字までです（今は 32 文字）",
    ),
    "description.short too long": (
        manifest(lambda m: m["description"].update(short="知" * 81)),
        "manifest.json の description.short: 80 文字までです（今は 81 文字）",
    ),
    "English name too long, which the schema lets pass": (
        english(lambda e: e.update({"name.short": "W" * 31})),
        "en.json の name.short: 30 文字までです（今は 31 文字）",
    ),
    "English description too long": (
        english(lambda e: e.update({"description.full": "W" * 4001})),
        "en.json の description.full: 4000 文字までです（今は 4001 文字）",
    ),
    "unknown property": (
        manifest(lambda m: m["bots"][0].update(suportsFiles=True)),
        "manifest.json の bots[0].suportsFiles: 知らない項目です",
    ),
    "thirteen commands": (
        manifest(lambda m: commands(m).extend([{"title": "x", "description": "y"}] * 8)),
        "manifest.json の bots[0].commandLists[0].commands: 12 件までです（今は 13 件）",
    ),
    "command without description": (
        manifest(lambda m: commands(m)[1].pop("description")),
        "manifest.json の bots[0].commandLists[0].commands[1].description: 必要な項目がありません",
    ),
    "scope in old spelling": (
        manifest(lambda m: m["bots"][0].update(scopes=["personal", "groupchat"])),
        "manifest.json の bots[0].scopes[1]: 使えない値です: groupchat",
    ),
    "text instead of a list": (
        manifest(lambda m: m.update(bots="bot")),
        "manifest.json の bots: 値の種類が違います",
    ),
    "the same language twice": (
        manifest(lambda m: m["localizationInfo"].update(additionalLanguages=2 * [ENGLISH])),
        "manifest.json の localizationInfo.additionalLanguages: Microsoft のスキーマの uniqueItems に",
    ),
    "manifest that is no object": (
        lambda source: (source / "manifest.json").write_text("[]"),
        "manifest.json: 値の種類が違います",
    ),
    "accent colour by name": (
        manifest(lambda m: m.update(accentColor="teal")),
        "manifest.json の accentColor: 書式が違います: teal",
    ),
    "channel features of an unknown tier": (
        manifest(lambda m: m.update(supportsChannelFeatures="tier9")),
        "manifest.json の supportsChannelFeatures: 使えない値です: tier9",
    ),
    "other manifest version, which the schema lets pass": (
        manifest(lambda m: m.update(manifestVersion="1.13")),
        "manifest.json の manifestVersion: 1.25 にしてください",
    ),
    "address without encryption, which the schema lets pass": (
        manifest(lambda m: m["developer"].update(websiteUrl="http://www.soumu.go.jp/")),
        "manifest.json の developer.websiteUrl: https:// で始めてください",
    ),
    "placeholder without a value": (
        manifest(lambda m: m["developer"].update(name="{{BOT_DEVELOPER}}")),
        "manifest.json の developer.name: 埋まっていない箇所があります: {{BOT_DEVELOPER}}",
    ),
    "half a placeholder": (
        manifest(lambda m: commands(m)[0].update(title="{{BOT_APP_ID")),
        "manifest.json の bots[0].commandLists[0].commands[0].title: 埋まっていない箇所があります",
    ),
    "placeholder in the English texts": (
        english(lambda e: e.update({"name.short": "{{NAME}}"})),
        "en.json の name.short: 埋まっていない箇所があります: {{NAME}}",
    ),
    "English command without its Japanese one": (
        english(lambda e: e.update({"bots[0].commandLists[0].commands[5].title": "Vote"})),
        "en.json の bots[0].commandLists[0].commands[5].title: manifest.json に、対応する項目がありません",
    ),
    "translation key of a wrong form": (
        english(lambda e: e.update({"name.shrot": "Bot"})),
        "en.json の name.shrot: 知らない項目です",
    ),
    "translation without a required text": (
        english(lambda e: e.pop("name.short")),
        "en.json の name.short: 必要な項目がありません",
    ),
    "missing manifest": (
        lambda source: (source / "manifest.json").unlink(),
        "manifest.json: ",
    ),
    "manifest cut short": (
        lambda source: (source / "manifest.json").write_text('{\n  "name":\n'),
        "manifest.json: JSON として読めません（3 行目）",
    ),
    "manifest in another encoding": (
        lambda source: (source / "manifest.json").write_bytes('{"name": "働"}'.encode("shift_jis")),
        "manifest.json: UTF-8 で書かれていません",
    ),
    "missing translation": (
        lambda source: (source / "en.json").unlink(),
        "manifest.json の localizationInfo.additionalLanguages[0].file: ファイル「en.json」が appmanifest",
    ),
    "missing default language file": (
        manifest(lambda m: m["localizationInfo"].update(defaultLanguageFile="ja.json")),
        "manifest.json の localizationInfo.defaultLanguageFile: ファイル「ja.json」が appmanifest",
    ),
    "missing icon": (
        lambda source: (source / "color.png").unlink(),
        "manifest.json の icons.color: ファイル「color.png」が appmanifest フォルダーにありません",
    ),
    "icon outside the folder": (
        manifest(lambda m: m["icons"].update(color="../appmanifest/color.png")),
        "manifest.json の icons.color: ファイル「../appmanifest/color.png」が",
    ),
    "colour icon of a wrong size": (
        lambda source: (source / "color.png").write_bytes(painted(191, RED)),
        "color.png: 192×192 ピクセルにしてください（今は 191×191）",
    ),
    "outline icon of a wrong size": (
        lambda source: (source / "outline.png").write_bytes(painted(96, CLEAR, first=WHITE)),
        "outline.png: 32×32 ピクセルにしてください（今は 96×96）",
    ),
    "outline icon with a colour": (
        lambda source: (source / "outline.png").write_bytes(painted(32, CLEAR, first=RED)),
        "outline.png: 透明な地に白だけで",
    ),
    "outline icon without transparent ground": (
        lambda source: (source / "outline.png").write_bytes(painted(32, WHITE)),
        "outline.png: 透明な地に白だけで",
    ),
    "outline icon with nothing on it": (
        lambda source: (source / "outline.png").write_bytes(painted(32, CLEAR)),
        "outline.png: 透明な地に白だけで",
    ),
    "outline icon without alpha": (
        lambda source: (source / "outline.png").write_bytes(RGB_WITHOUT_ALPHA),
        "outline.png: 透明な地に白だけで",
    ),
    "icon that is no PNG": (
        lambda source: (source / "color.png").write_bytes(b"GIF89a"),
        "color.png: PNG 画像ではないか、壊れています",
    ),
    "icon cut short": (
        lambda source: os.truncate(source / "outline.png", 120),
        "outline.png: PNG 画像ではないか、壊れています",
    ),
}


@pytest.mark.parametrize(("break_it", "message"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_error_is_named_and_nothing_is_written(
    source: Path, tmp_path: Path, schemas: Path, break_it: Edit, message: str
) -> None:
    break_it(source)
    out = tmp_path / "out" / "app.zip"
    out.parent.mkdir()

    with pytest.raises(BrokenPackageError) as refused:
        build_package(source, out, VALUES, schemas)

    assert [line for line in str(refused.value).splitlines() if line.startswith(message)], refused.value
    assert list(out.parent.iterdir()) == []


def test_all_problems_of_texts_and_icons_are_named_at_once(
    source: Path, tmp_path: Path, schemas: Path
) -> None:
    PLANTED["English name too long, which the schema lets pass"][0](source)
    PLANTED["colour icon of a wrong size"][0](source)
    PLANTED["outline icon with a colour"][0](source)

    with pytest.raises(BrokenPackageError) as refused:
        build_package(source, tmp_path / "app.zip", VALUES, schemas)

    assert [problem.file for problem in refused.value.problems] == ["en.json", "color.png", "outline.png"]


def test_a_bad_app_id_is_named_wherever_it_lands(source: Path, tmp_path: Path, schemas: Path) -> None:
    with pytest.raises(BrokenPackageError) as refused:
        build_package(source, tmp_path / "app.zip", VALUES | {"BOT_APP_ID": "bot-1"}, schemas)

    assert {problem.path for problem in refused.value.problems} == {
        "id",
        "bots[0].botId",
        "webApplicationInfo.id",
    }
    assert not (tmp_path / "app.zip").exists()


def test_an_empty_value_leaves_the_placeholder_unfilled(source: Path, tmp_path: Path, schemas: Path) -> None:
    with pytest.raises(BrokenPackageError, match=r"developer\.privacyUrl: 埋まっていない"):
        build_package(source, tmp_path / "app.zip", VALUES | {"BOT_PRIVACY_URL": ""}, schemas)


def test_a_refused_run_leaves_the_last_good_package(source: Path, tmp_path: Path, schemas: Path) -> None:
    out = tmp_path / "app.zip"
    build_package(source, out, VALUES, schemas)
    good = out.read_bytes()
    PLANTED["thirteen commands"][0](source)

    with pytest.raises(BrokenPackageError):
        build_package(source, out, VALUES, schemas)

    assert out.read_bytes() == good
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.zip", "appmanifest"]


def test_a_new_package_replaces_the_old_file_instead_of_writing_into_it(
    source: Path, tmp_path: Path, schemas: Path
) -> None:
    out, old = tmp_path / "app.zip", tmp_path / "old.zip"
    build_package(source, out, VALUES, schemas)
    good = out.read_bytes()
    old.hardlink_to(out)

    build_package(source, out, VALUES | {"BOT_TERMS_URL": "https://www.soumu.go.jp/new"}, schemas)

    assert old.read_bytes() == good
    assert out.read_bytes() != good


def test_a_package_that_cannot_be_written_leaves_no_partial_file(
    source: Path, tmp_path: Path, schemas: Path
) -> None:
    taken = tmp_path / "app.zip"
    (taken / "inside").mkdir(parents=True)

    with pytest.raises(OperatorError, match="に書き込めません"):
        build_package(source, taken, VALUES, schemas)
    with pytest.raises(OperatorError, match="に書き込めません"):
        build_package(source, tmp_path / "nowhere" / "app.zip", VALUES, schemas)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.zip", "appmanifest"]


def test_the_package_holds_filled_valid_files_at_its_root(
    source: Path, tmp_path: Path, schemas: Path
) -> None:
    out = tmp_path / "app.zip"

    names = build_package(source, out, VALUES, schemas)

    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(names) == FILES
        packed = {name: archive.read(name) for name in FILES}
    made = json.loads(packed["manifest.json"])
    assert (made["id"], made["bots"][0]["botId"], made["webApplicationInfo"]["id"]) == (APP_ID,) * 3
    assert made["developer"]["privacyUrl"] == VALUES["BOT_PRIVACY_URL"]
    assert made["developer"]["termsOfUseUrl"] == VALUES["BOT_TERMS_URL"]
    assert not [name for name, content in packed.items() if b"{{" in content and name.endswith(".json")]
    assert list(schema_problems(made, schemas / "MicrosoftTeams.schema.json")) == []
    for icon in ("color.png", "outline.png"):
        assert packed[icon] == (source / icon).read_bytes()


def test_two_runs_give_the_same_bytes(source: Path, tmp_path: Path, schemas: Path) -> None:
    build_package(source, tmp_path / "first.zip", VALUES, schemas)
    for path in source.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    build_package(source, tmp_path / "second.zip", VALUES, schemas)

    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_every_text_that_people_see_stands_in_english_too() -> None:
    made = json.loads((ROOT / "appmanifest" / "manifest.json").read_text(encoding="utf-8"))
    english_keys = set(json.loads((ROOT / "appmanifest" / "en.json").read_text(encoding="utf-8")))
    wanted = {f"{block}.{length}" for block in ("name", "description") for length in ("short", "full")}
    for i, one in enumerate(made["bots"][0]["commandLists"]):
        for j, entry in enumerate(one["commands"]):
            wanted |= {f"bots[0].commandLists[{i}].commands[{j}].{field}" for field in entry}

    assert english_keys - {"$schema"} == wanted


def test_the_manifest_asks_for_no_more_than_it_needs_and_says_what_the_bot_never_does() -> None:
    made = json.loads((ROOT / "appmanifest" / "manifest.json").read_text(encoding="utf-8"))

    assert "authorization" not in made
    assert made["validDomains"] == []
    assert made["bots"][0]["supportsFiles"] is False
    for promise in (
        "このボットの記録は、人事評価、勤務時間の認定、超過勤務の確認、指導には使いません。",
        "上司に個人別の記録は見せません。",
        "入力しないことによる不利益はありません。",
    ):
        assert promise in made["description"]["full"]


@pytest.mark.parametrize(
    ("app_id", "message"), [("", "設定 BOT_APP_ID がありません"), ("1234", "GUID ではありません: 1234")]
)
def test_the_verb_needs_an_app_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app_id: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_APP_ID", app_id)

    result = CliRunner().invoke(command, ["--out", "app.zip"])

    assert result.exit_code == 1
    assert isinstance(result.exception, OperatorError)
    assert message in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("schemas")
def test_the_verb_writes_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_APP_ID", APP_ID)
    monkeypatch.delenv("BOT_PRIVACY_URL", raising=False)

    result = CliRunner().invoke(command, ["--out", "app.zip"])

    assert result.exit_code == 0, result.output
    assert result.stdout == "app.zip を作りました（manifest.json、en.json、color.png、outline.png）。\n"
    with zipfile.ZipFile(tmp_path / "app.zip") as archive:
        made = json.loads(archive.read("manifest.json"))
    assert made["developer"]["privacyUrl"] == "https://www.soumu.go.jp/"
