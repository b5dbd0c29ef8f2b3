"""Bytes of a real dcss, and messages logged at a beamline; skipped without the recordings."""

import random
from collections.abc import Iterator
from typing import Final

import attrs
import pytest

from dcs_codec import (
    Codec,
    DcsError,
    DcsProtocol,
    Disconnected,
    Frame,
    FrameError,
    Framing,
    HandshakeError,
    HtosClientIsHardware,
    MalformedMessage,
    Message,
    Role,
    State,
    StocSendClientType,
    UnknownMessage,
    default_registry,
    encode_text,
)
from dcs_codec.protocol import Event
from tests.codec.feeding import bytewise, described, events_of
from tests.shared import Row, frame_rows

FRAMING: Final = {"pydhs": Framing.V2, "pydhs1": Framing.V1}
HOSTS: Final = sorted(FRAMING)
ASK: Final = b"stoc_send_client_type"
APART: Final = 1001  # cuts of one run, in bytes: whole frames lie between
RANDOM_CUTS: Final = 50


class RememberingCodec(Codec):
    """Decodes each frame once: the cuts move, the frames should not."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Frame, Message] = {}

    def decode(self, frame: Frame) -> Message:
        """The message of a frame, cached."""
        message = self._known.get(frame)
        if message is None:
            message = self._known[frame] = super().decode(frame)
        return message


@attrs.frozen
class Connection:
    """The frames of one connection, each side's in order."""

    from_dcss: tuple[bytes, ...]
    from_dhs: tuple[bytes, ...]


def connections(host: str) -> Iterator[Connection]:
    """The connections of a host; each begins with dcss's question."""
    frames: list[Row] = []
    for frame in frame_rows():
        if frame.host != host:
            continue
        if frames and frame.from_dcss and frame.data.startswith(ASK):
            yield connection_of(frames)
            frames = []
        frames.append(frame)
    yield connection_of(frames)


def connection_of(frames: list[Row]) -> Connection:
    return Connection(
        from_dcss=tuple(frame.data for frame in frames if frame.from_dcss),
        from_dhs=tuple(frame.data for frame in frames if not frame.from_dcss),
    )


pytestmark = pytest.mark.uncovered


def text_of(data: bytes, framing: Framing) -> bytes:
    """Text of a recorded frame, found without the codec."""
    if framing is Framing.V2 and not data.startswith(ASK):
        data = data[26:]
    return data.partition(b"\0")[0].rstrip(b"\r\n")


@pytest.mark.parametrize("host", HOSTS)
def test_what_dcss_sent_is_read_word_for_word(host: str) -> None:
    framing = FRAMING[host]
    read = 0
    for connection in connections(host):
        dhs = DcsProtocol(Role.DHS)
        events = events_of(dhs, [b"".join(connection.from_dcss)])
        texts = [text_of(data, framing) for data in connection.from_dcss]
        for event, text in zip(events, texts, strict=True):
            for ours, sent in zip(said_in(event), text.split(), strict=True):
                assert ours == sent or float(ours) == float(sent)
        assert isinstance(events[0], StocSendClientType)
        assert not any(isinstance(event, MalformedMessage) for event in events)
        dhs.receive_eof()
        assert dhs.next_event() == Disconnected()
        assert dhs.framing is (framing if len(events) > 1 else Framing.AUTO)
        read += len(events)
    assert read == sum(f.host == host and f.from_dcss for f in frame_rows())


def said_in(event: Event | DcsError) -> list[bytes]:
    """The words of a message as its class writes them."""
    assert isinstance(event, Message)
    return encode_text(event).encode("utf-8", "surrogateescape").split()


@pytest.mark.parametrize("host", HOSTS)
def test_known_keywords_have_their_class(host: str) -> None:
    seen = set()
    for connection in connections(host):
        events = events_of(DcsProtocol(Role.DHS), [b"".join(connection.from_dcss)])
        for event, data in zip(events, connection.from_dcss, strict=True):
            keyword = text_of(data, FRAMING[host]).split()[0].decode()
            assert type(event) is (default_registry().get(keyword) or UnknownMessage)
            seen.add(keyword)
    assert {"stoh_register_operation", "stoh_start_operation", "stoh_register_string"} <= seen


@pytest.mark.parametrize("host", HOSTS)
def test_a_cut_at_any_byte_changes_nothing(host: str) -> None:
    codec = RememberingCodec()
    streams = {b"".join(connection.from_dcss) for connection in connections(host)}
    assert len(streams) > 1
    for stream in streams:
        whole = events_of(DcsProtocol(Role.DHS, codec=codec), [stream])
        for first in range(1, APART + 1):
            cuts = range(first, len(stream), APART)
            pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
            dhs = DcsProtocol(Role.DHS, codec=codec)
            assert events_of(dhs, pieces) == whole, f"cut at {first} and every {APART} bytes on"


@pytest.mark.parametrize("host", HOSTS)
def test_single_bytes_and_random_pieces_change_nothing(host: str) -> None:
    chance = random.Random(host)
    for connection in connections(host):
        stream = b"".join(connection.from_dcss)
        whole = events_of(DcsProtocol(Role.DHS), [stream])
        assert events_of(DcsProtocol(Role.DHS), bytewise(stream)) == whole
        for _ in range(RANDOM_CUTS):
            cuts = sorted(chance.choices(range(len(stream) + 1), k=chance.randrange(1, 12)))
            pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
            assert events_of(DcsProtocol(Role.DHS), pieces) == whole


@pytest.mark.parametrize("host", HOSTS)
def test_what_the_dhs_sent_gives_events_or_a_documented_error(host: str) -> None:
    """The recording contains streams that were made to break a server."""
    failed = set()
    for connection in connections(host):
        stream = b"".join(connection.from_dhs)
        outcomes = []
        for pieces in (connection.from_dhs, bytewise(stream)):
            dcss = DcsProtocol(Role.DCSS, FRAMING[host])
            dcss.send(StocSendClientType())
            events = events_of(dcss, pieces)
            assert all(isinstance(e, (Message, FrameError, HandshakeError)) for e in events)
            if events and isinstance(events[-1], DcsError):
                assert dcss.state is State.FAILED
                failed.add(type(events[-1]))
            else:
                assert dcss.state is (State.ONLINE if events else State.ASKED)
            outcomes.append(described(events))
        assert outcomes[0] == outcomes[1]
    assert failed == ({HandshakeError} if host == "pydhs" else set())  # one word, no name


def test_the_handshake_is_answered_as_the_recording_does() -> None:
    for host in HOSTS:
        dhs = DcsProtocol(Role.DHS)
        connection = list(connections(host))[-1]
        assert isinstance(events_of(dhs, [connection.from_dcss[0]])[0], StocSendClientType)
        assert dhs.send(HtosClientIsHardware(hardware_name=host)) == connection.from_dhs[0]
