"""Settings for all tests: the length of searches, and a check that nothing is left running."""

import contextlib
import gc
import logging
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, is_hypothesis_test, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# A background job starts with these ignored, and a DHS keeps ignored signals ignored.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(
            _number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL
        )


# The tests start hundreds of processes, and each would compile every module anew.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    sys.dont_write_bytecode = False

_TESTS = Path(__file__).parent
_SLOWEST = (
    "lab/simulators/web/test_full_size.py",
    "docs/test_blocks.py",
    "test_benchmarks.py",
    "lab/simulators/web/test_chromium.py",
    "cli/test_client_commands.py",
    "lab/tools/test_dissector.py",
    "codec/test_every_message.py",
    "codec/test_strategies.py",
    "lab/simulators/test_detector_photographs.py",
    "examples/test_epics.py",
    "lab/simulators/gui/test_gui_conformance.py",
    "docs/test_tutorial.py",
    "lab/simulators/gui/test_local_gui.py",
    "lab/tools/test_replaying.py",
    "process/test_start_and_stop.py",
    "cli/test_operations.py",
    "lab/testing/test_downstream.py",
    "lab/testing/test_plugin.py",
    "lab/simulators/test_dcss_conformance.py",
    "packaging/test_contents.py",
    "test_docs_generated.py",
    "test_fuzz.py",
    "test_mutation.py",
    "test_soak.py",
    "typing/test_typing.py",
)
"""The longest first: no worker shall begin one of these when the others are about to end."""

_PATIENCE_S = 20.0
_POLL_S = 0.01
_LOGGERS = ("root", "dhs_runtime", "dhs_runtime.wire", "dhs_lab")

settings.register_profile(
    "ci",  # for every day, and small; "thorough" is for a night
    max_examples=50,
    derandomize=True,  # the same examples every time: a red run can be run again
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],  # depends on the machine, not on the code
)
settings.register_profile(
    "thorough",
    parent=settings.get_profile("ci"),
    max_examples=20_000,
    derandomize=False,
)
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
settings.load_profile(_PROFILE)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Four workers more than processors: tests wait for sockets and for other processes."""
    return len(os.sched_getaffinity(0)) + 4


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Give the tests of a file to one worker, which makes once what they share."""
    if config.option.dist != "load":  # asked for another way
        return None
    config.option.loadscopereorder = False  # by the number of tests, which says nothing of time
    return LoadFileScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without a look for garbage: the 9,000 tests are there to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(20_000)  # not 700: that took a twentieth of the time


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest files; let a thorough search take the time it takes."""
    rank = {_TESTS / path: number for number, path in enumerate(_SLOWEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))
    if _PROFILE == "thorough":
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Search without the tracer of coverage.

    Lines that random values happen to reach do not count as covered; each line needs a test of its
    own. Also, the tracer doubles the time of a search. A worker of a parallel run has more than one
    coverage, so pytest-cov's marker is not enough.
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
    """Fails a test that leaves a thread running, a socket open, or a logger with another level.

    It runs around every other fixture of the test. Threads and sockets of fixtures with a wider
    scope existed before and do not count.
    """
    threads_before = set(threading.enumerate())
    sockets_before = open_sockets()
    levels_before = _levels()
    yield
    assert _levels() == levels_before, "a later test would find other log lines"
    if not _threads_since(threads_before) and open_sockets() <= sockets_before:
        return
    gc.collect()  # collect cycles now, with a warning for unclosed resources
    deadline = time.monotonic() + _PATIENCE_S
    while _threads_since(threads_before) or open_sockets() - sockets_before:
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)  # a server of a wider scope may be about to begin or end a connection
    threads = sorted(thread.name for thread in _threads_since(threads_before))
    sockets = sorted(open_sockets() - sockets_before)
    assert not threads, f"threads left running: {', '.join(threads)}"
    assert not sockets, f"sockets left open: {', '.join(map(str, sockets))}"


def _threads_since(before: set[threading.Thread]) -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread not in before}


def _levels() -> dict[str, int]:
    return {name: logging.getLogger(name).level for name in _LOGGERS}


def open_sockets() -> frozenset[int]:
    """The open sockets of this process, by inode; empty if the system does not show them."""
    found = set()
    with contextlib.suppress(FileNotFoundError):
        for fd in os.listdir("/proc/self/fd"):  # noqa: PTH208 - twice for each test: be quick
            with contextlib.suppress(OSError):  # closed since it was listed, as the listing's own
                one = os.fstat(int(fd))
                if stat.S_ISSOCK(one.st_mode):
                    found.add(one.st_ino)
    return frozenset(found)
