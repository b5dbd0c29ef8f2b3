"""`Board`: what the page shows now, and what of it changed since a reader last looked."""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Final

import attrs

from dcs_codec import Message, decode_text
from dhs_lab.simulators.dcss import Entry, HardwareHost, SimulatedDcss
from dhs_lab.simulators.web.story import Story
from dhs_lab.simulators.web.views import JsonObject, cut, device_view, line_view

KEPT_LINES: Final = 2000
KEPT_LOG: Final = 200


@attrs.define
class _Dated:
    """A value, and the revision of the board that brought it."""

    revision: int
    value: JsonObject


class Board:
    """One thread calls `take`, any number wait in `after`.

    A reader that is slow misses nothing but what changed twice, and lines that are no longer kept:
    nothing piles up for it.
    """

    def __init__(self, dcss: SimulatedDcss) -> None:
        self._dcss = dcss
        self._owners = {device.name: host.name for host in dcss.hosts for device in host.devices}
        self._story = Story(self._owners)
        self._seen_lines = 0
        self._seen_verdicts = 0
        self._changed = threading.Condition()  # guards the rest
        self._revision = 0
        self._is_closed = False
        self._tables: dict[str, dict[str, _Dated]] = {
            "hosts": {},
            "devices": {},
            "operations": {},
            "camera": {},
        }
        self._streams: dict[str, deque[_Dated]] = {
            "wire": deque(maxlen=KEPT_LINES),
            "log": deque(maxlen=KEPT_LOG),
        }

    def take(self) -> Mapping[str, Entry]:
        """Look at DCSS once; the devices as they were."""
        online = self._dcss.online()
        wire, log = self._new_lines()
        log += self._new_verdicts()
        now_s = self._dcss.traffic.now_s
        for host in self._dcss.hosts:
            if host.name not in online:
                self._story.lose(host.name, now_s)
        devices = self._dcss.devices()  # behind the lines: what they tell has happened there
        tables = {
            "hosts": self._hosts(online),
            "devices": {name: self._device(device) for name, device in devices.items()},
            "operations": {key: story.view() for key, story in self._story.operations.items()},
            "camera": self._camera(),
        }
        with self._changed:
            self._revision += 1
            for name, fresh in tables.items():
                self._enter(self._tables[name], fresh)
            for stream, values in (("wire", wire), ("log", log)):
                self._streams[stream] += [_Dated(self._revision, value) for value in values]
            self._changed.notify_all()
        return devices

    def after(self, seen: int, timeout_s: float) -> JsonObject | None:
        """What is newer than the revision `seen`, once there is something; all of it after 0.

        None where nothing came within `timeout_s` seconds, or the board was closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._revision > seen or self._is_closed, timeout_s)
            if self._is_closed or self._revision == seen:
                return None
            found: JsonObject = {"revision": self._revision, "is_all": seen == 0}
            for name, table in self._tables.items():
                found[name] = {key: one.value for key, one in table.items() if one.revision > seen}
            for name, stream in self._streams.items():
                found[name] = [one.value for one in stream if one.revision > seen]
        found["now_s"] = self._dcss.traffic.now_s
        return found

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come."""
        return self._is_closed

    def close(self) -> None:
        """Let all readers go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    # -- one look ----------------------------------------------------------------------------

    def _new_lines(self) -> tuple[list[JsonObject], list[JsonObject]]:
        """What is new on the wire and in the log; the story goes on by it."""
        count, lines = self._dcss.traffic.after(self._seen_lines)
        first = count - len(lines)
        self._seen_lines = count
        wire: deque[JsonObject] = deque(maxlen=KEPT_LINES)
        log: deque[JsonObject] = deque(maxlen=KEPT_LOG)
        for number, line in enumerate(lines, first + 1):
            message: Message = decode_text(line.text)
            self._story.take(line, message)
            if self._story.said is not None:
                log.append(self._story.said)
            if number > count - KEPT_LINES:
                wire.append(line_view(number, line, message))
        return list(wire), list(log)

    def _new_verdicts(self) -> list[JsonObject]:
        """What DHSs did wrong since the last look, as lines of the log."""
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
        return {host.name: _host_view(host, online, logins) for host in self._dcss.hosts}

    def _device(self, device: Entry) -> JsonObject:
        view = device_view(device, self._owners[device.name])
        view["outcome"] = self._story.outcomes.get(device.name, "")
        view["target"] = self._story.targets.get(device.name)
        return view

    def _camera(self) -> dict[str, JsonObject]:
        if self._story.told is None:
            return {}
        at_s, words = self._story.told
        return {"told": {"at_s": at_s, "words": words}}

    def _enter(self, table: dict[str, _Dated], fresh: Mapping[str, JsonObject]) -> None:
        for key in table.keys() - fresh.keys():
            del table[key]
        for key, value in fresh.items():
            known = table.get(key)
            if known is None or known.value != value:
                table[key] = _Dated(self._revision, value)


def _host_view(host: HardwareHost, online: tuple[str, ...], logins: dict[str, int]) -> JsonObject:
    return {
        "name": host.name,
        "is_online": host.name in online,
        "logins": logins[host.name],
        "framing": host.framing.value,
    }
