"""The prompt of `dhs simulate dcss` at a terminal that can edit: Tab, history, and how it ends."""

import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from dhs_lab.cli.simulate_editing import history_path
from tests.docs.terminal import Terminal
from tests.lab.cli.voices import PYTHON, program

DCSS = (
    f"TERM=xterm {sys.executable} -m dhs_runtime.cli"
    " simulate dcss --port 0 --dhs aDHS --operation echo"
)


def history_path_in(folder: Path) -> Path:
    """The history is in the system's folder for such files."""
    return folder / "dhs" / "dcss-history"


def at_prompt(terminal: Terminal, typed: str = "") -> bool:
    """Wait until this appears after the prompt, in the last line."""
    line = f"dcss> {typed}".strip()
    return terminal.wait(lambda _: [each for each in terminal.lines if each][-1:] == [line])


def start(terminal: Terminal) -> None:
    terminal.type(DCSS)
    assert at_prompt(terminal)


def test_tab_completes_and_lines_are_remembered(tmp_path: Path, terminal: Terminal) -> None:
    start(terminal)
    terminal.press("stat\tech\t")
    assert at_prompt(terminal, "state echo")
    terminal.press("\n")
    assert terminal.wait(lambda text: "operation echo" in text)
    assert at_prompt(terminal)
    terminal.press("quit\n")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert terminal.code == 0
    assert "state echo" in history_path_in(tmp_path).read_text()
    start(terminal)
    terminal.press("\x1b[A\x1b[A")  # up: quit, and what came before it
    assert at_prompt(terminal, "state echo")


def test_tab_shows_what_a_word_may_become(terminal: Terminal) -> None:
    start(terminal)
    terminal.press("s\t")
    assert terminal.wait(lambda text: "start" in text and "state" in text)


def test_the_log_does_not_tear_the_line_that_is_typed(terminal: Terminal) -> None:
    start(terminal)
    port = re.findall(r"hardware port 127.0.0.1:(\d+)", "\n".join(terminal.lines))[-1]
    terminal.press("state ec")
    assert at_prompt(terminal, "state ec")
    for number in range(5):
        with socket.create_connection(("127.0.0.1", int(port))) as dhs:
            dhs.recv(200)
            dhs.sendall(f"htos_client_is_hardware nobody{number}".encode().ljust(200, b"\0"))
            assert dhs.recv(1) == b"", "closed, with a line in the log"
        told = f"nobody{number} is not a hardware host"
        assert terminal.wait(lambda text, told=told: told in text)  # type: ignore[misc]
        assert at_prompt(terminal, "state ec")
    terminal.press("\t")
    assert at_prompt(terminal, "state echo")
    assert [line for line in terminal.lines if line.startswith("dcss>")] == ["dcss> state echo"]


def test_history_is_kept_where_the_system_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert history_path() == history_path_in(Path("/state"))
    monkeypatch.delenv("XDG_STATE_HOME")
    assert history_path().parts[-4:] == (".local", "state", "dhs", "dcss-history")


def test_a_history_that_cannot_be_kept_does_not_matter(tmp_path: Path, terminal: Terminal) -> None:
    history_path_in(tmp_path).mkdir(parents=True)
    start(terminal)
    terminal.press("state echo\n")
    assert terminal.wait(lambda text: "operation echo" in text)
    assert at_prompt(terminal)


def test_ctrl_c_drops_the_line_and_twice_ends_it(terminal: Terminal) -> None:
    start(terminal)
    terminal.press("stat\x03")
    assert terminal.wait(lambda text: "another Ctrl-C" in text)
    assert at_prompt(terminal)
    terminal.interrupt_until_idle()
    assert terminal.code == 0


def test_ctrl_d_ends_it(terminal: Terminal) -> None:
    start(terminal)
    terminal.press("\x04")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert terminal.code == 0


def test_a_terminal_is_left_as_it_was(tmp_path: Path, terminal: Terminal) -> None:
    """Also by a signal, in the middle of a line."""
    command = DCSS.removeprefix("TERM=xterm ")
    terminal.type(f"stty -a > before; TERM=xterm sh -c 'echo $$ > pid; exec {command}'")
    assert at_prompt(terminal)
    terminal.press("half")
    assert at_prompt(terminal, "half")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    assert terminal.wait(lambda _: terminal.is_idle)
    terminal.type("stty -a > behind; cmp before behind")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert terminal.code == 0


ENDS = """
def read():
    try:
        return voice.read()
    except EOFError:
        return "nothing"

threading.Timer(float(sys.argv[1]), voice.close).start()
print("first:", read())
print("second:", read())
"""


@pytest.mark.parametrize("seconds", [0, 0.01, 0.05, 0.5])
def test_a_voice_that_is_closed_reads_no_more(
    seconds: float, tmp_path: Path, terminal: Terminal
) -> None:
    """Whether the line has begun, begins, or begins later."""
    program(tmp_path, ENDS)
    terminal.type(f"TERM=xterm {PYTHON} {seconds}")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert [line for line in terminal.lines if line.startswith(("first", "second"))] == [
        "first: nothing",
        "second: nothing",
    ]
