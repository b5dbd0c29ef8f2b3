"""The terminal of `dhs simulate dcss`: a prompt, while several threads print."""

import os
import re
from pathlib import Path

import pytest

from tests.docs.terminal import Terminal
from tests.lab.cli.voices import PYTHON, program

LINES = 40


STORM = """
is_over = threading.Event()

def storm(name):
    for number in range(2000):  # so that a busy terminal has an end of them
        voice.say(f"said {name} {number}")
        if is_over.wait(0.0001):
            return

threads = [threading.Thread(target=storm, args=(name,)) for name in range(3)]
for thread in threads:
    thread.start()
for line in iter(voice.read, "end"):
    voice.say(f"read {line}")
is_over.set()
for thread in threads:
    thread.join()
print("over")
"""


def type_in_the_storm(terminal: Terminal) -> None:
    for typed in (*(f"line {number}" for number in range(LINES)), "end"):
        assert terminal.wait(lambda text: "dcss>" in text.rpartition("read ")[2])
        terminal.press(f"{typed}\n")
        answer = "over" if typed == "end" else f"read {typed}"
        assert terminal.wait(lambda text: answer in text)  # noqa: B023 - called at once
    assert terminal.wait(lambda _: terminal.is_idle)


def test_prompt_and_what_is_said_stay_whole(tmp_path: Path, terminal: Terminal) -> None:
    program(tmp_path, STORM)
    terminal.type(f"TERM=xterm {PYTHON}")
    type_in_the_storm(terminal)
    lines = [line for line in terminal.lines if line not in ("", "dcss>")]
    said = [line for line in lines if re.fullmatch(r"said \d \d+", line)]
    assert len(said) > LINES
    typed = [line for line in lines if not line.startswith("said")]
    both = (f"{how} line {number}" for number in range(LINES) for how in ("dcss>", "read"))
    assert typed == [*both, "dcss> end", "over"]


def test_a_dumb_terminal_gets_them_whole_too(tmp_path: Path, terminal: Terminal) -> None:
    program(tmp_path, STORM)
    terminal.type(PYTHON)
    type_in_the_storm(terminal)
    shown = terminal.screen.replace("dcss> ", "")
    for said in ("said", "read"):
        whole = len(re.findall(rf"{said} (\d|line) \d+\n", shown))
        torn = shown.count(said) - whole  # where a slow terminal echoes what is typed
        assert torn <= LINES // 10
        assert shown.count(said) >= LINES


TYPING = """
from dhs_runtime.process import log_lines, logs
log_lines.FORMAT = "LOG %(message)s"
logs.set_up_logging()
with logs_by(voice):
    line = []
    typing = threading.Thread(target=lambda: line.append(voice.read()))
    typing.start()
    open("go").close()  # a pipe: until the test opens its other end
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
        # it cannot redraw: the old text stays, and a log follows it
        ("dumb", ["dcss> hal", "one", "two", "dcss> LOG three", "f", "four: ['half']"]),
    ],
)
def test_what_is_said_comes_above_what_is_typed(
    kind: str, shown: list[str], tmp_path: Path, terminal: Terminal
) -> None:
    program(tmp_path, TYPING)
    os.mkfifo(tmp_path / "go")
    terminal.type(f"TERM={kind} {PYTHON}")
    assert terminal.wait(lambda text: "dcss>" in text)
    terminal.press("hal")
    assert terminal.wait(lambda _: "dcss> hal" in terminal.lines)
    (tmp_path / "go").write_bytes(b"")
    assert terminal.wait(lambda text: "LOG three" in text)
    terminal.press("f\n")
    assert terminal.wait(lambda _: terminal.is_idle)
    lines = terminal.lines
    begin = lines.index(shown[0])
    assert lines[begin : begin + len(shown)] == shown


def test_a_log_that_goes_elsewhere_is_left_there(tmp_path: Path, terminal: Terminal) -> None:
    program(tmp_path, 'logging.basicConfig()\nwith logs_by(voice):\n    logging.warning("three")\n')
    terminal.type(f"{PYTHON} 2> log")
    assert terminal.wait(lambda _: terminal.is_idle)
    assert (tmp_path / "log").read_text() == "WARNING:root:three\n"
    assert "three" not in terminal.shown
