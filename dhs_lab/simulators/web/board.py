"""`Board`: the state that the page shows, and its changes since a reader's last revision."""

import contextlib
import itertools
import threading
from collections import deque
from collections.abc import Mapping
from typing import Final

import attrs

from dcs_codec import decode_text
from dhs_lab.simulators.dcss import Entry, HardwareHost, SimulatedDcss, TrafficLine
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE
from dhs_lab.simulators.web.story import MAX_RUNS, Story
from dhs_lab.simulators.web.views import JsonObject, cut, device_view, line_view, plain
from dhs_runtime.lowlevel import DhsError

KEPT_LINES: Final = 20_000
KEPT_LOG: Final = 200
KEPT_UPDATES: Final = 2000  # of all runs together


@attrs.define
class _Dated:
    """A value, and the revision of the board in which it changed."""

    revision: int
    value: JsonObject


class Board:
    """One thread calls `take`; any number of readers wait in `after`.

    Nothing is queued for a slow reader: it skips intermediate values, and lines that are no longer
    kept.
    """

    def __init__(self, dcss: SimulatedDcss) -> None:
        self._dcss = dcss
        self._owners = {device.name: host.name for host in dcss.hosts for device in host.devices}
        self._story = Story(self._owners)
        self._seen_lines = 0
        self._seen_verdicts = 0
        self._logins: dict[str, tuple[int, int]] = {}  # by host: count, and rank of the last
        self._login = itertools.count(1)
        self._known: dict[str, tuple[object, ...]] = {}  # by device: the values its view shows
        self._changed = threading.Condition()  # guards the rest
        self._revision = 0
        self._is_closed = False
        self._tables: dict[str, dict[str, _Dated]] = {
            "hosts": {},
            "devices": {},
            "runs": {},
            "facts": {},
        }
        self._streams: dict[str, deque[_Dated]] = {
            "wire": deque(maxlen=KEPT_LINES),
            "updates": deque(maxlen=KEPT_UPDATES),
            "log": deque(maxlen=KEPT_LOG),
        }

    def take(self) -> Mapping[str, Entry]:
        """Read the state of DCSS once; returns the devices.

        The lines are read last, so that no effect is shown without the line that caused it.
        """
        online = self._dcss.online()
        devices = self._dcss.devices()
        verdicts = self._new_verdicts()
        wire, log = self._new_lines()
        log += verdicts
        now_s = self._dcss.traffic.now_s
        there = {*online, *self._dcss.online(), SCRIPTING_ENGINE}  # also those that came back
        for host in self._story.busy_hosts() - there:
            self._story.lose(host, now_s)
        tables = {
            "hosts": self._hosts(online),
            "devices": self._devices(devices),
            "runs": self._runs(),
            "facts": self._facts(),
        }
        streams = {"wire": wire, "updates": self._story.new_updates(), "log": log}
        with self._changed:
            self._revision += 1
            for name, fresh in tables.items():
                self._enter(self._tables[name], fresh)
            for name in list(self._tables["runs"])[:-MAX_RUNS]:
                del self._tables["runs"][name]
            for stream, values in streams.items():
                self._streams[stream] += [_Dated(self._revision, value) for value in values]
            self._changed.notify_all()
        return devices

    def after(self, seen: int, timeout_s: float) -> JsonObject | None:
        """The changes after revision `seen`, as soon as there are any; for 0 the whole state.

        None if nothing changed within `timeout_s` seconds, or the board was closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._revision > seen or self._is_closed, timeout_s)
            if self._is_closed or self._revision == seen:
                return None
            found: JsonObject = {"revision": self._revision, "is_all": seen == 0}
            for name, table in self._tables.items():
                found[name] = {key: one.value for key, one in table.items() if one.revision > seen}
            for name, stream in self._streams.items():
                found[name] = _newer(stream, seen)
        found["now_s"] = self._dcss.traffic.now_s
        return found

    @property
    def is_closed(self) -> bool:
        """Whether the board is closed, so that no more changes come."""
        return self._is_closed

    def close(self) -> None:
        """Wake all readers; their `after` returns None."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    # -- one look ----------------------------------------------------------------------------

    def _new_lines(self) -> tuple[list[JsonObject], list[JsonObject]]:
        """The new lines of the wire and of the log; each is also given to the story."""
        count, lines = self._dcss.traffic.after(self._seen_lines)
        first = count - len(lines)
        self._seen_lines = count
        wire: deque[JsonObject] = deque(maxlen=KEPT_LINES)
        log: deque[JsonObject] = deque(maxlen=KEPT_LOG)
        for number, line in enumerate(lines, first + 1):
            self._read(number, line, wire, log)
        return list(wire), list(log)

    def _read(
        self, number: int, line: TrafficLine, wire: deque[JsonObject], log: deque[JsonObject]
    ) -> None:
        message = decode_text(line.text)
        self._story.take(number, line, message)
        if self._story.said is not None:
            log.append(self._story.said)
        wire.append(line_view(number, line, message))

    def _new_verdicts(self) -> list[JsonObject]:
        """The verdicts since the last call, as lines of the log."""
        self._seen_verdicts, verdicts = self._dcss.verdicts_after(self._seen_verdicts)
        return [
            {
                "at_s": each.at_s,
                "host": each.host,
                "level": f"verdict ({each.kind})",
                "text": cut(each.text),
            }
            for each in verdicts[-KEPT_LOG:]
        ]

    def _hosts(self, online: tuple[str, ...]) -> dict[str, JsonObject]:
        logins = self._dcss.logins()
        for name in dict.fromkeys((*online, *logins)):  # `online` is in the order of the logins
            if self._logins.get(name, (0, 0))[0] != logins[name]:
                self._logins[name] = (logins[name], next(self._login))
        return {host.name: self._host(host, online) for host in self._dcss.hosts}

    def _host(self, host: HardwareHost, online: tuple[str, ...]) -> JsonObject:
        logins, last = self._logins.get(host.name, (0, 0))
        return {
            "name": host.name,
            "is_online": host.name in online,
            "is_engine": host.name == SCRIPTING_ENGINE,
            "logins": logins,
            "last_login": last,
            "framing": host.framing.value,
        }

    def _devices(self, devices: Mapping[str, Entry]) -> dict[str, JsonObject]:
        """Views of the devices that changed."""
        fresh = {}
        for name, device in devices.items():
            is_moving = getattr(device, "is_moving", False)  # not part of the comparison
            outcome, target = self._story.outcomes.get(name), self._story.targets.get(name)
            state = (device, is_moving, outcome, target)
            if self._known.get(name) != state:
                self._known[name] = state
                view = device_view(device, self._owners[name])
                fresh[name] = view | {"outcome": outcome, "target": target}
        return fresh

    def _runs(self) -> dict[str, JsonObject]:
        changed = [key for key in self._story.runs if key in self._story.changed]
        self._story.changed.clear()
        return {key: self._story.runs[key].view() for key in changed}

    def _facts(self) -> dict[str, JsonObject]:
        standing = self._dcss.faults.standing()
        faults = [
            {
                "number": each.number,
                "host": each.fault.host,
                "text": str(each.fault),
                "hits": each.hits,
            }
            for each in standing
        ]
        facts: dict[str, JsonObject] = {"faults": {"standing": faults}}
        with contextlib.suppress(DhsError):  # without a GUI port
            sessions = [plain(each) for each in self._dcss.gui_sessions]
            facts["guis"] = {"address": self._dcss.gui_address, "sessions": sessions}
        if self._story.told is not None:
            facts["told"] = self._story.told
        return facts

    def _enter(self, table: dict[str, _Dated], fresh: Mapping[str, JsonObject]) -> None:
        for key, value in fresh.items():
            known = table.get(key)
            if known is None or known.value != value:
                table[key] = _Dated(self._revision, value)


def _newer(stream: deque[_Dated], seen: int) -> list[JsonObject]:
    """The values of a stream after revision `seen`; a stream is ordered by revision."""
    found: deque[JsonObject] = deque()
    for one in reversed(stream):
        if one.revision <= seen:
            break
        found.appendleft(one.value)
    return list(found)
