"""What a client knows of each device: frozen values, and the change from one to the next."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, TypeVar

import attrs

from dcs_codec.gui import StogConfigurePseudoMotor, StogConfigureRealMotor
from dhs_runtime.client.errors import NoDeviceError

V = TypeVar("V")


@attrs.frozen(kw_only=True)
class View:
    """Anything with a name in DCSS."""

    kind: ClassVar[str]
    name: str


@attrs.frozen(kw_only=True)
class HostView(View):
    """A hardware host: a DHS, or `self`, the scripting engine."""

    kind: ClassVar[str] = "hardware host"
    is_online: bool


@attrs.frozen(kw_only=True)
class DeviceView(View):
    """A device or operation of a hardware host."""

    host: str


@attrs.frozen(kw_only=True)
class MotorView(DeviceView):
    """A motor. Positions and limits in its own units.

    Attributes:
        config: Its configuration as DCSS sent it; the position in it may be out of date.
        is_moving: Whether it moves; None until a message tells.
    """

    kind: ClassVar[str] = "motor"
    position: float
    config: StogConfigureRealMotor | StogConfigurePseudoMotor = attrs.field(repr=False)
    units: str = ""
    is_moving: bool | None = None

    @property
    def is_pseudo(self) -> bool:
        """Whether it is a pseudo motor, with or without children."""
        return isinstance(self.config, StogConfigurePseudoMotor)

    @property
    def is_locked(self) -> bool:
        """Whether it may not be moved."""
        return self.config.motor_lock_on

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Lower and upper limit of moves, less the backlash; None for a limit that is off."""
        config, backlash = self.config, 0.0
        if isinstance(config, StogConfigureRealMotor) and config.backlash_on:
            backlash = config.backlash / (config.scale_factor or 1.0)
        low = config.lower_limit + max(backlash, 0.0)
        high = config.upper_limit + min(backlash, 0.0)
        return low if config.lower_limit_on else None, high if config.upper_limit_on else None


@attrs.frozen(kw_only=True)
class ShutterView(DeviceView):
    """A shutter; `is_open` is None if DCSS does not know."""

    kind: ClassVar[str] = "shutter"
    is_open: bool | None


@attrs.frozen(kw_only=True)
class StringView(DeviceView):
    """A string."""

    kind: ClassVar[str] = "string"
    contents: str


@attrs.frozen(kw_only=True)
class EncoderView(DeviceView):
    """An encoder; position in its own units."""

    kind: ClassVar[str] = "encoder"
    position: float


@attrs.frozen(kw_only=True)
class IonChamberView(DeviceView):
    """An ion chamber and its last counts, None before the first."""

    kind: ClassVar[str] = "ion chamber"
    counts: float | None = None


@attrs.frozen(kw_only=True)
class OperationView(DeviceView):
    """An operation; `running` has the handles that started and did not end."""

    kind: ClassVar[str] = "operation"
    running: frozenset[str] = frozenset()


@attrs.frozen
class Change:
    """A change of one device, operation or hardware host.

    Attributes:
        before: Its view before; None if it is new.
        after: Its view after; None if it is gone.
        is_update: Whether it is only a new position of a motor that is moving.
    """

    before: View | None
    after: View | None
    is_update: bool = attrs.field(default=False, eq=False)

    @property
    def name(self) -> str:
        """Name of the device, operation or hardware host."""
        view = self.after or self.before
        return "" if view is None else view.name


class Named(Mapping[str, V]):
    """A read-only mapping whose error for a missing name suggests similar names."""

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


def no_device(name: str, kind: str, known: Iterable[str]) -> NoDeviceError:
    """The error for a missing device, with similar names."""
    near = difflib.get_close_matches(name, list(known), n=3)
    meant = f"; did you mean {', '.join(near)}?" if near else ""
    return NoDeviceError(name, "", f"no {kind} {name!r} at this beamline{meant}")
