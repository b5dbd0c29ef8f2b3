"""Reassembles fragmented IP packets.

Source: RFC 791 section 3.2 and RFC 8200 section 4.5.
"""

from typing import Final

import attrs

_MOST: Final = 64  # most packets that wait for fragments; beyond that, the oldest is dropped
_MAX_SIZE: Final = 1 << 16

FragmentKey = tuple[bytes, int, int]
"""The key of a packet's fragments: addresses, packet number, protocol."""


@attrs.define
class _Waiting:
    pieces: dict[int, bytes] = attrs.Factory(dict)
    size: int | None = None

    def joined(self) -> bytes | None:
        """The complete payload, None while a piece is missing."""
        if self.size is None:
            return None
        whole = bytearray()
        for offset in sorted(self.pieces):
            if offset > len(whole):
                return None
            whole += self.pieces[offset][len(whole) - offset :]
        return bytes(whole[: self.size]) if len(whole) >= self.size else None


class Fragments:
    """Collects fragments until their packets are complete."""

    def __init__(self) -> None:
        self._waiting: dict[FragmentKey, _Waiting] = {}
        self._given_up = 0

    @property
    def unfinished(self) -> int:
        """Number of incomplete packets."""
        return self._given_up + len(self._waiting)

    def add(self, key: FragmentKey, offset: int, data: bytes, *, is_last: bool) -> bytes | None:
        """Add a fragment; returns the payload of its packet when it is complete."""
        waiting = self._waiting.setdefault(key, _Waiting())
        if offset + len(data) <= _MAX_SIZE:
            waiting.pieces.setdefault(offset, data)
        if is_last:
            waiting.size = offset + len(data)
        whole = waiting.joined()
        if whole is not None:
            del self._waiting[key]
        elif len(self._waiting) > _MOST:
            del self._waiting[next(iter(self._waiting))]
            self._given_up += 1
        return whole
