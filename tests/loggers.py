"""Helpers for tests that set up logging as a process does."""

import logging
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from dhs_runtime.process.logs import WIRE_LOGGER

NAMES = ("dhs_runtime", "dhs_lab", "urllib3.connectionpool", WIRE_LOGGER)


def written(path: Path) -> str:
    """The content of a log file, after all records are written."""
    with patch("dhs_runtime.process.logs.EXIT_S", 20.0):
        for handler in logging.getLogger().handlers:
            handler.flush()
    return path.read_text()


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    """Restore levels and handlers, and close the files."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    levels = [logging.getLogger(name).level for name in NAMES]
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in zip(NAMES, levels, strict=True):
        logging.getLogger(name).setLevel(before)
