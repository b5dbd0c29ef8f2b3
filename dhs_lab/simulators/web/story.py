"""`Story`: follows operations, moves and answers from the lines of the wire."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from dcs_codec import (
    NO_DEVICE,
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
    StohStartMotorMove,
    StohStartOperation,
    StohStartOscillation,
    StohStartVectorMove,
)
from dhs_lab.simulators.dcss import TrafficLine
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE, by_report
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.web.run_story import MAX_WORDS, RunStory
from dhs_lab.simulators.web.views import JsonObject, cut, plain
from dhs_runtime.lowlevel import number_text

MAX_RUNS: Final = 200
MAX_UPDATES: Final = 100  # of one run in one report
_REGISTRATION: Final = "stoh_register_"


class Story:
    """Takes the wire line by line; one thread uses it.

    The database bounds its memory: names that are not in the database are not kept.

    Attributes:
        runs: The last operations and moves by key, oldest first.
        changed: Keys of runs that changed; the reader clears it.
        outcomes: By device whose last answer was not `normal`: `status`, `wanted` (the request),
            `result` (the words after the status) and `line` (number of the answer).
        targets: Destinations of the motors that move, as their DHSs reported them.
        said: The entry that the last line added to the log, or None.
        told: The last update `LOOP_INFO`: `words`, `host` and `at_s`.
    """

    def __init__(self, owners: Mapping[str, str]) -> None:
        """The story of devices with these owners."""
        self._owners = owners
        self.runs: OrderedDict[str, RunStory] = OrderedDict()
        self.changed: set[str] = set()
        self.outcomes: dict[str, JsonObject] = {}
        self.targets: dict[str, float] = {}
        self.said: JsonObject | None = None
        self.told: JsonObject | None = None
        self._number = 0
        self._updates: dict[str, list[JsonObject]] = {}
        self._moves: dict[str, list[RunStory]] = {}  # by motor: those in progress, else the last
        self._chapters: dict[type[Message], Callable[[TrafficLine, Any], None]] = {
            StohStartOperation: self._operation_started,
            HtosStartOperation: self._operation_started,
            HtosOperationUpdate: self._operation_updated,
            HtosOperationCompleted: self._operation_completed,
            StohStartMotorMove: self._move_asked,
            StohStartOscillation: self._oscillation_asked,
            StohStartVectorMove: self._vector_asked,
            HtosMotorMoveStarted: self._move_started,
            HtosMotorMoveCompleted: self._move_completed,
            HtosReportIonChambers: self._ion_chambers_reported,
            HtosLog: self._logged,
            HtosNote: self._noted,
            **by_report(lambda kind: partial(self._reported, kind)),
        }

    def take(self, number: int, line: TrafficLine, message: Message) -> None:
        """Take the next line, which has this number in the record."""
        self.said = None
        self._number = number
        if message.keyword.startswith(_REGISTRATION):
            self.lose(line.host, line.at_s)  # a new connection: its old commands are lost
        elif chapter := self._chapters.get(type(message)):
            chapter(line, message)

    def new_updates(self) -> list[JsonObject]:
        """The updates since the last call; at most the last 100 of each run."""
        updates, self._updates = self._updates, {}
        return [update for of_run in updates.values() for update in of_run]

    def busy_hosts(self) -> set[str]:
        """Hosts with a run in progress."""
        return {run.host for run in self.runs.values() if run.ended_s is None}

    def lose(self, host: str, at_s: float) -> None:
        """A DHS has disconnected: DCSS fails everything that it was asked to do."""
        status = f"no_hw_host_{host}"
        for run in self.runs.values():
            if run.host == host and run.ended_s is None:
                self._end(run, at_s, status, f"{host} was lost while it ran")
                self._came_out(run.name, status, run.args, run.result)
        for name in [name for name in self.targets if self._owners.get(name) == host]:
            del self.targets[name]

    # -- operations --------------------------------------------------------------------------

    def _operation_started(
        self, line: TrafficLine, message: StohStartOperation | HtosStartOperation
    ) -> None:
        name, handle = message.operation_name, message.operation_handle
        self.outcomes.pop(name, None)
        self._begin("operation", name, handle, line, message.operation_args)

    def _operation_updated(self, line: TrafficLine, message: HtosOperationUpdate) -> None:
        words = message.operation_args.split()
        if words[:1] == ["LOOP_INFO"]:
            self.told = {"at_s": line.at_s, "host": line.host, "words": words}
        if run := self._of(message):
            run.count += 1
            self.changed.add(run.key)
            updates = self._updates.setdefault(run.key, [])
            text = cut(message.operation_args, MAX_WORDS)
            updates.append({"key": run.key, "at_s": line.at_s, "text": text})
            del updates[:-MAX_UPDATES]

    def _operation_completed(self, line: TrafficLine, message: HtosOperationCompleted) -> None:
        if run := self._of(message):
            run.completions += 1
            self._end(run, line.at_s, message.operation_status, message.operation_args)
            self._came_out(run.name, message.operation_status, run.args, run.result)

    def _of(self, message: HtosOperationUpdate | HtosOperationCompleted) -> RunStory | None:
        return self.runs.get(f"{message.operation_name} {message.operation_handle}")

    def _begin(self, kind: str, name: str, handle: str, line: TrafficLine, args: str) -> RunStory:
        words = cut(args, MAX_WORDS)
        run = RunStory(kind, name, handle, line.host, words, self._number, line.at_s)
        self.runs.pop(run.key, None)
        self.runs[run.key] = run
        self.changed.add(run.key)
        if len(self.runs) > MAX_RUNS:
            self.runs.popitem(last=False)
        return run

    def _end(self, run: RunStory, at_s: float, status: str, result: str) -> None:
        run.end(at_s, str(plain(status)), result, self._number)
        self.changed.add(run.key)

    # -- moves -------------------------------------------------------------------------------

    def _move_asked(self, line: TrafficLine, message: StohStartMotorMove) -> None:
        to = message.destination
        self._begin_move(line, message.motor_name, to if isinstance(to, str) else number_text(to))

    def _oscillation_asked(self, line: TrafficLine, message: StohStartOscillation) -> None:
        angle, time_s = message.oscillation_range, message.oscillation_time
        by = f"by {number_text(angle)} in {number_text(time_s)} s"
        self._begin_move(line, message.motor_name, by)

    def _vector_asked(self, line: TrafficLine, message: StohStartVectorMove) -> None:
        self._begin_move(line, message.motor_name_1, number_text(message.destination_1))
        if message.motor_name_2 != NO_DEVICE:
            self._begin_move(line, message.motor_name_2, number_text(message.destination_2))

    def _begin_move(self, line: TrafficLine, motor: str, wanted: str) -> None:
        if motor not in self._owners:
            return
        moves = self._moves.setdefault(motor, [])
        moves[:] = [run for run in moves if run.ended_s is None][-MAX_RUNS:]
        moves.append(self._begin("move", motor, f"#{self._number}", line, wanted))

    def _move_started(self, line: TrafficLine, message: HtosMotorMoveStarted) -> None:
        name = message.motor_name
        if name not in self._owners:
            return
        self.targets[name] = message.destination
        self.outcomes.pop(name, None)
        if not any(run.ended_s is None for run in self._moves.get(name, ())):
            self._begin_move(line, name, number_text(message.destination))

    def _move_completed(self, line: TrafficLine, message: HtosMotorMoveCompleted) -> None:
        name, wanted = message.motor_name, ""
        moves = [run for run in self._moves.get(name, []) if run.host == line.host]
        waiting = [run for run in moves if run.ended_s is None]
        if line.host == SCRIPTING_ENGINE and waiting and waiting[-1].line == self._number - 1:
            waiting = waiting[-1:]  # it refuses at once; a move in progress goes on
        else:
            self.targets.pop(name, None)
        # Answers come in the order of the commands; a surplus one belongs to the last command.
        for run in waiting[:1] or moves[-1:]:
            wanted = run.args
            run.completions += 1
            self._end(run, line.at_s, message.status, "")
        self._came_out(name, message.status, wanted)

    # -- the other devices -------------------------------------------------------------------

    def _reported(self, kind: type[Entry], _: TrafficLine, message: Message) -> None:
        self._came_out(getattr(message, kind.name_field), kind.status_of(message))

    def _ion_chambers_reported(self, _: TrafficLine, message: HtosReportIonChambers) -> None:
        if isinstance(message.result, IonChamberFailure):
            for name in message.result.names:
                self._came_out(name, message.result.reason)
        else:
            for reading in message.result:
                self._came_out(reading.name, OperationStatus.NORMAL)

    def _came_out(self, name: str, status: str, wanted: str = "", result: str = "") -> None:
        self.outcomes.pop(name, None)
        if status != OperationStatus.NORMAL and name in self._owners:
            self.outcomes[name] = {
                "status": str(plain(status)),
                "wanted": wanted,
                "result": result,
                "line": self._number,
            }

    # -- the log -----------------------------------------------------------------------------

    def _logged(self, line: TrafficLine, message: HtosLog) -> None:
        self._say(line, str(plain(message.log_level)), message.log_message)

    def _noted(self, line: TrafficLine, message: HtosNote) -> None:
        self._say(line, "note", message.note_message)

    def _say(self, line: TrafficLine, level: str, text: str) -> None:
        self.said = {"at_s": line.at_s, "host": line.host, "level": level, "text": cut(text)}
