"""Invariants for any messages and any bytes; `test_protocol` has the cases."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcs_codec import (
    DHS_MESSAGES,
    NEED_DATA,
    DcsError,
    DcsProtocol,
    Disconnected,
    FrameError,
    Framing,
    HandshakeError,
    HtosLog,
    Message,
    Role,
    State,
    StocSendClientType,
    StohRegisterOperation,
    UnknownMessage,
)
from dcs_codec.message import Direction, direction_of
from dcs_codec.protocol import Event
from dcs_codec.strategies import chunked, hostile_streams, messages
from tests.codec.feeding import bytewise, described, events_of
from tests.codec.talking import (
    ASKED,
    FRAMINGS,
    frame_of,
    online,
)


def from_side(role: Role, framing: Framing) -> st.SearchStrategy[list[Message]]:
    """Messages that `role` may send after the handshake."""
    ours = Direction.TO_DCSS if role is Role.DHS else Direction.TO_DHS
    classes = [cls for cls in DHS_MESSAGES if direction_of(cls.keyword) is ours]
    mine = messages(framing, [cls for cls in classes if cls is not StocSendClientType])
    return st.lists(mine.filter(lambda message: _is_sent(message, ours)), max_size=4)


def _is_sent(message: Message, ours: Direction) -> bool:
    """Not an unknown keyword that only the other side may send."""
    if not isinstance(message, UnknownMessage):
        return True
    return direction_of(message.received_keyword) in (None, ours)


@pytest.mark.parametrize("framing", FRAMINGS)
@given(data=st.data())
@settings(max_examples=settings().max_examples // 3)
def test_a_pair_exchanges_any_messages(framing: Framing, data: st.DataObject) -> None:
    """Connected in memory, each side receives exactly what the other sent, in any pieces."""
    sides = {Role.DHS: online(Role.DHS, framing), Role.DCSS: online(Role.DCSS, framing)}
    for sender, receiver in ((Role.DCSS, Role.DHS), (Role.DHS, Role.DCSS)):
        sent = data.draw(from_side(sender, framing), label=sender.value)
        wire = b"".join(sides[sender].send(message) for message in sent)
        received = events_of(sides[receiver], data.draw(chunked(wire)))
        assert received == sent
        assert [type(event) for event in received] == [type(message) for message in sent]


@pytest.mark.parametrize("framing", FRAMINGS)
@given(data=st.data())
@settings(max_examples=settings().max_examples // 5)
def test_auto_reads_what_a_registering_dcss_sends(framing: Framing, data: st.DataObject) -> None:
    """A DHS with AUTO adopts DCSS's framing and receives every message."""
    registered = StohRegisterOperation(operation_name="a", hardware_name="b")
    dcss, dhs = online(Role.DCSS, framing), online(Role.DHS, Framing.AUTO)
    sent = [registered, *data.draw(from_side(Role.DCSS, framing))]
    wire = b"".join(dcss.send(message) for message in sent)
    assert events_of(dhs, data.draw(chunked(wire))) == sent
    assert dhs.framing is framing


@given(
    data=st.data(),
    stream=hostile_streams(),
    role=st.sampled_from(Role),
    framing=st.sampled_from(Framing),
    asked=st.booleans(),
)
def test_any_bytes_give_events_or_a_documented_error(
    data: st.DataObject, stream: bytes, role: Role, framing: Framing, asked: bool
) -> None:
    """Any bytes give messages, FrameError or HandshakeError, the same for any pieces."""
    outcomes = []
    for pieces in ([stream], bytewise(stream), data.draw(chunked(stream))):
        protocol = DcsProtocol(role, framing, max_frame_size=10_000)
        if asked and role is Role.DCSS:
            protocol.send(ASKED)
        taken = events_of(protocol, pieces)
        protocol.receive_eof()
        if not taken or not isinstance(taken[-1], DcsError):
            taken += events_of_end(protocol)
        outcomes.append(described(taken))
        assert all(
            isinstance(thing, (Message, Disconnected, FrameError, HandshakeError))
            for thing in taken
        )
        assert isinstance(taken[-1], (Disconnected, FrameError, HandshakeError))
        assert protocol.state is (State.CLOSED if taken[-1] == Disconnected() else State.FAILED)
    assert outcomes[0] == outcomes[1] == outcomes[2]


def events_of_end(protocol: DcsProtocol) -> list[Event | DcsError]:
    try:
        event = protocol.next_event()
    except DcsError as error:
        return [error]
    assert event is not NEED_DATA
    return [event]


@given(hostile_streams())
def test_a_log_line_survives_any_stream(stream: bytes) -> None:
    """Frames after the handshake come one by one: those before an error are delivered."""
    line = HtosLog(log_level="note", log_sender="a", log_message="b")
    dcss = online(Role.DCSS)
    taken = events_of(dcss, [frame_of(b"htos_log note a b", Framing.V2) + stream])
    assert taken[0] == line
