"""Shared parts of the wire commands: options for reading, a clean end, exit codes."""

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from dcs_codec import Framing
from dhs_lab.tools.inputs import open_source
from dhs_lab.tools.reading import ReadOptions, read
from dhs_lab.tools.sightings import Damage, Found, Place
from dhs_lab.tools.sniffing import Format
from dhs_runtime.lowlevel import ConfigError

if TYPE_CHECKING:
    from dhs_runtime.lowlevel import HostPort

F = TypeVar("F", bound=Callable[..., Any])

GOOD: Final = 0
DAMAGED: Final = 1
INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as in shells."""
BROKEN_PIPE: Final = 141
"""Exit code if the reader of the output (`head`, `less`) has ended, as in shells."""


def reading_options(command: F) -> F:
    """--format, --framing and --port, as one argument `options`."""

    @functools.wraps(command)
    def bundle(*args: Any, **kwargs: Any) -> Any:
        options = ReadOptions(
            format=Format(kwargs.pop("kind")),
            framing=Framing(kwargs.pop("framing")),
            port=kwargs.pop("port"),
        )
        return command(*args, **kwargs, options=options)

    decorated: Any = bundle
    for option in (
        click.option(
            "--port",
            type=click.IntRange(1, 65535),
            help="For a capture: read all connections of this port.  [default: those that are DCS]",
        ),
        click.option(
            "--framing",
            type=click.Choice([framing.value for framing in Framing]),
            default=Framing.AUTO.value,
            show_default=True,
            help="Framing of raw bytes.",
        ),
        click.option(
            "--format",
            "kind",
            type=click.Choice([kind.value for kind in Format]),
            default=Format.AUTO.value,
            show_default=True,
            help="Kind of input; auto looks at its first bytes.",
        ),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # the same function, called by click alone


def read_all(
    names: tuple[str, ...], options: ReadOptions, before_read: Callable[[], None] = lambda: None
) -> Iterator[Found]:
    """The findings in several inputs; if one of several cannot be opened, that is a damage.

    Raises:
        ConfigError: No input can be opened.
    """
    failures = []
    for name in names:
        try:
            with open_source(name, before_read) as source:
                yield from read(source, options)
        except ConfigError as error:
            failures.append(error)
            if len(failures) == len(names):
                raise
            reason = str(error).removeprefix(f"{name}: ")
            yield Damage(place=Place(source=name), reason=reason)


@contextlib.contextmanager
def ending_cleanly() -> Iterator[None]:
    """End without a traceback or `Aborted!` after Ctrl-C or if the reader has ended.

    Raises:
        ConfigError: Standard output is closed, or cannot be written (the disk is full).
    """
    if sys.stdout is None:
        raise ConfigError("standard output is closed")
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        sys.exit(BROKEN_PIPE)
    except OSError as error:
        _drop_output()
        raise ConfigError(f"standard output: {why(error)}") from None


def _drop_output() -> None:
    """Discard buffered output: the interpreter would flush it at its end, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.flush()
                continue
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def keep_escapes() -> None:
    """Let stdout and stderr escape texts that are not UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def address_of(text: str, *, is_ours: bool = False) -> "HostPort":
    """Read HOST:PORT, or HOST with DCSS's hardware port; port 0 picks a free one to listen on.

    Raises:
        ConfigError: It is not such an address.
    """
    # Files are read without a network.
    from dhs_runtime.lowlevel import DCSS_PORT, HostPort  # noqa: PLC0415

    return HostPort.read(text, DCSS_PORT, lowest_port=0 if is_ours else 1)


def why(error: OSError) -> str:
    """The system's message, without Python's addition."""
    return (error.strerror or str(error)).partition(" (while ")[0]
