"""`MovingDevice`: the moves of all motors: starting, refusing, aborting, moves by others."""

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
from dhs_runtime.answers import ERROR
from dhs_runtime.devices.hooks import Hook
from dhs_runtime.devices.motion import Movable, Move
from dhs_runtime.devices.motor_config import PseudoMotorConfig
from dhs_runtime.devices.moves import Elsewhere, Oscillation, VectorMove
from dhs_runtime.devices.shutter import Shutter
from dhs_runtime.errors import DeviceError, DhsError
from dhs_runtime.task import Outlet, TaskState

M = TypeVar("M", bound=Move)


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
