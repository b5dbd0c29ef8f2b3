"""`Services`: the services of a DHS by name, opened with the URLs of a configuration.

    services = Services()
    services.open("camera", "axis://axis-server:80")
    services.open("inference", "automl://inference:5000/default")
    camera = services.get("camera", AxisClient)
    dhs.on_stop(services.close)

Schemes: `http`, `axis` (the path goes before that of the camera), `automl` (the path is the model's
name), `https`, `axis+https`, `automl+https`, and those that a site registers. A login in a URL is
used for Digest. For `ca`, `verify` or Basic, make the client and `add` it. DCSS is not a service
here: a `Dhs` keeps one DCSS while it runs.
"""

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, unquote

from dhs_runtime.addresses import read_url, without_password
from dhs_runtime.errors import ConfigError
from dhs_runtime.loggers import get_logger
from dhs_runtime.services.automl import AutoMLClient
from dhs_runtime.services.axis import AxisClient
from dhs_runtime.services.heartbeat import Heartbeat, OnChange, ServiceState
from dhs_runtime.services.http_client import HttpClient, Login

logger = get_logger(__name__)


class Service(Protocol):
    """The interface of a service: it can be closed, which ends the calls under way."""

    def close(self) -> object:
        """End the calls under way and close all connections."""


S = TypeVar("S", bound=Service)
Factory = Callable[[SplitResult], Service]


class Services:
    """Services by name; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the two below; not held while a service is made
        self._services: dict[str, Service] = {}
        self._heartbeats: dict[str, Heartbeat] = {}
        self._factories: dict[str, Factory] = {
            **dict.fromkeys(("http", "https"), _http_client),
            **dict.fromkeys(("axis", "axis+https"), _axis_client),
            **dict.fromkeys(("automl", "automl+https"), _automl_client),
        }

    def register(self, scheme: str, factory: Factory) -> None:
        """Register a function that opens the URLs of a scheme; it gets the parsed URL."""
        self._factories[scheme] = factory

    def open(self, name: str, url: str) -> Service:
        """Open a service; nothing is sent yet.

        Raises:
            ConfigError: The name is taken, the scheme unknown, or the URL invalid.
        """
        try:
            parts = read_url(url, sorted(self._factories, key=lambda name: ("https" in name, name)))
        except ConfigError as error:
            raise ConfigError(f"{name}: {error}") from None
        if parts.query or parts.fragment:
            raise ConfigError(
                f"{name}: {without_password(url)!r} has a query; make the service and `add` it"
            )
        service = self._factories[parts.scheme](parts)
        try:
            self.add(name, service)
        except ConfigError:
            service.close()
            raise
        return service

    def add(self, name: str, service: Service) -> None:
        """Add a service made elsewhere, for example a `JpegReceiver`; `close` closes it, too.

        Raises:
            ConfigError: The name is taken.
        """
        with self._lock:
            if name in self._services:
                raise ConfigError(f"there is a service {name!r} already")
            self._services[name] = service

    def get(self, name: str, kind: type[S]) -> S:
        """The service with this name.

        Raises:
            ConfigError: There is no such service, or it is of another kind.
        """
        service = self._services.get(name)
        if service is None:
            raise ConfigError(f"there is no service {name!r}")
        if not isinstance(service, kind):
            what = f"{type(service).__name__}, not {kind.__name__}"
            raise ConfigError(f"service {name!r} is of the class {what}")
        return service

    def names(self) -> tuple[str, ...]:
        """Names of the services, in the order they were opened."""
        with self._lock:
            return tuple(self._services)

    def watch(
        self,
        name: str,
        probe: Callable[[], bool],
        *,
        every_s: float = 5.0,
        on_change: OnChange | None = None,
    ) -> Heartbeat:
        """Watch a service from now on; see `Heartbeat`. Watching it again replaces the old watch.

        Raises:
            RuntimeError: The system has no thread left; the old watch continues.
        """
        heartbeat = Heartbeat(name, probe, every_s=every_s, on_change=on_change)
        heartbeat.start()
        with self._lock:
            old = self._heartbeats.get(name)
            self._heartbeats[name] = heartbeat
        if old is not None:
            old.stop()
        return heartbeat

    def state(self, name: str) -> ServiceState:
        """The last result of watching a service; UNKNOWN if it is not watched."""
        heartbeat = self._heartbeats.get(name)
        return ServiceState.UNKNOWN if heartbeat is None else heartbeat.state

    def close(self) -> None:
        """Close all services and end the watches; calls under way end with a ServiceError."""
        with self._lock:
            services = tuple(self._services.items())
            heartbeats = tuple(self._heartbeats.values())
            self._services.clear()
            self._heartbeats.clear()
        for name, service in services:  # before the watches, which may be waiting for one
            try:
                service.close()
            except Exception:  # the others must be closed, too
                logger.exception("closing %s failed", name)
        for heartbeat in heartbeats:
            heartbeat.stop()


def _http_client(url: SplitResult) -> HttpClient:
    return HttpClient(_base(url) + url.path, auth=_login(url))


def _axis_client(url: SplitResult) -> AxisClient:
    return AxisClient(_base(url) + url.path, user=_part(url.username), password=_part(url.password))


def _automl_client(url: SplitResult) -> AutoMLClient:
    model = unquote(url.path.strip("/")) or "default"
    return AutoMLClient(_base(url), model=model, auth=_login(url))


def _base(url: SplitResult) -> str:
    """The URL of the server without the login, which is given separately."""
    scheme = "https" if url.scheme.endswith("https") else "http"
    return f"{scheme}://{url.netloc.rpartition('@')[2]}"


def _login(url: SplitResult) -> Login | None:
    user = _part(url.username)
    return None if user is None else Login(user, _part(url.password) or "")


def _part(text: str | None) -> str | None:
    return None if text is None else unquote(text)
