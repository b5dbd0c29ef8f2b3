"""The values of a YAML file, with their places in it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from dhs_runtime.process.mistakes import Mistake


@attrs.frozen
class YamlPlace:
    """The line of a value and, for a scalar without quotes, its text."""

    line: int
    text: str | None = None


class YamlSection(dict[Any, object]):
    """A mapping that knows the places of its keys."""

    def __init__(self, line: int | None = None) -> None:
        super().__init__()
        self.line = line
        self.places: dict[object, YamlPlace] = {}

    def joined_with(self, name: str) -> "YamlSection":
        """A copy in which the section `name` is replaced by the keys in it."""
        joined = YamlSection(self.line)
        inner = self.get(name)
        for part in (self, inner if isinstance(inner, YamlSection) else YamlSection()):
            for key in part.keys() - {name}:
                joined.put(key, part[key], part.places[key])
        return joined

    def located(self, mistake: Mistake) -> Mistake:
        """A mistake with the line of its path, if that is known."""
        place = place_of(self, tuple(re.split(r"[.:]", mistake.path)))
        return mistake if place is None else attrs.evolve(mistake, line=place.line)

    def put(self, key: object, value: object, place: YamlPlace) -> None:
        """Set a key and its place."""
        self[key] = value
        self.places[key] = place


class Items(list[object]):
    """A list that knows the places of its items."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[YamlPlace] = []


@attrs.frozen
class Unclear:
    """A value that YAML does not read as its author probably meant it.

    Attributes:
        text: The text in the file, shortened.
        reason: How YAML reads it, or why it cannot.
        number: The number that was probably meant, "" if unknown.
    """

    text: str
    reason: str
    number: str = ""

    def __repr__(self) -> str:
        return self.text


def place_of(values: object, path: tuple[object, ...]) -> YamlPlace | None:
    """The place of the value at a path, or of the nearest section around it; None if unknown."""
    place = None
    for key in path:
        if isinstance(values, YamlSection):
            place = values.places.get(key) or (place and attrs.evolve(place, text=None))
            values = values.get(key)
        elif isinstance(values, Items) and isinstance(key, int) and key < len(values):
            place = values.places[key]
            values = values[key]
        else:
            break
    return place


def unclear_in(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """The paths of all unclear values in a value."""
    if isinstance(value, Unclear):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from unclear_in(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from unclear_in(inner, (*path, index))


def path_text(path: Iterable[object]) -> str:
    """A path as text: `automl.port`, `log.mask[2]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            word = "".join(c if c.isprintable() else "?" for c in short(str(key)))
            text += f".{word}" if text else word
    return text


def short(text: str, most: int = 40) -> str:
    """A text shortened for a message."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
