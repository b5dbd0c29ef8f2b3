"""From a packet to its TCP segment: Ethernet, Linux cooked, loopback, raw; IPv4 and IPv6.

Source: tcpdump.org/linktypes.html; RFC 791, 8200, 9293.
"""

import ipaddress
import struct
from collections.abc import Callable
from typing import Final

import attrs

_TCP: Final = 6
_IPV4: Final = 0x0800
_IPV6: Final = 0x86DD
_VLANS: Final = {0x8100, 0x88A8, 0x9100}
_EXTENSIONS: Final = {0, 43, 60}  # hop-by-hop, routing, destination: all of one form
_FRAGMENT: Final = 44

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10


class CannotRead(ValueError):  # noqa: N818 - says what
    """A packet that should be a TCP segment and cannot be read; the text says why."""


@attrs.frozen
class End:
    """One end of a connection."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@attrs.frozen(kw_only=True)
class Segment:
    """One TCP segment.

    Attributes:
        missing: Bytes of its payload that the capture cut off.
    """

    source: End
    target: End
    sequence: int
    flags: int
    payload: bytes
    missing: int = 0


def segment_of(link_type: int, data: bytes) -> Segment | None:
    """The TCP segment in a packet, or None where it is something else.

    Raises:
        CannotRead: The link type is not known, the packet is cut off in its headers, or it is a
            fragment.
    """
    unwrap = _LINKS.get(link_type)
    if unwrap is None:
        raise CannotRead(f"link type {link_type} is not known")
    try:
        packet = unwrap(data)
        if not packet:
            return None
        version = packet[0] >> 4
        return {4: _of_ipv4, 6: _of_ipv6}.get(version, _of_nothing)(packet)
    except (struct.error, IndexError):
        raise CannotRead("the packet is cut off in its headers") from None


def _of_ethernet(data: bytes) -> bytes:
    at = 12
    (kind,) = struct.unpack_from(">H", data, at)
    while kind in _VLANS:
        at += 4
        (kind,) = struct.unpack_from(">H", data, at)
    return data[at + 2 :] if kind in (_IPV4, _IPV6) else b""


def _of_cooked(data: bytes) -> bytes:
    return data[16:] if struct.unpack_from(">H", data, 14)[0] in (_IPV4, _IPV6) else b""


def _of_cooked2(data: bytes) -> bytes:
    return data[20:] if struct.unpack_from(">H", data)[0] in (_IPV4, _IPV6) else b""


def _of_loopback(data: bytes) -> bytes:
    return data[4:]  # an address family in some byte order; the packet itself says more


def _of_raw(data: bytes) -> bytes:
    return data


def _of_nothing(_: bytes) -> None:
    return None


_LINKS: Final[dict[int, Callable[[bytes], bytes]]] = {
    0: _of_loopback,  # NULL
    1: _of_ethernet,
    12: _of_raw,
    14: _of_raw,
    101: _of_raw,
    108: _of_loopback,  # LOOP
    113: _of_cooked,
    228: _of_raw,  # IPV4
    229: _of_raw,  # IPV6
    276: _of_cooked2,
}


def _of_ipv4(packet: bytes) -> Segment | None:
    length, _, fragment = struct.unpack_from(">HHH", packet, 2)
    if packet[9] != _TCP:
        return None
    if fragment & 0x3FFF:
        raise CannotRead("a fragment of an IP packet")
    header = (packet[0] & 0x0F) * 4
    source, target = (str(ipaddress.IPv4Address(packet[at : at + 4])) for at in (12, 16))
    # Segmentation in the network card leaves the length 0 in what the kernel captures.
    size = length - header if length else len(packet) - header
    return _of_tcp(source, target, packet[header:], size)


def _of_ipv6(packet: bytes) -> Segment | None:
    length, kind = struct.unpack_from(">HB", packet, 4)
    source, target = (str(ipaddress.IPv6Address(packet[at : at + 16])) for at in (8, 24))
    at = 40
    while kind in _EXTENSIONS:
        kind, size = packet[at], packet[at + 1]
        at += (size + 1) * 8
    if kind == _FRAGMENT:
        raise CannotRead("a fragment of an IP packet")
    if kind != _TCP:
        return None
    size = length - (at - 40) if length else len(packet) - at
    return _of_tcp(source, target, packet[at:], size)


def _of_tcp(source: str, target: str, data: bytes, size: int) -> Segment:
    source_port, target_port, sequence = struct.unpack_from(">HHI", data)
    header, flags = (data[12] >> 4) * 4, data[13]
    if header < 20 or size < header:  # noqa: PLR2004 - of five words at least
        raise CannotRead("lengths of the TCP segment that cannot be")
    payload = data[header:size]  # behind it may be padding of the Ethernet frame
    return Segment(
        source=End(source, source_port),
        target=End(target, target_port),
        sequence=sequence,
        flags=flags,
        payload=payload,
        missing=size - header - len(payload),
    )
