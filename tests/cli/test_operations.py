"""`dhs run` and `dhs loop` as services: real processes, sockets and signals."""

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from tests.cli.processes import DEADLINE_S, dhs, in_process
from tests.docs.running import forgetting
from tests.process.managers import Manager

STAGE_DHS = """
import argparse
import time

import attrs
from dcs_codec import StohAbortAll
from dhs_runtime import Dhs
from dhs_runtime.process import Launch


@attrs.frozen
class Settings:
    port: str = "/dev/ttyS0"


def make_dhs(launch: Launch) -> Dhs:
    settings = launch.settings(Settings)
    parser = argparse.ArgumentParser()
    parser.add_argument("--axis", default="z")
    axis = launch.arguments(parser).axis
    dhs = Dhs("stageDHS")

    @dhs.operation("where")
    def where(op):
        op.complete("nowhere" if launch.pretend else settings.port)

    @dhs.operation("which")
    def which(op):
        op.complete(axis)

    @dhs.operation("detector_collect_image")
    def collect(op):
        op.log.info("collecting with %s", op.args)
        op.complete()

    @dhs.on(StohAbortAll)
    def hang(message):
        if message.abort_arg == "hang":
            time.sleep(60)

    return dhs


plain = Dhs("stageDHS")
number = 5


def wrong(launch):
    return 5


def blind():
    return plain
"""
OPERATIONS = ("where", "which", "detector_collect_image")


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("stageDHS", operations=OPERATIONS)]) as server:
        yield server


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "stage_dhs.py"
    path.write_text(STAGE_DHS)
    with forgetting(tmp_path):
        yield path


def environment(**more: str) -> dict[str, str]:
    hidden = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "DHS_PRODUCTION"}
    return {key: value for key, value in os.environ.items() if key not in hidden} | more


# -- systemd ---------------------------------------------------------------------------------


def test_systemd_follows_its_life(dcss: SimulatedDcss, stage: Path, tmp_path: Path) -> None:
    with Manager(tmp_path / "notify") as manager:
        env = environment(WATCHDOG_USEC="2000000", **manager.environment)
        args = ["run", f"{stage}:make_dhs", "--dcss", dcss.address]
        with dhs(*args, environment=env) as process:
            lines = manager.read_until("STATUS=stageDHS online")
            assert lines[0] == "READY=1"
            manager.read_until("WATCHDOG=1")
            manager.read_until("WATCHDOG=1")
            assert process.terminate() == 0
            assert "STATUS=stageDHS is stopping" in manager.read_until("STOPPING=1")
            assert "Traceback" not in process.log


def test_it_is_ready_without_a_dcss(stage: Path, tmp_path: Path) -> None:
    """Systemd would give up on a service that waits for another machine."""
    with Manager(tmp_path / "notify") as manager:
        env = environment(**manager.environment)
        args = ["run", f"{stage}:make_dhs", "--dcss", "127.0.0.1:9"]
        with dhs(*args, environment=env) as process:
            manager.read_until("READY=1")
            assert process.terminate() == 0


def test_a_dead_dhs_does_not_say_that_it_is_alive(
    dcss: SimulatedDcss, stage: Path, tmp_path: Path
) -> None:
    with Manager(tmp_path / "notify") as manager:
        env = environment(WATCHDOG_USEC="1000000", **manager.environment)
        args = ["run", f"{stage}:make_dhs", "--dcss", dcss.address]
        with dhs(*args, environment=env) as process:
            manager.read_until("STATUS=stageDHS online")
            manager.read_until("WATCHDOG=1")
            dcss.abort_all("hang")
            process.wait_log(r"ERROR .*message handler make_dhs.<locals>.hang does not return")
            while (said := manager.read())[0] == "WATCHDOG=1":
                pass  # from before it was noticed
            assert "hang does not return" in said[0]
            assert manager.is_silent(1.2)
            process.terminate()


# -- logs ------------------------------------------------------------------------------------


def test_the_trace_shows_the_wire_and_no_session_id(
    dcss: SimulatedDcss, stage: Path, tmp_path: Path
) -> None:
    log, trace = tmp_path / "dhs.log", tmp_path / "trace.log"
    args = ["run", f"{stage}:make_dhs", "--dcss", dcss.address]
    files = ["--log-file", str(log), "--trace-file", str(trace)]
    with dhs(*args, *files) as process:
        dcss.wait_online("stageDHS", DEADLINE_S)
        words = ["0", "file", "/dir", "user", "axis", "1.0", "0.0", "1.0", "100.0", "1.0", *"0000"]
        for session in ("HIDDENSESSION", "PRIVATE0123"):
            run = dcss.start_operation("detector_collect_image", *words, session)
            assert run.wait(DEADLINE_S).status == "normal"
        assert process.terminate() == 0
    traced, logged = trace.read_text(), log.read_text()
    keyword = "stoh_start_operation detector_collect_image"
    start = rf"dhs_runtime.wire.stageDHS: <- {keyword} 1\.1 0 file /dir "
    assert re.search(start + r".* 0 \*\*\*$", traced, re.MULTILINE)
    assert "-> htos_operation_completed detector_collect_image 1.2 normal" in traced
    assert "collecting with ('0', 'file', '/dir'" in logged
    assert "stoh_start" not in logged
    for text in (traced, logged, process.log):
        assert "HIDDENSESSION" not in text
        assert "PRIVATE0123" not in text


def test_a_dcss_that_comes_and_goes_is_no_noise(dcss: SimulatedDcss, stage: Path) -> None:
    with dhs("run", f"{stage}:make_dhs", "--dcss", dcss.address, "-v") as process:
        dcss.wait_online("stageDHS", DEADLINE_S)
        assert dcss.start_operation("where").wait(DEADLINE_S).status == "normal"
        for logins, by_reset in ((2, False), (3, True)):
            dcss.disconnect("stageDHS", by_reset=by_reset)
            dcss.wait_online("stageDHS", DEADLINE_S, logins=logins)
            assert dcss.start_operation("where").wait(DEADLINE_S).status == "normal"
        assert process.terminate() == 0
        assert not re.search("WARNING|ERROR|CRITICAL|Traceback", process.log), process.log


def test_size_and_count_of_log_files_are_options(
    dcss: SimulatedDcss, stage: Path, tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "dhs.log"
    sizes = ["--log-bytes", "200", "--log-backups", "1"]
    args = ["run", f"{stage}:make_dhs", "--dcss", dcss.address, "--log-file", str(log), *sizes]
    with dhs(*args, "--trace") as process:
        dcss.wait_online("stageDHS", DEADLINE_S)
        for _ in range(5):
            assert dcss.start_operation("where").wait(DEADLINE_S).status == "normal"
        assert process.terminate() == 0
    assert {path.name for path in log.parent.iterdir()} == {"dhs.log", "dhs.log.1"}
    assert all(path.stat().st_size <= 200 for path in log.parent.iterdir())


# -- rehearsal and production ----------------------------------------------------------------


@pytest.mark.parametrize("pretend", [True, False])
def test_the_author_is_told_of_a_rehearsal(
    dcss: SimulatedDcss, stage: Path, tmp_path: Path, pretend: bool
) -> None:
    config = tmp_path / "stage.yaml"
    config.write_text("settings: {port: /dev/ttyS7}\n")
    args = ["run", f"{stage}:make_dhs", "--config", str(config), "--dcss", dcss.address]
    with dhs(*args, *["--pretend"] * pretend) as process:
        dcss.wait_online("stageDHS", DEADLINE_S)
        where = dcss.start_operation("where").wait(DEADLINE_S)
        assert where == Completion("normal", "nowhere" if pretend else "/dev/ttyS7")
        assert process.terminate() == 0
        assert ("REHEARSAL: stageDHS" in process.log) == pretend


def test_words_after_the_dashes_belong_to_the_dhs(dcss: SimulatedDcss, stage: Path) -> None:
    args = ["run", f"{stage}:make_dhs", "--dcss", dcss.address]
    with dhs(*args, "--", "--axis", "phi") as process:
        dcss.wait_online("stageDHS", DEADLINE_S)
        run = dcss.start_operation("which")
        assert run.wait(DEADLINE_S) == Completion("normal", "phi")
        assert process.terminate() == 0


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["STAGE:plain", "--pretend"], "a Dhs object, which cannot know that this is a rehearsal"),
        (["STAGE:plain", "--", "--axis", "x"], "a Dhs object, which cannot see '--axis x'"),
        (["STAGE:number"], "has no Dhs called 'number'; there is plain"),
        (["STAGE:wrong"], "returned int, but a Dhs is wanted"),
        (["STAGE:blind"], "must take one argument, a Launch"),
        (["STAGE:make_dhs", "--pretend", "--production"], "contradict each other"),
        (["STAGE:make_dhs", "--dcss", "nowhere:x"], "'nowhere:x' is not HOST:PORT"),
        (["STAGE:make_dhs", "--config", "absent.yaml"], "absent.yaml: No such file"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(
    stage: Path, args: list[str], reason: str
) -> None:
    done = in_process("run", *[arg.replace("STAGE", str(stage)) for arg in args])
    said = done.stderr.decode()
    assert done.returncode == 2
    assert said.startswith("dhs: ")
    assert reason in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "loop"])
@pytest.mark.parametrize("pattern", ["127.*", "HARDWARE"])
def test_production_is_refused_without_the_flag(
    stage: Path, tmp_path: Path, command: str, pattern: str
) -> None:
    name = {"run": "stageDHS", "loop": "loopDHS"}[command]
    config = tmp_path / "x.yaml"
    config.write_text(f"production: [nothing, '{pattern.replace('HARDWARE', name)}']\n")
    target = [f"{stage}:make_dhs"] if command == "run" else []
    args = [command, *target, "--config", str(config), "--dcss", "127.0.0.1:9"]
    done = in_process(*args)
    assert done.returncode == 2
    hint = f"production in {config}); use --production to allow it\n"
    assert hint in done.stderr.decode()
    done = in_process(*args, "--pretend")
    assert done.returncode == 2
    assert b"a rehearsal is never allowed there\n" in done.stderr
    with dhs(*args, "--production") as process:
        process.wait_log("no DCSS at 127.0.0.1:9")
        assert process.terminate() == 0


def test_a_machine_s_own_patterns_guard_too(stage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DHS_PRODUCTION", "stage*")
    done = in_process("run", f"{stage}:make_dhs", "--dcss", "127.0.0.1:9")
    assert done.returncode == 2
    assert b"matches 'stage*' ($DHS_PRODUCTION)" in done.stderr


def test_no_code_of_the_dhs_runs_before_the_host_is_known_to_be_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dangerous.py"
    path.write_text("raise SystemExit('hardware touched')\n")
    monkeypatch.setenv("DHS_PRODUCTION", "127.*")
    done = in_process("run", f"{path}:dhs", "--dcss", "127.0.0.1:9")
    assert done.returncode == 2
    assert b"touched" not in done.stdout + done.stderr
    assert "dangerous" not in sys.modules


def test_the_loop_dhs_is_rehearsed(tmp_path: Path) -> None:
    config = tmp_path / "loop.yaml"
    config.write_text(
        "axis: {host: axis.invalid}\nautoml: {host: automl.invalid}\n"
        "osci_time: 0.2\nvideo_fps: 10\n"
    )
    names = ["collectLoopImages", "getLoopTip"]
    with SimulatedDcss([HardwareHost.of("loopDHS", operations=names)]) as dcss:
        args = ["loop", "--config", str(config), "--dcss", dcss.address, "--pretend"]
        with dhs(*args, "--status-port", "0") as process:
            dcss.wait_online("loopDHS", DEADLINE_S)
            run = dcss.start_operation("collectLoopImages")
            assert run.wait(DEADLINE_S) == Completion("normal", "done")
            assert len(run.updates) == 3
            assert dcss.start_operation("getLoopTip").wait(DEADLINE_S).status == "normal"
            url = process.wait_log(r"status at (http://127\.0\.0\.1:\d+/status)")[1]
            with urllib.request.urlopen(url, timeout=DEADLINE_S) as reply:
                assert json.loads(reply.read())["pretend"] is True
            assert process.terminate() == 0
            assert "REHEARSAL: camera axis.invalid:80 is simulated" in process.log
            assert "Traceback" not in process.log


# -- status port -----------------------------------------------------------------------------


def test_the_status_port_is_open_where_asked_for(dcss: SimulatedDcss, stage: Path) -> None:
    args = ["run", f"{stage}:make_dhs", "--dcss", dcss.address]
    with dhs(*args, "--status-port", "0") as process:
        url = process.wait_log(r"status at (http://127\.0\.0\.1:\d+)/status")[1]
        dcss.wait_online("stageDHS", DEADLINE_S)
        for path in ("/healthz", "/status", "/metrics"):
            with urllib.request.urlopen(url + path, timeout=DEADLINE_S) as reply:
                assert reply.status == 200
        assert process.terminate() == 0
        assert "threads that did not end" not in process.log
    with dhs(*args) as process:
        dcss.wait_online("stageDHS", DEADLINE_S)
        assert process.terminate() == 0
        assert "status at" not in process.log
