"""The plan of faults: which requests meet which steps, and the settings of the fake."""

import zlib
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter

from tests.fakes.connector.steps import Step, parse_step

Kind = Literal["create", "send", "update", "delete", "members"]
_HASH_SPACE = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Steps for some conversations or members; each meets all the steps, one a request, then `then`.

    A rule without any condition is for everyone; with several, all must hold. A chat of one member counts as
    that member, whatever its id; any other conversation counts by its id.

    Raises:
        ValueError: a step, `every` or `fraction` makes no sense.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    steps: tuple[str, ...] = ()
    then: str = "ok"  # every request after the last step
    on: tuple[Kind, ...] = ("send",)
    conversation: str | None = None
    member: str | None = None
    every: int | None = None  # every n-th, in the order in which they were first seen
    offset: int = 0  # 0: the first one and each n-th after it
    fraction: float | None = None  # 0 to 1, the same ones for the same seed, whatever the order
    seed: str = ""

    def __post_init__(self) -> None:
        """Refuse what could never be carried out."""
        for step in (*self.steps, self.then):
            parse_step(step)
        if self.every is not None and self.every < 1:
            raise ValueError("every must be 1 or more")
        if self.fraction is not None and not 0 <= self.fraction <= 1:
            raise ValueError("fraction must lie between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that can be set about the fake. The first rule that fits a request decides."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0  # seconds, each request
    rate: int | None = None  # requests in any one second, 429 beyond
    teams_limits: bool = False  # 7 in 1 s, 8 in 2 s, 60 in 30 s a conversation, 429 beyond
    authorization: str | None = None  # what the header must say, else 401
    keep_bodies: bool = False
    check_bodies: bool = True  # UTF-8 JSON objects only, else 400; 413 above the size is always checked
    prefix: str = ""  # a path before /v3, such as "/amer"; without it, 404


_PLAN = TypeAdapter(Plan)


def plan_from_json(text: str | bytes) -> Plan:
    """Read a plan from JSON, with the names of the fields above.

    Raises:
        pydantic.ValidationError: it is no plan; the message says where.
    """
    return _PLAN.validate_json(text)


class PlanProgress:
    """How far each member and conversation has come in the steps of a plan."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        """Start at the first step for everyone."""
        self._rules = rules
        self._seen: dict[str, int] = {}
        self._rule_of: dict[tuple[Kind, str, str | None], int | None] = {}
        self._used: Counter[tuple[int, str]] = Counter()

    def next_step(self, kind: Kind, conversation: str, member: str | None) -> Step:
        """Consume the step that this request meets."""
        key = member or conversation
        index = self._find_rule(kind, conversation, member)
        if index is None:
            return parse_step("ok")
        rule = self._rules[index]
        used = self._used[index, key]
        self._used[index, key] += 1
        return parse_step(rule.steps[used] if used < len(rule.steps) else rule.then)

    def _find_rule(self, kind: Kind, conversation: str, member: str | None) -> int | None:
        wanted = (kind, conversation, member)
        if wanted not in self._rule_of:
            self._seen.setdefault(member or conversation, len(self._seen))
            fitting = (index for index in range(len(self._rules)) if self._fits(index, *wanted))
            self._rule_of[wanted] = next(fitting, None)
        return self._rule_of[wanted]

    def _fits(self, index: int, kind: Kind, conversation: str, member: str | None) -> bool:
        rule, key = self._rules[index], member or conversation
        if kind not in rule.on:
            return False
        if rule.conversation not in {None, conversation} or rule.member not in {None, member}:
            return False
        if rule.every is not None and self._seen[key] % rule.every != rule.offset % rule.every:
            return False
        # The index makes two fractions of one plan independent of each other.
        place = zlib.crc32(f"{rule.seed}/{index}/{key}".encode()) / _HASH_SPACE
        return rule.fraction is None or place < rule.fraction
