"""The options that all commands of a client share, and the client made from them."""

import functools
import getpass
import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import click

from dcs_codec import DcsError
from dhs_runtime.addresses import HostPort
from dhs_runtime.cli.device_names import ADDRESS_VARIABLE, DEFAULT_ADDRESS, keep_names
from dhs_runtime.cli.gui_output import CODES, CommandOutput
from dhs_runtime.client import ClientState, DcssClient, PermissionRefusedError
from dhs_runtime.client.gui_link import GUI_PORT
from dhs_runtime.clock import LONGEST_S
from dhs_runtime.errors import ConfigError, DhsError
from dhs_runtime.process.guard import VARIABLE, Guard

_SILENT: Final = logging.NullHandler()  # the command itself reports errors, once


class SecondsOption(click.FloatRange):
    """A time of more than 0 s; refuses nan, which click accepts."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True, max=LONGEST_S)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """As `click.FloatRange.convert`."""
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail("a number of seconds is wanted, not nan", param, ctx)
        return seconds


F = TypeVar("F", bound=Callable[..., Any])

LOGIN_S: Final = 10.0
"""Longest time until DCSS has sent all devices, in seconds."""

MASTER_WANTED: Final = "must_be_active"
"""The text with which dcss refuses a client that is not master."""


@attrs.frozen(kw_only=True)
class GuiFlags:
    """The part of the command line about DCSS's GUI port.

    Attributes:
        address: `HOST:PORT`.
        user: Name of the user.
        session_file: File with the session id; None for no session.
        timeout_s: Longest time to wait for what the command does.
        login_s: Longest time for the login, until DCSS has sent all devices.
        as_json: Whether JSON Lines are wanted.
        production: Whether the user gave `--production`.
        take_master: Whether to become master, even if another client is.
    """

    address: str
    user: str
    session_file: Path | None
    timeout_s: float
    as_json: bool
    production: bool
    login_s: float
    take_master: bool = False

    def client(self) -> DcssClient:
        """A client that is not connected yet.

        Raises:
            ConfigError: The address is not valid, or is production, or the session cannot be read.
            EncodeError: The user or the session cannot be sent.
        """
        address = HostPort.read(self.address, GUI_PORT)
        guard = Guard.of((), "the configuration", production=self.production)
        guard.check_host(address.host)
        return DcssClient(
            str(address),
            user=self.user,
            session=self._session(),
            display=os.environ.get("DISPLAY") or ":0",
            connect_timeout_s=self.login_s,
        )

    def _session(self) -> str:
        if self.session_file is None:
            return "none"
        try:
            words = self.session_file.read_text(encoding="ascii").split()
        except (OSError, UnicodeError) as error:
            raise ConfigError(f"session file {self.session_file}: {error}") from None
        if len(words) != 1:
            raise ConfigError(f"session file {self.session_file}: it must contain one word")
        return words[0]

    @contextmanager
    def connected(self) -> Iterator[DcssClient]:
        """A client that is ready, and master if that is wanted; it tries only once.

        Raises:
            DhsError: As `DcssClient`; LoginError, NotConnectedError.
        """
        dcss = self.client()
        tried = (
            *(ClientState.READY, ClientState.REFUSED),
            *(ClientState.WAITING, ClientState.STOPPED),
        )
        with dcss.watch(ClientState) as states:
            dcss.start()
            try:
                for state in states.until(2 * self.login_s):
                    if state in tried:
                        break
                dcss.wait_ready(0)
                keep_names(dcss.address, dcss.views())
                if self.take_master:
                    with dcss.master(take=True):
                        yield dcss
                else:
                    yield dcss
            except PermissionRefusedError as error:
                if error.status.strip() == MASTER_WANTED:
                    error.args = (f"{error}; {_who_is_master(dcss)}; --take-master takes over",)
                raise
            finally:
                dcss.stop()


def _who_is_master(dcss: DcssClient) -> str:
    masters = [row for row in dcss.clients.values() if row.is_master]
    return ", ".join(f"{row.user} on {row.host} is master" for row in masters) or "nobody is master"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return "dhs"


def _options(timeout_s: float, timeout_help: str, *, takes_master: bool) -> list[Any]:
    master = click.option(
        "--take-master",
        is_flag=True,
        help="Become master while this command runs, even if another client is.",
    )
    return [
        click.option(
            "--dcss",
            "address",
            metavar="HOST:PORT",
            envvar=ADDRESS_VARIABLE,
            default=DEFAULT_ADDRESS,
            help="DCSS's GUI port.  "
            f"[default: ${ADDRESS_VARIABLE}, else {DEFAULT_ADDRESS}:{GUI_PORT}]",
        ),
        click.option("--user", default=_user, help="User to log in as.  [default: yours]"),
        click.option(
            "--session-file",
            type=click.Path(dir_okay=False, path_type=Path),
            help="File with the session id, one word.",
        ),
        click.option(
            "--timeout",
            "timeout_s",
            metavar="SECONDS",
            type=SecondsOption(),
            default=timeout_s,
            show_default=True,
            help=timeout_help or "Longest time for DCSS to answer.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON Lines."),
        click.option("--production", is_flag=True, help=f"Allow a DCSS that ${VARIABLE} names."),
        *([master] if takes_master else []),
    ]


def gui_options(
    timeout_s: float = LOGIN_S,
    *,
    timeout_help: str = "",
    takes_master: bool = False,
) -> Callable[[F], F]:
    """The options, as one argument `gui`; a second argument `output` prints.

    Without `timeout_help`, --timeout limits the login, because the command waits for nothing else.
    Errors of the client end the command with one line on stderr and an exit code.
    """

    def add(command: F) -> F:
        fields = [field.name for field in attrs.fields(GuiFlags)]

        @functools.wraps(command)
        def run(*args: Any, **kwargs: Any) -> int:
            logging.getLogger("dhs_runtime").addHandler(_SILENT)
            kwargs["login_s"] = LOGIN_S if timeout_help else kwargs["timeout_s"]
            flags = GuiFlags(**{name: kwargs.pop(name) for name in fields if name in kwargs})
            output = CommandOutput(as_json=flags.as_json)
            try:
                return command(*args, **kwargs, gui=flags, output=output) or 0
            except (DhsError, DcsError) as error:
                return output.fail(error, str(error))
            finally:
                output.end_line()

        run.__doc__ = (command.__doc__ or "").replace("EXIT_CODES", CODES)
        decorated: Any = run
        for option in reversed(_options(timeout_s, timeout_help, takes_master=takes_master)):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]  # the same function, called by click alone

    return add
