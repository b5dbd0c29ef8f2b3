"""Configuration files: YAML into attrs classes, every mistake named by its line and path.

This is the door: what reads YAML and what makes classes of it are imported when a file is read,
as a DHS without one does not need them.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dhs_runtime.process.mistakes import ConfigFileError, Mistake

if TYPE_CHECKING:
    from dhs_runtime.process.yaml_values import YamlSection

__all__ = ["ConfigFileError", "FurtherCheck", "Mistake", "load_yaml", "structure"]

C = TypeVar("C")

FurtherCheck = Callable[[C], Iterable[tuple[str, str]]]
"""Finds what no single value shows: the path and the reason of each mistake."""


def load_yaml(path: Path) -> "YamlSection":
    """The mapping in a YAML file; it remembers the lines of its keys.

    Raises:
        ConfigFileError: The file is absent, unreadable, too large, no YAML or no mapping.
    """
    from dhs_runtime.process.yaml_file import read_yaml  # noqa: PLC0415 - slow

    return read_yaml(path)


def structure(
    values: Mapping[str, object],
    config_class: type[C],
    source: str,
    at: str = "",
    *,
    further: FurtherCheck[C] = lambda _: (),
) -> C:
    """An instance of an attrs class from nested mappings.

    Args:
        values: Names and values, as YAML gives them.
        config_class: What to make of them.
        source: The file, for messages.
        at: Path of `values` in the file.
        further: Looks at the whole, once each value by itself is right.

    Raises:
        ConfigFileError: One line per mistake: `source`, the line and the path of the value, and
            what is wrong.
    """
    from dhs_runtime.process.structuring import structured  # noqa: PLC0415 - slow

    return structured(values, config_class, source, at, further)
