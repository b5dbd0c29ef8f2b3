"""Settings of a DHS's process, which stand beside those of the DHS itself in its file."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
from attrs.validators import deep_iterable, ge, gt, in_, le, optional

from dhs_runtime.addresses import MAX_PORT
from dhs_runtime.config import DcssConfig, Rule, is_name, name_trouble
from dhs_runtime.process.config_file import load_yaml, structure

LEVELS: Final = ("warning", "info", "debug", "everything")
"""How much is logged; `everything` is debug of libraries too."""

MAX_BYTES: Final = 10_000_000
BACKUPS: Final = 5


def _mask_trouble(text: str) -> str:
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error).partition(" at position")[0] or "too long"
    return "it matches an empty text, and so would mask everything" if pattern.search("") else ""


def _host_pattern_trouble(text: str) -> str:
    if not text:
        return "it is empty, and matches nothing"
    return "" if text.split() == [text] else "a pattern has no blanks; write one to each line"


def _path_trouble(text: str) -> str:
    if text.startswith("~"):
        return f"'~' is not read here; did you mean {Path(text).expanduser()}?"
    return "" if text.isprintable() else "a path has no control characters"


def _own_name_trouble(text: str) -> str:
    return name_trouble(text) if text else ""


is_path = Rule("path", _path_trouble, r"^[^~\x00-\x1f]")
is_folder = Rule("path of a folder", _path_trouble, r"^(?!~)[^\x00-\x1f]*$")
is_mask = Rule("regular expression", _mask_trouble, r"^[\s\S]")
is_word = Rule("text", lambda text: "" if text else "it is empty", r"^[\s\S]")
is_host_pattern = Rule("pattern of host names", _host_pattern_trouble, r"^\S+$")
is_own_name = Rule(is_name.wanted, _own_name_trouble, rf"^$|{is_name.pattern}")
MAX_BACKUPS: Final = 1000


@attrs.frozen(kw_only=True)
class LogConfig:
    """The log.

    Attributes:
        level: `warning`, `info`, `debug`, or `everything` (the libraries' debugging, too).
        file: A file beside stderr; none where it is left out.
        max_bytes: Size at which the file is put aside and begun anew.
        backups: How many of those put aside are kept.
        mask: Regular expressions of what is a secret here beside what is known to be one.
    """

    level: str = attrs.field(default="info", validator=in_(LEVELS))
    file: Path | None = attrs.field(default=None, validator=optional(is_path))
    max_bytes: int = attrs.field(default=MAX_BYTES, validator=gt(0))
    backups: int = attrs.field(default=BACKUPS, validator=[ge(1), le(MAX_BACKUPS)])
    mask: tuple[str, ...] = attrs.field(default=(), validator=deep_iterable(is_mask))


@attrs.frozen(kw_only=True)
class TraceConfig:
    """The wire trace: a line for every message sent and received.

    Attributes:
        enabled: Whether there is one.
        file: A file of its own; where it is left out, the log.
        max_bytes: As for the log.
        backups: As for the log.
    """

    enabled: bool = False
    file: Path | None = attrs.field(default=None, validator=optional(is_path))
    max_bytes: int = attrs.field(default=MAX_BYTES, validator=gt(0))
    backups: int = attrs.field(default=BACKUPS, validator=[ge(1), le(MAX_BACKUPS)])


@attrs.frozen(kw_only=True)
class ProcessConfig:
    """What every DHS has in its file.

    Attributes:
        dcss: Where DCSS is.
        log: The log.
        trace: The wire trace.
        production: Patterns (`bl*-dcss*`) of DCSS's hosts and of hardware hosts that are run only
            with `--production`, and never rehearsed.
        status_port: Port on loopback for /healthz, /status and /metrics; 0 picks a free one,
            None opens none.
    """

    dcss: DcssConfig = attrs.field(factory=DcssConfig)
    log: LogConfig = attrs.field(factory=LogConfig)
    trace: TraceConfig = attrs.field(factory=TraceConfig)
    production: tuple[str, ...] = attrs.field(default=(), validator=deep_iterable(is_host_pattern))
    status_port: int | None = attrs.field(default=None, validator=optional([ge(0), le(MAX_PORT)]))


@attrs.frozen(kw_only=True)
class RunConfig(ProcessConfig):
    """The file of `dhs run --config`.

    Attributes:
        name: Name to give DCSS, "" for the DHS's own.
        settings: What the DHS's author wants to know; see `Launch.settings`.
    """

    name: str = attrs.field(default="", validator=is_own_name)
    settings: dict[str, Any] = attrs.field(factory=dict, repr=False)


def load_run_config(path: Path) -> RunConfig:
    """The configuration in a YAML file.

    Raises:
        ConfigFileError: One line per mistake, with the file and the path of the value.
    """
    return structure(load_yaml(path), RunConfig, str(path), further=file_mistakes)


def file_mistakes(config: ProcessConfig) -> Iterator[tuple[str, str]]:
    """The path and the reason for each file of the log that could not be written now."""
    for path, file in (("log.file", config.log.file), ("trace.file", config.trace.file)):
        trouble = "" if file is None else file_trouble(file)
        if trouble:
            yield path, f"file wanted, got {str(file)!r}; {trouble}"


def file_trouble(file: Path) -> str:
    """Why a log file cannot be written, "" where it can; folders that are missing are made."""
    try:
        if file.is_dir():
            return f"this is a folder; did you mean {file / 'dhs.log'}?"
        if file.exists():
            if file.is_fifo() or file.is_socket():
                return "this is a pipe or a socket"
            return "" if os.access(file, os.W_OK) else "this user may not write it"
        folder = next(parent for parent in file.absolute().parents if parent.exists())
        if not folder.is_dir():
            return f"{folder} is a file and no folder"
        return _folder_trouble(folder)
    except OSError as error:  # a name that is too long, a loop of links
        return error.strerror or str(error)


def _folder_trouble(folder: Path) -> str:
    """Why no file can be made in a folder; what `os.access` says is no promise, to root least."""
    import tempfile  # noqa: PLC0415 - slow

    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"no file can be made in the folder {folder}: {error.strerror or error}"
