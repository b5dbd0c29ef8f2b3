"""What a client knows of each device: frozen values, and the change from one to the next."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, TypeVar

import attrs

from dcs_codec.gui import StogConfigurePseudoMotor, StogConfigureRealMotor
from dhs_runtime.client.errors import NoDeviceError

V = TypeVar("V")


@attrs.frozen(kw_only=True)
class HostView:
    """A hardware host: a DHS, or `self`, the scripting engine."""

    kind: ClassVar[str] = "hardware host"
    name: str
    is_online: bool


@attrs.frozen(kw_only=True)
class MotorView:
    """A motor. Positions and limits in its own units.

    Attributes:
        config: Its configuration as DCSS told it; the position there is an old one.
        is_moving: None where nothing was heard yet.
    """

    kind: ClassVar[str] = "motor"
    name: str
    host: str
    position: float
    config: StogConfigureRealMotor | StogConfigurePseudoMotor = attrs.field(repr=False)
    units: str = ""
    is_moving: bool | None = None

    @property
    def is_pseudo(self) -> bool:
        """Whether it is made of other motors, or of nothing."""
        return isinstance(self.config, StogConfigurePseudoMotor)

    @property
    def is_locked(self) -> bool:
        """Whether it may not be moved."""
        return self.config.motor_lock_on

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Lower and upper limit of moves, None where it is off; narrowed by the backlash."""
        config, backlash = self.config, 0.0
        if isinstance(config, StogConfigureRealMotor) and config.backlash_on:
            backlash = config.backlash / (config.scale_factor or 1.0)
        low = config.lower_limit + max(backlash, 0.0)
        high = config.upper_limit + min(backlash, 0.0)
        return low if config.lower_limit_on else None, high if config.upper_limit_on else None


@attrs.frozen(kw_only=True)
class ShutterView:
    """A shutter; `is_open` is None where DCSS does not know."""

    kind: ClassVar[str] = "shutter"
    name: str
    host: str
    is_open: bool | None


@attrs.frozen(kw_only=True)
class StringView:
    """A string."""

    kind: ClassVar[str] = "string"
    name: str
    host: str
    contents: str


@attrs.frozen(kw_only=True)
class EncoderView:
    """An encoder; position in its own units."""

    kind: ClassVar[str] = "encoder"
    name: str
    host: str
    position: float


@attrs.frozen(kw_only=True)
class IonChamberView:
    """An ion chamber; what was counted last, None before that."""

    kind: ClassVar[str] = "ion chamber"
    name: str
    host: str
    counts: float | None = None


@attrs.frozen(kw_only=True)
class OperationView:
    """An operation; handles that were heard to start and not to end."""

    kind: ClassVar[str] = "operation"
    name: str
    host: str
    running: frozenset[str] = frozenset()


DeviceView = MotorView | ShutterView | StringView | EncoderView | IonChamberView | OperationView
"""A device or operation of some hardware host."""
View = HostView | DeviceView
"""Anything that DCSS tells by name."""


@attrs.frozen
class Change:
    """Something at the beamline is not as it was.

    Attributes:
        before: What it was; None where it is new.
        after: What it is; None where it is gone.
        is_update: Whether a motor told its position on the way, and nothing else.
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


def no_device(name: str, kind: str, known: Iterable[str]) -> NoDeviceError:
    """That there is no such device, and what may have been meant."""
    near = difflib.get_close_matches(name, list(known), n=3)
    meant = f"; did you mean {', '.join(near)}?" if near else ""
    return NoDeviceError(name, "", f"no {kind} {name!r} at this beamline{meant}")
