"""`Goniometer`: a DHS that owns a simulated goniometer, its shutter and an ion chamber.

A move takes the time that the configured speed gives, an oscillation the requested time. The ion
chamber counts a beam that depends on `sample_z`: strongest at 0, half a millimetre wide.
"""

import math
import time
from collections.abc import Callable, Mapping
from typing import Final

from dcs_codec import AbortMode, ShutterState
from dhs_lab.simulators.dcss import CircleMode, HardwareHost, RealMotorEntry
from dhs_runtime import Count, Dhs, MotorConfig, Move

HOST: Final = "gonioDHS"
PHI: Final = "gonio_phi"
SHUTTER: Final = "shutter"
ION_CHAMBER: Final = "i2"
_SAMPLE: Final = ("sample_x", "sample_y", "sample_z")
_UPDATE_S: Final = 0.1
_COAST_S: Final = 0.05
_COUNTS_PER_S: Final = 1e5
_BEAM_MM: Final = 0.5


def goniometer_host() -> HardwareHost:
    """Its hardware host in DCSS's database."""
    phi = RealMotorEntry(
        PHI,
        units="deg",
        circle_mode=CircleMode.UP_TO_360,
        upper_limit=3600.0,
        lower_limit=-3600.0,
        lower_limit_on=False,
        upper_limit_on=False,
        speed=120_000,
    )
    sample = [
        RealMotorEntry(name, upper_limit=5.0, lower_limit=-5.0, speed=2000) for name in _SAMPLE
    ]
    return HardwareHost.of(
        HOST,
        motors=[phi, *sample],
        shutters=[SHUTTER],
        ion_chambers=[ION_CHAMBER],
    )


def goniometer() -> Dhs:
    """The DHS, not started."""
    dhs = Dhs(HOST)
    for name in (PHI, *_SAMPLE):
        dhs.motor(name).on_move(_drive)
    dhs.shutter(SHUTTER).on_set(_obey)
    beam = dhs.ion_chamber(ION_CHAMBER)
    stage = next(device for device in dhs.devices() if device.name == "sample_z")

    @beam.on_count
    def count(counting: Count) -> Mapping[str, float]:
        counting.sleep(counting.time_s)
        place = getattr(stage, "position", None) or 0.0
        seen = math.exp(-((place / _BEAM_MM) ** 2))
        return {ION_CHAMBER: round(_COUNTS_PER_S * counting.time_s * seen)}

    return dhs


def _obey(_: ShutterState) -> None:
    """Does nothing: a simulated shutter takes no time."""


def _drive(move: Move) -> None:
    """Drive a motor to its destination at its speed, or in the time it was given."""
    goal = float(move.destination)
    way = goal - move.start
    pace = _Pace(max(_seconds(move, way), 1e-6))

    def position() -> float:
        part = pace.part()
        return goal if part >= 1 else move.start + way * part

    move.follow(position, pace.is_moving, stop=pace.stop, every_s=_UPDATE_S)


def _seconds(move: Move, way: float) -> float:
    if move.time_s is not None:
        return move.time_s
    config = move.motor.config
    if not isinstance(config, MotorConfig) or not config.speed:
        return 0.0
    return abs(way * config.scale_factor / config.speed)


class _Pace:
    """The part of a move that is done, 0..1, by the clock."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._began = clock()
        self._end = 1.0

    def part(self) -> float:
        return min((self._clock() - self._began) / self._seconds, self._end)

    def is_moving(self) -> bool:
        return self.part() < self._end

    def stop(self, mode: AbortMode) -> None:
        """Stop at once, or a little later if the abort is soft."""
        coast_s = 0.0 if mode is AbortMode.HARD else _COAST_S
        self._end = min(self.part() + coast_s / self._seconds, self._end)
