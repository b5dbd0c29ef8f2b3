"""A simulated goniometer: five motors and three shutters with realistic times.

For rehearsals of a beamline's scripts and GUIs. Run it with
`dhs run examples/goniometer_dhs.py:dhs --dcss HOST:PORT`; its devices must be in DCSS's database
under the hardware host `gonioSimDHS`; they take position and limits from there.

The time of a move follows from the configured speed and scale. An oscillation takes the time it is
given. A vector move follows its speed in scaled units a second, which may change during the move.
All moves send their positions ten times a second. After a soft abort the axes coast for a moment,
after a hard one they do not; in both cases DCSS gets the position where they stopped. Exposures
open the shutter when the axis starts to turn and close it when it stops.
"""

import math
import time
from collections.abc import Callable

from dcs_codec import AbortMode, ShutterState
from dhs_runtime import Dhs, MotorConfig, Move, VectorMove

MOTORS = ("gonio_phi", "gonio_kappa", "sample_x", "sample_y", "sample_z")
SHUTTERS = ("shutter", "sample_light", "diffraction_filter")
UPDATE_S = 0.1
COAST_S = 0.1
HOME_POSITION = 0.0


class Journey:
    """Axes that move together, all at the same fraction of their way."""

    def __init__(self, pace: Callable[[], float]) -> None:
        self._pace = pace  # fraction of the way per second
        self._part = 0.0
        self._end = 1.0
        self._seen = time.monotonic()

    def part(self) -> float:
        """How much of the way is done, from 0 to 1."""
        now = time.monotonic()
        self._part = min(self._part + self._pace() * (now - self._seen), self._end)
        self._seen = now
        return self._part

    def is_moving(self) -> bool:
        """Whether they have neither arrived nor stopped."""
        return self.part() < self._end

    def stop(self, mode: AbortMode) -> None:
        """Stop at once, or a little later if the abort is soft."""
        coast = 0.0 if mode is AbortMode.HARD else self._pace() * COAST_S
        self._end = min(self.part() + coast, self._end)


def seconds_of(move: Move, distance: float) -> float:
    """How long a move takes: the requested time, or the time from the motor's speed."""
    if move.time_s is not None:
        return move.time_s
    config = move.motor.config
    if not isinstance(config, MotorConfig) or not config.speed:
        return 0.0  # no configuration yet, or no speed
    return abs(distance * config.scale_factor / config.speed)


def drive(move: Move) -> None:
    """Move a motor to its destination; the word `home` means position 0."""
    goal = HOME_POSITION if isinstance(move.destination, str) else move.destination
    way = goal - move.start
    seconds = max(seconds_of(move, way), 1e-6)
    journey = Journey(lambda: 1 / seconds)

    def position() -> float:
        part = journey.part()
        return goal if part == 1 else move.start + way * part

    move.follow(position, journey.is_moving, stop=journey.stop, every_s=UPDATE_S)


def drive_both(move: VectorMove) -> None:
    """Move two motors along a straight line, or one motor if there is no second."""
    ways = [(part.start, part.distance) for part in move.parts()]
    length = max(math.hypot(*(distance for _, distance in ways)), 1e-6)
    journey = Journey(lambda: max(move.speed, 0.0) / length)

    def positions() -> tuple[float, float]:
        part = journey.part()
        where = [start + distance * part for start, distance in ways]
        return where[0], where[-1]

    move.follow_both(positions, journey.is_moving, stop=journey.stop, every_s=UPDATE_S)


def set_shutter(state: ShutterState) -> None:
    """Does nothing: a simulated shutter takes no time."""


def goniometer(host: str = "gonioSimDHS") -> Dhs:
    """A DHS of this name with all its devices."""
    made = Dhs(host)
    for name in MOTORS:
        motor = made.motor(name, words=["home"])
        motor.on_move(drive)
        motor.on_vector_move(drive_both)
    for shutter in SHUTTERS:
        made.shutter(shutter).on_set(set_shutter)
    return made


dhs = goniometer()

if __name__ == "__main__":
    dhs.run()
