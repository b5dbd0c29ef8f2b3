"""Helpers for calls that fail."""

import contextlib
import logging
from collections.abc import Callable, Iterator

import pytest

from dhs_runtime.errors import ServiceError
from dhs_runtime.services.http_client import HttpClient

RETRY_LOGGER = "urllib3.connectionpool"


class OnRetry(logging.Handler):
    """Calls `action` in the thread that is about to try again."""

    def __init__(self, action: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._action = action

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("Retrying"):
            self._action()


@contextlib.contextmanager
def on_retry(action: Callable[[], None]) -> Iterator[None]:
    handler = OnRetry(action)
    logging.getLogger(RETRY_LOGGER).addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger(RETRY_LOGGER).removeHandler(handler)


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
