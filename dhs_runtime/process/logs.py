"""Logging of a DHS process: one line format, a file that rotates, the wire trace.

Only what runs as a process calls this; the library itself logs to named loggers below
`dhs_runtime` and leaves handlers to whoever imports it.
"""

import logging
import logging.handlers
import sys
from pathlib import Path
from typing import Final

from dhs_runtime.errors import ConfigError

FORMAT: Final = "%(asctime)s.%(msecs)03d %(levelname)-7s %(threadName)-16s %(message)s"
DATE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
MAX_BYTES: Final = 10_000_000
BACKUPS: Final = 5
WIRE_LOGGER: Final = "dhs_runtime.wire"


def set_up_logging(verbosity: int = 0, log_file: Path | None = None, *, wire: bool = False) -> None:
    """Log to stderr, and to a rotating file where one is given (5 old ones of 10 MB).

    Args:
        verbosity: -1 shows warnings and above, 0 info, 1 debug, 2 debug of libraries too.
        log_file: Its folder is made where it is missing.
        wire: Whether every message sent and received is logged.

    Raises:
        ConfigError: The file cannot be written.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if log_file is not None:
        try:
            log_file.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(
                logging.handlers.RotatingFileHandler(
                    log_file, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8"
                )
            )
        except OSError as error:
            raise ConfigError(f"log file {log_file}: {error.strerror}") from None
    formatter = logging.Formatter(FORMAT, DATE_FORMAT)
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(
        level=logging.DEBUG if verbosity > 1 else logging.WARNING, handlers=handlers, force=True
    )
    levels = {-1: logging.WARNING, 0: logging.INFO}
    logging.getLogger("dhs_runtime").setLevel(levels.get(verbosity, logging.DEBUG))
    # It warns of every retry with nested reprs; what fails for good comes as a ServiceError.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    logging.getLogger(WIRE_LOGGER).setLevel(logging.DEBUG if wire else logging.INFO)
