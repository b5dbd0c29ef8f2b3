"""`Story`: what the lines of the wire tell beyond the database: how operations and moves went."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import attrs

from dcs_codec import (
    HtosLog,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosNote,
    HtosOperationCompleted,
    HtosOperationUpdate,
    HtosReportIonChambers,
    HtosStartOperation,
    IonChamberFailure,
    Message,
    OperationStatus,
    StohStartOperation,
)
from dhs_lab.simulators.dcss import TrafficLine
from dhs_lab.simulators.dcss.database import KINDS
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.web.views import JsonObject, cut, plain

MAX_OPERATIONS: Final = 100
MAX_UPDATES: Final = 20  # shown of one operation, the last ones
_MAX_WORDS: Final = 500  # characters of one update
_REGISTRATION: Final = "stoh_register_"


@attrs.define
class OperationStory:
    """One operation from its start on.

    Attributes:
        name: Name of the operation.
        handle: Its handle.
        host: Hardware host that does it.
        args: Its arguments.
        began_s: When it started, on the clock of the record.
        count: How many updates came.
        updates: The last of them.
        ended_s: When it was completed (the first time); None while it runs.
        status: Status of the last completion, "" while it runs.
        result: What came with it.
        completions: How many completions came; more than one is a fault of the DHS.
    """

    name: str
    handle: str
    host: str
    args: str
    began_s: float
    count: int = 0
    updates: list[JsonObject] = attrs.field(factory=list)
    ended_s: float | None = None
    status: str = ""
    result: str = ""
    completions: int = 0

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.name} {self.handle}"

    def update(self, at_s: float, text: str) -> None:
        """Enter an update."""
        self.count += 1
        self.updates.append({"at_s": at_s, "text": cut(text, _MAX_WORDS)})
        del self.updates[:-MAX_UPDATES]

    def end(self, at_s: float, status: str, result: str) -> None:
        """Enter the end."""
        if self.ended_s is None:
            self.ended_s = at_s
        self.status = status
        self.result = cut(result, _MAX_WORDS)

    def view(self) -> JsonObject:
        """It as it is now, for JSON."""
        return attrs.asdict(self)


class Story:
    """Told line by line by one thread, which also reads it.

    Attributes:
        operations: The last operations by key, oldest first.
        outcomes: Devices whose last answer was not `normal`, with its status.
        targets: Where motors that move were sent.
        said: What the last line added to the beamline's log, None if nothing.
        told: Words of the last update `LOOP_INFO`, and when.
    """

    def __init__(self, owners: Mapping[str, str]) -> None:
        """The story of devices with these owners."""
        self._owners = owners
        self.operations: OrderedDict[str, OperationStory] = OrderedDict()
        self.outcomes: dict[str, str] = {}
        self.targets: dict[str, float] = {}
        self.said: JsonObject | None = None
        self.told: tuple[float, list[str]] | None = None
        self._chapters: dict[type[Message], Callable[[TrafficLine, Any], None]] = {
            StohStartOperation: self._operation_started,
            HtosStartOperation: self._operation_started,
            HtosOperationUpdate: self._operation_updated,
            HtosOperationCompleted: self._operation_completed,
            HtosMotorMoveStarted: self._move_started,
            HtosMotorMoveCompleted: self._move_completed,
            HtosReportIonChambers: self._ion_chambers_reported,
            HtosLog: self._logged,
            HtosNote: self._noted,
        }
        for kind in KINDS:
            for report in kind.answers.values():
                self._chapters[report] = partial(self._reported, kind)

    def take(self, line: TrafficLine, message: Message) -> None:
        """Go on by one line."""
        self.said = None
        if message.keyword.startswith(_REGISTRATION):
            self.lose(line.host, line.at_s)  # it has connected anew: what it did before is lost
        elif chapter := self._chapters.get(type(message)):
            chapter(line, message)

    def lose(self, host: str, at_s: float) -> None:
        """A DHS is gone: DCSS has failed all that it was to do."""
        status = f"no_hw_host_{host}"
        for operation in self.operations.values():
            if operation.host == host and operation.ended_s is None:
                operation.end(at_s, status, "")
        for name in [name for name in self.targets if self._owners.get(name) == host]:
            del self.targets[name]
            self.outcomes[name] = status

    # -- operations --------------------------------------------------------------------------

    def _operation_started(
        self, line: TrafficLine, message: StohStartOperation | HtosStartOperation
    ) -> None:
        args = cut(message.operation_args, _MAX_WORDS)
        story = OperationStory(
            message.operation_name, message.operation_handle, line.host, args, line.at_s
        )
        self.operations[story.key] = story
        if len(self.operations) > MAX_OPERATIONS:
            self.operations.popitem(last=False)

    def _operation_updated(self, line: TrafficLine, message: HtosOperationUpdate) -> None:
        words = message.operation_args.split()
        if words[:1] == ["LOOP_INFO"]:
            self.told = (line.at_s, words)
        if story := self._of(message):
            story.update(line.at_s, message.operation_args)

    def _operation_completed(self, line: TrafficLine, message: HtosOperationCompleted) -> None:
        if story := self._of(message):
            story.completions += 1
            story.end(line.at_s, message.operation_status, message.operation_args)

    def _of(self, message: HtosOperationUpdate | HtosOperationCompleted) -> OperationStory | None:
        return self.operations.get(f"{message.operation_name} {message.operation_handle}")

    # -- devices -----------------------------------------------------------------------------

    def _move_started(self, _: TrafficLine, message: HtosMotorMoveStarted) -> None:
        self.targets[message.motor_name] = message.destination
        self.outcomes.pop(message.motor_name, None)

    def _move_completed(self, _: TrafficLine, message: HtosMotorMoveCompleted) -> None:
        self.targets.pop(message.motor_name, None)
        self._came_out(message.motor_name, message.status)

    def _reported(self, kind: type[Entry], _: TrafficLine, message: Message) -> None:
        self._came_out(getattr(message, kind.name_field), kind.status_of(message))

    def _ion_chambers_reported(self, _: TrafficLine, message: HtosReportIonChambers) -> None:
        if isinstance(message.result, IonChamberFailure):
            for name in message.result.names:
                self._came_out(name, message.result.reason)
        else:
            for reading in message.result:
                self._came_out(reading.name, OperationStatus.NORMAL)

    def _came_out(self, name: str, status: str) -> None:
        self.outcomes.pop(name, None)
        if status != OperationStatus.NORMAL:
            self.outcomes[name] = str(plain(status))

    # -- the log -----------------------------------------------------------------------------

    def _logged(self, line: TrafficLine, message: HtosLog) -> None:
        self._say(line, str(plain(message.log_level)), message.log_message)

    def _noted(self, line: TrafficLine, message: HtosNote) -> None:
        self._say(line, "note", message.note_message)

    def _say(self, line: TrafficLine, level: str, text: str) -> None:
        self.said = {"at_s": line.at_s, "host": line.host, "level": level, "text": cut(text)}
