"""The commands on the page about services exist, and fit the unit."""

import configparser
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from dhs_runtime.cli import group
from tests.cli.test_operations_doc import UNIT, parse
from tests.docs.pages import ROOT, Page
from tests.runtime.peers import eventually, free_port

PAGE = Page("docs/howto/deploy.md")
BLOCKS = PAGE.blocks()
LINES = [line for block in BLOCKS if block.language == "text" for line in block.text.splitlines()]


@pytest.mark.parametrize("line", [line for line in LINES if "/bin/dhs " in line])
def test_every_command_of_dhs_is_one(line: str) -> None:
    words = shlex.split(line.partition(" > ")[0])
    assert words[0] == "/opt/dhs/bin/dhs"
    parse(words[1:])


def test_the_unit_starts_what_the_page_installs() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.read_string(UNIT.read_text())
    text = "\n".join(LINES)
    (line,) = (line for line in LINES if " systemd-unit " in line)
    command = shlex.split(line)
    assert f"> {command[2]}" in text
    assert f":{command[command.index('--status-port') + 1]}/healthz" in text
    assert f"useradd --system --home-dir {unit['Service']['WorkingDirectory']} dhs" in text
    assert unit["Service"]["RestartPreventExitStatus"] == "2"
    assert {"ProtectHome", "ProtectSystem"} <= set(re.findall(r"Protect\w+", PAGE.text))


def test_the_steps_of_the_image(tmp_path: Path) -> None:
    """All except the engine's part: the files are installed, it runs as process 1, is healthy."""
    (block,) = (block for block in BLOCKS if block.language == "dockerfile")
    steps = [line.split(" ", 1) for line in block.text.splitlines()]
    of = dict(steps)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (wanted,) = re.findall(r"whl\)\[([\w,]+)\]", block.text)
    assert set(wanted.split(",")) <= set(extras["optional-dependencies"])
    assert f"Python :: {of['FROM'].partition(':')[2].partition('-')[0]}" in str(extras)
    assert ["RUN", f"useradd --system {of['USER']}"] in steps
    assert of["STOPSIGNAL"] == signal.SIGTERM.name
    result = CliRunner().invoke(group, ["init", str(tmp_path)])
    assert result.exit_code == 0, result.output
    copied = [words.split() for step, words in steps if step == "COPY"][1]
    assert all((tmp_path / name).exists() for name in copied[:-1])
    port = str(free_port())
    program, *words = json.loads(of["ENTRYPOINT"])
    assert program == "dhs"
    words = [word.replace(copied[-1], f"{tmp_path}/").replace("9100", port) for word in words]
    command = [sys.executable, "-m", "dhs_runtime.cli", *words, "--dcss", "127.0.0.1:9"]
    python, *health = json.loads(of["HEALTHCHECK"].partition(" ")[2])
    assert python == "python"
    health = [sys.executable, *(word.replace("9100", port) for word in health)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def is_healthy() -> bool:
        return subprocess.run(health, capture_output=True, check=False).returncode == 0

    with subprocess.Popen([*as_process_1(), *command], env=environment) as run:
        try:
            eventually(is_healthy, timeout_s=60)
            children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
            pid = int(children.read_text()) if as_process_1() else run.pid
            os.kill(pid, signal.SIGTERM)
            assert run.wait(60) == 0
        finally:
            run.kill()


def as_process_1() -> tuple[str, ...]:
    """A prefix that makes a command process 1, as in a container; empty if not allowed here."""
    namespace = ("unshare", "--pid", "--fork", "--mount-proc")
    if shutil.which("unshare") is None:
        return ()
    allowed = subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0
    return namespace if allowed else ()
