"""`Motor` and `PseudoMotor`: positions, limits and moves."""

from collections.abc import Callable, Collection
from functools import partial
from typing import ClassVar, TypeVar

import attrs

from dcs_codec import (
    HtosConfigureDevice,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
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
from dhs_runtime.answers import NORMAL, told_by, trouble_with
from dhs_runtime.devices.base import Deed, plain_number
from dhs_runtime.devices.hooks import Hook
from dhs_runtime.devices.motion import MotorConfig, Move, PseudoMotorConfig
from dhs_runtime.devices.moving_device import MovingDevice
from dhs_runtime.errors import DeviceError
from dhs_runtime.loggers import get_logger
from dhs_runtime.task import Outlet

M = TypeVar("M", bound=Move)
A = TypeVar("A")
L = TypeVar("L")

logger = get_logger(__name__)


class PseudoMotor(MovingDevice):
    """A motor without a configuration of steps.

    Attributes:
        on_set_position: Decorator: the function sets the hardware's present position to this value.
        on_configure: Decorator: the function gets a new configuration from DCSS (limits, speed). If
            it raises, the old configuration stays, and DCSS is told that.
        on_read: Decorator: the function reads the position; see `ReadHook`.
        dependencies: Motors that the position depends on, from DCSS.
        children: Motors that it consists of, from DCSS.
    """

    kind = "motor"
    registrations = (
        StohRegisterPseudoMotor,
        StohRegisterRealMotor,  # DCSS's database may have either kind
    )
    own_registration: ClassVar[type[Message]] = StohRegisterPseudoMotor
    """The registration that is answered with its own configuration."""
    commands = (
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
    reports = (
        HtosMotorMoveStarted,
        HtosUpdateMotorPosition,
        HtosMotorMoveCompleted,
        HtosConfigureDevice,
    )
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
            config: Its configuration, if this DHS knows better than DCSS's database; DCSS is told
                it at each registration. None takes the configuration of the database.
            position: Where it is, in its own units; only used with a configuration.
            words: Words that are allowed as destinations: `home`, or patterns such as `#*`. Any
                other word is refused, because it may be a mistyped number.

        Raises:
            HandlerError: DCSS could not be told the configuration or the position.
        """
        super().__init__(name, config, words)
        if config is None:
            message: Message = self._declare(self._telling, position)
        else:
            message = self._declare(self._told_as, config, position)
        self._remember(message)
        self.on_set_position: Hook[Callable[[float], None]] = Hook(self, "set position of")
        self.on_configure: Hook[Callable[[PseudoMotorConfig], None]] = Hook(self, "set-up of")
        self.dependencies: tuple[str, ...] = ()
        self.children: tuple[str, ...] = ()

    def _remember(self, message: Message) -> None:
        if isinstance(message, HtosConfigureDevice):
            self._config = self._configured(message)
        if isinstance(
            message, (HtosUpdateMotorPosition, HtosMotorMoveCompleted, HtosConfigureDevice)
        ):
            with self._state_lock:
                self._value = float(message.position)

    # -- from DCSS ---------------------------------------------------------------------------

    def _accept(self, message: Message, outlet: Outlet, refusal: str = "") -> None:
        """As `Device._accept`; messages about a move under way, and corrections, count at once."""
        if isinstance(message, StohCorrectMotorPosition) and self._lane is not None:
            self._lane.then(partial(self._know, message.correction, add=True))
        super()._accept(message, outlet, refusal)

    def _deed(self, message: Message) -> Deed | None:
        if isinstance(message, self.registrations):
            if isinstance(message, self.own_registration):
                return Deed(self._stands, self._registered, self._unknown)
            if not self._is_stranger:
                wanted = "%s %s: this DHS declares what DCSS registers with %s"
                own = self.own_registration.keyword
                logger.warning(wanted, message.keyword, self.name, own)
            return Deed(lambda: None, self._question, self._unknown)
        if isinstance(message, StohSetMotorPosition):
            position, before = message.position, self._move
            return Deed(
                lambda: self._set_position(position, before),
                inline=self.on_set_position.inline,
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

    # -- configuration -----------------------------------------------------------------------

    def _stands(self) -> float:
        """The position for a registration; without a configuration DCSS is asked first."""
        return self.position if self._config is None else self.on_read.now_or(self.position)

    def _registered(self, value: object) -> Message:
        config = self._config
        return self._question() if config is None else self._told_as(config, value)

    def _told_as(self, config: PseudoMotorConfig, position: object) -> Message:
        update = self._telling(position)
        return HtosConfigureDevice(
            motor_name=self.name, position=update.position, **attrs.asdict(config)
        )

    def _configure(self, message: StohConfigureRealMotor | StohConfigurePseudoMotor) -> None:
        config = self._configured(message)
        if config != self._config and not self._obeys(config):
            return
        self._config = config
        if self._is_untold:
            self.report(self.on_read.now_or(self.position))
        elif not self._has_begun:
            self._know(message.position)
            self.on_read.refresh()

    def _obeys(self, config: PseudoMotorConfig) -> bool:
        """Pass a new configuration to its handler; returns whether to use it."""
        if self._attempt(self.on_configure, config) or self._config is None:
            return True
        self._report(self._told_as(self._config, self.position))
        return False

    def _configured(
        self, message: StohConfigureRealMotor | StohConfigurePseudoMotor | HtosConfigureDevice
    ) -> PseudoMotorConfig:
        """The configuration in a message; missing values stay unchanged."""
        real = getattr(message, "scale_factor", None) is not None
        kind = MotorConfig if real else PseudoMotorConfig
        told = {field.name: getattr(message, field.name) for field in attrs.fields(kind)}
        told = {name: value for name, value in told.items() if value is not None}
        if isinstance(self._config, kind):
            return attrs.evolve(self._config, **told)
        return kind(**told)

    def _know(self, position: float, *, add: bool = False) -> None:
        """Store a position of DCSS's, unless it is not a number: a dcss can store nan."""
        with self._state_lock:  # a move may tell another in between
            position += self._value if add else 0.0
            if not trouble_with(self._telling(position)):
                self._value = position
                self._tellings += 1

    def _telling(self, value: object, status: str = NORMAL) -> HtosUpdateMotorPosition:
        position = float(plain_number(value))
        return HtosUpdateMotorPosition(motor_name=self.name, position=position, status=status)

    def _set_position(self, position: float, before: Move | None) -> float:
        if before is not None and not before.finished:  # a later move waits for this
            raise DeviceError(
                f"{self.name} is moving; its position cannot be set", status=MotorStatus.MOVING
            )
        if trouble := trouble_with(self._telling(position)):
            raise DeviceError(trouble)
        self.on_set_position.call(position)
        return position

    def _follow_correction(self) -> None:
        """Tell the hardware the folded position; dcss has stored it and waits for nothing."""
        self._attempt(self.on_set_position, self.position)

    def _attempt(self, hook: Hook[Callable[[A], None]], argument: A) -> bool:
        """Call a function whose failure is only logged; returns whether it succeeded."""
        try:
            hook.call(argument)
        except BaseException as error:  # sys.exit() in a handler must not silence the device
            if not isinstance(error, DeviceError):
                logger.exception("handler of %s %s failed", self.kind, self.name)
            if self._wiring is not None:
                self._tell_why(self._wiring.outlet, told_by(error))()
            return False
        return True


class Motor(PseudoMotor):
    """A real motor; as a pseudo motor, with a `MotorConfig`."""

    own_registration = StohRegisterRealMotor

    @property
    def config(self) -> MotorConfig | None:
        """The configuration; None as long as DCSS has sent none."""
        return self._config if isinstance(self._config, MotorConfig) else None
