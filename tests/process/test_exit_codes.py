"""The exit codes of a DHS, as its unit uses them: restart after 1, not after 2."""

import configparser
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dhs_runtime.cli import group
from dhs_runtime.cli.commands import EXIT_CODES, FAILED, WRONG
from tests.cli.processes import dhs, in_process
from tests.cli.test_operations_doc import UNIT
from tests.docs.pages import ROOT

MAKES = "def make_dhs(launch):\n    "
REFUSED = "import socket; socket.create_connection(('127.0.0.1', 1))"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param(MAKES + REFUSED, "ConnectionRefusedError", id="the controller is off"),
        pytest.param(REFUSED, "ConnectionRefusedError", id="it is off when imported"),
        pytest.param(MAKES + "open('/dev/absent')", "FileNotFoundError", id="no device file"),
        pytest.param(MAKES + "import absent", "No module named 'absent'", id="no library"),
        pytest.param(MAKES + "raise MemoryError", "MemoryError", id="no memory"),
        pytest.param("def broken(:", "SyntaxError", id="not Python"),
        pytest.param(
            MAKES + "import dhs_runtime; dhs_runtime.Dhs('a b')",
            "cannot be the name of a DHS",
            id="its name",
        ),
        pytest.param(
            MAKES
            + "import dhs_runtime; raise dhs_runtime.ServiceTimeoutError('camera: no answer')",
            "camera: no answer",
            id="a service",
        ),
    ],
)
def test_what_another_start_may_mend_is_1(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "mine.py").write_text(source)
    with dhs("run", f"{tmp_path / 'mine.py'}:make_dhs") as process:
        assert process.wait() == FAILED
        assert said in process.log
        assert "/dhs_runtime/" not in process.log  # only the author's lines


def test_a_taken_port_is_1(tmp_path: Path, taken: int) -> None:
    (tmp_path / "mine.py").write_text("from dhs_runtime import Dhs\ndhs = Dhs('testDHS')\n")
    with dhs("run", f"{tmp_path / 'mine.py'}:dhs", "--status-port", str(taken)) as process:
        assert process.wait() == FAILED
        assert process.log.endswith(f"dhs: status port {taken}: Address already in use\n")


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["absent.py:dhs"], id="no such file"),
        pytest.param(["no.such.module:dhs"], id="no such module"),
        pytest.param(["json:dhs"], id="no such name"),
        pytest.param(["--config", "absent.yaml", "json:dhs"], id="no configuration"),
        pytest.param(["--config", __file__, "json:dhs"], id="a wrong configuration"),
        pytest.param(["--log-file", f"{__file__}/log", "json:dhs"], id="a log in a file"),
        pytest.param(["--no-such-option", "json:dhs"], id="no such option"),
        pytest.param([], id="nothing"),
        pytest.param(["x" * 300 + ".py:dhs"], id="too long a name"),
        pytest.param(["--log-file", "~nobody-known/x.log", "json:dhs"], id="nobody's folder"),
    ],
)
def test_what_is_to_be_mended_by_hand_is_2(args: list[str]) -> None:
    done = in_process("run", *args)
    assert done.returncode == WRONG
    assert done.stderr
    assert b"Traceback" not in done.stderr


def test_a_wrong_section_settings_is_2(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import attrs\n@attrs.frozen\nclass Mine:\n    port: int\n"
        "def make_dhs(launch):\n    launch.settings(Mine)\n"
    )
    (tmp_path / "mine.yaml").write_text("settings: {port: none}\n")
    config = ("--config", str(tmp_path / "mine.yaml"))
    with dhs("run", f"{tmp_path / 'mine.py'}:make_dhs", *config) as process:
        assert process.wait() == WRONG
        assert "settings.port" in process.log


def test_table_help_and_unit_agree() -> None:
    command = group.get_command(click.Context(group), "run")
    assert command is not None
    said = " ".join(str(command.help).split())
    page = (ROOT / "docs" / "howto" / "operations.md").read_text(encoding="utf-8")
    rows = dict(
        re.findall(r"^\| (\d) \| (.*) \|$", page.partition("`dhs run` and")[2], re.MULTILINE)
    )
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in said
        assert rows[str(code)] == meaning
    unit = configparser.ConfigParser(interpolation=None)
    unit.read_string(UNIT.read_text())
    assert unit["Service"]["Restart"] == "always"
    assert unit["Service"]["RestartPreventExitStatus"] == str(WRONG)
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
