"""Fields of a form: label, value as it was, and above the field in words what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from microsoft_teams.cards import CardElement, Choice, ChoiceSetInput, DateInput, TextInput, ToggleInput

from cards.kit.layout import mistake
from cards.kit.text import clean, plain


@dataclass(frozen=True, slots=True)
class Form:
    """Makes the fields of one form from its values and errors, both by input id."""

    values: Mapping[str, str]
    errors: Mapping[str, str]

    def text(
        self,
        name: str,
        label: str,
        *,
        required: str | None = None,
        placeholder: str | None = None,
        multiline: bool = False,
    ) -> list[CardElement]:
        """Return a text field; `required` is the sentence that Teams shows while it is empty."""
        field = TextInput(
            id=name,
            label=label,
            value=clean(self.values.get(name, "")),
            placeholder=placeholder,
            is_multiline=multiline or None,
            is_required=True if required else None,
            error_message=required,
            spacing=self._spacing(name),
        )
        return [*self._error(name), field]

    def date(self, name: str, label: str, *, earliest: date | None = None) -> list[CardElement]:
        """Return a field for a day, from `earliest` on; its value is YYYY-MM-DD or empty."""
        field = DateInput(
            id=name,
            label=label,
            value=self.values.get(name) or None,
            min=earliest.isoformat() if earliest else None,
            error_message="今日以降の日付を選んでください。" if earliest else None,
            spacing=self._spacing(name),
        )
        return [*self._error(name), field]

    def choice(self, name: str, label: str, options: Sequence[tuple[str, str]]) -> list[CardElement]:
        """Return a choice of one among (value, label)."""
        field = ChoiceSetInput(
            id=name,
            label=label,
            value=self.values.get(name) or None,
            choices=[Choice(title=plain(title), value=option) for option, title in options],
            placeholder="選んでください",
            style="compact",
            wrap=True,
            spacing=self._spacing(name),
        )
        return [*self._error(name), field]

    def toggle(self, name: str, label: str, title: str) -> list[CardElement]:
        """Return a switch whose value is "true" or "false"."""
        field = ToggleInput(
            id=name,
            label=label,
            title=title,
            value="true" if self.values.get(name) == "true" else "false",
            value_on="true",
            value_off="false",
            wrap=True,
            spacing=self._spacing(name),
        )
        return [*self._error(name), field]

    def _error(self, name: str) -> list[CardElement]:
        return [mistake(self.errors[name])] if name in self.errors else []

    def _spacing(self, name: str) -> Literal["Small"] | None:
        """Keep a field close to its error."""
        return "Small" if name in self.errors else None
