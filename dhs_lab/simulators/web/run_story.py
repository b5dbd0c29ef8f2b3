"""`RunStory`: one operation or move, from its start on."""

from typing import Final

import attrs

from dhs_lab.simulators.web.views import JsonObject, cut

MAX_WORDS: Final = 500  # characters of arguments, of one update, of a result


@attrs.define
class RunStory:
    """One operation or move from its start on.

    Attributes:
        kind: `operation` or `move`.
        name: Name of the operation or the motor.
        handle: Handle of the operation; for a move `#` and the number of its first line.
        host: Hardware host that does it.
        args: Arguments of the operation; where a motor is to go.
        line: Number of the line that started it, in the record of the wire.
        began_s: When it started, on the clock of the record.
        count: How many updates came.
        ended_s: When it was completed (the first time); None while it runs.
        end_line: Number of the line of the last completion, 0 while it runs.
        status: Status of the last completion, "" while it runs.
        result: What came with it.
        completions: How many completions came; more than one is a fault of the DHS.
    """

    kind: str
    name: str
    handle: str
    host: str
    args: str
    line: int
    began_s: float
    count: int = 0
    ended_s: float | None = None
    end_line: int = 0
    status: str = ""
    result: str = ""
    completions: int = 0

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.name} {self.handle}"

    def end(self, at_s: float, status: str, result: str, line: int) -> None:
        """Enter the end."""
        if self.ended_s is None:
            self.ended_s = at_s
        self.end_line = line
        self.status = status
        self.result = cut(result, MAX_WORDS)

    def view(self) -> JsonObject:
        """It as it is now, for JSON."""
        return {field: getattr(self, field) for field in _FIELDS}


_FIELDS: Final = tuple(field.name for field in attrs.fields(RunStory))
