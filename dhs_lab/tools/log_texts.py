"""Finds the end of a message's text in a log line: in quotes, braces, a Python list, or bare."""

import ast
import re
from typing import Final

from dcs_codec.limits import V1_FRAME_SIZE, V2_HEADER_SIZE
from dhs_lab.tools.log_c import c_end
from dhs_runtime.lowlevel import unescape_controls

TRACE: Final = re.compile(r"\bdhs_runtime\.wire(?:\.\S+)?: (?:<-|->) ")
_LOCATION: Final = re.compile(
    r"\s+(?:[-@|]\s*)?(?:in |at )?[\[({<]?(?:in |at )?[^\s()\[\]{}<>:]+"
    r"\.(?:py|pyx|c|cc|cpp|cxx|h|hpp|java|tcl|js|ts|go|rs|rb)(?::|, line )\d+(?::\w+(?:\(\))?)?"
    r"[\])}>]?\s*$"
)
_LONGEST_LOCATION: Final = 200
_OPENING: Final = re.compile(r"([{'\"(\[]|(?<![<=-])<)( ?)$")
_OPENED_LIST: Final = re.compile(r"[\[(] ?['\"]$")
_CLOSING: Final = {"{": "}", "(": ")", "[": "]", "<": ">"}
_CELLS: Final = (
    (re.compile("`$"), "`"),
    (re.compile(r"^\|.*\| $"), " |"),
)
"""What is before and after a text in Markdown, and in a table of `|`."""
_BRACKETS: Final = re.compile(r"[{}()\[\]]")
_WORDS_OF_LIST: Final = re.compile(r"\w+, ")  # as Java writes it: [stoh_x, a, b]
_COLUMN: Final = re.compile(r"[,;\t]$")  # of a table
_ANOTHER: Final = re.compile(
    r"(?:(?:<-|->) ?\{?|\"[:,] ?\"|[\w.'\")\]}](?:\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[ T]\d).*)"
    r"(?:sto[ch]|htos)_[a-z]"
)
_MESSAGE: Final = re.compile(r"(?:sto[ch]|htos)_\w+ ")
_ESCAPED_END: Final = re.compile(r"(?:\\(?:0{1,3}|x00|u0000|[rn])|\^[@MJ])+$")
_SIZE_AT_END: Final = re.compile(
    r"[,;]?\s+[\[(<]?(?:(?:len(?:gth)?|size|bytes|n)\s*[=:]?\s*(\d+)"
    r"|(\d+) ?(?:bytes?|chars?|characters))[\])>]?\s*$"
)
_SIZES: Final = (0, 1, V2_HEADER_SIZE, V2_HEADER_SIZE + 1)  # of a frame, beyond its text
_STRING: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_AFTER_STRING: Final = re.compile(
    r"(?:\"\"|'')?(?:[\s,;]+[\"']?[\w.]+[\"']?[=:] ?(?:\"[^\"]*\"|'[^']*'|[^\s\"']*))*[\s)\]},;.]*"
)
_END_OF_JSON: Final = re.compile(r"\\n\"(?:, ?\"\w+\": ?.*)?\}$")
_WRITTEN: Final = re.compile(
    r"""b?(['"])(?:[^\\\x00-\x1f]|\\x[0-9a-fA-F]{2}|\\[\\'"abfnrtv0-7uUN])*\1"""
)  # as Python writes a literal: with no control character, and no other escapes
_TORN: Final = re.compile(rf"\\x|\\$|\"\}}$|'[\])]$|^\w+', |{_END_OF_JSON.pattern}")
_TRACE_BINARY: Final = re.compile(r" <\d+ bytes>$")
_TRACE_CUT: Final = re.compile(r" \.\.\. \(\d+ characters\)$")
_TRACE_MALFORMED: Final = re.compile(
    r"MalformedMessage\(text=(.*), field='[^']*', reason=", re.DOTALL
)
_VALUE: Final = re.compile(r"[=:] ?([\"'])(?=[^\"']*$)")


def location_at_end(text: str) -> str:
    """The place in the source at the end of a line, with the blanks before it."""
    match = _LOCATION.search(text, max(0, len(text) - _LONGEST_LOCATION))
    return "" if match is None else match.group()


def bare_text(text: str, at: int, *, is_whole: bool) -> str:
    """The text that goes to the end of the line.

    Raises:
        ValueError: The end is lost.
    """
    if not is_whole:
        raise ValueError(f"the line is cut off: {text[at : at + 60]!r}")
    if c_end(text) >= 0:
        raise ValueError(f"the beginning of the record is lost: {text[at : at + 60]!r}")
    found = _checked(_ESCAPED_END.sub("", text[at:].rstrip("\r\n")))
    if len(found) == V1_FRAME_SIZE:  # Wireshark shows dots for its NULs
        found = found.rstrip(".")
    return _ESCAPED_END.sub("", _without_size(found))


def _checked(text: str) -> str:
    """The text, if it is a complete message.

    Raises:
        ValueError: The beginning of its line is lost, or it is two messages.
    """
    if _ANOTHER.search(text):
        raise ValueError(f"two messages run into one: {text[:60]!r}")
    if _TORN.search(text) and not (text.endswith('"}') and "{" in text):
        raise ValueError(f"the beginning of the line is lost: {text[:60]!r}")
    return text


def _without_size(text: str) -> str:
    """A text without its size, which some programs write after it."""
    match = _SIZE_AT_END.search(text)
    if match is None:
        return text
    size = len(text[: match.start()].encode("utf-8", "surrogateescape"))
    return text[: match.start()] if int(match[1] or match[2]) - size in _SIZES else text


def trace_text(text: str, *, is_whole: bool) -> str:
    """The text of a record of our own trace; nothing follows it.

    Raises:
        ValueError: Its beginning or its end is lost.
    """
    if not is_whole:
        raise ValueError(f"the line is cut off: {text[:60]!r}")
    if text.endswith("}") and _END_OF_JSON.search(text):
        raise ValueError(f"the beginning of the line is lost: {text[:60]!r}")
    if _TRACE_CUT.search(text):
        raise ValueError(f"the text was too long for the log, and was cut: {text[:60]!r}")
    if TRACE.search(text) or _ANOTHER.search(text):
        raise ValueError(f"two lines run into one: {text[:60]!r}")
    malformed = _TRACE_MALFORMED.match(text)
    if malformed is not None:  # as traces were until November 2026
        return str(ast.literal_eval(malformed[1]))
    return unescape_controls(_TRACE_BINARY.sub("", text))


def quoted_text(text: str, at: int) -> str | None:
    """The text in the brackets or quotes that open right before it; None if there are none.

    Raises:
        ValueError: They are not closed.
    """
    before = text[:at]
    value = _VALUE.search(before)
    if value is not None:  # key="<- stoh_... "
        return _in_quotes(text, value.start(1), at)
    opened_list = _OPENED_LIST.search(before)
    if opened_list is not None:
        return _of_list(text[opened_list.start() :])
    opening = _OPENING.search(before)
    if opening is not None and opening[1] in "'\"":
        return _in_quotes(text, opening.start(1), at)
    if opening is None or opening[1] == "<":
        return _before_sign(text[at:], before)
    found = _in_braces(text[at:], opening[1])
    if found is None:
        raise ValueError(f"{opening[1]} is not closed: {text[at : at + 60]!r}")
    found = found.removesuffix(opening[2])
    return found.replace(", ", " ") if _WORDS_OF_LIST.match(found) else found


def _before_sign(text: str, before: str) -> str | None:
    """The text up to the end of its table column or of a bracket opened before; else None."""
    column = _COLUMN.search(before)
    if column is not None:
        found, sign, _ = text.partition(column.group())
        return found if sign else None
    if before.endswith("<"):
        return _in_braces(text, "<")
    for opening, closing in _CELLS:
        if opening.search(before) and closing in text:
            return text.partition(closing)[0]
    opened: list[str] = []
    for sign in _BRACKETS.findall(before):
        if sign in _CLOSING:
            opened.append(sign)
        elif opened:
            opened.pop()
    return _in_braces(text, opened[-1]) if opened else None


def _in_braces(text: str, opening: str) -> str | None:
    """The text up to the bracket that closes the one before it; None if none does."""
    depth = 1
    for match in re.finditer(f"[{re.escape(opening + _CLOSING[opening])}]", text):
        depth += 1 if match.group() == opening else -1
        if depth == 0:
            return text[: match.start()]
    return None


def _in_quotes(text: str, quote_at: int, at: int) -> str:
    """The text to the closing quote: that of a Python or JSON string, else the last in the line."""
    quote = text[quote_at]
    literal = _STRING.match(text, quote_at)
    end = text.rfind(quote, at)
    if literal is None or end < 0:
        raise ValueError(f"{quote} is not closed: {text[at : at + 60]!r}")
    if text.startswith("...", literal.end()):
        raise ValueError(f"the program cut off the text in its log: {text[at : at + 60]!r}")
    if literal.end() - 1 != end and not _AFTER_STRING.fullmatch(text, literal.end()):
        return _checked(text[at:end])
    if "\\" in literal.group():
        try:
            whole = str(ast.literal_eval(literal.group()))
        except (SyntaxError, ValueError):
            return text[at : literal.end() - 1]
        return whole[at - quote_at - 1 :]
    return text[at : literal.end() - 1]


def _of_list(text: str) -> str:
    """The words of a Python list or tuple, as some DHSs in Python log them."""
    closing = "]" if text[0] == "[" else ")"
    end = text.find(closing)
    while end >= 0:
        try:
            words = ast.literal_eval(text[: end + 1])
        except (SyntaxError, ValueError):
            end = text.find(closing, end + 1)
            continue
        if isinstance(words, list | tuple) and any(map(_MESSAGE.match, map(str, words[1:]))):
            raise ValueError(f"several messages in one list: {text[:60]!r}")
        return " ".join(map(str, words)) if isinstance(words, list | tuple) else str(words)
    raise ValueError(f"the list is not closed: {text[:60]!r}")


def bytes_of(literal: str) -> bytes:
    """The bytes of a Python literal of bytes or text.

    Raises:
        ValueError: It is not such a literal.
    """
    try:
        value = ast.literal_eval(literal) if _WRITTEN.fullmatch(literal) else None
    except (ValueError, SyntaxError):
        value = None
    if value is None:
        raise ValueError(f"the bytes literal cannot be read: {literal[:60]!r}")
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
