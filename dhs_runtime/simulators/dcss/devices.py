"""The database of a simulated DCSS: hardware hosts and the devices they own."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import attrs

from dcs_codec import (
    Framing,
    Message,
    StohConfigureOperation,
    StohConfigureString,
    StohRegisterOperation,
    StohRegisterString,
)


class Device(Protocol):
    """What the server asks of a device."""

    @property
    def name(self) -> str:
        """Name in the database."""

    def registration(self) -> Message:
        """The message that gives the device to its DHS, behind the handshake."""

    def configuration(self, hardware_host: str) -> Message:
        """The answer to `htos_send_configuration`."""


@attrs.frozen
class OperationDevice:
    """An operation; the hardware name is the name where the dump gives none."""

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
class StringDevice:
    """A string and its contents, which change."""

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


@attrs.frozen
class HardwareHost:
    """A hardware host of the database: what a DHS of that name is given.

    Attributes:
        name: Name a DHS gives in the handshake.
        devices: Its devices in database order.
        framing: v1 or v2; there is no negotiation.
    """

    name: str
    devices: tuple[Device, ...] = ()
    framing: Framing = Framing.V2

    @classmethod
    def of(
        cls,
        name: str,
        *,
        operations: Iterable[str] = (),
        strings: Mapping[str, str] | None = None,
        framing: Framing = Framing.V2,
    ) -> "HardwareHost":
        """A host with these operations and strings (name to contents)."""
        devices: list[Device] = [OperationDevice(operation) for operation in operations]
        devices += [StringDevice(*item) for item in (strings or {}).items()]
        return cls(name, tuple(devices), framing)
