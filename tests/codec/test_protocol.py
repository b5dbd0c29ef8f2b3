import attrs
import pytest

from dcs_codec import (
    NEED_DATA,
    BadHeaderError,
    Codec,
    DcsError,
    DcsProtocol,
    Disconnected,
    EncodeError,
    Frame,
    FrameError,
    FrameTooLargeError,
    Framing,
    HandshakeError,
    HtosClientIsHardware,
    HtosClientTypeIsHardware,
    HtosNote,
    HtosOperationUpdate,
    LocalProtocolError,
    MalformedMessage,
    Message,
    Registry,
    Role,
    State,
    StateError,
    StocSendClientType,
    StohAbortAll,
    TruncatedFrameError,
    UnknownMessage,
    decode_text,
    encode_frame,
)
from tests.codec.talking import (
    ABORT,
    ANSWER,
    ANSWERED,
    ASK,
    ASKED,
    FRAMINGS,
    frame_of,
    online,
    take,
)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_conversation_to_the_byte(framing: Framing) -> None:
    dcss, dhs = DcsProtocol(Role.DCSS, framing), DcsProtocol(Role.DHS, framing)
    states = [(dcss.state, dhs.state)]
    data = dcss.send(ASKED)
    assert data == ASK
    assert take(dhs, data) == [ASKED]
    states.append((dcss.state, dhs.state))
    data = dhs.send(ANSWERED)
    assert data == ANSWER
    assert take(dcss, data) == [ANSWERED]
    states.append((dcss.state, dhs.state))
    assert dcss.hardware_name == dhs.hardware_name == "loopDHS"
    assert dcss.send(ABORT) == frame_of(b"stoh_abort_all soft", framing)
    assert take(dhs, dcss.send(ABORT)) == [ABORT]
    note = HtosNote(note_message="done")
    assert dhs.send(note) == frame_of(b"htos_note done", framing)
    assert take(dcss, dhs.send(note)) == [note]
    dhs.receive_eof()
    dhs.receive_eof()
    assert dhs.next_event() == Disconnected()
    assert dhs.next_event() == Disconnected()
    states.append((dcss.state, dhs.state))
    assert states == [
        (State.CONNECTED, State.CONNECTED),
        (State.ASKED, State.ASKED),
        (State.ONLINE, State.ONLINE),
        (State.ONLINE, State.CLOSED),
    ]


@pytest.mark.parametrize("framing", FRAMINGS)
def test_auto_follows_the_first_frame_behind_the_handshake(framing: Framing) -> None:
    dhs = online(Role.DHS, Framing.AUTO)
    seen = [dhs.framing]
    with pytest.raises(StateError) as caught:
        dhs.send(HtosNote(note_message="too early"))
    assert str(caught.value) == (
        "htos_note: framing is not known before DCSS sends its first frame; "
        "set v1 or v2 to send earlier"
    )
    assert take(dhs, frame_of(b"stoh_abort_all soft", framing)) == [ABORT]
    seen.append(dhs.framing)
    assert seen == [Framing.AUTO, framing]
    assert dhs.send(HtosNote(note_message="a")) == frame_of(b"htos_note a", framing)


def test_auto_is_settled_by_a_frame_that_came_with_the_handshake() -> None:
    dhs = DcsProtocol(Role.DHS)
    assert take(dhs, ASK + frame_of(b"stoh_abort_all soft", Framing.V2)) == [ASKED, ABORT]
    assert dhs.framing is Framing.V2
    assert dhs.send(ANSWERED) == ANSWER


def test_dcss_may_set_the_framing_when_it_knows_the_name() -> None:
    dcss = DcsProtocol(Role.DCSS)
    dcss.send(ASKED)
    seen = [dcss.framing]
    assert take(dcss, ANSWER) == [ANSWERED]
    with pytest.raises(StateError, match="stoh_abort_all: framing is not known"):
        dcss.send(ABORT)
    dcss.framing = Framing.V1
    seen.append(dcss.framing)
    assert seen == [Framing.AUTO, Framing.V1]
    assert dcss.send(ABORT) == frame_of(b"stoh_abort_all soft", Framing.V1)
    assert take(dcss, frame_of(b"htos_note a", Framing.V1)) == [HtosNote(note_message="a")]


def test_framing_set_before_the_handshake_counts_behind_it() -> None:
    dhs = DcsProtocol(Role.DHS)
    dhs.framing = Framing.V2
    assert take(dhs, ASK) == [ASKED]
    dhs.send(ANSWERED)
    assert dhs.send(HtosNote(note_message="a")) == frame_of(b"htos_note a", Framing.V2)


def test_framing_is_not_set_inside_a_frame() -> None:
    dhs = online(Role.DHS)
    assert take(dhs, frame_of(b"stoh_abort_all soft", Framing.V2)[:-1]) == []
    with pytest.raises(LocalProtocolError, match="between frames"):
        dhs.framing = Framing.V1
    assert dhs.framing is Framing.V2
    assert take(dhs, b"\0") == [ABORT]


@pytest.mark.parametrize(
    ("data", "name", "event"),
    [
        (ANSWER, "loopDHS", ANSWERED),
        (
            b"htos_client_type_is_hardware loopDHS dcsProtocol_2.0".ljust(200),
            "loopDHS",
            HtosClientTypeIsHardware(
                hardware_name="loopDHS", dcs_version="dcsProtocol_2.0".ljust(200 - 37)
            ),
        ),
        (
            b"anything  loopDHS at all\0rubbish".ljust(200, b"\0"),
            "loopDHS",
            UnknownMessage(text="anything  loopDHS at all"),
        ),
        (
            b"          30            0 htos_client_is_hardware loopDHS".ljust(200, b"\0"),
            "0",
            UnknownMessage(text="          30            0 htos_client_is_hardware loopDHS"),
        ),
        (
            b"htos_client_is_hardware loopDHS more".ljust(200, b"\0"),
            "loopDHS",
            decode_text("htos_client_is_hardware loopDHS more"),
        ),
    ],
)
def test_dcss_looks_at_the_second_word_only(data: bytes, name: str, event: Message) -> None:
    dcss = DcsProtocol(Role.DCSS, Framing.V2)
    dcss.send(ASKED)
    assert take(dcss, data) == [event]
    assert dcss.hardware_name == name
    assert dcss.state is State.ONLINE


@pytest.mark.parametrize(
    "answer",
    [
        HtosClientIsHardware(hardware_name="loopDHS"),
        HtosClientTypeIsHardware(hardware_name="loopDHS", dcs_version="dcsProtocol_2.0"),
    ],
)
def test_both_sides_know_the_name_that_was_given(answer: Message) -> None:
    dcss, dhs = DcsProtocol(Role.DCSS), DcsProtocol(Role.DHS)
    take(dhs, dcss.send(ASKED))
    assert (dhs.hardware_name, dcss.hardware_name) == (None, None)
    assert take(dcss, dhs.send(answer)) == [answer]
    assert dhs.hardware_name == dcss.hardware_name == "loopDHS"


@pytest.mark.parametrize(
    ("role", "text"),
    [
        (Role.DHS, b"stoh_abort_all soft"),
        (Role.DHS, b"          22            0 stoc_send_client_type"),
        (Role.DHS, b""),
        (Role.DCSS, b"htos_client_is_hardware"),
        (Role.DCSS, b"  htos_client_is_hardware "),
        (Role.DCSS, b""),
    ],
)
def test_a_first_frame_that_is_no_handshake(role: Role, text: bytes) -> None:
    protocol = DcsProtocol(role)
    if role is Role.DCSS:
        protocol.send(ASKED)
    protocol.receive_data(text.ljust(200, b"\0") + ASK)
    check_fatal(protocol, HandshakeError)
    with pytest.raises(HandshakeError) as caught:
        protocol.next_event()
    assert caught.value.text == text.decode()
    asked_for = {Role.DHS: "stoc_send_client_type", Role.DCSS: "htos_client_is_hardware NAME"}
    assert caught.value.expected == asked_for[role]


def test_an_answer_before_the_question_is_no_handshake() -> None:
    dcss = DcsProtocol(Role.DCSS)
    dcss.receive_data(ANSWER)
    check_fatal(dcss, HandshakeError)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"stoh_abort_all soft".ljust(200, b"\0"), BadHeaderError),
        (b"     1000001            0 ", FrameTooLargeError),
        (b"           5            0 stoh", TruncatedFrameError),
        (b"           5    ", TruncatedFrameError),
    ],
)
def test_a_broken_stream_is_fatal_behind_what_came_before(
    data: bytes, error: type[FrameError]
) -> None:
    dhs = DcsProtocol(Role.DHS, Framing.V2, max_frame_size=1_000_000)
    assert take(dhs, ASK) == [ASKED]
    dhs.send(ANSWERED)
    dhs.receive_data(frame_of(b"stoh_abort_all soft", Framing.V2) + data)
    dhs.receive_eof()
    assert dhs.next_event() == ABORT
    check_fatal(dhs, error)
    with pytest.raises(StateError, match="cannot be sent in state failed"):
        dhs.send(HtosNote(note_message="a"))


def test_an_end_inside_the_handshake_is_truncated() -> None:
    dcss = DcsProtocol(Role.DCSS)
    dcss.send(ASKED)
    dcss.receive_data(ANSWER[:100])
    dcss.receive_eof()
    check_fatal(dcss, TruncatedFrameError)


def check_fatal(protocol: DcsProtocol, error: type[DcsError]) -> None:
    caught = []
    for _ in range(2):
        with pytest.raises(error) as info:
            protocol.next_event()
        caught.append(info.value)
        assert protocol.state is State.FAILED
        protocol.receive_data(frame_of(b"stoh_abort_all", Framing.V2))
        protocol.receive_eof()
    assert caught[0] is caught[1]


@pytest.mark.parametrize("role", Role)
def test_an_end_before_anything_was_said(role: Role) -> None:
    protocol = DcsProtocol(role)
    assert protocol.next_event() is NEED_DATA
    protocol.receive_eof()
    assert protocol.next_event() == Disconnected()
    assert protocol.state is State.CLOSED


@pytest.mark.parametrize("framing", FRAMINGS)
def test_one_bad_message_costs_its_neighbours_nothing(framing: Framing) -> None:
    dhs = online(Role.DHS, framing)
    texts = [
        b"stoh_abort_all soft",
        b"stoh_register_operation a",
        b"",
        b"foo \xff",
        b"stoh_abort_all",
    ]
    assert take(dhs, b"".join(frame_of(text, framing) for text in texts)) == [
        ABORT,
        MalformedMessage(
            text="stoh_register_operation a", field="hardware_name", reason="is missing"
        ),
        MalformedMessage(text="", field="", reason="holds no word"),
        UnknownMessage(text="foo \udcff"),
        StohAbortAll(),
    ]


@pytest.mark.parametrize(
    ("role", "state", "message", "error"),
    [
        (
            Role.DHS,
            State.CONNECTED,
            ANSWERED,
            "htos_client_is_hardware cannot be sent in state connected",
        ),
        (
            Role.DHS,
            State.CONNECTED,
            HtosNote(note_message="a"),
            "htos_note cannot be sent in state connected",
        ),
        (
            Role.DHS,
            State.ASKED,
            HtosNote(note_message="a"),
            "htos_note cannot be sent in state asked",
        ),
        (
            Role.DHS,
            State.ASKED,
            UnknownMessage(text="htos_mine a"),
            "htos_mine cannot be sent in state asked",
        ),
        (
            Role.DHS,
            State.CLOSED,
            HtosNote(note_message="a"),
            "htos_note cannot be sent in state closed",
        ),
        (Role.DHS, State.CONNECTED, ASKED, "stoc_send_client_type is not for a DHS to send"),
        (Role.DHS, State.ONLINE, ABORT, "stoh_abort_all is not for a DHS to send"),
        (
            Role.DHS,
            State.ONLINE,
            UnknownMessage(text="stoh_mine a"),
            "stoh_mine is not for a DHS to send",
        ),
        (
            Role.DCSS,
            State.ONLINE,
            UnknownMessage(text="htos_mine"),
            "htos_mine is not for a DCSS to send",
        ),
        (
            Role.DHS,
            State.ASKED,
            UnknownMessage(text=""),
            "UnknownMessage cannot be sent in state asked",
        ),
        (Role.DCSS, State.CONNECTED, ABORT, "stoh_abort_all cannot be sent in state connected"),
        (Role.DCSS, State.ASKED, ABORT, "stoh_abort_all cannot be sent in state asked"),
        (Role.DCSS, State.ASKED, ASKED, "stoc_send_client_type cannot be sent in state asked"),
        (Role.DCSS, State.ONLINE, ASKED, "stoc_send_client_type cannot be sent in state online"),
        (Role.DCSS, State.CLOSED, ABORT, "stoh_abort_all cannot be sent in state closed"),
        (Role.DCSS, State.ONLINE, ANSWERED, "htos_client_is_hardware is not for a DCSS to send"),
    ],
)
def test_what_may_not_be_sent(role: Role, state: State, message: Message, error: str) -> None:
    protocol = protocol_in(role, state)
    with pytest.raises(StateError) as caught:
        protocol.send(message)
    assert str(caught.value) == error
    assert protocol.state is state


def protocol_in(role: Role, state: State) -> DcsProtocol:
    if state is State.ONLINE:
        return online(role)
    protocol = DcsProtocol(role, Framing.V2)
    if state is State.ASKED:
        if role is Role.DHS:
            assert take(protocol, ASK) == [ASKED]
        else:
            protocol.send(ASKED)
    elif state is State.CLOSED:
        protocol.receive_eof()
        assert protocol.next_event() == Disconnected()
    assert protocol.state is state
    return protocol


def test_a_second_answer_is_a_message_like_others() -> None:
    dhs, dcss = online(Role.DHS), online(Role.DCSS)
    data = dhs.send(HtosClientIsHardware(hardware_name="other"))
    assert data == frame_of(b"htos_client_is_hardware other", Framing.V2)
    assert take(dcss, data) == [HtosClientIsHardware(hardware_name="other")]
    assert dhs.hardware_name == dcss.hardware_name == "loopDHS"


def test_ordinary_messages_take_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """This path is fast; other tests check that the result is the same."""
    dhs, dcss = online(Role.DHS), online(Role.DCSS)
    monkeypatch.delattr(DcsProtocol, "_check")
    assert dhs.send(HtosNote(note_message="a")) == frame_of(b"htos_note a", Framing.V2)
    assert dcss.send(ABORT) == frame_of(b"stoh_abort_all soft", Framing.V2)


def test_what_cannot_be_encoded_changes_nothing() -> None:
    dhs = protocol_in(Role.DHS, State.ASKED)
    with pytest.raises(EncodeError, match="hardware_name: is empty"):
        dhs.send(HtosClientIsHardware(hardware_name=""))
    with pytest.raises(EncodeError, match="htos_client_type_is_hardware: text of 240 bytes"):
        dhs.send(HtosClientTypeIsHardware(hardware_name="a" * 10, dcs_version="b" * 200))
    assert (dhs.state, dhs.hardware_name) == (State.ASKED, None)
    assert dhs.send(ANSWERED) == ANSWER
    with pytest.raises(EncodeError, match="message is malformed"):
        dhs.send(MalformedMessage(text="htos_note", field="", reason=""))
    with pytest.raises(EncodeError, match="htos_operation_update: binary: is bytes"):
        dhs.send(update_with_binary("text"))
    assert dhs.state is State.ONLINE


def update_with_binary(binary: object) -> Message:
    values = {"operation_name": "a", "operation_handle": "1.1", "binary": binary}
    return HtosOperationUpdate(**values)  # type: ignore[arg-type] # a wrong type is the case


def test_v1_carries_no_binary_part() -> None:
    dhs = online(Role.DHS, Framing.V1)
    with pytest.raises(EncodeError, match="htos_operation_update: binary: v1 carries no binary"):
        dhs.send(update_with_binary(b"x"))


def test_messages_are_those_of_the_codec() -> None:
    codec = Codec(Registry([StocSendClientType, HtosClientIsHardware]))
    dhs = DcsProtocol(Role.DHS, Framing.V2, codec=codec)
    assert take(dhs, ASK) == [ASKED]
    dhs.send(ANSWERED)
    data = frame_of(b"stoh_abort_all soft", Framing.V2)
    assert take(dhs, data) == [UnknownMessage(text="stoh_abort_all soft")]


def test_disconnected_is_a_value() -> None:
    disconnected = Disconnected()
    assert disconnected == Disconnected()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        disconnected.anything = 1  # type: ignore[attr-defined] # that it fails is the case


def test_the_last_frame_is_kept_in_the_words_of_the_peer() -> None:
    dhs = online(Role.DHS)
    dhs.receive_data(encode_frame(Frame(b"stoh_start_motor_move  m 0.000000", b"12"), Framing.V2))
    dhs.receive_data(frame_of(b"stoh_set_encoder e x", Framing.V2))
    dhs.next_event()
    assert dhs.last_frame == Frame(b"stoh_start_motor_move  m 0.000000", b"12")
    assert str(dhs.last_frame) == "stoh_start_motor_move  m 0.000000 <2 bytes>"
    assert isinstance(dhs.next_event(), MalformedMessage)
    assert dhs.next_event() is NEED_DATA
    assert str(dhs.last_frame) == "stoh_set_encoder e x"


def test_has_more_while_bytes_are_left_that_no_event_took() -> None:
    dhs = DcsProtocol(Role.DHS)
    assert not dhs.has_more
    dhs.receive_data(ASK + ASK[:1])
    assert dhs.next_event() == ASKED
    assert dhs.has_more
