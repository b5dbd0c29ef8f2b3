"""From a packet to its TCP segment: Ethernet, Linux cooked, loopback, raw; IPv4 and IPv6.

A fragmented IP packet is put together again. What is no TCP is named; what may hold TCP and is not
read (a tunnel, another link type) is an error that says what it is.

Source: tcpdump.org/linktypes.html; IANA's registries of EtherTypes, protocols and ports; RFC 791,
1071 (checksum), 8200, 9293.
"""

import enum
import ipaddress
import struct
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from dhs_runtime.tools.fragments import Fragments

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10

_IPV4: Final = 0x0800
_IPV6: Final = 0x86DD
_VLANS: Final = {0x8100, 0x88A8, 0x9100, 0x9200}
_FIRST_ETHERTYPE: Final = 0x0600  # below it the number is a length
_TCP: Final = 6
_UDP: Final = 17
_GRE: Final = 47
_FRAGMENT: Final = 44
_EXTENSIONS: Final = {0, 43, 60}  # hop-by-hop, routing, destination: all of one form
_IPV6_HEADER: Final = 40
_ONES: Final = 0xFFFF  # sums of the checksum are modulo this number

_TCP_HEADER: Final = struct.Struct(">4sIIBBHH")
_V4_HEADER: Final = struct.Struct(">xxHHHxBH8s")

_OTHER_LINKS: Final[Mapping[int, str]] = {
    9: "PPP",
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
    0x8864: "PPPoE",
    0x88E5: "MACsec",
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
    """A packet that is or may hold a TCP segment and cannot be read; the text says why."""


class Checksum(enum.Enum):
    """What the checksum of a segment tells."""

    RIGHT = enum.auto()
    WRONG = enum.auto()
    ABSENT = enum.auto()
    """It is 0, and was never computed."""
    UNKNOWN = enum.auto()
    """The network card was to compute it, or part of the segment is missing."""


@attrs.define(eq=False)
class Segment:
    """One TCP segment.

    Attributes:
        addresses: Both IP addresses as in the packet, the source first.
        ports: Both ports as in the packet, the source first.
        missing: Bytes of its payload that the capture cut off.
        checksum: What its checksum tells.
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


class SegmentReader:
    """Reads packets; keeps the fragments that wait for others."""

    def __init__(self) -> None:
        self._fragments = Fragments()

    @property
    def unfinished(self) -> int:
        """IP packets of which some fragments never came."""
        return self._fragments.unfinished

    def read(self, link_type: int, data: bytes) -> Segment | str:
        """The TCP segment in a packet, or what it is instead.

        Raises:
            CannotRead: The link type is not known, the packet is cut off in its headers, or it is
                of a tunnel.
        """
        unwrap = _LINKS.get(link_type)
        if unwrap is None:
            name = _OTHER_LINKS.get(link_type)
            raise CannotRead(f"link type {link_type}{f' ({name})' if name else ''} is not known")
        try:
            packet = unwrap(data)
            if isinstance(packet, str):
                return packet
            version = packet[0] >> 4
            if version == 4:  # noqa: PLR2004
                return self._of_ipv4(packet)
            if version == 6:  # noqa: PLR2004
                return self._of_ipv6(packet)
        except (struct.error, IndexError):
            if not data:
                return "empty"
            raise CannotRead("the packet is cut off in its headers") from None
        return f"no IP (version {version})"

    def _of_ipv4(self, packet: bytes) -> Segment | str:
        length, number, fragment, kind, _, addresses = _V4_HEADER.unpack_from(packet)
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


# -- links: the IP packet in a frame, or what it holds instead -----------------------------------


def _of_ethernet(data: bytes) -> bytes | str:
    return _of_ethertype(data, 12)


def _of_cooked(data: bytes) -> bytes | str:
    return _of_ethertype(data, 14)


def _of_cooked2(data: bytes) -> bytes | str:
    return _of_ethertype(data[:2] + data[20:], 0)


def _of_ethertype(data: bytes, at: int) -> bytes | str:
    """What comes after an EtherType at this offset, and after tags of VLANs."""
    (kind,) = struct.unpack_from(">H", data, at)
    while kind in _VLANS:
        at += 4
        (kind,) = struct.unpack_from(">H", data, at)
    if kind in (_IPV4, _IPV6):
        return data[at + 2 :]
    if kind in _TUNNEL_ETHERTYPES:
        raise CannotRead(f"{_TUNNEL_ETHERTYPES[kind]} is not read")
    if kind < _FIRST_ETHERTYPE:
        return "IEEE 802.3"
    return _OTHER_ETHERTYPES.get(kind, f"EtherType 0x{kind:04x}")


def _of_loopback(data: bytes) -> bytes:
    return data[4:]  # an address family in some byte order; the packet itself says more


def _of_raw(data: bytes) -> bytes:
    return data


_LINKS: Final[dict[int, Callable[[bytes], bytes | str]]] = {
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


# -- what an IP packet holds -----------------------------------------------------------------------


def _inside(kind: int, addresses: bytes, body: bytes, size: int) -> Segment | str:
    if kind == _TCP:
        return _of_tcp(addresses, body, size)
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


def _of_tcp(addresses: bytes, data: bytes, size: int) -> Segment:
    ports, sequence, acknowledged, words, flags, _, checksum = _TCP_HEADER.unpack_from(data)
    header = (words >> 4) * 4
    if header < 20 or size < header:  # noqa: PLR2004 - of five words at least
        raise CannotRead("lengths of the TCP segment that cannot be")
    if len(data) > size:
        data = data[:size]  # after it may be padding or a checksum of the Ethernet frame
    return Segment(
        addresses,
        ports,
        sequence,
        acknowledged if flags & ACK else 0,
        flags,
        data[header:],
        size - max(len(data), header),
        _checksum(addresses, data, checksum) if len(data) == size else Checksum.UNKNOWN,
    )


def _checksum(addresses: bytes, segment: bytes, checksum: int) -> Checksum:
    """What a checksum tells.

    The sum of 16-bit words in ones' complement is the remainder of the whole as one number. Before
    the card has done its part, the field holds the sum of addresses, protocol and length, or (where
    the card cuts the segment too) that without the length.
    """
    size = len(segment)
    whole = int.from_bytes(segment, "big") << (8 if size % 2 else 0)
    pseudo = int.from_bytes(addresses, "big") + _TCP
    if (whole + pseudo + size) % _ONES == 0:
        return Checksum.RIGHT
    if checksum == 0:
        return Checksum.ABSENT
    is_to_be_computed = (checksum - pseudo) % _ONES in (0, size % _ONES)
    return Checksum.UNKNOWN if is_to_be_computed else Checksum.WRONG
