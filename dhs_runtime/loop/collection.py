"""`Collection`: the pictures of one collectLoopImages, from their arrival to their answers.

The receiver's threads `add` pictures. Each goes to the inference server at once, a few at a time,
and each answer is stored and reported. `done` resolves when no more pictures will come and all are
answered.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import attrs

from dhs_runtime.errors import ServiceError, TaskFinishedError
from dhs_runtime.loggers import get_logger
from dhs_runtime.loop.info import FAILED, LOOPS, LoopInfo
from dhs_runtime.operation import Argument
from dhs_runtime.scheduling import Workers
from dhs_runtime.services.automl import Prediction, PredictRequest
from dhs_runtime.services.mount_sides import MountFrom

logger = get_logger(__name__)

Predict = Callable[[PredictRequest], Prediction]
OnResult = Callable[["CollectedImage"], None]


@attrs.define
class CollectedImage:
    """One picture: its number, its bytes, and its result (None until it is answered)."""

    index: int
    data: bytes
    info: LoopInfo | None = None

    def update_words(self) -> list[Argument]:
        """The words of its update; empty until it is answered."""
        return [] if self.info is None else self.info.update_words(self.index)


class Collection:
    """The pictures of one collectLoopImages; any thread may call any method."""

    def __init__(
        self,
        key: str,
        *,
        expected: int,
        predict: Predict,
        workers: Workers,
        threshold: float,
        labels: Sequence[str] = LOOPS,
        mount_from: MountFrom = "any",
        on_result: OnResult,
    ) -> None:
        """A collection.

        Args:
            key: Prefix of the keys for the inference server.
            expected: Number of pictures after which no more are accepted.
            predict: Asks the inference server.
            workers: The threads that ask.
            threshold: Lowest score of a loop.
            labels: Classes that count as a loop.
            mount_from: Side of the picture that the mount comes from.
            on_result: Called with each answered picture, in one thread at a time.
        """
        self.done: Future[None] = Future()
        self.failures: list[str] = []
        self._key = key
        self._expected = expected
        self._predict = predict
        self._workers = workers
        self._threshold = threshold
        self._labels = labels
        self._mount_from = mount_from
        self._on_result = on_result
        self._lock = threading.Lock()  # guards the lists, counters and _open
        self._report_lock = threading.Lock()  # one result is reported at a time
        self._images: list[CollectedImage] = []
        self._answered = 0
        self._open = True

    @property
    def images(self) -> tuple[CollectedImage, ...]:
        """The pictures so far, in order of arrival."""
        with self._lock:
            return tuple(self._images)

    def add(self, data: bytes) -> bool:
        """Add one picture; False if no more are accepted."""
        with self._lock:
            if not self._open:
                return False
            image = CollectedImage(len(self._images), data)
            self._images.append(image)
            self._open = len(self._images) < self._expected
        if not self._workers.submit(lambda: self._analyse(image)):
            reason = "too many pictures wait, no thread is left, or the DHS ends"
            self._answer(image, LoopInfo(status=FAILED), reason)
        return True

    def close(self) -> None:
        """Accept no more pictures; `done` resolves with the last answer."""
        with self._lock:
            self._open = False
        self._settle()

    def give_up(self) -> tuple[CollectedImage, ...]:
        """Accept no more pictures; mark the unanswered ones as failed, unreported; return them."""
        self.close()
        with self._report_lock, self._lock:  # after a report that is under way
            missing = tuple(image for image in self._images if image.info is None)
            for image in missing:
                image.info = LoopInfo(status=FAILED)
        return missing

    def _analyse(self, image: CollectedImage) -> None:
        try:
            found = self._predict(PredictRequest(f"{self._key}:{image.index}", image.data))
        except ServiceError as error:
            self._answer(image, LoopInfo(status=FAILED), str(error))
            return
        info = LoopInfo.of(found, self._threshold, self._labels, self._mount_from)
        self._answer(image, info, info.reason if found.refused else "")

    def _answer(self, image: CollectedImage, info: LoopInfo, failure: str) -> None:
        if failure:
            logger.warning("picture %d: %s", image.index, failure)
        unreported: Exception | None = None
        with self._report_lock:
            with self._lock:
                if image.info is not None:  # `give_up` was faster
                    return
                image.info = info
                if failure:
                    self.failures.append(failure)
            try:
                self._on_result(image)
            except Exception as error:  # noqa: BLE001 - it is logged
                unreported = error
        if isinstance(unreported, TaskFinishedError):
            logger.debug("picture %d answered after the operation's end", image.index)
        elif unreported is not None:
            logger.error("picture %d: result not reported", image.index, exc_info=unreported)
        with self._lock:
            self._answered += 1
        self._settle()

    def _settle(self) -> None:
        with self._lock:
            if self._open or self._answered < len(self._images) or self.done.done():
                return
            self.done.set_result(None)
