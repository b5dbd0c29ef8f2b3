"""Reads the head of an HTTP request; header fields, and how a request is refused."""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedIOBase
from typing import Final

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 200

_REQUEST: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) +(\S+) +HTTP/([0-9])\.([0-9])")
_BLANKS: Final = re.compile(r"[A-Z]+ .* HTTP/1\.[01]", re.DOTALL)
_FIELD: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t\r]*", re.DOTALL)
_FOLD: Final = re.compile(r"\r?\n[ \t]+")


class Headers:
    """Header fields by name, in any case; the first counts if a field is repeated."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, list[tuple[str, str]]] = {}
        for name, value in fields:
            self._fields.setdefault(name.lower(), []).append((name, value))

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][0][1]

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._fields

    def keys(self) -> Iterator[str]:
        """The names as received, each once."""
        return (fields[0][0] for fields in self._fields.values())

    def get(self, name: str, default: str = "") -> str:
        """The value of a field, or `default`."""
        fields = self._fields.get(name.lower())
        return fields[0][1] if fields else default

    def get_all(self, name: str) -> list[str]:
        """All values of a field, in the order received."""
        return [value for _, value in self._fields.get(name.lower(), ())]

    def get_list(self, name: str) -> list[str]:
        """The elements of a field whose value is a list with commas, in the order received."""
        return [each.strip() for value in self.get_all(name) for each in value.split(",")]

    @property
    def content_type(self) -> str:
        """The media type in lower case, without its parameters; "" if there is none."""
        return self.get("Content-Type", "").partition(";")[0].strip().lower()


class Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """Raised to answer a request with `status` and the reason."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


def read_request_head(stream: BufferedIOBase) -> tuple[str, str, tuple[int, int], Headers]:
    """Method, target, HTTP version and header fields of the request that begins here.

    Lines may end in LF alone; a field may be folded (RFC 9112, section 5.2).

    Raises:
        Refusal: It is not HTTP/1, or larger than `MAX_HEAD_BYTES`.
        EOFError: The stream ended before the head did.
    """
    left = MAX_HEAD_BYTES
    head = bytearray()
    while not head.endswith((b"\n\r\n", b"\n\n")):
        line = stream.readline(left)
        head += line
        left -= len(line)
        if not line.endswith(b"\n"):
            if left:
                raise EOFError("part of its header")
            raise Refusal(431, f"a header of more than {MAX_HEAD_BYTES} bytes")
    start, *lines = _FOLD.sub(" ", head.decode("latin-1")).split("\n")[:-2]
    return (*_start(start), Headers(_fields(lines)))


def _start(line: str) -> tuple[str, str, tuple[int, int]]:
    match = _REQUEST.fullmatch(line.rstrip())
    if match is None and _BLANKS.fullmatch(line.rstrip()):
        raise Refusal(400, f"a blank in the target, write %20: {line[:60]!r}")
    if match is None:
        raise Refusal(400, f"not HTTP: the request begins with {line[:60]!r}")
    version = int(match[3]), int(match[4])
    if version[0] != 1:
        raise Refusal(505, f"HTTP/{match[3]}.{match[4]} is not supported; use HTTP/1.1")
    return match[1], match[2], version


def _fields(lines: list[str]) -> Iterator[tuple[str, str]]:
    if len(lines) > MAX_FIELDS:
        raise Refusal(431, f"more than {MAX_FIELDS} header fields")
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise Refusal(400, f"not a header field: {line[:60]!r}")
        yield match[1], match[2]
