"""Makes a system without free threads: the address space is too small for one more stack.

RLIMIT_NPROC would do as well, but root is exempt from it.
"""

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_STACK_BYTES: Final = 1 << 30
_SPARE_BYTES: Final = 1 << 29  # for other work meanwhile


@contextmanager
def no_threads() -> Iterator[None]:
    """Inside, this process cannot start a thread; everything else works."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        pytest.skip("no /proc, which says how much address space is in use")
    in_use = pages * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    stack = threading.stack_size(_STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (in_use + _SPARE_BYTES, hard))
    try:
        with pytest.raises(RuntimeError, match="can't start new thread"):
            threading.Thread(target=int).start()
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        threading.stack_size(stack)
