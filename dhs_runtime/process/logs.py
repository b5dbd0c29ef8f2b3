"""Logging of a DHS process: one line format, files that rotate, the wire trace, no secrets.

Only what runs as a process calls this; the library itself logs to named loggers below
`dhs_runtime` and leaves handlers to whoever imports it.
"""

import logging
import logging.handlers
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from dhs_runtime.errors import machine_error
from dhs_runtime.process.masking import Masker, SecretFilter
from dhs_runtime.process.settings import LEVELS, LogConfig, TraceConfig

FORMAT: Final = "%(asctime)s.%(msecs)03d %(levelname)-7s %(threadName)-16s %(name)s: %(message)s"
DATE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
WIRE_LOGGER: Final = "dhs_runtime.wire"


def set_up_logging(
    log: LogConfig | None = None,
    trace: TraceConfig | None = None,
    *,
    secrets: Iterable[str] = (),
) -> None:
    """Log to stderr and to the files that are asked for, with `***` for every secret.

    Args:
        log: What is logged and where to, as its defaults are where None.
        trace: Whether and where the messages of the wire are logged, nowhere where None.
        secrets: Passwords to mask wherever they turn up; see `masking`.

    Raises:
        ConfigError: A file may not be written.
        MachineError: It cannot be written for now, as on a full disk.
    """
    log = LogConfig() if log is None else log
    trace = TraceConfig() if trace is None else trace
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if log.file is not None:
        handlers.append(_rotating("log file", log.file, log.max_bytes, log.backups))
    if trace.enabled and trace.file not in (None, log.file):
        for handler in handlers:
            handler.addFilter(_is_no_wire)
        file = _rotating("trace file", trace.file, trace.max_bytes, trace.backups)
        file.addFilter(_is_wire)
        handlers.append(file)
    masking = SecretFilter(Masker(literals=secrets, patterns=log.mask))
    formatter = logging.Formatter(FORMAT, DATE_FORMAT)
    for handler in handlers:
        handler.addFilter(masking)
        handler.setFormatter(formatter)
    everything = log.level == LEVELS[-1]
    logging.basicConfig(
        level=logging.DEBUG if everything else logging.WARNING, handlers=handlers, force=True
    )
    _set_levels(log.level, trace=trace.enabled)


def _set_levels(level: str, *, trace: bool) -> None:
    known = logging.DEBUG if level == LEVELS[-1] else getattr(logging, level.upper())
    logging.getLogger("dhs_runtime").setLevel(known)
    # It warns of every retry with nested reprs; what fails for good comes as a ServiceError.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    # Above all levels where there is no trace, so that `everything` does not turn it on.
    logging.getLogger(WIRE_LOGGER).setLevel(logging.DEBUG if trace else logging.CRITICAL + 1)


def _rotating(what: str, path: Path, max_bytes: int, backups: int) -> logging.Handler:
    """A handler for a file; its folder is made where it is missing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return logging.handlers.RotatingFileHandler(
            path, maxBytes=max_bytes, backupCount=backups, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise machine_error(f"{what} {path}", error) from None


def _is_wire(record: logging.LogRecord) -> bool:
    return f"{record.name}.".startswith(f"{WIRE_LOGGER}.")


def _is_no_wire(record: logging.LogRecord) -> bool:
    return not _is_wire(record)
