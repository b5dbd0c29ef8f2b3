"""`Account`: the commands to the DHS, its answers, and their faults."""

import math
from collections import Counter, defaultdict, deque
from typing import Final

from benchmarks.soak.commands import PLACED, Command, Key
from dcs_codec import (
    HtosGetEncoderCompleted,
    HtosMotorMoveCompleted,
    HtosOperationCompleted,
    HtosOperationUpdate,
    HtosReportIonChambers,
    HtosReportShutterState,
    HtosSetEncoderCompleted,
    HtosSetStringCompleted,
    HtosUpdateMotorPosition,
    IonChamberFailure,
    MalformedMessage,
    Message,
    UnknownMessage,
    is_list,
)

NORMAL: Final = "normal"
KEPT: Final = 50  # faults that are shown


class Account:
    """Checks that each command gets exactly one true, readable answer, or is lost with its link.

    Attributes:
        asked: How many commands of each kind.
        answered: How many of each kind ended as done, aborted or failed.
        lost: How many of each kind were lost with their link.
        faults: The first faults.
        fault_count: Number of faults.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answered: Counter[tuple[str, str]] = Counter()
        self.lost: Counter[str] = Counter()
        self.faults: list[str] = []
        self.fault_count = 0
        self.open_count = 0
        self._open: dict[Key, deque[Command]] = defaultdict(deque)

    def is_open(self, key: Key) -> bool:
        """Whether a command with this key waits for its answer."""
        return bool(self._open.get(key))

    def ask(self, command: Command) -> None:
        """Record a command that is being sent."""
        self.asked[command.kind] += 1
        self.open_count += 1
        self._open[command.key].append(command)

    def expect(self, key: Key) -> None:
        """Record that the DHS must send something by itself, at a registration."""
        self.ask(Command("registration", key, "its registration"))

    def lose(self) -> None:
        """Record that the link is lost, with all open commands."""
        for commands in self._open.values():
            self.lost.update(command.kind for command in commands)
        self._open.clear()
        self.open_count = 0

    def end(self) -> None:
        """Record the end: open commands are missing answers."""
        for commands in self._open.values():
            for command in commands:
                self._wrong(f"no answer to {command.text}")

    def take(self, message: Message, text: str) -> None:
        """Record a message of the DHS."""
        if isinstance(message, MalformedMessage | UnknownMessage):
            self._wrong(f"cannot be read: {text}")
        if not is_list(text):
            self._wrong(f"not a Tcl list: {text}")
        if not math.isfinite(getattr(message, "position", 0.0)):
            self._wrong(f"not a finite position: {text}")
        if isinstance(message, HtosOperationUpdate):
            if not self.is_open(("operation", message.operation_handle)):
                self._wrong(f"update after the end: {text}")
        elif isinstance(message, HtosMotorMoveCompleted):
            self._moved(message)
        elif (answer := _answer_of(message)) is not None:
            self._answer(*answer)

    def _moved(self, message: HtosMotorMoveCompleted) -> None:
        command = self._answer(("move", message.motor_name), message.status)
        if command is not None and message.status == NORMAL and message.position != command.goal:
            self._wrong(f"{command.text} was reported as done at {message.position:g}")

    def _answer(self, key: Key, status: str) -> Command | None:
        commands = self._open.get(key)
        if not commands:
            self._wrong(f"an answer that nobody waits for: {' '.join(key)} {status}")
            return None
        command = commands.popleft()
        if not commands:
            del self._open[key]
        self.open_count -= 1
        outcome = {NORMAL: "done", "aborted": "aborted"}.get(status, "failed")
        self.answered[command.kind, outcome] += 1
        if command.must_fail and status == NORMAL:
            self._wrong(f"reported as done, which is impossible: {command.text}")
        return command

    def _wrong(self, text: str) -> None:
        self.fault_count += 1
        if len(self.faults) < KEPT:
            self.faults.append(text[:300])


def _answer_of(message: Message) -> tuple[Key, str] | None:
    """The command that a message answers, and how; None if it is not an answer."""
    answer: tuple[Key, str] | None = None
    match message:
        case HtosOperationCompleted():
            answer = ("operation", message.operation_handle), message.operation_status
        case HtosSetStringCompleted():
            answer = ("string", message.string_name), message.string_status
        case HtosReportShutterState():
            answer = ("shutter", message.shutter_name), message.result or NORMAL
        case HtosGetEncoderCompleted():
            answer = ("get", message.encoder_name), message.status
        case HtosUpdateMotorPosition(motor_name=name) if name == PLACED:
            answer = ("position", name), NORMAL
        case HtosSetEncoderCompleted():
            answer = ("set", message.encoder_name), message.status
        case HtosReportIonChambers(result=IonChamberFailure(names=names)):
            answer = ("count", names[0]), "error"
        case HtosReportIonChambers(result=tuple(readings)):
            answer = ("count", readings[0].name), NORMAL
    return answer
