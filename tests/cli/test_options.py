import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from dhs_runtime import DcssConfig
from dhs_runtime.cli import group
from dhs_runtime.cli.options import LogFlags, ProcessFlags
from dhs_runtime.process import LogConfig, ProcessConfig, TraceConfig
from dhs_runtime.process.logs import WIRE_LOGGER
from tests.loggers import written


def flags(verbosity: int = 0, *, trace: bool = False, trace_file: Path | None = None) -> LogFlags:
    return LogFlags(
        verbosity=verbosity,
        log_format=None,
        log_file=None,
        log_bytes=None,
        log_backups=None,
        trace=trace,
        trace_file=trace_file,
    )


@pytest.mark.parametrize(
    ("level", "verbosity", "quieter", "wanted"),
    [
        ("info", 0, 0, logging.INFO),
        ("info", 1, 0, logging.DEBUG),
        ("warning", 1, 0, logging.INFO),
        ("debug", 9, 0, logging.DEBUG),
        ("info", 0, 1, logging.WARNING),
        ("warning", 0, 5, logging.WARNING),
    ],
)
def test_v_counts_from_the_configuration_s_level(
    level: str, verbosity: int, quieter: int, wanted: int
) -> None:
    flags(verbosity).set_up(LogConfig(level=level), quieter=quieter)
    assert logging.getLogger("dhs_runtime").level == wanted


def test_a_trace_file_is_a_trace(tmp_path: Path) -> None:
    flags(trace_file=tmp_path / "wire.log").set_up()
    logging.getLogger(WIRE_LOGGER).debug("sent")
    assert written(tmp_path / "wire.log").endswith("sent\n")


def test_the_configuration_s_trace_stays_on() -> None:
    flags().set_up(None, TraceConfig(enabled=True))
    assert logging.getLogger(WIRE_LOGGER).isEnabledFor(logging.DEBUG)
    flags().set_up()
    assert not logging.getLogger(WIRE_LOGGER).isEnabledFor(logging.CRITICAL)


def test_the_command_line_goes_before_the_file() -> None:
    config = ProcessConfig(dcss=DcssConfig(host="a", send_timeout_s=3.0), status_port=1)
    plain = ProcessFlags(pretend=False, production=False, status_port=None)
    assert plain.apply(config, None) == config
    port = ProcessFlags(pretend=False, production=False, status_port=0)
    changed = port.apply(config, "b:15000")
    assert changed.status_port == 0
    assert changed.dcss == DcssConfig(host="b", port=15000, send_timeout_s=3.0)


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["run", "x.py:dhs", "--name", "a b"], "a name is one word of ASCII"),
        (["run", "x.py:dhs", "--log-file", "~/x.log"], "'~' is not expanded here"),
        (
            ["run", "x.py:dhs", "--trace-file", "/etc/passwd/x"],
            "/etc/passwd is a file, not a folder",
        ),
        (["run", "x.py:dhs", "--log-backups", "5000"], "5000 is not in the range"),
        (["simulate", "dcss", "--dhs", "x", "--host", "a b"], "'a b': a host has no blanks"),
        (["simulate", "dcss", "--dhs", "x", "--host", "[::1]:5"], "did you mean host ::1, port 5?"),
    ],
)
def test_options_say_what_is_wrong_before_anything_starts(args: list[str], reason: str) -> None:
    result = CliRunner().invoke(group, args)
    assert result.exit_code == 2
    assert reason in result.output
