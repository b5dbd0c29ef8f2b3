"""EPICS motors for DCSS: a bridge to motor records over Channel Access.

Run it: dhs run examples/epics_dhs.py:make_dhs --config epics.yaml. The settings map each motor of
DCSS to a record. Other EPICS clients may still move the motors; DCSS is told about that.
"""

import contextlib
import threading
import time
from collections.abc import Callable

import attrs
from caproto import CaprotoError
from caproto.threading.client import PV, Context

from dcs_codec import AbortMode
from dhs_runtime import DeviceError, Dhs, Move
from dhs_runtime.process import Launch

START_S = 0.5  # time until DMOV must show that a motor moves


@attrs.frozen
class Settings:
    """Names of motors in DCSS, each with its record; both must use the same units."""

    records: dict[str, str]
    timeout_s: float = 1.0
    tolerance: float = 0.01


class Record:
    """A motor record; every method raises DeviceError if the IOC does not answer."""

    def __init__(self, context: Context, name: str, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        fields = (f"{name}.{field}" for field in ("VAL", "RBV", "DMOV", "STOP"))
        self._val, self._rbv, self._dmov, self._stop = context.get_pvs(*fields)

    def position(self) -> float:
        return self._get(self._rbv)

    def is_moving(self) -> bool:
        return self._get(self._dmov) == 0

    def stop(self, _: AbortMode) -> None:
        """A record always stops with its own deceleration."""
        self._put(self._stop, 1)

    def go(self, goal: float) -> Callable[[], bool]:
        """Start to move; the returned function says whether the motor still moves.

        DMOV alone is not enough: it may still be 1 shortly after the put. The answer to the put
        comes when the motor stops, but never if the record refuses the put.
        """
        answered = threading.Event()
        late_s = time.monotonic() + START_S
        self._put(self._val, goal, lambda _: answered.set())

        def is_moving() -> bool:
            is_begun = answered.is_set() or time.monotonic() > late_s
            return not is_begun or self.is_moving()

        return is_moving

    def _get(self, pv: PV) -> float:
        try:
            return float(pv.read(timeout=self._timeout_s).data[0])
        except CaprotoError as error:
            raise DeviceError(f"{pv.name} cannot be read; is its IOC running?") from error

    def _put(self, pv: PV, value: float, callback: Callable[[object], None] | None = None) -> None:
        try:
            pv.write(value, wait=False, callback=callback, timeout=self._timeout_s)
        except CaprotoError as error:
            raise DeviceError(f"{pv.name} cannot be set; is its IOC running?") from error


def declare(dhs: Dhs, name: str, record: Record, tolerance: float) -> None:
    """Declare a motor that is driven by this record."""
    motor = dhs.motor(name)
    motor.on_read(every_s=1.0, deadband=tolerance)(record.position)

    @motor.on_move
    def drive(move: Move) -> None:
        is_moving = record.go(goal := float(move.destination))
        move.follow(record.position, is_moving, stop=record.stop)
        if abs((position := record.position()) - goal) > tolerance:
            raise DeviceError(f"stopped at {position:g}, not at {goal:g}")

    @dhs.every(0.2)
    def watch() -> None:
        with contextlib.suppress(DeviceError):  # the poll reports it; or DCSS started a move first
            if not motor.is_moving and record.is_moving():
                with motor.moved_elsewhere() as move:
                    move.follow(record.position, record.is_moving, stop=record.stop)


def make_dhs(launch: Launch) -> Dhs:
    """The DHS, with a motor for each record of the settings."""
    settings = launch.settings(Settings)
    context = Context()
    dhs = Dhs("epicsDHS")
    for name, record in settings.records.items():
        declare(dhs, name, Record(context, record, settings.timeout_s), settings.tolerance)
    dhs.on_stop(lambda: context.disconnect(wait=False))
    return dhs
