"""Hints for mistakes in a configuration: what was probably meant."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from dhs_runtime.addresses import HostPort, read_url, without_password
from dhs_runtime.errors import ConfigError
from dhs_runtime.process.key_kinds import fields_of, is_section
from dhs_runtime.process.yaml_values import Unclear, short
from dhs_runtime.secrets import mask_reason

MOST: Final = 60
"""Most characters of a value that a message shows."""
MOST_PLACES: Final = 3

_NUMBER: Final = re.compile(r"\s*([-+]?[0-9]+([.,][0-9]+)?)\s*([a-zA-Z%/°µ]*)\s*", re.ASCII)
_FACTORS: Final[Mapping[str, float]] = {
    **dict.fromkeys(("", "s", "sec", "b", "bytes", "deg", "°", "fps", "hz"), 1),
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "min": 60,
    "h": 3600,
    "%": 0.01,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
"""The known units, as factors of seconds, bytes, degrees and pictures per second."""
_TRUE: Final = ("yes", "true", "on", "1")
_FALSE: Final = ("no", "false", "off", "0", "none")


def shown(value: object, text: str | None = None) -> str:
    """A value for a message, as written in the file if that is known."""
    if isinstance(value, Mapping | list):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if isinstance(value, str):
        return repr(short(mask_reason(without_password(value)), MOST))
    if text:
        return text
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


def hint_for(wanted: str, value: object) -> str:
    """What was probably meant by a value of the wrong kind, "" if unknown."""
    if isinstance(value, Unclear):
        return _by_unclear(wanted, value)
    if value is None:
        return "leave out the key to get its default"
    if isinstance(value, str) or wanted.startswith(("one of ", "true or false")):
        return _by_text(wanted, str(value))
    is_text = not isinstance(value, list | Mapping) and not wanted.startswith(("list", "mapping"))
    return "put it in quotes if it is right" if is_text and "number" not in wanted else ""


def secret_hint(value: object) -> str:
    """A hint for a value that must not be shown."""
    if isinstance(value, Unclear):
        return f"{value.reason}; put it in quotes if it is a text"
    return "put it in quotes" if isinstance(value, bool | int | float) else ""


def _number(value: str, digits: str, unit: str) -> str:
    """The number in a text of digits, with or without a unit; "" if the unit is unknown."""
    number = digits.replace(",", ".")
    factor = _FACTORS.get(unit.lower(), 0)
    if factor != 1:
        return f"{float(number) * factor:.15g}" if factor else ""
    if number.isdecimal() and number.startswith("0"):  # YAML would read it as octal
        return number.lstrip("0") or "0"
    return f"{number}, without quotes" if number == value else number


def nearest(word: str, options: Iterable[str]) -> str:
    """The option that a misspelled word probably means; "" if there is none."""
    by_letters = {_letters(option): option for option in options}
    close = difflib.get_close_matches(_letters(word), by_letters, n=1, cutoff=0.65)
    return by_letters[close[0]] if close else ""


def meant_key(key: str, known: list[str], config_class: type) -> str:
    """The message for an unknown key: the key that was probably meant, or the known keys."""
    before, colon, _ = key.partition(":")
    if colon and before in known:
        return f"unknown key; a blank is missing after '{before}:'"
    odd = next((sign for sign in key if not sign.isprintable()), "")
    if odd:
        return f"unknown key; it contains the character U+{ord(odd):04X}; use plain blanks"
    places = list(_places(config_class))
    section, _, name = key.rpartition(".")
    if key in places and section:
        return f"unknown key; did you mean {name} in the section {section}?"
    close = _close(key, known)
    if close:
        return f"unknown key; {close}"
    elsewhere = [place for place in places if place.rpartition(".")[2] == key]
    if elsewhere:
        return f"unknown key here; did you mean {' or '.join(elsewhere[:MOST_PLACES])}?"
    return f"unknown key (known: {', '.join(known)})" if known else "unknown key"


def address_in(value: object) -> HostPort | None:
    """The host and the port in a text or a URL that has both."""
    if not isinstance(value, str):
        return None
    try:
        if "://" in value:
            scheme, _, rest = value.partition("://")
            url = read_url(f"http://{rest}")
            return HostPort(url.hostname or "", url.port) if url.port and scheme else None
        return HostPort.read(value)
    except ConfigError:
        return None


def _meant(text: object) -> str:
    return f"did you mean {text}?"


def _by_unclear(wanted: str, value: Unclear) -> str:
    if "number" in wanted:
        return f"{value.reason}; {_meant(value.number)}" if value.number else value.reason
    return secret_hint(value)


def _by_text(wanted: str, value: str) -> str:
    if wanted.startswith("one of "):
        return _close(value, wanted.removeprefix("one of ").split(", "))
    if "number" in wanted:
        match = _NUMBER.fullmatch(value)
        number = _number(value, match[1], match[3]) if match else ""
        address = address_in(value) if wanted.startswith("whole number") else None
        return _meant(number) if number else _meant(address.port) if address else ""
    if wanted == "true or false":
        word = value.strip().lower()
        return _meant("true") if word in _TRUE else _meant("false") if word in _FALSE else ""
    is_short = len(value) < MOST and value.isprintable()
    return _meant(f"[{value}]") if wanted.startswith("list of") and is_short else ""


def _close(word: str, options: Iterable[str]) -> str:
    near = nearest(word, options)
    return _meant(near) if near else ""


def _letters(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _places(config_class: type, at: str = "", depth: int = 3) -> Iterator[str]:
    """The paths of all keys of a class."""
    for name, (_, hint) in fields_of(config_class).items():
        yield f"{at}{name}"
        if is_section(hint) and depth:
            yield from _places(hint, f"{at}{name}.", depth - 1)
