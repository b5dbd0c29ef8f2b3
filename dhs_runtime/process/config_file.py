"""Configuration files: turns YAML into attrs classes, and tells line and path of every mistake.

The modules for this are imported when a file is read, because a DHS without a file does not need
them.
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
"""Finds mistakes that involve several values; gives the path and the reason of each."""


def load_yaml(path: Path) -> "YamlSection":
    """The mapping in a YAML file, with the lines of its keys.

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
        values: Names and values, as `load_yaml` returns them.
        config_class: The class of the result.
        source: The name of the file, for messages.
        at: The path of `values` in the file; "" for the whole file.
        further: Checks the instance, once each single value is right.

    Raises:
        ConfigFileError: One line per mistake: `source`, the line and path of the value, and the
            fault.
    """
    from dhs_runtime.process.structuring import structured  # noqa: PLC0415 - slow

    return structured(values, config_class, source, at, further)
