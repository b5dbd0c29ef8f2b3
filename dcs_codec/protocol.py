"""`DcsProtocol`: one connection without its socket; bytes in, events out, messages to bytes.

Its use::

    protocol.receive_data(data)
    while (event := protocol.next_event()) is not NEED_DATA:
        ...  # break at Disconnected: nothing else comes after it
    data = protocol.send(message)

Nothing is answered by itself: the caller sends `HtosClientIsHardware` when it gets
`StocSendClientType`. What one message does to the connection is in `state`.

On the GUI port everything is v2 except the login, a block of 200 bytes: a GUI answers the greeting
with `GtosClientIsGui` and is online at `StogLoginComplete`. Its messages are those of
`dcs_codec.gui`.
"""

import functools
from typing import TYPE_CHECKING, Final, Literal, NoReturn, cast

import attrs

from dcs_codec.codec import Codec, check_message, default_codec, gui_codec
from dcs_codec.errors import FrameError, HandshakeError, LocalProtocolError, StateError
from dcs_codec.frames import (
    NEED_DATA,
    Frame,
    FrameDecoder,
    Framing,
    NeedData,
)
from dcs_codec.message import (
    Direction,
    Message,
    UnknownMessage,
    direction_of,
)
from dcs_codec.messages.session import (
    HtosClientIsHardware,
    HtosClientTypeIsHardware,
    StocSendClientType,
)
from dcs_codec.state import TRANSITIONS, Role, State, Step, step_of
from dcs_codec.words import find_words, to_text

__all__ = ["DcsProtocol", "Disconnected", "Event"]

if TYPE_CHECKING:
    from dcs_codec.gui_login import GuiLogin
from dcs_codec.limits import DEFAULT_MAX_FRAME_SIZE


@attrs.frozen
class Disconnected:
    """The peer closed the connection between two frames."""


Event = Message | Disconnected
"""The events of `next_event`, in addition to `NEED_DATA`."""

_SENDS: Final = {
    Role.DHS: Direction.TO_DCSS,
    Role.DCSS: Direction.TO_DHS,
    Role.GUI: Direction.FROM_GUI,
    Role.GUI_SERVER: Direction.TO_GUI,
}
_NEVER_SENDS: Final = {
    Role.DHS: {Direction.TO_DHS},
    Role.DCSS: {Direction.TO_DCSS},
    Role.GUI: {Direction.TO_GUI, Direction.TO_DHS, Direction.TO_DCSS},
    Role.GUI_SERVER: {Direction.FROM_GUI, Direction.TO_DCSS},
}
_DECISIONS: Final = (Step.ACCEPT, Step.REFUSE)
_GREETING_OF_GUI: Final = f"{StocSendClientType.keyword} in v2, the greeting of a GUI port"
_ONLINE: Final = State.ONLINE  # looking up a member of an enum takes longer than sending
_AUTO: Final = Framing.AUTO
_V2: Final = Framing.V2


@functools.lru_cache(maxsize=16)
def _ordinary(codec: Codec, role: Role) -> frozenset[type[Message]]:
    """Classes that a role may send whenever it is online, and that change no state."""
    return frozenset(
        message_class
        for message_class in codec.registry
        if direction_of(message_class.keyword) is _SENDS[role]
        and step_of(message_class) is Step.MESSAGE
    )


class DcsProtocol:
    """The protocol of one connection, for either role. Not for two threads at once."""

    def __init__(
        self,
        role: Role,
        framing: Framing = Framing.AUTO,
        *,
        codec: Codec | None = None,
        max_frame_size: int = DEFAULT_MAX_FRAME_SIZE,
    ) -> None:
        """A fresh connection.

        Args:
            role: Which end this is, and of which port.
            framing: Framing after the handshake. A DHS may leave it to AUTO, which follows the
                first frame DCSS sends; DCSS has it from its database, and may set it when it knows
                the DHS's name. On the GUI port it is always v2.
            codec: Messages to read and write, by default all of the port.
            max_frame_size: Largest frame to accept, in bytes.

        Raises:
            TypeError: `role` is not a `Role`, or `framing` not a `Framing`.
        """
        if not isinstance(cast("object", role), Role):
            raise TypeError(f"role is a Role, such as Role.DHS; got {role!r}")
        self.role = role
        self._is_gui_port = role in (Role.GUI, Role.GUI_SERVER)
        self._online_framing = _V2 if self._is_gui_port else framing
        if codec is None:
            codec = gui_codec() if self._is_gui_port else default_codec()
        self._codec = codec
        self._ordinary = _ordinary(self._codec, role)
        # The handshake is always in blocks, in both directions. Only DCSS's greeting of a GUI is
        # not; AUTO distinguishes it from the greeting of the hardware port.
        first = _AUTO if role is Role.GUI else Framing.V1
        self._decoder = FrameDecoder(first, max_frame_size)
        self._shaking_hands = True  # whether the peer's half of the handshake is missing
        self._may_be_refused = role is Role.GUI
        self._login = _new_login(codec) if self._is_gui_port else None
        self._state = State.CONNECTED
        self._hardware_name: str | None = None
        self._error: HandshakeError | None = None
        self._last_frame = Frame(b"")

    @property
    def last_frame(self) -> Frame:
        """Frame of the last message that `next_event` returned: the peer's own words, for logs."""
        return self._last_frame

    @property
    def state(self) -> State:
        """The state of the conversation."""
        return self._state

    @property
    def framing(self) -> Framing:
        """Framing after the handshake; AUTO until the first frame decides it."""
        return self._online_framing if self._shaking_hands else self._decoder.framing

    @framing.setter
    def framing(self, framing: Framing) -> None:
        """For DCSS, once it has looked up the DHS's name; not inside a frame.

        Raises:
            LocalProtocolError: It is not a framing of the GUI port.
        """
        if self._is_gui_port and framing is not _V2:
            raise LocalProtocolError("the GUI port speaks v2")
        if not self._shaking_hands:
            self._decoder.framing = framing
        self._online_framing = framing

    @property
    def has_more(self) -> bool:
        """Whether bytes were received that no event has taken yet; perhaps part of a frame."""
        return self._decoder.has_more

    @property
    def hardware_name(self) -> str | None:
        """Name that the DHS gave in the handshake, None before it."""
        return self._hardware_name

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes as they came from the peer; after a fatal error they are not kept.

        Raises:
            LocalProtocolError: The end of the stream was announced before.
        """
        if self._state is not State.FAILED:
            self._decoder.receive_data(data)

    def receive_eof(self) -> None:
        """Announce that the peer closed its side; idempotent."""
        self._decoder.receive_eof()

    def next_event(self) -> Event | Literal[NeedData.NEED_DATA]:
        """The next message, `NEED_DATA`, or at the end of the stream `Disconnected`, every time.

        One message that cannot be read is an event (`UnknownMessage`, `MalformedMessage`); the
        messages before and after it are not affected.

        Raises:
            FrameError: The stream is broken for good; raised again at every call.
            HandshakeError: The first frame is not the handshake; the connection is useless.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)
        try:
            frame = self._decoder.next_frame()
        except FrameError:
            self._go(Step.FAULT)
            raise
        if frame is NEED_DATA:
            if not self._decoder.eof:
                return NEED_DATA
            self._go(Step.END)
            return Disconnected()
        self._last_frame = frame
        message = self._codec.decode(frame)
        if self._shaking_hands:
            message = self._shake_hands(frame, message)
        elif self._may_be_refused:
            self._take_decision(step_of(type(message)))
        return message

    def encode(self, message: Message) -> bytes:
        """The bytes that `send` makes while online; nothing changes, and no peer is needed.

        In v2 framing as long as the framing is not known.

        Raises:
            EncodeError: The message does not fit the wire.
            StateError: This role may not send it, or not after the handshake.
        """
        if type(message) not in self._ordinary:
            check_message(message)
            self._check(message, step_of(type(message)), _ONLINE)
        framing = self._online_framing if self._shaking_hands else self._decoder.framing
        return self._codec.encode_bytes(message, _V2 if framing is _AUTO else framing)

    def send(self, message: Message) -> bytes:
        """The bytes of `message`, ready for the socket.

        Raises:
            EncodeError: The message does not fit the wire; nothing has changed.
            StateError: It may not be sent now or by this role; nothing has changed.
        """
        state = self._state  # read once: a reading thread may reach the end meanwhile
        if state is _ONLINE:
            data = self.encode(message)
            if self.framing is _AUTO:
                raise StateError(
                    f"{_keyword(message)}: framing is not known before DCSS sends its first "
                    "frame; set v1 or v2 to send earlier"
                )
            if self._is_gui_port:
                self._take_decision(step_of(type(message)))
            return data
        check_message(message)
        step = step_of(type(message))
        self._check(message, step, state)
        data = self._encode_opening(message, step)
        self._state = TRANSITIONS[state, step]
        if isinstance(message, (HtosClientIsHardware, HtosClientTypeIsHardware)):
            self._hardware_name = message.hardware_name
        return data

    def _encode_opening(self, message: Message, step: Step) -> bytes:
        """The bytes of a message before the connection is online."""
        if self._login is None:
            return self._codec.encode_bytes(message, Framing.V1)
        if step in (Step.LOGIN, Step.TICKET):
            return self._login.write(message)
        return self._codec.encode_bytes(message, _V2)

    def _check(self, message: Message, step: Step, state: State) -> None:
        keyword = _keyword(message)
        is_ticket_of_server = step is Step.TICKET and self.role is not Role.GUI
        if is_ticket_of_server or direction_of(keyword) in _NEVER_SENDS[self.role]:
            raise StateError(f"{keyword} is not for a {self.role.value} to send")
        if (state, step) not in TRANSITIONS:
            raise StateError(f"{keyword} cannot be sent in state {state.value}")

    def _shake_hands(self, frame: Frame, message: Message) -> Message:
        """Read the peer's half of the handshake: its first frame, and on the GUI port a second."""
        text = to_text(frame.text)
        if self._login is not None and self.role is Role.GUI_SERVER:
            return self._read_login(self._login, frame)
        if self.role is Role.DHS:
            if not isinstance(message, StocSendClientType):
                self._fail(HandshakeError(StocSendClientType.keyword, text))
            self._go(Step.ASK)
        elif self.role is Role.GUI:
            if step_of(type(message)) is not Step.ASK or self._decoder.framing is not _V2:
                self._fail(HandshakeError(_GREETING_OF_GUI, text))
            self._go(Step.ASK)
        else:
            words = find_words(text)  # dcss looks only at the second word
            if len(words) < 2 or self._state is not State.ASKED:  # noqa: PLR2004
                self._fail(HandshakeError(HtosClientIsHardware.keyword + " NAME", text))
            self._hardware_name = words[1][0]
            self._go(Step.ANSWER)
        self._shaking_hands = False
        self._decoder.framing = self._online_framing
        return message

    def _read_login(self, login: "GuiLogin", frame: Frame) -> Message:
        """Read a GUI's login, or the ticket that it announced."""
        if self._state is State.CONNECTED:
            self._fail(HandshakeError("nothing before the greeting", to_text(frame.text)))
        is_ticket = login.awaits_ticket
        message = login.read(frame)
        if not is_ticket:
            self._go(Step.LOGIN)
        self._shaking_hands = login.awaits_ticket
        if login.block_size is None:
            self._decoder.framing = _V2
        else:
            self._decoder.expect_block(login.block_size)
        return message

    def _take_decision(self, step: Step) -> None:
        """Follow what DCSS decided about a GUI's login, now or later."""
        if step in _DECISIONS and (self._state, step) in TRANSITIONS:
            self._go(step)

    def _fail(self, error: HandshakeError) -> NoReturn:
        self._error = error
        self._go(Step.FAULT)
        raise error

    def _go(self, step: Step) -> None:
        self._state = TRANSITIONS[self._state, step]


def _new_login(codec: Codec) -> "GuiLogin":
    """Imported late: a DHS needs neither the module nor the GUI port's messages."""
    from dcs_codec.gui_login import GuiLogin  # noqa: PLC0415

    return GuiLogin(codec)


def _keyword(message: Message) -> str:
    keyword = message.keyword or type(message).__name__
    if isinstance(message, UnknownMessage):
        keyword = message.received_keyword or keyword
    return keyword
