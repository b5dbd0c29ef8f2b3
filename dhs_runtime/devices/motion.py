"""What a motor's handler gets: a move, an oscillation, or a vector move of two motors.

Each ends in one `htos_motor_move_completed` a motor. Its status decides what happens next at the
beamline: the scripting engine of dcss aborts everything at any word but `normal` and `aborted`.

| ending | status |
|---|---|
| the handler returns, or calls `complete` | `normal` |
| `stoh_abort_all`, `stoh_abort_motor_move`, `stoh_stop_vector_move`, lost link, stop | `aborted` |
| the handler returns after an abort, and `follow` did not see the motor stand | `aborted` |
| the destination is beyond a software limit that is on; the handler is not called | `sw_limit` |
| the motor is locked; the handler is not called | `locked` |
| the motor is moving already; that move goes on | `moving` |
| the handler raises, or there is none | `error`, or the status of its `DeviceError` |
| where it stands is no number for the wire (nan) | `error`, at the last position told |

The words are those of the Galil DHS (dmc2180API.cc:1546-1805).
"""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from dcs_codec import (
    NO_DEVICE,
    AbortMode,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosUpdateMotorPosition,
    Message,
    MotorStatus,
    StohStartOscillation,
    StohStartVectorMove,
)
from dhs_runtime.answers import ABORTED, ERROR, NORMAL, move_failed
from dhs_runtime.devices.motor_config import PseudoMotorConfig
from dhs_runtime.errors import DeviceError, TaskFinishedError
from dhs_runtime.task import Outlet, Task, TaskState

K = TypeVar("K", bound=Task)


class Movable(Protocol):
    """What a move asks of its motor."""

    @property
    def name(self) -> str:
        """Name of the motor."""

    @property
    def position(self) -> float:
        """Where it stands, in its own units."""

    @property
    def config(self) -> PseudoMotorConfig | None:
        """How it is set up; a `MotorConfig` for a real motor."""

    def told(self, message: Message) -> None:
        """Remember what a message says that goes out now."""

    def complain(self, outlet: Outlet, reason: str) -> None:
        """Say in both logs why something could not be done."""

    def refusal(self, destination: float | str) -> tuple[str, str] | None:
        """Status and reason why it may not go there; None where it may."""


class Move(Task):
    """One move of a motor; its methods may be called from any thread.

    Attributes:
        motor: The motor.
        destination: Where to, in the motor's own units; or a word for this DHS (`home`, `#HM1`).
        start: Where from, in the motor's own units; known when the handler is called.
        time_s: Seconds that it shall take, None for the motor's own speed.
    """

    def __init__(self, motor: Movable, destination: float | str, outlet: Outlet) -> None:
        super().__init__(outlet)
        self.motor = motor
        self.destination = destination
        self.start = motor.position
        self.time_s: float | None = None
        self.leader: VectorMove | None = None
        self._end_position: float | None = None

    @property
    def label(self) -> str:
        """`move` and the motor's name."""
        return f"move {self.motor.name}"

    def parts(self) -> tuple["Move", ...]:
        """The moves of single motors that this is made of, itself first."""
        return (self,)

    @property
    def distance(self) -> float:
        """How far to go, with its sign; 0 where the destination is a word."""
        return 0.0 if isinstance(self.destination, str) else self.destination - self.start

    def update(self, position: float) -> None:
        """Send `htos_update_motor_position`: the motor is there now, in its own units.

        Without a link it is dropped, with a line in the log.

        Raises:
            EncodeError: The number does not fit the wire.
            TaskFinishedError: The move is over.
        """
        self._say(
            HtosUpdateMotorPosition(
                motor_name=self.motor.name, position=float(position), status=MotorStatus.NORMAL
            )
        )

    def follow(
        self, read: Callable[[], float], is_moving: Callable[[], bool], *, every_s: float = 0.1
    ) -> None:
        """Send where the motor is, again and again until it stands; it is completed there.

        Args:
            read: Where it is, in its own units.
            is_moving: Whether it still moves.
            every_s: Seconds between two updates.

        Raises:
            TaskAbortedError: The move was aborted; stop the motor.
            EncodeError: The number does not fit the wire.
            TaskFinishedError: The move is over.
        """
        while is_moving():
            self.update(read())
            self.sleep(every_s)
        self._end_position = read()

    def complete(self, position: float | None = None) -> None:
        """Send `htos_motor_move_completed` with status `normal`; raises as `update`.

        Args:
            position: Where the motor is, in its own units; by default where `follow` left it,
                else the destination, or where that is a word the last position of an update.
        """
        self._complete(self._completed(self._end if position is None else position), NORMAL)

    def fail(self, reason: str, *, status: str = ERROR) -> None:
        """Send `htos_motor_move_completed` with another status, and the reason by `htos_log`.

        The position is that of the last update. A status that is no plain word, or `normal`, is
        told as `error`.

        Raises:
            TaskFinishedError: The move is over.
        """
        if not self.end(status, reason):
            raise TaskFinishedError(f"{self.label} is {self.state.value}")

    def abort(self, reason: str, mode: AbortMode = AbortMode.SOFT) -> None:
        """As `Task.abort`; of a vector move both motors stop."""
        for part in (self.leader or self).parts():
            super(Move, part).abort(reason, mode)

    def succeed(self) -> None:
        """As `Task.succeed`; but who stopped for an abort did not arrive."""
        if self.aborted and self._end_position is None:
            self.end(ERROR if self._expired else ABORTED, self.abort_reason)
        else:
            super().succeed()

    def is_completed_by(self, message: Message) -> bool:
        """Whether this message is the completion of this move."""
        return isinstance(message, HtosMotorMoveCompleted) and message.motor_name == self.motor.name

    def _status_of(self, message: Message) -> str:
        return message.status if isinstance(message, HtosMotorMoveCompleted) else ERROR

    def _begin(self) -> None:
        super()._begin()
        for part in self.parts():
            part._check()
        for part in reversed(self.parts()):
            part._start()

    def _check(self) -> None:
        """Raise DeviceError where the motor may not go there."""
        refusal = self.motor.refusal(self.destination)
        if refusal is not None:
            status, reason = refusal
            raise DeviceError(reason, status=status)

    def _start(self) -> None:
        self.start = self.motor.position
        word = isinstance(self.destination, str)
        self._say(
            HtosMotorMoveStarted(
                motor_name=self.motor.name,
                destination=self.start if word else float(self.destination),
            )
        )

    @property
    def _end(self) -> float:
        """Where it ends, as far as anybody said."""
        if self._end_position is not None:
            return self._end_position
        return self.motor.position if isinstance(self.destination, str) else self.destination

    def _success(self) -> Message:
        return self._completed(self._end)

    def _failures(self, status: str, _: str) -> Iterator[Message]:
        return move_failed(self.motor.name, self.motor.position, status)

    def _completed(self, position: float) -> Message:
        return HtosMotorMoveCompleted(
            motor_name=self.motor.name, position=float(position), status=MotorStatus.NORMAL
        )

    def _told(self, message: Message) -> None:
        self.motor.told(message)

    def _explain(self, status: str, reason: str) -> None:
        if status != ABORTED and reason:
            self.motor.complain(self._outlet, reason)


class Oscillation(Move):
    """A move by a range in a time, as one exposure with the shutter open.

    Attributes:
        shutter: Name of the shutter to open meanwhile, None for none.
        oscillation_range: How far, in the motor's own units.
        start_angle: Where DCSS says the exposure begins, in the motor's own units; None where it
            says nothing. The move itself starts where the motor is.
    """

    def __init__(self, motor: Movable, message: StohStartOscillation, outlet: Outlet) -> None:
        super().__init__(motor, motor.position + message.oscillation_range, outlet)
        self.oscillation_range = message.oscillation_range
        self.time_s = message.oscillation_time
        self.start_angle = message.start_angle
        self.shutter = None if message.shutter_name == NO_DEVICE else message.shutter_name

    def _check(self) -> None:
        self.destination = self.motor.position + self.oscillation_range
        super()._check()


class VectorMove(Move):
    """Two motors along a straight line; the first is this move's own.

    Attributes:
        other: The second motor's move, None where there is none. It begins and ends with this one.
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
            self.other.leader = self

    def parts(self) -> tuple[Move, ...]:
        """The moves of both motors."""
        return (self,) if self.other is None else (self, self.other)

    def update_both(self, position: float, other_position: float) -> None:
        """Send where both motors are; raises as `update`."""
        self.update(position)
        if self.other is not None:
            self.other.update(other_position)

    def succeed(self) -> None:
        """As `Move.succeed`, of both motors: each has an answer of its own."""
        if self.other is not None:
            self.other.succeed()
        super().succeed()

    def end(
        self, status: str, reason: str = "", handler: Callable[..., object] | None = None
    ) -> bool:
        """As `Task.end`, of both motors."""
        if self.other is not None:
            self.other.end(status, reason, handler)
        return super().end(status, reason, handler)

    def is_completed_by(self, message: Message) -> bool:
        """Whether this message is the completion of one of the two."""
        return any(Move.is_completed_by(part, message) for part in self.parts())

    def finish_with(self, message: Message) -> None:
        """As `Task.finish_with`, of the motor it is about."""
        if self.other is not None and self.other.is_completed_by(message):
            self.other.finish_with(message)
        else:
            super().finish_with(message)

    def complete(self, position: float | None = None) -> None:
        """As `Move.complete`, of both motors; the position is the first one's."""
        super().complete(position)
        if self.other is not None:
            self.other.succeed()

    def run(self, handler: Callable[[K], None]) -> None:
        """As `Task.run`; a second motor that has no answer of its own ends as the first did."""
        super().run(handler)  # type: ignore[arg-type]  # the handler takes this kind of move
        if self.other is None:
            return
        if self.state is TaskState.COMPLETED:
            self.other.succeed()
        else:
            self.other.end(ABORTED if self.state is TaskState.ABORTED else ERROR)
