"""A goniometer that is not there: five motors and three shutters that keep time as real ones do.

For rehearsals of a beamline's scripts and GUIs. Run it with `dhs run
examples/goniometer_dhs.py:dhs --dcss HOST:PORT`; its devices must be in DCSS's database under the
hardware host `gonioSimDHS`, and take over position and limits from there.

A move takes the time that speed and scale of the configuration say, an oscillation the time it is
given; both send their position ten times a second and stop where they are when aborted. Exposures
open the shutter when the axis begins to turn and close it when it stands.
"""

import time

from dcs_codec import ShutterState
from dhs_runtime import Dhs, MotorConfig, Move, TaskAbortedError

MOTORS = ("gonio_phi", "gonio_kappa", "sample_x", "sample_y", "sample_z")
SHUTTERS = ("shutter", "sample_light", "diffraction_filter")
UPDATE_S = 0.1
HOME_POSITION = 0.0


class Axis:
    """An axis on its way from one position to another, at constant speed."""

    def __init__(self, start: float, destination: float, seconds: float) -> None:
        self._start = start
        self._distance = destination - start
        self._seconds = max(seconds, 1e-6)
        self._began = time.monotonic()
        self._stopped: float | None = None

    def position(self) -> float:
        """Where it is now, in its own units."""
        now = time.monotonic() if self._stopped is None else self._stopped
        part = min((now - self._began) / self._seconds, 1.0)
        return self._start + self._distance * part

    def is_moving(self) -> bool:
        """Whether it has not arrived, and was not stopped."""
        return self._stopped is None and time.monotonic() - self._began < self._seconds

    def stop(self) -> None:
        """Stand where it is."""
        self._stopped = time.monotonic()


def seconds_of(move: Move, distance: float) -> float:
    """How long a move takes: as asked for, or by the motor's speed."""
    if move.time_s is not None:
        return move.time_s
    config = move.motor.config
    if not isinstance(config, MotorConfig) or not config.speed:
        return 0.0  # DCSS has not told, or no speed
    return abs(distance * config.scale_factor / config.speed)


def drive(move: Move) -> None:
    """Bring a motor where it shall be; `home` is a word for position 0."""
    goal = HOME_POSITION if isinstance(move.destination, str) else move.destination
    axis = Axis(move.start, goal, seconds_of(move, goal - move.start))
    try:
        move.follow(axis.position, axis.is_moving, every_s=UPDATE_S)
    except TaskAbortedError:
        axis.stop()
        move.update(axis.position())
        raise


def set_shutter(state: ShutterState) -> None:
    """A shutter that is not there obeys at once."""


def goniometer(name: str = "gonioSimDHS") -> Dhs:
    """A DHS of this name with all its devices."""
    made = Dhs(name)
    for motor in MOTORS:
        made.motor(motor, words=["home"]).on_move(drive)
    for shutter in SHUTTERS:
        made.shutter(shutter).on_set(set_shutter)
    return made


dhs = goniometer()

if __name__ == "__main__":
    dhs.run()
