"""How dcss scans a configuration: word by word with `sscanf`, up to the first that does not fit."""

import re
from collections.abc import Iterable
from typing import Final

from dhs_lab.simulators.dcss.motors import Scanned
from dhs_lab.simulators.dcss.texts import NUMBER, c_number

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")


def scan(words: Iterable[str], fields: Iterable[Scanned]) -> dict[str, float]:
    """The fields that `sscanf` fills from these words: it stops at the first that does not fit.

    For `%d` a number with decimals fits up to its point, and nothing after it does.
    """
    values: dict[str, float] = {}
    for word, (name, kind) in zip(words, fields, strict=False):
        match = (NUMBER if kind == "%lf" else _INTEGER).match(word)
        if match is None:
            break
        if kind == "%lf":
            values[name] = c_number(match.group())
        else:
            number = int(match.group())
            values[name] = bool(number) if name.endswith("_on") else number
        if match.end() < len(word):
            break
    return values
