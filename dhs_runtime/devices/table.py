"""`DeviceTable`: the devices of one DHS, by name; which message is about which."""

from collections.abc import Iterable
from typing import Final

from dcs_codec import Message
from dhs_runtime.devices import KINDS
from dhs_runtime.devices.base import Device, Wiring
from dhs_runtime.errors import HandlerError
from dhs_runtime.loggers import get_logger
from dhs_runtime.task import Outlet

MAX_STRANGERS: Final = 1000

logger = get_logger(__name__)


class DeviceTable:
    """Devices of one DHS. Filled before it runs, then only read, except for the strangers.

    A *stranger* is a device that DCSS assigns to this DHS and that nobody declares. Its commands
    must be answered too, or the beamline waits.
    """

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        self._strangers: dict[tuple[type[Device], str], Device] = {}
        self._kinds: dict[type[Message], type[Device] | None] = {
            each: kind for kind in KINDS for each in (*kind.registrations, *kind.commands)
        }
        self._wiring: Wiring | None = None

    def add(self, device: Device) -> None:
        """Enter a device; raises HandlerError if its name is taken."""
        if device.name in self._devices:
            raise HandlerError(f"{self._devices[device.name]!r} is declared already")
        self._devices[device.name] = device

    def find(self, name: str) -> Device | None:
        """The declared device of this name, or None."""
        return self._devices.get(name)

    def all(self) -> tuple[Device, ...]:
        """Every declared device, in the order of declaration."""
        return tuple(self._devices.values())

    def wire(self, wiring: Wiring | None) -> None:
        """Let all devices take part in a run of the DHS; None ends that."""
        self._wiring = wiring
        self._strangers.clear()
        for device in self._devices.values():
            device._wire(wiring)

    def kind_of(self, message_class: type[Message]) -> type[Device] | None:
        """What DCSS's messages of a class are about; None for messages about no device."""
        if message_class not in self._kinds:  # a class of the site, perhaps below one of ours
            bases = message_class.__mro__[1:]
            found = (self._kinds[base] for base in bases if self._kinds.get(base))
            own = any(device._handles(message_class) for device in self._devices.values())
            self._kinds[message_class] = next(found, Device if own else None)
        return self._kinds[message_class]

    def turn_away(self, kind: type[Device], name: str, message: Message, outlet: Outlet) -> None:
        """Answer for a device that is not declared, or is of another kind than DCSS has it."""
        if kind is Device:  # a message of the site's own, which may want no answer
            return
        known = self._devices.get(name)
        what = f"a {known.kind} here" if known is not None else "not declared by this DHS"
        stranger = self._stranger(kind, name)
        if stranger is not None:
            stranger._accept(message, outlet, f"{stranger.kind} {name} is {what}")

    def check_by_hand(self, message: Message) -> None:
        """Refuse what an author may not send by hand about a declared device; raises StateError."""
        for name in _told(message):
            device = self._devices.get(name)
            if device is not None:
                device._check_by_hand(message)

    def tell(self, message: Message) -> None:
        """Let the devices that a message is about remember it; it is encoded and goes out now."""
        for name in _told(message):
            device = self._devices.get(name)
            if device is not None and isinstance(message, device.reports):
                device._told(message)

    def _stranger(self, kind: type[Device], name: str) -> Device | None:
        stranger = self._strangers.get((kind, name))
        if stranger is None and self._wiring is not None:
            try:
                stranger = kind(name)
            except HandlerError as error:  # a name that nothing we send could hold
                logger.warning("no answer is possible: %s", error)
                return None
            stranger._is_stranger = True
            stranger._wire(self._wiring)
            if len(self._strangers) < MAX_STRANGERS:  # one more is answered, and not remembered
                self._strangers[kind, name] = stranger
        return stranger


def _told(message: Message) -> Iterable[str]:
    """Names of the devices that a message to DCSS is about."""
    for kind in KINDS:
        if isinstance(message, kind.reports):
            return kind._named_in(message)
    return ()
