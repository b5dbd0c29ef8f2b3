"""A DHS for any hardware host of a database: it declares all its devices."""

from collections.abc import Mapping

from dhs_lab.simulators.dcss import (
    EncoderEntry,
    HardwareHost,
    IonChamberEntry,
    ObjectEntry,
    OperationEntry,
    PseudoMotorEntry,
    RealMotorEntry,
    ShutterEntry,
    StringEntry,
)
from dhs_runtime import Count, Dhs, Move, Operation


def generic_dhs(host: HardwareHost) -> Dhs:
    """A DHS with this name that obeys every command at once."""
    dhs = Dhs(host.name)
    for device in host.devices:
        match device:
            case RealMotorEntry():
                dhs.motor(device.name).on_move(_move)
            case PseudoMotorEntry():
                dhs.pseudo_motor(device.name).on_move(_move)
            case ShutterEntry():
                dhs.shutter(device.name).on_set(lambda state: None)
            case StringEntry():
                dhs.string(device.name).on_set(lambda contents: None)
            case IonChamberEntry():
                dhs.ion_chamber(device.name).on_count(_count)
            case EncoderEntry():
                dhs.encoder(device.name).on_get(lambda: 0.0)
            case OperationEntry():
                dhs.operation(device.name)(_operate)
            case ObjectEntry():
                pass
            case _:
                raise AssertionError(device)
    return dhs


def _move(move: Move) -> None:
    move.update(move.start)


def _count(count: Count) -> Mapping[str, float]:
    return dict.fromkeys(count.names, 1.0)


def _operate(op: Operation) -> None:
    op.complete(*op.args)
