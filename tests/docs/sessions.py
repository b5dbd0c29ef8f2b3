"""Runs the `console` blocks of a page, as a reader would type them.

In a block

- `$ COMMAND` is typed at a shell's prompt, and the lines below it are its complete output;
- `dcss> LINE` is typed at the prompt of a `dhs simulate dcss` that runs in one of the terminals;
  the lines below it come before the prompt is back, in any order, because several threads print;
- `^C` is typed at the newest command that still runs;
- lines before the first of these are shown by one of the terminals, in this order;
- `...` matches anything; alone in a line, any lines. A time matches any time.

A command that serves (`STAYS`) keeps its terminal, and the next `$` is typed in another. Every
other command ends before the next line is typed, with exit code 0, or 1 if `# exit code 1` follows
it. At the end of the page, running commands get Ctrl-C and must end well.
"""

import os
import re
import socket
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import attrs

from tests.docs.terminal import Terminal
from tests.lab.testing.projects import WITHOUT_HYPOTHESIS

STAYS: Final = re.compile(
    r"dhs (run|loop|record|replay .*--listen) (?!--sample|--help)"
    r"|dhs simulate (?!.*( -e | --script | --sample))"
    r"|python (\S+/)?fake_\w+\.py"
)
PORTS: Final = re.compile(
    r"(?:localhost:|127\.0\.0\.1:|--(?:web|port|status-port) |port: |_controller.py )(\d{4,5})\b"
)
DCSS_PORT: Final = "14242"
BEAMLINE_PORTS: Final = {"--port": "24242", "--gui-port": "14243", "--web": "28000"}
"""Of `dhs simulate beamline`; another DCSS of the page may be at the usual port."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}|^ +\d+\.\d{3}(?= )", re.MULTILINE)
_LOG: Final = re.compile(r"^TIME (DEBUG|INFO|WARNING|ERROR) .*\n", re.MULTILINE)
_PROMPT: Final = "dcss> "
_EXIT_CODE: Final = re.compile(r"\s+# exit code (\d+)$")


@attrs.define
class Step:
    """The typed text, "" for nothing, and the output after it."""

    typed: str
    shown: list[str] = attrs.Factory(list)

    @property
    def expected(self) -> str:
        """The output as one text."""
        return "".join(f"{line}\n" for line in self.shown)


def steps(block: str) -> list[Step]:
    """The steps of a block."""
    found: list[Step] = []
    for line in block.replace("\\\n", "").splitlines():
        if line.startswith(("$ ", _PROMPT, "^C")):
            found.append(Step(line))
        else:
            if not found:
                found.append(Step(""))
            found[-1].shown.append(line)
    return found


def this_environment() -> dict[str, str]:
    """The environment of this process, with its `dhs` and `python` first in the path."""
    programs = Path(sys.executable).parent
    return os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTEST_ADDOPTS": " ".join(WITHOUT_HYPOTHESIS),
    }


class Session:
    """The terminals of one page, in their own folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = this_environment() if environment is None else environment
        self.terminals: list[Terminal] = []  # the newest command is in the last
        self._changed = threading.Condition()  # of all terminals
        self._ports = Ports()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if exc is None:
                self.end()
        finally:
            for terminal in self.terminals:
                terminal.close()
            self._ports.close()

    def use_ports_of(self, texts: Iterable[str]) -> None:
        """Replace each port in these texts with a free one."""
        self._ports.take(port for text in texts for port in PORTS.findall(text))

    def free(self, text: str) -> str:
        """A text of the page with free ports in place of its own."""
        return self._ports.put_in(text)

    def run(self, block: str) -> None:
        """Type a block."""
        todo = steps(block)
        for number, step in enumerate(todo):
            if step.typed.startswith("$ "):
                self._obey_shell(
                    step, is_last=number + 1 == len(todo) or todo[number + 1].typed == "^C"
                )
            elif step.typed.startswith(_PROMPT):
                self._obey_dcss(step)
            elif step.typed == "^C":
                self._interrupt(step)
            else:
                self._find(step)

    def end(self) -> None:
        """End the commands that still run."""
        for terminal in self.terminals:
            if not terminal.is_idle:
                self._press_until_it_ends(terminal)

    def _press_until_it_ends(self, terminal: Terminal) -> None:
        if _PROMPT in terminal.screen:
            terminal.interrupt_until_idle()
        else:
            terminal.interrupt()
        self._await_end(terminal, 0)

    # -- the kinds of steps ------------------------------------------------------------------

    def _obey_shell(self, step: Step, *, is_last: bool) -> None:
        command = step.typed.removeprefix("$ ")
        wanted = _EXIT_CODE.search(command)
        command = _EXIT_CODE.sub("", command)
        terminal = self._idle_terminal()
        terminal.type(self.free(command))
        stays = is_last and not wanted and STAYS.match(command)
        pattern = as_pattern(self.free(step.expected), is_whole=not stays)
        if stays:
            terminal.wait(lambda shown: pattern.match(_timeless(shown)) or terminal.is_idle)
            assert not terminal.is_idle, f"{command} ended:\n{terminal.output}"
        else:
            self._await_end(terminal, int(wanted[1]) if wanted else 0)
        assert pattern.match(_timeless(terminal.output)), self._difference(step, terminal)

    def _obey_dcss(self, step: Step) -> None:
        terminal = self._terminal_of("dhs simulate dcss")
        assert terminal.wait(lambda _: _prompts(terminal)), terminal.screen
        line = step.typed.removeprefix(_PROMPT)
        terminal.type(self.free(line))
        is_end = line == "quit"
        terminal.wait(lambda _: terminal.is_idle if is_end else _prompts(terminal))
        if is_end:
            self._await_end(terminal, 0)
        patterns = [as_pattern(self.free(f"{line}\n")) for line in step.shown]
        terminal.wait(lambda _: all(any(map(p.fullmatch, _said(terminal))) for p in patterns))
        said = _said(terminal)
        for pattern in patterns:
            found = next((line for line in said if pattern.fullmatch(line)), None)
            assert found is not None, self._difference(step, terminal)
            said.remove(found)
        more = [line for line in said if not _LOG.match(line)]
        assert not more or "..." in step.shown or is_end, self._difference(step, terminal)

    def _interrupt(self, step: Step) -> None:
        terminal = next((one for one in reversed(self.terminals) if not one.is_idle), None)
        assert terminal is not None, "nothing runs"
        self._press_until_it_ends(terminal)
        pattern = as_pattern(self.free(step.expected))
        output = _timeless(terminal.output).removeprefix("^C").lstrip("\n")
        assert pattern.match(output), self._difference(step, terminal)

    def _find(self, step: Step) -> None:
        pattern = as_pattern(self.free(step.expected), is_whole=False)
        assert self.terminals, "no terminal shows anything yet"

        def is_shown(_: str) -> bool:
            return any(pattern.search(_timeless(one.screen)) for one in self.terminals)

        assert self.terminals[0].wait(is_shown), f"nowhere:\n{step.expected}" + "".join(
            f"--- {one.command}\n{one.screen}" for one in self.terminals
        )

    # -- terminals ---------------------------------------------------------------------------

    def _idle_terminal(self) -> Terminal:
        terminal = next((one for one in self.terminals if one.is_idle), None)
        if terminal is None:
            environment = {**self.environment, "DHS_DCSS_GUI": self.free("localhost:14243")}
            terminal = Terminal(self.folder, environment, self._changed)
        else:
            self.terminals.remove(terminal)
        self.terminals.append(terminal)
        return terminal

    def _terminal_of(self, command: str) -> Terminal:
        for terminal in self.terminals:
            if terminal.command.startswith(command) and not terminal.is_idle:
                return terminal
        raise AssertionError(f"no terminal runs {command}")

    def _await_end(self, terminal: Terminal, code: int) -> None:
        assert terminal.wait(lambda _: terminal.is_idle), (
            f"{terminal.command} goes on:\n{terminal.output}"
        )
        assert terminal.code == code, f"{terminal.command}: {terminal.code}\n{terminal.output}"

    def _difference(self, step: Step, terminal: Terminal) -> str:
        """The message for wrong output; the other terminals may show the reason."""
        told = f"{step.typed}\n--- shown on the page\n{step.expected}--- came\n{terminal.output}"
        for other in self.terminals:
            if other is not terminal:
                told += f"--- meanwhile, {other.command}\n{other.output}"
        return told


class Ports:
    """Free ports on loopback in place of those in a page.

    Each is reserved by a bound socket that does not listen, so no other process gets it; Linux
    still lets a server bind it.
    """

    def __init__(self) -> None:
        self._sockets: dict[str, socket.socket] = {}

    def take(self, names: Iterable[str]) -> None:
        """Reserve a free port for each of these."""
        for name in {DCSS_PORT, *BEAMLINE_PORTS.values(), *names} - set(self._sockets):
            held = self._sockets[name] = socket.socket()
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", 0))

    def put_in(self, text: str) -> str:
        """A text with the free ports."""
        text = re.sub(r"dhs simulate dcss\b(?!.* --port )", rf"\g<0> --port {DCSS_PORT}", text)
        ports = " ".join(f"{option} {port}" for option, port in BEAMLINE_PORTS.items())
        text = re.sub(r"dhs simulate beamline\b", rf"\g<0> {ports}", text)
        for name, held in self._sockets.items():
            port = str(held.getsockname()[1])
            text = re.sub(rf"(?<=[: =/]){name}\b", port, text)
        return text

    def close(self) -> None:
        """Release the ports."""
        for held in self._sockets.values():
            held.close()


# -- comparing -------------------------------------------------------------------------------


def as_pattern(expected: str, *, is_whole: bool = True) -> re.Pattern[str]:
    """A pattern for this output; with `is_whole` nothing may follow it."""
    parts: Iterator[str] = (
        r"(?:.*\n)*?"
        if line.strip() == "..."
        else ".*".join(map(re.escape, line.split("..."))) + "\n"
        for line in _timeless(expected).splitlines()
    )
    return re.compile("".join(parts) + (r"\Z" if is_whole else ""))


def _timeless(text: str) -> str:
    return _TIME.sub("TIME", text)


def _prompts(terminal: Terminal) -> bool:
    """Whether the prompt of dcss is back since the last line was typed."""
    return _PROMPT in terminal.shown


def _said(terminal: Terminal) -> list[str]:
    """The lines printed since the last line was typed, logs among them."""
    text = _timeless(terminal.output.replace(_PROMPT, ""))
    return [line for line in text.splitlines(keepends=True) if line.strip()]
