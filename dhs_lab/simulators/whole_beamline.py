"""`SimulatedBeamline`: a whole beamline on one computer, joined over loopback sockets.

A DCSS with its GUI port, a goniometer, the loop DHS, an Axis camera, an inference server, and a
page for browsers. It also does what DCSS's scripts do at a real beamline: when collectLoopImages
asks for the oscillation, the goniometer turns, the camera posts pictures, and then the collection
is ended.
"""

import contextlib
from collections.abc import Collection
from typing import Final

import attrs

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.dcss import HardwareHost, Script, SimulatedDcss
from dhs_lab.simulators.goniometer import HOST as GONIOMETER
from dhs_lab.simulators.goniometer import PHI, SHUTTER, goniometer, goniometer_host
from dhs_lab.simulators.scene import Scene
from dhs_lab.simulators.web import BeamlinePage
from dhs_runtime import Dhs
from dhs_runtime.loop import LoopConfig, LoopDhs
from dhs_runtime.loop.config import AutoMLConfig, AxisConfig, JpegReceiverConfig
from dhs_runtime.lowlevel import DcssConfig, Deadline, DhsError, StopToken, ThreadGroup, get_logger

logger = get_logger(__name__)

LOOP: Final = "loopDHS"
LOOP_OPERATIONS: Final = (
    "collectLoopImages",
    "stopCollectLoopImages",
    "getLoopTip",
    "getLoopInfo",
    "reboxLoopImage",
)
PARTS: Final = (GONIOMETER, LOOP, "camera", "page")
"""The parts that may be left out, to run your own in their place."""

CENTER: Final = "centerLoop"
_ASKS: Final = "htos_operation_update collectLoopImages "
_ONLINE_S: Final = 20.0
_JOIN_S: Final = 2.0
_QUARTER_TURNS: Final = (0.0, 90.0, 180.0, 270.0)


@attrs.frozen(kw_only=True)
class BeamlineSettings:
    """Settings of a simulated beamline.

    Attributes:
        host: Address on which DCSS and the page listen.
        port: Hardware port of DCSS; 0 for a free one.
        gui_port: Its GUI port; 0 for a free one.
        web_port: Port of the page; 0 for a free one.
        without: Parts of `PARTS` that are left out.
        degrees: Turn of the sample while pictures are collected.
        seconds: Duration of that turn.
        fps: Pictures per second during it.
        seed: Seed of the scene: it selects the sample.
    """

    host: str = "127.0.0.1"
    port: int = 0
    gui_port: int = 0
    web_port: int = 0
    without: Collection[str] = ()
    degrees: float = 180.0
    seconds: float = 3.0
    fps: float = 10.0
    seed: int = 1


class SimulatedBeamline:
    """The beamline, running inside `with`.

    Attributes:
        dcss: Its DCSS.
        camera: Its camera; None if it is left out.
        page: Its page; None if it is left out.
        loop: Its loop DHS; None if it is left out.
    """

    def __init__(self, settings: BeamlineSettings | None = None) -> None:
        self.settings = settings or BeamlineSettings()
        host = self.settings.host
        hosts = [goniometer_host(), HardwareHost.of(LOOP, operations=LOOP_OPERATIONS)]
        self.dcss = SimulatedDcss(
            hosts, host=host, port=self.settings.port, gui_port=self.settings.gui_port
        )
        self.dcss.scripted(CENTER)(self._center)
        self.automl = SimulatedAutoML()
        scene = Scene(seed=self.settings.seed)
        self.camera = SimulatedAxis(scene=scene) if self._has("camera") else None
        self.page: BeamlinePage | None = None
        self.loop: LoopDhs | None = None
        self._token = StopToken()
        self._threads = ThreadGroup()
        self._stack = contextlib.ExitStack()

    def start(self) -> None:
        """Start all of it; raises OSError if a port is taken."""
        with contextlib.ExitStack() as stack:
            self._start_servers(stack)
            if self._has(GONIOMETER):
                self._start(goniometer(), stack)
            if self._has(LOOP):
                self.loop = LoopDhs(self._loop_config())
                stack.callback(self.loop.close)
                self._start(self.loop.dhs, stack)
            stack.callback(self._end_watch)
            self._threads.spawn("beamline-scripts", self._watch)
            self._stack = stack.pop_all()

    def stop(self) -> None:
        """Stop all of it, the last first."""
        self._stack.close()

    def __enter__(self) -> "SimulatedBeamline":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _has(self, part: str) -> bool:
        return part not in self.settings.without

    def _start_servers(self, stack: contextlib.ExitStack) -> None:
        self.automl.start()
        stack.callback(self.automl.stop)
        if self.camera is not None:
            self.camera.start()
            stack.callback(self.camera.stop)
        self.dcss.start()
        stack.callback(self.dcss.stop)
        if self._has("page"):
            self.page = BeamlinePage(
                self.dcss,
                self.camera,
                host=self.settings.host,
                port=self.settings.web_port,
                turns_with=PHI,
            )
            try:
                self.page.start()
            except OSError as error:
                where = f"page at {self.settings.web_port}: {error.strerror}"
                raise OSError(error.errno, where) from error
            stack.callback(self.page.stop)

    def _start(self, dhs: Dhs, stack: contextlib.ExitStack) -> None:
        dhs.start(DcssConfig.at(self.dcss.address))
        stack.callback(dhs.stop)
        self.dcss.wait_online(dhs.name, _ONLINE_S)

    def _loop_config(self) -> LoopConfig:
        settings, camera = self.settings, self.camera
        axis = AxisConfig() if camera is None else AxisConfig(host=camera.host, port=camera.port)
        return LoopConfig(
            dcss=DcssConfig.at(self.dcss.address),
            automl=AutoMLConfig(host=self.automl.host, port=self.automl.port),
            axis=axis,
            jpeg_receiver=JpegReceiverConfig(port=0),
            osci_delta=settings.degrees,
            osci_time=settings.seconds,
            video_fps=settings.fps,
            collect_timeout_s=settings.seconds + 30.0,
        )

    # -- what scripts do ---------------------------------------------------------------------

    def _watch(self) -> None:
        """Turn the sample whenever collectLoopImages asks for it."""
        seen, change = 0, 0
        while not self._token.is_stopping():
            change = self.dcss.changes.wait(change)
            seen, lines = self.dcss.traffic.after(seen)
            for line in lines:
                is_asked = line.arrow == "<-" and line.text.startswith(_ASKS)
                if is_asked and line.text.endswith(" start_oscillation"):
                    self._oscillate()

    def _end_watch(self) -> None:
        self._token.stop()
        self.dcss.changes.mark()
        self._threads.join(Deadline.after(_JOIN_S))

    def _oscillate(self) -> None:
        settings = self.settings
        start = self.dcss.position(PHI)
        try:
            self.dcss.oscillate(PHI, SHUTTER, settings.degrees, settings.seconds)
        except DhsError as error:
            logger.warning("the sample does not turn: %s", error)
        if self.camera is None or self.loop is None:
            return
        push = self.camera.push(
            self.loop.receiver.url,
            settings.fps,
            max_images=max(1, round(settings.seconds * settings.fps)),
            rotate=(start, start + settings.degrees),
        )
        if self._token.wait(settings.seconds + 0.5):
            push.stop()
            return
        try:
            push.wait(_ONLINE_S)
            self.dcss.start_operation("stopCollectLoopImages")
        except (DhsError, TimeoutError) as error:
            logger.warning("not stopped, so the collection ends at its time limit: %s", error)

    @staticmethod
    def _center(script: Script) -> str:
        """Look at the loop from four sides; a real script would move the sample, too."""
        for angle in _QUARTER_TURNS:
            script.move(PHI, angle)
            script.update(f"at {angle:g} {script.run_operation('getLoopTip', 0)}")
        return f"looked from {len(_QUARTER_TURNS)} sides"
