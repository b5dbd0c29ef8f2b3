"""Motors of a simulated DCSS's database: real and pseudo; see `entry`."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, Self

import attrs

from dcs_codec import (
    Message,
    StohConfigurePseudoMotor,
    StohConfigureRealMotor,
    StohRegisterPseudoMotor,
    StohRegisterRealMotor,
)
from dhs_lab.simulators.dcss.circle import CircleMode
from dhs_lab.simulators.dcss.dump_sections import MOTOR_LINES, Section, SectionError, is_permit
from dhs_lab.simulators.dcss.entry import Entry, permits_field

_MAX_UNITS: Final = 31
_CONFIGURATION: Final = "configuration"

Scanned = tuple[str, Literal["%lf", "%d"]]
"""A field of a motor, and how dcss scans its word."""

_POSITION_AND_LIMITS: tuple[Scanned, ...] = (
    ("position", "%lf"),
    ("upper_limit", "%lf"),
    ("lower_limit", "%lf"),
)
_SWITCHES: tuple[Scanned, ...] = (
    ("lower_limit_on", "%d"),
    ("upper_limit_on", "%d"),
    ("motor_lock_on", "%d"),
)


@attrs.define(kw_only=True)
class MotorEntry(Entry):
    """What real and pseudo motors have in common.

    Attributes:
        name: Name in the database.
        hardware_name: Name of the hardware; the device's name if empty.
        position: Last position, scaled.
        upper_limit: Upper software limit, scaled.
        lower_limit: Lower software limit, scaled.
        lower_limit_on: Whether the lower limit is in force.
        upper_limit_on: Whether the upper limit is in force.
        motor_lock_on: Whether the motor is locked.
        circle_mode: How positions are folded; a DHS never gets it.
        units: Units of the position; a DHS never gets them.
        dependencies: Motors that the position depends on.
        is_moving: Whether a move was reported as started and not yet as completed.
    """

    kind: ClassVar[str] = "motor"
    key_words: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "circle_mode": {mode.name.lower(): mode for mode in CircleMode}
    }
    scanned: ClassVar[tuple[Scanned, ...]]
    """The values of its configuration, in the order of its messages."""
    registers: ClassVar[type[Message]]
    configures: ClassVar[type[Message]]

    name: str = attrs.field(kw_only=False)
    hardware_name: str = ""
    position: float = 0.0
    upper_limit: float = 1000.0
    lower_limit: float = -1000.0
    lower_limit_on: bool = True
    upper_limit_on: bool = True
    motor_lock_on: bool = False
    circle_mode: CircleMode = CircleMode.NONE
    units: str = "mm"
    dependencies: tuple[str, ...] = ()
    staff_permits: str = permits_field()
    user_permits: str = permits_field()
    is_moving: bool = attrs.field(default=False, init=False, eq=False)

    @property
    def value(self) -> float:
        """Its position."""
        return self.position

    def describe(self) -> str:
        """One line about it."""
        words = [super().describe(), *[self.units] * bool(self.units)]
        words += ["moving"] * self.is_moving + ["locked"] * self.motor_lock_on
        return " ".join(words)

    def registration(self) -> Message:
        """`stoh_register_real_motor` or `stoh_register_pseudo_motor`."""
        hardware_name = self.hardware_name or self.name
        return self.registers(motor_name=self.name, hardware_name=hardware_name)  # type: ignore[call-arg]  # one of two classes

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_...`, with its host and the status that is always 0."""
        values: dict[str, Any] = {name: getattr(self, name) for name, _ in self.scanned}
        return self.configures(
            motor_name=self.name,  # type: ignore[call-arg]  # one of two classes
            hardware_host=hardware_host,
            hardware_name=self.hardware_name or self.name,
            status=0,
            **values,
        )


@attrs.define(kw_only=True)
class RealMotorEntry(MotorEntry):
    """A motor that a DHS drives.

    Attributes:
        scale_factor: Steps per scaled unit.
        speed: Steps per second.
        acceleration: Time to full speed, ms.
        backlash: Steps; the sign is the side from which it is taken up.
        backlash_on: Whether backlash is taken up.
        reverse_on: Whether the motor turns the other way.
    """

    listed: ClassVar[str] = "motors"
    dump_type: ClassVar[int] = 1
    registers: ClassVar[type[Message]] = StohRegisterRealMotor
    configures: ClassVar[type[Message]] = StohConfigureRealMotor
    scanned: ClassVar[tuple[Scanned, ...]] = (
        *_POSITION_AND_LIMITS,
        ("scale_factor", "%lf"),
        ("speed", "%d"),
        ("acceleration", "%d"),
        ("backlash", "%d"),
        *_SWITCHES,
        ("backlash_on", "%d"),
        ("reverse_on", "%d"),
    )

    scale_factor: float = 1000.0
    speed: int = 1000
    acceleration: int = 100
    backlash: int = 0
    backlash_on: bool = False
    reverse_on: bool = False

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """As `Entry.of_section`."""
        section = section.older()
        section.expect(MOTOR_LINES[cls.dump_type])
        host, hardware_name = section.host()
        dependencies, configuration = _order(section, new=(3, 4), old=(2, 1), old_permits=3)
        return host, cls(
            section.name,
            hardware_name=hardware_name,
            dependencies=_dependencies(section, dependencies),
            **_configuration(section, configuration, cls.scanned),
        )


@attrs.define(kw_only=True)
class PseudoMotorEntry(MotorEntry):
    """A motor that a DHS makes from other motors.

    Attributes:
        children: The motors it is made of; a DHS gets them only if there are dependencies.
    """

    kind: ClassVar[str] = "pseudo motor"
    listed: ClassVar[str] = "pseudo_motors"
    dump_type: ClassVar[int] = 2
    registers: ClassVar[type[Message]] = StohRegisterPseudoMotor
    configures: ClassVar[type[Message]] = StohConfigurePseudoMotor
    scanned: ClassVar[tuple[Scanned, ...]] = (*_POSITION_AND_LIMITS, *_SWITCHES)

    children: tuple[str, ...] = ()

    @classmethod
    def of_section(cls, section: Section) -> tuple[str, Self]:
        """As `Entry.of_section`."""
        section = section.older()
        section.expect(MOTOR_LINES[cls.dump_type])
        host, hardware_name = section.host()
        dependencies, configuration, children = _order(
            section, new=(3, 4, 5), old=(2, 1, 3), old_permits=4
        )
        return host, cls(
            section.name,
            hardware_name=hardware_name,
            dependencies=_dependencies(section, dependencies),
            children=section.names(children),
            **_configuration(section, configuration, cls.scanned),
        )


# -- dumps -----------------------------------------------------------------------------------


def _order(
    section: Section, *, new: tuple[int, ...], old: tuple[int, ...], old_permits: int
) -> tuple[int, ...]:
    """The numbers of the lines: permits come after the host, or in old dumps at the end."""
    if all(map(is_permit, section.lines[1:3])):
        return new
    if all(map(is_permit, section.lines[old_permits:])):
        return old
    raise SectionError(section.number(1), "there are no permits, here or at the end")


def _dependencies(section: Section, at: int) -> tuple[str, ...]:
    """Dependencies; a line that begins with 0 means none."""
    return () if section.lines[at].startswith("0") else section.names(at)


def _configuration(section: Section, at: int, scanned: tuple[Scanned, ...]) -> Mapping[str, Any]:
    """The values of a motor in the order of its messages, the circle mode, and units if given."""
    words = section.words(at, len(scanned) + 1, _CONFIGURATION)
    values: dict[str, Any] = {}
    for word, (name, kind) in zip(words, scanned, strict=False):
        if name == "position":
            values[name] = section.position(at, word)
        elif kind == "%lf":
            values[name] = section.real(at, word, name)
        else:
            number = section.integer(at, word, name)
            values[name] = bool(number) if name.endswith("_on") else number
    mode, *units = words[len(scanned) :]
    try:
        values["circle_mode"] = CircleMode(section.integer(at, mode, "circle mode"))
    except ValueError:
        raise SectionError(section.number(at), f"circle mode {mode} is not 0 to 4") from None
    values["units"] = section.short(at, units[0] if units else "", _MAX_UNITS)
    return values
