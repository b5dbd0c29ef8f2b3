"""Dumps as the programs write them, also damaged: read or refused, but never invented."""

import random
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dhs_lab.tools.hexdump import read_rows
from dhs_lab.tools.reading import ReadOptions
from dhs_lab.tools.sniffing import Format, sniff
from dhs_runtime.errors import ConfigError
from tests.lab.tools.helpers import (
    ANSWER,
    ASK,
    Conversation,
    damages,
    found,
    pcap,
    stamped,
    texts,
    v2,
)
from tests.shared import shared_path

SAID: Final = (
    "stoh_start_operation getLoopTip 1.10 0",
    "stoh_abort_all soft",
    "htos_note it's || here",
    "stoh_set_string s x0 x0 x0 x0 x0 x0 x0 x0 x0 x0 x0 x0 x0 x0 x0 ab cd",
)
STREAM: Final = ASK + v2(*SAID)
TEXTS: Final = ["stoc_send_client_type", *SAID]

READ: Final = """\
xxd -; xxd -u -g1 -; xxd -g3 -; xxd -g0 -; xxd -g4 -; xxd -g8 -c 24 -; xxd -c 7 -; xxd -a -;
xxd -d -; xxd -p -; xxd -i -; hexdump -; hexdump -C -; hexdump -v -C -; hexdump -c -; hexdump -b -;
hexdump -o -; hexdump -x -; od -; od -x -; od -b -; od -c -; od -t x1 -; od -A x -t x1z -;
od -A d -t x1z -; od -A x -t x4 -; od -t x8 -; od -t x2z -; od -t x1c -; od -v -t x2 -w8 -;
od -v -A n -t x1 -; od -t u1 -"""
REFUSED: Final = """\
xxd -e -; xxd -b -; od -t d2 -; od --endian=big -x -; hexdump -d -; od -A n -c -"""


def dump(command: str, data: bytes, path: Path) -> bytes:
    """The output of a program; skips if it is not installed."""
    words = shlex.split(command.strip())
    if shutil.which(words[0]) is None:
        pytest.skip(f"no {words[0]} here")
    path.write_bytes(data)
    words[-1] = str(path)
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"{command}: {done.stderr.decode()[:60]}")
    return done.stdout


@pytest.mark.parametrize("command", READ.split(";"))
def test_dumps_are_read(command: str, tmp_path: Path) -> None:
    data = dump(command, STREAM, tmp_path / "x")
    for written in (data, data.replace(b"\n", b"\r\n"), data.decode().encode("utf-16")):
        findings = found(written)
        assert (texts(findings), damages(findings)) == (TEXTS, [])
    assert sniff(data) is Format.HEX


@pytest.mark.parametrize("command", REFUSED.split(";"))
def test_other_forms_are_refused_with_the_way_out(command: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make a new dump with `xxd`"):
        found(dump(command, STREAM, tmp_path / "x"))


def test_names_of_control_characters_are_damage(tmp_path: Path) -> None:
    findings = found(dump("od -a -", STREAM, tmp_path / "x"))
    assert texts(findings) == []
    assert damages(findings)


@pytest.mark.parametrize("name", ["od_x1z", "ws_copy", "xxd_g4"])
def test_dumps_of_the_field(name: str) -> None:
    findings = found(shared_path(f"field/hex/hex_{name}.txt").read_bytes())
    assert damages(findings) == []
    assert texts(findings) == ["stoc_send_client_type", *SAID[:2]]


# -- Wireshark -------------------------------------------------------------------------------


def wireshark(data: bytes, *, shows_text: bool = True, blank: str = "") -> str:
    """As Copy, Hex Dump writes it; Follow adds a blank in the middle of the text."""
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        text = text[:8] + blank + text[8:] if len(row) > 8 else text
        digits = f"{row[:8].hex(' '):23}{blank} {row[8:].hex(' '):23}"
        lines.append(
            f"{at:04x}   {digits}   {text}" if shows_text else f"{at:04x}   {row.hex(' ')}"
        )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("shows_text", [True, False])
def test_what_wireshark_copies_is_read(shows_text: bool) -> None:
    findings = found(wireshark(STREAM, shows_text=shows_text).encode())
    assert (texts(findings), damages(findings)) == (TEXTS, [])


def test_two_sides_of_a_followed_stream_are_two_streams() -> None:
    one = wireshark(STREAM, blank=" ").splitlines()
    other = [
        f"    {line}" for line in wireshark(ANSWER + v2("htos_note x"), blank=" ").splitlines()
    ]
    mixed = [*one[:3], *other[:5], *one[3:], *other[5:]]
    findings = found("\n".join(mixed).encode())
    assert damages(findings) == []
    assert sorted(texts(findings)) == sorted(
        [*TEXTS, "htos_client_is_hardware testDHS", "htos_note x"]
    )


@pytest.mark.parametrize("form", ["hex", "raw"])
def test_what_tshark_follows_is_read(form: str, tmp_path: Path) -> None:
    written = tshark(tmp_path, "-q", "-z", f"follow,tcp,{form},0")
    findings = found(written)
    assert sorted(texts(findings)) == sorted([*TEXTS, "htos_client_is_hardware testDHS"])


def test_packets_of_tshark_are_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"text2pcap FILE out\.pcap"):
        found(tshark(tmp_path, "-x"))


def tshark(folder: Path, *arguments: str) -> bytes:
    if shutil.which("tshark") is None:
        pytest.skip("no tshark here")
    talk = Conversation()
    segments = [talk.segment(talk.server, ASK), talk.segment(talk.client, ANSWER)]
    segments += [talk.segment(talk.server, STREAM[200:])]
    path = folder / "x.pcap"
    path.write_bytes(pcap(stamped([*talk.opening(), *segments])))
    command = ["tshark", "-r", str(path), *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


# -- other notations -------------------------------------------------------------------------


def test_packets_of_tcpdump_are_refused_with_the_way_out() -> None:
    dump = "15:05:07.1 IP a.1 > b.2: Flags [P.], seq 1:2, length 4\n"
    dump += "\t0x0000:  4500 003c 1c46 4000 4006 b1e6 ac10 0a63  E..<.F@.@......c\n"
    with pytest.raises(ConfigError, match="tcpdump -w"):
        found(dump.encode())


def test_escaped_strings_and_arrays_of_c_are_read() -> None:
    rows = [STREAM[at : at + 16] for at in range(0, len(STREAM), 16)]
    escaped = "".join('"\\x' + row.hex(" ").replace(" ", "\\x") + '" \\\n' for row in rows)
    arrays = ""
    for number, part in enumerate((STREAM[:300], STREAM[300:])):
        listed = ", ".join(f"0x{byte:02x}" for byte in part)
        arrays += f"char peer0_{number}[] = {{ /* Packet {number} */\n{listed} }};\n"
    for written in (escaped, arrays):
        findings = found(written.encode())
        assert (texts(findings), damages(findings)) == (TEXTS, [])


@given(st.binary(max_size=300), st.sampled_from([" ", ""]))
def test_any_bytes_come_back_from_what_wireshark_copies(data: bytes, blank: str) -> None:
    data = b"stoc" + data
    rows = read_rows(wireshark(data, blank=blank).encode().splitlines())
    assert b"".join(row.data for row in rows) == data


# -- damage ----------------------------------------------------------------------------------


def damaged(data: bytes, random_: random.Random) -> bytes:
    """A dump cut at either end, with lost or repeated rows, other digits, NULs."""
    lines = data.split(b"\n")
    at, line = random_.randrange(len(data)), random_.randrange(len(lines))
    kind = random_.randrange(6)
    if kind < 2:
        return data[:at] if kind else data[at:]
    if kind == 2:
        return b"\n".join(lines[:line] + lines[line + random_.randrange(1, 4) :])
    if kind == 3:
        return b"\n".join(lines[:line] + lines[max(0, line - 3) :])
    if kind == 4:
        return data[:at] + b"\0" * 50 + data[at + 50 :]
    if data[at : at + 1] == b"0":  # a NUL: nothing would show the difference
        return data
    return data[:at] + bytes([random_.choice(b"0123456789abcdef .")]) + data[at + 1 :]


@pytest.mark.parametrize("command", ["xxd -", "xxd -g4 -", "od -A x -t x1z -", "od -A d -t x1z -"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_yields_no_message_that_was_not_there(
    command: str, tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "dump"
    whole = path.read_bytes() if path.exists() else dump(command, STREAM, tmp_path / "x")
    path.write_bytes(whole)
    torn = damaged(whole, random.Random(data.draw(st.integers(0, 2**32))))
    try:
        findings = found(torn, ReadOptions(format=Format.HEX))
    except ConfigError:
        return
    assert set(texts(findings)) <= set(TEXTS)


HEADS: Final = (
    (
        "           Path: C:\\x.raw\r\n\r\n"
        "           00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\r\n\r\n"
    ),
    (
        "\n   Label: /tmp/x.raw\n\n          Offset Bytes                         Ascii\n"
        "                 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n"
        "          ------ ----------------------------------------------- -----\n"
    ),
    "Offset(h) 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n\n",
)


@pytest.mark.parametrize("heads", HEADS, ids=["PowerShell 5", "PowerShell 7", "HxD"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_heads_of_columns_are_no_bytes(heads: str, encoding: str) -> None:
    rows = ""
    for at in range(0, len(STREAM), 16):
        row = STREAM[at : at + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        rows += f"{at:08X}   {row.hex(' ').upper():47}  {shown}\r\n"
    findings = found((heads + rows).encode(encoding))
    assert (texts(findings), damages(findings)) == (TEXTS, [])


@pytest.mark.parametrize("sign", [":", "-"])
def test_pairs_of_digits_with_signs_between_are_read(sign: str) -> None:
    whole = STREAM.hex(sign).upper()
    lines = whole[:300] + "\n" + whole[300:]
    for log in (whole, lines):
        findings = found(log.encode())
        assert (texts(findings), damages(findings)) == (TEXTS, [])
    assert sniff(b"00:1a:2b:3c:4d:5e\nmore\n") is Format.LOG


def test_a_dump_inside_a_log_is_said_and_no_message() -> None:
    text = b"0 stoh_a_message"
    for line in (
        f"\t0x0010:  {text.hex(' ', 2)}  {text.decode()}",
        f"00000010  {text.hex(' ')}  |{text.decode()}|",
        f"│00000010│ {text[:8].hex(' ')} ┊ {text[8:].hex(' ')} │{text.decode()}│",
    ):
        findings = found(f"17:48:05.664 IP 10.0.0.1.14242: Flags [P.]\n{line}\n".encode())
        assert texts(findings) == []
        assert "put the dump into a separate file" in str(damages(findings))
