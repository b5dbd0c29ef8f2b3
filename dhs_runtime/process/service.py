"""What a DHS needs when it runs as a service."""

import contextlib
import sys
from collections.abc import Collection, Iterator
from typing import Final

from dhs_runtime.app import Dhs
from dhs_runtime.loggers import get_logger
from dhs_runtime.process.settings import ProcessConfig
from dhs_runtime.process.systemd import Notifier

logger = get_logger(__name__)

SWITCH_S: Final = 0.0005
"""A thread that is ready to run waits this long for a thread that computes.

With Python's 5 ms, an abort or a quick operation waits several times that long for a handler that
computes; with a tenth of it, 13 ms became 3. The price is more switches, but only while several
threads compute.
"""


def run_service(dhs: Dhs, config: ProcessConfig, *, pretend: bool) -> None:
    """Run a DHS until a signal, as `dhs run` does: `served`, with quick switches of threads."""
    hosts = config.status_hosts
    with served(dhs, status_port=config.status_port, status_hosts=hosts, pretend=pretend):
        sys.setswitchinterval(SWITCH_S)
        dhs.run(config.dcss)


@contextlib.contextmanager
def served(
    dhs: Dhs,
    *,
    status_port: int | None = None,
    status_hosts: Collection[str] = (),
    pretend: bool = False,
) -> Iterator[str | None]:
    """Tell systemd how the DHS is doing, and open its status port, while `dhs.run` runs.

        with served(dhs, status_port=9100):
            dhs.run("dcss-host:14242")

    It does nothing without systemd (no `NOTIFY_SOCKET`) and without a port.

    Args:
        dhs: The DHS; not started yet.
        status_port: Port on loopback; 0 picks a free one, None opens none.
        status_hosts: Host names that requests may use, in addition to localhost and this
            computer's.
        pretend: Whether this is a rehearsal; systemd and the status port show it.

    Yields:
        Base URL of the status port, None if there is none.

    Raises:
        MachineError: The port is in use.
        ConfigError: This user may not use the port.
    """
    notifier = Notifier()
    if status_port is None and not notifier.active:
        yield None
        return
    from dhs_runtime.process.monitor import Monitor  # noqa: PLC0415 - not every start needs it

    with Monitor(dhs, notifier, pretend=pretend) as monitor:
        if status_port is None:
            yield None
            return
        from dhs_runtime.process.status_port import StatusPort  # noqa: PLC0415 - brings HTTP

        port = StatusPort(monitor, status_port, status_hosts)
        port.open()
        try:
            logger.info("status at %s/status", port.url)
            yield port.url
        finally:
            port.close()
