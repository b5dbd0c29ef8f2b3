"""Settings of the process of a DHS, in the same file as those of the DHS itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
from attrs.validators import deep_iterable, ge, gt, in_, le, optional

from dhs_runtime.addresses import MAX_PORT
from dhs_runtime.config import DcssConfig, is_host
from dhs_runtime.process.config_file import load_yaml, structure
from dhs_runtime.process.rules import file_trouble, is_host_pattern, is_mask, is_own_name, is_path
from dhs_runtime.process.yaml_values import short

LEVELS: Final = ("warning", "info", "debug", "everything")
"""How much is logged; `everything` includes debug messages of libraries."""

FORMATS: Final = ("text", "json", "journal")
"""The form of a line of the log."""

MAX_BYTES: Final = 10_000_000
BACKUPS: Final = 5


MAX_BACKUPS: Final = 1000


@attrs.frozen(kw_only=True)
class LogConfig:
    """The log.

    Attributes:
        level: `warning`, `info`, `debug`, or `everything` (debug messages of libraries, too).
        format: `text`; `json`, one object per line; or `journal`: on stderr with the priorities of
            journald and without the time, and in files as `text`.
        file: A log file in addition to stderr; by default none.
        max_bytes: Size in bytes at which the file is renamed and a new one is started.
        backups: How many renamed files are kept.
        mask: Regular expressions of other secrets, in addition to the known forms.
    """

    level: str = attrs.field(default="info", validator=in_(LEVELS))
    format: str = attrs.field(default="text", validator=in_(FORMATS))
    file: Path | None = attrs.field(default=None, validator=optional(is_path))
    max_bytes: int = attrs.field(default=MAX_BYTES, validator=gt(0))
    backups: int = attrs.field(default=BACKUPS, validator=[ge(1), le(MAX_BACKUPS)])
    mask: tuple[str, ...] = attrs.field(default=(), validator=deep_iterable(is_mask))


@attrs.frozen(kw_only=True)
class TraceConfig:
    """The wire trace: a line for every message sent and received.

    Attributes:
        enabled: Whether there is a trace.
        file: A file of its own for the trace; by default it is written to the log.
        max_bytes: As for the log.
        backups: As for the log.
    """

    enabled: bool = False
    file: Path | None = attrs.field(default=None, validator=optional(is_path))
    max_bytes: int = attrs.field(default=MAX_BYTES, validator=gt(0))
    backups: int = attrs.field(default=BACKUPS, validator=[ge(1), le(MAX_BACKUPS)])


@attrs.frozen(kw_only=True)
class ProcessConfig:
    """The keys that every DHS has in its file.

    Attributes:
        dcss: Where DCSS is.
        log: The log.
        trace: The wire trace.
        production: Patterns (`bl*-dcss*`) of DCSS's hosts and of hardware hosts that need
            `--production`, and are never rehearsed.
        status_port: Port on loopback for /healthz, /status and /metrics; 0 picks a free one,
            None opens none.
        status_hosts: Host names that requests to the status port may use, in addition to localhost,
            IP addresses and this computer's names; for a proxy in front of it.
    """

    dcss: DcssConfig = attrs.field(factory=DcssConfig)
    log: LogConfig = attrs.field(factory=LogConfig)
    trace: TraceConfig = attrs.field(factory=TraceConfig)
    production: tuple[str, ...] = attrs.field(default=(), validator=deep_iterable(is_host_pattern))
    status_port: int | None = attrs.field(default=None, validator=optional([ge(0), le(MAX_PORT)]))
    status_hosts: tuple[str, ...] = attrs.field(default=(), validator=deep_iterable(is_host))


@attrs.frozen(kw_only=True)
class RunConfig(ProcessConfig):
    """The file of `dhs run --config`.

    Attributes:
        name: Name of the DHS at DCSS; "" for the name in the code.
        settings: The settings of this DHS; see `Launch.settings`.
    """

    name: str = attrs.field(default="", validator=is_own_name)
    settings: dict[str, Any] = attrs.field(factory=dict, repr=False)


def load_run_config(path: Path) -> RunConfig:
    """The configuration in a YAML file.

    Raises:
        ConfigFileError: One line per mistake, with the file and the path of the value.
    """
    return run_config(load_yaml(path), path)


def run_config(values: Mapping[str, object], path: Path) -> RunConfig:
    """The configuration in the mapping of a file; raises ConfigFileError as `load_run_config`."""
    return structure(values, RunConfig, str(path), further=file_mistakes)


def file_mistakes(config: ProcessConfig) -> Iterator[tuple[str, str]]:
    """The path and the reason for each log file that cannot be written now."""
    for path, file in (("log.file", config.log.file), ("trace.file", config.trace.file)):
        trouble = "" if file is None else file_trouble(file)
        if trouble:
            yield path, f"file wanted, got {short(str(file), 60)!r}; {trouble}"
