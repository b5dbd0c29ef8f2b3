"""Entries of a simulated DCSS's database: a class for each kind of device, besides motors."""

from typing import ClassVar, Literal, Protocol

import attrs

from dcs_codec import (
    Message,
    StohConfigureEncoder,
    StohConfigureIonChamber,
    StohConfigureObject,
    StohConfigureOperation,
    StohConfigureShutter,
    StohConfigureString,
    StohRegisterEncoder,
    StohRegisterIonChamber,
    StohRegisterObject,
    StohRegisterOperation,
    StohRegisterShutter,
    StohRegisterString,
)


class Entry(Protocol):
    """What the server asks of a device's entry."""

    kind: ClassVar[str]
    """What it is, in words for people."""

    @property
    def name(self) -> str:
        """Name in the database."""

    def registration(self) -> Message:
        """The message that gives the device to its DHS, behind the handshake."""

    def configuration(self, hardware_host: str) -> Message:
        """The answer to `htos_send_configuration`."""


@attrs.frozen
class OperationEntry:
    """An operation; the hardware name is the name where the dump gives none."""

    kind: ClassVar[str] = "operation"

    name: str
    hardware_name: str = ""

    def registration(self) -> Message:
        """`stoh_register_operation`."""
        return StohRegisterOperation(
            operation_name=self.name, hardware_name=self.hardware_name or self.name
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_operation`."""
        return StohConfigureOperation(operation_name=self.name, hardware_host=hardware_host)


@attrs.define
class StringEntry:
    """A string and its contents, which change."""

    kind: ClassVar[str] = "string"

    name: str
    contents: str = ""
    hardware_name: str = "standardString"

    def registration(self) -> Message:
        """`stoh_register_string`."""
        return StohRegisterString(string_name=self.name, hardware_name=self.hardware_name)

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_string`."""
        return StohConfigureString(
            string_name=self.name, hardware_host=hardware_host, string_contents=self.contents
        )


@attrs.define
class ShutterEntry:
    """A shutter or filter, and its state as the DHS last reported it."""

    kind: ClassVar[str] = "shutter"

    name: str
    state: Literal["open", "closed"] = "closed"
    hardware_name: str = ""

    def registration(self) -> Message:
        """`stoh_register_shutter`, with the state of the database, not of the hardware."""
        return StohRegisterShutter(
            shutter_name=self.name,
            shutter_state=self.state,
            hardware_name=self.hardware_name or self.name,
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_shutter`."""
        return StohConfigureShutter(
            shutter_name=self.name, hardware_host=hardware_host, shutter_state=self.state
        )


@attrs.define
class IonChamberEntry:
    """An ion chamber, and what it counted last.

    Attributes:
        name: Name in the database.
        hardware_name: Name of the counter; the device's name where empty.
        counter_channel: Number of its channel.
        timer: Name of the timer that gates the counter.
        timer_type: Its kind.
        counts: Counts of the last report, over the time of that report.
    """

    kind: ClassVar[str] = "ion chamber"

    name: str
    hardware_name: str = ""
    counter_channel: int = 0
    timer: str = "timer"
    timer_type: str = "standardIonChamber"
    counts: float = 0.0

    def registration(self) -> Message:
        """`stoh_register_ion_chamber`."""
        return StohRegisterIonChamber(
            ion_chamber_name=self.name,
            hardware_name=self.hardware_name or self.name,
            counter_channel=self.counter_channel,
            timer=self.timer,
            timer_type=self.timer_type,
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_ion_chamber`."""
        return StohConfigureIonChamber(
            ion_chamber_name=self.name,
            hardware_host=hardware_host,
            hardware_name=self.hardware_name or self.name,
            counter_channel=self.counter_channel,
            timer=self.timer,
            timer_type=self.timer_type,
        )


@attrs.define
class EncoderEntry:
    """An encoder and its last position, scaled; a dump holds no position."""

    kind: ClassVar[str] = "encoder"

    name: str
    hardware_name: str = ""
    position: float = 0.0

    def registration(self) -> Message:
        """`stoh_register_encoder`."""
        return StohRegisterEncoder(
            encoder_name=self.name, hardware_name=self.hardware_name or self.name
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_encoder`, the position twice."""
        return StohConfigureEncoder(
            encoder_name=self.name,
            hardware_host=hardware_host,
            position=self.position,
            repeated_position=self.position,
        )


@attrs.frozen
class ObjectEntry:
    """An object; no DHS is known that reads one."""

    kind: ClassVar[str] = "object"

    name: str
    hardware_name: str = ""

    def registration(self) -> Message:
        """`stoh_register_object`."""
        return StohRegisterObject(
            object_name=self.name, hardware_name=self.hardware_name or self.name
        )

    def configuration(self, hardware_host: str) -> Message:
        """`stoh_configure_object`."""
        return StohConfigureObject(object_name=self.name, hardware_host=hardware_host)
