"""Helpers for tests of the client."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from dhs_runtime import Backoff

S: Final = 20.0
"""Deadline, in seconds, for events that should come at once."""
QUICK: Final = Backoff(first_s=0.01, longest_s=0.05)


def ask(pool: ThreadPoolExecutor, call: Callable[..., Any], *args: Any, **kw: Any) -> Future[Any]:
    """Call in another thread."""
    return pool.submit(call, *args, **kw)
