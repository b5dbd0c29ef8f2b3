"""How dcss scans texts: word by word with `sscanf`, as far as they fit, and what is over is lost.

The codec takes such texts for malformed; dcss takes what it can of them.
"""

import re
from collections.abc import Iterable
from typing import Final

import attrs

from dcs_codec import HtosConfigureDevice, MalformedMessage, Message, decode_text, format_number
from dhs_runtime.simulators.dcss.motors import Scanned

_SCANNED_WORDS: Final = {
    "htos_motor_move_started": 3,
    "htos_update_motor_position": 4,
    "htos_motor_move_completed": 4,
    "htos_send_configuration": 2,
    "htos_report_shutter_state": 4,
    "htos_get_encoder_completed": 4,
    "htos_set_encoder_completed": 4,
}
"""How many words dcss reads. Source: dcss_hardware_client.c:587-957, confirmed on the wire."""

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def without_surplus(message: MalformedMessage) -> Message:
    """The message without words that dcss does not read; as it is where that is not its fault."""
    words = message.text.split()
    count = _SCANNED_WORDS.get(message.received_keyword)
    if count is None or len(words) <= count:
        return message
    return decode_text(" ".join(words[:count]))


def configuration_words(message: HtosConfigureDevice) -> list[str]:
    """The words of a configuration behind its keyword, in wire order."""
    values = attrs.astuple(message, filter=lambda field, _: field.name != "binary")
    name, *numbers = (value for value in values if value is not None)
    return [str(name), *(format_number(number) for number in numbers)]


def scan(words: Iterable[str], fields: Iterable[Scanned]) -> dict[str, float]:
    """The fields that `sscanf` fills from these words: it stops at the first that does not fit.

    For `%d` a number with decimals fits up to its point, and nothing behind it does.
    """
    values: dict[str, float] = {}
    for word, (name, kind) in zip(words, fields, strict=False):
        match = (_NUMBER if kind == "%lf" else _INTEGER).match(word)
        if match is None:
            break
        number = float(match.group())
        if kind == "%d":
            values[name] = bool(number) if name.endswith("_on") else int(number)
        else:
            values[name] = number
        if match.end() < len(word):
            break
    return values
