"""Bytes as debuggers, programming languages, Wireshark's exports and base64 write them."""

import base64
import random
import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcs_codec import decode_text
from dhs_lab.tools.reading import ReadOptions
from dhs_lab.tools.sightings import Sighting
from dhs_lab.tools.sniffing import Format, sniff
from dhs_runtime.errors import ConfigError
from tests.lab.tools.helpers import damages, found, v1, v2

TEXTS: Final = [
    "htos_client_is_hardware loopDHS",
    "stoh_register_operation getLoopTip getLoopTip",
    "stoh_start_operation getLoopTip 1.10 0.250 sample_7",
    "htos_operation_completed getLoopTip 1.10 normal 0.512 0.433",
    "stoh_configure_real_motor det bl det 250.000000 100.0 10.0 200.0 5000 350 -50 1 1 0 1 0 0",
]
DATA: Final = v1(TEXTS[0]) + v2(*TEXTS[1:])
MESSAGES: Final = [decode_text(text) for text in TEXTS]


def rows(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    return ((at, data[at : at + size]) for at in range(0, len(data), size))


def pairs(data: bytes, form: str = "{:02x}", sign: str = " ") -> str:
    return sign.join(form.format(byte) for byte in data)


def shown(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def lines(of_row: Callable[[int, bytes], str], size: int = 16) -> Callable[[bytes], str]:
    return lambda data: "".join(of_row(at, row) + "\n" for at, row in rows(data, size))


def words(data: bytes, size: int) -> str:
    whole = data + b"\0" * (-len(data) % size)
    numbers = (int.from_bytes(word, "little") for _, word in rows(whole, size))
    return "".join(f"\t0x{number:0{2 * size}x}" for number in numbers)


def character(byte: int) -> str:
    return f"\t{byte} '{chr(byte)}'" if 32 <= byte < 127 else f"\t{byte} '\\{byte:03o}'"


def xxd(at: int, row: bytes) -> str:
    digits = " ".join(row[i : i + 2].hex() for i in range(0, len(row), 2))
    return f"{at:08x}: {digits:39}  {shown(row)}"


def windbg(at: int, row: bytes) -> str:
    digits = f"{pairs(row[:8])}-{pairs(row[8:])}" if len(row) > 8 else pairs(row)
    return f"00000000`{at + 0x7F0000:08x}  {digits:47}  {shown(row)}"


def in_c(head: str, form: str) -> Callable[[bytes], str]:
    body = lines(lambda _, row: f"  {pairs(row, form, ', ')},", 12)
    return lambda data: f"{head} {{\n{body(data)}}};\nunsigned int size = 42;\n"


FORMS: Final[dict[str, Callable[[bytes], str]]] = {
    "gdb x/8xb": lines(lambda at, row: f"0x7ffe{at:08x}:{words(row, 1)}", 8),
    "gdb with names": lines(lambda at, row: f"0x7ffe{at:08x} <text+{at}>:{words(row, 1)}", 8),
    "gdb x/4xw": lines(lambda at, row: f"0x7ffe{at:08x}:{words(row, 4)}"),
    "gdb x/2xg": lines(lambda at, row: f"0x7ffe{at:08x}:{words(row, 8)}"),
    "gdb x/8ub": lines(lambda at, row: f"0x7ffe{at:08x}:\t{pairs(row, '{}', chr(9))}", 8),
    "gdb x/8cb": lines(lambda at, row: f"0x7ffe{at:08x}:{''.join(map(character, row))}", 8),
    "lldb": lines(lambda at, row: f"0x7ffe{at:08x}: {pairs(row):47}  {shown(row)}"),
    "WinDbg": lines(windbg),
    "Python's list": lambda data: f"{list(data)}\n",
    "Java's list": lambda data: f"{[byte - 256 * (byte > 127) for byte in data]}\n",
    "decimal rows": lines(lambda _, row: pairs(row, "{}")),
    "od -An -v -t u1": lines(lambda _, row: pairs(row, "{:4}", "")),
    "od -v -t u1": lines(lambda at, row: f"{at:07o}{pairs(row, '{:4}', '')}"),
    "JavaScript": lambda data: (
        f"Uint8Array({len(data)}) [\n"
        + lines(lambda _, row: f"  {pairs(row, '{:3}', ', ')},", 12)(data)
        + "]\n"
    ),
    "Node": lambda data: f"<Buffer {pairs(data)}>\n",
    "Go": lambda data: f"[]byte{{{pairs(data, '0x{:x}', ', ')}}}\n",
    "C, hexadecimal": in_c("const uint8_t buffer[900] =", "0x{:02X}"),
    "C, decimal": in_c("static unsigned char buffer[] =", "{}"),
    "C, a string": lines(lambda _, row: f'"{pairs(row, chr(92) + "x{:02x}", "")}"'),
    "C, an octal string": lines(lambda _, row: f'"{pairs(row, chr(92) + "{:03o}", "")}"'),
    "percent signs": lambda data: pairs(data, "%{:02x}", "") + "\n",
    "bytes.fromhex": lambda data: f"bytes.fromhex('{data.hex()}')\n",
    "SQL": lambda data: f"X'{data.hex()}'\n",
    "PostgreSQL": lambda data: f"\\x{data.hex()}\n",
    "base64": lambda data: base64.encodebytes(data).decode(),
    "base64 in one line": lambda data: base64.b64encode(data).decode(),
    "base64 for URLs": lambda data: base64.urlsafe_b64encode(data).decode(),
    "base64 in PEM": lambda data: (
        "-----BEGIN DATA-----\n" + base64.encodebytes(data).decode() + "-----END DATA-----\n"
    ),
    "a data URL": lambda data: "data:image/x;base64," + base64.b64encode(data).decode(),
    "numbers of lines": lines(lambda at, row: f"{at // 16 + 1:6d}\t{xxd(at, row)}"),
    "grep": lines(lambda at, row: f"{at // 16 + 1}:{xxd(at, row)}"),
    "a mail": lines(lambda at, row: f"> {xxd(at, row)}"),
    "a difference": lines(lambda at, row: f"+{xxd(at, row)}"),
    "Markdown": lambda data: f"```\n{lines(xxd)(data)}```\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_bytes_are_read_in_any_form(form: str) -> None:
    dump = FORMS[form](DATA).encode()
    assert sniff(dump) is Format.HEX
    findings = found(dump)
    assert damages(findings) == []
    assert [each.message for each in findings if isinstance(each, Sighting)] == MESSAGES


WITH_OFFSETS: Final = [
    *(form for form in FORMS if form.startswith(("gdb", "lldb", "WinDbg", "od -v"))),
    *("numbers of lines", "grep", "a mail", "a difference"),
]


@pytest.mark.parametrize("form", WITH_OFFSETS)
@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_lost_rows_yield_no_message_that_was_not_there(form: str, seed: int) -> None:
    random_ = random.Random(seed)
    kept = [line for line in FORMS[form](DATA).splitlines(keepends=True) if random_.random() > 0.1]
    try:
        findings = found("".join(kept).encode(), ReadOptions(format=Format.HEX))
    except ConfigError:
        return
    assert all(each.message in MESSAGES for each in findings if isinstance(each, Sighting))


def peers() -> list[tuple[int, bytes]]:
    return [(int(text[0] == "s"), v2(text)) for text in TEXTS]


def as_arrays() -> str:
    out = ""
    for number, (peer, data) in enumerate(peers()):
        out += f"char peer{peer}_{number}[] = {{ /* Packet {number} */\n"
        body = lines(lambda _, row: f"{pairs(row, '0x{:02x}', ', ')}, /* {shown(row)} */", 8)(data)
        out += re.sub(r",( /\*[^\n]*\n)$", r" };\1", body) + "\n"
    return out


def as_yaml() -> str:
    out = "peers:\n  - peer: 0\n    host: 127.0.0.1\n    port: 43210\n  - peer: 1\npackets:\n"
    for number, (peer, data) in enumerate(peers()):
        out += f"  - packet: {number}\n    peer: {peer}\n    index: {number}\n"
        out += "    timestamp: 1764000000.123\n    data: !!binary |\n"
        out += "".join(f"      {line}\n" for line in base64.encodebytes(data).decode().split())
    return out


def as_ascii() -> str:
    out = "\n====\nFollow: tcp,ascii\nFilter: tcp.stream eq 0\nNode 0: a:43210\nNode 1: b:14242\n"
    for peer, data in peers():
        out += f"{chr(9) * peer}{len(data)}\n{shown(data)}\n"
    return out + "====\n"


def as_one_line() -> str:
    return "".join(shown(data) for _, data in peers())


@pytest.mark.parametrize("dump", [as_arrays(), as_yaml(), as_ascii(), as_one_line()])
def test_what_wireshark_exports_of_a_stream_is_read(dump: str) -> None:
    findings = found(dump.encode())
    assert damages(findings) == []
    assert [each.message for each in findings if isinstance(each, Sighting)] == MESSAGES
