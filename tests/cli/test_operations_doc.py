"""docs/howto/operations.md and the unit file are right."""

import configparser
import inspect
import re
import shlex
from pathlib import Path
from typing import Any, Final

import click
import pytest

from dhs_runtime import Dhs, secrets
from dhs_runtime.cli import group
from dhs_runtime.cli.target import make_dhs
from dhs_runtime.process import Launch
from dhs_runtime.process.guard import VARIABLE
from dhs_runtime.process.settings import load_run_config

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "howto" / "operations.md").read_text(encoding="utf-8")
UNIT: Final = ROOT / "dhs_runtime" / "cli" / "templates" / "dhs.service"
SERVICE: Final = "dhs-loop"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


COMMANDS: Final = [line[2:] for block in blocks("console") for line in block.splitlines() if line]


def parse(words: list[str]) -> click.Context:
    """Parse a command line of `dhs` with click; unknown options raise."""
    command: click.Command = group
    context = click.Context(command, info_name="dhs")
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, name
        command = found
    return command.make_context(command.name, list(words), parent=context)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_is_one(line: str) -> None:
    words = shlex.split(line.partition(" > ")[0])
    match words[0]:
        case "dhs":
            parse(words[1:])
        case "cp":
            assert (ROOT / words[1]).exists()
        case "curl":
            assert re.fullmatch(r"http://127.0.0.1:9100/(healthz|status|metrics)", words[1])
        case "export":
            assert words[1].startswith(f"{VARIABLE}=")
        case "systemctl" | "journalctl":
            assert words[1] == "daemon-reload" or SERVICE in words
        case _:
            pytest.fail(f"what is {words[0]}?")


def test_the_file_it_shows_is_read(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    path = tmp_path / "stage.yaml"
    path.write_text(text)
    config = load_run_config(path)
    assert (config.name, config.status_port) == ("stageDHS", 9100)
    assert config.settings == {"port": "/dev/ttyS0", "speed": 2.5}


def test_its_dhs_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", ["", *tmp_path.parts])
    monkeypatch.setattr("sys.modules", dict(__import__("sys").modules))
    path = tmp_path / "stage_dhs_of_the_page.py"
    path.write_text(blocks("python")[0])
    for pretend in (True, False):
        launch = Launch(pretend=pretend, values={"port": "/dev/ttyS0"})
        assert make_dhs(f"{path}:make_dhs", launch).name == "stageDHS"


def test_its_script_is_right() -> None:
    names: dict[str, Any] = {}
    exec(compile(blocks("python")[1], "operations.md", "exec"), names)
    assert isinstance(names["dhs"], Dhs)
    assert inspect.isfunction(names["main"])


def test_it_names_the_operations_whose_session_id_is_masked() -> None:
    for name in secrets.DETECTOR_OPERATIONS:
        assert f"`{name}`" in PAGE
    rules = re.findall(r"^\d\. ", secrets.__doc__ or "", re.MULTILINE)
    assert len(rules) == 8
    assert re.findall(r"^\d\. ", PAGE, re.MULTILINE) == rules


def test_it_names_the_metrics() -> None:
    source = (ROOT / "dhs_runtime" / "process" / "metrics.py").read_text()
    for name in re.findall(r"\"(dhs_\w+)\"", source):
        assert re.search(rf"`{name}(_total)?`", PAGE), name


def test_the_unit_is_one_that_systemd_and_we_understand() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have case
    unit.read_string(UNIT.read_text())
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert float(service["WatchdogSec"]) >= 10
    assert service["RestartPreventExitStatus"] == "2"
    assert service["ExecStart"] == "@COMMAND@"  # tests/cli/test_init.py tests that
