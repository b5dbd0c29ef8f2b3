"""`Motor` and `PseudoMotor`: positions, limits and moves."""

import fnmatch
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import ClassVar, TypeVar

import attrs

from dcs_codec import (
    NO_DEVICE,
    AbortMode,
    EncodeError,
    HtosConfigureDevice,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
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
    default_codec,
)
from dhs_runtime.answers import ERROR, position_failed, told_by
from dhs_runtime.devices.base import TOO_MUCH, Deed, Device, Hook
from dhs_runtime.devices.motion import Move, Oscillation, VectorMove
from dhs_runtime.devices.motor_config import MotorConfig, PseudoMotorConfig
from dhs_runtime.devices.shutter import Shutter
from dhs_runtime.errors import DeviceError
from dhs_runtime.task import Outlet

M = TypeVar("M", bound=Move)

logger = logging.getLogger(__name__)


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
    commands: ClassVar[tuple[type[Message], ...]] = (
        StohStartMotorMove,
        StohStartOscillation,
        StohStartVectorMove,
        StohAbortMotorMove,
        StohStopVectorMove,
        StohChangeVectorSpeed,
        StohSetMotorPosition,
        StohCorrectMotorPosition,
        StohConfigureRealMotor,
        StohConfigurePseudoMotor,
        StohSetMotorDependency,
        StohSetMotorChildren,
    )
    reports: ClassVar[tuple[type[Message], ...]] = (
        HtosMotorMoveStarted,
        HtosUpdateMotorPosition,
        HtosMotorMoveCompleted,
        HtosConfigureDevice,
    )
    name_fields: ClassVar[tuple[str, ...]] = ("motor_name", "motor_name_1")
    asks = True

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

        Raises:
            HandlerError: DCSS could not be told the configuration or the position.
        """
        super().__init__(name)
        self._check_declared(
            self._update(position) if config is None else self._told_as(config, position)
        )
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
        self._report(self._update(position))

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

    def told(self, message: Message) -> None:
        """As `Device.told`."""
        if isinstance(
            message, (HtosUpdateMotorPosition, HtosMotorMoveCompleted, HtosConfigureDevice)
        ):
            with self._state_lock:
                self._position = float(message.position)

    # -- from DCSS ---------------------------------------------------------------------------

    def accept(self, message: Message, outlet: Outlet, refusal: str = "") -> None:
        """As `Device.accept`; what is about a move under way counts at once."""
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
            if isinstance(message, StohCorrectMotorPosition) and self._lane is not None:
                self._lane.then(partial(self._shift, message.correction))
            super().accept(message, outlet, refusal)

    def _deed(self, message: Message) -> Deed | None:
        if isinstance(message, self.registrations):
            return Deed(lambda: None, self._configuration, lambda *_: (self._question(),))
        if isinstance(message, StohSetMotorPosition):
            position, before = message.position, self._move
            return Deed(
                lambda: self._set_position(position, before),
                self._update,
                self._failures,
                self.on_set_position.inline,
            )
        return None

    def _note(self, message: Message) -> None:
        if isinstance(message, (StohConfigureRealMotor, StohConfigurePseudoMotor)):
            self._configure(message)
        elif isinstance(message, StohCorrectMotorPosition):
            self._follow_correction()
        elif isinstance(message, StohSetMotorDependency):
            self.dependencies = message.dependencies
        elif isinstance(message, StohSetMotorChildren):
            self.children = message.children

    # -- moving ------------------------------------------------------------------------------

    def _start(self, move: M, handler: Callable[[M], None] | None, refusal: str = "") -> None:
        wiring, lane = self._wiring, self._lane
        if wiring is None or lane is None:
            return
        wiring.active.add(move)
        status = ERROR
        if not refusal and not self._engage(move):
            status, refusal = MotorStatus.MOVING, f"{self.name} is moving already"
        if not refusal and handler is None:
            refusal = f"no handler for a {move.label}"
        if refusal or handler is None:
            wiring.refuse(move, status, refusal)
        elif not lane.then(partial(self._submit, move, handler)):
            wiring.refuse(move, ERROR, TOO_MUCH)

    def _submit(self, move: M, handler: Callable[[M], None]) -> None:
        if self._wiring is not None:
            run = partial(self._wiring.active.run, move, handler)
            if not self._wiring.workers.submit(run):
                self._wiring.refuse(move, ERROR, TOO_MUCH)

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
        second = found if isinstance(found, PseudoMotor) and found is not self else None
        if found is self:
            refusal = refusal or f"{name} is no second motor beside itself"
        elif second is None and name != NO_DEVICE:
            refusal = refusal or f"{name} is no motor of this DHS"
        move = VectorMove(self, second, message, outlet)
        if second is not None and move.other is not None and not second._engage(move.other):
            move.other = None  # its answer would end the move that is under way
            if not refusal:
                wiring.active.add(move)
                wiring.refuse(move, MotorStatus.MOVING, f"{second.name} is moving already")
                return
        self._start(move, self.on_vector_move.function, refusal)

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

    def _configuration(self, _: object) -> Message:
        """What to answer to a registration: our configuration, or the question for DCSS's."""
        config = self._config
        return self._question() if config is None else self._told_as(config, self.position)

    def _question(self) -> Message:
        return HtosSendConfiguration(device_name=self.name)

    def _told_as(self, config: PseudoMotorConfig, position: float) -> Message:
        return HtosConfigureDevice(motor_name=self.name, position=position, **attrs.asdict(config))

    def _configure(self, message: StohConfigureRealMotor | StohConfigurePseudoMotor) -> None:
        kind = MotorConfig if isinstance(message, StohConfigureRealMotor) else PseudoMotorConfig
        self._config = kind(
            **{field.name: getattr(message, field.name) for field in attrs.fields(kind)}
        )
        if not self.is_moving:
            self._known(message.position)

    def _shift(self, correction: float) -> None:
        self._known(self.position + correction)

    def _known(self, position: float) -> None:
        """Take over a position of DCSS's, where it is one: a dcss can store nan."""
        try:
            default_codec().encode(self._update(position))
        except EncodeError:
            return
        with self._state_lock:
            self._position = position

    def _update(self, position: object) -> Message:
        if not isinstance(position, (int, float)):
            raise TypeError(f"a position is a number, not {type(position).__name__}")
        return HtosUpdateMotorPosition(
            motor_name=self.name, position=position, status=MotorStatus.NORMAL
        )

    def _failures(self, status: str, _: str) -> Iterator[Message]:
        return position_failed(self.name, self.position, status)

    def _set_position(self, position: float, before: Move | None) -> float:
        if before is not None and not before.finished:  # a move that came later waits for this
            raise DeviceError(
                f"{self.name} is moving; its position cannot be set", status=MotorStatus.MOVING
            )
        try:
            default_codec().encode(self._update(position))
        except EncodeError as error:
            raise DeviceError(f"position {error.reason}") from None
        self._tell_hardware(position)
        return position

    def _follow_correction(self) -> None:
        """Tell the hardware the folded position; dcss has stored it and waits for nothing."""
        try:
            self._tell_hardware(self.position)
        except BaseException as error:  # sys.exit() in a handler must not silence the device
            logger.exception("handler of %s %s failed", self.kind, self.name)
            if self._wiring is not None:
                self.complain(self._wiring.outlet, told_by(error))

    def _tell_hardware(self, position: float) -> None:
        if self.on_set_position.function is not None:
            self.on_set_position.function(position)


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
