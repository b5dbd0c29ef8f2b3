"""`Motor` and `PseudoMotor`: positions, limits and moves."""

import fnmatch
import threading
from collections.abc import Callable, Collection
from typing import ClassVar, TypeVar

import attrs

from dcs_codec import (
    NO_DEVICE,
    AbortMode,
    HtosConfigureDevice,
    HtosSendConfiguration,
    HtosUpdateMotorPosition,
    Message,
    MotorStatus,
    StohAbortMotorMove,
    StohChangeVectorSpeed,
    StohConfigurePseudoMotor,
    StohConfigureRealMotor,
    StohCorrectMotorPosition,
    StohRegisterPseudoMotor,
    StohRegisterRealMotor,
    StohSetMotorChildren,
    StohSetMotorDependency,
    StohSetMotorPosition,
    StohStartMotorMove,
    StohStartOscillation,
    StohStartVectorMove,
    StohStopVectorMove,
)
from dhs_runtime.devices.base import Device, Hook, Wiring
from dhs_runtime.devices.motion import Move, Oscillation, VectorMove
from dhs_runtime.devices.motor_config import MotorConfig, PseudoMotorConfig
from dhs_runtime.devices.shutter import Shutter
from dhs_runtime.task import ERROR, Send

M = TypeVar("M", bound=Move)


class PseudoMotor(Device):
    """A motor without a configuration of steps.

    Attributes:
        on_move: Decorator: the function does a move, in a thread of its own; it gets a `Move`.
        on_oscillation: The same for `stoh_start_oscillation`; it gets an `Oscillation`. Without
            it `on_move` does it, with the shutter open where that is this DHS's.
        on_vector_move: The same for `stoh_start_vector_move`; it gets a `VectorMove`.
        on_set_position: Decorator: tell the hardware that it stands at this position now.
        dependencies: Motors that the position depends on, as DCSS has them.
        children: Motors that it is made of, as DCSS has them.
    """

    kind = "pseudo motor"
    registrations: ClassVar[tuple[type[Message], ...]] = (StohRegisterPseudoMotor,)

    def __init__(
        self,
        name: str,
        *,
        config: PseudoMotorConfig | None = None,
        position: float = 0.0,
        words: Collection[str] = (),
    ) -> None:
        """A motor.

        Args:
            name: Its name in DCSS's database.
            config: Its configuration, where this DHS knows better than DCSS's database; DCSS is
                told it at each registration. None takes over what the database has.
            position: Where it stands, in its own units; of use with a configuration.
            words: What it may be sent to besides numbers: `home`, or patterns such as `#*`. Any
                other word is refused, for it may be a number that was typed wrong.
        """
        super().__init__(name)
        self.words = tuple(words)
        self.on_move: Hook[Callable[[Move], None]] = Hook(f"a move of {name}")
        self.on_oscillation: Hook[Callable[[Oscillation], None]] = Hook(f"oscillation of {name}")
        self.on_vector_move: Hook[Callable[[VectorMove], None]] = Hook(f"vector move of {name}")
        self.on_set_position: Hook[Callable[[float], None]] = Hook(f"set position of {name}")
        self.dependencies: tuple[str, ...] = ()
        self.children: tuple[str, ...] = ()
        self._config = config
        self._state_lock = threading.Lock()  # guards the two below; held for no I/O
        self._position = float(position)
        self._move: Move | None = None

    @property
    def position(self) -> float:
        """Where the motor stands, in its own units."""
        return self._position

    @property
    def is_moving(self) -> bool:
        """Whether a move is under way."""
        move = self._move
        return move is not None and not move.finished

    @property
    def config(self) -> PseudoMotorConfig | None:
        """The configuration; None as long as DCSS has sent none."""
        return self._config

    def report(self, position: float) -> None:
        """Tell DCSS, unasked, where the motor stands; nothing where there is no link.

        Raises:
            EncodeError: The number does not fit the wire.
        """
        self.moved_to(position)
        self._report(
            HtosUpdateMotorPosition(
                motor_name=self.name, position=position, status=MotorStatus.NORMAL
            )
        )

    def refusal(self, destination: float | str) -> tuple[str, str] | None:
        """Status and reason why the motor may not go there; None where it may."""
        config = self._config
        if config is not None and config.motor_lock_on:
            return MotorStatus.LOCKED, f"{self.name} is locked"
        if isinstance(destination, str):
            return self._refusal_of_word(destination)
        if config is None:
            return None
        if config.upper_limit_on and destination > config.upper_limit:
            return MotorStatus.SW_LIMIT, f"{destination:g} is beyond {config.upper_limit:g}"
        if config.lower_limit_on and destination < config.lower_limit:
            return MotorStatus.SW_LIMIT, f"{destination:g} is below {config.lower_limit:g}"
        return None

    def _refusal_of_word(self, word: str) -> tuple[str, str] | None:
        if any(fnmatch.fnmatchcase(word, known) for known in self.words):
            return None
        hint = f"; it knows {', '.join(self.words)}" if self.words else ""
        return ERROR, f"{self.name} does not know the word {word!r}{hint}"

    def moved_to(self, position: float) -> None:
        """Remember where the motor stands; for moves."""
        with self._state_lock:
            self._position = float(position)

    # -- from DCSS ---------------------------------------------------------------------------

    def accept(self, message: Message, send: Send) -> None:
        """As `Device.accept`; what is about a move under way counts at once."""
        if isinstance(message, StohStartMotorMove):
            self._start(Move(self, message.destination, send), self.on_move.function)
        elif isinstance(message, StohStartOscillation):
            self._start(Oscillation(self, message, send), self._oscillate)
        elif isinstance(message, StohStartVectorMove):
            self._start_vector(message, send)
        elif isinstance(message, StohAbortMotorMove):
            self._abort(f"{message.keyword} {message.abort_arg}".rstrip(), message.abort_arg)
        elif isinstance(message, StohStopVectorMove):
            self._abort(message.keyword, AbortMode.SOFT)
        elif isinstance(message, StohChangeVectorSpeed):
            move = self._move
            if isinstance(move, VectorMove):
                move.speed = message.speed
        else:
            if isinstance(message, StohCorrectMotorPosition):
                with self._state_lock:
                    self._position += message.correction
            super().accept(message, send)

    def _obey(self, message: Message, send: Send) -> None:
        if isinstance(message, self.registrations):
            self._answer(send, self._configuration())
        elif isinstance(message, (StohConfigureRealMotor, StohConfigurePseudoMotor)):
            self._configure(message)
        elif isinstance(message, StohSetMotorPosition):
            self._set_position(message.position, send)
        elif isinstance(message, StohCorrectMotorPosition):
            self._tell_hardware(self.position, send)
        elif isinstance(message, StohSetMotorDependency):
            self.dependencies = message.dependencies
        elif isinstance(message, StohSetMotorChildren):
            self.children = message.children

    # -- moving ------------------------------------------------------------------------------

    def _start(self, move: M, handler: Callable[[M], None] | None) -> None:
        wiring, lane = self._wiring, self._lane
        if wiring is None or lane is None:
            return
        self._enter(move, wiring)
        if not self._engage(move):
            lane.put(lambda: self._end(move, MotorStatus.MOVING, f"{self.name} is moving already"))
        elif handler is None:
            lane.put(lambda: self._end(move, ERROR, f"no handler for a {move.label}"))
        else:
            lane.beside(
                lambda: self._run(move, handler),
                lambda: self._end(move, ERROR, "too much under way"),
            )

    def _engage(self, move: Move) -> bool:
        with self._state_lock:
            if self._move is not None and not self._move.finished:
                return False
            self._move = move
            return True

    def _run(self, move: M, handler: Callable[[M], None]) -> None:
        try:
            move.run(handler)  # type: ignore[arg-type]  # the handler takes this kind of move
        finally:
            self._strike_out(move)

    def _end(self, move: Move, status: str, reason: str) -> None:
        move.end(status, reason)
        self._strike_out(move)

    def _enter(self, move: Move, wiring: Wiring) -> None:
        for part in move.parts():
            wiring.active.add(part)

    def _strike_out(self, move: Move) -> None:
        if self._wiring is not None:
            for part in move.parts():
                self._wiring.active.remove(part)

    def _start_vector(self, message: StohStartVectorMove, send: Send) -> None:
        second = None
        if message.motor_name_2 != NO_DEVICE and self._wiring is not None:
            found = self._wiring.find(message.motor_name_2)
            second = found if isinstance(found, PseudoMotor) else None
        move = VectorMove(self, second, message, send)
        handler = self.on_vector_move.function
        if second is None and message.motor_name_2 != NO_DEVICE:
            self._lane_end(move, ERROR, f"{message.motor_name_2} is no motor of this DHS")
        elif second is not None and (move.other is None or not second._engage(move.other)):
            move.other = None  # or its completion would end the move that is under way
            self._lane_end(move, MotorStatus.MOVING, f"{second.name} is moving already")
        else:
            self._start(move, handler)

    def _lane_end(self, move: Move, status: str, reason: str) -> None:
        if self._lane is not None and self._wiring is not None:
            self._enter(move, self._wiring)
            self._lane.put(lambda: self._end(move, status, reason))

    def _abort(self, reason: str, how: str) -> None:
        """Stop the move there is; any word but `soft` means hard (dhs_motor_messages.cc:656)."""
        move = self._move
        if move is not None and not move.finished:
            move.abort(reason, AbortMode.SOFT if how == AbortMode.SOFT else AbortMode.HARD)

    def _oscillate(self, move: Oscillation) -> None:
        """An oscillation: by its own handler, or as a move with the shutter open."""
        if self.on_oscillation.function is not None:
            self.on_oscillation.function(move)
            return
        if self.on_move.function is None:
            raise LookupError(f"no handler for an oscillation of {self.name}")
        if move.shutter is None or self._wiring is None:
            self.on_move.function(move)
            return
        shutter = self._wiring.find(move.shutter)
        if not isinstance(shutter, Shutter):
            raise LookupError(f"{move.shutter} is no shutter of this DHS")
        with shutter.opened():
            self.on_move.function(move)

    # -- configuration -----------------------------------------------------------------------

    def _configuration(self) -> Message:
        """What to answer to a registration: our configuration, or the question for DCSS's."""
        config = self._config
        if config is None:
            return HtosSendConfiguration(device_name=self.name)
        return HtosConfigureDevice(
            motor_name=self.name, position=self.position, **attrs.asdict(config)
        )

    def _configure(self, message: StohConfigureRealMotor | StohConfigurePseudoMotor) -> None:
        kind = MotorConfig if isinstance(message, StohConfigureRealMotor) else PseudoMotorConfig
        self._config = kind(
            **{field.name: getattr(message, field.name) for field in attrs.fields(kind)}
        )
        with self._state_lock:
            if self._move is None or self._move.finished:
                self._position = message.position

    def _set_position(self, position: float, send: Send) -> None:
        if self.is_moving:
            self._complain(send, f"{self.name} is moving; its position cannot be set")
        elif self._tell_hardware(position, send):
            self.moved_to(position)

    def _tell_hardware(self, position: float, send: Send) -> bool:
        function = self.on_set_position.function
        if function is None:
            return True
        return self._attempt(send, lambda: function(position)) == MotorStatus.NORMAL


class Motor(PseudoMotor):
    """A real motor; as a pseudo motor, with a `MotorConfig`."""

    kind = "motor"
    registrations: ClassVar[tuple[type[Message], ...]] = (StohRegisterRealMotor,)

    def __init__(
        self,
        name: str,
        *,
        config: MotorConfig | None = None,
        position: float = 0.0,
        words: Collection[str] = (),
    ) -> None:
        """As `PseudoMotor`."""
        super().__init__(name, config=config, position=position, words=words)

    @property
    def config(self) -> MotorConfig | None:
        """The configuration; None as long as DCSS has sent none."""
        return self._config if isinstance(self._config, MotorConfig) else None
