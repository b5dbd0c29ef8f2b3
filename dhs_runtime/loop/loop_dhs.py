"""`LoopDhs`: the operations of the loop DHS.

The formats are those of loop-dhs and of the DCSS scripts that call it. Slow work runs in worker
threads while the operation waits, so that a camera never delays an abort or a stop.
"""

import contextlib
import logging
import re
import threading
from collections.abc import Sequence
from typing import Final

from dhs_runtime.addresses import HostPort, is_loopback
from dhs_runtime.app import Dhs
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import ConfigError, MachineError, ServiceError
from dhs_runtime.loggers import get_logger
from dhs_runtime.loop.clients import automl_client, axis_client
from dhs_runtime.loop.collection import CollectedImage, Collection
from dhs_runtime.loop.config import LoopConfig
from dhs_runtime.loop.info import LoopInfo
from dhs_runtime.loop.painter import Painter
from dhs_runtime.loop.run_folder import RunFolder
from dhs_runtime.operation import Operation
from dhs_runtime.scheduling import Workers
from dhs_runtime.services.automl import Prediction, PredictRequest
from dhs_runtime.services.axis import AxisSnapshotRequest
from dhs_runtime.services.jpeg_receiver import JpegReceiver, ReceivedImage
from dhs_runtime.threads import ThreadGroup

logger = get_logger(__name__)

MAX_WAITING: Final = 1000
CLOSE_S: Final = 0.1
TEST_KEY: Final = "THE-TEST-IMAGE"
"""The name of testAutoML's picture, as in loop-dhs."""

_URL: Final = re.compile(r"https?://([^\s/]+)/\S*?(?=:?(?:\s|$))")


class LoopDhs:
    """The loop DHS with one configuration. `dhs` is the `Dhs` to run or start."""

    def __init__(self, config: LoopConfig) -> None:
        self.config = config
        self.dhs = Dhs(config.name)
        self._automl = automl_client(config.automl)
        self._axis = axis_client(config.axis)
        self.receiver = JpegReceiver(
            self._take_image, host=config.jpeg_receiver.host, port=config.jpeg_receiver.port
        )
        self._threads = ThreadGroup()
        self._workers = Workers(self._threads, "loop-call", config.automl.in_flight, MAX_WAITING)
        self._keeper = Workers(self._threads, "loop-keep", 1, MAX_WAITING)  # the disk may be slow
        self._painter = Painter(self._threads)
        self._lock = threading.Lock()  # guards the three below
        self._is_closed = False
        self._collecting: Collection | None = None
        self._collected: tuple[CollectedImage, ...] = ()
        for name, handler in (
            ("collectLoopImages", self.collect_loop_images),
            ("stopCollectLoopImages", self.stop_collect_loop_images),
            ("getLoopTip", self.get_loop_tip),
            ("getLoopInfo", self.get_loop_info),
            ("reboxLoopImage", self.rebox_loop_image),
            ("testAutoML", self.test_automl),
        ):
            self.dhs.operation(name)(handler)
        self.dhs.on_stop(self.close)

    @property
    def collected(self) -> tuple[CollectedImage, ...]:
        """The pictures of the last collectLoopImages, with their results."""
        with self._lock:
            return self._collected

    def close(self) -> None:
        """Cancel the calls to camera and inference server, and end the threads.

        The DHS cannot be started again afterwards.
        """
        self._automl.close()
        self._axis.close()
        self.receiver.close()
        self._workers.close()
        self._painter.close()
        with self._lock:
            self._is_closed = True
            if self._collecting is None:  # otherwise the collection is kept first
                self._keeper.close()
        self._threads.join(Deadline.after(CLOSE_S))

    def while_collecting(self) -> contextlib.AbstractContextManager[None]:
        """A context that lasts while pictures are wanted; for a subclass that simulates them."""
        return contextlib.nullcontext()

    # -- operations --------------------------------------------------------------------------

    def collect_loop_images(self, op: Operation) -> None:
        """Updates `start_oscillation`, then `LOOP_INFO ...` per picture; completes `done`.

        It ends when all pictures of one oscillation are answered; after stopCollectLoopImages, when
        all pictures received are answered; or at the deadline.
        """
        folder = self._run_folder(op)

        def report(image: CollectedImage) -> None:
            op.update(*image.update_words())
            if folder is not None:
                self._keeper.submit(lambda: folder.keep(image))  # `finish` keeps the rest

        collection = Collection(
            f"{op.name}:{op.handle}",
            expected=self.config.expected_images,
            predict=self._automl.predict,
            workers=self._workers,
            threshold=self.config.automl.threshold,
            labels=self.config.automl.loop_labels,
            mount_from=self.config.automl.mount_from,
            on_result=report,
        )
        with self._lock:
            if self._collecting is not None:
                op.fail("another collectLoopImages is under way")
                return
            self._collecting = collection
        try:
            self._collect(op, collection)
        finally:
            self.receiver.close()
            missing = collection.give_up()
            if folder is not None:
                self._finish(folder, collection.images)
            with self._lock:
                self._collecting = None
                self._collected = collection.images
                if self._is_closed:
                    self._keeper.close()
        if not op.finished:
            for image in missing:
                report(image)
            self._conclude(op, collection, len(missing))

    def stop_collect_loop_images(self, op: Operation) -> None:
        """End collectLoopImages with the pictures received so far; completes `flag set`."""
        with self._lock:
            collection = self._collecting
        if collection is not None:
            collection.close()
        op.complete("flag", "set")

    def get_loop_tip(self, op: Operation) -> None:
        """Takes 0, 1 or nothing; completes `tipX tipY`, and with 1 also `pinBaseX`."""
        word = op.args[0] if op.args else "0"
        if word not in ("0", "1"):
            op.fail(f"1 (with the pin), 0 or nothing wanted, got {word!r}")
            return
        info = self._look(op)
        if info is not None:
            with_pin = word == "1"
            op.complete(*info.tip_words(), *([round(info.pin_base_x, 5)] if with_pin else []))

    def get_loop_info(self, op: Operation) -> None:
        """Completes with the words of `LoopInfo.words`."""
        info = self._look(op)
        if info is not None:
            op.complete(*info.words())

    def rebox_loop_image(self, op: Operation) -> None:
        """Takes `index [start end]`; completes `index boxMinY boxMaxY loopWidth`."""
        images = self.collected
        word = op.args[0] if op.args else ""
        if not (word.isdigit() and word.isascii() and len(word) < len(str(1 << 31))):
            op.fail(f"index of a picture wanted, got {word!r}")
        elif int(word) >= len(images):
            op.fail(f"no picture {word}: the last collectLoopImages has {len(images)}")
        else:
            image = images[int(word)]
            if image.info is None or not image.info.found:
                op.fail(f"no loop in picture {word}")
            else:
                op.complete(*image.info.rebox_words(image.index))

    def test_automl(self, op: Operation) -> None:
        """Takes one snapshot; completes `key score minY minX maxY maxX class score`."""
        op.update(*["about", "to", "predict", "one", "test", "image"])
        try:
            found = op.wait(self._workers.call(lambda: self._predict_snapshot(TEST_KEY))).top
        except ServiceError as error:
            self._fail(op, str(error))
            return
        if found is None or not found.score:
            op.fail("the inference server found nothing in the picture")
            return
        box, score = found.box, round(found.score, 5)
        sides = (round(side, 5) for side in (box.min_y, box.min_x, box.max_y, box.max_x))
        op.complete(TEST_KEY, score, *sides, found.label or "none", score)

    # -- parts of the operations -------------------------------------------------------------

    def _collect(self, op: Operation, collection: Collection) -> None:
        try:
            self.receiver.open()
        except (ConfigError, MachineError) as error:
            self._fail(op, str(error))
            return
        op.update("start_oscillation")
        try:
            with self.while_collecting():
                op.wait(collection.done, self.config.collect_timeout_s)
        except TimeoutError:
            op.log.warning(
                "not all pictures within %g s: %d of %d came",
                self.config.collect_timeout_s,
                len(collection.images),
                self.config.expected_images,
            )

    def _conclude(self, op: Operation, collection: Collection, missing: int) -> None:
        images = collection.images
        found = sum(image.info is not None and image.info.found for image in images)
        op.log.info("%d pictures, %d with a loop, %d unanswered", len(images), found, missing)
        if not images:
            self._fail(op, self._why_no_picture())
        elif missing + len(collection.failures) == len(images):
            reason = collection.failures[0] if collection.failures else "no answer in time"
            self._fail(op, f"no picture analysed: {reason}")
        else:
            op.complete("done")

    def _why_no_picture(self) -> str:
        if self.receiver.last_refusal:
            return self.receiver.last_refusal
        host = self.config.jpeg_receiver.host
        advice = "is the camera set to post to this machine and port?"
        if is_loopback(host):
            advice = "a camera elsewhere needs jpeg_receiver: host: 0.0.0.0"
        return f"no picture came to {HostPort(host, self.receiver.port)}; {advice}"

    def _fail(self, op: Operation, reason: str, level: int = logging.WARNING) -> None:
        """Log the whole reason; DCSS gets 90 bytes of it, so a URL is cut to its host and port."""
        op.log.log(level, "%s", reason)
        op.fail(_URL.sub(r"\1", reason, count=1))

    def _look(self, op: Operation) -> LoopInfo | None:
        """The loop in a snapshot; None (and the operation failed) if there is no loop."""
        try:
            info = op.wait(self._workers.call(lambda: self._analyse_snapshot(op)))
        except ServiceError as error:
            self._fail(op, str(error))
            return None
        if not info.found:
            self._fail(op, info.reason, logging.INFO)
            return None
        return info

    def _analyse_snapshot(self, op: Operation) -> LoopInfo:
        automl = self.config.automl
        prediction = self._predict_snapshot(f"{op.name}:{op.handle}")
        return LoopInfo.of(prediction, automl.threshold, automl.loop_labels, automl.mount_from)

    def _predict_snapshot(self, key: str) -> Prediction:
        picture = self._axis.snapshot(AxisSnapshotRequest(camera=self.config.axis.camera))
        return self._automl.predict(PredictRequest(key, picture.data))

    def _take_image(self, image: ReceivedImage) -> None:
        with self._lock:
            collection = self._collecting
        if collection is None or not collection.add(image.data):
            logger.debug("picture from %s ignored: no collection wants it", image.peer)

    def _finish(self, folder: RunFolder, images: Sequence[CollectedImage]) -> None:
        """Keep the rest of a collection, and draw it; returns at once."""

        def finish() -> None:
            path = folder.finish(images)
            if path is not None:
                self._painter.draw(path)

        if not self._keeper.submit(finish):
            reason = "the disk is too slow, no thread is left, or the DHS ends"
            logger.warning("the table of a collection is not kept: %s", reason)

    def _run_folder(self, op: Operation) -> RunFolder | None:
        config = self.config
        if not config.save_image_files:
            return None
        name = re.sub(r"\W", "_", f"{op.name}{op.handle}")
        return RunFolder(config.save_image_dir, name, config.degrees_per_picture)
