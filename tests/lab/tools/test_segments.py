"""From a packet to its TCP segment, and the names of packets without one."""

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_lab.tools.segments import CannotRead, Checksum, Segment, SegmentReader, read_plain
from tests.lab.tools.helpers import ACK, LINKS, damages, found, pcap, stamped, tcp, texts
from tests.lab.tools.test_captures import SAID, conversation

SNAP = b"\xaa\xaa\x03\0\0\0"
ENDS = (("1.1.1.1", 7), ("2.2.2.2", 8))


def read(link: int, packet: bytes) -> Segment | str:
    return SegmentReader().read(link, packet)


def ipv4(kind: int, rest: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(rest), 1, 0, 64, kind, 0)
    return head + b"\1\1\1\1\2\2\2\2" + rest


def ipv6(kind: int, rest: bytes) -> bytes:
    return struct.pack(">IHBB", 6 << 28, len(rest), kind, 64) + b"\0" * 32 + rest


def ethernet(kind: int) -> bytes:
    return b"\0" * 12 + struct.pack(">H", kind) + b"\0" * 40


@pytest.mark.parametrize(
    ("link", "packet", "kind"),
    [
        (101, b"", "empty"),
        (101, ipv4(17, struct.pack(">HHHH", 53, 5353, 8, 0)), "UDP"),
        (101, ipv4(1, b"\0" * 8), "ICMP"),
        (101, ipv4(200, b"\0" * 8), "IP protocol 200"),
        (101, ipv6(58, b"\0" * 20), "ICMPv6"),
        (101, b"\x15" + b"\0" * 40, "not IP (version 1)"),
        (1, ethernet(0x0806), "ARP"),
        (1, ethernet(0x0026), "IEEE 802.3"),
        (1, ethernet(0x1234), "EtherType 0x1234"),
        (1, ethernet(60)[:14] + SNAP + b"\x08\x06" + b"\0" * 40, "ARP"),
    ],
)
def test_what_is_no_tcp_is_named(link: int, packet: bytes, kind: str) -> None:
    assert read(link, packet) == kind


@pytest.mark.parametrize(
    ("link", "packet", "reason"),
    [
        (147, b"x", r"link type 147 \(of a user\) is not known"),
        (999, b"x", "link type 999 is not known"),
        (101, b"\x45\0", "the packet is cut off in its headers"),
        (101, tcp(ENDS, 0, ACK)[:32] + b"\0" * 20, "the TCP segment has impossible lengths"),
        (1, ethernet(0x8847), "MPLS is not read"),
        (1, ethernet(0x894F), "NSH is not read"),
        (101, ipv4(97, b"\x30\0" + b"\0" * 40), "Ethernet inside IP is not read"),
        (101, ipv4(47, b"\x10\0\x88\xbe" + b"\0" * 40), r"ERSPAN \(GRE\) is not read"),
        (101, ipv6(47, b"\0\0\x22\xeb" + b"\0" * 40), r"ERSPAN III \(GRE\) is not read"),
        (101, ipv4(47, b"\0\0\x08\0" + b"\0" * 40), r"a tunnel \(GRE\) is not read"),
        (
            101,
            ipv4(17, struct.pack(">HHHH", 5, 4789, 8, 0)),
            r"VXLAN \(UDP port 4789\) is not read",
        ),
        (
            101,
            ipv4(17, struct.pack(">HHHH", 6081, 9, 8, 0)),
            r"Geneve \(UDP port 6081\) is not read",
        ),
        (101, ipv4(4, b"\0" * 40), "IPv4 inside IP is not read"),
        (101, ipv4(50, b"\0" * 40), "ESP is not read"),
    ],
)
def test_what_may_hold_tcp_and_is_not_read_is_an_error(
    link: int, packet: bytes, reason: str
) -> None:
    with pytest.raises(CannotRead, match=f"^{reason}$"):
        read(link, packet)


def test_packets_that_are_not_read_are_counted_and_said() -> None:
    vxlan = ipv4(17, struct.pack(">HHHH", 5, 4789, 8, 0))
    said = damages(found(pcap(stamped([vxlan] * 20), "raw")))
    assert len(said) == 4
    assert said[0] == "x: byte 24: VXLAN (UDP port 4789) is not read"
    assert said[-1] == "x: 17 more packets: VXLAN (UDP port 4789) is not read"
    findings = found(pcap(stamped([*conversation(), vxlan]), "raw"))
    assert (texts(findings), len(damages(findings))) == (SAID, 1)


def test_packets_without_a_message_are_counted_by_what_they_are() -> None:
    udp = ipv4(17, struct.pack(">HHHH", 53, 5353, 8, 0))
    packets = [udp, ipv4(1, b"\0" * 8), udp, *conversation()[:3]]
    assert damages(found(pcap(stamped(packets), "raw"))) == [
        "x: no DCS in 6 packets: 2 UDP, 1 ICMP, 1 TCP connections without a byte"
    ]
    assert found(pcap([], "raw")) == []


def test_ip_after_a_length_and_snap_is_read() -> None:
    packet = tcp(ENDS, 0, ACK, b"stoh_abort_all\0")
    segment = read(1, ethernet(60)[:14] + SNAP + b"\x08\0" + packet)
    assert isinstance(segment, Segment)
    assert segment.payload == b"stoh_abort_all\0"


def test_extension_headers_of_ipv6_are_passed_over() -> None:
    segment = tcp(ENDS, 5, ACK, b"abc")[20:]
    found_one = read(101, ipv6(0, b"\x2b\0" + b"\0" * 6 + b"\x06\0" + b"\0" * 6 + segment))
    assert isinstance(found_one, Segment)
    assert (found_one.sequence, found_one.payload, found_one.missing) == (5, b"abc", 0)
    assert (found_one.source, found_one.target) == ("[::]:7", "[::]:8")


# -- fragments ---------------------------------------------------------------------------------


def fragments_of_ipv4(packet: bytes, number: int, *places: int) -> list[bytes]:
    """The packet cut at these multiples of 8."""
    body = packet[20:]
    edges = [0, *places, len(body)]
    pieces = []
    for begin, end in itertools.pairwise(edges):
        flags = (begin // 8) | (0x2000 if end < len(body) else 0)
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + end - begin, number, flags, 64, 6, 0)
        pieces.append(head + packet[12:20] + body[begin:end])
    return pieces


def fragments_of_ipv6(packet: bytes, number: int, *places: int) -> list[bytes]:
    body = packet[40:]
    edges = [0, *places, len(body)]
    pieces = []
    for begin, end in itertools.pairwise(edges):
        head = struct.pack(">BBHI", 6, 0, begin | (end < len(body)), number)
        whole = head + body[begin:end]
        pieces.append(struct.pack(">IHBB", 6 << 28, len(whole), 44, 64) + packet[8:40] + whole)
    return pieces


@pytest.mark.parametrize("is_v6", [False, True], ids=["IPv4", "IPv6"])
def test_fragments_are_put_together_in_any_order(is_v6: bool) -> None:
    packets = conversation(ipv6=is_v6)
    cut = fragments_of_ipv6 if is_v6 else fragments_of_ipv4
    atomic = [piece for number, packet in enumerate(packets) for piece in cut(packet, number)]
    assert len(atomic) == len(packets)
    findings = found(pcap(stamped(atomic), "raw"))
    assert (texts(findings), damages(findings)) == (SAID, [])
    pieces = [piece for n, packet in enumerate(packets[:3]) for piece in cut(packet, n)]
    for number, packet in enumerate(packets[3:-2], start=3):
        first, second, third = cut(packet, number, 16, 80)
        pieces += [third, first, first, second]
    findings = found(pcap(stamped(pieces), "raw"))
    assert (texts(findings), damages(findings)) == (SAID, [])


def test_fragments_that_never_come_are_said() -> None:
    packets = conversation()
    first, _, third = fragments_of_ipv4(packets[4], 4, 16, 80)
    findings = found(pcap(stamped([*packets[:4], first, third, *packets[5:]]), "raw"))
    assert set(texts(findings)) == {*SAID} - {SAID[1]}
    assert "x: 1 IP packets with missing fragments" in damages(findings)
    many = [fragments_of_ipv4(packets[4], number, 16)[0] for number in range(200)]
    assert damages(found(pcap(stamped(many), "raw"))) == [
        "x: 200 IP packets with missing fragments"
    ]


# -- checksums ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_v6", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("payload", [b"", b"abc", b"abcd"])
def test_a_checksum_is_right_wrong_or_tells_nothing(payload: bytes, is_v6: bool) -> None:
    ends = (("fe80::1", 7), ("fe80::2", 8)) if is_v6 else ENDS
    packet = tcp(ends, 5, ACK, payload, ipv6=is_v6, is_summed=True)

    def checksum(packet: bytes) -> Checksum:
        segment = read(101, packet)
        assert isinstance(segment, Segment)
        return segment.checksum

    assert checksum(packet) is Checksum.RIGHT
    assert checksum(tcp(ends, 5, ACK, payload, ipv6=is_v6)) is Checksum.ABSENT
    assert checksum(packet[:-1] + bytes([packet[-1] ^ 1])) is Checksum.WRONG
    # As before the network card computes it: the sum of the pseudo header, not inverted.
    at = (40 if is_v6 else 20) + 16
    addresses = packet[8:40] if is_v6 else packet[12:20]
    size = len(packet) - at + 16
    for length in (size, 0):
        total = sum(struct.unpack(f">{len(addresses) // 2}H", addresses)) + 6 + length
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        assert (
            checksum(packet[:at] + struct.pack(">H", total) + packet[at + 2 :]) is Checksum.UNKNOWN
        )
    assert checksum(packet[:-1]) is Checksum.UNKNOWN


@given(
    link=st.sampled_from(["ethernet", "cooked", "cooked2", "vlan", "raw"]),
    payload=st.binary(max_size=40),
    is_summed=st.booleans(),
    damage=st.none() | st.tuples(st.integers(0, 60), st.integers(0, 255)),
    more=st.integers(-30, 9),
)
def test_a_plain_packet_is_read_as_any_other(
    link: str, payload: bytes, is_summed: bool, damage: tuple[int, int] | None, more: int
) -> None:
    number, wrap = LINKS[link]
    data = bytearray(wrap(tcp(ENDS, 2**32 - 3, ACK, payload, is_summed=is_summed)))
    if damage is not None:
        data[damage[0] % len(data)] = damage[1]
    packet = bytes(data[:more] if more < 0 else data + b"\1" * more)
    plain = read_plain(number, packet)
    if damage is None and more >= 0 and is_summed:
        assert (plain is not None) == (link in {"ethernet", "cooked", "cooked2"})
    if plain is not None:
        segment = read(number, packet)
        assert isinstance(segment, Segment)
        assert (segment.missing, segment.checksum) == (0, Checksum.RIGHT)
        assert plain == (
            segment.addresses + segment.ports,
            segment.sequence,
            segment.acknowledged,
            segment.flags,
            segment.payload,
        )
