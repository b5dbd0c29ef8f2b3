"""`StatusPort`: /healthz, /status and /metrics on loopback, for people and monitoring."""

from http import HTTPStatus
from typing import ClassVar, Final
from urllib.parse import urlsplit

from dhs_runtime.errors import machine_error
from dhs_runtime.process.monitor import Monitor, Snapshot
from dhs_runtime.services.http_server import HttpHandler, HttpListener

HOST: Final = "127.0.0.1"
PATHS: Final = "/healthz, /status and /metrics"
NO_METRICS: Final = "/metrics needs the extra `metrics`: pip install 'dcs-codec[metrics]'\n"


class StatusPort:
    """Serves what a monitor sees, between `open` and `close`."""

    def __init__(self, monitor: Monitor, port: int) -> None:
        class Handler(_Handler):
            pass

        Handler.monitor = monitor
        self._listener = HttpListener(Handler, name="status-port", host=HOST, port=port)

    @property
    def url(self) -> str:
        """Base URL, such as `http://127.0.0.1:9100`."""
        return self._listener.url

    def open(self) -> None:
        """Listen.

        Raises:
            MachineError: The port is in use.
            ConfigError: It is not ours to use.
        """
        try:
            self._listener.open()
        except OSError as error:
            raise machine_error(f"status port {self._listener.port}", error) from None

    def close(self) -> None:
        """Stop, and end the threads."""
        self._listener.close()


class _Handler(HttpHandler):
    monitor: ClassVar[Monitor]

    def do_GET(self) -> None:
        """One of the three pages."""
        path = urlsplit(self.path).path
        if path == "/healthz":
            trouble = self.monitor.snapshot().trouble
            status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
            self.reply(status, f"{trouble or 'ok'}\n".encode())
        elif path == "/status":
            self.reply_json(HTTPStatus.OK, _as_json(self.monitor.snapshot()))
        elif path == "/metrics":
            self._metrics()
        else:
            self.reply(HTTPStatus.NOT_FOUND, f"there is {PATHS}\n".encode())

    do_HEAD = do_GET

    def _metrics(self) -> None:
        try:
            from dhs_runtime.process.metrics import CONTENT_TYPE_LATEST, render  # noqa: PLC0415
        except ModuleNotFoundError:  # an extra
            self.reply(HTTPStatus.NOT_IMPLEMENTED, NO_METRICS.encode())
        else:
            self.reply(HTTPStatus.OK, render(self.monitor.snapshot()), CONTENT_TYPE_LATEST)


def _as_json(now: Snapshot) -> dict[str, object]:
    return {
        "name": now.name,
        "pretend": now.pretend,
        "alive": not now.trouble,
        "trouble": now.trouble,
        "started": now.started.isoformat(timespec="seconds"),
        "link": {
            "state": now.link.value,
            "since": now.link_since.isoformat(timespec="milliseconds"),
        },
        "operations": [
            {"name": one.name, "handle": one.handle, "state": one.state, "seconds": one.seconds}
            for one in now.operations
        ],
        "counts": {
            "operations_started": now.operations_started,
            "aborts": now.aborts,
            "log_messages": now.log_messages,
        },
        "threads": list(now.threads),
    }
