"""The account of the answers that a DHS owes DCSS, and checks of its messages."""

import functools
import math
from collections import Counter
from collections.abc import Callable
from typing import Final

from dcs_codec import (
    HtosConfigureDevice,
    HtosGetEncoderCompleted,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosOperationCompleted,
    HtosOperationUpdate,
    HtosReportIonChambers,
    HtosReportShutterState,
    HtosSendConfiguration,
    HtosSetEncoderCompleted,
    HtosSetStringCompleted,
    HtosUpdateMotorPosition,
    IonChamberFailure,
    MalformedMessage,
    Message,
    UnknownMessage,
    decode_text,
    is_list,
)
from tests.faults.commands import OWN, Command, Kind
from tests.faults.scripts import NORMAL, Key, Player

_BLANKED: Final = str.maketrans('[]$;"\n', "      ")
"""The text as dcss passes it on (dcss_broadcast.h:67)."""


@functools.cache
def tcl_judge() -> Callable[[str], bool]:
    """Whether Tcl accepts a text as a list; without Tcl, whether the codec does."""
    try:
        import tkinter  # noqa: PLC0415 - not on every machine
    except ImportError:
        return is_list
    interpreter = tkinter.Tcl()

    def judge(text: str) -> bool:
        try:
            interpreter.splitlist(text)
        except tkinter.TclError:
            return False
        return True

    return judge


_SORTS: Final = {
    Kind.OPERATION: "operation",
    Kind.MOVE: "move",
    Kind.OSCILLATION: "move",
    Kind.VECTOR: "move",
    Kind.SET_POSITION: "position",
    Kind.SHUTTER: "shutter",
    Kind.GET_ENCODER: "get",
    Kind.SET_ENCODER: "set",
    Kind.STRING: "string",
    Kind.COUNT: "count",
    Kind.REGISTER_MOTOR: "position",
    Kind.REGISTER_PSEUDO_MOTOR: "position",
    Kind.REGISTER_SHUTTER: "shutter",
    Kind.REGISTER_STRING: "string",
    Kind.REGISTER_ENCODER: "get",
}

_DONE_BY_NOBODY: Final = ("position", "shutter", "get", "set", "string")
"""What devices without handlers do."""


def key_of(command: Command) -> Key:
    """The key of the answer of a command's (first) device."""
    last = (command.handle,) if command.kind is Kind.OPERATION else ()
    return (_SORTS[command.kind], command.names[0], *last)


_NAMED: Final[dict[type[Message], tuple[str, str, str]]] = {
    HtosMotorMoveCompleted: ("move", "motor_name", "status"),
    HtosUpdateMotorPosition: ("position", "motor_name", "status"),
    HtosReportShutterState: ("shutter", "shutter_name", "result"),
    HtosGetEncoderCompleted: ("get", "encoder_name", "status"),
    HtosSetEncoderCompleted: ("set", "encoder_name", "status"),
    HtosSetStringCompleted: ("string", "string_name", "string_status"),
}
"""The kind of an answer, and its fields for name and status."""


def answer_in(message: Message) -> tuple[Key, bool] | None:
    """The key of the answer that a message is or looks like, and whether it is a success."""
    named = _NAMED.get(type(message))
    if named is not None:
        sort, name, status = named
        return (sort, getattr(message, name)), getattr(message, status) in ("", NORMAL)
    if isinstance(message, HtosOperationCompleted):
        name, handle = message.operation_name, message.operation_handle
        return ("operation", name, handle), message.operation_status == NORMAL
    if isinstance(message, HtosReportIonChambers):
        result = message.result
        failed = isinstance(result, IonChamberFailure)
        first = result.names[0] if isinstance(result, IonChamberFailure) else result[0].name
        return ("count", first), not failed
    if isinstance(message, HtosConfigureDevice):
        return ("position", message.motor_name), True
    if isinstance(message, HtosSendConfiguration):
        sort = {"m": "position", "s": "string", "e": "get"}[message.device_name.lstrip("x")[0]]
        return (sort, message.device_name), False
    return None


class Account:
    """The messages of the DHS on one connection."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.answers: Counter[Key] = Counter()
        self.successes: Counter[Key] = Counter()
        self._moving: set[str] = set()

    def enter(self, text: str) -> None:
        """Check one message by itself and against the earlier ones; and record it."""
        self.texts.append(text)
        judge = tcl_judge()
        assert judge(text), f"no Tcl list: {text!r}"
        assert judge(text.translate(_BLANKED)), f"no Tcl list after dcss: {text!r}"
        message = decode_text(text)
        assert not isinstance(message, (MalformedMessage, UnknownMessage)), text
        position = getattr(message, "position", 0.0)
        assert math.isfinite(position), text
        if isinstance(message, HtosOperationUpdate):
            key: Key = ("operation", message.operation_name, message.operation_handle)
            assert not self.answers[key], f"an update after the answer: {text!r}"
        if isinstance(message, HtosMotorMoveStarted):
            assert message.motor_name not in self._moving, f"two moves at a time: {text!r}"
            self._moving.add(message.motor_name)
        if isinstance(message, HtosMotorMoveCompleted) and message.status != "moving":
            self._moving.discard(message.motor_name)
        answer = answer_in(message)
        if answer is not None:
            key, is_success = answer
            self.answers[key] += 1
            self.successes[key] += is_success


class Owed:
    """The expected answers: least and most of all, and of successes."""

    def __init__(self) -> None:
        self.least: Counter[Key] = Counter()
        self.most: Counter[Key] = Counter()
        self.successes: Counter[Key] = Counter()
        """Successes that are possible without a call of a handler."""

    def add(self, command: Command, *, certain: bool, handled: bool) -> None:
        """Record a command.

        Args:
            command: The command of DCSS.
            certain: Whether the DHS has certainly read it and has time to answer.
            handled: Whether the devices have handlers.
        """
        key, is_ours = key_of(command), command.names[0].rstrip("_") in OWN[command.kind]
        silent = command.kind.is_registration and (
            command.kind is Kind.REGISTER_ENCODER  # nothing is sent if both know the position
            or (not is_ours and _SORTS[command.kind] != "position")
        )
        self.most[key] += 1
        self.least[key] += certain and not silent
        if is_ours and (command.kind.is_registration or not handled):
            self.successes[key] += command.sound is not False and key[0] in _DONE_BY_NOBODY
        if command.kind is Kind.VECTOR and command.names[1] != command.names[0]:
            # Answered as well, where it is a motor of ours that does not move for somebody else.
            self.most["move", command.names[1]] += 1

    def missing(self, account: Account, player: Player | None = None) -> list[str]:
        """The missing answers, and with a player the messages that look like them."""
        return [
            f"{key}: {account.answers[key]} for {least}"
            for key, count in self.least.items()
            if account.answers[key]
            < (least := count + (0 if player is None else player.extras(key)))
        ]

    def check(self, account: Account, player: Player) -> None:
        """Check that no command was answered twice, or wrongly reported as done."""
        for key, count in account.answers.items():
            extras = player.extras(key)
            most = self.most[key] + extras
            assert count <= most, f"{count} answers of {most} for {key}"
            done = player.claims(key) + self.successes[key] + extras
            assert account.successes[key] <= done, f"told as done: {key}"
