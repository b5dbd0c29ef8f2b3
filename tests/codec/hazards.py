"""What hangs or kills a dcss, from its sources and trials on a real one; does not use the codec.

Each rule scans the bytes of a text as dcss does. If a longer text survived only by luck, the rule
uses the size of the buffer.
"""

import re
from collections.abc import Iterator
from typing import Final

COMMAND: Final = 80  # dcsCommand[81]
DEVICE: Final = 79  # deviceName[80]; a name in the database has 39
OPERATION_ID: Final = 255  # opId[256]
HARDWARE_ID: Final = 39  # hardwareID[40]
STATUS: Final = 79  # state[80]
BROADCAST: Final = 199  # buffer[200] for keyword, name, %f and status
FOLDED: Final = 1e12  # a circle motor is folded by 360 at a time
CONTENTS: Final = 1879

MOVES: Final = {
    b"htos_motor_move_started",
    b"htos_update_motor_position",
    b"htos_motor_move_completed",
    b"htos_configure_device",
    b"htos_get_encoder_completed",
    b"htos_set_encoder_completed",
}
WITH_STATUS: Final = {
    b"htos_update_motor_position",
    b"htos_motor_move_completed",
    b"htos_get_encoder_completed",
    b"htos_set_encoder_completed",
}
REPORTS: Final = {b"htos_report_shutter_state", b"htos_report_ion_chambers"}
HANDSHAKE: Final = {b"htos_client_is_hardware", b"htos_client_type_is_hardware"}


def hazards(text: bytes) -> Iterator[str]:
    """Why a dcss would be harmed by this text from a DHS."""
    words = re.split(rb"[ \t\n\v\f\r]+", text)
    if not text or text[:1] in b" \t\n\v\f\r":
        yield "begins with a blank, which shifts the letters that dcss swaps"
    if b"\0" in text:
        yield "ends before its end"
    keyword = words[0]
    if len(keyword) > COMMAND:
        yield "overflows dcsCommand"
    if len(words) > 1 and len(words[1]) > (HARDWARE_ID if keyword in HANDSHAKE else DEVICE):
        yield "overflows deviceName or hardwareID"
    if keyword.startswith(b"htos_operation") and len(words) > 2 and len(words[2]) > OPERATION_ID:
        yield "overflows opId where it has a binary part"
    if keyword in MOVES:
        yield from moving(keyword, words)
    elif keyword == b"htos_set_string_completed":
        yield from setting(text, words)
    elif keyword in REPORTS:
        yield from reporting(keyword, words)


def reporting(keyword: bytes, words: list[bytes]) -> Iterator[str]:
    """Shutters: a state or two words; ion chambers: pairs if they counted."""
    if keyword == b"htos_report_shutter_state":
        if not 3 <= len(words) <= 4:
            yield "has no state"
        if any(len(word) > STATUS for word in words[2:]):
            yield "overflows the state"
    elif number(words[1]) > 0 and len(words) % 2:
        yield "has an ion chamber without counts"


def moving(keyword: bytes, words: list[bytes]) -> Iterator[str]:
    """Positions are folded and printed, statuses are scanned and printed after them."""
    if len(words) < 3:
        yield "has no position"
        return
    positions = words[2:6] if keyword == b"htos_configure_device" else words[2:3]
    for word in positions:
        if not abs(number(word)) < FOLDED:
            yield f"holds the position {word!r}, which is folded for ever or overflows"
    if keyword in WITH_STATUS:
        if len(words) != 4:
            yield "has no status of one word"
        elif len(words[3]) > STATUS:
            yield "overflows the status"
        elif len(b"stog") + len(b" ".join(words)) + 20 > BROADCAST:
            yield "overflows the broadcast"


def setting(text: bytes, words: list[bytes]) -> Iterator[str]:
    """Contents are found by counting one blank per word, and stored up to their size."""
    head = b" ".join(words[:3]) + b" "
    if len(words) < 3 or not words[2] or not text.startswith(head):
        yield "has contents that dcss looks for in stale bytes"
    if len(text) - len(head) > CONTENTS:
        yield "has contents that are cut"
    if len(words) > 2 and len(words[2]) > STATUS:
        yield "overflows the status"


def number(word: bytes) -> float:
    """The value of a word for `%lf`; infinity if it is not a number."""
    found = re.match(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$", word)
    return float(word) if found else float("inf")
