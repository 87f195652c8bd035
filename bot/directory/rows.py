"""The rows of people.csv, sections.csv and roles.csv: what may stand in a cell, and what it means."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator
from pydantic_core import PydanticCustomError

from bot.chat.roles import GRANTED_ROLES, Role
from storage.people.records import Person

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CODE = re.compile(r"[^\s,、;:!]{1,64}")
DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
YES = frozenset({"1", "true", "はい"})
NO = frozenset({"0", "false", "いいえ"})


def cell_text(value: str) -> str:
    """Return a cell's text without spaces around it, full-width letters and digits made narrow."""
    return unicodedata.normalize("NFKC", value).strip()


def object_id(value: str) -> str:
    """Return an object id in the form in which ids are compared."""
    return cell_text(value).lower()


def _text(value: str) -> str:
    return value.strip()


def _name(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty", "空欄にできません")
    return value.strip()


def _guid(value: str) -> str:
    found = object_id(value)
    if not GUID.fullmatch(found):
        raise PydanticCustomError(
            "guid", "「{value}」はオブジェクト ID（GUID）ではありません", {"value": value}
        )
    return found


def _code(value: str) -> str:
    found = cell_text(value)
    if not CODE.fullmatch(found):
        raise PydanticCustomError(
            "code",
            "「{value}」は 64 字以内で、空白と , 、 ; : ! を含まないコードにしてください",
            {"value": value},
        )
    return found


def _code_or_nothing(value: str) -> str:
    return _code(value) if value.strip() else ""


def _list(value: str) -> tuple[str, ...]:
    parts = (part.strip() for part in cell_text(value).split(";"))
    return tuple(dict.fromkeys(part for part in parts if part))


def _codes(value: str) -> tuple[str, ...]:
    return tuple(_code(part) for part in _list(value))


def _guids(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_guid(part) for part in _list(value)))


def _flag(value: str) -> bool | None:
    text = cell_text(value).lower()
    if not text:
        return None
    if text not in YES | NO:
        raise PydanticCustomError(
            "flag", "「{value}」は 1・0・true・false・はい・いいえ のどれかにしてください", {"value": value}
        )
    return text in YES


def _day(value: str) -> date | None:
    text = cell_text(value)
    if not text:
        return None
    found = DAY.fullmatch(text)
    try:
        if found:
            return date(*(int(number) for number in found.groups()))
    except ValueError:
        found = None
    raise PydanticCustomError("day", "「{value}」は 2026-10-01 の形の日付ではありません", {"value": value})


def _role(value: str) -> Role:
    text = cell_text(value).lower()
    if text not in GRANTED_ROLES:
        raise PydanticCustomError(
            "role",
            "「{value}」という役割はありません（使えるのは {roles}）",
            {"value": value, "roles": "、".join(role for role in Role if role in GRANTED_ROLES)},
        )
    return Role(text)


Text = Annotated[str, BeforeValidator(_text)]
Name = Annotated[str, PlainValidator(_name)]
ObjectId = Annotated[str, PlainValidator(_guid)]
ObjectIds = Annotated[tuple[str, ...], PlainValidator(_guids)]
Code = Annotated[str, PlainValidator(_code)]
CodeOrNothing = Annotated[str, PlainValidator(_code_or_nothing)]
Codes = Annotated[tuple[str, ...], PlainValidator(_codes)]
Flag = Annotated[bool | None, PlainValidator(_flag)]
Day = Annotated[date | None, PlainValidator(_day)]
GrantedRole = Annotated[Role, PlainValidator(_role)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A row of people.csv; the names of the fields are the names of the columns."""

    object_id: ObjectId
    name: Name
    mail: Text
    section: CodeOrNothing
    title: Text
    extra_sections: Codes
    enabled: Flag
    guest: Flag
    employment: Text = ""
    inactive_from: Day = None
    inactive_to: Day = None

    def person(self) -> Person:
        """Return the person whom the row describes: enabled and no guest unless it says otherwise."""
        return Person(
            id=self.object_id,
            name=self.name,
            mail=self.mail,
            section=self.section,
            title=self.title,
            extra_sections=tuple(code for code in self.extra_sections if code != self.section),
            enabled=self.enabled is not False,
            guest=self.guest is True,
            employment=self.employment,
            inactive_from=self.inactive_from,
            inactive_to=self.inactive_to,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRow:
    """A row of sections.csv; a blank `headquarters` is the parent's."""

    code: Code
    name: Name
    parent: CodeOrNothing
    headquarters: Flag
    managers: ObjectIds
    valid_from: Day
    valid_to: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """A row of roles.csv."""

    object_id: ObjectId
    role: GrantedRole
    audience: Text = ""
