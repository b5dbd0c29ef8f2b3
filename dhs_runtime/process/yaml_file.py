"""Reads YAML for configuration files: keeps line numbers, refuses doubled keys and traps of YAML.

PyYAML parses the text into nodes with their places; this module makes values from the nodes.
PyYAML's own constructor drops the lines, takes the last of two equal keys, reads `014242` as octal
and `4:02:22` in base 60, and fails with Python's messages on an impossible date or number.

Values follow YAML 1.1, as in PyYAML, except that `1e3` is a number, as in YAML 1.2.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import yaml
from yaml.composer import Composer, ComposerError
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import Resolver
from yaml.scanner import Scanner

from dhs_runtime.process.mistakes import MAX_MISTAKES, ConfigFileError, Mistake
from dhs_runtime.process.yaml_values import Items, Unclear, YamlPlace, YamlSection, path_text, short

MAX_FILE_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 40
MAX_VALUES: Final = 100_000
"""Limit, because aliases can make billions of values from a few lines."""
TOO_MANY: Final = f"more than {MAX_VALUES} values, with those that aliases repeat"
MAX_DIGITS: Final = 18

_TAG: Final = "tag:yaml.org,2002:"
_EXPONENT: Final = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+", re.ASCII)
_DECIMAL: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
_OCTAL: Final = re.compile(r"[-+]?0[0-9]+", re.ASCII)
_OTHER_BASE: Final = re.compile(r"[-+]?0(x[0-9a-f]+|b[01]+)", re.ASCII | re.IGNORECASE)

A_TAG: Final = "a '!' in front; put the text in quotes if it is a text"
_PLAINER: Final = (
    ("'\\t' that cannot start", "a tab; use blanks here"),
    (
        "mapping values are not allowed",
        "one ':' too many; put a text with ': ' in quotes, or indent this line like the one before",
    ),
    ("could not find expected ':'", "a key without ':'"),
    (
        "expected <block end>",
        "the indentation differs from the lines before, or this follows a closed quote or bracket",
    ),
    ("expected ',' or ']'", "'[' is not closed, or a ',' is missing"),
    ("expected ',' or '}'", "'{' is not closed, or a ',' is missing"),
    ("unexpected end of stream", "a quote that is not closed"),
    ("undefined alias", "an alias (*NAME) without its anchor (&NAME)"),
    ("duplicate anchor", "two anchors with the same name"),
    ("another document", "a second document begins ('---'); a file may have only one"),
    ("undefined tag handle", A_TAG),
    ("cannot start any token", "no value begins with this character; put the text in quotes"),
    (
        "unknown escape",
        "a '\\' in double quotes before a letter that means nothing there; use single quotes",
    ),
    ("node content", "a value is missing, or there is one character too many"),
    ("alphabetic or numeric", "a name is missing after '*' or '&'"),
    ("escape sequence of", "a '\\x' or '\\u' without its digits; use single quotes"),
    ("<document start>", "keys with values (KEY: VALUE) are wanted"),
    ("YAML document (version", "the line %YAML names a version other than 1.1"),
    ("directive", "a line that begins with '%' cannot be read"),
    ("mapping keys are not allowed", "a '?' too many"),
    ("sequence entries are not allowed", "a '-' where no list can begin"),
    ("tag", A_TAG),
    ("did not find expected", "a key or a value is missing or indented wrongly"),
)
"""Parts of PyYAML's messages, and our message for each."""


def read_yaml(path: Path) -> YamlSection:
    """The mapping in a YAML file.

    Raises:
        ConfigFileError: The file is missing, unreadable, too large, not YAML or not a mapping.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # a name with NUL in it is a ValueError
        reason = (isinstance(error, OSError) and error.strerror) or "no file can have this name"
        raise ConfigFileError(str(path), [Mistake("", reason)]) from None
    reader = _Reader()
    try:
        section = reader.read(data)
    except _StopReading as stop:
        reader.mistakes.append(stop.mistake)
    if reader.mistakes:
        raise ConfigFileError(str(path), reader.mistakes)
    return section


def _without_waiting(path: str, flags: int) -> int:
    """Open a file without waiting: a named pipe that nobody writes to is read as empty."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


class _StopReading(Exception):  # noqa: N818 - an end, with what ended it
    """Raised to stop reading the file."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.mistake = Mistake("", reason, line)


class _Nodes(Reader, Scanner, Parser, Composer, Resolver):
    """PyYAML without its constructor, with limited depth."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        Resolver.__init__(self)
        self._depth = 0
        self._count = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """As PyYAML does, within `MAX_DEPTH` and `MAX_VALUES`."""
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH or self._count > MAX_VALUES:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # stubs
            deep = f"nested deeper than {MAX_DEPTH} levels"
            raise ComposerError(None, None, deep if self._depth > MAX_DEPTH else TOO_MANY, mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Reader:
    """Makes values of nodes, and collects mistakes."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._count = 0
        self._inside: set[int] = set()  # ids of the nodes being read

    def read(self, data: bytes) -> YamlSection:
        """The mapping in a file with this content."""
        if len(data) > MAX_FILE_BYTES:
            raise _StopReading(f"larger than {MAX_FILE_BYTES} bytes")
        node = _node_of(_decoded(data))
        if node is None or node.tag == f"{_TAG}null":
            raise _StopReading("the file is empty; keys with values are wanted", 1)
        if not isinstance(node, MappingNode):
            what = "a list" if isinstance(node, SequenceNode) else "a text or a number"
            raise _StopReading(
                f"keys with values (KEY: VALUE) are wanted at the top, this is {what}", _line(node)
            )
        return self._section(node, ())

    def _value(self, node: Node, path: tuple[object, ...]) -> object:
        self._count += 1
        if self._count > MAX_VALUES:
            raise _StopReading(TOO_MANY, _line(node))
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._inside:
            self._wrong(path, "an alias that contains itself", _line(node))
            return None
        self._inside.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self._section(node, path)
            return self._items(node, path)
        finally:
            self._inside.discard(id(node))

    def _items(self, node: Node, path: tuple[object, ...]) -> object:
        self._check_tag(node, "seq", path)
        items = Items()
        for index, inner in enumerate(node.value):
            items.places.append(_place(inner))
            items.append(self._value(inner, (*path, index)))
        return items

    def _section(self, node: MappingNode, path: tuple[object, ...]) -> YamlSection:
        self._check_tag(node, "map", path)
        section = YamlSection(_line(node))
        merges = [inner for key, inner in node.value if key.tag == f"{_TAG}merge"]
        for again in merges[1:]:
            self._wrong((*path, "<<"), "this key is doubled; write '<<: [*A, *B]'", _line(again))
        for key_node, value_node in node.value:
            if key_node.tag == f"{_TAG}merge":
                continue
            key = self._key(key_node, path)
            at = (*path, key_node.value if isinstance(key_node, ScalarNode) else "?")
            place = _place(value_node, _line(key_node))
            value = self._value(value_node, at)
            if not path and not isinstance(key, str):
                self._wrong(at, "a key at the top is a text; put it in quotes", place.line)
            elif key in section:
                first = section.places[key].line
                self._wrong(at, f"this key is doubled; it is in line {first} already", place.line)
            else:
                section.put(key, value, place)
        for more in self._merged(merges[0], path) if merges else ():
            for key in more.keys() - section.keys():
                section.put(key, more[key], more.places[key])
        return section

    def _merged(self, node: Node, path: tuple[object, ...]) -> list[YamlSection]:
        value = self._value(node, (*path, "<<"))
        parts = value if isinstance(value, Items) else [value]
        sections = [part for part in parts if isinstance(part, YamlSection)]
        if len(sections) < len(parts):
            self._wrong((*path, "<<"), "'<<' takes an alias of a mapping", _line(node))
        return sections

    def _key(self, node: Node, path: tuple[object, ...]) -> object:
        if not isinstance(node, ScalarNode):
            reason = "a key is a word, not a list or a mapping; put a text with brackets in quotes"
            self._wrong(path, reason, _line(node))
            return None
        key = self._scalar(node, path)
        return key.text if isinstance(key, Unclear) else key

    def _scalar(self, node: ScalarNode, path: tuple[object, ...]) -> object:
        make = _SCALARS.get(node.tag.removeprefix(_TAG))
        if make is None:
            self._wrong(path, _no_tag(node), _line(node))
            return None
        return make(node)

    def _check_tag(self, node: Node, kind: str, path: tuple[object, ...]) -> None:
        if node.tag != f"{_TAG}{kind}":
            self._wrong(path, _no_tag(node), _line(node))

    def _wrong(self, path: tuple[object, ...], reason: str, line: int | None) -> None:
        if len(self.mistakes) >= MAX_MISTAKES:
            raise _StopReading("more mistakes", line)
        self.mistakes.append(Mistake(path_text(path), reason, line))


def _decoded(data: bytes) -> str:
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not is_utf16 and b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise _StopReading("a zero byte; save the file as UTF-8, unless it is a binary file", line)
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sign = f"byte 0x{data[error.start]:02x}" if error.start < len(data) else "the end"
        encoding = "UTF-16" if is_utf16 else "UTF-8"
        raise _StopReading(f"{sign} is not {encoding}; save the file as UTF-8", line) from None


def _node_of(text: str) -> Node | None:
    try:
        nodes = _Nodes(text)
        return nodes.get_single_node()
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        sign = f"the character U+{ord(text[error.position]):04X}"
        raise _StopReading(f"{sign}, which YAML forbids; save the file as UTF-8", line) from None
    except yaml.MarkedYAMLError as error:
        said = f"{error.context or ''} {error.problem or ''}"
        plainer = [ours for theirs, ours in _PLAINER if theirs in said]
        reason = plainer[0] if plainer else (error.problem or "cannot be read")
        marks = [error.problem_mark, error.context_mark]
        if "not closed" in reason or "without ':'" in reason:
            marks.reverse()  # show where it began, not the end of the file
        opened = next((mark.line + 1 for mark in marks if mark), None)
        raise _StopReading(f"not YAML: {short(reason, 120)}", opened) from None
    except (yaml.YAMLError, ValueError):
        reason = "not YAML: a number in an escape ('\\U...') or in a line '%...' is too large"
        raise _StopReading(reason, nodes.line + 1) from None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _place(node: Node, line: int | None = None) -> YamlPlace:
    is_plain = isinstance(node, ScalarNode) and node.style is None
    return YamlPlace(_line(node) if line is None else line, short(node.value) if is_plain else None)


def _no_tag(node: Node) -> str:
    if node.tag.startswith("!"):  # it may be the beginning of a password
        return A_TAG
    return f"the tag {short(node.tag.replace(_TAG, '!!'))} is not allowed"


def _text(node: ScalarNode) -> object:
    is_plain = node.style is None
    if is_plain and node.value == "None":
        return Unclear(node.value, "this is Python's word; leave out the key to get its default")
    return float(node.value) if is_plain and _EXPONENT.fullmatch(node.value) else node.value


def _truth(node: ScalarNode) -> object:
    known: bool | None = SafeConstructor.bool_values.get(node.value.lower())
    return Unclear(short(node.value), "this is not true or false") if known is None else known


def _whole(node: ScalarNode) -> object:
    text, digits = node.value, node.value.replace("_", "")
    if ":" in digits:
        return Unclear(short(text), "YAML reads it as a number to base 60")
    if _OCTAL.fullmatch(digits):
        number = digits.lstrip("+-").lstrip("0") or "0"
        sign = "-" if digits.startswith("-") else ""
        return Unclear(short(text), "YAML reads it as octal", short(sign + number))
    if not (_DECIMAL.fullmatch(digits) or _OTHER_BASE.fullmatch(digits)):
        return Unclear(short(text), "this is not a whole number")
    if len(digits.lstrip("+-")) > MAX_DIGITS:
        return Unclear(short(text, 20), f"this has more than {MAX_DIGITS} digits")
    return int(digits, 0)


def _number(node: ScalarNode) -> object:
    digits = node.value.replace("_", "").lower()
    if ":" in digits:
        return Unclear(short(node.value), "YAML reads it as a number to base 60")
    try:
        return float(digits.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return Unclear(short(node.value), "this is not a number")


def _date(node: ScalarNode) -> object:
    try:
        return SafeConstructor().construct_yaml_timestamp(node)
    except (ValueError, AttributeError, OverflowError):  # no such day, or a tag before another text
        return Unclear(short(node.value), "there is no such date")


_SCALARS: Final[Mapping[str, Callable[[ScalarNode], object]]] = {
    "str": _text,
    "value": _text,
    "merge": _text,
    "null": lambda _: None,
    "bool": _truth,
    "int": _whole,
    "float": _number,
    "timestamp": _date,
}
"""The function that reads a scalar, by its tag."""
