"""Mistakes in a configuration file, as values and as lines of text."""

from collections.abc import Iterable
from typing import Final

import attrs

from dhs_runtime.errors import ConfigError

MAX_MISTAKES: Final = 100
"""Most mistakes of one file that are shown."""


@attrs.frozen
class Mistake:
    """One mistake in a configuration.

    Attributes:
        path: The path of the key, such as `automl.port`; "" for the whole file.
        reason: What is wrong and, if known, what was probably meant.
        line: Line number, from 1; None if there is no line for it.
    """

    path: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def at(self, source: str) -> str:
        """The complete line: `FILE:LINE: PATH: REASON`."""
        return f"{source}: {self}" if self.line is None else f"{source}:{self.line}: {self}"


class ConfigFileError(ConfigError):
    """A configuration file is wrong; the text has a line per mistake.

    Attributes:
        source: The file.
        mistakes: All mistakes, in the order of their lines.
    """

    def __init__(self, source: str, mistakes: Iterable[Mistake]) -> None:
        found = sorted(mistakes, key=lambda mistake: mistake.line or 0)
        super().__init__("\n".join(mistake.at(source) for mistake in found))
        self.source = source
        self.mistakes = tuple(found)
