"""`load_database`: the hosts of a simulated DCSS from a file, a dump of dcss or YAML.

In the YAML everything except names has a default. `SAMPLE` shows all keys.
Needs the extra `runtime`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from dcs_codec import Framing
from dhs_lab.simulators.dcss.database import (
    KINDS,
    NAME_RULE,
    Database,
    HardwareHost,
    LoadedDatabase,
    is_name,
)
from dhs_lab.simulators.dcss.dump import load_dump
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_runtime.lowlevel import ConfigError, ConfigFileError, Mistake, load_yaml, shown, structure

YAML_SUFFIXES: Final = (".yaml", ".yml")

SAMPLE: Final = """\
# A database for `dhs simulate dcss --database FILE`. Names are those that DHSs know. Everything
# else may be left out; a comment says which values are the defaults.

hosts:
  stageDHS:                      # as the DHS names itself in the handshake
    framing: v2                  # default; v1 has frames of 200 bytes
    motors:
      sample_z:                  # all defaults
      gonio_phi:
        hardware_name: phi       # default: the name
        position: 0.0            # default; scaled, as all positions and limits
        upper_limit: 3600.0      # default: 1000
        lower_limit: -3600.0     # default: -1000
        upper_limit_on: true     # default, and lower_limit_on
        motor_lock_on: false     # default
        scale_factor: 1000.0     # default; steps per unit
        speed: 1000              # default; steps per second
        acceleration: 100        # default; ms to full speed
        backlash: 0              # default; steps, with backlash_on: false
        reverse_on: false        # default
        staff_permits: 1 1 1 1 1 # default; who may without being master, remote, local, in the
        user_permits: 1 1 1 1 1  # hutch, with the hutch closed; staff, and all others
        circle_mode: up_to_360   # default: none; or around_zero, up_to_360_for_guis, ...
        units: deg               # default: mm
    pseudo_motors:
      energy:
        position: 12000.0
        upper_limit: 20000.0
        lower_limit: 5000.0
        units: eV
        dependencies: [gonio_phi]
        children: [gonio_phi]
    shutters:
      shutter: closed            # default; or a mapping with state and hardware_name
    ion_chambers:
      i0: {counter_channel: 1, timer: rtc1}
    encoders: [phi_encoder]      # devices with only a name may be a list
    strings:
      stage_status: idle         # its contents; or a mapping with contents and hardware_name
    operations: [homeStage]
  echoDHS:
    operations: [echo]
"""


@attrs.frozen(kw_only=True)
class HostEntry:
    """A hardware host as in the file: devices by kind, then by name."""

    framing: Framing = Framing.V2

    def devices(self) -> tuple[Entry, ...]:
        """The devices, kind by kind in the order of `HardwareHost.of`."""
        listed: list[Mapping[str, Entry]] = [getattr(self, kind.listed) for kind in KINDS]
        return tuple(device for each in listed for device in each.values())


_KINDS: Final = {kind.listed: kind for kind in KINDS}
_OF_KINDS: Final[dict[str, Any]] = {
    listed: attrs.field(factory=dict, type=dict[str, kind])  # type: ignore[valid-type]  # made here
    for listed, kind in _KINDS.items()
}
_HOST: Final = attrs.make_class(
    "HostEntry", _OF_KINDS, bases=(HostEntry,), frozen=True, kw_only=True, slots=True
)
_FILE: Final = attrs.make_class(
    "DatabaseFile",
    {"hosts": attrs.field(type=dict[str, _HOST])},  # type: ignore[valid-type]  # made here
    frozen=True,
    kw_only=True,
)


def load_database(path: str | Path) -> LoadedDatabase:
    """The hosts in a file: YAML if its name ends with .yaml or .yml, else a dump.

    Raises:
        ConfigError: The file cannot be read, has no host, or the YAML is wrong: one line for each
            mistake, with file and path (`ConfigFileError`).
    """
    path = Path(path)
    if path.suffix in YAML_SUFFIXES:
        values = load_yaml(path)
        try:
            return LoadedDatabase(read_database(values, str(path)))
        except ConfigFileError as error:
            found = [values.located(mistake) for mistake in error.mistakes]
            raise ConfigFileError(str(path), found) from None
    try:
        dump = load_dump(path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    if not dump.hosts:
        raise ConfigError(f"{path}: no hardware host in it; is it a dump of dcss?")
    problems = tuple(f"{path}: {problem}" for problem in dump.problems)
    notes = tuple(f"{path}: {note}" for note in dump.notes)
    return LoadedDatabase(dump.hosts, problems, notes, dump.generation, dump.records, dump.runs)


def read_database(values: Mapping[str, object], source: str) -> tuple[HardwareHost, ...]:
    """The hosts in the values of a YAML file; raises like `load_database`.

    Args:
        values: Names and values.
        source: The file, for messages.
    """
    reader = _Reader()
    mistakes: list[Mistake] = []
    entries: dict[str, HostEntry] = {}
    try:
        entries = structure(reader.written_out(values), _FILE, source).hosts
    except ConfigFileError as error:
        mistakes += error.mistakes
    else:
        mistakes += _mistakes(entries)
    if reader.mistakes or mistakes:
        raise ConfigFileError(source, (*reader.mistakes, *mistakes))
    hosts = tuple(
        HardwareHost(name, entry.devices(), entry.framing) for name, entry in entries.items()
    )
    try:
        Database(hosts)
    except ConfigError as error:  # two devices with the same name
        raise ConfigFileError(source, (Mistake("hosts", str(error)),)) from None
    return hosts


class _Reader:
    """Expands the short forms of the file, and finds mistakes that cattrs does not explain well.

    Wrong values are left out of the result, so that the rest can be checked, too.
    """

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def written_out(self, values: Mapping[str, object]) -> dict[str, object]:
        """The whole file."""
        hosts = self._mapping("hosts", values.get("hosts", {}))
        return {**values, "hosts": {name: self._host(name, hosts[name]) for name in hosts}}

    def _host(self, name: object, value: object) -> dict[Any, object]:
        at = f"hosts.{name}"
        self._check_name(at, name)
        host = dict(self._mapping(at, value))
        if host.get("framing") == Framing.AUTO.value:
            self._wrong(f"{at}.framing", "v1 or v2 wanted; a database has no auto")
        for listed in _KINDS.keys() & host.keys():
            host[listed] = self._kind(f"{at}.{listed}", _KINDS[listed], host[listed])
        return host

    def _kind(self, at: str, kind: type[Entry], value: object) -> dict[Any, object]:
        if isinstance(value, list):
            value = {str(name): None for name in value}
        devices = self._mapping(at, value)
        return {name: self._device(f"{at}.{name}", kind, name, devices[name]) for name in devices}

    def _device(self, at: str, kind: type[Entry], name: object, value: object) -> dict[Any, object]:
        self._check_name(at, name)
        if isinstance(value, str) and kind.short_for:
            value = {kind.short_for: value}
        what = "a text or a mapping" if kind.short_for else "a mapping"
        device = dict(self._mapping(at, value, what))
        if "name" in device:
            self._wrong(at, "unknown key name: the name is the key before the colon")
        device["name"] = str(name)
        for key in kind.key_words.keys() & device.keys():
            word, known = device.pop(key), kind.key_words[key]
            if isinstance(word, str) and word in known:
                device[key] = known[word]
            else:
                self._wrong(f"{at}.{key}", f"one of {', '.join(known)} wanted, got {shown(word)}")
        return device

    def _mapping(self, at: str, value: object, what: str = "a mapping") -> Mapping[Any, object]:
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        self._wrong(at, f"{what} wanted, got {shown(value)}")
        return {}

    def _check_name(self, at: str, name: object) -> None:
        if not is_name(name):
            self._wrong(at, NAME_RULE)

    def _wrong(self, at: str, reason: str) -> None:
        self.mistakes.append(Mistake(at, reason))


def _mistakes(hosts: Mapping[str, HostEntry]) -> Iterator[Mistake]:
    """Mistakes that no single value shows."""
    if not hosts:
        yield Mistake("hosts", "there is no host")
    motors = {
        entry.name
        for host in hosts.values()
        for entry in host.devices()
        if isinstance(entry, MotorEntry)
    }
    for host_name, host in hosts.items():
        for motor in host.devices():
            needed = {*getattr(motor, "dependencies", ()), *getattr(motor, "children", ())}
            for name in sorted(needed - motors):
                at = f"hosts.{host_name}: {motor.name}"
                yield Mistake(at, f"needs the motor {name}, which is in no host")
