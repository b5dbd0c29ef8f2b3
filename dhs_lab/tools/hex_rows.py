r"""Converts one row of a dump to bytes, in the forms that programs write.

| program | row |
|---|---|
| `xxd` | `00000010: 5f74 7970 65 ...  _type`, groups of any size |
| `hexdump -C` | `00000010  5f 74 79 70 65 00 00 00  00 ...  |_type...|` |
| Wireshark | `0010   5f 74 79 70 65 ...   _type`, follow: `00000010  5f ...   _type... ........` |
| `od -t x1`, `od -t x1z` | `0000020 5f 74 79 70 65 ...  >_type...<` |
| `od -x`, `hexdump`, `od` | `0000020 745f 7079 ...`: words, the low byte first; octal ones too |
| `od -c`, `hexdump -c` | `0000020   _   t   y   p   e  \0  \0` |
| `xxd -p`, a hex stream | `5f7479706500`, `5f:74:79:70:65:00:00:00`, `5F-74-79-70-65-00-00-00` |
| `xxd -i`, C arrays, Go | `0x5f, 0x74, 0x79,` |
| escaped strings | `"\x5f\x74"`, `"\137\164"`, `%5f%74` |
| a digest in a program | `bytes.fromhex('5f74')`, `0x5f74`, `X'5f74'`, `<Buffer 5f 74>` |
| gdb `x/8xb`, `x/4xw`, `x/8ub`, `x/8cb` | `0x7ffe10 <text+16>:	0x5f	0x74 ...` |
| lldb, WinDbg | `0x7ffe10: 5f 74 79 ...  _ty...`, ``00000000`00007ffe  5f 74-79 ...`` |
| lists of Python, Java, Rust; `od -t u1` | `[95, 116, 121]`, `0000020  95 116 121` |
| `base64` | `X3R5cGU=` |

The text beside the digits shows where they end, and whether they are right.
"""

import base64
import contextlib
import re
from collections.abc import Iterable
from typing import Final

import attrs

_OFFSET: Final = re.compile(r"([0-9a-fA-F]{4,16})(:?)(?=\s|$)")
_DIGITS: Final = re.compile(r"\s*([0-9a-fA-F]+)(?=\s|$|[|>])")
_PAIRS: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_PAIRS_WITH_SIGNS: Final = re.compile(
    r"[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){6,}[0-9a-fA-F]{2}\1?"
)
_FRAMED: Final = re.compile(r"\s+(?:\|(.*)\||>(.*)<)\s*", re.DOTALL)
_FRAMED_BY_OD: Final = re.compile(r"\s+>(.*)<\s*$")
_CELL: Final = re.compile(r"   ([ -~])|  \\([0abfnrtv])|[ ]([0-3][0-7]{2})")
_C_ESCAPES: Final = dict(zip("0abfnrtv", b"\0\a\b\f\n\r\t\v", strict=True))
_OPENING: Final = r"\s*(?:[\w .*<>:\[\]-]{0,60}[={(\[<\"'])?[\s=b{(\[<\"']*"
_CLOSING: Final = r"[\s\"'\])}>;,\\]*"
_BYTE: Final = re.compile(r"(?:0x|\\x|%)([0-9a-fA-F]{1,2})(?![0-9a-fA-F])|\\([0-3][0-7]{2})")
_IN_C: Final = re.compile(rf"{_OPENING}(?:(?:{_BYTE.pattern}),?\s*)+{_CLOSING}")
_DIGEST: Final = re.compile(
    r"(?:0[xX]|\\x|[\w.]*\(?[bxX]?[\"']|<Buffer )((?:[0-9a-fA-F]{2} ?){8,})[\s\"')>;,]*"
)
_DECIMAL: Final = re.compile(rf"{_OPENING}((?:-?\d{{1,3}}[,\s]\s*)*-?\d{{1,3}}){_CLOSING}")
_BASE64: Final = re.compile(r"\s*(?:data:[\w/.;+-]*base64,)?([A-Za-z0-9+/_-]{2,}={0,2})\s*")
_SYMBOL: Final = re.compile(r" <[^>]*>(?=:)|(?<=\d) '(?:[^\\]|\\.|\\\d{3})'")
_WORD_OF_GDB: Final = re.compile(r"\s+0x((?:[0-9a-f]{2})+)")
_HALVES: Final = re.compile(r"(?<=[0-9a-f]{2})-(?=[0-9a-f]{2} )")
_HALF_ROW: Final = 8  # after this column Wireshark puts a blank into the text
_OCTAL: Final = {3: 1, 6: 2}  # digits of a word, and its bytes


@attrs.frozen
class RowForm:
    """The form of a dump's rows.

    Attributes:
        has_offset: Whether a row begins with the number of its first byte.
        has_colon: Whether a colon follows that.
        kind: `bytes`, `words` (the low byte first), `octal`, `cells`, `c`, `decimal` or `base64`.
        has_text: Whether the bytes follow as text; None if no row has shown it yet.
    """

    has_offset: bool
    has_colon: bool
    kind: str
    has_text: bool | None = None


_NUMBERS: Final = (
    RowForm(False, False, "decimal", False),
    RowForm(True, False, "decimal", False),
    RowForm(True, True, "decimal", False),
    RowForm(False, False, "base64", False),
)
"""Forms that cannot be recognised by their first row."""


@attrs.frozen
class Parsed:
    """A row: the white space before it, its offset as written, and its bytes."""

    indent: str
    offset: str
    data: bytes


def form_with_keyword(lines: Iterable[str], keyword: re.Pattern[bytes]) -> RowForm | None:
    """The form in which these rows of plain numbers contain a keyword; None if they do not."""
    rows = list(lines)
    for form in _NUMBERS:
        data = b""
        for row in rows:
            with contextlib.suppress(ValueError):
                data += parse_row(row, form).data
        if keyword.search(data):
            return form
    return None


def plainly(line: str) -> str:
    """A row without what debuggers add: names, `0x`, letters, a hyphen in the middle."""
    if line.lstrip().startswith("0x") and ":" in line:
        return _WORD_OF_GDB.sub(_bytes_of_word, _SYMBOL.sub("", line.strip())).replace("0x", "")
    if line[8:9] == "`":
        return _HALVES.sub(" ", line.replace("`", "", 1))
    return line.expandtabs(4) if "\t" in line.strip() else line


def _bytes_of_word(word: re.Match[str]) -> str:
    """A word, the low byte first."""
    return " " + " ".join(reversed(re.findall("..", word[1])))


def form_of(line: str) -> RowForm:
    """The form of a dump by its first row.

    Raises:
        ValueError: The form is not supported; the text says what it may be.
    """
    text = plainly(line).strip()
    if _IN_C.fullmatch(text):
        return RowForm(False, False, "c", False)
    offset = _OFFSET.match(text)
    if offset is None:
        return _form_of_plain(text)
    body = text[offset.end() :]
    widths = [len(each) for each in _leading_digits(body)]
    if widths and (offset[2] or widths[0] == 2):  # noqa: PLR2004
        return _form_of_bytes(offset[2] != "", body)
    if not body.strip() or widths[:1] == [len(offset[1])]:
        return _form_of_plain(text)
    return RowForm(True, False, _kind_of_words(widths, body), False)


def _kind_of_words(widths: list[int], body: str) -> str:
    if widths and widths[0] in (4, 8, 16) and set(widths) == {widths[0]}:
        return "words"
    if widths and widths[0] in _OCTAL and re.match(r"[0-7\s]*(?:>|$)", body):
        return "octal"
    if cells_of(body):
        return "cells"
    raise ValueError("its numbers or characters are in no supported form")


def _form_of_plain(text: str) -> RowForm:
    forms = (_PAIRS_WITH_SIGNS, _DIGEST)
    if not text or not (_is_all_digits(text) or any(form.fullmatch(text) for form in forms)):
        raise ValueError("it is not a row of a dump")
    return RowForm(False, False, "bytes", False)


def _form_of_bytes(has_colon: bool, body: str) -> RowForm:
    try:
        return RowForm(True, has_colon, "bytes", _bytes_of(body, None)[1])
    except ValueError as error:
        groups = [each for each in _leading_digits(body) if _PAIRS.fullmatch(each)]
        if all(re.fullmatch("[01]{8}", each) for each in groups):
            raise ValueError("it has binary digits (xxd -b)") from None
        backwards = b"".join(bytes.fromhex(each)[::-1] for each in groups)
        if _text_of(backwards)[:_HALF_ROW] in body:
            raise ValueError("its groups are little-endian (xxd -e)") from None
        raise error from None


def parse_row(line: str, form: RowForm) -> Parsed:
    """The bytes of a row.

    Raises:
        ValueError: It does not have that form, or its digits and its text differ.
    """
    line = plainly(line)
    indent = line[: len(line) - len(line.lstrip())]
    text = line[len(indent) :].rstrip("\r\n")
    if not form.has_offset:
        return Parsed(indent if form.kind == "bytes" else "", "", _plain(text, form))
    offset = _OFFSET.match(text)
    if offset is None or bool(offset[2]) is not form.has_colon:
        raise ValueError(f"not a row of the dump: {line.strip()[:40]!r}")
    body = text[offset.end() :]
    if not body.strip() and form.kind != "cells":
        return Parsed(indent, offset[1], b"")
    if form.kind == "bytes":
        return Parsed(indent, offset[1], _bytes_of(body, form.has_text)[0])
    if form.kind == "decimal":
        return Parsed(indent, offset[1], _decimal(body))
    if form.kind == "cells":
        data = cells_of(body)
        if body.strip() and not data:
            raise ValueError(f"not characters of od -c: {body.strip()[:40]!r}")
        return Parsed(indent, offset[1], data)
    return Parsed(indent, offset[1], _words(body, form.kind))


def shows_text(line: str, form: RowForm) -> bool | None:
    """Whether a row also has its bytes as text; None if they are blanks."""
    text = plainly(line).strip()
    offset = _OFFSET.match(text)
    return None if offset is None else _bytes_of(text[offset.end() :], form.has_text)[1]


def _leading_digits(body: str) -> list[str]:
    found, at = [], 0
    while (match := _DIGITS.match(body, at)) is not None:
        found.append(match[1])
        at = match.end()
    return found


def _is_all_digits(body: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F\s]*", body) is not None


def _plain(text: str, form: RowForm) -> bytes:
    if form.kind == "c":
        if not _IN_C.fullmatch(text):
            raise ValueError(f"not the bytes of a C array or string: {text[:40]!r}")
        return bytes(
            int(hex_, 16) if hex_ else int(octal, 8) for hex_, octal in _BYTE.findall(text)
        )
    if form.kind == "decimal":
        return _decimal(text)
    if form.kind == "base64":
        return _base64(text)
    digest = _DIGEST.fullmatch(text)
    if digest is not None:
        text = digest[1]
    if _PAIRS_WITH_SIGNS.fullmatch(text.strip()):
        text = re.sub("[:-]", " ", text)
    if not _is_all_digits(text):
        raise ValueError(f"not hexadecimal digits: {text[:40]!r}")
    digits = "".join(text.split())
    if len(digits) % 2:
        raise ValueError("it has an odd number of digits")
    return bytes.fromhex(digits)


def _decimal(text: str) -> bytes:
    match = _DECIMAL.fullmatch(text)
    numbers = [int(each) for each in re.findall(r"-?\d+", match[1])] if match else []
    if not numbers or not -128 <= min(numbers) <= max(numbers) <= 255:  # noqa: PLR2004 - bytes
        raise ValueError(f"not decimal numbers of bytes: {text[:40]!r}")
    return bytes(number % 256 for number in numbers)


def _base64(text: str) -> bytes:
    match = _BASE64.fullmatch(text)
    if match is None:
        raise ValueError(f"not base64: {text[:40]!r}")
    digits = match[1].translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    return base64.b64decode(digits + "=" * (-len(digits) % 4))


def _bytes_of(body: str, has_text: bool | None) -> tuple[bytes, bool | None]:
    """The bytes, and whether they follow as text; None if that is unknown."""
    ends, digits, at = [], [], 0
    while (match := _DIGITS.match(body, at)) is not None and _PAIRS.fullmatch(match[1]):
        at = match.end()
        ends.append(at)
        digits.append(match[1])
    if has_text is not False:
        for count in range(len(digits), 0, -1):
            data = bytes.fromhex("".join(digits[:count]))
            rest = body[ends[count - 1] :]
            if _shows(rest, data):
                return data, True if rest.strip() else None
    if has_text is True or not digits or body[ends[-1] :].strip():
        raise ValueError(f"its digits and its text do not fit: {body.strip()[:60]!r}")
    return bytes.fromhex("".join(digits)), False


def _shows(rest: str, data: bytes) -> bool:
    """Whether the text after the digits is that of the bytes."""
    text = _text_of(data)
    framed = _FRAMED.fullmatch(rest)
    if framed is not None and (framed[1] if framed[1] is not None else framed[2]) == text:
        return True
    rest = rest.rstrip().replace("·", ".")
    for shown in (text.rstrip(), (text[:_HALF_ROW] + " " + text[_HALF_ROW:]).rstrip()):
        if rest.endswith(shown) and not rest[: len(rest) - len(shown)].strip():
            return rest[: len(rest) - len(shown)].startswith(" ") or not shown
    return False


def _text_of(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)  # noqa: PLR2004


def _words(body: str, kind: str) -> bytes:
    framed = _FRAMED_BY_OD.search(body)
    words = (body[: framed.start()] if framed else body).split()
    out = b""
    for word in words:
        size = _OCTAL.get(len(word), 0) if kind == "octal" else len(word) // 2
        base = 8 if kind == "octal" else 16
        try:
            out += int(word, base).to_bytes(size, "little")
        except (ValueError, OverflowError):
            raise ValueError(f"not a word of a dump: {word[:20]!r}") from None
        if len(word) != len(words[0]):
            raise ValueError(f"words of several sizes: {body.strip()[:40]!r}")
    if framed is not None and not _text_of(out).startswith(framed[1]):
        raise ValueError(f"its digits and its text do not fit: {body.strip()[:60]!r}")
    return out


def cells_of(body: str) -> bytes:
    """The bytes of `od -c`, b"" if these are not such characters."""
    out = bytearray()
    if len(body) % 4:  # its end is lost
        return b""
    for at in range(0, len(body), 4):
        match = _CELL.fullmatch(body, at, at + 4)
        if match is None:
            return b""
        if match[1]:
            out += match[1].encode()
        else:
            out.append(_C_ESCAPES[match[2]] if match[2] else int(match[3], 8))
    return bytes(out)
