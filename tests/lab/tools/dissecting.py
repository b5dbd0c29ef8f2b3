"""Captures written by hand, and tshark's output for them."""

import random
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import attrs
import pytest
from click.testing import CliRunner

from dhs_runtime.cli import group

DCSS_PORT: Final = 14242
DHS_PORT: Final = 40000
DEADLINE_S: Final = 150
_LARGEST_SEGMENT: Final = 1400

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed (Debian package tshark)"
)


@attrs.frozen
class Item:
    """A field as tshark shows it.

    Attributes:
        name: Its name in display filters.
        shown: Its value.
        raw: Its bytes.
    """

    name: str
    shown: str
    raw: bytes


@attrs.frozen
class Dissected:
    """One message as tshark shows it."""

    packet: int
    source_port: int
    target_port: int
    items: tuple[Item, ...]

    def get(self, name: str) -> list[Item]:
        """The items of this name."""
        return [item for item in self.items if item.name == name]

    def shown(self, name: str) -> str | None:
        """The value of the one item with this name, None if there is none."""
        found = self.get(name)
        assert len(found) <= 1, found
        return found[0].shown if found else None


class Capture:
    """A TCP connection between a DCSS and a DHS, as packets of Ethernet."""

    def __init__(self, dcss_port: int = DCSS_PORT, dhs_port: int = DHS_PORT) -> None:
        self._ports = dcss_port, dhs_port
        self._packets: list[bytes] = []
        self._sent = [1000, 2000]  # sequence numbers of DCSS and DHS
        self._add(1, b"", flags=0x02)
        self._add(0, b"", flags=0x12)
        self._add(1, b"", flags=0x10)

    def send(self, from_dcss: bool, data: bytes) -> None:
        """One segment."""
        self._add(0 if from_dcss else 1, data, flags=0x18)

    def send_cut(self, from_dcss: bool, data: bytes, chance: random.Random) -> None:
        """The same bytes in segments of any size."""
        at = 0
        while at < len(data):
            size = chance.choice([1, chance.randint(1, 60), chance.randint(1, _LARGEST_SEGMENT)])
            self.send(from_dcss, data[at : at + size])
            at += size

    def write(self, path: Path, *others: "Capture") -> Path:
        """The capture as a file in pcap's format, and then those of other connections."""
        packets = [packet for one in (self, *others) for packet in one._packets]
        with path.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for number, packet in enumerate(packets):
                head = struct.pack("<IIII", number // 1000, number % 1000, *[len(packet)] * 2)
                file.write(head + packet)
        return path

    def _add(self, side: int, data: bytes, flags: int) -> None:
        source, target = self._ports[side], self._ports[1 - side]
        sequence, acknowledged = self._sent[side], self._sent[1 - side]
        tcp = struct.pack(
            ">HHIIBBHHH", source, target, sequence, acknowledged, 5 << 4, flags, 65535, 0, 0
        )
        size = 20 + len(tcp) + len(data)
        addresses = bytes([10, 0, 0, 1 + side, 10, 0, 0, 2 - side])
        ip = struct.pack(">BBHHHBBH", 0x45, 0, size, len(self._packets), 0, 64, 6, 0) + addresses
        self._packets.append(bytes(12) + b"\x08\x00" + ip + tcp + data)
        self._sent[side] += len(data) + (1 if flags & 0x02 else 0)


def printed_script(folder: Path) -> Path:
    """The dissector as `dhs dissector` prints it, in a file."""
    done = CliRunner().invoke(group, ["dissector"])
    assert done.exit_code == 0, done.output
    path = folder / "dcs.lua"
    path.write_text(done.output, encoding="utf-8")
    return path


def tshark(script: Path, *args: str) -> str:
    """The output of tshark with this dissector; fails if the script fails."""
    done = subprocess.run(
        ["tshark", "-X", f"lua_script:{script}", "-n", *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 0, said
    assert "Lua" not in said, said
    return done.stdout.decode()


def dissect(script: Path, capture: Path, options: Sequence[str] = ()) -> list[Dissected]:
    """The messages that tshark finds in a capture, in order."""
    only = ("-J", "tcp dcs")  # what is said of other layers would be most of it
    text = tshark(script, "-r", str(capture), "-T", "pdml", *only, *options)
    assert "Lua Error" not in text, text[text.index("Lua Error") :][:300]
    found = []
    for number, packet in enumerate(ET.fromstring(text).iter("packet"), 1):
        ports = _port(packet, "tcp.srcport"), _port(packet, "tcp.dstport")
        found += [
            Dissected(number, *ports, tuple(_items(proto.iter("field"))))
            for proto in packet.iterfind("proto[@name='dcs']")
        ]
    return found


def _port(packet: ET.Element, name: str) -> int:
    field = packet.find(f"proto[@name='tcp']/field[@name='{name}']")
    return 0 if field is None else int(field.get("show", ""))


def _items(fields: Iterable[ET.Element]) -> Iterable[Item]:
    for field in fields:
        name = field.get("name", "")
        if name.startswith(("dcs.", "_ws.expert.message")):
            # tshark escapes bytes that XML cannot contain; the raw value is exact.
            yield Item(name, field.get("show", ""), bytes.fromhex(field.get("value", "") or ""))
