"""What DCSS has told of the beamline: values that are replaced, never changed.

Nothing in the first push says which motors move and which operations run, so both are None
(unknown) until something is heard.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import attrs

from dcs_codec import DecodeError, IonChamberFailure, Message, ShutterState
from dcs_codec.gui import (
    ClientRow,
    StogBecomeMaster,
    StogBecomeSlave,
    StogConfigureEncoder,
    StogConfigureHardwareHost,
    StogConfigureIonChamber,
    StogConfigureOperation,
    StogConfigurePseudoMotor,
    StogConfigureRealMotor,
    StogConfigureShutter,
    StogConfigureString,
    StogGetEncoderCompleted,
    StogMotorMoveCompleted,
    StogMotorMoveStarted,
    StogOperationCompleted,
    StogReportIonChambers,
    StogReportShutterState,
    StogSetEncoderCompleted,
    StogSetMotorBaseUnits,
    StogSetPermissionLevel,
    StogSetStringCompleted,
    StogStartOperation,
    StogUpdateClient,
    StogUpdateClientList,
    StogUpdateMotorPosition,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.errors import no_device

V = TypeVar("V")

ONLINE = "online"


@attrs.frozen(kw_only=True)
class HostView:
    """A hardware host: a DHS, or `self`, the scripting engine."""

    name: str
    is_online: bool


@attrs.frozen(kw_only=True)
class MotorView:
    """A motor. Positions and limits in its own units.

    Attributes:
        is_moving: None where nothing was heard yet.
        backlash: Scaled; positive or negative, 0 where it is off.
    """

    name: str
    host: str
    position: float
    upper_limit: float
    lower_limit: float
    upper_limit_on: bool
    lower_limit_on: bool
    is_locked: bool
    backlash: float = 0.0
    units: str = ""
    is_moving: bool | None = None
    is_pseudo: bool = False

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Lower and upper limit of moves, None where it is off; narrowed by the backlash."""
        low = self.lower_limit + max(self.backlash, 0.0)
        high = self.upper_limit + min(self.backlash, 0.0)
        return low if self.lower_limit_on else None, high if self.upper_limit_on else None


@attrs.frozen(kw_only=True)
class ShutterView:
    """A shutter; `is_open` is None where DCSS does not know."""

    name: str
    host: str
    is_open: bool | None


@attrs.frozen(kw_only=True)
class StringView:
    """A string."""

    name: str
    host: str
    contents: str


@attrs.frozen(kw_only=True)
class EncoderView:
    """An encoder; position in its own units."""

    name: str
    host: str
    position: float


@attrs.frozen(kw_only=True)
class IonChamberView:
    """An ion chamber; what was counted last, None before that."""

    name: str
    host: str
    counts: float | None = None


@attrs.frozen(kw_only=True)
class OperationView:
    """An operation; handles that were heard to start and not to end."""

    name: str
    host: str
    running: frozenset[str] = frozenset()


class Named(Mapping[str, V]):
    """A read-only mapping whose missing names are told with the nearest that there are."""

    def __init__(self, kind: str, values: Mapping[str, V]) -> None:
        self._kind = kind
        self._values = values

    def __getitem__(self, name: str) -> V:
        try:
            return self._values[name]
        except KeyError:
            raise no_device(name, self._kind, self._values) from None

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._values))

    def __len__(self) -> int:
        return len(self._values)


class BeamlinePicture:
    """The beamline as one login told it; its owner has the lock."""

    def __init__(self, client_id: int = 0) -> None:
        self.client_id = client_id
        self.motors: dict[str, MotorView] = {}
        self.shutters: dict[str, ShutterView] = {}
        self.strings: dict[str, StringView] = {}
        self.encoders: dict[str, EncoderView] = {}
        self.ion_chambers: dict[str, IonChamberView] = {}
        self.operations: dict[str, OperationView] = {}
        self.hosts: dict[str, HostView] = {}
        self.clients: dict[int, ClientRow] = {}
        self.location = ""
        self.is_staff = False
        self.is_master = False

    @functools.singledispatchmethod
    def apply(self, message: Message) -> None:
        """Take a message in; those that say nothing of the beamline change nothing."""

    @apply.register
    def _(self, message: StogConfigureHardwareHost) -> None:
        is_online = message.state == ONLINE
        self.hosts[message.host_name] = HostView(name=message.host_name, is_online=is_online)

    @apply.register
    def _(self, message: StogConfigureRealMotor) -> None:
        scale = message.scale_factor or 1.0
        self._configure(message, backlash=message.backlash / scale if message.backlash_on else 0.0)

    @apply.register
    def _(self, message: StogConfigurePseudoMotor) -> None:
        self._configure(message, is_pseudo=True)

    def _configure(
        self,
        message: StogConfigureRealMotor | StogConfigurePseudoMotor,
        *,
        backlash: float = 0.0,
        is_pseudo: bool = False,
    ) -> None:
        old = self.motors.get(message.motor_name)
        self.motors[message.motor_name] = MotorView(
            name=message.motor_name,
            host=message.hardware_host,
            position=message.position,
            upper_limit=message.upper_limit,
            lower_limit=message.lower_limit,
            upper_limit_on=message.upper_limit_on,
            lower_limit_on=message.lower_limit_on,
            is_locked=message.motor_lock_on,
            backlash=backlash,
            is_pseudo=is_pseudo,
            units=old.units if old else "",
            is_moving=old.is_moving if old else None,
        )

    @apply.register
    def _(self, message: StogSetMotorBaseUnits) -> None:
        _change(self.motors, message.motor_name, units=message.units)

    @apply.register
    def _(self, message: StogMotorMoveStarted) -> None:
        _change(self.motors, message.motor_name, is_moving=True)

    @apply.register
    def _(self, message: StogUpdateMotorPosition) -> None:
        _change(self.motors, message.motor_name, position=message.position)

    @apply.register
    def _(self, message: StogMotorMoveCompleted) -> None:
        _change(self.motors, message.motor_name, position=message.position, is_moving=False)

    @apply.register
    def _(self, message: StogConfigureShutter) -> None:
        name, host = message.shutter_name, message.hardware_host
        is_open = _is_open(message.shutter_state)
        self.shutters[name] = ShutterView(name=name, host=host, is_open=is_open)

    @apply.register
    def _(self, message: StogReportShutterState) -> None:
        if message.result in ("", NORMAL):
            _change(self.shutters, message.shutter_name, is_open=_is_open(message.shutter_state))

    @apply.register
    def _(self, message: StogConfigureString) -> None:
        name, host, contents = message.string_name, message.hardware_host, message.string_contents
        self.strings[name] = StringView(name=name, host=host, contents=contents)

    @apply.register
    def _(self, message: StogSetStringCompleted) -> None:
        if message.string_status == NORMAL:
            _change(self.strings, message.string_name, contents=message.string_contents)

    @apply.register
    def _(self, message: StogConfigureEncoder) -> None:
        name, host = message.encoder_name, message.hardware_host
        self.encoders[name] = EncoderView(name=name, host=host, position=message.position)

    @apply.register(StogGetEncoderCompleted)
    @apply.register(StogSetEncoderCompleted)
    def _(self, message: StogGetEncoderCompleted | StogSetEncoderCompleted) -> None:
        if message.status == NORMAL:
            _change(self.encoders, message.encoder_name, position=message.position)

    @apply.register
    def _(self, message: StogConfigureIonChamber) -> None:
        name, host = message.ion_chamber_name, message.hardware_host
        self.ion_chambers[name] = IonChamberView(name=name, host=host)

    @apply.register
    def _(self, message: StogReportIonChambers) -> None:
        try:
            result = message.result
        except DecodeError:  # it says so where it is waited for
            return
        if not isinstance(result, IonChamberFailure):
            for reading in result:
                _change(self.ion_chambers, reading.name, counts=reading.counts)

    @apply.register
    def _(self, message: StogConfigureOperation) -> None:
        name, host = message.operation_name, message.hardware_host
        self.operations[name] = OperationView(name=name, host=host)

    @apply.register
    def _(self, message: StogStartOperation) -> None:
        if old := self.operations.get(message.operation_name):
            running = old.running | {message.operation_handle}
            _change(self.operations, message.operation_name, running=running)

    @apply.register
    def _(self, message: StogOperationCompleted) -> None:
        if old := self.operations.get(message.operation_name):
            running = old.running - {message.operation_handle}
            _change(self.operations, message.operation_name, running=running)

    @apply.register
    def _(self, message: StogSetPermissionLevel) -> None:
        self.location, self.is_staff = message.location, message.is_staff

    @apply.register
    def _(self, _: StogUpdateClientList) -> None:
        self.clients.clear()

    @apply.register
    def _(self, message: StogUpdateClient) -> None:
        try:
            self.clients[message.client_id] = message.client
        except DecodeError:  # a row that dcss cut; the others stand
            return

    @apply.register
    def _(self, _: StogBecomeMaster) -> None:
        self.is_master = True

    @apply.register
    def _(self, _: StogBecomeSlave) -> None:
        self.is_master = False


def _change(views: "dict[str, V]", name: str, **changes: object) -> None:
    old: Any = views.get(name)
    if old is not None:  # of a name that DCSS never told there is nothing to keep
        views[name] = attrs.evolve(old, **changes)


def _is_open(state: str) -> bool | None:
    return {ShutterState.OPEN.value: True, ShutterState.CLOSED.value: False}.get(state)
