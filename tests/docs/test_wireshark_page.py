"""The commands on the page about Wireshark work."""

import subprocess
from pathlib import Path

import pytest

from dcs_codec import Frame, Framing, encode_frame
from tests.docs.pages import Page
from tests.docs.sessions import this_environment
from tests.lab.tools.dissecting import Capture, needs_tshark

PAGE = Page("docs/howto/wireshark.md")
COMMANDS = [
    line.removeprefix("$ ")
    for block in PAGE.blocks()
    if block.language == "console"
    for line in block.text.splitlines()
]
LIVE = "tshark -i lo -Y dcs"
"""Needs permission to capture; tests/lab/tools/test_dissector_live.py does it if possible."""


def write_capture(path: Path, dcss_port: int) -> None:
    capture = Capture(dcss_port)
    capture.send(True, encode_frame(Frame(b"stoh_abort_all soft"), Framing.V2))
    capture.write(path)


@needs_tshark
def test_the_commands_of_the_page_show_a_message(tmp_path: Path) -> None:
    write_capture(tmp_path / "beamline.pcapng", 14242)
    write_capture(tmp_path / "test.pcapng", 15000)
    home = tmp_path / "home"  # an installed dissector must not be named again
    for command in COMMANDS:
        if command == LIVE:
            continue
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=this_environment() | {"HOME": str(tmp_path if "lua_script" in command else home)},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        assert done.returncode == 0, f"{command}:\n{done.stderr}"
        if command.startswith("tshark"):
            assert "stoh_abort_all" in done.stdout, command
    assert LIVE in COMMANDS
    plugin = home / ".local/lib/wireshark/plugins/dcs.lua"
    assert plugin.read_text() == (tmp_path / "dcs.lua").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_of_a_program_we_know(command: str) -> None:
    assert command.split(maxsplit=1)[0] in ("dhs", "tshark", "mkdir")


@needs_tshark
def test_a_dissector_beside_the_plugin_is_left_out(tmp_path: Path) -> None:
    write_capture(tmp_path / "beamline.pcapng", 14242)
    (both,) = (command for command in COMMANDS if "-Y 'dcs.keyword" in command)
    plugins = tmp_path / ".local/lib/wireshark/plugins"
    install = f"mkdir -p {plugins} && dhs dissector > dcs.lua && cp dcs.lua {plugins}"
    done = subprocess.run(
        ["bash", "-c", f"{install} && {both}"],
        cwd=tmp_path,
        env=this_environment() | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "stoh_abort_all" in done.stdout
    assert "this dissector is not loaded" in done.stderr
    assert "Error" not in done.stderr
