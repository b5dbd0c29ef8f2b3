"""`dhs run` as a process: real signals, real exit codes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from dhs_runtime import ConfigError, Dhs, DhsError
from dhs_runtime.cli import group, main
from dhs_runtime.cli.loop import SAMPLE_CONFIG
from dhs_runtime.cli.target import CodeError, make_dhs
from dhs_runtime.loop import LoopConfig, load_loop_config
from dhs_runtime.process import Launch
from tests.cli.processes import DEADLINE_S

ECHO_DHS = """
from dhs_runtime import Dhs

dhs = Dhs("echoDHS")


@dhs.operation("echo")
def echo(op):
    op.update("working")
    op.complete(*op.args)


@dhs.operation("nap")
def nap(op):
    op.update("asleep")
    op.sleep(60)
"""


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("echoDHS", operations=["echo", "nap"])]) as server:
        yield server


@pytest.fixture
def echo_dhs(tmp_path: Path) -> Path:
    path = tmp_path / "echo_dhs.py"
    path.write_text(ECHO_DHS)
    return path


def dhs_command(*args: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dhs_runtime.cli", *args]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "in op.sleep(60)"])
def test_a_signal_ends_it_quickly_and_cleanly(
    dcss: SimulatedDcss, echo_dhs: Path, number: signal.Signals, busy: bool
) -> None:
    """It ends within 0.3 s, with exit code 0 and no traceback; the operation is aborted."""
    with dhs_command("run", f"{echo_dhs}:dhs", "--dcss", dcss.address) as process:
        dcss.wait_online("echoDHS", DEADLINE_S)
        assert dcss.start_operation("echo", "a").wait(DEADLINE_S) == Completion("normal", "a")
        run = dcss.start_operation("nap") if busy else None
        if run is not None:
            run.wait_update("asleep", DEADLINE_S)
        began = time.monotonic()
        process.send_signal(number)
        code = process.wait(DEADLINE_S)
        took = time.monotonic() - began
        assert process.stderr is not None
        log = process.stderr.read()
    assert code == 0
    print(f"gone {took * 1e3:.0f} ms after {number.name}")
    assert took < 15  # the aim is 0.3 s, which a loaded machine misses; the operation takes 60 s
    assert "Traceback" not in log
    assert "connected to DCSS" in log
    if run is not None:
        dcss.wait_offline("echoDHS", DEADLINE_S)
        assert run.completions == (Completion("aborted", "DHS is stopping"),)


def test_an_impatient_second_signal_changes_nothing(dcss: SimulatedDcss, tmp_path: Path) -> None:
    path = tmp_path / "stubborn.py"
    path.write_text(ECHO_DHS.replace("op.sleep(60)", "__import__('time').sleep(60)"))
    with dhs_command("run", f"{path}:dhs", "--dcss", dcss.address) as process:
        dcss.wait_online("echoDHS", DEADLINE_S)
        run = dcss.start_operation("nap")
        run.wait_update("asleep", DEADLINE_S)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)  # during the handler's last tenth of a second
        assert run.wait(DEADLINE_S) == Completion("aborted", "DHS is stopping")
        process.communicate()
    assert process.returncode == 0


def test_what_the_user_has_to_mend_is_one_line(echo_dhs: Path) -> None:
    with dhs_command("run", f"{echo_dhs}:nothing") as process:
        _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert log.strip() == f"dhs: {echo_dhs} has no Dhs called 'nothing'; there is dhs"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("no_colon.py", "is not FILE.py:NAME"),
        ("absent.py:dhs", "there is no Python file absent.py"),
        ("no.such.module:dhs", "cannot import no.such.module"),
        ("json:dhs", "json has no Dhs called 'dhs'; there is none in it"),
    ],
)
def test_a_wrong_target_is_named(target: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(ConfigError, match=reason):
        make_dhs(target, Launch())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("import socket\n\nsocket.create_connection(('127.0.0.1', 1))\n", "ConnectionRefusedError"),
        ("def broken(:\n", "SyntaxError"),
        ("from dhs_runtime import Nothing\n", "ImportError"),
    ],
)
def test_what_goes_wrong_in_a_file_is_shown_with_its_lines_alone(
    source: str, shown: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(source)
    with dhs_command("run", f"{tmp_path / 'mine.py'}:dhs") as process:
        _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert log.startswith("dhs: mine.py cannot be loaded:\n")
    assert shown in log
    assert "mine.py" in log.partition("\n")[2]
    assert "click" not in log
    assert "target.py" not in log


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise SystemExit", "mine.py cannot be loaded:"),
        ("import sys; sys.exit('the camera is off')", "SystemExit: the camera is off"),
        ("from . import other", "dhs run package.module:NAME"),
        ("raise OSError('password=hunter2x')", "OSError: password=***"),
        ("import dhs_runtime\ndhs_runtime.Dhs('a b')", "mine.py cannot be loaded: line 2: 'a b'"),
    ],
)
def test_the_code_that_ends_the_load_is_told(
    source: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    (tmp_path / "mine.py").write_text(source)
    with pytest.raises(CodeError) as caught:
        make_dhs(f"{tmp_path / 'mine.py'}:dhs", Launch())
    assert said in str(caught.value)
    assert "hunter2x" not in str(caught.value)
    monkeypatch.delitem(sys.modules, "mine")


def test_a_module_shows_its_own_lines_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_too.py").write_text("import json\n\njson.nothing()\n")
    with pytest.raises(CodeError, match="AttributeError") as caught:
        make_dhs("mine_too:dhs", Launch())
    assert "importlib" not in str(caught.value)


def test_a_file_that_hides_a_module_of_python_is_told(
    echo_dhs: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    for name in ("colorsys.py", "json.py", "stage.py"):  # json is imported already
        (echo_dhs.parent / name).write_text("")
    make_dhs(f"{echo_dhs}:dhs", Launch())
    (said,) = caplog.messages
    assert said.startswith(f"{echo_dhs.parent / 'colorsys.py'} hides the module colorsys of Python")


@pytest.mark.parametrize("target", ["mine.py:dhs", "mine:dhs"])
def test_a_removed_folder_is_named(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text("")
    folder = tmp_path / "removed"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(ConfigError, match=r"folder has been removed|no Python file"):
        make_dhs(target, Launch())


@pytest.mark.parametrize("words", [["check", "--schema"], ["loop", "--sample-config"]])
def test_an_output_that_is_full_is_one_line(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "dhs_runtime.cli", *words]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "dhs: stdout: No space left on device\n"


def test_a_name_that_the_encoding_lacks_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("n\u00e4me: x\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "dhs_runtime.cli", "check", str(path)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout.endswith(":1: n\\xe4me: unknown key; did you mean name?\n")
    assert ended.stderr == ""


def test_a_function_that_may_be_meant_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from dhs_runtime import Dhs\nfrom dhs_runtime.process import Launch\n\n\n"
        "def make_dhs(launch: Launch) -> Dhs:\n    return Dhs('x')\n"
    )
    with dhs_command("run", f"{tmp_path / 'mine.py'}:dhs") as process:
        _, log = process.communicate(timeout=DEADLINE_S)
    assert log.strip().endswith("has no Dhs called 'dhs'; there is make_dhs")


def test_a_target_is_found_by_file_and_by_module(
    echo_dhs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.chdir(echo_dhs.parent)
    for target in (f"{echo_dhs}:dhs", "echo_dhs:dhs"):
        dhs = make_dhs(target, Launch())
        assert isinstance(dhs, Dhs)
        assert dhs.name == "echoDHS"


@pytest.fixture
def signalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The DHS asks itself to stop as soon as it runs."""
    monkeypatch.setattr(Dhs, "wait", lambda dhs: True)


def test_run_takes_name_and_framing(echo_dhs: Path, signalled: None) -> None:
    runner = CliRunner()
    args = ["run", f"{echo_dhs}:dhs", "--name", "other", "--framing", "v1", "--dcss", "127.0.0.1:9"]
    result = runner.invoke(group, args)
    assert result.exit_code == 0, result.output


def test_loop_runs_by_its_config(tmp_path: Path, signalled: None) -> None:
    config = tmp_path / "loop.yaml"
    config.write_text(f"dcss: {{host: 127.0.0.1, port: 9}}\nlog_dir: {tmp_path}/logs\n")
    runner = CliRunner()
    result = runner.invoke(group, ["loop", "--config", str(config), "--dcss", "127.0.0.1:10"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "logs" / "loopDHS.log").exists()
    assert runner.invoke(group, ["loop", "--dcss", "127.0.0.1:9"]).exit_code == 0


def test_the_sample_config_is_the_defaults(tmp_path: Path) -> None:
    result = CliRunner().invoke(group, ["loop", "--sample-config"])
    assert result.output == SAMPLE_CONFIG
    path = tmp_path / "loop.yaml"
    path.write_text(result.output)
    assert load_loop_config(path) == LoopConfig()


@pytest.mark.parametrize(
    "command",
    ["", "run", "loop", "check", "demo", "simulate", "simulate dcss", "simulate axis"],
)
def test_help_teaches(command: str) -> None:
    result = CliRunner().invoke(group, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert len(result.output) > 300
    assert "\\b" not in result.output
    if command not in ("demo", "simulate"):  # groups need no example
        assert re.search(rf"^ +dhs {command}", result.output, re.MULTILINE)


def test_main_shows_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["dhs", "run", "absent.py:dhs"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == "dhs: there is no Python file absent.py\n"


def test_a_runtime_that_fails_is_worth_another_start(
    echo_dhs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(dhs: Dhs, timeout_s: float | None = None) -> bool:
        raise DhsError("thread dcss-link crashed: KeyError: 'x'")

    monkeypatch.setattr(Dhs, "wait", crash)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", ["dhs", "run", f"{echo_dhs}:dhs", "--dcss", "127.0.0.1:9"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    assert capsys.readouterr().err.endswith("dhs: thread dcss-link crashed: KeyError: 'x'\n")


def test_the_process_s_environment_is_not_needed(echo_dhs: Path) -> None:
    environment = {key: os.environ[key] for key in ("PATH",)}
    command = [sys.executable, "-m", "dhs_runtime.cli", "--version"]
    output = subprocess.check_output(command, env=environment, text=True)
    assert "version" in output


def test_a_command_is_imported_when_it_is_asked_for() -> None:
    context = click.Context(group)
    names = group.list_commands(context)
    assert len(names) == 22
    for name in names:
        command = group.get_command(context, name)
        assert command is not None
        assert command.name == name
    assert group.get_command(context, "nothing") is None
    code = "import sys; from dhs_runtime.cli import group; sys.exit('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
