"""Tells from the first bytes whether the peer is DCSS's hardware port, or which other server.

The hardware port sends `stoc_send_client_type` always in a v1 frame. The GUI port of the same DCSS
sends the same words in a v2 frame, and a DHS would wait for the rest until its timeout. Sources:
dcss_hardware_client.c:167, dcss_gui_client.c:824.
"""

import re
from typing import Final

from dcs_codec import StocSendClientType

LETTERS: Final = 60
ENOUGH: Final = 64
"""Bytes after which there is no doubt."""

_ASKED: Final = StocSendClientType.keyword.encode()
_V2: Final = re.compile(rb"\s*\d+\s+\d+[\s\0]*sto[cg]_")
_V2_BEGINS: Final = re.compile(rb"\s*\d+(\s+(\d+([\s\0]*(s(t(o([cg]_?)?)?)?)?)?)?)?\Z")
_OTHERS: Final = (
    (re.compile(rb"HTTP/"), "a web server"),
    (re.compile(rb"SSH-"), "an SSH server"),
    (re.compile(rb"[\x15\x16]\x03"), "a port with TLS"),
    (re.compile(rb"220[ -]"), "a mail or FTP server"),
)


def stranger(first: bytes) -> str:
    """Who sent these first bytes, and what to do, in one line; "" while it may be DCSS."""
    said = first.lstrip(b" \t")
    if _ASKED.startswith(said[: len(_ASKED)]):
        return ""
    if _V2.match(first):
        return (
            "this is the GUI port of DCSS, or another that greets in frames of v2; a DHS wants its "
            "hardware port, 14242 as a rule"
        )
    if len(first) < ENOUGH and _V2_BEGINS.match(first):
        return ""
    who = next((who for pattern, who in _OTHERS if pattern.match(first)), "")
    if not who and len(first) < len(_ASKED):
        return ""  # too few to say
    words = first[:LETTERS].rstrip(b"\0 \t\r\n").decode("latin-1")
    return f"this is {who or 'no DCSS'}: it said {words!r}"
