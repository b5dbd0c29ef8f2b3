"""`pretend_loop`: the loop DHS with a simulated camera and inference server (extra `sim`).

Between it and DCSS everything works as usual. The real camera and inference server are not called,
and only this machine can post pictures to it.
"""

import contextlib
from collections.abc import Iterator
from typing import Final

import attrs

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import CameraPush, SimulatedAxis
from dhs_runtime.loop.config import AxisConfig, JpegReceiverConfig, LoopConfig
from dhs_runtime.loop.loop_dhs import LoopDhs
from dhs_runtime.lowlevel import HostPort, get_logger, machine_error

logger = get_logger(__name__)

LOOPBACK: Final = "127.0.0.1"


class PretendLoopDhs(LoopDhs):
    """The loop DHS with a simulated camera that posts pictures when they are wanted."""

    def __init__(self, config: LoopConfig, camera: SimulatedAxis) -> None:
        super().__init__(config)
        self._camera = camera
        self._push: CameraPush | None = None

    @contextlib.contextmanager
    def while_collecting(self) -> Iterator[None]:
        """Let the sample turn and the camera post what it sees."""
        self._push = push = self._camera.push(
            self.receiver.url,
            self.config.video_fps,
            max_images=self.config.expected_images,
            rotate=(0.0, self.config.osci_delta),
        )
        try:
            yield
        finally:
            push.stop()

    def close(self) -> None:
        """As `LoopDhs.close`; stops the camera first, because its posts would fail afterwards."""
        if self._push is not None:
            self._push.stop()
        super().close()


@contextlib.contextmanager
def pretend_loop(config: LoopConfig) -> Iterator[LoopDhs]:
    """A loop DHS for a rehearsal; its camera and inference server run inside `with`.

    Raises:
        MachineError: There is no free port for them.
    """
    camera = SimulatedAxis(host=LOOPBACK)
    automl = SimulatedAutoML(
        host=LOOPBACK, model=config.automl.model, mount_from=config.automl.mount_from
    )
    with contextlib.ExitStack() as stack:
        for server in (camera, automl):
            try:
                server.start()
            except OSError as error:
                raise machine_error(f"cannot simulate {server.name}", error) from None
            stack.callback(server.stop)
        logger.warning(
            "REHEARSAL: camera %s is simulated at %s, inference server %s at %s",
            *(HostPort(config.axis.host, config.axis.port), camera.url),
            *(HostPort(config.automl.host, config.automl.port), automl.url),
        )
        yield PretendLoopDhs(_on_loopback(config, camera, automl), camera)


def _on_loopback(config: LoopConfig, camera: SimulatedAxis, automl: SimulatedAutoML) -> LoopConfig:
    return attrs.evolve(
        config,
        axis=AxisConfig(host=LOOPBACK, port=camera.port, timeout_s=config.axis.timeout_s),
        automl=attrs.evolve(config.automl, host=LOOPBACK, port=automl.port),
        jpeg_receiver=JpegReceiverConfig(host=LOOPBACK, port=0),
    )
