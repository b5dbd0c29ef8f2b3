import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_runtime.cli import main
from tests.cli.gui_commands import Call, Command, Run
from tests.client.gui_server import GuiServer, gui_server
from tests.docs.terminal import Terminal
from tests.loggers import loggers_as_before

__all__ = ["loggers_as_before"]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
        "PROMPT_TOOLKIT_NO_CPR": "1",  # no terminal answers the query for the cursor
    }
    with Terminal(tmp_path, environment) as terminal:
        yield terminal


@pytest.fixture
def server() -> Iterator[GuiServer]:
    with gui_server() as running:
        yield running


@pytest.fixture
def run(server: GuiServer, tmp_path: Path) -> Iterator[Run]:
    """Starts a command at the scripted server."""
    commands: list[Command] = []

    def start(name: str, *args: str, **environment: str) -> Command:
        environment = {"DHS_DCSS_GUI": server.address, **environment}
        commands.append(Command(name, *args, home=tmp_path, environment=environment))
        return commands[-1]

    yield start
    for command in commands:
        command.close()


@pytest.fixture
def call(
    server: GuiServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    """Runs a command in this process, which takes a tenth of the time."""
    monkeypatch.setenv("DHS_DCSS_GUI", server.address)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("DHS_PRODUCTION", raising=False)

    def start(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dhs", *args])
        with pytest.raises(SystemExit) as end:
            main()
        out, errors = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, out, errors

    return start
