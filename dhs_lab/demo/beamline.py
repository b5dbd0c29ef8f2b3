"""`DemoBeamline`: DCSS, camera, inference server and loop DHS, connected over loopback."""

import contextlib
from collections.abc import Callable
from typing import Final

import attrs

from dhs_lab.demo.hard_pictures import HardPicture
from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import CameraPush, SimulatedAxis
from dhs_lab.simulators.dcss import Completion, HardwareHost, OperationRun, SimulatedDcss
from dhs_lab.simulators.scene import Scene
from dhs_lab.simulators.view import StillPicture
from dhs_runtime.loop import LoopConfig, LoopDhs
from dhs_runtime.loop.config import AutoMLConfig, AxisConfig, JpegReceiverConfig
from dhs_runtime.lowlevel import DcssConfig

OPERATIONS: Final = (
    "collectLoopImages",
    "stopCollectLoopImages",
    "getLoopTip",
    "getLoopInfo",
    "reboxLoopImage",
)
ONLINE_S: Final = 20.0
ANSWER_S: Final = 20.0


@attrs.frozen(kw_only=True)
class DemoSettings:
    """Settings of the demo.

    Attributes:
        degrees: Turn of the sample while pictures are collected.
        seconds: Duration of the turn.
        fps: Pictures per second.
        seed: Seed of the scene: it selects the sample.
    """

    degrees: float = 180.0
    seconds: float = 3.0
    fps: float = 30.0
    seed: int = 1


class DemoBeamline:
    """A beamline with one sample, on ephemeral loopback ports, inside `with`."""

    def __init__(
        self, settings: DemoSettings, *, via: Callable[[str], str] = lambda address: address
    ) -> None:
        """A beamline; not started yet.

        Args:
            settings: Its settings.
            via: Returns the address for the DHS, given DCSS's; for a proxy between them.
        """
        self.settings = settings
        self._via = via
        self.scene = Scene(seed=settings.seed)
        self.automl = SimulatedAutoML()
        self.axis = SimulatedAxis(scene=self.scene)
        self.dcss = SimulatedDcss([HardwareHost.of("loopDHS", operations=OPERATIONS)])
        self.runs: list[OperationRun] = []
        self.loop: LoopDhs
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "DemoBeamline":
        with contextlib.ExitStack() as stack:
            for server in (self.automl, self.axis, self.dcss):
                server.start()
                stack.callback(server.stop)
            self.loop = LoopDhs(self._config())
            stack.callback(self.loop.close)
            self.loop.dhs.start(self.loop.config.dcss)
            stack.callback(self.loop.dhs.stop)
            self.dcss.wait_online(self.loop.dhs.name, ONLINE_S)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, operation: str, *args: str) -> OperationRun:
        """Start an operation and wait for its completion.

        Raises:
            TimeoutError: It did not complete in time.
        """
        run = self.dcss.start_operation(operation, *args)
        self.runs.append(run)
        run.wait(ANSWER_S)
        return run

    def look(self, picture: HardPicture) -> Completion:
        """Put a picture before the camera and ask for the loop in it, by getLoopInfo.

        Raises:
            TimeoutError: It did not complete in time.
        """
        self.axis.scene = StillPicture(picture.jpeg)
        return self.dcss.start_operation("getLoopInfo").wait(ANSWER_S)

    def collect(self, on_update: Callable[[str], None]) -> tuple[OperationRun, CameraPush]:
        """Play collectLoopImages as a DCSS script does.

        The DHS asks for the oscillation with the update `start_oscillation`; the sample turns, the
        camera posts pictures, and stopCollectLoopImages ends it.

        Raises:
            TimeoutError: A step did not come in time.
        """
        settings = self.settings
        run = self.dcss.start_operation("collectLoopImages")
        self.runs.append(run)
        run.wait_update("start_oscillation", ANSWER_S)
        push = self.axis.push(
            self.loop.receiver.url,
            settings.fps,
            max_images=round(settings.seconds * settings.fps),
            rotate=(0.0, settings.degrees),
        )
        for update in run.follow():
            on_update(update)
        push.wait(ANSWER_S)
        self.ask("stopCollectLoopImages")
        run.wait(ANSWER_S)
        return run, push

    def _config(self) -> LoopConfig:
        settings = self.settings
        return LoopConfig(
            dcss=DcssConfig.at(self._via(self.dcss.address)),
            automl=AutoMLConfig(host=self.automl.host, port=self.automl.port),
            axis=AxisConfig(host=self.axis.host, port=self.axis.port),
            jpeg_receiver=JpegReceiverConfig(port=0),
            osci_delta=settings.degrees,
            osci_time=settings.seconds,
            video_fps=settings.fps,
            collect_timeout_s=settings.seconds + 30.0,
        )
