"""`dhs simulate dcss` as a process: through a pipe, with a script, at a terminal."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from dhs_lab.simulators.dcss.database_file import SAMPLE
from dhs_runtime import ConfigError, Dhs, Operation
from dhs_runtime.cli import group
from tests.cli.processes import in_process
from tests.lab.cli.simulating import (
    DEADLINE_S,
    first_line,
    hardware_port,
    read_until,
    say,
    simulating,
)
from tests.runtime.peers import fast_config, running
from tests.shared import shared_path

ECHO = ("dcss", "--dhs", "echoDHS", "--operation", "echo", "--port", "0")


def echo_dhs() -> Dhs:
    dhs = Dhs("echoDHS")

    @dhs.operation("echo")
    def echo(op: Operation) -> None:
        op.update("working")
        op.complete(*op.args)

    return dhs


def run(*args: str) -> subprocess.CompletedProcess[str]:
    """`dhs simulate dcss ARGS` to its end, in this process."""
    done = in_process("simulate", "dcss", "--port", "0", *args)
    said = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(args, done.returncode, *said)


# -- a pipe ----------------------------------------------------------------------------------


def test_lines_of_a_pipe_are_obeyed_as_they_come() -> None:
    with simulating(*ECHO, "--string", "s=x", "--keep-going") as process:
        port = hardware_port(process)
        say(process, "who")
        assert read_until(process, "connected") == "no DHS is connected\n"
        with running(echo_dhs(), fast_config(port)):
            say(process, "wait echoDHS 20")
            assert read_until(process, "echoDHS") == "echoDHS is online\n"
            say(process, "")
            say(process, "start echo hello 'two words'")
            assert first_line(process) == "echo 1.1 started\n"
            assert first_line(process) == "echo 1.1 update: working\n"
            assert first_line(process) == "echo 1.1 completed normal hello {two words}\n"
            say(process, "set --no-wait s new contents")
            say(process, "abort hard")
            say(process, "traffic")
            assert "stoh_set_string s new contents" in read_until(process, "stoh_set")
            say(process, "start nosuch")
            assert "refused: the database has no device" in read_until(process, "nosuch")
            say(process, "start 'open")
            assert "error: No closing quotation" in read_until(process, "quotation")
            say(process, "help")
            read_until(process, "start OPERATION")
            say(process, "drop echoDHS reset")
            read_until(process, "echoDHS is disconnected by a reset")
        say(process, "quit")
        assert process.wait(DEADLINE_S) == 1  # some lines did not go well
        process.returncode = 0  # for the context manager


def test_it_serves_on_where_nobody_says_anything() -> None:
    with simulating(*ECHO) as process:
        port = hardware_port(process)
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None  # or communicate() would flush it
        with running(echo_dhs(), fast_config(port)) as dhs:
            assert dhs.wait_online(DEADLINE_S)


def test_input_that_ends_ends_it() -> None:
    command = [sys.executable, "-m", "dhs_runtime.cli", "simulate", *ECHO, "--motor", "m"]
    lines = "state m\nexpect m 0\n"
    result = subprocess.run(
        command, input=lines, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert result.stdout.splitlines()[1:] == ["motor m 0.0 mm", "m is 0.0"]
    assert result.returncode == 0


# -- scripts ---------------------------------------------------------------------------------


def test_a_script_ends_at_its_first_failure(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("# a comment\nexpect m 0\nexpect m 1\nwho\n")
    args = ("--dhs", "x", "--motor", "m", "--script", str(script))
    result = run(*args)
    assert result.stdout.splitlines()[1:] == ["m is 0.0", "expected m to be 1, it is 0.0"]
    assert result.returncode == 1
    result = run(*args, "--keep-going", "-e", "expect m 0")
    assert result.stdout.splitlines()[3:] == ["no DHS is connected", "m is 0.0"]
    assert result.returncode == 1


def test_single_lines_are_a_script() -> None:
    result = run("--dhs", "x", "-e", "who", "-e", "sleep 0", "--timeout", "3")
    assert (result.stdout.splitlines()[1:], result.returncode) == (["no DHS is connected"], 0)


def test_a_script_drives_a_dhs() -> None:
    lines = ("wait echoDHS 20", "start echo hello &", "wait", "expect message '*working'")
    args = [word for line in lines for word in ("-e", line)]
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "dhs_runtime.cli", "simulate", *ECHO, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        with running(echo_dhs(), fast_config(hardware_port(process))):
            assert process.stdout is not None
            said = process.stdout.read()
        assert process.wait(DEADLINE_S) == 0
    assert "echo 1.1 completed normal hello\neverything is done\n" in said


def test_a_script_that_a_signal_ends_has_not_gone_well() -> None:
    command = [
        sys.executable,
        "-u",
        "-m",
        "dhs_runtime.cli",
        "simulate",
        *ECHO,
        "-e",
        "who",
        "-e",
        "sleep 60",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as it:
        read_until(it, "no DHS")
        it.send_signal(signal.SIGTERM)
        assert it.wait(DEADLINE_S) == 1


# -- databases -------------------------------------------------------------------------------


def test_the_sample_database_is_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(group, ["simulate", "dcss", "--sample-database"])
    assert result.output == SAMPLE
    path = tmp_path / "beamline.yaml"
    path.write_text(result.output)
    said = run("-d", str(path), "--dhs", "stageDHS", "--motor", "more", "-e", "state stageDHS")
    assert said.returncode == 0
    assert "  motor gonio_phi 0.0 deg" in said.stdout
    assert said.stdout.splitlines()[-1] == "  motor more 0.0 mm"


def test_a_dump_is_a_database(tmp_path: Path) -> None:
    path = str(shared_path("databases/full-beamline.dump"))
    result = run("--database", path, "-e", "state galil1")
    assert result.stdout.splitlines()[1] == "galil1 offline"
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 13)


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((), "name DHSs with --dhs, or give a --database"),
        (("--motor", "m"), "which DHS owns these devices? Name it with --dhs"),
        (("--database", "absent.yaml"), "absent.yaml: No such file or directory"),
        (("--dhs", "x", "--script", "absent"), "absent: [Errno 2]"),
        (("--dhs", "x", "--fault", "explode"), "no fault 'explode'; there are reset, split"),
        (("--dhs", "x", "--motor", "m", "--encoder", "m"), "two devices of the database"),
        (("--dhs", "x y"), "'x y': a name is one word of at most 39 bytes"),
        (("--dhs", ""), "'': a name is one word"),
        (("--dhs", "x", "--string", "=y"), "'': a name is one word"),
        (("--dhs", "x", "--motor", "m" * 40), f"'{'m' * 40}': a name is one word"),
        (("--dhs", "x", "--fault", "late inf"), "fault 'late inf': 'value' must be < inf"),
        (("--dhs", "x", "--camera", "http://c"), "--camera: the page shows its picture"),
        (("--dhs", "x", "--web", "0", "--camera", "c"), "camera: 'c' is not a URL"),
    ],
)
def test_what_it_cannot_do_is_one_line(args: tuple[str, ...], error: str) -> None:
    result = CliRunner().invoke(group, ["simulate", "dcss", *args])
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith(error)


@pytest.mark.parametrize("word", ["nan", "inf", "1e300", "-1"])
@pytest.mark.parametrize(
    "option", ["--timeout", "--answer-within", "--patience", "--move-tolerance", "--reset-range"]
)
def test_numbers_of_options_are_finite(option: str, word: str) -> None:
    result = CliRunner().invoke(group, ["simulate", "dcss", "--dhs", "x", option, word])
    assert result.exit_code == 2
    assert option in result.output


def test_what_a_dump_has_wrong_is_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "db.dump"
    path.write_text("self\n3\nlocalhost 2\n\nbad\n77\n\nEND\n")
    result = run("--database", str(path), "-e", "state")
    assert (result.returncode, result.stdout.splitlines()[1:]) == (0, ["self online"])
    assert f"left out: {path}: line 6: bad: type 77" in result.stderr


def test_the_generation_of_a_newer_dump_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "db.dump"
    string = "text\n13\nself hw\n1 1 1 1 1\n1 1 1 1 1\na\nb\n\n"
    path.write_text(f"self\n3\nlocalhost 2\n\n{string}END\n")
    result = run("--database", str(path), "-e", "state text")
    assert result.returncode == 0
    assert result.stderr.count(f"{path}: a dump of the second generation of dcss") == 1


def test_faults_begin_with_it() -> None:
    result = run("--dhs", "x", "--fault", "late 2 count=3", "--fault", "drop", "-e", "fault")
    assert result.stdout.splitlines()[1:] == ["1: late 2 count=3, hit 0", "2: drop, hit 0"]


def test_it_serves_a_page() -> None:
    with simulating(*ECHO, "--web", "0") as process:
        url = read_until(process, "simulated beamline").split()[2]
        assert requests.get(url, timeout=DEADLINE_S).status_code == 200


@pytest.mark.parametrize("seen", ["simulated beamline", "simulated DCSS"])
def test_who_reads_where_it_is_may_end_it_at_once(seen: str) -> None:
    with simulating(*ECHO, "--web", "0") as process:
        read_until(process, seen)


# -- verdicts --------------------------------------------------------------------------------


def faulty_dhs(port: int, *texts: str) -> None:
    """A DHS that logs in, sends this and disconnects."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sock:
        sock.sendall(b"htos_client_is_hardware echoDHS".ljust(200, b"\0"))
        for text in texts:
            sock.sendall(b"%12d %12d %b\0" % (len(text) + 1, 0, text.encode()))
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass


def test_what_is_held_against_a_dhs_is_reported_at_the_end() -> None:
    command = [sys.executable, "-u", "-m", "dhs_runtime.cli", "simulate", *ECHO]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        faulty_dhs(hardware_port(process), *["htos_note {"] * 12, "htos_motor_move_completed z 0")
        say(process, "verdicts")
        assert "no list: echoDHS: not a Tcl list" in read_until(process, "echoDHS")
        _, errors = process.communicate("quit\n", timeout=DEADLINE_S)
    assert process.returncode == 1
    lines = errors[errors.index("verdicts on DHSs:") :].splitlines()
    report = [line for line in lines if line.startswith(("verdicts", "  "))]  # no lines of the log
    assert report[:2] == ["verdicts on DHSs: 13", "  no list: 12"]
    assert len(report) == 2 + 10 + 2
    assert report[-2] == "  hazard: 1"
    assert report[-1].startswith("    echoDHS: a real dcss reads this without a check")
