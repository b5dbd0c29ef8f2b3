"""What may be said when: the states of a connection, in one table.

Both roles walk the same states, since the handshake is one conversation. No other module says what
follows what.
"""

import enum
from typing import Final

from dcs_codec.message import Message
from dcs_codec.messages.session import (
    HtosClientIsHardware,
    HtosClientTypeIsHardware,
    StocSendClientType,
)


class Role(enum.Enum):
    """Which end of the connection this side is."""

    DHS = "DHS"
    DCSS = "DCSS"


class State(enum.Enum):
    """How far the conversation has come."""

    CONNECTED = "connected"
    """Nothing was said yet."""
    ASKED = "asked"
    """DCSS sent `stoc_send_client_type`."""
    ONLINE = "online"
    """The DHS answered with its name; v1 or v2 from here on."""
    CLOSED = "closed"
    """The peer closed the connection."""
    FAILED = "failed"
    """The stream is broken; nothing more can be read or said."""


class Step(enum.Enum):
    """What moves a conversation on."""

    ASK = "ask"
    ANSWER = "answer"
    MESSAGE = "message"
    END = "end"
    FAULT = "fault"


TRANSITIONS: Final[dict[tuple[State, Step], State]] = {
    (State.CONNECTED, Step.ASK): State.ASKED,
    (State.ASKED, Step.ANSWER): State.ONLINE,
    (State.ONLINE, Step.MESSAGE): State.ONLINE,
    # After the handshake dcss takes a second answer for just another message it ignores.
    (State.ONLINE, Step.ANSWER): State.ONLINE,
    **{(state, Step.END): State.CLOSED for state in State if state is not State.FAILED},
    **{(state, Step.FAULT): State.FAILED for state in State},
}
"""(state, step) to the next state; a pair that is not here may not happen."""


def step_of(message_class: type[Message]) -> Step:
    """The step that sending or receiving a message of this class is."""
    if issubclass(message_class, StocSendClientType):
        return Step.ASK
    if issubclass(message_class, (HtosClientIsHardware, HtosClientTypeIsHardware)):
        return Step.ANSWER
    return Step.MESSAGE
