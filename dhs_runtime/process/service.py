"""`served`: everything a DHS needs around its run as a service."""

import contextlib
import logging
import sys
from collections.abc import Collection, Iterator
from typing import Final

from dhs_runtime.app import Dhs
from dhs_runtime.process.systemd import Notifier

logger = logging.getLogger(__name__)

SWITCH_S: Final = 0.0005


def share_the_interpreter() -> None:
    """Let threads of this process take turns more often than Python does by itself.

    A thread that wants to run waits for the one that computes until this is over. Python's 5 ms are
    what an abort or a quick operation waits, several times, for a handler that keeps the processor
    busy; with a tenth of that 13 ms became 3. The price, more changes of threads, is paid only
    while more than one of them computes.
    """
    sys.setswitchinterval(SWITCH_S)


@contextlib.contextmanager
def served(
    dhs: Dhs,
    *,
    status_port: int | None = None,
    status_hosts: Collection[str] = (),
    pretend: bool = False,
) -> Iterator[str | None]:
    """Tell systemd how the DHS is doing, and open its status port; around `dhs.run`.

        with served(dhs, status_port=9100):
            dhs.run("dcss-host:14242")

    Nothing at all happens without systemd (no `NOTIFY_SOCKET`) and without a port.

    Args:
        dhs: Not started yet.
        status_port: Port on loopback, 0 for a free one, None for none.
        status_hosts: Names under which that may be asked for, beside localhost and this computer's.
        pretend: Whether this is a rehearsal, which both are told.

    Yields:
        Base URL of the status port, None without one.

    Raises:
        MachineError: The port is in use.
        ConfigError: It is not ours to use.
    """
    notifier = Notifier()
    if status_port is None and not notifier.active:
        yield None
        return
    from dhs_runtime.process.monitor import Monitor  # noqa: PLC0415 - not of every start

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
