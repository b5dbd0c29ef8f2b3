"""Recognises the kind of an input by its first bytes."""

import enum
import re
from typing import Final

from dhs_lab.tools.stamps import read_stamp
from dhs_runtime.lowlevel import ConfigError

_PCAP_MAGICS: Final = {
    bytes.fromhex(magic)
    for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1")
}
_PCAPNG_MAGIC: Final = b"\n\r\r\n"
_OTHER_CAPTURES: Final = (b"snoop\0\0\0", b"RTSS", b"GMBU", b"TRSNIFF data    \x1a", b"XCP\0")
_COMPRESSED: Final = {
    b"\x1f\x8b": "zcat",
    b"BZ": "bzcat",
    b"\xfd7": "xzcat",
    b"(\xb5": "zstdcat",
    b"PK": "unzip -p",
    b"7z": "7z e -so",
}
_TAR_AT: Final = 257
_V2_FRAME: Final = re.compile(rb"[ \d][ \d\0]{25}[A-Za-z]")
_V2_WITH_DOT: Final = re.compile(rb"[ \d]{26}[a-z][^\0]*?\.(?: {5}|$)")  # as Wireshark shows it
_V1_FRAME: Final = re.compile(rb"(?:stoc|stoh|htos|gtos|stog)_[^\n\0]*\n?\0")
_OURS: Final = re.compile(
    rb'"(?:keyword|damage)"\s*:|"message"\s*:\s*\{|"event"\s*:\s*"(?:opened|closed)"'
)
_COLLECTED: Final = re.compile(
    rb'"(?:log|MESSAGE|message|msg|event|text|_[A-Z_]+|SYSLOG_[A-Z]+)"\s*:\s*["\[{]'
    rb"|(?:stoc|stoh|htos)_[a-z]"
)
_OBJECT: Final = re.compile(rb"(?:[ \t\r\n\0\x1e]|data: )*\{")
_FIELD: Final = re.compile(rb"_\w+=")  # of an exported journal, whose sizes are binary
_MESSAGE_IN_A_LINE: Final = re.compile(rb"[^\0]\n(?:stoc|stoh|htos)_[a-z]")
_BREAKS: Final = re.compile(rb"\n|\0{8,}")
_LINES: Final = 20  # of the first bytes


class Format(enum.Enum):
    """A kind of input."""

    AUTO = "auto"
    """Look at the first bytes."""
    RAW = "raw"
    """The bytes of a connection, one direction of it or both in turn."""
    HEX = "hex"
    """Such bytes as a dump, as `xxd`, `hexdump`, `od` and Wireshark write them."""
    LOG = "log"
    """Lines of a log with texts of messages in them."""
    PCAP = "pcap"
    """A capture of the network: pcap or pcapng."""
    JSONL = "jsonl"
    """JSON Lines, as `dhs decode --json` and `dhs record` write them."""


def sniff(head: bytes) -> Format:
    """The format of an input with these first bytes.

    Raises:
        ConfigError: It is compressed, or another kind of capture.
    """
    if head.startswith(_OTHER_CAPTURES):
        raise ConfigError("the input is a capture of another form; `editcap FILE NEW.pcap` helps")
    if head[:4] in _PCAP_MAGICS or head[:4] == _PCAPNG_MAGIC:
        return Format.PCAP
    if (program := _COMPRESSED.get(head[:2])) and not head.isascii():
        raise ConfigError(f"the input is compressed; try `{program} FILE | dhs decode`")
    if head[_TAR_AT:].startswith(b"ustar"):
        raise ConfigError("the input is an archive; try `tar xOf FILE | dhs decode`")
    if _V2_FRAME.match(head) or _V1_FRAME.match(head):
        return Format.LOG if _V2_WITH_DOT.match(head) and b"\0" not in head else Format.RAW
    if _OBJECT.match(head):
        return Format.LOG if _is_log_of_objects(head) else Format.JSONL
    if _is_dump(head.split(b"\n", _LINES)[:_LINES]):
        return Format.HEX
    return Format.LOG if _is_text(head) else Format.RAW


def _is_dump(lines: list[bytes]) -> bool:
    stamp = read_stamp(lines[0].decode("latin-1"))
    if stamp is not None and stamp.has_date:
        return False
    from dhs_lab.tools.hexdump import looks_like_dump  # noqa: PLC0415 - few logs need it

    return looks_like_dump(lines)


def _is_log_of_objects(head: bytes) -> bool:
    """Whether its objects are lines of a log, as docker, journald and others write them."""
    return _OURS.search(head) is None and _COLLECTED.search(head) is not None


def _is_text(head: bytes) -> bool:
    """Whether these are lines of a log, which may contain stray control characters.

    With many NULs (a loss of power leaves a block of them), only if a line begins with a time.
    """
    lines = [line for line in _BREAKS.split(head) if line]
    if any(read_stamp(line[:80].decode("latin-1")) for line in lines[:_LINES]):
        return True
    if _FIELD.match(head) or _MESSAGE_IN_A_LINE.search(head):
        return True
    from dhs_lab.tools.splitting import KEYWORD  # noqa: PLC0415 - few logs need it

    odd = sum(byte < ord(" ") and byte not in b"\t\n\f\r\0\x1b" for byte in head)
    is_line = b"\n" in head or KEYWORD.search(head) is not None
    return is_line and odd * 20 < len(head) and head.count(0) * 20 < len(head)
