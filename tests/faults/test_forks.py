"""Handlers that fork, as some beamlines do: the child does not disturb DCSS."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from dhs_runtime import Dhs, ForkedError
from dhs_runtime.forks import Birthplace
from dhs_runtime.services.listener import bound
from tests.cli.processes import DEADLINE_S, Process, dhs
from tests.runtime.peers import eventually

NAMES = ("fork_and_wait", "speak_in_child", "come_back", "raise_in_child", "echo", "spawned")
FORKS = '''
import multiprocessing, os, signal, sys, time
from dhs_runtime import Dhs, ForkedError

dhs = Dhs("testDHS")
FORK = multiprocessing.get_context("fork")


@dhs.operation("echo")
def echo(op):
    op.complete(*op.args)


def child_of(op, target):
    child = FORK.Process(target=target)
    child.start()
    op.update("child", child.pid)
    return child


@dhs.operation("fork_and_wait")
def fork_and_wait(op):
    """Completes with the child's exit code."""
    child = child_of(op, lambda: time.sleep(60))
    while child.is_alive():
        op.sleep(0.01)
    op.complete(child.exitcode)


@dhs.operation("speak_in_child")
def speak_in_child(op):
    """Completes with what became of each thing that the child said to DCSS."""
    results = FORK.SimpleQueue()

    def speak():
        for say in (
            lambda: op.complete("from", "the", "child"),
            lambda: op.fail("from the child"),
            lambda: op.update("from the child"),
            lambda: dhs.announce_operation("echo", "9.9"),
            dhs.stop,
        ):
            try:
                say()
                results.put("said")
            except Exception as error:
                results.put(type(error).__name__)

    child = child_of(op, speak)
    found = [results.get() for _ in range(5)]
    child.join()
    op.complete(*found, child.exitcode)


@dhs.operation("come_back")
def come_back(op):
    """The child does what the parent does: it goes on, and comes back."""
    pid = os.fork()
    if pid:
        op.update("child", pid)
        op.complete(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


@dhs.operation("raise_in_child")
def raise_in_child(op):
    pid = os.fork()
    if not pid:
        raise ValueError("in the child")
    op.complete(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
'''


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("testDHS", operations=NAMES)]) as server:
        yield server


@pytest.fixture
def process(tmp_path: Path, dcss: SimulatedDcss) -> Iterator[Process]:
    (tmp_path / "mine.py").write_text(FORKS)
    target = f"{tmp_path / 'mine.py'}:dhs"
    with dhs("run", target, "--dcss", dcss.address, "--status-port", "0") as process:
        dcss.wait_online("testDHS", DEADLINE_S)
        yield process
        assert dcss.start_operation("echo", "alive").wait(DEADLINE_S) == Completion(
            "normal", "alive"
        )
        assert process.terminate() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_ending_the_child_leaves_the_dhs_alone(
    dcss: SimulatedDcss, process: Process, number: signal.Signals
) -> None:
    run = dcss.start_operation("fork_and_wait")
    pid = int(run.wait_update("child", DEADLINE_S).split()[1])
    os.kill(pid, number)
    # SIGINT is KeyboardInterrupt there, as in any Python program; multiprocessing makes it 1.
    code = 1 if number is signal.SIGINT else -number
    assert run.wait(DEADLINE_S) == Completion("normal", str(code))
    assert "stopping" not in process.log


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")
def test_the_child_holds_no_socket_of_the_dhs(dcss: SimulatedDcss, process: Process) -> None:
    run = dcss.start_operation("fork_and_wait")
    pid = int(run.wait_update("child", DEADLINE_S).split()[1])
    ours = sockets(process.pid)
    assert len(ours) >= 4, "DCSS, the status port, and those of the signals"
    eventually(lambda: not ours & sockets(pid))
    os.kill(pid, signal.SIGKILL)
    run.wait(DEADLINE_S)


def sockets(pid: int) -> set[str]:
    """The sockets that a process holds."""
    found = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(path.readlink()))
        except OSError:  # closed since
            continue
    return {link for link in found if link.startswith("socket:")}


def test_what_the_child_says_is_an_error_there(dcss: SimulatedDcss, process: Process) -> None:
    run = dcss.start_operation("speak_in_child")
    wanted = "ForkedError TaskFinishedError TaskFinishedError ForkedError ForkedError 0"
    assert run.wait(DEADLINE_S) == Completion("normal", wanted)
    assert len(run.completions) == 1


@pytest.mark.parametrize("name", ["come_back", "raise_in_child"])
def test_a_child_that_comes_back_from_the_handler_is_ended(
    dcss: SimulatedDcss, process: Process, name: str
) -> None:
    run = dcss.start_operation(name)
    assert run.wait(DEADLINE_S) == Completion("normal", "1")
    assert len(run.completions) == 1
    process.wait_log("returned in a child that it forked")


def in_child(work: Callable[[], bool]) -> bool:
    """Whether work() is true in a forked child."""
    pid = os.fork()
    if not pid:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_port_is_free_again_though_a_child_lives() -> None:
    listening = bound("127.0.0.1", 0)
    port = listening.getsockname()[1]
    ours, childs = socket.socketpair()
    child = os.fork()
    if not child:
        childs.send(b"here")
        childs.recv(1)
        os._exit(0)
    with ours, childs:
        assert ours.recv(4) == b"here"
        listening.close()
        bound("127.0.0.1", port).close()
        ours.send(b"x")
        assert os.waitpid(child, 0)[1] == 0


def test_a_dhs_that_was_made_before_the_fork_runs_in_the_child() -> None:
    """As a daemon does: it forks, and only then runs."""
    made = Dhs("testDHS")
    here = Birthplace()

    def work() -> bool:
        with socket.create_server(("127.0.0.1", 0)) as server:
            made.start(f"127.0.0.1:{server.getsockname()[1]}")
            peer, _ = server.accept()
            peer.close()
            return made.stop(join_s=DEADLINE_S) == () and here.is_elsewhere

    assert in_child(work)
    assert not here.is_elsewhere
    with pytest.raises(ForkedError, match="by a queue or a future"):
        raise_in_a_child_of(here)


def raise_in_a_child_of(place: Birthplace) -> None:
    place._generation -= 1  # as a child sees it
    place.check("a completion")
