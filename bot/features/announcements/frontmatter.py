"""An announcement from a file: Markdown under YAML front matter."""

from dataclasses import field
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from bot.clock import JST
from bot.errors import FileProblems
from bot.features.announcements.draft import end_of_day, new_id
from storage.announcements.records import Announcement, Importance, Link, problems_of

_FENCE = "---"
_OPERATOR = "operator"


def _moment(value: object) -> object:
    """A date counts to its end; a time without an offset is JST."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > len("2026-01-01") else date.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=JST)
    return end_of_day(value) if isinstance(value, date) else value


Moment = Annotated[datetime, BeforeValidator(_moment)]


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class _LinkEntry:
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class _FrontMatter:
    title: str
    audience: str = "all"
    acknowledge: bool = False
    deadline: Moment | None = None
    issuer: str = ""
    contact: str = ""
    document_number: str = ""
    reference: str = ""
    importance: Importance = Importance.NORMAL
    mandatory: bool = False
    links: list[_LinkEntry] = field(default_factory=list)
    expires: Moment | None = None


class _TextDates(yaml.SafeLoader):
    """Leaves dates as they are written: YAML's own reading raises on a day that no calendar has."""


_TextDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


_ADAPTER = TypeAdapter(_FrontMatter)
_WORDS = {
    "extra_forbidden": "知らない項目です。つづりを確かめてください。",
    "unexpected_keyword_argument": "知らない項目です。つづりを確かめてください。",
    "missing": "必要な項目がありません。",
}


def read_announcement(path: Path, *, audience: str | None, now: datetime) -> Announcement:
    """Return the announcement of a file; `audience` wins over the front matter.

    Raises:
        FileProblems: the file can't be read, or something in it is wrong; each problem with its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileProblems(path, [(None, "ファイルがありません。")]) from None
    except (OSError, UnicodeDecodeError):
        raise FileProblems(path, [(None, "UTF-8 の文書として読めません。")]) from None
    header, body = _split(path, text)
    front = _front_matter(path, header)
    announcement = Announcement(
        id=new_id(now),
        revision=1,
        title=front.title.strip(),
        body=body.strip(),
        audience=audience or front.audience,
        acknowledge=front.acknowledge,
        deadline=front.deadline,
        issuer=front.issuer,
        contact=front.contact,
        document_number=front.document_number,
        reference=front.reference,
        links=tuple(Link(title=link.title, url=link.url) for link in front.links),
        importance=front.importance,
        mandatory=front.mandatory,
        expires=front.expires,
        author=_OPERATOR,
        created_at=now,
        updated_at=now,
    )
    if problems := problems_of(announcement, now):
        raise FileProblems(path, [(_line_of(header, p.field), f"{p.field}: {p.message}") for p in problems])
    return announcement


def _split(path: Path, text: str) -> tuple[str, str]:
    lines = text.splitlines()
    if not lines or lines[0].strip() != _FENCE:
        raise FileProblems(path, [(1, "最初の行を --- にして、件名などの項目を書いてください。")])
    for number, line in enumerate(lines[1:], start=1):
        if line.strip() == _FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :])
    raise FileProblems(path, [(None, "項目の終わりの --- がありません。")])


def _front_matter(path: Path, header: str) -> _FrontMatter:
    try:
        fields = yaml.load(header, Loader=_TextDates)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line = mark.line + 2 if mark else None
        raise FileProblems(
            path, [(line, "YAML として読めません。字下げと記号を確かめてください。")]
        ) from None
    if not isinstance(fields, dict):
        raise FileProblems(path, [(2, "title: 件名 のように項目を書いてください。")])
    try:
        return _ADAPTER.validate_python(fields)
    except ValidationError as error:
        problems = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            words = _WORDS.get(problem["type"], "値が正しくありません。")
            problems.append((_line_of(header, str(problem["loc"][0])), f"{name}: {words}"))
        raise FileProblems(path, problems) from None


def _line_of(header: str, name: str) -> int | None:
    for number, line in enumerate(header.splitlines(), start=2):
        if line.startswith(f"{name}:"):
            return number
    return None
