"""`Move`, the argument of a motor's handler; `MotorConfig` and what else a move knows of its motor.

Each move ends in one `htos_motor_move_completed` per motor. Its status decides what happens next
at the beamline: the scripting engine of dcss aborts everything after any word except `normal` and
`aborted`.

| ending | status |
|---|---|
| the handler returns, or calls `complete` | `normal` |
| `stoh_abort_all`, `stoh_abort_motor_move`, `stoh_stop_vector_move`, lost link, stop | `aborted` |
| the handler returns after an abort, and `follow` did not see the motor arrive | `aborted` |
| the motor does not stop after an abort, or `stop` fails | `error` |
| `on_read` fails before the move; the handler is not called | `error`, or its own status |
| `on_read` fails when the motor has moved | the same, at the last position sent |
| the destination is beyond an enabled software limit; the handler is not called | `sw_limit` |
| the motor is locked; the handler is not called | `locked` |
| the motor is moving already; that move continues | `moving` |
| the handler raises, or there is none | `error`, or the status of its `DeviceError` |
| the position cannot be sent (nan) | `error`, at the last position sent |

The words are those of the Galil DHS (dmc2180API.cc:1546-1805).
"""

import contextlib
import functools
import math
import time
from collections.abc import Callable, Iterator
from typing import ClassVar, TypeVar

import attrs

from dcs_codec import (
    AbortMode,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    Message,
    MotorStatus,
)
from dhs_runtime.answers import ABORTED, ERROR, NORMAL, told_by
from dhs_runtime.clock import Deadline
from dhs_runtime.devices.base import plain_number
from dhs_runtime.devices.read_hook import ReadableDevice
from dhs_runtime.errors import DeviceError, TaskAbortedError, TaskFinishedError
from dhs_runtime.task import Outlet, Task, TaskState

K = TypeVar("K", bound=Task)


@attrs.frozen(kw_only=True)
class PseudoMotorConfig:
    """The configuration of a motor.

    Attributes:
        lower_limit: In the motor's own units, as the next.
        upper_limit: Highest position.
        lower_limit_on: Whether the limit holds, as the next.
        upper_limit_on: Whether the limit holds.
        motor_lock_on: Whether the motor may not move.
    """

    lower_limit: float
    upper_limit: float
    lower_limit_on: bool = True
    upper_limit_on: bool = True
    motor_lock_on: bool = False


@attrs.frozen(kw_only=True)
class MotorConfig(PseudoMotorConfig):
    """The configuration of a real motor.

    Attributes:
        scale_factor: Steps per scaled unit.
        speed: Steps per second.
        acceleration: Milliseconds to full speed.
        backlash: Steps.
        backlash_on: Whether to take up the backlash.
        reverse_on: Whether the direction is reversed.
    """

    scale_factor: float = 1000.0
    speed: int = 1000
    acceleration: int = 100
    backlash: int = 0
    backlash_on: bool = False
    reverse_on: bool = False

    def to_steps(self, position: float) -> int:
        """A position or distance in scaled units as steps (dhs_dmc2180.h:43 rounds so)."""
        return math.floor(position * self.scale_factor + 0.5)

    def to_scaled(self, steps: int) -> float:
        """Steps as a position or distance in scaled units."""
        return steps / self.scale_factor


class Movable(ReadableDevice[float]):
    """What a move needs of its motor: where it is, and whether it may go."""

    def __init__(self, name: str, config: PseudoMotorConfig | None) -> None:
        super().__init__(name)
        self._config = config
        self._value: float = 0.0

    @property
    def position(self) -> float:
        """The position, in its own units."""
        return self._value

    @property
    def config(self) -> PseudoMotorConfig | None:
        """The configuration; None until DCSS sends one, if none was declared."""
        return self._config

    def _check(self, move: "Move") -> None:
        """Check that the motor may make this move; raises DeviceError, or as `on_check`."""
        raise NotImplementedError


class Move(Task):
    """One move of a motor; its methods may be called from any thread.

    Attributes:
        motor: The motor.
        destination: In the motor's own units; or a word for this DHS (`home`, `#HM1`).
        start: The position before the move, in the motor's own units; known when the handler is
            called.
        time_s: Duration in seconds, None for the motor's own speed.
    """

    _tells_why = True
    _is_elsewhere: ClassVar[bool] = False

    def __init__(self, motor: Movable, destination: float | str, outlet: Outlet) -> None:
        super().__init__(outlet)
        self.motor = motor
        self.destination = destination
        self.start = motor.position
        self.time_s: float | None = None
        self._leader: Move | None = None  # that of the first motor of two
        self._end_position: float | None = None  # the final position, if it was read
        self._arrived = False

    @property
    def label(self) -> str:
        """`move` and the motor's name."""
        return f"move {self.motor.name}"

    def parts(self) -> tuple["Move", ...]:
        """The moves of single motors in this move, itself first."""
        return (self,)

    @property
    def _whole(self) -> "Move":
        """The move that this is a part of; itself, if it is not the second of a vector move."""
        return self._leader or self

    @property
    def distance(self) -> float:
        """The distance, with its sign; 0 if the destination is a word."""
        return 0.0 if isinstance(self.destination, str) else self.destination - self.start

    def update(self, position: float) -> None:
        """Send `htos_update_motor_position` with the present position, in its own units.

        Without a link it is dropped, with a line in the log.

        Raises:
            EncodeError: The number does not fit the wire.
            TaskFinishedError: The move is over.
        """
        self._say(self.motor._telling(position))

    def follow(
        self,
        read: Callable[[], float],
        is_moving: Callable[[], bool],
        *,
        stop: Callable[[AbortMode], object] | None = None,
        every_s: float = 0.1,
        settle_s: float = 0.0,
        rest_timeout_s: float = 10.0,
    ) -> None:
        """Send the position repeatedly until the motor stops; the move is completed there.

        On an abort the motor is stopped and followed until it stops; DCSS gets `aborted` and that
        position. If reading fails, the motor is stopped as well, because its position is unknown.

        Args:
            read: Returns its position, in its own units.
            is_moving: Returns whether it still moves.
            stop: Stops it, softly or hard. Without it, an abort ends this call at once, and the
                handler must catch TaskAbortedError and stop the motor.
            every_s: Seconds between two updates.
            settle_s: Seconds that it needs to settle after it has stopped moving.
            rest_timeout_s: Seconds that it may take to stop after `stop`; after that, the move has
                failed.

        Raises:
            TaskAbortedError: The move was aborted; with `stop` the motor has stopped.
            EncodeError: The number does not fit the wire.
            TaskFinishedError: The move is over.
        """
        try:
            while is_moving():
                self.update(read())
                self.sleep(every_s)
            self.sleep(settle_s)
            self._stand_at(read())
            self._arrived = True
        except TaskAbortedError:
            if stop is not None or self._is_elsewhere:
                self._come_to_rest(read, is_moving, stop, (every_s, settle_s, rest_timeout_s))
            raise
        except Exception:
            if stop is not None:
                stop(AbortMode.SOFT)
            raise

    def _come_to_rest(
        self,
        read: Callable[[], float],
        is_moving: Callable[[], bool],
        stop: Callable[[AbortMode], object] | None,
        times: tuple[float, float, float],
    ) -> None:
        """Stop the motor and follow it until it stops; hard, if that is requested later."""
        every_s, settle_s, rest_timeout_s = times
        deadline = Deadline.after(rest_timeout_s)
        mode: AbortMode | None = None
        try:
            while True:
                if stop is not None and self.abort_mode is not mode:
                    mode = self.abort_mode
                    stop(mode)
                if not is_moving():
                    break
                self.update(read())
                if stop is not None and deadline.passed:
                    self._end(ERROR, f"still moves {rest_timeout_s:g} s after it was stopped")
                    return
                time.sleep(every_s)
            time.sleep(settle_s)
            self._stand_at(read())
        except TaskFinishedError:
            raise
        except Exception as error:  # noqa: BLE001 - after any error the motor may still move
            self._end(ERROR, told_by(error))

    def _stand_at(self, position: float) -> None:
        """Use this as the final position; raises EncodeError if it cannot be sent."""
        self._outlet.encode(self._completed(position))
        self._end_position = float(plain_number(position))

    def _rest(self) -> None:
        """Read the final position, if that is possible and it is not known yet."""
        if self._end_position is None and not self.finished:
            self._end_position = self.motor.on_read.now(None)

    def _run(self, handler: Callable[[K], object]) -> None:
        """As `Task._run`; then reads the final positions of the motors."""

        @functools.wraps(handler)
        def drive(move: K) -> object:
            try:
                result = handler(move)
            except BaseException:
                for part in self.parts():
                    with contextlib.suppress(DeviceError):  # the first error is reported
                        part._rest()
                raise
            for part in self.parts():
                part._rest()
            return result

        super()._run(drive)  # type: ignore[arg-type]  # the handler takes this kind of move
        for part in self.parts()[1:]:  # one without an answer ends like the first
            if self.state is TaskState.COMPLETED:
                part._succeed()
            else:
                part._end(ABORTED if self.state is TaskState.ABORTED else ERROR)

    def complete(self, position: float | None = None) -> None:
        """Send `htos_motor_move_completed` with status `normal`; raises as `update`.

        Args:
            position: In the motor's own units; by default the final position from `follow`, else
                the destination, or the last update if the destination is a word. The second motor
                of a vector move is completed with its own.
        """
        if position is None:
            self._rest()
        self._say(self._completed(self._ends_at if position is None else position), NORMAL)
        for part in self.parts()[1:]:
            part._rest()
            part._succeed()

    def abort(self, reason: str, mode: AbortMode = AbortMode.SOFT) -> None:
        """As `Task.abort`; in a vector move both motors stop."""
        for part in self._whole.parts():
            super(Move, part).abort(reason, mode)

    def _succeed(self) -> None:
        """As `Task._succeed` for each motor; but one that stopped for an abort did not arrive."""
        for part in reversed(self.parts()):
            if part.aborted and not part._whole._arrived:
                super(Move, part)._end(ABORTED, part.abort_reason)
            else:
                super(Move, part)._succeed()

    def _end(self, status: object, reason: object = "") -> bool:
        """As `Task._end` for each motor."""
        return [super(Move, part)._end(status, reason) for part in reversed(self.parts())][-1]

    def _status_in(self, message: Message) -> str | None:
        if isinstance(message, HtosMotorMoveCompleted) and message.motor_name == self.motor.name:
            return message.status
        return None

    def _begin(self) -> None:
        for part in self.parts():
            part._prepare()
        for part in reversed(self.parts()):
            part._start()

    def _prepare(self) -> None:
        """Read the position, and check that the motor may move; raises DeviceError."""
        self.start = self.motor.on_read.now(self.motor.position, self.wait)
        self.motor._check(self)

    def _start(self) -> None:
        if self.start != self.motor.position or self.motor._is_untold:
            self.update(self.start)  # moved by others since
        word = isinstance(self.destination, str)
        self._say(
            HtosMotorMoveStarted(
                motor_name=self.motor.name,
                destination=self.start if word else float(self.destination),
            )
        )

    @property
    def _ends_at(self) -> float:
        """The final position, if it is known."""
        if self._end_position is not None:
            return self._end_position
        return self.motor.position if isinstance(self.destination, str) else self.destination

    def _success(self) -> Message:
        return self._completed(self._ends_at)

    def _failures(self, status: str, _: str) -> Iterator[Message]:
        for position in (self._end_position, self.motor.position):
            if position is not None:
                yield HtosMotorMoveCompleted(
                    motor_name=self.motor.name, position=position, status=status
                )

    def _completed(self, position: float) -> Message:
        return HtosMotorMoveCompleted(
            motor_name=self.motor.name,
            position=float(plain_number(position)),
            status=MotorStatus.NORMAL,
        )

    def _missed(self) -> None:
        self.motor._missed()
        if self.finished and self.motor._is_untold:  # a new link may be there already
            self._later(self.motor.report)

    def _told(self, message: Message) -> None:
        self.motor._told(message)

    def _explain(self, status: str, reason: str) -> None:
        if status != ABORTED and reason:
            self._later(self.motor._tell_why(self._outlet, reason))
