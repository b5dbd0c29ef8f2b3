"""Helpers for calls that fail."""

import contextlib
import logging
from collections.abc import Callable, Iterator

import pytest

from dhs_runtime.errors import ServiceError
from dhs_runtime.services.http_client import HttpClient

RETRY_LOGGER = "dhs_runtime.services.http_client"


class OnRetry(logging.Handler):
    """Calls `action` in the thread that is about to try again."""

    returns_at_once = True

    def __init__(self, action: Callable[[], None]) -> None:
        super().__init__(logging.DEBUG)
        self._action = action

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("trying again"):
            self._action()


@contextlib.contextmanager
def on_retry(action: Callable[[], None]) -> Iterator[None]:
    handler = OnRetry(action)
    logger = logging.getLogger(RETRY_LOGGER)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def failure(client: HttpClient, path: str = "/x") -> ServiceError:
    """The error of a GET, which must be one line that names the URL."""
    with pytest.raises(ServiceError) as caught:
        client.get(path)
    text = str(caught.value)
    assert "\n" not in text
    assert "object at" not in text
    assert "Pool(" not in text
    assert "http://" in text
    return caught.value
