"""Captures of connections that begin, end, lose packets or are damaged in every way."""

import gc
import itertools
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhs_lab.tools import captures
from dhs_lab.tools.captures import CaptureReader
from dhs_lab.tools.connections import CapturedConnection
from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.reading import read
from dhs_lab.tools.sightings import Found, Sighting
from dhs_lab.tools.statistics import Statistics
from tests.lab.tools.helpers import (
    ACK,
    ANSWER,
    ASK,
    RST,
    SYN,
    Conversation,
    Packet,
    damages,
    found,
    pcap,
    pcapng,
    source,
    stamped,
    tcp,
    texts,
    v1,
    v2,
)
from tests.lab.tools.test_captures import SAID, conversation


def operations(count: int, talk: Conversation) -> list[bytes]:
    """Each started and completed before the next."""
    packets = []
    for number in range(count):
        start, end = (
            f"stoh_start_operation echo 1.{number} a",
            f"htos_operation_completed echo 1.{number} normal a",
        )
        packets.append(talk.segment(talk.server, v2(start)))
        packets.append(talk.segment(talk.client, v2(end)))
    return packets


def order(count: int) -> list[str]:
    return texts(
        found(
            v2(
                *itertools.chain.from_iterable(
                    (
                        f"stoh_start_operation echo 1.{number} a",
                        f"htos_operation_completed echo 1.{number} normal a",
                    )
                    for number in range(count)
                )
            )
        )
    )


# -- the beginning -------------------------------------------------------------------------------


def test_one_that_began_in_the_middle_comes_in_the_order_captured() -> None:
    capture = pcap(stamped(operations(6, Conversation(acknowledges=True))))
    findings = found(capture)
    assert (texts(findings), damages(findings)) == (order(6), [])
    statistics = Statistics()
    for each in findings:
        statistics.add(each)
    task = statistics.tasks["operation", "echo"]
    assert (task.started, task.completed, task.unasked) == (6, 6, 0)


class Live:
    """A pipe that gives one packet per read, and counts them."""

    def __init__(self, capture: bytes, packets: int) -> None:
        self._pieces = iter([capture[:24], *self._records(capture[24:], packets)])
        self.given = -1

    @staticmethod
    def _records(data: bytes, packets: int) -> Iterator[bytes]:
        for _ in range(packets):
            size = 16 + int.from_bytes(data[8:12], "little")
            yield data[:size]
            data = data[size:]

    def read1(self, _size: int = -1, /) -> bytes:
        self.given += 1
        return next(self._pieces, b"")


@pytest.mark.parametrize("opening", [True, False])
def test_a_message_is_shown_when_its_last_packet_has_come(opening: bool) -> None:
    talk = Conversation(acknowledges=True)
    packets = [*talk.opening(), talk.segment(talk.server, ASK)] if opening else []
    skipped = len(packets)
    packets += operations(4, talk)
    live = Live(pcap(stamped(packets)), len(packets))
    shown = [
        live.given - skipped
        for each in CaptureReader(ByteSource("x", live)).findings()
        if isinstance(each, Sighting) and "stoc" not in each.keyword
    ]
    assert shown == [1, 2, 3, 4, 5, 6, 7, 8]


def test_what_is_from_before_the_first_segment_is_shown_too() -> None:
    packets = operations(3, Conversation())
    packets[0], packets[2] = packets[2], packets[0]
    findings = found(pcap(stamped([*packets, packets[0], packets[2]])))
    assert (sorted(texts(findings)), damages(findings)) == (sorted(order(3)), [])


@given(st.integers(0, 400), st.sampled_from([v1, v2]))
def test_bytes_before_the_first_whole_frame_are_no_message(cut: int, framing: object) -> None:
    assert callable(framing)
    talk = Conversation()
    lines = [f"stoh_set_string text normal {'x' * 150} stoh_abort_all hard", "stoh_abort_all soft"]
    data = framing(*lines)[cut:]
    said = texts(found(pcap(stamped([talk.segment(talk.server, data)]))))
    assert not [text for text in said if text not in lines]


# -- the end, and the same ports again -------------------------------------------------------------


def test_what_comes_after_a_reset_is_shown_too() -> None:
    talk = Conversation()
    packets = [*talk.opening(), talk.segment(talk.server, ASK)]
    packets.append(tcp((talk.client, talk.server), talk.sent[talk.client], RST))
    packets.append(talk.segment(talk.server, v2("stoh_abort_all")))
    packets.append(packets[-1])
    assert texts(found(pcap(stamped(packets)))) == ["stoc_send_client_type", "stoh_abort_all"]


@pytest.mark.parametrize("off", [-5000, -1, 2, 5000, 1 << 30])
def test_a_reset_out_of_the_window_is_not_heeded(off: int) -> None:
    talk = Conversation()
    packets = [*talk.opening(), talk.segment(talk.server, ASK)]
    first, second = v2("stoh_abort_all")[:30], v2("stoh_abort_all")[30:]
    packets.append(talk.segment(talk.server, first))
    packets.append(tcp((talk.server, talk.client), talk.sent[talk.server] + off, RST))
    packets.append(talk.segment(talk.server, second))
    findings = found(pcap(stamped(packets)))
    assert texts(findings) == ["stoc_send_client_type", "stoh_abort_all"]
    assert damages(findings) == []


def test_ports_that_are_used_again_are_another_connection() -> None:
    first, second = Conversation(start=1000), Conversation(start=77_000)
    packets = [*first.opening(), first.segment(first.server, ASK + v2("stoh_abort_all")[:30])]
    packets += [*second.opening(), second.segment(second.server, ASK + v1("stoh_abort_all"))]
    findings = found(pcap(stamped(packets)))
    assert texts(findings) == ["stoc_send_client_type", "stoc_send_client_type", "stoh_abort_all"]
    assert len(damages(findings)) == 1


@pytest.mark.parametrize(
    "start", [300, 2_000, 50_000, 900_000, 1 << 28, (1 << 31) + 5, (1 << 32) - 9]
)
@pytest.mark.parametrize("acknowledges", [True, False])
@pytest.mark.parametrize("ending", ["FIN", "RST", "nothing"])
def test_ports_are_used_again_and_the_opening_is_not_captured(
    ending: str, acknowledges: bool, start: int
) -> None:
    first = Conversation(start=100_000, acknowledges=acknowledges)
    second = Conversation(start=100_000 + start, acknowledges=acknowledges)
    packets = first.opening()
    said = []
    for talk in (first, second):
        packets.append(talk.segment(talk.server, ASK))
        packets.append(talk.segment(talk.client, ANSWER))
        packets += operations(3, talk)
        said += [*SAID[:2], *order(3)]
        if talk is first and ending == "FIN":
            packets += talk.closing()
        elif talk is first and ending == "RST":
            packets.append(tcp((talk.server, talk.client), talk.sent[talk.server], RST))
        elif talk is first:
            packets.append(packets[-1])  # sent again
    findings = found(pcap(stamped(packets)))
    assert (texts(findings), damages(findings)) == (said, [])


def test_a_server_that_answers_another_opening_is_another_connection() -> None:
    first, second = Conversation(start=1000), Conversation(start=77_000)
    packets = [*first.opening(), first.segment(first.server, ASK)]
    packets.append(tcp((second.server, second.client), second.start, SYN | ACK))
    packets.append(second.segment(second.server, ASK))
    assert texts(found(pcap(stamped(packets)))) == ["stoc_send_client_type"] * 2


# -- losses and damage -----------------------------------------------------------------------------


def test_bytes_that_were_delivered_and_not_captured_hold_nothing_up() -> None:
    """The completion acknowledges the start that is missing, so the others keep their order."""
    packets = operations(6, Conversation(acknowledges=True))
    del packets[4]
    findings = found(pcap(stamped(packets)))
    expected = order(6)
    del expected[4]
    assert texts(findings) == expected
    assert [damage.rpartition(": ")[2] for damage in damages(findings)] == ["58 bytes are missing"]


def test_what_was_taken_for_lost_and_comes_late_is_shown() -> None:
    packets = operations(6, Conversation(acknowledges=True))
    packets.append(packets.pop(4))
    findings = found(pcap(stamped(packets)))
    assert sorted(texts(findings)) == sorted(order(6))


LINES = {
    "server": [
        "stoh_register_operation echo echo",
        "stoh_start_operation echo 1.1 stoh_abort_all hard",
        f"stoh_set_string text {'x' * 120}",
        "stoh_abort_all soft",
        f"stoh_set_motor_children m {'y ' * 70}z",
        "stoh_start_motor_move m 1.5",
    ],
    "client": [
        "htos_operation_update echo 1.1 htos_note changed",
        "htos_operation_completed echo 1.1 normal a b",
        f"htos_log note x {'z' * 150}",
        "htos_motor_move_completed m 1.5 normal",
    ],
}
LONG = f"stoh_set_string text {'stoh_abort_all hard ' * 40}"


def true_capture(framing: str, *, has_opening: bool, pieces: int, seed: int) -> list[bytes]:
    """A conversation whose frames go out as dcss sends them: header and text apart, or anyhow."""
    talk = Conversation(acknowledges=True, is_summed=True)
    encode = v1 if framing == "v1" else v2
    packets = talk.opening() if has_opening else []
    packets += [talk.segment(talk.server, b""), talk.segment(talk.client, b"")]
    chance = random.Random(seed)
    streams = {
        talk.server: ASK
        + encode(*LINES["server"], *([LONG] * (framing == "v2")), *LINES["server"]),
        talk.client: ANSWER + encode(*LINES["client"], *LINES["client"]),
    }
    if not has_opening:
        streams = {sender: data[200:] for sender, data in streams.items()}
    while any(streams.values()):
        sender = chance.choice([each for each, data in streams.items() if data])
        data = streams[sender]
        size = 26 if data[:1] in b" 1" and pieces == 2 else chance.choice([200, 74, 300, 1000])
        packets.append(talk.segment(sender, data[:size]))
        streams[sender] = data[size:]
    return packets


@given(
    st.sampled_from(["v1", "v2"]),
    st.booleans(),
    st.integers(1, 2),
    st.integers(0, 1000),
    st.data(),
)
def test_no_damage_yields_a_message_that_was_not_there(
    framing: str, has_opening: bool, pieces: int, seed: int, data: st.DataObject
) -> None:
    """Packets lost, swapped and sent again; then the file is damaged at random.

    One packet of each sender stays whole, so that its checksums count.
    """
    packets = true_capture(framing, has_opening=has_opening, pieces=pieces, seed=seed)
    truth = Counter(texts(found(pcap(stamped(packets)))))
    whole, packets = packets[: 2 + 3 * has_opening], packets[2 + 3 * has_opening :]
    kept = [packet for packet in packets if data.draw(st.integers(0, 9)) > 0]
    if data.draw(st.booleans()) and len(kept) > 2:
        at = data.draw(st.integers(0, len(kept) - 2))
        kept[at], kept[at + 1] = kept[at + 1], kept[at]
    again = data.draw(st.integers(0, len(kept)))
    kept += kept[again : again + 3]
    write = data.draw(st.sampled_from([pcap, pcapng]))
    capture = bytearray(write(stamped([*whole, *kept])))
    begin = len(write(stamped(whole)))
    for _ in range(data.draw(st.integers(0, 5))):
        at = data.draw(st.integers(begin, max(begin, len(capture) - 1)))
        match data.draw(st.sampled_from(["flip", "zero", "cut", "insert"])):
            case "flip":
                capture[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "zero":
                capture[at : at + 40] = b"\0" * len(capture[at : at + 40])
            case "cut":
                del capture[at : at + data.draw(st.integers(1, 100))]
            case "insert":
                capture[at:at] = data.draw(st.binary(min_size=1, max_size=20))
    findings = list(CaptureReader(source(bytes(capture))).findings())
    assert_true(findings, truth)


def assert_true(findings: list[Found], truth: Counter[str]) -> None:
    invented = Counter(texts(findings)) - truth
    assert not invented


def test_a_snap_length_cuts_no_message_short() -> None:
    packets = [
        Packet(time_ns=packet.time_ns, data=packet.data, cut=100)
        for packet in stamped(conversation())
    ]
    assert set(texts(found(pcap(packets, "raw")))) <= {*SAID}


def test_closed_connections_are_not_kept() -> None:
    def packets() -> Iterator[bytes]:
        for number in range(1_500):
            talk = Conversation(("10.0.0.1", 1024 + number), is_summed=True)
            yield from (*talk.opening(), talk.segment(talk.server, ASK), *talk.closing())

    findings = read(source(pcap(stamped(packets()))))
    messages = [each for each in itertools.islice(findings, 1_500) if isinstance(each, Sighting)]
    assert len(messages) == 1_500
    gc.collect()
    known = [each for each in gc.get_objects() if isinstance(each, CapturedConnection)]
    assert len(known) <= 1_002
    assert list(findings) == []


def test_a_scan_of_ports_costs_no_memory_and_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "_MOST_OTHERS", 100)

    def packets() -> Iterator[bytes]:
        told = iter(conversation())
        yield from itertools.islice(told, 6)
        for port in range(1, 1_500):
            yield Conversation(("10.0.0.9", 50_000), ("10.0.0.8", port), start=port).opening()[0]
        yield from told

    reader = CaptureReader(source(pcap(stamped(packets()))))
    findings = list(reader.findings())
    assert (texts(findings), damages(findings)) == (SAID, [])
    gc.collect()
    known = [each for each in gc.get_objects() if isinstance(each, CapturedConnection)]
    assert len(known) <= 1_202
