"""`dhs check`: its output and its exit codes."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime.cli import group
from tests.runtime.peers import free_port


def check(path: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(group, ["check", str(path), *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def check_json(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code, output = check(path, "--json", *options)
    value = json.loads(output)
    assert isinstance(value, dict)
    return code, value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "loop.yaml"


@pytest.fixture
def config(file: Path) -> Iterator[Path]:
    """A configuration whose peers can all be reached."""
    with (
        SimulatedDcss([HardwareHost.of("loopDHS")]) as dcss,
        SimulatedAxis() as axis,
        SimulatedAutoML() as automl,
    ):
        file.write_text(
            f"dcss: {{host: 127.0.0.1, port: {dcss.port}}}\n"
            f"axis: {{host: 127.0.0.1, port: {axis.port}}}\n"
            f"automl: {{host: 127.0.0.1, port: {automl.port}}}\n"
            "jpeg_receiver: {port: 0}\n"
        )
        yield file
        assert dcss.online() == ()


def test_a_right_file_is_exit_code_0(config: Path) -> None:
    assert check(config) == (0, f"right  {config} for dhs loop\n")
    wanted = {"file": str(config), "kind": "loop", "ok": True, "notes": []}
    wanted |= {"mistakes": [], "peers": []}
    assert check_json(config) == (0, wanted)


def test_every_mistake_is_named_and_exit_code_2(file: Path) -> None:
    file.write_text("axis: {port: 0, password: 5}\nosci_time: x\nmore: 1\n")
    code, output = check(file)
    assert code == 2
    lines = output.splitlines()
    assert lines[:3] == [
        f"wrong  {file}:1: axis.port: whole number of 1 to 65535 wanted, got 0",
        (
            f"wrong  {file}:1: axis.password: text wanted (not shown, as it is secret); "
            "put it in quotes"
        ),
        f"wrong  {file}:2: osci_time: number more than 0 and at most 86400 wanted, got 'x'",
    ]
    assert lines[3].startswith(f"wrong  {file}:3: more: unknown key (known: ")
    code, report = check_json(file, "--connect")
    assert (code, report["ok"], report["peers"]) == (2, False, [])
    assert {
        "path": "axis.port",
        "reason": "whole number of 1 to 65535 wanted, got 0",
        "line": 1,
    } in report["mistakes"]
    assert len(report["mistakes"]) == 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        ("a: [1", "not YAML"),
        ("- 1", "keys with values (KEY: VALUE) are wanted at the top"),
        (
            "axis: {}\nautoml: {}\nloopdhs: {axis: {}, automl: {}}",
            "this key is doubled; it is in loopdhs too",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_exit_code_2(
    file: Path, content: str | None, reason: str
) -> None:
    if content is not None:
        file.write_text(content)
    code, output = check(file)
    assert code == 2
    assert reason in output


def test_a_file_may_come_through_a_pipe() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"name: echoDHS\n")
    os.close(writing)
    path = f"/dev/fd/{reading}"
    try:
        result = CliRunner().invoke(group, ["check", path])
    finally:
        os.close(reading)
    assert result.output.split() == ["right", path, "for", "dhs", "run"]


def test_peers_are_reached_and_exit_code_0(config: Path) -> None:
    code, report = check_json(config, "--connect")
    assert (code, report["ok"]) == (0, True)
    assert [peer["name"] for peer in report["peers"]] == [
        *("DCSS", "camera", "inference server", "JPEG receiver"),
    ]
    assert all(peer["ok"] and not peer["trouble"] and peer["detail"] for peer in report["peers"])
    code, output = check(config, "--connect")
    assert code == 0
    lines = output.splitlines()
    assert lines[1].startswith("works  DCSS 127.0.0.1:")
    assert lines[2].startswith("works  camera 127.0.0.1:")
    assert "model default is AVAILABLE" in lines[3]


def test_a_peer_that_is_not_reached_is_exit_code_1(config: Path) -> None:
    port = free_port()
    text = config.read_text().splitlines()
    config.write_text("\n".join([text[0], f"axis: {{host: 127.0.0.1, port: {port}}}", text[2]]))
    code, report = check_json(config, "--connect")
    assert (code, report["ok"]) == (1, False)
    assert [peer["ok"] for peer in report["peers"]] == [True, False, True, True]
    code, output = check(config, "--connect")
    assert code == 1
    assert f"fails  camera 127.0.0.1:{port}: " in output


def test_the_file_of_dhs_run_is_known_by_its_keys(file: Path) -> None:
    file.write_text("name: stageDHS\nsettings: {port: x}\n")
    assert check_json(file)[1]["kind"] == "run"
    assert check(file)[0] == 0
    code, output = check(file, "--kind", "loop")
    assert code == 2
    assert ":2: settings: unknown key" in output


def test_dcss_alone_is_called_for_dhs_run(file: Path) -> None:
    with SimulatedDcss([HardwareHost.of("stageDHS")]) as dcss:
        file.write_text(f"dcss: {{host: 127.0.0.1, port: {dcss.port}}}\n")
        code, report = check_json(file, "--connect", "--kind", "run")
        assert (code, [peer["name"] for peer in report["peers"]]) == (0, ["DCSS"])


def test_markup_in_a_file_is_no_markup(file: Path) -> None:
    file.write_text("name: '[bold] :key: x'\n")
    assert "wanted, got '[bold] :key: x'" in check(file)[1]
