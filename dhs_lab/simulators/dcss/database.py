"""The database of a simulated DCSS: hardware hosts and the devices they own."""

import difflib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

import attrs

from dcs_codec import Framing, Message
from dcs_codec.limits import MAX_NAME
from dhs_lab.simulators.dcss.entries import (
    EncoderEntry,
    IonChamberEntry,
    ObjectEntry,
    OperationEntry,
    ShutterEntry,
    StringEntry,
)
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.motors import PseudoMotorEntry, RealMotorEntry
from dhs_runtime.lowlevel import ConfigError, DhsError

__all__ = [
    "EncoderEntry",
    "Entry",
    "HardwareHost",
    "IonChamberEntry",
    "ObjectEntry",
    "OperationEntry",
    "PseudoMotorEntry",
    "RealMotorEntry",
    "ShutterEntry",
    "StringEntry",
]

SCRIPTING_ENGINE: Final = "self"
"""Hardware host of the scripts: always connected to a dcss, so no DHS may use its name."""

KINDS: Final[tuple[type[Entry], ...]] = (
    RealMotorEntry,
    PseudoMotorEntry,
    ShutterEntry,
    IonChamberEntry,
    EncoderEntry,
    OperationEntry,
    StringEntry,
    ObjectEntry,
)
"""Every kind of device, in the order of hosts made by hand."""

NAME_RULE: Final = f"a name is one word of at most {MAX_NAME} bytes"

D = TypeVar("D", bound=Entry)
R = TypeVar("R")


def by_report(react: Callable[[type[Entry]], R]) -> dict[type[Message], R]:
    """By class of report: what `react` returns for the kind of device that it is about."""
    return {report: react(kind) for kind in KINDS for report in kind.answers.values()}


def is_name(name: object) -> bool:
    """Whether a host or device may have this name, see `NAME_RULE`."""
    text = name if isinstance(name, str) else ""
    return len(text.split()) == 1 and len(text.encode(errors="surrogateescape")) <= MAX_NAME


@attrs.frozen
class HardwareHost:
    """A hardware host of the database: a DHS with that name gets these devices.

    Attributes:
        name: Name that the DHS sends in the handshake.
        devices: Its devices in database order.
        framing: v1 or v2; there is no negotiation.
    """

    name: str
    devices: tuple[Entry, ...] = ()
    framing: Framing = Framing.V2

    @classmethod
    def of(
        cls,
        name: str,
        *,
        operations: Iterable[str] = (),
        strings: Mapping[str, str] = {},
        motors: Iterable[str | RealMotorEntry] = (),
        pseudo_motors: Iterable[str | PseudoMotorEntry] = (),
        shutters: Iterable[str | ShutterEntry] = (),
        ion_chambers: Iterable[str | IonChamberEntry] = (),
        encoders: Iterable[str | EncoderEntry] = (),
        objects: Iterable[str] = (),
        framing: Framing = Framing.V2,
    ) -> "HardwareHost":
        """A host with these devices; a name alone is a device with the defaults of its kind.

        Args:
            name: Name of the host.
            operations: Operations.
            strings: Strings, name to contents.
            motors: Real motors.
            pseudo_motors: Pseudo motors.
            shutters: Shutters and filters, closed by default.
            ion_chambers: Ion chambers.
            encoders: Encoders.
            objects: Objects.
            framing: v1 or v2.
        """
        given = locals()
        devices = [entry for kind in KINDS for entry in _made(given[kind.listed], kind)]
        return cls(name, tuple(devices), framing)


def _made(given: Iterable[str | Entry] | Mapping[str, str], kind: type[Entry]) -> list[Entry]:
    make: Callable[..., Entry] = kind
    if isinstance(given, Mapping):
        return [make(*item) for item in given.items()]
    return [make(entry) if isinstance(entry, str) else entry for entry in given]


@attrs.frozen
class LoadedDatabase:
    """The content of a database file.

    Attributes:
        hosts: Its hardware hosts.
        problems: One line for each section of a dump that was left out because it cannot be read.
        notes: Values of a dump that were changed when read, one line each.
        generation: For a dump, 1 or 2; see `Dump`.
        records: For a dump, names in its order; see `Dump`.
        runs: For a dump, its runs; see `Dump`.
    """

    hosts: tuple[HardwareHost, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    generation: int = 1
    records: tuple[str, ...] = ()
    runs: Mapping[str, str] = attrs.field(factory=dict)


class Database:
    """Devices by name, with their owners.

    Attributes:
        hosts: The hardware hosts by name, in database order.
        lock: Guards the changing values of devices; never held while sending.
        permits: By device the permits of staff and of users; guarded by the lock, too.
        runs: By name the text about a run for GUIs.
    """

    def __init__(
        self,
        hosts: Iterable[HardwareHost],
        *,
        records: Iterable[str] = (),
        runs: Mapping[str, str] = {},
    ) -> None:
        """A database of these hosts.

        Args:
            hosts: Hosts with their devices.
            records: Names of everything that GUIs are told about, in order; by default the
                scripting engine, each other host, the devices host by host, and the runs.
            runs: As the attribute.

        Raises:
            ConfigError: Two hosts or devices have the same name.
        """
        self.hosts: dict[str, HardwareHost] = {}
        self.lock = threading.Lock()
        self.permits: dict[str, tuple[str, str]] = {}
        self.runs = dict(runs)
        self._devices: dict[str, tuple[str, Entry]] = {}
        for host in hosts:
            if host.name in self.hosts:
                raise ConfigError(f"two hardware hosts are named {host.name!r}")
            self.hosts[host.name] = host
            for device in host.devices:
                if device.name in self._devices:
                    raise ConfigError(f"two devices of the database are named {device.name!r}")
                self._devices[device.name] = (host.name, device)
                self.permits[device.name] = (device.staff_permits, device.user_permits)
        self._records = tuple(records)

    def add(self, host: str, device: Entry) -> None:
        """Add a device to a host; makes the host if there is none.

        Raises:
            ConfigError: There is a device with this name.
        """
        with self.lock:
            if device.name in self._devices:
                raise ConfigError(f"two devices of the database are named {device.name!r}")
            known = self.hosts.get(host, HardwareHost(host))
            self.hosts[host] = attrs.evolve(known, devices=(*known.devices, device))
            self.permits[device.name] = (device.staff_permits, device.user_permits)
            self._devices[device.name] = (host, device)

    def records(self) -> tuple[str, ...]:
        """Names of all hosts, devices and runs, in the order in which GUIs get them."""
        with self.lock:
            hosts = tuple(self.hosts)
            known = (SCRIPTING_ENGINE, *hosts, *self._devices, *self.runs)
        return tuple(dict.fromkeys((*self._records, *known)))

    def find(self, name: str) -> tuple[str, Entry] | None:
        """Hardware host and device of this name, None if there is none."""
        return self._devices.get(name)

    def owner(self, name: str) -> str:
        """Hardware host of the device of this name, "" if there is none."""
        found = self.find(name)
        return "" if found is None else found[0]

    def get(self, name: str, kind: type[D]) -> tuple[str, D]:
        """Hardware host and device of this name and kind.

        Raises:
            DhsError: There is none.
        """
        found = self.find(name)
        if found is None or not isinstance(found[1], kind):
            raise DhsError(f"the database has no {kind.kind} {name!r}{self._hint(name, kind)}")
        return found[0], found[1]

    def missing(self, names: Iterable[str]) -> str:
        """A line about the first of these names that no device has; "" if all are devices."""
        for name in names:
            if self.find(name) is None:
                return f"the database has no device {name!r}{self._hint(name, Entry)}"
        return ""

    def _hint(self, name: str, kind: type[Entry]) -> str:
        """A hint: similar names, or the kind of the device with this name."""
        found = self.find(name)
        if found is not None:
            return f"; {name} is of kind {found[1].kind}"
        known = [other for other, (_, device) in self._devices.items() if isinstance(device, kind)]
        folded = {other.lower(): other for other in known}
        close = difflib.get_close_matches(name.lower(), folded, n=1)
        return f"; did you mean {folded[close[0]]}?" if close else ""
