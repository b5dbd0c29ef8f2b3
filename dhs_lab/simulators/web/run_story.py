"""`RunStory`: one operation or move, from its start."""

from typing import Final

import attrs

from dhs_lab.simulators.web.views import JsonObject, cut

MAX_WORDS: Final = 500  # characters of arguments, of one update, of a result


@attrs.define
class RunStory:
    """One operation or move, from its start.

    Attributes:
        kind: `operation` or `move`.
        name: Name of the operation or the motor.
        handle: Handle of the operation; for a move `#` and the number of its first line.
        host: Its hardware host.
        args: Arguments of the operation; destination of the move.
        line: Number of the line that started it, in the record of the wire.
        began_s: Start time, on the clock of the record.
        count: Number of updates.
        ended_s: Time of the first completion; None while it runs.
        end_line: Number of the line of the last completion, 0 while it runs.
        status: Status of the last completion, "" while it runs.
        result: Words after the status.
        completions: Number of completions; more than one is a fault of the DHS.
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
        """Unique among all runs."""
        return f"{self.name} {self.handle}"

    def end(self, at_s: float, status: str, result: str, line: int) -> None:
        """Record a completion."""
        if self.ended_s is None:
            self.ended_s = at_s
        self.end_line = line
        self.status = status
        self.result = cut(result, MAX_WORDS)

    def view(self) -> JsonObject:
        """Its current state as a JSON object."""
        return {field: getattr(self, field) for field in _FIELDS}


_FIELDS: Final = tuple(field.name for field in attrs.fields(RunStory))
