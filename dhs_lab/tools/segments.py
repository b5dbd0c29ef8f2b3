"""Finds the TCP segment of a packet: Ethernet, Linux cooked, PPP, loopback, raw; IPv4 and IPv6.

Fragmented IP packets are reassembled. Other packets are named. A packet that may contain TCP but is
not read (a tunnel, another link type) raises an error that names it.

Source: tcpdump.org/linktypes.html; IANA's registries of EtherTypes, protocols and ports; RFC 791,
1071 (checksum), 1661 and 2516 (PPP), 8200, 9293.
"""

import enum
import functools
import ipaddress
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from dhs_lab.tools.fragments import Fragments

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10

_IPV4: Final = b"\x08\x00"
_IPV6: Final = b"\x86\xdd"
_VLANS: Final = {b"\x81\x00", b"\x88\xa8", b"\x91\x00", b"\x92\x00"}
_PPPOE: Final = b"\x88\x64"
_PPP_KINDS: Final = {b"\0\x21", b"\0\x57"}  # IPv4 and IPv6; the first byte may be left out
_SNAP: Final = b"\xaa\xaa\x03\0\0\0"  # before the EtherType, after a length
_FIRST_ETHERTYPE: Final = 0x0600  # below it the number is a length
_TCP: Final = 6
_UDP: Final = 17
_GRE: Final = 47
_FRAGMENT: Final = 44
_EXTENSIONS: Final = {0, 43, 60}  # hop-by-hop, routing, destination: all have the same form
_IPV6_HEADER: Final = 40
_ONES: Final = 0xFFFF  # the sum of 16-bit words in ones' complement is the remainder by this
_number: Final = functools.partial(int.from_bytes, byteorder="big")

_TCP_HEADER: Final = struct.Struct(">4sIIBBxxH")
_V4_HEADER: Final = struct.Struct(">xxHHHxBxx8s")
_PLAIN: Final = struct.Struct(">BxHxxHxBxx12sIIBB")
"""Both headers of TCP in IPv4 without options, up to the flags."""
_PLAIN_SIZE: Final = 40
_PLAIN_VERSION: Final = 0x45
_PLAIN_LINKS: Final[Mapping[int, tuple[int, int]]] = {1: (12, 14), 113: (14, 16), 276: (0, 20)}
"""Offsets of the EtherType and the IP packet, by link type."""

_OTHER_LINKS: Final[Mapping[int, str]] = {
    105: "IEEE 802.11",
    119: "Prism",
    127: "radiotap",
    147: "of a user",
    189: "USB",
    220: "USB",
    239: "NFLOG",
}
_OTHER_ETHERTYPES: Final[Mapping[int, str]] = {0x0806: "ARP", 0x88CC: "LLDP", 0x888E: "EAPOL"}
_TUNNEL_ETHERTYPES: Final[Mapping[int, str]] = {
    0x6558: "bridged Ethernet",
    0x8847: "MPLS",
    0x8848: "MPLS",
    0x22F3: "TRILL",
    0x88E5: "MACsec",
    0x88E7: "provider backbone bridging",
    0x8903: "FabricPath",
    0x894F: "NSH",
}
_OTHER_PROTOCOLS: Final[Mapping[int, str]] = {
    1: "ICMP",
    2: "IGMP",
    58: "ICMPv6",
    89: "OSPF",
    103: "PIM",
    112: "VRRP",
    132: "SCTP",
}
_TUNNEL_PROTOCOLS: Final[Mapping[int, str]] = {
    4: "IPv4 inside IP",
    41: "IPv6 inside IP",
    50: "ESP",
    51: "AH",
    94: "IP inside IP",
    97: "Ethernet inside IP",
    115: "L2TP",
    137: "MPLS inside IP",
}
_GRE_KINDS: Final[Mapping[int, str]] = {0x88BE: "ERSPAN", 0x22EB: "ERSPAN III"}
_TUNNEL_PORTS: Final[Mapping[int, str]] = {
    1701: "L2TP",
    2152: "GTP-U",
    4500: "ESP",
    4789: "VXLAN",
    4790: "VXLAN-GPE",
    6081: "Geneve",
    6635: "MPLS",
    8472: "VXLAN",
    37008: "TZSP",
}


class CannotRead(ValueError):  # noqa: N818 - says what
    """A packet that may contain a TCP segment but cannot be read; the text says why."""


class Checksum(enum.Enum):
    """The result of checking a segment's checksum."""

    RIGHT = enum.auto()
    """It fits the bytes."""
    WRONG = enum.auto()
    """It does not fit the bytes."""
    ABSENT = enum.auto()
    """It is 0, and was never computed."""
    UNKNOWN = enum.auto()
    """The network card computes it later, or part of the segment is missing."""


_RIGHT: Final = Checksum.RIGHT  # the look-up of an enum's member is slow


@attrs.define(eq=False)
class Segment:
    """One TCP segment.

    Attributes:
        addresses: Both IP addresses as in the packet, the source first.
        ports: Both ports as in the packet, the source first.
        missing: Bytes of its payload that the capture cut off.
        checksum: The result of checking its checksum.
    """

    addresses: bytes
    ports: bytes
    sequence: int
    acknowledged: int
    flags: int
    payload: bytes
    missing: int
    checksum: Checksum

    @property
    def source_port(self) -> int:
        """Port of the sender."""
        return int.from_bytes(self.ports[:2], "big")

    @property
    def target_port(self) -> int:
        """Port of the receiver."""
        return int.from_bytes(self.ports[2:], "big")

    @property
    def source(self) -> str:
        """The sender, `HOST:PORT`."""
        return _end(self.addresses[: len(self.addresses) // 2], self.source_port)

    @property
    def target(self) -> str:
        """The receiver, `HOST:PORT`."""
        return _end(self.addresses[len(self.addresses) // 2 :], self.target_port)


def _end(address: bytes, port: int) -> str:
    host = ipaddress.ip_address(address)
    return f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"  # noqa: PLR2004


def read_plain(link_type: int, data: bytes) -> tuple[bytes, int, int, int, bytes] | None:
    """The TCP segment of a usual packet: IPv4 without options, complete, with a right checksum.

    Returns addresses and ports, sequence, acknowledgement, flags and payload; None for other
    packets, which `SegmentReader` reads.
    """
    places = _PLAIN_LINKS.get(link_type)
    if places is None:
        return None
    kind_at, at = places
    if data[kind_at : kind_at + 2] != _IPV4 or len(data) < at + _PLAIN_SIZE:
        return None
    version, length, fragment, kind, ends, sequence, acknowledged, words, flags = (
        _PLAIN.unpack_from(data, at)
    )
    end = at + length
    header = (words >> 4) * 4
    if (
        version != _PLAIN_VERSION
        or kind != _TCP
        or fragment & 0x3FFF
        or not 20 <= header <= length - 20  # noqa: PLR2004 - the two headers
        or end > len(data)
        or not flags & ACK
    ):
        return None
    summed = _number(data[at + 12 : end])  # addresses and segment: both are in the checksum
    size = length - 20
    if ((summed << 8 if size % 2 else summed) + _TCP + size) % _ONES:
        return None
    return ends, sequence, acknowledged, flags, data[at + 20 + header : end]


class SegmentReader:
    """Reads packets; keeps fragments until their packets are complete."""

    def __init__(self) -> None:
        self._fragments = Fragments()

    @property
    def unfinished(self) -> int:
        """Number of IP packets with missing fragments."""
        return self._fragments.unfinished

    def read(self, link_type: int, data: bytes) -> Segment | str:
        """The TCP segment in a packet, or the name of another packet.

        Raises:
            CannotRead: The link type is unknown, the packet is cut off in its headers, or it is in
                a tunnel.
        """
        unwrap = _LINKS.get(link_type)
        if unwrap is None:
            name = _OTHER_LINKS.get(link_type)
            raise CannotRead(f"link type {link_type}{f' ({name})' if name else ''} is not known")
        try:
            at = unwrap(data)
            if isinstance(at, str):
                return at
            version = data[at] >> 4
            if version == 4:  # noqa: PLR2004
                return self._of_ipv4(data, at)
            if version == 6:  # noqa: PLR2004
                return self._of_ipv6(data[at:])
        except (struct.error, IndexError):
            if not data:
                return "empty"
            raise CannotRead("the packet is cut off in its headers") from None
        return f"not IP (version {version})"

    def _of_ipv4(self, data: bytes, at: int) -> Segment | str:
        packet = data[at:]
        length, number, fragment, kind, addresses = _V4_HEADER.unpack_from(packet)
        header = (packet[0] & 0x0F) * 4
        # Segmentation in the network card leaves the length 0 in what the kernel captures.
        size = length - header if length else len(packet) - header
        body = packet[header:]
        if fragment & 0x3FFF:  # not the only fragment
            key = addresses, number, kind
            offset, is_last = (fragment & 0x1FFF) * 8, not fragment & 0x2000
            whole = self._fragments.add(key, offset, body[:size], is_last=is_last)
            if whole is None:
                return "fragments of IP"
            body, size = whole, len(whole)
        return _inside(kind, addresses, body, size)

    def _of_ipv6(self, packet: bytes) -> Segment | str:
        length, kind = struct.unpack_from(">HB", packet, 4)
        addresses = packet[8:_IPV6_HEADER]
        body = packet[_IPV6_HEADER:]
        size = length or len(body)
        while kind in _EXTENSIONS or kind == _FRAGMENT:
            if kind == _FRAGMENT:
                kind, place, number = struct.unpack_from(">BxHI", body)
                body, size = body[8:], size - 8
                if place & 0xFFF9:  # not the only fragment
                    key = addresses, number, kind
                    offset, is_last = place & 0xFFF8, not place & 1
                    whole = self._fragments.add(key, offset, body[:size], is_last=is_last)
                    if whole is None:
                        return "fragments of IP"
                    body, size = whole, len(whole)
            else:
                kind, words = body[0], body[1]
                body, size = body[(words + 1) * 8 :], size - (words + 1) * 8
        return _inside(kind, addresses, body, size)


# -- links: where in a frame the IP packet begins, or what it holds instead ---------------------


def _of_ethernet(data: bytes) -> int | str:
    return 14 if data[12:14] == _IPV4 else _of_ethertype(data, 12)


def _of_cooked(data: bytes) -> int | str:
    return _of_ethertype(data, 14)


def _of_cooked2(data: bytes) -> int | str:
    return _of_ethertype(data, 0, 20)


def _of_ethertype(data: bytes, at: int, after: int | None = None) -> int | str:
    """The content after an EtherType at `at`, or at `after`, and after VLAN tags."""
    kind = data[at : at + 2]
    after = at + 2 if after is None else after
    while kind in _VLANS:
        kind = data[after + 2 : after + 4]
        after += 4
    if kind in (_IPV4, _IPV6):
        return after
    if kind == _PPPOE:
        return _of_ppp(data, after + 6)
    (number,) = struct.unpack(">H", kind)
    if number < _FIRST_ETHERTYPE and data[after : after + len(_SNAP)] == _SNAP:
        return _of_ethertype(data, after + len(_SNAP))
    if number in _TUNNEL_ETHERTYPES:
        raise CannotRead(f"{_TUNNEL_ETHERTYPES[number]} is not read")
    if number < _FIRST_ETHERTYPE:
        return "IEEE 802.3"
    return _OTHER_ETHERTYPES.get(number, f"EtherType 0x{number:04x}")


def _of_ppp(data: bytes, at: int = 0) -> int | str:
    if data[at : at + 2] == b"\xff\x03":  # address and control
        at += 2
    kind = data[at : at + 2] if data[at] % 2 == 0 else b"\0" + data[at : at + 1]
    if kind in _PPP_KINDS:
        return at + (2 if data[at] == 0 else 1)
    return f"PPP protocol 0x{kind.hex()}"


def _of_loopback(_: bytes) -> int:
    return 4  # an address family in some byte order; the packet itself says more


def _of_raw(_: bytes) -> int:
    return 0


_LINKS: Final[dict[int, Callable[[bytes], int | str]]] = {
    0: _of_loopback,  # NULL
    1: _of_ethernet,
    9: _of_ppp,
    12: _of_raw,
    14: _of_raw,
    50: _of_ppp,
    51: functools.partial(_of_ppp, at=6),
    101: _of_raw,
    104: functools.partial(_of_ethertype, at=2),  # of Cisco
    108: _of_loopback,  # LOOP
    113: _of_cooked,
    228: _of_raw,  # IPV4
    229: _of_raw,  # IPV6
    276: _of_cooked2,
}


# -- what an IP packet holds -----------------------------------------------------------------------


def _inside(kind: int, addresses: bytes, body: bytes, size: int) -> Segment | str:
    if kind == _TCP:
        return _of_tcp(addresses, _TCP_HEADER.unpack_from(body), body[:size], size)
    if kind == _UDP:
        ports = struct.unpack_from(">HH", body)
        for port in ports:
            if port in _TUNNEL_PORTS:
                raise CannotRead(f"{_TUNNEL_PORTS[port]} (UDP port {port}) is not read")
        return "UDP"
    if kind == _GRE:
        (inner,) = struct.unpack_from(">H", body, 2)
        raise CannotRead(f"{_GRE_KINDS.get(inner, 'a tunnel')} (GRE) is not read")
    if kind in _TUNNEL_PROTOCOLS:
        raise CannotRead(f"{_TUNNEL_PROTOCOLS[kind]} is not read")
    return _OTHER_PROTOCOLS.get(kind, f"IP protocol {kind}")


def _of_tcp(addresses: bytes, numbers: Sequence[Any], data: bytes, size: int) -> Segment:
    """The segment in `data`, which should have `size` bytes; `numbers` are those of its header."""
    ports, sequence, acknowledged, words, flags, checksum = numbers
    header = (words >> 4) * 4
    if header < 20 or size < header:  # noqa: PLR2004 - of five words at least
        raise CannotRead("the TCP segment has impossible lengths")
    missing = size - len(data)
    if missing:
        told, missing = Checksum.UNKNOWN, min(missing, size - header)
    else:
        whole = _number(data) << 8 if size % 2 else _number(data)
        is_right = (whole + _number(addresses) + _TCP + size) % _ONES == 0
        told = _RIGHT if is_right else _not_right(addresses, size, checksum)
    if not flags & ACK:
        acknowledged = 0
    return Segment(addresses, ports, sequence, acknowledged, flags, data[header:], missing, told)


def _not_right(addresses: bytes, size: int, checksum: int) -> Checksum:
    """The meaning of a wrong checksum.

    Before the network card has done its part, the field holds the sum of addresses, protocol and
    length, or (where the card cuts the segment too) that without the length.
    """
    if checksum == 0:
        return Checksum.ABSENT
    sum_of_card = checksum - _number(addresses) - _TCP
    return Checksum.UNKNOWN if sum_of_card % _ONES in (0, size % _ONES) else Checksum.WRONG
