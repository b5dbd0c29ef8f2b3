"""What is wrong in a configuration file, as values and as lines for people."""

from collections.abc import Iterable

import attrs

from dhs_runtime.errors import ConfigError


@attrs.frozen
class Mistake:
    """One thing wrong in a configuration.

    Attributes:
        path: Where, as `automl.port`; "" for the file as a whole.
        reason: What is wrong with it and, where that can be told, what was meant.
        line: Number of the line, from 1; None where the file has no line for it.
    """

    path: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def at(self, source: str) -> str:
        """The whole line for people: `FILE:LINE: PATH: REASON`."""
        return f"{source}: {self}" if self.line is None else f"{source}:{self.line}: {self}"


class ConfigFileError(ConfigError):
    """A configuration file is wrong; the text has a line per mistake.

    Attributes:
        source: The file.
        mistakes: All of them, in the order of their lines.
    """

    def __init__(self, source: str, mistakes: Iterable[Mistake]) -> None:
        found = sorted(mistakes, key=lambda mistake: mistake.line or 0)
        super().__init__("\n".join(mistake.at(source) for mistake in found))
        self.source = source
        self.mistakes = tuple(found)
