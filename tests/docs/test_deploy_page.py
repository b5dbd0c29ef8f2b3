"""The commands of the page about services are there, and fit the unit."""

import configparser
import re
import shlex

import pytest

from tests.cli.test_operations_doc import UNIT, parse
from tests.docs.pages import Page

PAGE = Page("docs/howto/deploy.md")
LINES = [line for block in PAGE.blocks() for line in block.text.splitlines()]


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
