import logging
from pathlib import Path

import pytest

from dhs_runtime import DcssConfig
from dhs_runtime.cli.options import LogFlags, ProcessFlags
from dhs_runtime.process import LogConfig, ProcessConfig, TraceConfig
from dhs_runtime.process.logs import WIRE_LOGGER


def flags(verbosity: int = 0, *, trace: bool = False, trace_file: Path | None = None) -> LogFlags:
    return LogFlags(
        verbosity=verbosity,
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
    assert (tmp_path / "wire.log").read_text().endswith("sent\n")


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
