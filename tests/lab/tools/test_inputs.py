"""Hex dumps, JSON Lines, and recognising the kind of an input."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import Message
from dcs_codec.strategies import messages
from dhs_lab.tools.hexdump import read_rows
from dhs_lab.tools.inputs import ByteSource, open_source
from dhs_lab.tools.jsonl import read_jsonl, row_of
from dhs_lab.tools.reading import ReadOptions, read
from dhs_lab.tools.sightings import Place, Sighting
from dhs_lab.tools.sniffing import Format, sniff
from dhs_runtime.errors import ConfigError
from tests.lab.tools.helpers import (
    ASK,
    Conversation,
    damages,
    found,
    pcap,
    pcapng,
    source,
    stamped,
    texts,
    v1,
    v2,
)

STREAM = ASK + v2("stoh_abort_all soft", "htos_note it's || here", "stoh_set_string s x")
SAID = ["stoc_send_client_type", "stoh_abort_all soft", "htos_note it's || here"]


def xxd(data: bytes) -> bytes:
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        pairs = " ".join(row[n : n + 2].hex() for n in range(0, len(row), 2))
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}: {pairs:39}  {shown}\n")
    return "".join(lines).encode()


def hexdump(data: bytes) -> bytes:
    """As `hexdump -C`: lines that repeat are a star."""
    lines: list[str] = []
    before = None
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        if row == before:
            if lines[-1] != "*\n":
                lines.append("*\n")
            continue
        before = row
        pairs = f"{row[:8].hex(' '):23}  {row[8:].hex(' '):23}"
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}  {pairs}  |{shown}|\n")
    lines.append(f"{len(data):08x}\n")
    return "".join(lines).encode()


def plain(data: bytes) -> bytes:
    return data.hex().encode() + b"\n"


@pytest.mark.parametrize("write", [xxd, hexdump, plain, lambda data: data.hex(" ").encode()])
def test_dumps_are_read(write: object) -> None:
    assert callable(write)
    dump = write(STREAM)
    assert sniff(dump) is Format.HEX
    findings = found(dump)
    assert texts(findings) == [*SAID, "stoh_set_string s x"]
    assert damages(findings) == []


def test_dumps_are_as_the_programs_write_them(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(STREAM)
    for command, write in ((["xxd"], xxd), (["hexdump", "-C"], hexdump)):
        try:
            done = subprocess.run([*command, path], capture_output=True, check=True)
        except FileNotFoundError:
            pytest.skip(f"no {command[0]} here")
        assert done.stdout == write(STREAM)


@given(st.binary(max_size=600))
def test_any_bytes_come_back_from_a_dump(data: bytes) -> None:
    data += b"\0" * 64
    for write in (xxd, hexdump, plain):
        assert b"".join(row.data for row in read_rows(write(data).splitlines())) == data


def test_a_frame_in_a_dump_has_a_line() -> None:
    dump = b"\n".join(v2(f"htos_note {n}").hex().encode() for n in range(3)) + b"\nzz\nabc\n"
    findings = found(dump, ReadOptions(format=Format.HEX))
    assert [each.place.line for each in findings] == [1, 2, 3, 4, 5]
    assert damages(findings) == [
        "x:4: not hexadecimal digits: 'zz'",
        "x:5: it has an odd number of digits",
    ]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (STREAM, Format.RAW),
        (v2("stoh_abort_all"), Format.RAW),
        (v1("htos_note x"), Format.RAW),
        (b"57 0".ljust(25) + b"\0htos_note x", Format.RAW),
        (b"\x01\x02\x03" * 100, Format.RAW),
        (b"\x01" * 300 + v2("stoh_abort_all"), Format.RAW),
        (pcap([]), Format.PCAP),
        (pcapng([]), Format.PCAP),
        (b'{"keyword": "stoh_abort_all"}\n', Format.JSONL),
        (b"06/26/15 14:32:47 1 INFO  x\n", Format.LOG),
        (b"2026-01-01 00:00:00.000 DEBUG x\0 y\n", Format.LOG),
        (b"stoh_abort_all soft\n", Format.LOG),
        (b"", Format.RAW),
    ],
)
def test_inputs_are_told_apart(head: bytes, kind: Format) -> None:
    assert sniff(head) is kind


def test_what_is_compressed_is_refused_with_the_way_out() -> None:
    with pytest.raises(ConfigError, match="x: the input is compressed; try `zcat FILE"):
        found(b"\x1f\x8b\x08\0\0\0")


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, gzip.compress])
def test_compressed_files_are_read_also_several_in_one_and_damaged(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    line = b"htos_note" + b" words of a log" * 17 + b"\n"
    path = tmp_path / "log"
    one = pack(line * 500)  # more than is read at once
    for data, whole in (
        (one + pack(line), True),
        (one + one[:-9], False),
        (one + b"x" * 20, False),
    ):
        path.write_bytes(data)
        with open_source(str(path)) as opened:
            findings = list(read(opened))
        said = texts(findings)
        assert len(said) >= 500
        assert set(said) == {line.decode().strip()}
        assert whole is (damages(findings) == [])


def test_a_compressed_file_that_wants_much_memory_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "log"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    path.write_bytes(lzma.compress(b"htos_note x\n", filters=filters))
    with open_source(str(path)) as opened:
        (damage,) = damages(list(read(opened)))
    assert "damaged xz" in damage


def test_archives_are_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "a.log")
    for data, way in ((path.read_bytes(), "tar xOf"), (b"PK\3\4\x14\0\xff", "unzip -p")):
        with pytest.raises(ConfigError, match=way):
            found(data)


class Trickle(io.RawIOBase):
    """A pipe that gives a byte at a time."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def read1(self, size: int = -1) -> bytes:
        head, self._rest = self._rest[:1], self._rest[1:]
        return head


@pytest.mark.parametrize(
    "data",
    [
        STREAM,
        hexdump(STREAM),
        pcap(
            stamped([*Conversation().opening(), Conversation().segment(("10.0.0.2", 14242), ASK)])
        ),
        b"12:00:00 -> stoh_abort_all soft\r\n12:00:01 <- htos_note x",
    ],
)
def test_a_pipe_that_trickles_is_read_as_a_file_is(data: bytes) -> None:
    assert list(read(ByteSource("x", Trickle(data)))) == found(data)


@given(messages())
def test_a_message_comes_back_from_json_lines(message: Message) -> None:
    before = Sighting(message=message, place=Place(source="x", line=1), time=1.5, connection="a")
    line = json.dumps(row_of(before)).encode() + b"\n"
    (after,) = read_jsonl(source(line))
    assert isinstance(after, Sighting)
    assert (after.message, after.time, after.connection) == (message, 1.5, "a")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "Expecting property name"),
        (b"[1]", "is an object, got list"),
        (b'{"keyword": "stoh_nothing"}', "is not in the registry"),
        (b'{"message": {"keyword": "stoh_abort_all"}, "time": "now"}', "time: 'now' is not valid"),
        (b'{"message": {"keyword": "stoh_abort_all"}, "direction": "up"}', "'up' is not a valid"),
        (b'{"connection": 1, "damage": "3 bytes skipped"}', "3 bytes skipped"),
        (b"[" * 10_000, "recursion"),
    ],
)
def test_a_line_that_is_none_is_named(line: bytes, reason: str) -> None:
    good = b'{"keyword": "stoh_abort_all"}\n'
    findings = list(read_jsonl(source(good + line + b"\n\n" + good)))
    assert len(texts(findings)) == 2
    (damage,) = damages(findings)
    assert damage.startswith("x:2: ")
    assert reason in damage


@given(st.binary(max_size=400), st.sampled_from(list(Format)))
def test_nothing_breaks_any_reader(data: bytes, kind: Format) -> None:
    head = data[:200]
    if kind is Format.AUTO and head[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7", b"(\xb5"):
        return
    with contextlib.suppress(ConfigError):  # of an unknown kind, which is reported
        found(data, ReadOptions(format=kind))


# -- files of gzip ---------------------------------------------------------------------------


def packed(tmp_path: Path, lines: int) -> Path:
    path = tmp_path / "dcss.log.1.gz"
    line = "2026-01-01 12:00:00.5 -> stoh_start_operation echo 1.{} " + "a" * 40 + "\n"
    path.write_bytes(gzip.compress("".join(map(line.format, range(lines))).encode()))
    return path


def test_a_rotated_log_is_unpacked(tmp_path: Path) -> None:
    with open_source(str(packed(tmp_path, 3000))) as stream:
        said = texts(read(stream))
    assert len(said) == 3000
    assert said[-1] == f"stoh_start_operation echo 1.2999 {'a' * 40}"


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: data[:30] + b"\xff" * 40])
def test_of_a_damaged_one_is_read_what_can_be_and_the_rest_is_told(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = packed(tmp_path, 10)
    path.write_bytes(damage(path.read_bytes()))
    with open_source(str(path)) as stream:
        findings = list(read(stream))
    assert [damage for damage in damages(findings) if "damaged gzip" in damage]
