"""How dcss writes its own numbers: with `%f`, six decimals.

It forwards a GUI's text unchanged; the simulator uses the codec's shortest form for such numbers.
"""

from collections.abc import Mapping
from typing import Final

from dcs_codec import (
    Frame,
    Message,
    StohConfigureEncoder,
    StohConfigurePseudoMotor,
    StohConfigureRealMotor,
    StohSetMotorPosition,
    StohStartMotorMove,
    default_codec,
)

_PRINTED: Final[Mapping[tuple[type[Message], int], range]] = {
    (StohConfigureEncoder, 5): range(3, 5),
    (StohConfigurePseudoMotor, 11): range(4, 7),
    (StohConfigureRealMotor, 17): range(4, 8),
    (StohSetMotorPosition, 3): range(2, 3),
    (StohStartMotorMove, 3): range(2, 3),
}
"""The words of these messages that dcss prints itself, by the number of words in the class."""


def frame_of(message: Message) -> Frame:
    """The frame of a message as dcss writes it, without a line end.

    A move to 0 is forwarded unchanged, like a word.

    Raises:
        EncodeError: A value does not fit the wire.

    Source: dcss_database.c:513-614, dcss_gui_client.c:1233 and 1463-1470, confirmed on the wire
    """
    frame = default_codec().encode(message)
    words = frame.text.split(b" ")
    if isinstance(message, StohStartMotorMove) and (
        isinstance(message.destination, str) or message.destination == 0
    ):
        return Frame(b" ".join(words))
    surplus = message.surplus.count(" ") + 1 if message.surplus else 0
    for index in _PRINTED.get((type(message), len(words) - surplus), ()):
        words[index] = b"%f" % float(words[index])
    return Frame(b" ".join(words), frame.binary)
