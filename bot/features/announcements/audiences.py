"""Whom an author can address: the choices of the form, what was typed, and how far the author may reach."""

from datetime import datetime

from bot.chat.request import Actor
from bot.directory.audience import Audience, AudienceError, describe, resolve
from bot.directory.protocol import Directory

_OUT_OF_REACH = "宛先に、あなたが周知を出せる範囲（{reach}）の外の方が含まれています。宛先を絞ってください。"


class Audiences:
    """Reads audiences as an author chooses or types them."""

    def __init__(self, directory: Directory) -> None:
        """Keep what this may touch."""
        self._directory = directory

    def choices(self) -> list[tuple[str, str]]:
        """Return the choices of the form as (expression, label)."""
        bureaus = self._directory.snapshot.sections.bureaus()
        return [
            ("all", "全職員"),
            ("headquarters", "本省の職員"),
            *((f"section:{bureau.code}", bureau.name) for bureau in bureaus),
        ]

    def resolve(self, actor: Actor, expression: str, now: datetime) -> Audience:
        """Find everyone whom an audience means.

        Raises:
            AudienceError: a part can't be resolved, nobody is left, or somebody is beyond the author's reach.
        """
        snapshot = self._directory.snapshot
        audience = resolve(expression, snapshot, now.date())
        if actor.reach:
            allowed = {person.id for person in resolve(actor.reach, snapshot, now.date()).people}
            if any(person.id not in allowed for person in audience.people):
                raise AudienceError(_OUT_OF_REACH.format(reach=describe(actor.reach, snapshot)))
        return audience

    def typed(self, expression: str) -> str:
        """Return what an author would type for an audience: sections by name where the name is clear."""
        return "、".join(map(self._typed_part, expression.split(",")))

    def _typed_part(self, part: str) -> str:
        sections = self._directory.snapshot.sections
        mark = "!" if part.startswith("!") else ""
        kind, _, code = part.removeprefix("!").partition(":")
        label = sections.label(code)
        if kind == "section" and [section.code for section in sections.find(label)] == [code]:
            return mark + label
        return part
