"""Special moves: `Oscillation`, `VectorMove`, `Elsewhere`."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

from dcs_codec import NO_DEVICE, AbortMode, Message, StohStartOscillation, StohStartVectorMove
from dhs_runtime.answers import ABORTED, told_by
from dhs_runtime.devices.motion import Movable, Move
from dhs_runtime.errors import DeviceError, TaskAbortedError, TaskFinishedError
from dhs_runtime.task import Outlet, Task, TaskState

K = TypeVar("K", bound=Task)


class Elsewhere(Move):
    """A move without a command of DCSS; see `PseudoMotor.moved_elsewhere`."""

    _is_elsewhere = True

    def __init__(self, motor: Movable, destination: float | None, outlet: Outlet) -> None:
        super().__init__(motor, motor.position if destination is None else destination, outlet)
        self._is_known = destination is not None
        self.state = TaskState.RUNNING

    @property
    def label(self) -> str:
        """The motor's name, and that it is moved."""
        return f"{self.motor.name} moved elsewhere"

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Send `htos_motor_move_started`, run the block, and always send the completion."""
        try:
            with contextlib.suppress(DeviceError):  # it moves already, from an unknown start
                self.start = self.motor.on_read.now(self.motor.position)
            if not self._is_known:
                self.destination = self.start
            self._start()
            yield
            self._rest()
            self._succeed()
        except (TaskAbortedError, TaskFinishedError) as error:
            self._end(ABORTED, told_by(error))  # not an error for code that only observes
        except BaseException as error:
            self._end(self._status_for(error), told_by(error))
            raise

    @property
    def _ends_at(self) -> float:
        return self.motor.position if self._end_position is None else self._end_position


class Oscillation(Move):
    """A move by a range in a given time, for one exposure with the shutter open.

    Attributes:
        shutter: Name of the shutter to open during the move, None for none.
        oscillation_range: Distance, in the motor's own units.
        start_angle: The start of the exposure, in the motor's own units; None if DCSS does not send
            it. The move itself starts at the present position.
    """

    def __init__(self, motor: Movable, message: StohStartOscillation, outlet: Outlet) -> None:
        super().__init__(motor, motor.position + message.oscillation_range, outlet)
        self.oscillation_range = message.oscillation_range
        self.time_s = message.oscillation_time
        self.start_angle = message.start_angle
        self.shutter = None if message.shutter_name == NO_DEVICE else message.shutter_name

    def _prepare(self) -> None:
        if self.time_s is not None and self.time_s < 0:
            raise DeviceError(f"an oscillation cannot take {self.time_s:g} s")
        self.start = self.motor.on_read.now(self.motor.position, self.wait)
        self.destination = self.start + self.oscillation_range
        self.motor._check(self)


class VectorMove(Move):
    """Two motors along a straight line; the first is this move's own.

    Attributes:
        other: The second motor's move, None if there is none. It begins and ends with this one.
        speed: As `stoh_start_vector_move` or a later `stoh_change_vector_speed` gives it.
    """

    def __init__(
        self,
        motor: Movable,
        second: Movable | None,
        message: StohStartVectorMove,
        outlet: Outlet,
    ) -> None:
        super().__init__(motor, message.destination_1, outlet)
        self.speed = message.speed
        self.other = None if second is None else Move(second, message.destination_2, outlet)
        if self.other is not None:
            self.other._leader = self

    def parts(self) -> tuple[Move, ...]:
        """The moves of both motors."""
        return (self,) if self.other is None else (self, self.other)

    def update_both(self, position: float, other_position: float) -> None:
        """Send the positions of both motors; raises as `update`."""
        self.update(position)
        if self.other is not None:
            self.other.update(other_position)

    def follow_both(
        self,
        read: Callable[[], tuple[float, float]],
        is_moving: Callable[[], bool],
        *,
        stop: Callable[[AbortMode], object] | None = None,
        every_s: float = 0.1,
        settle_s: float = 0.0,
        rest_timeout_s: float = 10.0,
    ) -> None:
        """As `Move.follow` for both motors; `read` returns both positions."""

        def first() -> float:
            position, other_position = read()
            if self.other is not None:
                self.other.update(other_position)
                self.other._stand_at(other_position)
            return position

        self.follow(
            first,
            is_moving,
            stop=stop,
            every_s=every_s,
            settle_s=settle_s,
            rest_timeout_s=rest_timeout_s,
        )

    def _status_in(self, message: Message) -> str | None:
        found = (Move._status_in(part, message) for part in self.parts())
        return next((status for status in found if status is not None), None)

    def _finish_with(self, message: Message) -> None:
        """As `Task._finish_with` for the motor in the message."""
        about = next(part for part in self.parts() if Move._status_in(part, message) is not None)
        Move._finish_with(about, message)
