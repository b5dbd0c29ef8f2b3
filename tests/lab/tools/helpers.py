"""Helpers for tests of the tools: sources from bytes, traffic, captures."""

import io
import ipaddress
import itertools
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import attrs

from dcs_codec import (
    Frame,
    Framing,
    MalformedMessage,
    UnknownMessage,
    encode_frame,
    encode_text,
)
from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.reading import ReadOptions, read
from dhs_lab.tools.sightings import Damage, Found, Sighting

ASK: Final = b"stoc_send_client_type".ljust(200, b"\0")
ANSWER: Final = b"htos_client_is_hardware testDHS".ljust(200, b"\0")


def source(data: bytes, name: str = "x") -> ByteSource:
    return ByteSource(name, io.BytesIO(data))


def found(data: bytes, options: ReadOptions | None = None) -> list[Found]:
    return list(read(source(data), options))


def texts(findings: Iterable[Found]) -> list[str]:
    """Texts of the messages, in order."""
    return [
        each.message.text
        if isinstance(each.message, UnknownMessage | MalformedMessage)
        else encode_text(each.message)
        for each in findings
        if isinstance(each, Sighting)
    ]


def damages(findings: Iterable[Found]) -> list[str]:
    return [str(each) for each in findings if isinstance(each, Damage)]


def v1(*lines: str) -> bytes:
    return b"".join(encode_frame(Frame(line.encode()), Framing.V1) for line in lines)


def v2(*lines: str) -> bytes:
    return b"".join(encode_frame(Frame(line.encode()), Framing.V2) for line in lines)


# -- captures --------------------------------------------------------------------------------

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


@attrs.frozen(kw_only=True)
class Packet:
    """A packet of a capture."""

    time_ns: int
    data: bytes
    cut: int | None = None


def tcp(
    ends: tuple[tuple[str, int], tuple[str, int]],
    sequence: int,
    flags: int,
    payload: bytes = b"",
    *,
    ipv6: bool = False,
    acknowledged: int = 0,
    is_summed: bool = False,
) -> bytes:
    """An IP packet with a TCP segment; `is_summed` adds the checksum."""
    (source_host, source_port), (target_host, target_port) = ends
    numbers = (source_port, target_port, sequence % 2**32, acknowledged % 2**32)
    segment = struct.pack(">HHIIBBHHH", *numbers, 8 << 4, flags, 8192, 0, 0)
    segment += b"\x01" * 12 + payload  # twelve bytes of options: NOP
    if is_summed:
        address = _v6 if ipv6 else _v4
        pseudo = address(source_host) + address(target_host) + struct.pack(">II", len(segment), 6)
        checksum = _checksum(pseudo + segment)
        segment = segment[:16] + struct.pack(">H", checksum) + segment[18:]
    if ipv6:
        head = struct.pack(">IHBB", 6 << 28, len(segment), 6, 64)
        return head + _v6(source_host) + _v6(target_host) + segment
    size = 20 + len(segment)
    head = struct.pack(">BBHHHBBH", 0x45, 0, size, 1, 0x4000, 64, 6, 0)
    return head + _v4(source_host) + _v4(target_host) + segment


def _checksum(data: bytes) -> int:
    """RFC 1071, word by word."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _v4(host: str) -> bytes:
    return bytes(map(int, host.split(".")))


def _v6(host: str) -> bytes:
    return ipaddress.IPv6Address(host).packed


LINKS: Final[dict[str, tuple[int, Callable[[bytes], bytes]]]] = {
    "ethernet": (1, lambda ip: b"\x02" * 12 + _kind(ip) + ip),
    "vlan": (1, lambda ip: b"\x02" * 12 + b"\x81\x00\x00\x05" + _kind(ip) + ip),
    "two VLANs": (1, lambda ip: b"\x02" * 12 + b"\x88\xa8\0\1\x81\0\0\2" + _kind(ip) + ip),
    "checksums of frames": (0x44000001, lambda ip: b"\x02" * 12 + _kind(ip) + ip + b"\xde\xad" * 4),
    "cooked VLAN": (113, lambda ip: b"\0" * 14 + b"\x81\0\0\5" + _kind(ip) + ip),
    "cooked2 VLAN": (276, lambda ip: b"\x81\0" + b"\0" * 18 + b"\0\5" + _kind(ip) + ip),
    "cooked": (113, lambda ip: b"\0\0\x03\x04\0\6" + b"\0" * 8 + _kind(ip) + ip),
    "cooked2": (276, lambda ip: _kind(ip) + b"\0" * 18 + ip),
    "null": (0, lambda ip: (b"\x02" if ip[0] >> 4 == 4 else b"\x1e") + b"\0\0\0" + ip),
    "loop": (108, lambda ip: b"\0\0\0" + (b"\x02" if ip[0] >> 4 == 4 else b"\x18") + ip),
    "raw": (101, lambda ip: ip),
    "PPP": (9, lambda ip: b"\xff\x03\0" + _ppp_kind(ip) + ip),
    "PPP, short": (50, lambda ip: _ppp_kind(ip) + ip),
    "PPP on Ethernet": (51, lambda ip: b"\x11\0\0\5\0\0\0" + _ppp_kind(ip) + ip),
    "PPPoE": (
        1,
        lambda ip: b"\x02" * 12 + b"\x81\0\0\7\x88\x64\x11\0\0\5\0\0\0" + _ppp_kind(ip) + ip,
    ),
    "Cisco HDLC": (104, lambda ip: b"\x0f\0" + _kind(ip) + ip),
}


def _kind(ip: bytes) -> bytes:
    return b"\x08\x00" if ip[0] >> 4 == 4 else b"\x86\xdd"


def _ppp_kind(ip: bytes) -> bytes:
    return b"\x21" if ip[0] >> 4 == 4 else b"\x57"


def pcap(packets: Iterable[Packet], link: str = "ethernet", form: str = "<us") -> bytes:
    """A classic capture; `form` is the byte order and `us` or `ns`."""
    number, wrap = LINKS[link]
    order, unit = form[0], form[1:]
    magic = 0xA1B2C3D4 if unit == "us" else 0xA1B23C4D
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, number)]
    for packet in packets:
        data = wrap(packet.data)
        kept = data[: packet.cut]
        seconds, rest = divmod(packet.time_ns, 10**9)
        fraction = rest if unit == "ns" else rest // 1000
        out.append(struct.pack(order + "IIII", seconds, fraction, len(kept), len(data)) + kept)
    return b"".join(out)


def pcapng(packets: Iterable[Packet], link: str = "ethernet", form: str = "<ng") -> bytes:
    """A pcapng capture: nanoseconds, with unknown blocks in between."""
    number, wrap = LINKS[link]
    order = form[0]
    out = [_block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    number &= 0xFFFF
    options = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    interface = struct.pack(order + "HHI", number, 0, 0) + options
    out.append(_block(order, 1, interface))
    for packet in packets:
        data = wrap(packet.data)
        kept = data[: packet.cut]
        high, low = divmod(packet.time_ns, 2**32)
        head = struct.pack(order + "IIIII", 0, high, low, len(kept), len(data))
        out.append(_block(order, 6, head + kept))
        out.append(_block(order, 0x0BAD, b"who knows"))
    return b"".join(out)


def pcapng_simple(packets: Iterable[Packet], link: str = "raw", order: str = "<") -> bytes:
    """Simple packet blocks, which have no time."""
    number, wrap = LINKS[link]
    out = [_block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    out.append(_block(order, 1, struct.pack(order + "HHI", number, 0, 0)))
    for packet in packets:
        data = wrap(packet.data)
        out.append(_block(order, 3, struct.pack(order + "I", len(data)) + data))
    return b"".join(out)


def pcapng_obsolete(packets: Iterable[Packet], link: str = "raw", order: str = "<") -> bytes:
    """The old packet blocks, before enhanced ones."""
    number, wrap = LINKS[link]
    out = [_block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    out.append(_block(order, 1, struct.pack(order + "HHI", number, 0, 0)))
    for packet in packets:
        data = wrap(packet.data)
        high, low = divmod(packet.time_ns // 1000, 2**32)
        head = struct.pack(order + "HHIIII", 0, 0xFFFF, high, low, len(data), len(data))
        out.append(_block(order, 2, head + data))
    return b"".join(out)


def _block(order: str, kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = 12 + len(body)
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


@attrs.define
class Conversation:
    """A TCP connection that makes packets."""

    client: tuple[str, int] = ("10.0.0.1", 40000)
    server: tuple[str, int] = ("10.0.0.2", 14242)
    start: int = 2**32 - 300  # numbers wrap around on the way
    ipv6: bool = False
    is_summed: bool = False
    acknowledges: bool = False

    sent: dict[tuple[str, int], int] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.sent = {self.client: self.start + 1, self.server: self.start + 1}

    def _packet(
        self, sender: tuple[str, int], sequence: int, flags: int, data: bytes = b""
    ) -> bytes:
        receiver = self.server if sender == self.client else self.client
        return tcp(
            (sender, receiver),
            sequence,
            flags,
            data,
            ipv6=self.ipv6,
            acknowledged=self.sent[receiver] if self.acknowledges else 0,
            is_summed=self.is_summed,
        )

    def opening(self) -> list[bytes]:
        return [
            self._packet(self.client, self.start, SYN),
            self._packet(self.server, self.start, SYN | ACK),
            self._packet(self.client, self.start + 1, ACK),
        ]

    def segment(self, sender: tuple[str, int], data: bytes) -> bytes:
        sequence = self.sent[sender]
        self.sent[sender] += len(data)
        return self._packet(sender, sequence, ACK, data)

    def closing(self) -> list[bytes]:
        return [self._packet(end, self.sent[end], FIN | ACK) for end in (self.client, self.server)]


def stamped(packets: Iterable[bytes], begin_ns: int = 1_700_000_000 * 10**9) -> Iterator[Packet]:
    """Packets a millisecond apart."""
    for number, data in zip(itertools.count(), packets, strict=False):
        yield Packet(time_ns=begin_ns + number * 1_000_000, data=data)
