"""docs/reference/simulators.md is right."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from dhs_lab.simulators.dcss import Fault, FaultKind, HardwareHost, SimulatedDcss
from dhs_lab.simulators.dcss import faults as dcss_faults
from dhs_lab.simulators.dcss.database_file import read_database
from dhs_lab.simulators.dcss.shell import COMMANDS, Shell
from dhs_lab.simulators.http_faults import DEFAULT_VALUES, HttpFault, HttpFaultKind
from tests.cli.test_operations_doc import parse
from tests.lab.simulators.generic_dhs import generic_dhs
from tests.runtime.peers import DEADLINE_S, fast_config, running

PAGE: Final = (Path(__file__).parents[3] / "docs" / "reference" / "simulators.md").read_text(
    encoding="utf-8"
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the first table after a heading: by their first word, the other cells."""
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\S+?)[` ].*$", part, re.MULTILINE)
    lines = re.findall(r"^\| `.*$", part, re.MULTILINE)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[2:-1]] for line in lines]
    return dict(zip(rows, cells, strict=True))


def commands() -> list[str]:
    return [line[2:] for block in blocks("console") for line in block.splitlines()]


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_page_is_one(line: str) -> None:
    program, *words = shlex.split(line.partition(" > ")[0])
    assert program == "dhs"
    context = parse(words)
    what = words[1]
    for fault in context.params.get("faults", ()):
        Fault.parse(fault) if what == "dcss" else HttpFault.parse(fault)


# -- database and shell ----------------------------------------------------------------------


@pytest.fixture
def hosts() -> tuple[HardwareHost, ...]:
    (text,) = blocks("yaml")
    return read_database(yaml.safe_load(text), "beamline.yaml")


@pytest.fixture
def dcss(hosts: tuple[HardwareHost, ...]) -> Iterator[SimulatedDcss]:
    with SimulatedDcss(hosts) as server:
        yield server


def wait_configured(dcss: SimulatedDcss) -> None:
    """Wait until the DHS has the configuration of its motors."""
    dcss.traffic.wait_for(lambda line: "stoh_configure_real_motor sample" in line.text, DEADLINE_S)


def test_its_script_goes_well(dcss: SimulatedDcss, hosts: tuple[HardwareHost, ...]) -> None:
    (script,) = [block for block in blocks("text") if block.startswith("# check.dcss")]
    said: list[str] = []
    with (
        running(generic_dhs(hosts[0]), fast_config(dcss.port)),
        Shell(dcss, said.append) as shell,
    ):
        wait_configured(dcss)
        assert shell.script(script.splitlines()), said
    assert "gonio_phi at 90.0: normal" in said


def test_its_session_looks_so(dcss: SimulatedDcss, hosts: tuple[HardwareHost, ...]) -> None:
    session = blocks("text")[0]
    lines = re.findall(r"^dcss> (.*)\n(.*)$", session, re.MULTILINE)
    assert len(lines) == 2
    with (
        running(generic_dhs(hosts[0]), fast_config(dcss.port)),
        Shell(dcss, lambda _: None) as shell,
    ):
        wait_configured(dcss)
        for line, answer in lines:
            assert shell.run(line).text == answer


def test_its_faults_begin_and_end(dcss: SimulatedDcss) -> None:
    (lines,) = [block for block in blocks("text") if block.startswith("fault ")]
    with Shell(dcss, lambda _: None) as shell:
        assert shell.script(lines.splitlines())


def test_it_names_every_command() -> None:
    assert set(table("The shell")) == {command.name for command in COMMANDS} - {"quit"}
    assert "`help [COMMAND]`, `quit`" in PAGE


def test_its_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    beamline, scripts, block = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(beamline, "simulators.md", "exec"), names)
    assert capsys.readouterr().out == "{'i2': 10000.0}\n"
    exec(compile(scripts, "simulators.md", "exec"), names)
    assert {"center", "gap"} <= names["dcss"].devices().keys()
    exec(compile(block, "simulators.md", "exec"), names)
    assert names["all_went_well"]
    assert capsys.readouterr().out == "no DHS is connected\nsample_z is 0.0\n"


# -- faults ----------------------------------------------------------------------------------


def test_it_names_every_fault_with_its_default() -> None:
    rows = table("Faults")
    assert set(rows) == set(FaultKind)
    for kind in FaultKind:
        default = dcss_faults.DEFAULT_VALUES.get(kind)
        wanted = "" if default is None else f": {default[0]:g}"
        assert rows[kind][1].endswith(wanted)
        assert bool(rows[kind][1]) == (default is not None)


def test_it_names_every_fault_of_http_with_its_default() -> None:
    rows = table("Camera and inference server")
    assert set(rows) == set(HttpFaultKind)
    for kind in HttpFaultKind:
        assert bool(rows[kind][1]) == (kind in DEFAULT_VALUES)
        value = DEFAULT_VALUES.get(kind, (None, ""))[0]
        assert value is None or rows[kind][1].endswith(f": {value:g}")
