"""A detector: the dialogue with which a beamline's scripts collect an image.

A script starts `detector_collect_image`, does what the updates ask for, and reports that by
`detector_transfer_image` and `detector_oscillation_ready`. The first image of a run is exposed
twice, first without the shutter for the dark image.
"""

from concurrent.futures import Future
from pathlib import Path

from dcs_codec import NO_DEVICE, HtosNote
from dhs_runtime import DeviceError, Dhs, Operation

SHUTTER = "shutter"
PATIENCE_S = 30.0  # time for scripts to do what an update asks, in addition to the exposure
READ_OUT_S = 0.05
WORDS = 15  # run file directory user axis seconds start range distance wavelength x y mode dark id


class Exposure:
    """An image in progress: its handler waits for a future that the other operations set."""

    def __init__(self, op: Operation) -> None:
        if len(op.args) < WORDS:
            raise DeviceError(f"{op.name} has {len(op.args)} words, not {WORDS}")
        self.run, self.file, directory = op.args[:3]
        self.time_s, self.start_deg = float(op.args[5]), float(op.args[6])
        self.path = Path(directory) / f"{Path(self.file).name}.img"
        self.kind = "image"
        self.op = op
        self.awaited: tuple[str, Future[None]] = ("", Future())

    def ask(self, update: str, *words: str | float, then: str) -> None:
        """Tell the scripts what to do, and wait until their operation `then` is done."""
        self.awaited = (then, done := Future[None]())  # before the scripts can answer
        self.op.update(update, *words)
        try:
            self.op.wait(done, self.time_s + PATIENCE_S)
        except TimeoutError:
            raise DeviceError(f"no {then} came after the update {update}") from None

    def expose(self, shutter: str) -> None:
        """Let the scripts expose the image and read it out."""
        then = "detector_transfer_image"
        self.ask("start_oscillation", shutter, self.time_s, self.file, then=then)

    def read_out(self) -> None:
        """Write the file; in place of a camera."""
        path = self.path if self.kind == "image" else self.path.with_suffix(".dark")
        path.write_text(f"{self.kind} of {self.time_s} s from {self.start_deg} deg\n")


class Detector:
    """A DHS of this name with the five operations and the string of a detector."""

    def __init__(self, name: str = "detectorDHS") -> None:
        self.dhs = Dhs(name)
        self._last_image = self.dhs.string("lastImageCollected")
        self._darks: set[str] = set()  # the runs that have a dark image
        self._exposure: Exposure | None = None
        for operation in (self.collect_image, self.transfer_image, self.oscillation_ready):
            self.dhs.operation(f"detector_{operation.__name__}", max_active=1)(operation)
        self.dhs.operation("detector_reset_run")(self.reset_run)
        self.dhs.operation("detector_stop")(self.stop)

    def collect_image(self, op: Operation) -> None:
        self._exposure = exposure = Exposure(op)
        if exposure.run not in self._darks:
            exposure.kind = "dark"
            exposure.expose(NO_DEVICE)
            self._darks.add(exposure.run)
            then = "detector_oscillation_ready"
            exposure.ask("prepare_for_oscillation", exposure.start_deg, then=then)
            exposure.kind = "image"
        exposure.expose(SHUTTER)
        self._last_image.set(str(exposure.path))
        self.dhs.send(HtosNote(note_message=f"image_ready {exposure.path}"))

    def transfer_image(self, op: Operation) -> None:
        exposure, done = self._exposure_for(op)
        op.sleep(READ_OUT_S)
        try:
            exposure.read_out()
        except OSError as error:
            done.set_exception(DeviceError(f"not read out: {error}"))
            raise
        op.complete()  # before the next update
        done.set_result(None)

    def oscillation_ready(self, op: Operation) -> None:
        _, done = self._exposure_for(op)
        op.complete()
        done.set_result(None)

    def reset_run(self, op: Operation) -> None:
        self._darks.difference_update(op.args[:1])

    def stop(self, op: Operation) -> None:
        if self._exposure is not None:
            self._exposure.op.abort(op.name)

    def _exposure_for(self, op: Operation) -> tuple[Exposure, Future[None]]:
        exposure = self._exposure
        if exposure is None or exposure.op.finished:
            raise DeviceError("no image is being collected")
        awaited, done = exposure.awaited
        if awaited != op.name or done.done():
            raise DeviceError(f"{exposure.file} does not wait for {op.name} now")
        return exposure, done


dhs = Detector().dhs
