"""Options that several commands share."""

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from dhs_runtime.addresses import bare_host, host_trouble
from dhs_runtime.config import DcssConfig
from dhs_runtime.errors import ConfigError
from dhs_runtime.process.guard import Guard
from dhs_runtime.process.logs import set_up_logging
from dhs_runtime.process.rules import file_trouble, is_path
from dhs_runtime.process.settings import (
    BACKUPS,
    FORMATS,
    LEVELS,
    MAX_BACKUPS,
    MAX_BYTES,
    LogConfig,
    ProcessConfig,
    TraceConfig,
)

F = TypeVar("F", bound=Callable[..., Any])
P = TypeVar("P", bound=ProcessConfig)
T = TypeVar("T")


@attrs.frozen(kw_only=True)
class LogFlags:
    """The options for logs; None and False mean that the configuration decides."""

    verbosity: int
    log_format: str | None
    log_file: Path | None
    log_bytes: int | None
    log_backups: int | None
    trace: bool
    trace_file: Path | None

    def set_up(
        self,
        log: LogConfig | None = None,
        trace: TraceConfig | None = None,
        *,
        quieter: int = 0,
        secrets: Iterable[str] = (),
    ) -> None:
        """Set up logging; the command line overrides the configuration.

        Args:
            log: The log settings of the configuration.
            trace: The trace settings of the configuration.
            quieter: By how many levels to log less than usual.
            secrets: Passwords to mask wherever they appear.

        Raises:
            ConfigError: A file cannot be written.
        """
        log = LogConfig() if log is None else log
        trace = TraceConfig() if trace is None else trace
        if self.verbosity or quieter:
            level = LEVELS.index(log.level) + self.verbosity - quieter
            log = attrs.evolve(log, level=LEVELS[max(0, min(level, len(LEVELS) - 1))])
        log = attrs.evolve(
            log,
            format=self.log_format or log.format,
            file=self.log_file or log.file,
            max_bytes=self.log_bytes or log.max_bytes,
            backups=self.log_backups or log.backups,
        )
        trace = attrs.evolve(
            trace,
            enabled=trace.enabled or self.trace or self.trace_file is not None,
            file=self.trace_file or trace.file,
            max_bytes=self.log_bytes or trace.max_bytes,
            backups=self.log_backups or trace.backups,
        )
        set_up_logging(log, trace, secrets=secrets)


@attrs.frozen(kw_only=True)
class ProcessFlags:
    """The options for the process of a DHS."""

    pretend: bool
    production: bool
    status_port: int | None

    def guard(self, config: ProcessConfig, source: str) -> Guard:
        """The guard of production hosts.

        Raises:
            ConfigError: Both --pretend and --production were given.
        """
        if self.pretend and self.production:
            raise ConfigError("--pretend and --production contradict each other")
        return Guard.of(config.production, source, production=self.production, pretend=self.pretend)

    def apply(self, config: P, address: str | None) -> P:
        """The configuration, changed by the command line.

        Raises:
            ConfigError: The address is not HOST:PORT.
        """
        if address is not None:
            at = DcssConfig.at(address)
            config = attrs.evolve(
                config, dcss=attrs.evolve(config.dcss, host=at.host, port=at.port)
            )
        if self.status_port is not None:
            config = attrs.evolve(config, status_port=self.status_port)
        return config


def checked(trouble: Callable[[str], str]) -> Callable[[click.Context, click.Parameter, T], T]:
    """A callback of an option; refuses a value if `trouble` returns a reason for it, not ""."""

    def check(_: click.Context, __: click.Parameter, value: T) -> T:
        reason = "" if value is None else trouble(str(value))
        if reason:
            raise click.BadParameter(f"{str(value)!r}: {reason}")
        return value

    return check


def _log_file_trouble(text: str) -> str:
    return is_path.trouble(text) or file_trouble(Path(text))


def logging_options(command: F) -> F:
    """-v, --log-format, --log-file, --trace and related options, as one argument `logs`."""
    size = click.IntRange(min=1)
    file = click.Path(path_type=Path)
    writable = checked(_log_file_trouble)
    options = (
        click.option(
            "-v", "--verbose", "verbosity", count=True, help="Log more; twice for even more."
        ),
        click.option(
            "--log-format",
            type=click.Choice(FORMATS),
            help="Text, JSON, or journald's priorities on stderr.  [default: text]",
        ),
        click.option(
            "--log-file", type=file, callback=writable, help="Also log to this file, which rotates."
        ),
        click.option(
            "--log-bytes",
            type=size,
            help=f"Size at which log files rotate.  [default: {MAX_BYTES}]",
        ),
        click.option(
            "--log-backups",
            type=click.IntRange(1, MAX_BACKUPS),
            help=f"Number of rotated log files that are kept.  [default: {BACKUPS}]",
        ),
        click.option(
            "--trace",
            "--wire",
            "trace",
            is_flag=True,
            help="Log every message sent and received, with session ids masked.",
        ),
        click.option(
            "--trace-file",
            type=file,
            callback=writable,
            help="Write the trace to this file, which rotates, not to the log.",
        ),
    )
    return _bundled(command, options, "logs", LogFlags)


def process_options(command: F) -> F:
    """--pretend, --production and --status-port, as one argument `flags`."""
    options = (
        click.option("--pretend", is_flag=True, help="Rehearse; do not touch the hardware."),
        click.option("--production", is_flag=True, help="Allow production hosts."),
        click.option(
            "--status-port",
            type=click.IntRange(0, 65535),
            help="Serve /healthz, /status and /metrics on this port of 127.0.0.1; 0 picks one.",
        ),
    )
    return _bundled(command, options, "flags", ProcessFlags)


def _bundled(command: F, options: Iterable[Callable[[Any], Any]], name: str, flags_class: Any) -> F:
    """The command with these options combined into one argument."""
    fields = [field.name for field in attrs.fields(flags_class)]

    @functools.wraps(command)
    def bundle(*args: Any, **kwargs: Any) -> Any:
        flags = flags_class(**{field: kwargs.pop(field) for field in fields})
        return command(*args, **kwargs, **{name: flags})

    decorated: Any = bundle
    for option in reversed(tuple(options)):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # the same function, called by click alone


def listen_options(port: int, *, what: str) -> Callable[[F], F]:
    """--host and --port of a server."""

    def add(command: F) -> F:
        for option in (
            click.option(
                "--host",
                default="127.0.0.1",
                show_default=True,
                callback=lambda *given: bare_host(checked(host_trouble)(*given)),
                help="Address to listen on; 0.0.0.0 for all of this machine's, :: for IPv6, too.",
            ),
            click.option(
                "--port",
                type=click.IntRange(0, 65535),
                default=port,
                show_default=True,
                help=f"Port for {what}; 0 picks a free one.",
            ),
        ):
            command = option(command)
        return command

    return add
