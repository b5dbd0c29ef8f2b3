"""The runs that wait for the answer to a command, and the keys by which answers find them."""

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from dcs_codec import (
    NO_DEVICE,
    Message,
    StohReadIonChambers,
    StohSetMotorPosition,
    StohStartMotorMove,
    StohStartOperation,
    StohStartOscillation,
    StohStartVectorMove,
)
from dhs_lab.simulators.dcss.database import KINDS, Database
from dhs_lab.simulators.dcss.entries import IonChamberEntry, OperationEntry
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.move_runs import MoveRun
from dhs_lab.simulators.dcss.reports import IonChamberReport, PositionReport
from dhs_lab.simulators.dcss.run_table import RunKey
from dhs_lab.simulators.dcss.runs import CommandRun, OperationRun, ReportRun

DECIMALS = 6  # of `%f`

Runs = Mapping[CommandRun, tuple[RunKey, ...]]


def runs_of(database: Database, message: Message) -> Runs:
    """The runs that a command begins, each with its keys; empty if no answer is expected.

    Raises:
        DhsError: There is no such device.
    """
    return _MAKERS.get(type(message), _report)(database, message)


def _position(database: Database, motor: MotorEntry) -> float:
    with database.lock:
        return motor.position


def _move(database: Database, message: StohStartMotorMove) -> Runs:
    host, motor = database.get(message.motor_name, MotorEntry)
    goal = message.destination
    printed = goal if isinstance(goal, str) else round(goal, DECIMALS)
    return {MoveRun(motor.name, host, printed, _position(database, motor)): (("move", motor.name),)}


def _set_position(database: Database, message: StohSetMotorPosition) -> Runs:
    name = message.motor_name
    host, motor = database.get(name, MotorEntry)
    before = _position(database, motor)
    run = ReportRun(name, host, lambda status: PositionReport(before, status))
    return {run: (("set_position", name),)}


def _oscillation(database: Database, message: StohStartOscillation) -> Runs:
    host, motor = database.get(message.motor_name, MotorEntry)
    position = _position(database, motor)
    goal = position + message.oscillation_range
    run = MoveRun(motor.name, host, goal, position, takes_s=message.oscillation_time)
    return {run: (("move", motor.name),)}


def _operation(database: Database, message: StohStartOperation) -> Runs:
    host, _ = database.get(message.operation_name, OperationEntry)
    run = OperationRun(message.operation_name, message.operation_handle, host)
    return {run: (("operation", run.name, run.handle),)}


def _vector(database: Database, message: StohStartVectorMove) -> Runs:
    host, _ = database.get(message.motor_name_1, MotorEntry)
    ends = {message.motor_name_1: message.destination_1}
    if message.motor_name_2 != NO_DEVICE:
        ends[message.motor_name_2] = message.destination_2
    runs: dict[CommandRun, tuple[RunKey, ...]] = {}
    for name, destination in ends.items():
        _, motor = database.get(name, MotorEntry)
        run = MoveRun(name, host, destination, _position(database, motor))
        runs[run] = (("move", name),)
    return runs


def _counting(database: Database, message: StohReadIonChambers) -> Runs:
    names = message.ion_chamber_names
    (host,) = {database.get(name, IonChamberEntry)[0] for name in names} or {""}
    run = ReportRun(
        " ".join(names),
        host,
        lambda status: IonChamberReport(0.0, {}, status),
        takes_s=message.ion_chamber_time,
        is_repeated=message.is_repeated,
    )
    return {run: tuple(("ion_chamber", name) for name in names)}


def _report(database: Database, message: Message) -> Runs:
    """A command that one report of one device answers."""
    kind = next((kind for kind in KINDS if type(message) in kind.answers), None)
    if kind is None:
        return {}
    name = getattr(message, kind.name_field)
    host, entry = database.get(name, kind)
    with database.lock:
        before = copy.copy(entry)
    run = ReportRun(name, host, before.lost, is_answer=partial(before.is_answer, message))
    return {run: ((kind.answers[type(message)].keyword, name),)}


_MAKERS: Final[Mapping[type[Message], Callable[[Database, Any], Runs]]] = {
    StohStartMotorMove: _move,
    StohSetMotorPosition: _set_position,
    StohStartOscillation: _oscillation,
    StohStartVectorMove: _vector,
    StohStartOperation: _operation,
    StohReadIonChambers: _counting,
}
