"""Configuration files: YAML into attrs classes; every mistake has its line and path.

The modules that read YAML and make classes of it are imported when a file is read, because a DHS
without a file does not need them.
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
"""Finds mistakes that involve several values: the path and the reason of each."""


def load_yaml(path: Path) -> "YamlSection":
    """The mapping in a YAML file; it knows the lines of its keys.

    Raises:
        ConfigFileError: The file is missing, unreadable, too large, not YAML or not a mapping.
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
        config_class: The class of the result.
        source: The file, for messages.
        at: Path of `values` in the file.
        further: Checks the whole, after each value by itself is right.

    Raises:
        ConfigFileError: One line per mistake: `source`, the line and path of the value, and the
            fault.
    """
    from dhs_runtime.process.structuring import structured  # noqa: PLC0415 - slow

    return structured(values, config_class, source, at, further)
