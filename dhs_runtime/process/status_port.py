"""`StatusPort`: /healthz, /status and /metrics on loopback, for people and monitoring."""

import re
import socket
from collections.abc import Collection
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import attrs

from dhs_runtime.addresses import HostPort
from dhs_runtime.errors import machine_error
from dhs_runtime.process.monitor import Monitor, Snapshot
from dhs_runtime.services.host_header import is_this_computer
from dhs_runtime.services.http_message import Refusal
from dhs_runtime.services.http_server import HttpHandler, serving_http
from dhs_runtime.services.listener import TcpListener

HOST: Final = "127.0.0.1"
PATHS: Final = "/healthz, /status and /metrics"
NO_METRICS: Final = "/metrics needs the extra `metrics`: pip install 'dcs-codec[metrics]'"

MAX_CONNECTIONS: Final = 32
IDLE_S: Final = 10.0
FOREIGN: Final = (
    "the Host of a request may be localhost, an IP address or a name of this computer; "
    "to allow {host!r}, add it to status_hosts in the configuration"
)


class StatusPort:
    """Serves the state from a monitor, between `open` and `close`.

    No client can block it: if there are too many connections, the oldest is closed.
    """

    def __init__(self, monitor: Monitor, port: int, hosts: Collection[str] = ()) -> None:
        """A port of loopback; 0 picks a free one.

        Args:
            monitor: Gives the state to serve.
            port: The number of the port.
            hosts: Host names that requests may use, in addition to those of this computer.
        """
        self._listener = TcpListener(
            serving_http(partial(_Handler, monitor, hosts)),
            name="status-port",
            host=HOST,
            port=port,
            max_connections=MAX_CONNECTIONS,
            ends_oldest=True,
        )

    @property
    def url(self) -> str:
        """Base URL, such as `http://127.0.0.1:9100`."""
        return self._listener.url

    def open(self) -> None:
        """Listen.

        Raises:
            MachineError: The port is in use.
            ConfigError: This user may not use the port.
        """
        try:
            self._listener.open()
        except OSError as error:
            raise machine_error(f"status port {self._listener.port}", error) from None

    def close(self) -> None:
        """Stop, and end the threads."""
        self._listener.close()


def _without_port(host: str) -> str:
    return re.sub(r":\d*\Z", "", host)[:100]


class _Handler(HttpHandler):
    idle_timeout_s = request_timeout_s = IDLE_S

    def __init__(
        self, monitor: Monitor, hosts: Collection[str], connection: socket.socket, peer: HostPort
    ) -> None:
        super().__init__(connection, peer)
        self._monitor, self._hosts = monitor, hosts

    def do_GET(self) -> None:
        """Serve one of the three pages."""
        url = urlsplit(self.path)
        hosts = [url.netloc] if url.netloc else self.headers.get_all("Host")
        if len(hosts) > 1 or (not hosts and self.version != (1, 0)):
            raise Refusal(HTTPStatus.BAD_REQUEST, "a request must have one Host")
        if hosts and not is_this_computer(hosts[0], own_names=True, others=self._hosts):
            raise Refusal(HTTPStatus.FORBIDDEN, FOREIGN.format(host=_without_port(hosts[0])))
        if url.path == "/healthz":
            trouble = self._monitor.snapshot().trouble
            status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
            self.reply(status, f"{trouble or 'ok'}\n".encode())
        elif url.path == "/status":
            self.reply_json(HTTPStatus.OK, _as_json(self._monitor.snapshot()))
        elif url.path == "/metrics":
            self._metrics()
        else:
            raise Refusal(HTTPStatus.NOT_FOUND, f"no such page; there are {PATHS}")

    def _metrics(self) -> None:
        try:
            from dhs_runtime.process.metrics import CONTENT_TYPE_LATEST, render  # noqa: PLC0415
        except ModuleNotFoundError:  # the extra is not installed
            raise Refusal(HTTPStatus.NOT_IMPLEMENTED, NO_METRICS) from None
        else:
            self.reply(HTTPStatus.OK, render(self._monitor.snapshot()), CONTENT_TYPE_LATEST)


def _as_json(now: Snapshot) -> dict[str, object]:
    return {
        "name": now.name,
        "version": now.version,
        "pretend": now.pretend,
        "alive": not now.trouble,
        "trouble": now.trouble,
        "started": now.started.isoformat(timespec="seconds"),
        "link": {
            "dcss": now.dcss,
            "state": now.link.value,
            "since": now.link_since.isoformat(timespec="milliseconds"),
        },
        "operations": list(map(attrs.asdict, now.operations)),
        "devices": [
            {key: value for key, value in attrs.asdict(one).items() if value not in (None, "")}
            for one in now.devices
        ],
        "counts": {
            "operations_started": now.operations_started,
            "aborts": now.aborts,
            "log_messages": now.log_messages,
            "log_lines_lost": now.log_lost,
        },
        "threads": list(now.threads),
    }
