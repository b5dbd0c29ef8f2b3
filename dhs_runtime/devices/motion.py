"""What a motor's handler gets: a move, an oscillation, or a vector move of two motors.

Each ends in one `htos_motor_move_completed` a motor. Its status decides what happens next at the
beamline: the scripting engine of dcss aborts everything at any word but `normal` and `aborted`.

| ending | status |
|---|---|
| the handler returns, or calls `complete` | `normal` |
| `stoh_abort_all`, `stoh_abort_motor_move`, `stoh_stop_vector_move`, lost link, stop | `aborted` |
| the destination is beyond a software limit that is on; the handler is not called | `sw_limit` |
| the motor is locked; the handler is not called | `locked` |
| the motor is moving already; that move goes on | `moving` |
| the handler raises, or there is none | `error`, or the status of its `DeviceError` |

The words are those of the Galil DHS (dmc2180API.cc:1546-1805).
"""

from collections.abc import Callable
from typing import Final, Protocol

from dcs_codec import (
    NO_DEVICE,
    AbortMode,
    HtosLog,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosUpdateMotorPosition,
    LogLevel,
    Message,
    MotorStatus,
    StohStartOscillation,
    StohStartVectorMove,
)
from dhs_runtime.devices.motor_config import PseudoMotorConfig
from dhs_runtime.errors import DeviceError
from dhs_runtime.task import ABORTED, ERROR, NORMAL, Send, Task

_HARMLESS: Final = (NORMAL, ABORTED)


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

    def moved_to(self, position: float) -> None:
        """Remember where it stands now."""

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

    def __init__(self, motor: Movable, destination: float | str, send: Send) -> None:
        super().__init__(send)
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
        self.motor.moved_to(position)
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
        if position is not None:
            self._end_position = position
        self._finish(NORMAL, "")

    def fail(self, reason: str, *, status: str = ERROR) -> None:
        """Send `htos_motor_move_completed` with another status, and the reason by `htos_log`.

        The position is that of the last update. Raises as `update`.
        """
        self._finish(status, reason)

    def is_completed_by(self, message: Message) -> bool:
        """Whether this message is the completion of this move."""
        return isinstance(message, HtosMotorMoveCompleted) and message.motor_name == self.motor.name

    def _status_of(self, message: Message) -> str:
        if not isinstance(message, HtosMotorMoveCompleted):
            return ERROR
        self.motor.moved_to(message.position)
        return message.status

    def abort(self, reason: str, mode: AbortMode = AbortMode.SOFT) -> None:
        """As `Task.abort`; of a vector move both motors stop."""
        super().abort(reason, mode)
        if self.leader is not None:
            self.leader.abort(reason, mode)

    def run(self, handler: Callable[["Move"], None]) -> None:
        """As `Task.run`, where the motor may move; a DeviceError gives its status."""

        def guarded(move: Move) -> None:
            try:
                handler(move)
            except DeviceError as error:
                self.end(error.status, str(error))

        refusals = [part.motor.refusal(part.destination) for part in self.parts()]
        refusal = next((each for each in refusals if each is not None), None)
        if refusal is not None:
            self.end(*refusal)
        else:
            super().run(guarded)

    def _begin(self) -> None:
        self.start = self.motor.position
        word = isinstance(self.destination, str)
        self._say(
            HtosMotorMoveStarted(
                motor_name=self.motor.name,
                destination=self.start if word else float(self.destination),
            )
        )

    def _completion(self, status: str, text: str) -> Message:
        if status == NORMAL:
            if self._end_position is not None:
                self.motor.moved_to(self._end_position)
            elif not isinstance(self.destination, str):
                self.motor.moved_to(self.destination)
        elif status not in _HARMLESS and text:
            self.log.error("%s: %s", status, text)
            self._send_or_drop(
                HtosLog(log_level=LogLevel.ERROR, log_sender=self.motor.name, log_message=text)
            )
        return HtosMotorMoveCompleted(
            motor_name=self.motor.name, position=self.motor.position, status=status
        )


class Oscillation(Move):
    """A move by a range in a time, as one exposure with the shutter open.

    Attributes:
        shutter: Name of the shutter to open meanwhile, None for none.
        oscillation_range: How far, in the motor's own units.
        start_angle: Where DCSS says the exposure begins, in the motor's own units; None where it
            says nothing. The move itself starts where the motor is.
    """

    def __init__(self, motor: Movable, message: StohStartOscillation, send: Send) -> None:
        super().__init__(motor, motor.position + message.oscillation_range, send)
        self.oscillation_range = message.oscillation_range
        self.time_s = message.oscillation_time
        self.start_angle = message.start_angle
        self.shutter = None if message.shutter_name == NO_DEVICE else message.shutter_name

    def _begin(self) -> None:
        self.destination = self.motor.position + self.oscillation_range
        super()._begin()


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
        send: Send,
    ) -> None:
        super().__init__(motor, message.destination_1, send)
        self.speed = message.speed
        self.other = None if second is None else Move(second, message.destination_2, send)
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

    def _begin(self) -> None:
        if self.other is not None:
            self.other.raise_if_aborted()
            self.other._begin()
        super()._begin()

    def _completion(self, status: str, text: str) -> Message:
        if self.other is not None:
            self.other.end(status, text)
        return super()._completion(status, text)
