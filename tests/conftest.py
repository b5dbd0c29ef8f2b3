"""What holds for every test: how long properties search, and that nothing is left running."""

import contextlib
import gc
import os
import signal
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, is_hypothesis_test, settings

# A job in the background starts with these ignored, and a DHS leaves ignored signals ignored.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(
            _number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL
        )


_FD_FOLDER = Path("/proc/self/fd")
_PATIENCE_S = 2.0
_POLL_S = 0.01

settings.register_profile(
    "ci",  # for every day, and small; "thorough" is for a night
    max_examples=50,
    derandomize=True,  # the same examples every time: a red run can be run again
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],  # speaks of the machine, not of the code
)
settings.register_profile(
    "thorough",
    parent=settings.get_profile("ci"),
    max_examples=20_000,
    derandomize=False,
)
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
settings.load_profile(_PROFILE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a thorough search take the time it takes."""
    if _PROFILE == "thorough":
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Search without the tracer of coverage.

    What drawn values happen to reach does not count as covered: a line is covered by a test that
    means it. And under the tracer a search takes twice its time. In a worker of a parallel run
    more than one coverage is at work, which is why pytest-cov's marker ends only one of them.
    """
    paused = []
    if item.get_closest_marker("uncovered") or (
        is_hypothesis_test(getattr(item, "obj", None)) and not item.get_closest_marker("covered")
    ):
        while (measuring := Coverage.current()) is not None:
            measuring.stop()
            paused.append(measuring)
    try:
        return (yield)
    finally:
        for measuring in reversed(paused):
            measuring.start()


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    """Fails a test that leaves a thread running or a socket open.

    Runs around every other fixture of the test; what fixtures of a wider scope hold was there
    before and is not counted.
    """
    threads_before = set(threading.enumerate())
    sockets_before = open_sockets()
    yield
    if _threads_since(threads_before) or open_sockets() - sockets_before:
        gc.collect()  # what only a cycle keeps is closed now, and warns where nobody closes it
    deadline = time.monotonic() + _PATIENCE_S
    for thread in _threads_since(threads_before):
        with contextlib.suppress(RuntimeError):  # it is just being started: not joined, but named
            thread.join(max(0.0, deadline - time.monotonic()))
    while open_sockets() - sockets_before and time.monotonic() < deadline:
        time.sleep(_POLL_S)  # a server of a wider scope may be about to close its end
    threads = sorted(thread.name for thread in _threads_since(threads_before))
    sockets = sorted(open_sockets() - sockets_before)
    assert not threads, f"threads left running: {', '.join(threads)}"
    assert not sockets, f"sockets left open: {', '.join(sockets)}"


def _threads_since(before: set[threading.Thread]) -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread not in before}


def open_sockets() -> frozenset[str]:
    """The sockets this process has open, by inode; none where the system does not tell."""
    if not _FD_FOLDER.exists():
        return frozenset()
    links = (_link(fd) for fd in _FD_FOLDER.iterdir())
    return frozenset(link for link in links if link.startswith("socket:"))


def _link(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:  # closed since it was listed, as the listing's own is
        return ""
