"""`HttpSimulator`: start and stop of a simulated HTTP server."""

from types import TracebackType
from typing import ClassVar, Final, Self

from dhs_runtime.lowlevel import (
    Deadline,
    HttpHandler,
    StopTimeoutError,
    StopToken,
    TcpListener,
    get_logger,
    serving_http,
)

logger = get_logger(__name__)

_STOP_S: Final = 10.0  # a busy machine needs seconds to end many threads


class HttpSimulator:
    """The base of simulated HTTP servers; use it with `with`, or `start` and `stop`.

    Attributes:
        name: Its name in the log and of its threads.
        token: Ends hanging requests when the server stops.
    """

    name: ClassVar[str]

    def __init__(self, handler: type[HttpHandler], host: str, port: int) -> None:
        self.token = StopToken()
        self._listener = TcpListener(serving_http(handler), name=self.name, host=host, port=port)

    @property
    def host(self) -> str:
        """The address."""
        return self._listener.host

    @property
    def port(self) -> int:
        """The port; 0 before the first `start` if none was given."""
        return self._listener.port

    @property
    def url(self) -> str:
        """Base URL, such as `http://127.0.0.1:8080`."""
        return self._listener.url

    def start(self) -> None:
        """Listen; does nothing if it runs.

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
            StopTimeoutError: A thread did not end.
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
        """End what else a subclass runs; returns the names of threads that did not end."""
        return ()
