"""Shows devices in the output of commands, for people and as JSON Lines."""

import contextlib
import json
import math
import os
import re
import sys
from collections.abc import Mapping
from typing import Final

from dcs_codec import DcsError
from dhs_runtime.cli.commands import FAILED, WRONG
from dhs_runtime.client import (
    AbortedError,
    DeviceView,
    EncoderView,
    HostView,
    IonChamberView,
    LoginError,
    MotorView,
    NoDeviceError,
    OperationView,
    RefusedError,
    RequestError,
    ShutterView,
    StringView,
    View,
    WaitTimeoutError,
)
from dhs_runtime.errors import ConfigError, machine_error
from dhs_runtime.number_text import any_number_text, number_text
from dhs_runtime.process.controls import show_controls

REFUSED: Final = 3
TIMED_OUT: Final = 4
ABORTED: Final = 5
BROKEN_PIPE: Final = 141
"""As in shells: 128 plus the number of SIGPIPE."""

CODES: Final = (
    "Exit codes: 0 all is well, 1 it failed, its DHS is offline or the link was lost, 2 the "
    "command line is wrong, there is no such device, DCSS refused the login or a production host "
    "needs --production, 3 refused, 4 timed out, 5 aborted, 130 Ctrl-C."
)

_UNKNOWN: Final = "unknown"
_LONG_NUMBER: Final = re.compile(r"(?<!\S)-?[0-9]{1,15}\.[0-9]{9,20}(?!\S)")


def code_of(error: Exception) -> int:
    """The exit code that an error means."""
    codes: tuple[tuple[type[Exception] | tuple[type[Exception], ...], int], ...] = (
        ((ConfigError, LoginError, NoDeviceError, DcsError, ValueError), WRONG),
        (RefusedError, REFUSED),
        (WaitTimeoutError, TIMED_OUT),
        (AbortedError, ABORTED),
    )
    return next((code for kinds, code in codes if isinstance(error, kinds)), FAILED)


def value_of(view: View) -> str:
    """The value of a device as text, with its units."""
    text = _UNKNOWN
    match view:
        case MotorView(position=position, units=units):
            text = f"{any_number_text(position)} {units}".rstrip()
        case EncoderView(position=position):
            text = any_number_text(position)
        case StringView(contents=contents):
            text = contents
        case ShutterView(is_open=bool(is_open)):
            text = "open" if is_open else "closed"
        case IonChamberView(counts=float(counts)):
            text = any_number_text(counts)
        case OperationView(running=running):
            text = " ".join(["running", *sorted(running)]) if running else "no start reported"
        case HostView(is_online=is_online):
            text = "online" if is_online else "offline"
    return text


def without_noise(text: str) -> str:
    """A text for people: 2.5999999999999996 in it becomes 2.6, but 0.6666666666666666 stays."""

    def shorter(found: re.Match[str]) -> str:
        short = number_text(float(found[0]))
        return short if 2 * len(short) < len(found[0]) else found[0]

    return _LONG_NUMBER.sub(shorter, text)


def words_of(view: View, *, is_online: bool) -> str:
    """`moving` if a motor moves, and `offline` if the device's DHS is offline."""
    words = ["moving"] * (isinstance(view, MotorView) and view.is_moving is True)
    words += ["offline"] * (not is_online and not isinstance(view, HostView))
    return " ".join(words)


def as_object(view: View, *, is_online: bool) -> dict[str, object]:
    """A device for JSON."""
    found: dict[str, object] = {"name": view.name, "kind": view.kind}
    if isinstance(view, DeviceView):
        found["host"] = view.host
    found["online"] = is_online
    match view:
        case MotorView(position=position, units=units, limits=(lower, upper)):
            found |= {"position": position, "units": units, "lower": lower, "upper": upper}
            found |= {"moving": view.is_moving, "locked": view.is_locked}
        case EncoderView(position=position):
            found["position"] = position
        case StringView(contents=contents):
            found["contents"] = contents
        case ShutterView(is_open=is_open):
            found["open"] = is_open
        case IonChamberView(counts=counts):
            found["counts"] = counts
        case OperationView(running=running):
            found["running"] = sorted(running)
    return found


def shown(text: str) -> str:
    """A text from DCSS with its control characters escaped, except line ends."""
    return "\n".join(map(show_controls, text.split("\n")))


def _finite(value: object) -> object:
    """The value; None for nan and infinity, which JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


class CommandOutput:
    """The output of a command: text or JSON Lines on stdout, and errors on stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._is_line_open = False

    def put(self, text: str | None, event: Mapping[str, object]) -> None:
        """Print a line of text (none if it is None), or with --json the event."""
        if self.as_json:
            self._write(json.dumps({key: _finite(value) for key, value in event.items()}) + "\n")
        elif text is not None:
            over = "\r\033[K" if self._is_line_open else ""
            self._is_line_open = False
            self._write(f"{over}{shown(text)}\n")

    def put_over(self, text: str, event: Mapping[str, object]) -> None:
        """Print a line that the next one replaces; only at a terminal."""
        if self.as_json:
            self.put(None, event)
        elif sys.stdout.isatty():
            self._write(f"\r{shown(text)}\033[K")
            self._is_line_open = True

    def end_line(self) -> None:
        """Keep the last replaceable line."""
        if self._is_line_open:
            self._is_line_open = False
            self._write("\n")

    def warn(self, text: str) -> None:
        """Print a line on stderr."""
        self.end_line()
        with contextlib.suppress(OSError):  # nobody reads it
            print(f"dhs: {shown(text)}", file=sys.stderr, flush=True)  # noqa: T201 - its purpose

    def fail(self, error: Exception, text: str) -> int:
        """Print what went wrong; returns the exit code."""
        self.warn(text)
        if self.as_json:
            status = error.status if isinstance(error, RequestError) else ""
            event = {"event": "error", "error": type(error).__name__, "status": status}
            self.put(None, event | {"text": text})
        return code_of(error)

    @staticmethod
    def _write(text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except UnicodeEncodeError:  # the terminal's encoding lacks a character
            encoding = sys.stdout.encoding
            CommandOutput._write(text.encode(encoding, "backslashreplace").decode(encoding))
        except OSError as error:  # stop writing, or Python's last flush would fail, too
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):  # the reader wants no more, as `head` does
                sys.exit(BROKEN_PIPE)
            raise machine_error("cannot write to the standard output", error) from None
