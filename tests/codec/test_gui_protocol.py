"""Both ends of the GUI port: greeting, login, tickets, refusals, and then v2 both ways."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcs_codec import (
    BadHeaderError,
    Codec,
    DcsProtocol,
    Disconnected,
    EncodeError,
    Framing,
    HandshakeError,
    HtosNote,
    LocalProtocolError,
    MalformedMessage,
    Message,
    Role,
    State,
    StateError,
    StohAbortAll,
    TruncatedFrameError,
    UnknownMessage,
    gui,
)
from dcs_codec.gui_login import TICKET_BLOCK
from dcs_codec.gui_messages import GUI_MESSAGES
from dcs_codec.message import Direction, direction_of
from dcs_codec.state import Step, step_of
from dcs_codec.strategies import chunked, messages_of
from tests.codec.feeding import events_of
from tests.codec.gui_samples import (
    ACCEPTED,
    ASKED,
    COMPLETE,
    GREETING,
    GREETING_WITH_KEYS,
    LOGGED_IN,
    LOGIN,
    logged_in,
    take,
)

REFUSAL = gui.StogAuthenticationFailed(client_id=7)
ABORT = gui.GtosAbortAll(abort_arg="soft")
TICKET = gui.LoginTicket(base64="QUJD" * 40)


def asked_server() -> DcsProtocol:
    server = DcsProtocol(Role.GUI_SERVER)
    server.send(ASKED)
    return server


def greeted_client() -> DcsProtocol:
    client = DcsProtocol(Role.GUI)
    take(client, GREETING)
    return client


def test_the_bytes_of_a_login() -> None:
    client, server = DcsProtocol(Role.GUI), DcsProtocol(Role.GUI_SERVER)
    states = []
    assert server.send(ASKED) == GREETING
    assert take(client, GREETING) == [ASKED]
    states.append((client.state, server.state))
    assert client.send(LOGGED_IN) == LOGIN
    assert take(server, LOGIN) == [LOGGED_IN]
    states.append((client.state, server.state))
    assert server.send(COMPLETE) == ACCEPTED
    assert take(client, ACCEPTED) == [COMPLETE]
    states.append((client.state, server.state))
    assert states == [
        (State.ASKED, State.ASKED),
        (State.LOGGING_IN, State.LOGGING_IN),
        (State.ONLINE, State.ONLINE),
    ]
    assert client.framing is server.framing is Framing.V2


def test_a_server_with_keys_gives_the_number_of_the_connection() -> None:
    client = DcsProtocol(Role.GUI)
    assert take(client, GREETING_WITH_KEYS) == [gui.StocSendClientType(client_id=7)]
    server = DcsProtocol(Role.GUI_SERVER)
    assert server.send(gui.StocSendClientType(client_id=7)) == GREETING_WITH_KEYS


@given(data=st.data())
@settings(max_examples=settings().max_examples // 3)
def test_a_pair_exchanges_any_messages(data: st.DataObject) -> None:
    """Each side receives just what the other sent, however the bytes are cut."""
    client, server = logged_in()
    for sender, receiver, way in (
        (client, server, Direction.FROM_GUI),
        (server, client, Direction.TO_GUI),
    ):
        classes = [
            cls
            for cls in GUI_MESSAGES
            if direction_of(cls.keyword) is way and step_of(cls) is Step.MESSAGE
        ]
        chosen = st.sampled_from(classes).flatmap(messages_of)
        sent = data.draw(st.lists(chosen, max_size=4))
        wire = b"".join(sender.send(message) for message in sent)
        assert events_of(receiver, data.draw(chunked(wire))) == sent


# -- what a login may look like --------------------------------------------------------------


@pytest.mark.parametrize(
    "block",
    [
        LOGIN,
        b"gtos_client_is_gui anna S1 localhost :0".ljust(200),
        b"gtos_client_is_gui anna S1 localhost :0".rjust(199) + b"\0",
        b"htos_client_is_gui anna S1 localhost :0".ljust(200, b"\0"),
        b"   hello   anna S1  localhost\t:0".ljust(200, b"\0"),
    ],
)
def test_padding_and_the_first_word_do_not_matter(block: bytes) -> None:
    assert take(asked_server(), block) == [LOGGED_IN]


def test_further_words_are_surplus() -> None:
    [login] = take(asked_server(), (LOGIN.rstrip(b"\0") + b" extra more").ljust(200, b"\0"))
    assert isinstance(login, gui.GtosClientIsGui)
    assert (login.display, login.surplus) == (":0", "extra more")


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        (b"", "user", "is missing"),
        (b"gtos_client_is_gui", "user", "is missing"),
        (b"gtos_client_is_gui anna S1 localhost", "display", "is missing"),
        (b"x " + b"u" * 100 + b" s h :0", "user", "has 100 bytes, dcss takes 99"),
        (b"x u " + b"s" * 100 + b" h :0", "session", "has 100 bytes, dcss takes 99"),
    ],
)
def test_a_login_that_dcss_refuses(text: bytes, field: str, reason: str) -> None:
    """It is an event, so that the server can say no."""
    server = asked_server()
    [malformed] = take(server, text.ljust(200, b"\0"))
    assert malformed == MalformedMessage(text=text.decode(), field=field, reason=reason)
    server.send(REFUSAL)
    assert server.state is State.REFUSED


def test_commands_may_come_in_one_write_with_the_login() -> None:
    command = b"          20            0 gtos_abort_all soft\0"
    assert take(asked_server(), LOGIN + command) == [LOGGED_IN, ABORT]


def test_a_login_before_the_greeting() -> None:
    with pytest.raises(HandshakeError, match="expected nothing before the greeting"):
        take(DcsProtocol(Role.GUI_SERVER), LOGIN)


def test_a_login_that_is_cut_off() -> None:
    server = asked_server()
    server.receive_data(LOGIN[:100])
    server.receive_eof()
    with pytest.raises(TruncatedFrameError):
        server.next_event()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"stoc_send_client_type".ljust(200, b"\0"), "stoc_send_client_type"),
        (b"          22            0 stog_login_complete 3\0", "stog_login_complete 3"),
    ],
)
def test_the_greeting_of_another_port(data: bytes, text: str) -> None:
    client = DcsProtocol(Role.GUI)
    with pytest.raises(HandshakeError, match="the greeting of a GUI port, got") as caught:
        take(client, data)
    assert caught.value.text == text
    assert client.state is State.FAILED


def test_a_header_that_is_none_breaks_the_stream() -> None:
    client, server = logged_in()
    for protocol in (client, server):
        with pytest.raises(BadHeaderError):
            take(protocol, b"x" * 26)


# -- tickets ---------------------------------------------------------------------------------


def login_with(session: str) -> gui.GtosClientIsGui:
    return gui.GtosClientIsGui(user="anna", session=session, host="localhost", display=":0")


@pytest.mark.parametrize(
    ("session", "size"), [(gui.CYPHER, TICKET_BLOCK), (gui.DCS_CYPHER, 26 + 160 + 3 + 1)]
)
def test_a_ticket_follows_the_login_that_announces_it(session: str, size: int) -> None:
    client, server = greeted_client(), asked_server()
    login = login_with(session)
    data = client.send(login) + client.send(TICKET)
    assert len(data) == 200 + size
    assert data[200:].strip(b"\0 ").count(b"\n") == 3
    assert events_of(server, [data[:150], data[150:300], data[300:]]) == [login, TICKET]
    take(client, server.send(COMPLETE))
    assert take(server, client.send(ABORT)) == [ABORT]


def test_a_ticket_in_one_line_is_read() -> None:
    server = asked_server()
    take(server, greeted_client().send(login_with(gui.DCS_CYPHER)))
    assert take(server, b"           5            0 QUJD\0") == [gui.LoginTicket(base64="QUJD")]


@pytest.mark.parametrize("base64", ["", "QU JD", "é", "A" * 1024])
def test_a_ticket_that_is_none(base64: str) -> None:
    client = greeted_client()
    client.send(login_with(gui.CYPHER))
    with pytest.raises(EncodeError, match="base64: "):
        client.send(gui.LoginTicket(base64=base64))
    assert len(client.send(TICKET)) == TICKET_BLOCK


def test_a_ticket_that_nothing_announced() -> None:
    client = greeted_client()
    client.send(LOGGED_IN)
    with pytest.raises(StateError, match="a ticket follows the sessions CYPHER and DCS_CYPHER"):
        client.send(TICKET)
    server = asked_server()
    take(server, LOGIN)
    with pytest.raises(StateError, match="LoginTicket is not for a GUI server to send"):
        server.send(TICKET)


def test_a_ticket_is_not_shown() -> None:
    assert repr(TICKET) == "LoginTicket(base64=<160 characters>)"


# -- refusals, and what may not be sent ------------------------------------------------------


def test_a_refused_login() -> None:
    client, server = greeted_client(), asked_server()
    take(server, client.send(LOGGED_IN))
    assert take(client, server.send(REFUSAL)) == [REFUSAL]
    assert client.state is server.state is State.REFUSED
    with pytest.raises(StateError, match="gtos_abort_all cannot be sent in state refused"):
        client.send(ABORT)
    client.receive_eof()
    assert client.next_event() == Disconnected()


def test_a_session_that_ends_later() -> None:
    client, server = logged_in()
    assert take(client, server.send(REFUSAL)) == [REFUSAL]
    assert client.state is server.state is State.REFUSED


@pytest.mark.parametrize("message", [COMPLETE, REFUSAL, gui.StogQuit(), LOGGED_IN])
def test_what_comes_before_its_time_moves_nothing(message: Message) -> None:
    client = greeted_client()
    wire = gui.gui_codec().encode_bytes(message, Framing.V2)
    assert take(client, wire) == [message]
    assert client.state is State.ASKED


@pytest.mark.parametrize(
    ("role", "message", "error"),
    [
        (Role.GUI, gui.StogQuit(), "stog_quit is not for a GUI to send"),
        (Role.GUI, UnknownMessage(text="htos_note x"), "htos_note is not for a GUI to send"),
        (Role.GUI, UnknownMessage(text="stoh_x"), "stoh_x is not for a GUI to send"),
        (Role.GUI, LOGGED_IN, "gtos_client_is_gui cannot be sent in state online"),
        (Role.GUI_SERVER, ABORT, "gtos_abort_all is not for a GUI server to send"),
        (Role.GUI_SERVER, COMPLETE, "stog_login_complete cannot be sent in state online"),
        (Role.GUI_SERVER, ASKED, "stoc_send_client_type cannot be sent in state online"),
    ],
)
def test_what_may_not_be_sent(role: Role, message: Message, error: str) -> None:
    protocol = logged_in()[0 if role is Role.GUI else 1]
    with pytest.raises(StateError) as caught:
        protocol.send(message)
    assert str(caught.value) == error
    assert protocol.state is State.ONLINE


@pytest.mark.parametrize("message", [HtosNote(), StohAbortAll()])
def test_messages_of_the_hardware_port_are_unknown_here(message: Message) -> None:
    with pytest.raises((StateError, EncodeError)):
        logged_in()[1].send(message)


def test_words_nobody_has_a_class_for_may_be_sent() -> None:
    client, server = logged_in()
    mine = UnknownMessage(text="gtos_mine x")
    assert take(server, client.send(mine)) == [mine]
    theirs = UnknownMessage(text="stog_mine x")
    assert take(client, server.send(theirs)) == [theirs]


def test_nothing_but_the_login_before_it_is_complete() -> None:
    client = greeted_client()
    with pytest.raises(StateError, match="gtos_abort_all cannot be sent in state asked"):
        client.send(ABORT)
    client.send(LOGGED_IN)
    with pytest.raises(StateError, match="gtos_abort_all cannot be sent in state logging_in"):
        client.send(ABORT)


def test_the_framing_of_the_port_is_given() -> None:
    client = DcsProtocol(Role.GUI, Framing.V1)
    assert client.framing is Framing.V2
    client.framing = Framing.V2
    with pytest.raises(LocalProtocolError, match="the GUI port speaks v2"):
        client.framing = Framing.V1


def test_a_site_s_own_codec() -> None:
    codec = Codec(gui.gui_registry())
    options: dict[str, Any] = {"codec": codec}
    assert DcsProtocol(Role.GUI_SERVER, **options).encode(gui.StogQuit()) == (
        b"          10            0 stog_quit\0"
    )
