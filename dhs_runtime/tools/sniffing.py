"""What kind of thing an input is, by its first bytes."""

import enum
import re
from typing import Final

from dhs_runtime.errors import ConfigError
from dhs_runtime.tools.splitting import KEYWORD

_PCAP_MAGICS: Final = {
    bytes.fromhex(magic)
    for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1")
}
_PCAPNG_MAGIC: Final = b"\n\r\r\n"
_OTHER_CAPTURES: Final = (b"snoop\0\0\0", b"RTSS", b"GMBU", b"TRSNIFF data    \x1a", b"XCP\0")
_COMPRESSED: Final = {b"\x1f\x8b": "zcat", b"BZ": "bzcat", b"\xfd7": "xzcat", b"(\xb5": "zstdcat"}
_V2_FRAME: Final = re.compile(rb"[ \d][ \d\0]{25}[A-Za-z]")
_V1_FRAME: Final = re.compile(rb"(?:stoc|stoh|htos|gtos|stog)_[^\n\0]*\n?\0")
_HEX_LINE: Final = re.compile(
    rb"\s*(?:[0-9a-fA-F]{4,16}:?\s\s*(?:[0-9a-fA-F]{2,4}\s+){1,16}.*|(?:[0-9a-fA-F]{2}\s*){4,})\s*"
)


class Format(enum.Enum):
    """A kind of input."""

    AUTO = "auto"
    """Look at the first bytes."""
    RAW = "raw"
    """The bytes of a connection, one direction of it or both in turn."""
    HEX = "hex"
    """Those in hexadecimal digits: plain, or as `xxd` and `hexdump -C` write them."""
    LOG = "log"
    """Lines of a log with texts of messages in them."""
    PCAP = "pcap"
    """A capture of the network: pcap or pcapng."""
    JSONL = "jsonl"
    """JSON Lines, as `dhs decode --json` and `dhs record` write them."""


def sniff(head: bytes) -> Format:
    """The format of an input that begins like this.

    Raises:
        ConfigError: It is compressed, or a capture of another form.
    """
    if head.startswith(_OTHER_CAPTURES):
        raise ConfigError("the input is a capture of another form; `editcap FILE NEW.pcap` helps")
    if head[:4] in _PCAP_MAGICS or head[:4] == _PCAPNG_MAGIC:
        return Format.PCAP
    if (program := _COMPRESSED.get(head[:2])) and not head.isascii():
        raise ConfigError(f"the input is compressed; try `{program} FILE | dhs decode`")
    if _V2_FRAME.match(head) or _V1_FRAME.match(head):
        return Format.RAW
    if head.lstrip()[:1] == b"{":
        return Format.JSONL
    first = head.lstrip().split(b"\n", 1)[0]
    if _HEX_LINE.fullmatch(first):
        return Format.HEX
    return Format.LOG if _is_text(head) else Format.RAW


def _is_text(head: bytes) -> bool:
    """Whether these are lines; some logs have a stray NUL."""
    odd = sum(byte < ord(" ") and byte not in b"\t\n\r\0\x1b" for byte in head)
    is_line = b"\n" in head or KEYWORD.search(head) is not None
    return is_line and odd == 0 and head.count(0) * 20 < len(head)
