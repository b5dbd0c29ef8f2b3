"""`BeamlinePage`: the web page of a simulated beamline, with its start and stop."""

import difflib
import errno
import threading
from importlib import resources
from typing import TYPE_CHECKING, Final

from dhs_lab.simulators.dcss import PseudoMotorEntry, RealMotorEntry, SimulatedDcss
from dhs_lab.simulators.http_simulator import HttpSimulator
from dhs_lab.simulators.web.board import Board
from dhs_lab.simulators.web.camera import Camera, PageCamera, RemoteCamera
from dhs_lab.simulators.web.handler import PageHandler, Site
from dhs_lab.simulators.web.wishes import Commands
from dhs_runtime.lowlevel import ConfigError, Deadline, ThreadGroup, get_logger, is_loopback

if TYPE_CHECKING:
    from dhs_lab.simulators.axis import SimulatedAxis

logger = get_logger(__name__)

MAX_READERS: Final = 32  # connected browsers; each costs a thread
PERIOD_S: Final = 0.05  # shortest time between two updates: 20 a second are smooth enough
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}


class BeamlinePage(HttpSimulator):
    """Shows a simulated DCSS in a browser, and lets people drive it from there.

    One line is enough: `with BeamlinePage(dcss) as page: print(page.url)`. The DCSS may be started
    before or after, and stopped and started while the page is open.
    """

    name = "beamline-page"

    def __init__(
        self,
        dcss: SimulatedDcss,
        axis: "SimulatedAxis | None" = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        turns_with: str | None = None,
        camera_url: str = "",
    ) -> None:
        """A page that is not served yet.

        Args:
            dcss: What it shows and drives.
            axis: A camera whose picture it shows; without one there is no camera on the page.
            host: Address to listen on. Anyone who reaches it can drive the simulated beamline.
            port: Port to listen on; 0 picks a free one.
            turns_with: Motor of `dcss` that turns the sample in front of the camera.
            camera_url: URL of an Axis camera whose picture is shown instead of that of `axis`.

        Raises:
            ConfigError: `camera_url` is not the URL of a camera, or `dcss` has no motor of the name
                `turns_with`.
        """
        if turns_with is not None:
            _check_motor(dcss, turns_with)

        class Handler(PageHandler):
            pass

        super().__init__(Handler, host, port)
        self._site = Handler.site = Site(
            dcss=dcss,
            files=_files(),
            commands=Commands(dcss),
            camera=_camera_of(axis, turns_with, camera_url),
            readers=threading.BoundedSemaphore(MAX_READERS),
            board=Board(dcss),
            allow_own_name=not is_loopback(host),
        )
        self._threads = ThreadGroup()

    def start(self) -> None:
        """Serve; does nothing when running.

        Raises:
            OSError: The address cannot be bound, or the system has no thread left.
        """
        if self._listener.is_open:
            return
        if self._site.camera is not None:
            self._site.camera.start()
        board = self._site.board = Board(self._site.dcss)
        board.take()  # the first reader gets the whole state
        super().start()
        if self._site.allow_own_name:
            logger.warning("%s: anyone who reaches this address can drive the beamline", self.url)
        try:
            self._threads.spawn(f"{self.name}-watch", self._watch)
        except RuntimeError as error:
            self.stop()
            raise OSError(errno.EAGAIN, str(error)) from error

    def _watch(self) -> None:
        """Update the board after each change, at most every `PERIOD_S` seconds."""
        site, token, board = self._site, self.token, self._site.board
        seen = -1
        while not token.is_stopping():
            seen = site.dcss.changes.wait(seen)
            devices = board.take()
            if site.camera is not None:
                site.camera.follow(devices)
            token.wait(PERIOD_S)

    def _stop_more(self, deadline: Deadline) -> tuple[str, ...]:
        self._site.board.close()
        if self._site.camera is not None:
            self._site.camera.close()
        self._site.dcss.changes.mark()  # wakes the watch
        return self._threads.join(deadline)


def _camera_of(
    axis: "SimulatedAxis | None", turns_with: str | None, camera_url: str
) -> PageCamera | None:
    if camera_url:
        return RemoteCamera(camera_url)
    return None if axis is None else Camera(axis, turns_with)


def _check_motor(dcss: SimulatedDcss, name: str) -> None:
    motors = [
        device.name
        for host in dcss.hosts
        for device in host.devices
        if isinstance(device, (RealMotorEntry, PseudoMotorEntry))
    ]
    if name not in motors:
        close = difflib.get_close_matches(name, motors, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ConfigError(f"turns_with: the simulated DCSS has no motor {name!r}{hint}")


def _files() -> dict[str, tuple[bytes, str]]:
    """Contents and content type of each static file, by path."""
    files = {
        f"/{file.name}": (file.read_bytes(), _TYPES[file.name.rpartition(".")[2]])
        for file in (resources.files(__package__) / "static").iterdir()
    }
    return {"/": files.pop("/index.html"), **files}
