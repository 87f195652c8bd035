"""An audience as people write it, taken apart: `section:HISHO`, `課室：秘書課`, `全職員，！people:ID;ID`."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from bot.chat.roles import Role
from bot.directory.sections import fold
from bot.directory.snapshot import Snapshot
from bot.errors import UserFacingError
from storage.people.records import Section

SHOWN_CHARACTERS = 40
SHOWN_ITEMS = 5
HOW_TO_WRITE = "「全職員」「本省」のほか、部局・課室の名前かコードを「,」で区切って書いてください。"
ROLE_NAMES = {
    Role.STAFF: "職員",
    Role.MANAGER: "管理職",
    Role.AUTHOR: "周知の作成者",
    Role.APPROVER: "承認者",
    Role.VIEWER: "閲覧者",
    Role.COORDINATOR: "とりまとめ担当",
    Role.ADMINISTRATOR: "管理者",
}


class AudienceError(UserFacingError):
    """An audience, or a part of it, can't be resolved; the message names each such part and what to do."""


class Kind(StrEnum):
    """What one part of an audience is about."""

    ALL = "all"
    HEADQUARTERS = "headquarters"
    SECTION = "section"
    GROUP = "group"
    ROLE = "role"
    PEOPLE = "people"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One part of an audience: codes, ids or role names in `values`; `removed` for a leading `!`."""

    kind: Kind
    values: tuple[str, ...] = ()
    removed: bool = False

    def __str__(self) -> str:
        """Return the canonical form."""
        value = f":{';'.join(self.values)}" if self.values else ""
        return f"{'!' if self.removed else ''}{self.kind}{value}"


WORDS = {
    "all": Term(kind=Kind.ALL),
    "全職員": Term(kind=Kind.ALL),
    "headquarters": Term(kind=Kind.HEADQUARTERS),
    "本省": Term(kind=Kind.HEADQUARTERS),
    "管理職": Term(kind=Kind.ROLE, values=(Role.MANAGER.value,)),
}
PREFIXES = {
    "section": Kind.SECTION,
    "課室": Kind.SECTION,
    "部局": Kind.SECTION,
    "group": Kind.GROUP,
    "role": Kind.ROLE,
    "people": Kind.PEOPLE,
    "channel": Kind.CHANNEL,
}


def parts_of(expression: str) -> list[str]:
    """Split an audience at its commas (full-width and 、 too); spaces and character widths are evened out."""
    return re.split("[,、]", "".join(unicodedata.normalize("NFKC", expression).split()))


def parse(expression: str, snapshot: Snapshot, today: date | None = None) -> tuple[Term, ...]:
    """Take an audience apart and find all that it names, each part once, in the order written.

    With `today`, a name that sections of different times share means the one that exists today, and a
    section that does not exist today is refused.

    Raises:
        AudienceError: some parts can't be resolved; the message has a line for each.
    """
    terms: list[Term] = []
    problems: list[str] = []
    for part in dict.fromkeys(parts_of(expression)):
        try:
            terms.append(parse_part(part, snapshot, today))
        except AudienceError as error:
            problems.append(str(error))
        if len(problems) > SHOWN_ITEMS:
            problems[SHOWN_ITEMS:] = ["直すところは、ほかにもあります。"]
            break
    if problems:
        raise AudienceError("\n".join(problems))
    return tuple(dict.fromkeys(terms))


def canonical(expression: str, snapshot: Snapshot, today: date | None = None) -> str:
    """Return the form to be stored: `全職員、！秘書課` becomes `all,!section:HISHO`.

    Raises:
        AudienceError: as `parse`.
    """
    return ",".join(str(term) for term in parse(expression, snapshot, today))


def parse_part(part: str, snapshot: Snapshot, today: date | None = None) -> Term:
    """Find what one part of an audience (as `parts_of` gives it) names.

    Raises:
        AudienceError: it names nothing that the directory knows.
    """
    removed, text = part.startswith("!"), part.removeprefix("!")
    if not text:
        raise AudienceError(f"宛先が空いているところがあります。{HOW_TO_WRITE}")
    head, colon, value = text.partition(":")
    kind = PREFIXES.get(head.casefold()) if colon else Kind.SECTION
    if kind is None:
        raise AudienceError(f"宛先「{shown(text)}」の書き方が分かりません。{HOW_TO_WRITE}")
    if not colon and text.casefold() in WORDS:
        return replace(WORDS[text.casefold()], removed=removed)
    values = _values(kind, value if colon else text, snapshot, today)
    return Term(kind=kind, values=values, removed=removed)


def shown(text: str) -> str:
    """Shorten what somebody wrote so that it can be repeated to them."""
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"


def _values(kind: Kind, text: str, snapshot: Snapshot, today: date | None) -> tuple[str, ...]:
    match kind:
        case Kind.ROLE:
            return (_role(text),)
        case Kind.PEOPLE:
            return _people(text, snapshot)
        case Kind.GROUP:
            raise AudienceError(
                f"グループ「{shown(text)}」は、名簿をファイルから読んでいるため指定できません。"
                "部局・課室か、people: で職員を指定してください。"
            )
        case Kind.CHANNEL:
            raise AudienceError(
                f"チャネル「{shown(text)}」への配信には、まだ対応していません。"
                "部局・課室か、people: で職員を指定してください。"
            )
        case _:
            return (_section(text, snapshot, today).code,)


def _section(text: str, snapshot: Snapshot, today: date | None) -> Section:
    tree = snapshot.sections
    found = tree.find(text)
    if len(found) > 1 and today is not None:
        found = tuple(section for section in found if section.valid_on(today)) or found
    if not found:
        close = "、".join(f"{tree.label(near.code)}（{near.code}）" for near in tree.close_to(text))
        hint = f"近い名前に {close} があります。" if close else ""
        raise AudienceError(
            f"部局・課室「{shown(text)}」が見つかりません。{hint}名前かコードを確かめてください。"
        )
    if len(found) > 1:
        names = "、".join(f"{tree.label(same.code)}（{same.code}）" for same in found[:SHOWN_ITEMS])
        more = " など" if len(found) > SHOWN_ITEMS else ""
        raise AudienceError(
            f"「{shown(text)}」という部局・課室は {len(found)} つあります: {names}{more}。"
            "かっこの中のコードで指定してください。"
        )
    section = found[0]
    if today is not None and not section.valid_on(today):
        raise AudienceError(
            f"部局・課室「{tree.label(section.code)}（{section.code}）」は、"
            f"{today:%Y-%m-%d} には置かれていません。いまの部局・課室を指定してください。"
        )
    return section


def _role(text: str) -> str:
    for role, name in ROLE_NAMES.items():
        if fold(text) in {role.value, name}:
            return role.value
    raise AudienceError(
        f"役割「{shown(text)}」はありません。{'、'.join(ROLE_NAMES)} のどれかを指定してください。"
    )


def _people(text: str, snapshot: Snapshot) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(id_ for id_ in text.lower().split(";") if id_))
    if not ids:
        raise AudienceError("people: のあとに、職員のオブジェクト ID を「;」で区切って書いてください。")
    refuse_people([id_ for id_ in ids if snapshot.person(id_) is None], "が名簿に見つかりません。")
    return ids


def refuse_people(ids: Sequence[str], reason: str) -> None:
    """Refuse these ids, if any, with a reason that follows the list of them.

    Raises:
        AudienceError: there are some.
    """
    if ids:
        more = f" ほか {len(ids) - SHOWN_ITEMS} 人" if len(ids) > SHOWN_ITEMS else ""
        named = "、".join(shown(id_) for id_ in ids[:SHOWN_ITEMS])
        raise AudienceError(f"職員「{named}」{more}{reason}オブジェクト ID を確かめてください。")
