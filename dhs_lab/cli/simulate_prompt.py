"""Reads the lines for `dhs simulate dcss`: from a prompt, a script, or standard input."""

import enum
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import click

from dhs_lab.cli.simulate_terminal import Voice, logs_by
from dhs_lab.simulators.dcss.shell import Shell
from dhs_runtime.lowlevel import StopToken, stop_signals

PROMPT: Final = "dcss> "
_TWICE_S: Final = 2.0  # a second Ctrl-C within this time ends the server
_CLOSE_S: Final = 1.0  # for a prompt to restore the terminal


class _End(enum.Enum):
    """How the lines ended."""

    WELL = 0
    BADLY = 1
    NEVER_BEGAN = 2  # standard input was empty


def open_voice(script: Iterable[str] | None = None) -> Voice:
    """A voice for standard output; with editing if the terminal supports it."""
    can_edit = os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")
    if script is not None or not (can_edit and sys.stdin.isatty() and sys.stdout.isatty()):
        return Voice(PROMPT)
    from dhs_lab.cli.simulate_editing import EditingVoice  # noqa: PLC0415 - slow

    return EditingVoice(PROMPT)


def drive(
    shell: Shell,
    script: Iterable[str] | None,
    *,
    voice: Voice,
    greeting: str,
    keep_going: bool,
) -> int:
    """Greet, and run lines until they or a signal end it; returns the exit code.

    Without a script the lines come from standard input: with a prompt if it is a terminal, else as
    a script. Empty standard input, as in a service, ends nothing.

    Args:
        shell: Runs the lines.
        script: The lines.
        voice: Prints the output of the shell.
        greeting: Printed once signals are handled.
        keep_going: Whether to continue after a line that failed.
    """
    token = StopToken()
    ends: list[_End] = []
    is_prompt = script is None and sys.stdin.isatty()
    interrupts = _Interrupts(shell, voice, token.stop)

    def obey() -> None:
        end = _End.BADLY  # if this thread crashes
        try:
            if is_prompt:
                end = _prompt(shell, voice, interrupts)
            elif script is None:
                end = _obey_input(shell, keep_going=keep_going)
            else:
                end = _End.WELL if shell.script(script, keep_going=keep_going) else _End.BADLY
        finally:
            if end is not _End.NEVER_BEGAN:
                ends.append(end)
                token.stop()

    on_interrupt = interrupts.take if is_prompt else None
    # A daemon, because a thread that waits for standard input cannot be woken.
    thread = threading.Thread(target=obey, name="prompt", daemon=True)
    with stop_signals(token.stop, on_interrupt=on_interrupt):
        click.echo(greeting)
        thread.start()
        token.wait()
        if voice.close():
            thread.join(_CLOSE_S)
    if ends:
        return ends[0].value
    return 0 if script is None else 1  # a signal, which ends a script too early


class _Interrupts:
    """Ctrl-C at the prompt: stops waiting and clears the line; twice, it ends the server."""

    def __init__(self, shell: Shell, voice: Voice, stop: Callable[[], None]) -> None:
        self._shell = shell
        self._voice = voice
        self._stop = stop
        self._last = -_TWICE_S

    def take(self) -> None:
        """Handle one Ctrl-C."""
        last, self._last = self._last, time.monotonic()
        if self._last - last < _TWICE_S:
            self._stop()
        elif not self._shell.interrupt():
            self._voice.say("quit, Ctrl-D or another Ctrl-C ends the simulated DCSS")


def _obey_input(shell: Shell, *, keep_going: bool) -> _End:
    """Run standard input to its end."""
    seen = False

    def lines() -> Iterator[str]:
        nonlocal seen
        while line := sys.stdin.readline():
            seen = True
            yield line

    went_well = shell.script(lines(), keep_going=keep_going)
    if not seen:
        return _End.NEVER_BEGAN
    return _End.WELL if went_well else _End.BADLY


def _prompt(shell: Shell, voice: Voice, interrupts: _Interrupts) -> _End:
    """Run typed lines until quit or Ctrl-D."""
    with logs_by(voice):
        while not shell.is_over:
            try:
                line = voice.read(shell.complete)
            except KeyboardInterrupt:
                interrupts.take()
            except EOFError:
                break
            else:
                shell.run(line)
    return _End.WELL
