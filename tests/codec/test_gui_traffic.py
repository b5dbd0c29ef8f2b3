"""The recorded bytes of a real dcss's GUI port; read where the recording is.

Every whole frame with a keyword of the port becomes its class and the same bytes again, but for
digits of numbers and trailing blanks. All other frames are listed by case below, each with what
the protocol object says of it.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

import attrs
import pytest

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    EncodeError,
    Frame,
    FrameDecoder,
    FrameError,
    Framing,
    MalformedMessage,
    Message,
    Role,
    UnknownMessage,
    gui,
    gui_codec,
    gui_registry,
)
from dcs_codec.words import first_word, to_text
from tests.codec.feeding import events_of
from tests.codec.gui_samples import ASKED
from tests.shared import shared_path

_NUMBER: Final = re.compile(
    r"(?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\w.])", re.IGNORECASE
)
BLOCK: Final = 200

REFUSED: Final = {
    "danger:",  # names, numbers and texts that a server died of
    "forward:unbalanced brace",
    "forward:move to words/nan/inf",
}
"""Cases, or beginnings of them, with frames that a client must not send: encode refuses them."""

MALFORMED: Final = {
    "forward:move with extra tokens",  # and one without a destination
    "forward:vector with one token",
    "danger:stop_operation nothing + long",
    "operation:unknown / wrong type",  # and one without a name
}
"""Cases with commands that lack a word."""


@attrs.frozen
class Sent:
    """One write of the recording."""

    case: str
    from_gui: bool
    data: bytes


def rows() -> Iterator[Sent]:
    """What was written on the GUI port, but for frames that the recorder cut."""
    for line in shared_path("gui/gui_frames.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["port"] == "gui" and not row.get("cut"):
            data = bytes.fromhex(row["hex"])
            yield Sent(row["case"] or "", row["dir"] == "gui->dcss", data)


def whole_frame(data: bytes) -> Frame | None:
    """The one v2 frame that the bytes are, None where they are something else."""
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(data)
    try:
        frame = decoder.next_frame()
    except FrameError:
        return None
    return None if frame is NEED_DATA or decoder.has_more else frame


def whole_frames() -> Iterator[tuple[Sent, Frame]]:
    for sent in rows():
        frame = whole_frame(sent.data)
        if frame is not None:
            yield sent, frame


def digits_alike(text: str) -> str:
    return _NUMBER.sub(lambda match: f"{float(match[0]):.6g}", text).rstrip(" ")


def is_said(case: str, listed: set[str]) -> bool:
    return any(case.startswith(begin) for begin in listed)


def written(message: Message) -> str | None:
    """The text of a message, None where encode refuses it."""
    try:
        return gui_codec().encode_text(message)
    except EncodeError:
        return None


def test_every_whole_frame_becomes_its_class_and_its_bytes_again() -> None:
    seen: set[type[Message]] = set()
    count = 0
    for sent, frame in whole_frames():
        text = to_text(frame.text)
        message_class = gui_registry().get(first_word(text))
        if message_class is None:
            continue
        message = gui_codec().decode(frame)
        if isinstance(message, MalformedMessage):
            assert sent.from_gui
            assert is_said(sent.case, MALFORMED), (sent.case, text[:80], message)
            assert message.reason == "is missing"
            continue
        assert type(message) is message_class, (sent.case, text[:80])
        again = written(message)
        if again is None:
            assert sent.from_gui
            assert is_said(sent.case, REFUSED), (sent.case, text[:80])
            continue
        assert digits_alike(again) == digits_alike(text.lstrip(" ")), sent.case
        assert message.binary == frame.binary
        if not sent.from_gui and again == text:
            assert gui_codec().encode_bytes(message, Framing.V2) == sent.data
        seen.add(message_class)
        count += 1
    assert count > 3000
    assert len(seen) > 60


def test_frames_without_a_keyword_of_the_port_are_listed() -> None:
    """Tickets, which have none, and words that nobody knows."""
    unknown = set()
    for sent, frame in whole_frames():
        message = gui_codec().decode(frame)
        if isinstance(message, UnknownMessage):
            is_ticket = "DCS_CYPHER" in sent.case
            unknown.add("(ticket)" if is_ticket else message.received_keyword[:9])
    assert unknown >= {"(ticket)", "gtos_foo", "hello", "htos_note", "shtgs_not", "ggggggggg"}


LOGINS: Final = {
    "login:normal, local display": "GtosClientIsGui user1 SESSION1 localhost :8.0",
    "login:first word is free": "GtosClientIsGui user1 SESSION1 localhost :8.0",
    "login:three fields only": "malformed: display is missing",
    "login:five fields (extra ignored)": "GtosClientIsGui user1 SESSION1 localhost :8.0",
    "login:space padded": "GtosClientIsGui user1 SESSION1 localhost :8.0",
    "login:protocol 2 frame padded to 200": "GtosClientIsGui 0 gtos_client_is_gui user1 SESSION1",
    "login:hutch display": "GtosClientIsGui user1 SESSION1 localhost :7.0",
    "login:remote (unlisted)": "GtosClientIsGui user1 SESSION1 localhost :99.0",
    "login:user name 100": "malformed: user has 100 bytes, dcss takes 99",
    "login:session 100": "malformed: session has 100 bytes, dcss takes 99",
    "login:DCS_CYPHER": "GtosClientIsGui user1 DCS_CYPHER localhost :8.0",
    "live:pydcss": "GtosClientIsGui blctl SESSP localhost :0.0",
    "live:mx": "GtosClientIsGui root XYZZY localhost :0",
}
"""What the protocol object says of the login blocks; of each case the first."""


def said_of(message: object) -> str:
    if isinstance(message, gui.GtosClientIsGui):
        words = (message.user, message.session, message.host, message.display)
        return f"GtosClientIsGui {' '.join(words)}"
    if isinstance(message, MalformedMessage):
        return f"malformed: {message.field} {message.reason}"
    return type(message).__name__


def test_login_blocks_by_case() -> None:
    said: dict[str, str] = {}
    for sent in rows():
        if sent.from_gui and len(sent.data) >= BLOCK and whole_frame(sent.data) is None:
            server = DcsProtocol(Role.GUI_SERVER)
            server.send(ASKED)
            event = events_of(server, [sent.data[:BLOCK]])[0]
            assert isinstance(event, (gui.GtosClientIsGui, MalformedMessage)), sent.case
            said.setdefault(sent.case, said_of(event))
    assert LOGINS.items() <= said.items()


def test_tickets_by_case() -> None:
    """Each case is a login that announces a ticket, and a frame that is it."""
    tickets = 0
    block = b""
    for sent in rows():
        if not sent.from_gui or "DCS_CYPHER" not in sent.case:
            continue
        if whole_frame(sent.data) is None:
            block = sent.data
            continue
        server = DcsProtocol(Role.GUI_SERVER)
        server.send(ASKED)
        login, ticket = events_of(server, [block, sent.data])
        assert said_of(login).split()[2] == gui.DCS_CYPHER
        assert isinstance(ticket, gui.LoginTicket)
        assert ticket.base64
        tickets += 1
    assert tickets >= 4


PIECES: Final = {
    "login:100 bytes only": ["TruncatedFrameError"],
    "danger:header size negative": ["BadHeaderError"],
    "danger:header not numbers": ["BadHeaderError"],
    "danger:text size too small": ["GtosLog", "BadHeaderError"],
}
"""What a server's protocol object says of writes that are no whole frame, at their end."""


@pytest.mark.parametrize("case", PIECES)
def test_what_is_cut_or_wrong_by_case(case: str) -> None:
    pieces = [sent.data for sent in rows() if sent.from_gui and sent.case == case]
    if not pieces:
        pytest.skip("the case is kept aside")
    server = DcsProtocol(Role.GUI_SERVER)
    server.send(ASKED)
    if len(pieces[0]) != BLOCK and not case.startswith("login:"):
        events_of(server, [b"gtos_client_is_gui a S localhost :0".ljust(BLOCK, b"\0")])
    taken = [event for piece in pieces for event in events_of(server, [piece])]
    try:
        server.receive_eof()
        server.next_event()
    except FrameError as error:
        taken.append(error)
    names = [type(event).__name__ for event in taken]
    assert names[: len(PIECES[case])] == PIECES[case]


def test_pieces_of_one_message_are_that_message() -> None:
    """The cases `frag:` cut messages; joined they are whole."""
    by_case: dict[str, bytes] = {}
    for sent in rows():
        if sent.from_gui and sent.case.startswith("frag:") and len(sent.data) < BLOCK:
            by_case[sent.case] = by_case.get(sent.case, b"") + sent.data
    assert by_case
    for case, data in by_case.items():
        server = DcsProtocol(Role.GUI_SERVER)
        server.send(ASKED)
        events = events_of(server, [b"x a S localhost :0".ljust(BLOCK, b"\0"), data])
        names = {type(event).__name__ for event in events[1:]}
        assert names <= {"GtosLog"}, case


def test_what_dcss_says_is_read_by_a_client() -> None:
    """All that dcss wrote in one recorded login and push, through a client's protocol object."""
    case = "login:normal, local display"
    sent = [each for each in rows() if each.case == case]
    client = DcsProtocol(Role.GUI)
    taken: list[object] = []
    for each in sent:
        if each.from_gui:
            login = gui.GtosClientIsGui(
                user="user1", session="SESSION1", host="localhost", display=":8.0"
            )
            assert client.send(login) == each.data
        else:
            taken += events_of(client, [each.data])
    names = [type(event).__name__ for event in taken]
    assert names[:3] == ["StocSendClientType", "StogLoginComplete", "StogSetPermissionLevel"]
    assert "StogDcssEndUpdateAllDevice" in names
    assert not {"UnknownMessage", "MalformedMessage"} & set(names)
