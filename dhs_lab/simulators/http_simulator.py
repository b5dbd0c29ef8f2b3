"""`HttpSimulator`: the life of a simulated HTTP server, whatever it serves."""

import logging
from types import TracebackType
from typing import ClassVar, Final, Self

from dhs_runtime.lowlevel import Deadline, HttpHandler, HttpListener, StopTimeoutError, StopToken

logger = logging.getLogger(__name__)

_STOP_S: Final = 1.0


class HttpSimulator:
    """Starts and stops; use it with `with`, or `start` and `stop`.

    Attributes:
        name: What the log and its threads call it.
        token: Tells requests that hang when the server stops.
    """

    name: ClassVar[str]

    def __init__(self, handler: type[HttpHandler], host: str, port: int) -> None:
        self.token = StopToken()
        self._listener = HttpListener(handler, name=self.name, host=host, port=port)

    @property
    def host(self) -> str:
        """Address that is listened on."""
        return self._listener.host

    @property
    def port(self) -> int:
        """Port that is listened on; 0 before the first `start` if none was given."""
        return self._listener.port

    @property
    def url(self) -> str:
        """Base URL, such as `http://127.0.0.1:8080`."""
        return self._listener.url

    def start(self) -> None:
        """Listen; does nothing when running.

        Raises:
            OSError: The address cannot be bound, or the system has no thread left.
        """
        if self._listener.is_open:
            return
        self.token = StopToken()
        self._listener.open()
        logger.info("%s at %s", self.name, self.url)

    def stop(self) -> None:
        """End all connections and wait for their threads; idempotent.

        Raises:
            StopTimeoutError: A thread outlived the stop.
        """
        deadline = Deadline.after(_STOP_S)
        self.token.stop()
        alive = self._stop_more(deadline) + self._listener.close(deadline.remaining())
        if alive:
            raise StopTimeoutError(alive)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _stop_more(self, deadline: Deadline) -> tuple[str, ...]:  # noqa: ARG002 - for subclasses
        """End what else a subclass runs; names of threads that did not."""
        return ()
