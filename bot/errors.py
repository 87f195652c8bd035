"""The two kinds of trouble that are expected; everything else gets a reference number at the boundary."""

from collections.abc import Sequence
from pathlib import Path


class UserFacingError(Exception):
    """What a person asked for can't be done; the message is polite Japanese and says what to do."""


class OperatorError(Exception):
    """A setting, a file or an argument is wrong; the message is one line for whoever runs the bot."""


class FileProblems(OperatorError):
    """A file that people wrote has wrong rows; each line of the message names file, row and reason."""

    def __init__(self, path: Path, problems: Sequence[tuple[int | None, str]]) -> None:
        """Keep every problem: a pair of the row's number in the file (header = 1) and the reason."""
        self.path = path
        self.problems = tuple(problems)
        lines = [
            f"{path.name}: {reason}" if row is None else f"{path.name} {row}行目: {reason}"
            for row, reason in self.problems
        ]
        super().__init__("\n".join(lines))
