"""`DeviceTable`: the devices of one DHS, by name; which message is about which."""

import attrs

from dcs_codec import Message, StohReadIonChambers
from dhs_runtime.devices.base import Device, Wiring
from dhs_runtime.errors import HandlerError
from dhs_runtime.task import Send

_NAME_FIELDS = frozenset(
    {
        "motor_name",
        "motor_name_1",
        "shutter_name",
        "string_name",
        "ion_chamber_name",
        "encoder_name",
    }
)
"""Fields that name the device a message is about; operations have a table of their own."""


class DeviceTable:
    """Devices of one DHS. Filled before it runs, only read afterwards."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}

    def add(self, device: Device) -> None:
        """Enter a device; raises HandlerError where there is one of its name."""
        if device.name in self._devices:
            raise HandlerError(f"{self._devices[device.name]!r} is declared already")
        self._devices[device.name] = device

    def find(self, name: str) -> Device | None:
        """The device of this name, or None."""
        return self._devices.get(name)

    def all(self) -> tuple[Device, ...]:
        """Every device, in the order of declaration."""
        return tuple(self._devices.values())

    def wire(self, wiring: Wiring) -> None:
        """Let all devices take part in a run of the DHS."""
        for device in self._devices.values():
            device.wire(wiring)

    def accept(self, message: Message, send: Send) -> bool:
        """Give a message to the device it is about; whether there is one. Returns at once."""
        name = device_name(message)
        device = None if name is None else self._devices.get(name)
        if device is None:
            return False
        device.accept(message, send)
        return True


def device_name(message: Message) -> str | None:
    """Name of the device that a message is about, None where it is about none."""
    if isinstance(message, StohReadIonChambers):
        return message.ion_chamber_names[0]  # as dcss picks the owner by the first
    field = _name_field(type(message))
    return None if field is None else str(getattr(message, field))


def _name_field(message_class: type[Message]) -> str | None:
    if message_class not in _found:
        names = [field.name for field in attrs.fields(message_class)]
        _found[message_class] = next((name for name in names if name in _NAME_FIELDS), None)
    return _found[message_class]


_found: dict[type[Message], str | None] = {}
