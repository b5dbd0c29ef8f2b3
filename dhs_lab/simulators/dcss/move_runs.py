"""`MoveRun` and `VectorRun`: moves, as seen by the side that started them."""

from math import isfinite

import attrs

from dhs_lab.simulators.dcss.runs import CompletedRun
from dhs_runtime.lowlevel import Deadline


@attrs.frozen
class MoveCompletion:
    """How a move ended.

    Attributes:
        position: The motor's position, scaled, folded as for GUIs.
        status: See `dcs_codec.MotorStatus`; `no_hw_host_NAME` if the DHS was lost.
    """

    position: float
    status: str


class MoveRun(CompletedRun[MoveCompletion]):
    """A move that was started, as GUIs see it: positions are folded by the circle mode."""

    def __init__(
        self,
        name: str,
        hardware_host: str,
        destination: float | str,
        position: float,
        takes_s: float = 0.0,
    ) -> None:
        """A move of the motor `name`, which is at `position`, scaled.

        Args:
            name: Name of the motor.
            hardware_host: Its owner.
            destination: The destination that was sent, scaled (by the shorter way) or a word.
            position: Its position.
            takes_s: Seconds that it takes by itself, if known.
        """
        super().__init__(name, hardware_host, takes_s)
        self.destination = destination
        self._from = position
        self._started: float | None = None
        self._positions: list[float] = []

    @property
    def goal(self) -> float | None:
        """Where it has to end, scaled; None if unknown: for a word, or an oscillation."""
        if isinstance(self.destination, str) or self.takes_s or not isfinite(self.destination):
            return None
        return self.destination

    @property
    def started(self) -> float | None:
        """Destination of `htos_motor_move_started`, None before it comes."""
        with self._changed:
            return self._started

    @property
    def positions(self) -> tuple[float, ...]:
        """Positions of the updates so far."""
        with self._changed:
            return tuple(self._positions)

    def wait_started(self, timeout_s: float) -> float:
        """The destination that the DHS reports at the start, once it comes; raises like `wait`."""
        self._wait(lambda: self._started is not None, timeout_s, "start")
        assert self._started is not None  # noqa: S101 - waited for, and never taken back
        return self._started

    def wait_positions(self, count: int, timeout_s: float) -> tuple[float, ...]:
        """The positions, once there are `count` updates; raises like `wait`."""
        self._wait(lambda: len(self._positions) >= count, timeout_s, f"{count} positions")
        return self.positions

    def start(self, destination: float) -> None:
        """Enter that the DHS began to move."""
        with self._changed:
            self._started = destination
            self._tell()

    def update(self, position: float) -> None:
        """Enter a position on the way."""
        with self._changed:
            self._positions.append(position)
            self._tell()

    def complete(self, position: float, status: str) -> None:
        """Enter the end."""
        with self._changed:
            self._completions.append(MoveCompletion(position, status))
            self._tell()

    def _failure(self, status: str) -> MoveCompletion:
        return MoveCompletion(self._positions[-1] if self._positions else self._from, status)

    def _so_far(self) -> tuple[str, str]:
        return (
            f"move of {self.name} to {self.destination}",
            "it never started; the log of its DHS may say why"
            if self._started is None and not self._positions
            else f"started: {self._started}, positions so far: {self._positions[-5:]}",
        )


class VectorRun:
    """A vector move that was started: the moves of its one or two motors."""

    def __init__(self, moves: tuple[MoveRun, ...]) -> None:
        self.moves = moves

    def wait(self, timeout_s: float) -> tuple[MoveCompletion, ...]:
        """Wait for the completions of all its motors.

        Raises:
            TimeoutError: One did not come within `timeout_s` seconds.
        """
        deadline = Deadline.after(timeout_s)
        return tuple(move.wait(deadline.remaining()) for move in self.moves)
