"""`MovingDevice`: starts, refuses and aborts moves; oscillations, vector moves, moves by others."""

import contextlib
import fnmatch
import threading
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from dcs_codec import (
    NO_DEVICE,
    AbortMode,
    HtosMotorMoveStarted,
    Message,
    MotorStatus,
    StateError,
    StohAbortMotorMove,
    StohChangeVectorSpeed,
    StohStartMotorMove,
    StohStartOscillation,
    StohStartVectorMove,
    StohStopVectorMove,
)
from dhs_runtime.answers import ABORTED, ERROR, told_by
from dhs_runtime.devices.hooks import Hook
from dhs_runtime.devices.motion import Movable, Move, PseudoMotorConfig
from dhs_runtime.devices.shutter import Shutter
from dhs_runtime.errors import DeviceError, DhsError, TaskAbortedError, TaskFinishedError
from dhs_runtime.task import Outlet, TaskState

M = TypeVar("M", bound=Move)


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


class MovingDevice(Movable):
    """A device that moves.

    Attributes:
        on_move: Decorator: the function gets a `Move` and carries it out in its own thread.
        on_oscillation: The same for `stoh_start_oscillation`; it gets an `Oscillation`. Without it
            `on_move` is used, with the shutter open if it belongs to this DHS.
        on_vector_move: The same for `stoh_start_vector_move`; it gets a `VectorMove`.
        on_check: Decorator: the function gets a move of any kind before DCSS is told that it
            starts, and raises DeviceError if the move is not allowed, for axes that may collide.
    """

    def __init__(
        self,
        name: str,
        config: PseudoMotorConfig | None = None,
        words: Collection[str] = (),
    ) -> None:
        super().__init__(name, config)
        self.on_move: Hook[Callable[[Move], None]] = Hook(self, "a move of")
        self.on_oscillation: Hook[Callable[[Oscillation], None]] = Hook(self, "oscillation of")
        self.on_vector_move: Hook[Callable[[VectorMove], None]] = Hook(self, "vector move of")
        self.on_check: Hook[Callable[[Move], None]] = Hook(self, "check of a move of")
        self.words = (words,) if isinstance(words, str) else tuple(words)
        self._state_lock = threading.Lock()  # guards _value and _move; held for no I/O
        self._move: Move | None = None

    def refusal(self, destination: float | str) -> tuple[str, str] | None:
        """Status and reason if it may not go there, else None."""
        config = self._config
        if config is not None and config.motor_lock_on:
            return MotorStatus.LOCKED, f"{self.name} is locked"
        if isinstance(destination, str):
            return self._refusal_of_word(destination)
        if config is None:
            return None
        if config.upper_limit_on and not destination <= config.upper_limit:  # which may be nan
            return MotorStatus.SW_LIMIT, f"{destination:g} is beyond {config.upper_limit:g}"
        if config.lower_limit_on and not destination >= config.lower_limit:
            return MotorStatus.SW_LIMIT, f"{destination:g} is below {config.lower_limit:g}"
        return None

    def _refusal_of_word(self, word: str) -> tuple[str, str] | None:
        if any(fnmatch.fnmatchcase(word, known) for known in self.words):
            return None
        hint = f"; it knows {', '.join(self.words)}" if self.words else ""
        return ERROR, f"{self.name} does not know the word {word!r}{hint}"

    @property
    def is_moving(self) -> bool:
        """Whether a move is under way."""
        move = self._move
        return move is not None and not move.finished

    @property
    def _has_begun(self) -> bool:
        """Whether the move under way has begun; one that waits has not changed the position."""
        move = self._move
        is_running = move is not None and move._whole.state is TaskState.RUNNING
        return is_running and self.is_moving

    @contextlib.contextmanager
    def moved_elsewhere(self, destination: float | None = None) -> Iterator[Move]:
        """Tell DCSS about a move without a command, while the block runs.

        Use it for a move by a hand paddle or another program. The block gets a `Move` and reports
        the position with its `update` or `follow`; at the end DCSS gets the last position. Commands
        that DCSS sends meanwhile are answered `moving`. An abort does not end the block, but makes
        `follow` call `stop`, if it has one.

        Args:
            destination: In the motor's own units, if known.

        Raises:
            DeviceError: The motor is moving already.
            DhsError: The DHS does not run.
        """
        wiring = self._wiring
        if wiring is None:
            raise DhsError(f"{self.name}: nobody to tell of a move, the DHS does not run")
        move = Elsewhere(self, destination, wiring.outlet)
        if not self._engage(move):
            raise DeviceError(f"{self.name} is moving already", status=MotorStatus.MOVING)
        wiring.active.add(move)
        try:
            with move.under_way():
                yield move
        finally:
            wiring.active.remove(move)

    def _check(self, move: Move) -> None:
        refusal = self.refusal(move.destination)
        if refusal is not None:
            status, reason = refusal
            raise DeviceError(reason, status=status)
        self.on_check.call(move)

    def _check_by_hand(self, message: Message) -> None:
        """As `Device._check_by_hand`; a move that is announced must also be ended."""
        if isinstance(message, HtosMotorMoveStarted) and not self.is_moving:
            raise StateError(
                f"{self.name} does not move; instead of {message.keyword} use "
                "`with motor.moved_elsewhere() as move:`, which also sends the completion"
            )

    def _accept(self, message: Message, outlet: Outlet, refusal: str = "") -> None:
        """As `Device._accept`; messages about a move under way count at once."""
        if isinstance(message, StohStartMotorMove):
            self._start(Move(self, message.destination, outlet), self.on_move.function, refusal)
        elif isinstance(message, StohStartOscillation):
            self._start(Oscillation(self, message, outlet), self._oscillate, refusal)
        elif isinstance(message, StohStartVectorMove):
            self._start_vector(message, outlet, refusal)
        elif isinstance(message, StohAbortMotorMove):
            self._abort(f"{message.keyword} {message.abort_arg}".rstrip(), message.abort_arg)
        elif isinstance(message, StohStopVectorMove):
            self._abort(message.keyword, AbortMode.SOFT)
        elif isinstance(message, StohChangeVectorSpeed):
            move = self._move
            if isinstance(move, VectorMove):
                move.speed = message.speed
        else:
            super()._accept(message, outlet, refusal)

    def _may_poll(self) -> bool:
        return not self.is_moving

    def _start(self, move: M, handler: Callable[[M], None] | None, refusal: str = "") -> None:
        wiring = self._wiring
        if wiring is None:
            return
        if refusal:
            wiring.active.refuse(move, refusal)
        elif not self._engage(move):
            wiring.active.refuse(move, f"{self.name} is moving already", MotorStatus.MOVING)
        elif handler is None:
            wiring.active.refuse(move, f"no handler for a {move.label}")
        else:
            wiring.active.start(move, handler, self._lane)

    def _engage(self, move: Move) -> bool:
        with self._state_lock:
            if self._move is not None and not self._move.finished:
                return False
            self._move = move
            return True

    def _start_vector(self, message: StohStartVectorMove, outlet: Outlet, refusal: str) -> None:
        wiring, name = self._wiring, message.motor_name_2
        if wiring is None:
            return
        found = None if name == NO_DEVICE else wiring.find(name)
        second = found if isinstance(found, MovingDevice) and found is not self else None
        if found is self:
            refusal = refusal or f"{name} cannot be its own second motor"
        elif second is None and name != NO_DEVICE:
            refusal = refusal or f"{name} is not a motor of this DHS"
        move = VectorMove(self, second, message, outlet)
        if second is not None and move.other is not None and not second._engage(move.other):
            move.other = None  # its answer would end the move under way
            if not refusal:
                wiring.active.refuse(move, f"{second.name} is moving already", MotorStatus.MOVING)
                return
        self._start(move, self.on_vector_move.function, refusal)

    def _abort(self, reason: str, how: str) -> None:
        """Stop the present move; any word except `soft` means hard (dhs_motor_messages.cc:656)."""
        move = self._move
        if move is not None and not move.finished and self._wiring is not None:
            mode = AbortMode.SOFT if how == AbortMode.SOFT else AbortMode.HARD
            self._wiring.active.abort(move._whole, reason, mode)

    def _oscillate(self, move: Oscillation) -> None:
        """An oscillation: by its own handler, or as a move with the shutter open."""
        if self.on_oscillation.function is not None:
            self.on_oscillation.call(move)
            return
        if self.on_move.function is None:
            raise LookupError(f"no handler for an oscillation of {self.name}")
        if move.shutter is None or self._wiring is None:
            self.on_move.call(move)
            return
        shutter = self._wiring.find(move.shutter)
        if not isinstance(shutter, Shutter):
            raise LookupError(f"{move.shutter} is not a shutter of this DHS")
        with shutter.opened():
            self.on_move.call(move)
