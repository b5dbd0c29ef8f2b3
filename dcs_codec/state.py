"""The states of a connection: which message may be sent when, in one table.

Both ends of a port go through the same states, since the handshake is one conversation. On the GUI
port a login follows, which DCSS may refuse. No other module decides what may follow.
"""

import enum
from typing import Final

from dcs_codec.message import LoginTicket, Message

__all__ = ["Role", "State"]


class Role(enum.Enum):
    """Which end of the connection this side is."""

    DHS = "DHS"
    """A DHS, on the hardware port of DCSS."""
    DCSS = "DCSS"
    """DCSS on its hardware port."""
    GUI = "GUI"
    """Any client of the GUI port."""
    GUI_SERVER = "GUI server"
    """DCSS on its GUI port."""


class State(enum.Enum):
    """How far the conversation has come."""

    CONNECTED = "connected"
    """Nothing was said yet."""
    ASKED = "asked"
    """DCSS sent `stoc_send_client_type`."""
    ONLINE = "online"
    """The DHS answered with its name, or a GUI's login is complete."""
    LOGGING_IN = "logging_in"
    """A GUI gave its login, on which DCSS has not decided yet."""
    REFUSED = "refused"
    """DCSS refused the login, or the session has ended; it closes the connection."""
    CLOSED = "closed"
    """The peer closed the connection."""
    FAILED = "failed"
    """The stream is broken; nothing more can be read or said."""


class Step(enum.Enum):
    """What changes the state of a conversation."""

    ASK = "ask"
    """DCSS asks who is there."""
    ANSWER = "answer"
    """The DHS says its name."""
    LOGIN = "login"
    """A GUI says who its user is."""
    TICKET = "ticket"
    """A GUI sends the ticket that its login announced."""
    ACCEPT = "accept"
    """DCSS takes a GUI's login."""
    REFUSE = "refuse"
    """DCSS refuses a GUI's login, now or later."""
    MESSAGE = "message"
    """Any other message."""
    END = "end"
    """One side closes the connection."""
    FAULT = "fault"
    """Something was read that ends the conversation."""


TRANSITIONS: Final[dict[tuple[State, Step], State]] = {
    (State.CONNECTED, Step.ASK): State.ASKED,
    (State.ASKED, Step.ANSWER): State.ONLINE,
    (State.ONLINE, Step.MESSAGE): State.ONLINE,
    # After the handshake dcss treats a second answer as one more message that it ignores.
    (State.ONLINE, Step.ANSWER): State.ONLINE,
    (State.ASKED, Step.LOGIN): State.LOGGING_IN,
    (State.LOGGING_IN, Step.TICKET): State.LOGGING_IN,
    (State.LOGGING_IN, Step.ACCEPT): State.ONLINE,
    (State.LOGGING_IN, Step.REFUSE): State.REFUSED,
    (State.ONLINE, Step.REFUSE): State.REFUSED,
    **{(state, Step.END): State.CLOSED for state in State if state is not State.FAILED},
    **{(state, Step.FAULT): State.FAILED for state in State},
}
"""(state, step) to the next state; a pair that is not listed is not allowed."""


_STEPS: Final = {
    "stoc_send_client_type": Step.ASK,
    "htos_client_is_hardware": Step.ANSWER,
    "htos_client_type_is_hardware": Step.ANSWER,
    "gtos_client_is_gui": Step.LOGIN,
    "stog_login_complete": Step.ACCEPT,
    "stog_authentication_failed": Step.REFUSE,
}


def step_of(message_class: type[Message]) -> Step:
    """The step that sending or receiving a message of this class is."""
    if message_class is LoginTicket:
        return Step.TICKET
    return _STEPS.get(message_class.keyword, Step.MESSAGE)
