"""A fixture for tests that set up logging as a process does."""

import logging
from collections.abc import Iterator

import pytest

from dhs_runtime.process.logs import WIRE_LOGGER

NAMES = ("dhs_runtime", "urllib3.connectionpool", WIRE_LOGGER)


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    """Put levels and handlers back, and close the files that were opened."""
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
