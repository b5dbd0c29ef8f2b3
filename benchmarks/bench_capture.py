"""`dhs decode` of a capture, and its memory for larger captures, compared with a short loop.

The loop reads only this form (Ethernet, IPv4, no options, in order), checks no checksum, and writes
each text unchanged.
"""

import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.peer import done_frame, start_frame

MB: Final = 1_000_000
SIZES: Final = (20 * MB, 200 * MB)
RUNS: Final = 5
_DHS: Final = b"\x0a\0\0\1", 40_000
_DCSS: Final = b"\x0a\0\0\2", 14_242
_BATCH: Final = 2_000  # operations written together
_FLOOR: Final = """
import struct, sys
data = open(sys.argv[1], "rb").read()
at = 24
while at < len(data):
    seconds, micros, size, _ = struct.unpack_from("<IIII", data, at)
    payload = data[at + 70 : at + 16 + size]
    at += 16 + size
    if payload[:1] == b" ":
        text = payload[26:-1].decode()
        sys.stdout.write(f"{seconds}.{micros:06d} {text}\\n")
"""

# A small process starts the command, because the peak memory of a child includes its parent's.
_MEASURE: Final = """
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, out, os.devnull, os.O_WRONLY, 0) for out in (1, 2)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(child, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""

Decoder = Sequence[str]
"""A command, without the name of the capture, which comes last."""

OURS: Final[Decoder] = (sys.executable, "-m", "dhs_runtime.cli", "decode")
FLOOR: Final[Decoder] = (sys.executable, "-c", _FLOOR)


def main(sizes: tuple[int, int] = SIZES, runs: int = RUNS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{size}.pcap") for size in sizes]
        for path, size in zip(paths, sizes, strict=True):
            write_capture(path, size)
        times: dict[str, list[float]] = {"by hand": [], "dhs decode": []}
        for _ in range(runs):
            for who, command in (("by hand", FLOOR), ("dhs decode", OURS)):
                times[who].append(decode(command, paths[0])[0])
        by_hand, ours = map(statistics.median, times.values())
        print(f"a capture of {sizes[0] / MB:.0f} MB           median")
        print(f"  by hand                  {by_hand:6.2f} s")
        print(f"  dhs decode               {ours:6.2f} s   {ours / by_hand:.1f} x")
        print("resident memory of dhs decode at most (MB)")
        for path, size in zip(paths, sizes, strict=True):
            print(f"  a capture of {size / MB:5.1f} MB    {decode(OURS, path)[1] / MB:6.1f}")


def decode(command: Decoder, path: Path) -> tuple[float, int]:
    """CPU seconds and peak memory in bytes of a command for a capture.

    Raises:
        CalledProcessError: It failed.
    """
    measured = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command, str(path)], stdout=subprocess.PIPE, check=True
    )
    seconds, peak_bytes = measured.stdout.split()
    return float(seconds), int(peak_bytes)


def write_capture(path: Path, size: int) -> int:
    """Write a capture of at least `size` bytes; returns its number of operations."""
    done = 0
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        sent = [1, 1]
        while file.tell() < size:
            packets = _operations(range(done, done + _BATCH), sent)
            file.write(b"".join(packets))
            done += _BATCH
    return done


def _operations(numbers: range, sent: list[int]) -> Iterator[bytes]:
    """Packets of operations, as records of a capture; `sent` counts the bytes of each side."""
    for number in numbers:
        frames = (start_frame(number), done_frame(number), b"")  # the last only acknowledges
        for way, frame in zip((0, 1, 0), frames, strict=True):
            packet = _packet(way, sent, frame)
            sent[way] = (sent[way] + len(frame)) % (1 << 32)
            micros = number * 300 + way
            head = (1_700_000_000 + micros // MB, micros % MB, len(packet), len(packet))
            yield struct.pack("<IIII", *head) + packet


def _packet(way: int, sent: list[int], payload: bytes) -> bytes:
    """Ethernet, IPv4 and TCP; from DCSS if `way` is 0."""
    (source, source_port), (target, target_port) = (_DCSS, _DHS) if way == 0 else (_DHS, _DCSS)
    numbers = (source_port, target_port, sent[way], sent[1 - way], 5 << 4, 0x18, 8192)
    size = 20 + len(payload)
    summed = source + target + struct.pack(">HHHHIIBBH", 6, size, *numbers) + payload
    checksum = 0xFFFF - int.from_bytes(summed + b"\0" * (len(summed) % 2), "big") % 0xFFFF
    tcp = struct.pack(">HHIIBBHHH", *numbers, checksum, 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, 0, 0x4000, 64, 6, 0) + source + target
    return b"\2" * 12 + b"\x08\0" + ip + tcp


if __name__ == "__main__":
    main()
