"""Captures: the messages are found, whatever happened to the packets."""

import itertools
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import Direction, Framing
from dhs_lab.tools.captures import CaptureReader
from dhs_lab.tools.pcap import Packet as PcapPacket
from dhs_lab.tools.pcap import read_packets
from dhs_lab.tools.reading import ReadOptions
from dhs_lab.tools.sightings import Sighting
from dhs_lab.tools.tcp import Bytes, Gap, HalfStream
from tests.lab.tools.helpers import (
    ACK,
    ANSWER,
    ASK,
    LINKS,
    Conversation,
    Packet,
    damages,
    found,
    pcap,
    pcapng,
    pcapng_obsolete,
    pcapng_simple,
    source,
    stamped,
    tcp,
    texts,
    v1,
    v2,
)

TO_DHS = [
    "stoh_register_operation echo echo",
    "stoh_start_operation echo 1.1 a b",
    "stoh_abort_all",
]
TO_DCSS = ["htos_operation_update echo 1.1 x", "htos_operation_completed echo 1.1 normal a b"]


@st.composite
def captures(draw: st.DrawFn) -> list[bytes]:
    """The packets of a conversation, in order, then cut, swapped and sent again."""
    talk = Conversation(ipv6=False, start=draw(st.integers(0, 2**32 - 1)))
    framing: Callable[..., bytes] = draw(st.sampled_from([v1, v2]))
    packets = []
    for sender, data in (
        (talk.server, ASK + framing(*TO_DHS)),
        (talk.client, ANSWER + framing(*TO_DCSS)),
    ):
        places = sorted(draw(st.lists(st.integers(1, len(data) - 1), max_size=10)))
        edges = [0, *places, len(data)]
        start = talk.sent[sender]
        for begin, end in itertools.pairwise(edges):
            # A repeated segment may begin earlier, and be longer, than the original.
            early = draw(st.integers(0, min(begin, 30)))
            piece = data[begin - early : end]
            receiver = talk.client if sender == talk.server else talk.server
            packets.append(tcp((sender, receiver), start + begin - early, ACK, piece))
        talk.sent[sender] += len(data)
    again = draw(st.lists(st.sampled_from(packets), max_size=5))
    shuffled = draw(st.permutations(packets + again))
    return [*talk.opening(), *shuffled, *talk.closing()]


@given(captures(), st.sampled_from(["<us", ">us", "<ns", ">ns", "<ng", ">ng"]))
def test_all_is_found_in_its_order_whatever_happened_on_the_way(
    packets: list[bytes], form: str
) -> None:
    write = pcapng if form.endswith("ng") else pcap
    findings = found(write(stamped(packets), form=form))
    assert damages(findings) == []
    said = [each for each in findings if isinstance(each, Sighting)]
    for direction, expected in (
        (Direction.TO_DHS, ["stoc_send_client_type", *TO_DHS]),
        (Direction.TO_DCSS, ["htos_client_is_hardware testDHS", *TO_DCSS]),
    ):
        assert texts([each for each in said if each.direction is direction]) == expected
    assert {each.connection for each in said} == {"10.0.0.1:40000-10.0.0.2:14242"}
    assert all(1_700_000_000 <= (each.time or 0) < 1_700_000_001 for each in said)


@given(st.binary(max_size=300), st.sampled_from([b"", pcap([])[:24], pcapng([])]))
def test_nothing_breaks_the_reader(junk: bytes, head: bytes) -> None:
    list(CaptureReader(source(head + junk)).findings())


@given(st.data())
def test_a_damaged_capture_is_read_as_far_as_it_can_be(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([pcap, pcapng]))(stamped(conversation())))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(24, len(whole) - 1))] = data.draw(st.integers(0, 255))
    list(CaptureReader(source(bytes(whole))).findings())


def conversation(*, ipv6: bool = False, closing: bool = True) -> list[bytes]:
    talk = Conversation(ipv6=ipv6)
    if ipv6:
        talk = Conversation(client=("fe80::1", 40000), server=("fe80::2", 14242), ipv6=True)
    packets = talk.opening()
    packets.append(talk.segment(talk.server, ASK))
    packets.append(talk.segment(talk.client, ANSWER))
    packets.append(talk.segment(talk.server, v2(*TO_DHS)))
    packets.append(talk.segment(talk.client, v2(*TO_DCSS)))
    return packets + (talk.closing() if closing else [])


SAID = ["stoc_send_client_type", "htos_client_is_hardware testDHS", *TO_DHS, *TO_DCSS]


@pytest.mark.parametrize("ipv6", [False, True], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("link", LINKS)
def test_every_link_type_is_read(link: str, ipv6: bool) -> None:
    findings = found(pcap(stamped(conversation(ipv6=ipv6)), link))
    assert (texts(findings), damages(findings)) == (SAID, [])
    assert findings == found(pcap(stamped(conversation(ipv6=ipv6)), link, ">ns"))


def test_obsolete_packet_blocks_are_read() -> None:
    findings = found(pcapng_obsolete(stamped(conversation())))
    assert (texts(findings), damages(findings)) == (SAID, [])
    assert findings == found(pcap(stamped(conversation()), "raw"))


def test_simple_packet_blocks_have_no_time() -> None:
    findings = found(pcapng_simple(stamped(conversation())))
    assert texts(findings) == SAID
    assert {each.time for each in findings if isinstance(each, Sighting)} == {None}


def test_times_are_those_of_the_last_byte() -> None:
    first = next(iter(found(pcap(stamped(conversation()), form="<ns"))))
    assert isinstance(first, Sighting)
    assert first.time == pytest.approx(1_700_000_000.003)
    assert (first.size, first.place.offset) == (200, 0)


def test_a_lost_packet_is_a_gap_that_is_named() -> None:
    talk = Conversation()
    packets = [*talk.opening(), talk.segment(talk.server, ASK)]
    packets += [talk.segment(talk.server, v2(f"stoh_set_string s {n}")) for n in range(10)]
    lost = packets.pop(7)
    findings = found(pcap(stamped(packets)))
    assert len(texts(findings)) == 10
    (damage,) = damages(findings)
    assert damage.endswith("46 bytes are missing")
    assert "10.0.0.2:14242>10.0.0.1:40000: byte" in damage
    assert len(lost) > 46


def test_a_snap_length_is_named_and_costs_what_it_cut() -> None:
    packets = list(stamped(conversation()))
    at = [b"stoh_register" in packet.data for packet in packets].index(True)
    whole = packets[at]
    packets[at] = Packet(time_ns=whole.time_ns, data=whole.data, cut=100)
    findings = found(pcap(packets, "raw"))
    assert any("bytes cut off by the capture" in damage for damage in damages(findings))
    assert set(texts(findings)) == {*SAID} - {*TO_DHS}


def test_several_connections_are_told_apart_and_others_left_out() -> None:
    second = Conversation(client=("10.0.0.3", 40000))
    web = Conversation(client=("10.0.0.1", 50000), server=("10.0.0.9", 80))
    packets = conversation()[:5]
    packets += [*second.opening(), second.segment(second.server, ASK)]
    packets += [*web.opening(), web.segment(web.client, b"GET / HTTP/1.1\r\n" + b"x" * 5000)]
    packets += [*conversation()[5:], second.segment(second.client, ANSWER)]
    reader = CaptureReader(source(pcap(stamped(packets))))
    findings = list(reader.findings())
    assert damages(findings) == []
    assert reader.left_out == 1
    by_connection = [
        texts(each for each in findings if isinstance(each, Sighting) and host in each.connection)
        for host in ("10.0.0.1:40000-", "10.0.0.3:40000-")
    ]
    assert by_connection == [SAID, ["stoc_send_client_type", "htos_client_is_hardware testDHS"]]


def test_a_port_takes_what_no_keyword_tells() -> None:
    talk = Conversation(server=("10.0.0.2", 9999))
    packets = [*talk.opening(), talk.segment(talk.server, v2("weird thing"))]
    capture = pcap(stamped(packets))
    assert damages(found(capture)) == ["x: no DCS in 4 packets: 1 TCP connections that are not DCS"]
    (only,) = found(capture, ReadOptions(port=9999, framing=Framing.V2))
    assert isinstance(only, Sighting)
    assert (only.keyword, only.direction) == ("weird", None)
    others = ReadOptions(port=14242)
    assert damages(found(capture, others)) == [
        "x: no DCS in 4 packets: 4 TCP of other ports than 14242"
    ]


@pytest.mark.parametrize(
    ("capture", "reason"),
    [
        (pcap(stamped(conversation()))[:-5], "ends in the middle of a record"),
        (pcapng(stamped(conversation()))[:-5], "ends in the middle of a record"),
        (pcap([])[:24] + struct.pack("<IIII", 0, 0, 2**31, 2**31), "cannot have 2147483648 bytes"),
        (pcapng([]) + struct.pack("<II", 6, 13) + b"x" * 20, "a block cannot have 13 bytes"),
        (pcapng([]) + struct.pack("<IIII", 6, 16, 0, 99), "16 bytes first and 99 last"),
        (pcapng([]) + struct.pack("<IIII", 6, 16, 0, 16), "block of type 6 cannot be read"),
        (pcap(stamped(conversation()))[:20] + b"\x93\0\0\0" + pcap([*stamped([b"x"])])[24:], "147"),
    ],
)
def test_what_cannot_be_read_of_a_capture_is_named(capture: bytes, reason: str) -> None:
    assert any(reason in damage for damage in damages(found(capture)))


def test_one_kind_of_trouble_is_not_told_a_thousand_times() -> None:
    packets = [tcp((("1.1.1.1", 1), ("2.2.2.2", 2)), 0, ACK)[:25] for _ in range(1000)]
    told = damages(found(pcap(stamped(packets), "raw")))
    assert len(told) == 4
    assert told[-1] == "x: 997 more packets: the packet is cut off in its headers"


def test_a_gap_is_given_up_before_memory_is() -> None:
    half = HalfStream()
    half.begin(0)
    said = []
    for number in range(300):
        said += list(half.add(10 + number, b"x", None))
    assert said[0] == Gap(10)
    assert sum(len(each.data) for each in said if isinstance(each, Bytes)) == 300


def test_clocks_of_pcapng_tick_as_they_say() -> None:
    """With a resolution of 2^-10 s and an offset of the interface."""
    capture = pcapng([])
    options = struct.pack("<HHB3xHHqHH", 9, 1, 0x80 | 10, 14, 8, 1_000, 0, 0)
    body = struct.pack("<HHI", 101, 0, 0) + options
    capture += struct.pack("<II", 1, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    body = struct.pack("<IIIII", 1, 0, 1536, 1, 1) + b"x\0\0\0"
    capture += struct.pack("<II", 6, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    (packet,) = read_packets(source(capture))
    assert isinstance(packet, PcapPacket)
    assert (packet.time, packet.data) == (1001.5, b"x")
