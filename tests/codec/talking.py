"""The messages of the handshake, and protocols after the handshake."""

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    Frame,
    Framing,
    HtosClientIsHardware,
    Role,
    State,
    StocSendClientType,
    StohAbortAll,
    encode_frame,
)
from dcs_codec.protocol import Event

ASK = b"stoc_send_client_type" + bytes(179)
ANSWER = b"htos_client_is_hardware loopDHS" + bytes(169)
ASKED = StocSendClientType()
ANSWERED = HtosClientIsHardware(hardware_name="loopDHS")
ABORT = StohAbortAll(abort_arg="soft")
FRAMINGS = [Framing.V1, Framing.V2]


def frame_of(text: bytes, framing: Framing) -> bytes:
    """The bytes of a frame with this text."""
    return encode_frame(Frame(text), framing)


def take(protocol: DcsProtocol, data: bytes = b"") -> list[Event]:
    """The events of `data`; errors go through."""
    protocol.receive_data(data)
    taken: list[Event] = []
    while (event := protocol.next_event()) is not NEED_DATA:
        taken.append(event)
    return taken


def online(role: Role, framing: Framing = Framing.V2) -> DcsProtocol:
    """A protocol after the handshake, with a known framing."""
    protocol = DcsProtocol(role, framing)
    if role is Role.DHS:
        assert take(protocol, ASK) == [ASKED]
        protocol.send(ANSWERED)
    else:
        protocol.send(ASKED)
        assert take(protocol, ANSWER) == [ANSWERED]
    assert protocol.state is State.ONLINE
    return protocol
