"""Packets of a capture: classic pcap in either byte order, to the microsecond or nanosecond, and
pcapng with the blocks that hold packets.

Source: the IETF drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
"""  # noqa: D205 - a list of what is read

import struct
from collections.abc import Iterator
from typing import Final

import attrs

from dhs_lab.tools.inputs import ByteSource

_MAGICS: Final = {  # bytes of the file: byte order, fractions of a second, bytes of a record's head
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000, 16),
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000, 16),
    b"\xa1\xb2\xcd\x34": (">", 1_000_000, 24),  # of an old Linux, with the interface in it
    b"\x34\xcd\xb2\xa1": ("<", 1_000_000, 24),
}
_MAX_PACKET: Final = 1 << 26  # a greater length is damage, not a packet
_MICROS: Final = 1_000_000

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_OBSOLETE: Final = 2
_SIMPLE: Final = 3
_ENHANCED: Final = 6
_BYTE_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_OPTION_END: Final = 0
_OPTION_RESOLUTION: Final = 9
_OPTION_OFFSET: Final = 14


@attrs.define
class Packet:
    """One packet.

    Attributes:
        offset: Offset of its record in the file.
        time: Seconds since 1970, None if the capture has no times.
        link_type: Type of its first bytes (LINKTYPE_ of tcpdump.org).
        data: Its bytes, as many as were captured.
        is_cut: Whether the packet was longer.
    """

    offset: int
    time: float | None
    link_type: int
    data: bytes
    is_cut: bool = False


@attrs.frozen
class Trouble:
    """A part of a capture that cannot be read."""

    offset: int
    reason: str


@attrs.frozen
class _Interface:
    link_type: int
    snap_length: int
    per_second: int = _MICROS
    offset_s: int = 0


class _End(Exception):  # noqa: N818 - not an error
    """Raised when nothing more can be read, with the reason; "" at a clean end."""


class _Reader:
    """The file, with the current position."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._buffer = b""
        self._at = 0
        self._base = 0  # offset of the buffer in the file

    @property
    def offset(self) -> int:
        """Offset in the file of what is read next."""
        return self._base + self._at

    def take(self, size: int, *, may_end: bool = False) -> bytes:
        """Read this many bytes; with `may_end` the file may end here.

        Raises:
            _End: There are fewer.
        """
        begin, end = self._at, self._at + size
        if end > len(self._buffer):
            self._fill(size, may_end=may_end)
            begin, end = 0, size
        self._at = end
        return self._buffer[begin:end]

    def _fill(self, size: int, *, may_end: bool) -> None:
        """Read until there are this many bytes; drops bytes that were used."""
        pieces = [self._buffer[self._at :]]
        missing = size - len(pieces[0])
        self._base += self._at
        while missing > 0:
            piece = self._source.read_some()
            if not piece:
                got = size - missing
                self._buffer, self._at = b"", 0
                if may_end and not got:
                    raise _End
                raise _End(f"the capture ends in the middle of a record ({got} of {size} bytes)")
            pieces.append(piece)
            missing -= len(piece)
        self._buffer, self._at = b"".join(pieces), 0


def read_packets(source: ByteSource) -> Iterator[Packet | Trouble]:
    """The packets of a capture, and the parts that cannot be read."""
    reader = _Reader(source)
    try:
        magic = reader.take(4, may_end=True)
        if magic in _MAGICS:
            yield from _classic(reader, *_MAGICS[magic])
        elif magic == struct.pack(">I", _SECTION):
            yield from _next_generation(reader)
        else:
            yield Trouble(0, f"not a capture: begins with {magic.hex()}")
    except _End as end:
        if end.args:
            yield Trouble(reader.offset, str(end))


def _classic(
    reader: _Reader, order: str, per_second: int, head_size: int
) -> Iterator[Packet | Trouble]:
    # The upper half of the number describes checksums of frames.
    link_type = struct.unpack(order + "HHiIII", reader.take(20))[-1] & 0xFFFF
    head = struct.Struct(f"{order}IIII{head_size - 16}x")
    while True:
        offset = reader.offset
        seconds, fraction, size, whole = head.unpack(reader.take(head_size, may_end=True))
        if size > _MAX_PACKET:
            raise _End(f"a packet cannot have {size} bytes; the rest is not read")
        time = seconds + fraction / per_second
        yield Packet(offset, time, link_type, reader.take(size), size < whole)


def _next_generation(reader: _Reader) -> Iterator[Packet | Trouble]:
    order = _section(reader)
    interfaces: list[_Interface] = []
    while True:
        offset = reader.offset
        raw = reader.take(4, may_end=True)
        if raw == struct.pack(">I", _SECTION):  # reads the same in either order
            order = _section(reader)
            interfaces = []
            continue
        (kind,) = struct.unpack(order + "I", raw)
        (length,) = struct.unpack(order + "I", reader.take(4))
        body = _body(reader, order, length, header=8)
        try:
            if kind == _INTERFACE:
                interfaces.append(_interface(order, body))
            elif kind == _ENHANCED:
                yield _packet(body, interfaces, offset, struct.unpack_from(order + "5I", body))
            elif kind == _OBSOLETE:
                numbers = struct.unpack_from(order + "HxxIIII", body)
                yield _packet(body, interfaces, offset, numbers)
            elif kind == _SIMPLE:
                yield _simple(order, body, interfaces, offset)
        except (struct.error, IndexError, ValueError, OverflowError) as error:
            yield Trouble(offset, f"block of type {kind} cannot be read: {error}")


def _section(reader: _Reader) -> str:
    """Read the rest of a section header; returns its byte order."""
    raw_length, magic = reader.take(4), reader.take(4)
    order = _BYTE_ORDERS.get(magic)
    if order is None:
        raise _End(f"a section without a byte order: {magic.hex()}")
    _body(reader, order, struct.unpack(order + "I", raw_length)[0], header=12)
    return order


def _body(reader: _Reader, order: str, length: int, *, header: int) -> bytes:
    """Read the rest of a block after `header` bytes; returns its content."""
    if length % 4 or length < header + 4 or length > _MAX_PACKET:
        raise _End(f"a block cannot have {length} bytes; the rest is not read")
    body = reader.take(length - header - 4)
    (again,) = struct.unpack(order + "I", reader.take(4))
    if again != length:
        raise _End(f"a block says {length} bytes first and {again} last")
    return body


def _interface(order: str, body: bytes) -> _Interface:
    link_type, _, snap_length = struct.unpack_from(order + "HHI", body)
    per_second, offset_s = _MICROS, 0
    at = 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
        if code == _OPTION_END:
            break
        if code == _OPTION_RESOLUTION:
            power = value[0] & 0x7F
            per_second = 2**power if value[0] & 0x80 else 10**power
        elif code == _OPTION_OFFSET:
            (offset_s,) = struct.unpack(order + "q", value)
    return _Interface(link_type, snap_length, per_second, offset_s)


def _packet(
    body: bytes, interfaces: list[_Interface], offset: int, numbers: tuple[int, ...]
) -> Packet:
    """The packet in a block, after its first 20 bytes.

    These give the interface, the time in two halves, the size here and the size on the wire.
    """
    number, high, low, size, wire_size = numbers
    if number >= len(interfaces):
        raise ValueError(f"no interface {number}")
    if 20 + size > len(body):
        raise ValueError(f"{size} bytes do not fit into it")
    interface = interfaces[number]
    whole, rest = divmod((high << 32) | low, interface.per_second)
    time = interface.offset_s + whole + rest / interface.per_second
    data = body[20 : 20 + size]
    return Packet(
        offset=offset,
        time=time,
        link_type=interface.link_type,
        data=data,
        is_cut=size < wire_size,
    )


def _simple(order: str, body: bytes, interfaces: list[_Interface], offset: int) -> Packet:
    (wire_size,) = struct.unpack_from(order + "I", body)
    if not interfaces:
        raise ValueError("no interface 0")
    size = min(wire_size, interfaces[0].snap_length or wire_size)
    return Packet(
        offset=offset,
        time=None,
        link_type=interfaces[0].link_type,
        data=body[4 : 4 + size],
        is_cut=size < wire_size,
    )
