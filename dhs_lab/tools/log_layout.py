"""Changes logs so that each record is one line that begins with its time, as in most logs.

A terminal may have broken lines at its width: then many lines have the same, greatest length, and
the line after each continues it. java.util.logging writes the time in a separate line before the
text. Other programs write it at the end of the line.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Final

from dhs_lab.tools.inputs import ByteSource
from dhs_lab.tools.recoding import changed, joined, without_colours
from dhs_lab.tools.stamps import Stamp, read_stamp

_Change = Callable[[str], str]

# The patterns are compiled at their first use: most logs do not need them.
_USUAL: Final = (80, 132)  # columns of terminals
_NARROW: Final = 40
_MOST_PARTS: Final = 1000  # of one line, which limits memory
_FEW: Final = 3
_NO_TEXT: Final = "\f"
"""A line that readers of logs skip; it keeps the line numbers right."""
_KEYWORD: Final = r"(?:stoc|stoh|htos)_\w+"
_MESSAGE: Final = r"(?:stoc|stoh|htos)_[a-z]"
_TIME_OR_OBJECT: Final = r".{0,40}(?:\d:\d\d:\d\d|\{\")"
_TEXT: Final = rf".{{0,40}}{_MESSAGE}"
_LEVEL_OF_JAVA: Final = r"(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): "
_TAIL: Final = r"\s*(?:[\[(<|”»“␀]|\.\.\.|// |from )"
_PLACE_IN_SOURCE: Final = r"\.[a-z]{1,4}:0"
_BEFORE_TIME: Final = r"(?:[\s,;|@(\[<]|//|-\s)+(?:at\s+)?(?=[A-Z\d])"
_LONGEST_TIME: Final = 50
_FIRST_TIME: Final = 1e9  # a number before September 2001 is no time


def laid_out(source: ByteSource) -> ByteSource:
    """The source, with one line for each record and its time first."""
    lines = [
        line.rstrip("\r")
        for line in source.peek().decode("utf-8", "surrogateescape").split("\n")[:-1]
    ]
    join = _joining(lines)
    if join is not None:
        return joined(source, join)
    for changing in (_trimming, _timing, _moving, _ending):
        change = changing(lines)
        if change is not None:
            return changed(source, change)
    return source


def _time_at_start(line: str) -> Stamp | None:
    stamp = read_stamp(line)
    return stamp if stamp is not None and ":" in line[: len(line) - len(stamp.rest)] else None


def _trimming(lines: list[str]) -> _Change | None:
    """Removes the blanks with which a screen fills its lines."""
    is_full = len(set(map(len, lines))) == 1 and any(line.endswith(" ") for line in lines)
    return str.rstrip if is_full and len(lines) >= _FEW else None


# -- lines that a terminal broke ----------------------------------------------------------------


def _joining(lines: list[str]) -> Callable[[Iterator[str]], Iterator[str]] | None:
    width = max(map(len, lines), default=0)
    after = [line for before, line in itertools.pairwise(lines) if len(before) == width]
    few = 2 if width in _USUAL else _FEW
    if len(after) < few or width < _NARROW:
        return None
    has_times = any(re.match(_TIME_OR_OBJECT, line) for line in lines)
    beginning = _TIME_OR_OBJECT if has_times else _TEXT

    def begins(line: str) -> bool:
        return not line or re.match(beginning, line) is not None

    ends = sum(map(begins, after))  # lines that just fit
    is_broken = len(after) - ends >= few and ends * _FEW <= len(after)
    return (lambda broken: _joined(broken, width, begins)) if is_broken else None


def _joined(lines: Iterator[str], width: int, begins: Callable[[str], bool]) -> Iterator[str]:
    parts: list[str] = []
    for line in lines:
        if parts and (len(parts[-1]) < width or len(parts) == _MOST_PARTS or begins(line)):
            yield from ("".join(parts), *[_NO_TEXT] * (len(parts) - 1))
            parts = []
        parts.append(line)
    yield "".join(parts)


# -- times at other places ----------------------------------------------------------------------


def _timing(lines: list[str]) -> _Change | None:
    """Adds the time to a text of Java; it is in the line before."""
    if not (re.match(_LEVEL_OF_JAVA, "".join(lines[1:2])) and _time_at_start(lines[0])):
        return None
    time = ""

    def with_time(line: str) -> str:
        nonlocal time
        stamp = _time_at_start(line)
        if stamp is not None:
            time = line[: len(line) - len(stamp.rest)]
        return time + line if re.match(_LEVEL_OF_JAVA, line) else line

    return with_time


def _moving(lines: list[str]) -> _Change | None:
    messages = 0
    for line in lines:
        if "_" in line and re.search(_MESSAGE, line):
            messages += 1
            if _time_at_start(line) or not _with_time_first(line):
                return None
    if messages < 2:  # noqa: PLR2004 - one may be a text with a time in it
        return None
    return lambda line: _with_time_first(line) or line


def _with_time_first(line: str) -> str:
    """A line with the time before its text and not after it; "" if it has none."""
    begin = max(0, len(line) - _LONGEST_TIME)
    for place in re.finditer(_BEFORE_TIME, line[begin:]):
        time = line[begin + place.end() :]
        stamp = read_stamp(time.rstrip(")]> \t"))
        if stamp is not None and not stamp.rest and stamp.has_date and stamp.time > _FIRST_TIME:
            return f"{time} {line[: begin + place.start()]}"
    return ""


# -- words after all texts --------------------------------------------------------------------


def _ending(lines: list[str]) -> _Change | None:
    """Removes the words after the texts if messages of several kinds have the same (a thread)."""
    keywords: set[str] = set()
    common: set[str] = set()
    for coloured in lines:
        line = without_colours(coloured)
        keyword = re.search(_KEYWORD, line) if "_" in line else None
        if keyword is None or keyword.group() in keywords:
            continue
        tails = _tails(line, keyword.end())
        common = common & tails if keywords else tails
        keywords.add(keyword.group())
        if not common:
            return None
    if len(keywords) < _FEW:
        return None
    tail = re.sub("0", r"\\d+", re.sub(r"\\ ", r"\\s+", re.escape(max(common, key=len))))
    return lambda line: re.sub(rf"\s*{tail}\s*$", "", without_colours(line))


def _tails(line: str, at: int) -> set[str]:
    """What a line may have after its text, with 0 for every number."""
    rest = line[at:]
    found = (rest[place.start() :] for place in re.finditer(_TAIL, rest))
    tails = {" ".join(re.sub(r"\d+", "0", each).split()) for each in found}
    return {tail for tail in tails if not re.search(_PLACE_IN_SOURCE, tail)}
