"""Tries regular expressions of an author in a process of its own, for 0.5 s of CPU time.

`re` backtracks: `(a+)+$` takes for ever on forty letters, and no other thread of Python runs
meanwhile. The texts of the trial are made from the expression. They show expressions that take
exponential or cubic time, though not every one. As a program, this file reads the expression from
stdin; it imports only modules that start quickly.
"""

import random
import re
import sys
from collections.abc import Iterator
from typing import Final

CPU_S: Final = 0.5
"""Limit of a trial, in seconds of CPU time, so that a busy machine changes nothing."""
LENGTH: Final = 200
_SIGNS: Final = "aA0 _-./:=\u00e9"
_META: Final = re.compile(r"[\\()\[\]{}*+?|^$.]+")
_ESCAPED: Final = re.compile(r"\\\w")
_MOST_PIECES: Final = 6
_MOST_SIGNS: Final = 30
_RANDOM_TEXTS: Final = 20


def is_slow(pattern: str) -> bool:
    """Whether the trial of an expression does not end within its time."""
    import subprocess  # noqa: PLC0415 - slow, and not for the trial itself

    command = [sys.executable, "-I", "-S", __file__]
    try:
        done = subprocess.run(  # noqa: S603 - this file
            command,
            input=pattern.encode("utf-8", "surrogatepass"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:  # no process can be started now; the start of a DHS must not fail for it
        return False
    return done.returncode < 0  # by a signal


def _texts(pattern: str) -> Iterator[str]:
    """Repeated signs and words of an expression, also after what it may want to see before."""
    pieces = list(filter(None, _META.split(_ESCAPED.sub(" ", pattern))))[:_MOST_PIECES]
    signs = list(dict.fromkeys([*_SIGNS, *pattern]))[:_MOST_SIGNS]
    units = [*signs, *pieces, *(piece + sign for piece in pieces for sign in signs)]
    before = {sign.join(pieces[:count]) for count in range(len(pieces)) for sign in ("", *"a0 ")}
    for unit in units:
        yield from _repeated(unit, "")
    for start in sorted({*before, *pieces}):
        for sign in signs:
            yield from _repeated(sign, start)
    chance = random.Random(0)  # noqa: S311 - texts, not keys
    for _ in range(_RANDOM_TEXTS):
        some = chance.sample(units, min(3, len(units)))
        yield "".join(chance.choices(some, k=LENGTH // max(map(len, some)))) + "\0"


def _repeated(unit: str, start: str) -> Iterator[str]:
    text = start + unit * (LENGTH // len(unit))
    yield from (text, text + "\0")


def _try() -> None:
    import signal  # noqa: PLC0415 - for the trial itself

    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    signal.setitimer(signal.ITIMER_PROF, CPU_S)
    text = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
    pattern = re.compile(text)
    for each in _texts(text):
        pattern.sub("***", each)


if __name__ == "__main__":
    _try()
