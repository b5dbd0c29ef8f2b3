"""Answers under load, with few threads or little memory, and with delays of TCP."""

import ctypes
import gc
import itertools
import logging
import os
import socket
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from dcs_codec import Frame, Framing, encode_frame
from dhs_runtime import Operation
from tests.devices.talking import online
from tests.faults.test_answers import answer_to, dhs_with, next_answer, until_end
from tests.no_threads import no_threads
from tests.runtime.peers import DEADLINE_S, RawConnection, RawDcss, eventually, running

BURST = 45_000


def frame(text: str) -> bytes:
    return encode_frame(Frame(text.encode()), Framing.V2)


def read_completions(peer: RawConnection, count: int) -> dict[str, str]:
    """Status of each handle; one that is answered twice fails."""
    found: dict[str, str] = {}
    for _ in range(count):
        keyword, _, handle, status = peer.read_text().split(" ")[:4]
        assert keyword == "htos_operation_completed"
        assert handle not in found
        found[handle] = status
    return found


@pytest.mark.parametrize("inline", [False, True])
def test_45000_operations_in_one_burst_are_all_answered(inline: bool) -> None:
    """Operations without a free worker are refused, which is an answer, too."""
    dhs = dhs_with()
    dhs.operation("op", inline=inline)(lambda op: op.complete())
    data = b"".join(frame(f"stoh_start_operation op 1.{number}") for number in range(BURST))
    with online(dhs) as peer:
        sender = threading.Thread(target=peer.send_bytes, args=(data,))
        sender.start()
        found = read_completions(peer, BURST)
        sender.join(DEADLINE_S)
        assert set(found.values()) <= {"normal", "error"}
        assert len(found) == BURST
        assert until_end(peer) == []


def test_a_dhs_without_a_thread_to_be_had_answers_and_lives_on() -> None:
    """The initial threads do the work; everything still works afterwards."""
    dhs = dhs_with()
    dhs.string("t", "old").on_set(lambda contents: None)
    entered, release = threading.Event(), threading.Event()

    @dhs.operation("hold")
    def hold(op: Operation) -> None:
        entered.set()
        release.wait(DEADLINE_S)

    with online(dhs) as peer:
        assert answer_to(peer, "stoh_set_string t a") == "htos_set_string_completed t normal a"
        with no_threads():
            peer.send("stoh_start_operation hold 1.1")
            assert entered.wait(DEADLINE_S)
            peer.send("stoh_start_operation last.one 1.2")  # waits for the only worker
            assert answer_to(peer, "stoh_set_string t b") == "htos_set_string_completed t normal b"
            assert answer_to(peer, "stoh_start_operation unknown 1.3").startswith(
                "htos_operation_completed unknown 1.3 error"
            )
            release.set()
            assert {next_answer(peer), next_answer(peer)} == {
                "htos_operation_completed hold 1.1 normal",
                "htos_operation_completed last.one 1.2 normal",
            }
        assert answer_to(peer, "stoh_set_string t c") == "htos_set_string_completed t normal c"
        assert until_end(peer) == []


def test_commands_in_two_parts_are_not_delayed_by_the_acknowledgement() -> None:
    """As dcss sends: header and text in two pieces, without TCP_NODELAY; it took 44 ms each."""
    dhs = dhs_with()
    dhs.operation("slow")(lambda op: op.sleep(0.006))
    with online(dhs) as peer:
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        numbers = itertools.count()

        def seconds(name: str) -> float:
            began = time.monotonic()
            for number in itertools.islice(numbers, 50):
                data = frame(f"stoh_start_operation {name} 1.{number}")
                peer.send_bytes(data[:26])
                peer.send_bytes(data[26:])
                assert peer.read_text() == f"htos_operation_completed {name} 1.{number} normal"
            return time.monotonic() - began

        # Another program may slow one try down; the delays would be 2 s in each.
        for name in ("last.one", "slow"):
            assert any(seconds(name) < 1.5 for _ in range(20))


@contextmanager
def far_host() -> Iterator[tuple[RawDcss, Callable[[], None]]]:
    """A listening socket in its own network namespace, and a function that cuts its cable.

    Skips if a namespace cannot be made.
    """
    name = f"dcs{os.getpid()}"
    commands = [
        f"ip netns add {name}",
        f"ip link add {name}a type veth peer name {name}b netns {name}",
        f"ip addr add 10.213.7.1/24 dev {name}a",
        f"ip link set {name}a up",
        f"ip -n {name} addr add 10.213.7.2/24 dev {name}b",
        f"ip -n {name} link set {name}b up",
    ]
    try:
        for command in commands:
            try:
                subprocess.run(command.split(), check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError) as error:
                pytest.skip(f"no host of its own can be made: {error}")
        server = RawDcss.__new__(RawDcss)
        server.socket = listening_in(name)
        server.socket.settimeout(DEADLINE_S)
        server.port = server.socket.getsockname()[1]

        def cut() -> None:
            subprocess.run(f"ip -n {name} link set {name}b down".split(), check=True)

        with server:
            state = Path("/sys/class/net", f"{name}a", "operstate")
            eventually(lambda: state.read_text() == "up\n")
            yield server, cut
    finally:
        subprocess.run(["ip", "link", "del", f"{name}a"], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def listening_in(namespace: str) -> socket.socket:
    """A listening socket in a network namespace; only the thread that makes it enters it."""
    made: list[socket.socket] = []

    def make() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/var/run/netns", namespace).open() as file:
            assert libc.setns(file.fileno(), 0) == 0
        made.append(socket.create_server(("10.213.7.2", 0)))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join(DEADLINE_S)
    return made[0]


def test_a_link_that_goes_dead_while_the_dhs_sends_is_noticed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The other host disappears silently; TCP_USER_TIMEOUT is a second here, not a minute."""
    monkeypatch.setattr("dhs_runtime.transport._UNACKNOWLEDGED_MS", 1000)
    dhs = dhs_with()
    with caplog.at_level(logging.INFO, "dhs_runtime"), far_host() as (server, cut):
        config = attrs.evolve(server.config(), host="10.213.7.2")
        with running(dhs, config), server.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_operation last.one 1.1")
            assert peer.read_text() == "htos_operation_completed last.one 1.1 normal"
            cut()
            deadline = time.monotonic() + 2 * DEADLINE_S
            while " ended: " not in caplog.text:
                assert time.monotonic() < deadline, "it was not noticed"
                dhs.log("note", "still here")
                time.sleep(0.02)


def test_what_came_and_went_leaves_no_memory_behind() -> None:
    """Unknown keywords of a megabyte, and operations with a deadline of an hour."""
    dhs = dhs_with()
    dhs.operation("op", timeout_s=3600)(lambda op: op.complete())
    with online(dhs) as peer:
        tracemalloc.start()
        try:
            for number in range(20):
                peer.send(f"stoh_{number}{'x' * 1_000_000} a")
            for start in range(0, 4000, 500):
                peer.send(*(f"stoh_start_operation op 1.{start + n}" for n in range(500)))
                read_completions(peer, 500)
            eventually(lambda: not dhs.active_operations())
            gc.collect()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert until_end(peer) == []
    assert kept < 4_000_000
