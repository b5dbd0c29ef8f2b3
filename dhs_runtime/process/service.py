"""`served`: everything a DHS needs around its run as a service."""

import contextlib
import logging
from collections.abc import Iterator

from dhs_runtime.app import Dhs
from dhs_runtime.process.monitor import Monitor
from dhs_runtime.process.status_port import StatusPort
from dhs_runtime.process.systemd import Notifier

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def served(
    dhs: Dhs, *, status_port: int | None = None, pretend: bool = False
) -> Iterator[str | None]:
    """Tell systemd how the DHS is doing, and open its status port; around `dhs.run`.

        with served(dhs, status_port=9100):
            dhs.run("dcss-host:14242")

    Nothing at all happens without systemd (no `NOTIFY_SOCKET`) and without a port.

    Args:
        dhs: Not started yet.
        status_port: Port on loopback, 0 for a free one, None for none.
        pretend: Whether this is a rehearsal, which both are told.

    Yields:
        Base URL of the status port, None without one.

    Raises:
        ConfigError: The port cannot be listened on.
    """
    notifier = Notifier()
    if status_port is None and not notifier.active:
        yield None
        return
    with Monitor(dhs, notifier, pretend=pretend) as monitor:
        if status_port is None:
            yield None
            return
        port = StatusPort(monitor, status_port)
        port.open()
        try:
            logger.info("status at %s/status", port.url)
            yield port.url
        finally:
            port.close()
