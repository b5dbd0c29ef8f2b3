"""Messages that would hang or kill a real dcss, with its fixed buffers and folding loop."""

from typing import Final

from dcs_codec import MalformedMessage, Message, UnknownMessage
from dcs_codec.limits import MAX_WORD
from dhs_lab.simulators.dcss.circle import CircleMode
from dhs_lab.simulators.dcss.motors import MotorEntry

_COMMAND: Final = 80  # characters: dcsCommand[81]
_BUFFER: Final = 199  # buffer[200] for the text to GUIs
_LONGEST_FOLDING: Final = 1e12  # by 360 at a time: seconds here; near 1e19 it never ends
_FREE_TEXT: Final = ("htos_operation", "htos_note", "htos_log", "htos_start_operation")
_WORD_FIELDS: Final = (
    "device_name",
    "motor_name",
    "shutter_name",
    "encoder_name",
    "string_name",
    "status",
    "shutter_state",
    "result",
    "string_status",
)


def hazard_of(message: Message) -> str | None:
    """What too long words would do to a real dcss, None if they do no harm.

    Source: dcss_hardware_client.c (`sscanf` with `%s`), confirmed on the wire for 200 characters
    """
    keyword = message.received_keyword
    if len(keyword) > _COMMAND:
        return f"would crash at a command of {len(keyword)} characters"
    if isinstance(message, UnknownMessage) or keyword.startswith(_FREE_TEXT):
        return None
    long = next((word for word in _words(message) if len(word) > MAX_WORD), None)
    if long is None:
        return None
    return f"would crash at a word of {len(long)} characters in {keyword}"


def hazard_of_motor(motor: MotorEntry, message: Message, position: float) -> str | None:
    """What a position would do to a real dcss, None if it does no harm.

    Source: dcss_hardware_client.c `buffer[200]`, dcss_client.c; confirmed for 1e20 and 1e300
    """
    if folds_too_long(motor, position):
        return f"would fold the position {position:g} of {motor.name} for seconds, or for ever"
    text = f"{message.keyword} {motor.name} {position:f} {getattr(message, 'status', '')}"
    if len(text) > _BUFFER:
        return f"would crash at the position {position:g} of {motor.name}, {len(text)} characters"
    return None


def folds_too_long(motor: MotorEntry, position: float) -> bool:
    """Whether a real dcss would fold this position of a motor for seconds, or forever."""
    return motor.circle_mode is not CircleMode.NONE and abs(position) > _LONGEST_FOLDING


def _words(message: Message) -> list[str]:
    """The words that dcss scans."""
    if isinstance(message, MalformedMessage):
        return message.text.split()[1:4]
    values = (getattr(message, name, "") for name in _WORD_FIELDS)
    return [value for value in values if isinstance(value, str)]
