"""`dhs record` and `dhs replay` as processes, with a real DHS and a simulated DCSS."""

import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from tests.cli.processes import DEADLINE_S, Process, dhs
from tests.cli.processes import in_process as run
from tests.lab.cli.test_tools import COMMAND
from tests.lab.tools.helpers import ANSWER, ASK, v2

ECHO_DHS = """
from dhs_runtime import Dhs

dhs = Dhs("echoDHS")


@dhs.operation("echo")
def echo(op):
    op.update("working")
    op.complete(*op.args)
"""


@pytest.fixture
def echo_dhs(tmp_path: Path) -> Path:
    path = tmp_path / "echo_dhs.py"
    path.write_text(ECHO_DHS)
    return path


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("echoDHS", operations=["echo"])]) as server:
        yield server


def address_of(recorder: Process) -> str:
    return recorder.wait_log(r"DHSs connect to (\S+);")[1]


def test_a_session_is_recorded_and_played_again(
    dcss: SimulatedDcss, echo_dhs: Path, tmp_path: Path
) -> None:
    name = str(tmp_path / "monday")
    listen = ["--listen", "127.0.0.1:0"]
    with dhs("record", *listen, "--dcss", dcss.address, "--output", name, "--once") as recorder:
        with dhs("run", f"{echo_dhs}:dhs", "--dcss", address_of(recorder)) as process:
            dcss.wait_online("echoDHS", DEADLINE_S)
            for word in ("a", "1.50"):
                run = dcss.start_operation("echo", word)
                assert run.wait(DEADLINE_S).status == "normal"
            assert process.terminate() == 0
        assert recorder.wait() == 0
        assert "1 connection," in recorder.log
    decoded = subprocess.run(
        [*COMMAND, "decode", f"{name}.jsonl"], capture_output=True, text=True, check=True
    )
    assert decoded.stdout.count("htos_operation_completed") == 2
    assert replay_with(name, echo_dhs) == (0, "5 answers expected, 5 got: the same")
    # A DHS of another mind.
    echo_dhs.write_text(ECHO_DHS.replace("*op.args", '"other"'))
    code, said = replay_with(name, echo_dhs)
    assert (code, said) == (1, "5 answers expected, 5 got: 2 differences")
    ignored = replay_with(name, echo_dhs, "--ignore", "htos_operation_completed")
    assert ignored == (0, "3 answers expected, 3 got: the same")


def replay_with(name: str, script: Path, *options: str) -> tuple[int, str]:
    args = ["replay", name, "--listen", "127.0.0.1:0", "--fast", "--patience", "30", *options]
    with dhs(*args) as player:
        address = player.wait_log(r"playing DCSS at (\S+);")[1]
        with dhs("run", f"{script}:dhs", "--dcss", address) as process:
            code = player.wait()
            process.terminate()
        assert "Traceback" not in player.log
        if code:
            assert "operation_args: expected" in player.log
        return code, player.wait_log(r"messages played; (.*)\n")[1]


def test_a_replay_says_why_it_was_none(tmp_path: Path) -> None:
    name = str(tmp_path / "x")
    for side, data in (("dcss", ASK + v2("stoh_abort_all")), ("dhs", ANSWER + b"\1")):
        Path(f"{name}-2-{side}.raw").write_bytes(data)
    for args, code, reason in (
        (["--listen", "127.0.0.1:0", "--wait", "0.01"], 1, b"no DHS has connected within 0.01 s"),
        (["--dcss", "127.0.0.1:1"], 1, b"no DCSS at 127.0.0.1:1"),
        (["--dcss", "no:where"], 2, b"'no:where' is not HOST:PORT"),
        (["--dcss", "h:1", "--connection", "1"], 2, b"has no connection 1"),
        (["--dcss", "h:1", "--listen", "h:1"], 2, b"give either --listen"),
    ):
        done = run("replay", name, *args)
        assert done.returncode == code
        assert reason in done.stderr
    assert b"x-2-dhs.raw: byte 200: no frame begins here; 1 bytes" in replay_at_nobody(name)
    Path(f"{name}-2-dhs.raw").write_bytes(b"")
    assert b"no connection in which both sides" in replay_at_nobody(name)


def replay_at_nobody(name: str) -> bytes:
    return run("replay", name, "--dcss", "127.0.0.1:1").stderr


@pytest.mark.parametrize("pattern", ["127.0.0.*", "testDHS"])
def test_a_production_dcss_is_not_played_at_unless_told_to(
    pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DHS_PRODUCTION", pattern)
    name = str(tmp_path / "x")
    Path(f"{name}-1-dcss.raw").write_bytes(ASK)
    Path(f"{name}-1-dhs.raw").write_bytes(ANSWER)
    done = run("replay", name, "--dcss", "127.0.0.1:1")
    assert done.returncode == 2
    assert b"use --production to allow it" in done.stderr
    meant = run("replay", name, "--dcss", "127.0.0.1:1", "--production")
    assert b"no DCSS at 127.0.0.1:1" in meant.stderr


def test_a_recording_on_a_full_disk_says_what_is_true(tmp_path: Path) -> None:
    """A limit on the size of files acts as a full disk: only recorded bytes are relayed."""
    name = str(tmp_path / "x")
    frames = v2("htos_note " + "x" * 60) * 20
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE_S)
        at = f"127.0.0.1:{server.getsockname()[1]}"
        args = ["record", "--listen", "127.0.0.1:0", "--dcss", at, "--output", name, "--once"]
        # Without coverage: the limit would break its data file, too.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
        with dhs(*args, environment=environment) as recorder:
            resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
            host, _, port = address_of(recorder).partition(":")
            with socket.create_connection((host, int(port)), DEADLINE_S) as sender:
                dcss, _ = server.accept()
                dcss.settimeout(DEADLINE_S)
                reader: list[bytes] = []
                thread = threading.Thread(target=lambda: reader.extend(pieces_of(dcss)))
                thread.start()
                with contextlib.suppress(OSError):
                    while True:
                        sender.sendall(frames)
            thread.join(DEADLINE_S)
            dcss.close()
            assert recorder.wait() == 1
    beyond = b"".join(reader)
    raw = Path(f"{name}-1-dhs.raw").read_bytes()
    assert raw == beyond
    assert f"1 connection, {len(raw)} bytes" in recorder.log
    assert "the recording is incomplete: " in recorder.log


def pieces_of(sock: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(ConnectionResetError):
        while data := sock.recv(1 << 16):
            yield data


def test_differences_are_printed_as_json_lines(tmp_path: Path) -> None:
    name = str(tmp_path / "x")
    Path(f"{name}-1-dcss.raw").write_bytes(ASK + v2("stoh_abort_all"))
    Path(f"{name}-1-dhs.raw").write_bytes(
        ANSWER + v2("htos_note a", "htos_set_string_completed s normal")
    )
    options = ["--fast", "--json", "--connection", "1", "--patience", "0.3"]
    with dhs("replay", name, "--listen", "127.0.0.1:0", *options) as player:
        host, _, port = player.wait_log(r"playing DCSS at (\S+);")[1].partition(":")
        with socket.create_connection((host, int(port)), DEADLINE_S) as sock:
            sock.sendall(ANSWER + v2("htos_note b") + b"\1")
            assert player.wait() == 1
        (row,) = re.findall(r'^\{.*"got": \{.*', player.log, re.MULTILINE)
        assert json.loads(row)["fields"] == {"note_message": {"expected": "a", "got": "b"}}
        assert '"got": null' in player.log
        assert "from the other side: byte 238: no frame begins here; 1 bytes skipped" in player.log


def test_ctrl_c_ends_a_recording_well(dcss: SimulatedDcss, tmp_path: Path) -> None:
    name = str(tmp_path / "x")
    args = ["record", "--listen", "127.0.0.1:0", "--dcss", dcss.address, "--output", name]
    with dhs(*args) as recorder:
        address_of(recorder)
        assert recorder.terminate() == 0
        assert "recorded " in recorder.log
    with dhs(*args) as again:
        assert again.wait() == 2
        assert "exists already" in again.log


def test_a_recorder_that_is_killed_has_written_all_that_it_passed_on(tmp_path: Path) -> None:
    """SIGKILL under load, repeatedly: no byte was passed on that is not in the file."""
    for attempt in range(3):
        name = tmp_path / f"killed{attempt}"
        with socket.create_server(("127.0.0.1", 0)) as dcss:
            dcss.settimeout(DEADLINE_S)
            at = f"127.0.0.1:{dcss.getsockname()[1]}"
            args = ["record", "--listen", "127.0.0.1:0", "--dcss", at, "--output", str(name)]
            with dhs(*args) as recorder:
                host, _, port = address_of(recorder).partition(":")
                beyond = pump_until_killed(recorder, (host, int(port)), dcss)
        written = Path(f"{name}-1-dhs.raw").read_bytes()
        assert beyond
        assert written[: len(beyond)] == beyond
        lines = Path(f"{name}.jsonl").read_text().splitlines()[:-1]  # the last may be cut off
        assert all(isinstance(json.loads(line), dict) for line in lines)


def pump_until_killed(recorder: Process, address: tuple[str, int], dcss: socket.socket) -> bytes:
    """Send through a recorder and kill it; returns the bytes that came out."""
    with socket.create_connection(address, DEADLINE_S) as sender:
        receiver, _ = dcss.accept()
        receiver.settimeout(DEADLINE_S)
        beyond = bytearray()
        enough = threading.Event()

        def receive() -> None:
            with contextlib.suppress(ConnectionResetError):
                while data := receiver.recv(1 << 16):
                    beyond.extend(data)
                    if len(beyond) > 1 << 20:
                        enough.set()

        def send() -> None:
            frames = v2("htos_note " + "x" * 60) * 20
            with contextlib.suppress(OSError):
                while True:
                    sender.sendall(frames)

        threads = [threading.Thread(target=receive), threading.Thread(target=send)]
        for thread in threads:
            thread.start()
        assert enough.wait(DEADLINE_S)
        os.kill(recorder.pid, signal.SIGKILL)
        for thread in threads:
            thread.join(DEADLINE_S)
        receiver.close()
    return bytes(beyond)


def test_a_taken_port_is_one_line_and_exit_code_1(dcss: SimulatedDcss, tmp_path: Path) -> None:
    name = str(tmp_path / "x")
    with dhs("record", "--listen", dcss.address, "--dcss", "h:1", "--output", name) as recorder:
        assert recorder.wait() == 1
        assert recorder.log.endswith("in use\n")
    assert list(tmp_path.iterdir()) == []
