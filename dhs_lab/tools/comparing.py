"""Compares two runs of one conversation: the messages of one side, recorded and new.

Devices and operations of a DHS run in parallel, so only the messages about one of them have an
order: messages are compared by their *subject*, the device or the one run of an operation. Handles
differ from run to run, so the n-th starts of an operation are compared. Numbers are equal if they
are close, also inside free text.
"""

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

import attrs

from dcs_codec import MalformedMessage, Message, UnknownMessage
from dcs_codec.interchange import to_dict
from dhs_lab.tools.showing import show_fields, show_word

TOLERANCE: Final = 1e-5
_HANDLE: Final = "operation_handle"
_NAME: Final = "operation_name"

Subject = tuple[str, ...]


class Handles:
    """Which start of its operation a handle belongs to, in one run."""

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}

    def number(self, message: Message) -> int:
        """Which start of the operation (1, 2, ...) this message's handle belongs to."""
        handles = self._known.setdefault(getattr(message, _NAME), [])
        handle: str = getattr(message, _HANDLE)
        if handle not in handles:
            handles.append(handle)
        return handles.index(handle) + 1

    def handle(self, operation: str, number: int) -> str | None:
        """The handle of a start, None if there was none yet."""
        handles = self._known.get(operation, [])
        return handles[number - 1] if 0 < number <= len(handles) else None


def has_handle(message: Message) -> bool:
    """Whether a message is about one run of an operation."""
    return hasattr(message, _HANDLE)


@attrs.frozen(kw_only=True)
class Said:
    """A message in a comparable form.

    Attributes:
        subject: What it is about.
        fields: Its fields, the handle replaced by the number of the start.
    """

    message: Message
    subject: Subject
    fields: Mapping[str, object]

    @property
    def keyword(self) -> str:
        """Its keyword."""
        return self.message.received_keyword


def make_comparable(message: Message, handles: Handles) -> Said:
    """A message in its comparable form; updates `handles`, which are those of its run."""
    fields = {name: value for name, value in to_dict(message).items() if name != "keyword"}
    keyword = message.received_keyword
    if has_handle(message):
        number = f"#{handles.number(message)}"
        fields[_HANDLE] = number
        return Said(message=message, subject=(str(fields[_NAME]), number), fields=fields)
    first = next(iter(fields), "")
    if isinstance(message, UnknownMessage | MalformedMessage) or not first.endswith("_name"):
        return Said(message=message, subject=(keyword,), fields=fields)
    return Said(message=message, subject=(str(fields[first]),), fields=fields)


@attrs.frozen(kw_only=True)
class Difference:
    """One difference.

    Attributes:
        expected: Message of the recording, None if there was none.
        got: Message of this run, None if it did not come.
        fields: Name, recorded value and new value of the fields that differ.
    """

    expected: Message | None
    got: Message | None
    fields: tuple[tuple[str, object, object], ...] = ()

    def __str__(self) -> str:
        if self.got is None and self.expected is not None:
            return f"missing     {_line(self.expected)}"
        if self.expected is None and self.got is not None:
            return f"unexpected  {_line(self.got)}"
        if self.expected is None or self.got is None:
            return "nothing"
        changes = "; ".join(
            f"{name}: expected {_word(before)}, got {_word(now)}"
            for name, before, now in self.fields
        )
        return f"different   {_line(self.expected)}\n            {changes}"


def _line(message: Message) -> str:
    return f"{show_word(message.received_keyword)} {show_fields(message)}".rstrip()


def _word(value: object) -> str:
    return "nothing" if value is None else show_word(value)


def is_ignored(message: Message, patterns: Iterable[str]) -> bool:
    """Whether the keyword matches one of these; * and ? are wildcards."""
    return any(fnmatchcase(message.received_keyword, pattern) for pattern in patterns)


def compare(
    expected: Iterable[Said], got: Iterable[Said], tolerance: float = TOLERANCE
) -> list[Difference]:
    """The differences, by subject, in the order of the first message about each."""
    before, now = _by_subject(expected), _by_subject(got)
    differences: list[Difference] = []
    for subject in dict.fromkeys((*before, *now)):
        differences += _of_subject(before.get(subject, []), now.get(subject, []), tolerance)
    return differences


def _by_subject(said: Iterable[Said]) -> dict[Subject, list[Said]]:
    found: dict[Subject, list[Said]] = {}
    for each in said:
        found.setdefault(each.subject, []).append(each)
    return found


def _of_subject(before: list[Said], now: list[Said], tolerance: float) -> Iterator[Difference]:
    """Align equal messages first, then between them those with the same keyword."""
    same = [_token(each) for each in before], [_token(each) for each in now]
    for tag, start, end, new_start, new_end in _opcodes(*same):
        if tag == "equal":
            continue
        old, new = before[start:end], now[new_start:new_end]
        keywords = [each.keyword for each in old], [each.keyword for each in new]
        for inner, from_, to, new_from, new_to in _opcodes(*keywords):
            if inner == "equal":
                for pair in zip(old[from_:to], new[new_from:new_to], strict=True):
                    yield from _of_pair(*pair, tolerance)
                continue
            for each in old[from_:to]:
                yield Difference(expected=each.message, got=None)
            for each in new[new_from:new_to]:
                yield Difference(expected=None, got=each.message)


def _opcodes(before: list[str], now: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, before, now, autojunk=False).get_opcodes()


def _token(said: Said) -> str:
    return f"{said.keyword} {said.fields}"


def _of_pair(before: Said, now: Said, tolerance: float) -> Iterator[Difference]:
    names = dict.fromkeys((*before.fields, *now.fields))
    fields = tuple(
        (name, before.fields.get(name), now.fields.get(name))
        for name in names
        if not is_close(before.fields.get(name), now.fields.get(name), tolerance)
    )
    if fields:
        yield Difference(expected=before.message, got=now.message, fields=fields)


def is_close(before: object, now: object, tolerance: float) -> bool:
    """Whether two values are the same: numbers within `tolerance`, texts word by word."""
    result: bool
    match before, now:
        case (int() | float(), int() | float()):
            result = math.isclose(before, now, rel_tol=tolerance, abs_tol=tolerance)
        case str(), str():
            result = before == now or _are_words_close(before.split(), now.split(), tolerance)
        case list(), list():
            result = _all_close(zip(before, now, strict=False), tolerance)
            result = result and len(before) == len(now)
        case dict(), dict():
            result = before.keys() == now.keys()
            result = result and _all_close(((before[key], now[key]) for key in before), tolerance)
        case _:
            result = before == now
    return result


def _all_close(pairs: Iterable[tuple[Any, Any]], tolerance: float) -> bool:
    return all(is_close(before, now, tolerance) for before, now in pairs)


def _are_words_close(before: list[str], now: list[str], tolerance: float) -> bool:
    return len(before) == len(now) and all(
        old == new or _are_numbers_close(old, new, tolerance)
        for old, new in zip(before, now, strict=True)
    )


def _are_numbers_close(before: str, now: str, tolerance: float) -> bool:
    try:
        return math.isclose(float(before), float(now), rel_tol=tolerance, abs_tol=tolerance)
    except ValueError:
        return False
