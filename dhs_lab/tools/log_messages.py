r"""Finds messages in the lines of logs, with their times.

It knows the lines in which programs of DCS log messages:

    06/26/15 14:32:47 1981794048     INFO    message from self <- {htos_...} {src/dcss_h... 290  }
    06/26/15 14:32:47 2013263616     INFO    send_to_all_hardware_clients: out -> stoh_... {... }
    06/26/15 14:32:47 2612467680     INFO    ::dcss2: out-> htos_... {TCL_LOG  }
    09/17/10 14:33:23 1102076224   FINEST    Receiving: 'stoh_...' {src/DcsMessageHandler.cxx 250  }
    09/17/10 14:33:23 1084942656   FINEST    sending out {htos_...} {src/GwBaseDevice.cc 528  }
    2026-01-01 12:00:00.123 DEBUG   dcss-link        dhs_runtime.wire.loopDHS: <- stoh_...
    2024-01-05 17:47:58,363 - EPICSDHS - DEBUG -reciver - recive b'stoh_...\x00' (EpicsDHS.py:327)

and any other line with a keyword: after an arrow, a brace, a quote or a colon, or bare. Lines that
only repeat a message of another line are left out (`do task:{stoh_...}`,
`no one takes this message: ...`).

A text may contain line ends: then the record continues to its end. In logs of the C side the end is
the name of the source file in braces, in ours the next line with a time. In logs that write
`(file.py:327)` at the end of each line, it is that place. A text whose end is lost counts as
damage, not as a message.

Source: logs kept with the public DCS source tree as 19-ID has it (dcss, epicsgw, robot,
simdetector, pilatusDhs), dcss_hardware_client.c:290 and 1270; pydhsfw's formats; logs of TPS 07A.
"""

import functools
import re
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from dhs_lab.tools.log_c import entries_of_line
from dhs_lab.tools.log_entries import LogEntry

if TYPE_CHECKING:
    from dhs_lab.tools.log_records import RecordReader

_KEYWORDS: Final = (b"stoh_", b"htos_", b"stoc_", b"dhs_runtime.wire")
_IN_SEVERAL_LINES: Final = {
    b"'": re.compile(rb"'(?<=b')"),
    b'"': re.compile(rb'"(?:(?<=b")|(?<=b\\")|MESSAGE")'),
}
"""By quote: the pattern of lines that may contain part of a message; a quote is found faster."""


def read_log(
    blocks: Iterable[tuple[bytes, bool]], pieces: tuple[bytes, ...] = ()
) -> Iterator[LogEntry]:
    """The messages in a log.

    Args:
        blocks: Blocks of lines without the last line end; False if the last line has no end.
        pieces: Lines that contain none of these, and no part of a message over several lines, are
            skipped; by default lines without a keyword.
    """
    return _Reader(pieces or _KEYWORDS).read(blocks)


class _Reader:
    """Finds the lines that may have a message, and reads the simple ones.

    Logs of dcss are the largest logs, and nearly all their records are whole lines.
    """

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self._pieces = pieces
        self._records: RecordReader | None = None  # made for the first line that is not simple

    def read(self, blocks: Iterable[tuple[bytes, bool]]) -> Iterator[LogEntry]:
        number = 1
        for block, is_whole in blocks:
            number = yield from self._read_block(number, block, is_whole=is_whole)
        if self._records is not None:
            yield from self._records.finish()

    def _read_block(
        self, number: int, block: bytes, *, is_whole: bool
    ) -> Generator[LogEntry, None, int]:
        """The messages in a block of lines; takes the first line number, returns the next."""
        candidates = _Candidates(block, self._pieces)
        at = 0
        while at <= len(block):
            is_between = self._records is None or self._records.is_between
            if is_between:
                found = candidates.after(at)
                if found is None:
                    return number + block.count(b"\n", at) + 1
                start = block.rfind(b"\n", at, found) + 1
                if start:
                    number += block.count(b"\n", at, start)
                    at = start
            end = block.find(b"\n", at)
            raw = block[at:end] if end >= 0 else block[at:]
            at += len(raw) + 1
            entries = entries_of_line(number, raw) if is_between else None
            if entries is None:
                entries = self._of_records(number, raw, is_whole=is_whole)
            yield from entries
            number += 1
        return number

    def _of_records(self, number: int, raw: bytes, *, is_whole: bool) -> Iterator[LogEntry]:
        if self._records is None:
            from dhs_lab.tools.log_records import RecordReader  # noqa: PLC0415 - few need it

            self._records = RecordReader()
        return self._records.read_line(number, raw, is_whole=is_whole)


class _Candidates:
    """Finds the lines of a block that may have a message; most lines are never read."""

    def __init__(self, block: bytes, pieces: tuple[bytes, ...]) -> None:
        self._end = len(block)
        finds = [functools.partial(block.find, piece) for piece in pieces]
        for quote, pattern in _IN_SEVERAL_LINES.items():
            if quote in block:
                finds.append(functools.partial(_search, pattern, block))
        self._next = [(find, at) for find in finds if (at := find(0)) >= 0]

    def after(self, at: int) -> int | None:
        """A position in the next such line, at `at` or later; None if there is no more."""
        nearest = self._end
        for index, (find, known) in enumerate(self._next):
            found = known
            if known < at:
                found = find(at)
                found = self._end if found < 0 else found
                self._next[index] = find, found
            if found < nearest:  # noqa: PLR1730 - a call of min takes longer
                nearest = found
        return nearest if nearest < self._end else None


def _search(pattern: re.Pattern[bytes], block: bytes, at: int) -> int:
    match = pattern.search(block, at)
    return -1 if match is None else match.start()
