"""The `dhs` command (extra `runtime`; simulators and demo need `sim`)."""

import contextlib
import errno
import gc
import io
import os
import sys
from typing import TYPE_CHECKING, NoReturn, TextIO

from dhs_runtime.cli import commands
from dhs_runtime.descriptors import open_standard_descriptors
from dhs_runtime.errors import ConfigError, DhsError, machine_error

if TYPE_CHECKING:
    import click

    from dhs_runtime.cli.click_group import group

__all__ = ["group", "main"]

_PATIENCE_S = 0.5
_SHORT_OF = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO), "stdout"),
    errno.EMFILE: "this process (see ulimit -n)",
    errno.ENFILE: "this machine",
}
"""What to name in the message, by number of a system error that no command handles."""
COMPLETE = "_DHS_COMPLETE"
"""Environment variable by which a shell asks for completions; see click."""


def __getattr__(name: str) -> "click.Group":
    """`group`, which needs click; the help works without it."""
    if name != "group":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dhs_runtime.cli.click_group import group  # noqa: PLC0415

    return group


def main() -> NoReturn:
    """Entry point. Errors that the user can fix are one line, not a traceback.

    Exit codes are those of `commands.EXIT_CODES`.
    """
    open_standard_descriptors()  # before a socket can get one of their numbers
    words = sys.argv[1:]
    if isinstance(sys.stdout, io.TextIOWrapper):  # its encoding may lack a character
        sys.stdout.reconfigure(errors="backslashreplace")
    if words in ([], ["-h"], ["--help"]) and COMPLETE not in os.environ:
        _say(sys.stdout if words else sys.stderr, commands.help_text())
        sys.exit(0 if words else commands.WRONG)
    try:
        sys.exit(_obey(words))
    except DhsError as error:
        _fail_by(error)
    except OSError as error:
        what = error.filename or _SHORT_OF.get(error.errno or 0)
        if what is None:
            raise
        _fail_by(machine_error(os.fsdecode(what), error))
    except ModuleNotFoundError as error:
        extra = commands.EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        wanted = f"pip install 'dcs-codec[{extra}]'"
        _fail(f"this needs {error.name}, which is not installed: {wanted}", commands.WRONG)


def _obey(words: list[str]) -> int:
    """Run a command; returns its exit code."""
    serves = bool(words) and words[0] in commands.COMMANDS and commands.COMMANDS[words[0]].serves
    gc.disable()  # imported objects stay, and it takes long to search them for garbage
    try:
        return _serve(words) if serves else _call(words)
    except KeyboardInterrupt:
        return commands.STOPPED if serves else commands.INTERRUPTED
    finally:
        gc.enable()  # `LazyGroup` has done so if it imported a command


def _serve(words: list[str]) -> int:
    """Run a command that a signal may end at any moment."""
    from dhs_runtime.signals import StopSignal, stop_while_starting  # noqa: PLC0415 - not for help

    try:
        with stop_while_starting():
            return _call(words)
    except StopSignal:
        return commands.STOPPED


def _call(words: list[str]) -> int:
    import click  # noqa: PLC0415 - an extra

    from dhs_runtime.cli.click_group import group  # noqa: PLC0415 - needs click

    try:
        code = group.main(words, prog_name="dhs", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:  # click turns KeyboardInterrupt into this
        raise KeyboardInterrupt from None
    return code if isinstance(code, int) else 0


def _fail_by(error: DhsError) -> NoReturn:
    _fail(str(error), commands.WRONG if isinstance(error, ConfigError) else commands.FAILED)


def _fail(text: str, code: int) -> NoReturn:
    import logging  # noqa: PLC0415 - not for help

    for handler in logging.getLogger().handlers:
        handler.flush()  # after the lines logged before
    if _takes_more(sys.stderr):
        _say(sys.stderr, f"dhs: {text}\n")
    sys.exit(code)


def _takes_more(stream: TextIO | None) -> bool:
    """Whether a line can be written within `_PATIENCE_S`: the reader may have stopped."""
    import select  # noqa: PLC0415 - only for failures

    if stream is None:
        return False
    try:
        return bool(select.select([], [stream], [], _PATIENCE_S)[1])
    except (OSError, ValueError):  # closed, or not a file: a write does not block
        return True


def _say(stream: TextIO | None, text: str) -> None:
    if stream is not None:  # None if it was closed
        with contextlib.suppress(OSError):  # it cannot be written
            stream.write(text)
            stream.flush()
