"""The terminal of `dhs simulate dcss`: a prompt that several threads speak beside."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_runtime.cli.simulate_terminal import history_path
from tests.docs.terminal import Terminal

pytest.importorskip("readline")

DCSS = f"{sys.executable} -m dhs_runtime.cli simulate dcss --port 0 --dhs aDHS --operation echo"
PYTHON = f"{sys.executable} voice.py"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    with Terminal(tmp_path, environment) as terminal:
        yield terminal


def program(folder: Path, body: str) -> None:
    """What `PYTHON` runs."""
    begin = "import logging, sys, threading\nfrom dhs_runtime.cli.simulate_terminal import *\n"
    (folder / "voice.py").write_text(f'{begin}voice = Voice("dcss> ")\n{body}')


def as_drawn(screen: str) -> list[str]:
    """The lines that are seen in the end, where a line may be cleared and written anew."""
    screen = re.sub(r"\x1b\[\?2004[hl]", "", screen)  # bracketed paste
    return [line.rpartition("\x1b[K")[2] for line in screen.split("\n")]


# -- a voice ---------------------------------------------------------------------------------

STORM = """
is_over = threading.Event()

def storm(name):
    for number in range(sys.maxsize):
        voice.say(f"said {name} {number}")
        if is_over.wait(0.0001):
            return

threads = [threading.Thread(target=storm, args=(name,)) for name in range(3)]
for thread in threads:
    thread.start()
for _ in range(500):
    voice.read()
is_over.set()
for thread in threads:
    thread.join()
print("all is said")
"""


def test_prompt_and_what_is_said_stay_whole(tmp_path: Path, terminal: Terminal) -> None:
    program(tmp_path, STORM)
    terminal.type(PYTHON)
    terminal.press("\n" * 500)
    assert terminal.wait(lambda text: "all is said" in text and terminal.is_idle)
    said = re.compile(r"said \d \d+\n")
    shown = terminal.output.replace("dcss> ", "").replace("all is said", "")
    assert len(said.findall(shown)) > 100
    assert said.sub("", shown).strip() == ""


TYPING = """
logging.basicConfig(format="LOG %(message)s")
with logs_by(voice):
    line = []
    typing = threading.Thread(target=lambda: line.append(voice.read()))
    typing.start()
    while "hal" not in __import__("readline").get_line_buffer():
        pass
    voice.say("one\\ntwo")
    logging.warning("three")
    typing.join()
voice.say(f"four: {line}")
logging.warning("five")
"""


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("xterm", ["one", "two", "LOG three", "dcss> half", "four: ['half']", "LOG five"]),
        # which can take nothing back: what stood there stays, and a log is put behind it
        ("dumb", ["dcss> hal", "one", "two", "dcss> halLOG three", "f", "four: ['half']"]),
    ],
)
def test_what_is_said_comes_above_what_is_typed(
    kind: str, shown: list[str], tmp_path: Path, terminal: Terminal
) -> None:
    program(tmp_path, TYPING)
    terminal.type(f"TERM={kind} {PYTHON}")
    assert terminal.wait(lambda text: "dcss> " in text)
    terminal.press("hal")
    assert terminal.wait(lambda text: "LOG three" in text)
    terminal.press("f\n")
    assert terminal.wait(lambda _: terminal.is_idle)
    lines = as_drawn(terminal.screen)
    begin = lines.index(shown[0])
    assert lines[begin : begin + len(shown)] == shown


def test_a_log_that_goes_elsewhere_is_left_there(tmp_path: Path, terminal: Terminal) -> None:
    program(tmp_path, 'logging.basicConfig()\nwith logs_by(voice):\n    logging.warning("three")\n')
    terminal.type(f"{PYTHON} 2> log")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert (tmp_path / "log").read_text() == "WARNING:root:three\n"
    assert "three" not in terminal.shown


def test_it_does_without_readline(tmp_path: Path, terminal: Terminal) -> None:
    program(tmp_path, "with line_editing(None):\n    print('read', voice.read())\n")
    terminal.type(
        f'{sys.executable} -c \'import sys; sys.modules["readline"] = None;'
        ' exec(open("voice.py").read())\''
    )
    assert terminal.wait(lambda text: "dcss> " in text)
    terminal.type("this")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert terminal.output == "read this\n"


# -- editing ---------------------------------------------------------------------------------


def test_tab_completes_and_lines_are_remembered(tmp_path: Path, terminal: Terminal) -> None:
    terminal.type(DCSS)
    assert terminal.wait(lambda text: "dcss> " in text)
    terminal.press("stat\tech\t\n")  # state, with its blank, and echo
    assert terminal.wait(lambda text: "operation echo" in text)
    terminal.press("quit\n")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert terminal.code == 0
    assert "state echo" in history_path_in(tmp_path).read_text()


def history_path_in(folder: Path) -> Path:
    """Where it is where the system says so."""
    return folder / "dhs" / "dcss-history"


def test_history_is_kept_where_the_system_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert history_path() == history_path_in(Path("/state"))
    monkeypatch.delenv("XDG_STATE_HOME")
    assert history_path().parts[-4:] == (".local", "state", "dhs", "dcss-history")


def test_a_terminal_is_left_as_it_was(tmp_path: Path, terminal: Terminal) -> None:
    """Also by a signal, while readline has it."""
    terminal.type(f"stty -a > before; sh -c 'echo $$ > pid; exec {DCSS}'")
    assert terminal.wait(lambda text: "dcss> " in text)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    assert terminal.wait(lambda _: terminal.is_idle)
    terminal.type("stty -a > behind; cmp before behind")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert terminal.code == 0
