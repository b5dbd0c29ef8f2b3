import threading
from collections.abc import Iterator

import pytest

from dhs_runtime import ServiceTimeoutError, TaskFinishedError
from dhs_runtime.clock import Deadline
from dhs_runtime.loop.collection import CollectedImage, Collection, Predict
from dhs_runtime.scheduling import Workers
from dhs_runtime.services.automl import Box, Detection, Prediction, PredictRequest
from dhs_runtime.threads import ThreadGroup

DEADLINE_S = 20.0


def find_loop(request: PredictRequest) -> Prediction:
    return Prediction(request.key, (Detection(0.9, "nylon", Box(0.1, 0.1, 0.2, 0.2)),))


@pytest.fixture
def workers() -> Iterator[Workers]:
    group = ThreadGroup()
    workers = Workers(group, "call", 2, 100)
    yield workers
    workers.close()
    assert group.join(Deadline.after(DEADLINE_S)) == ()


class Collecting:
    def __init__(self, workers: Workers, predict: Predict = find_loop, expected: int = 3) -> None:
        self.reported: list[int] = []
        self.error: Exception | None = None
        self.collection = Collection(
            "op:1.1",
            expected=expected,
            predict=predict,
            workers=workers,
            threshold=0.5,
            on_result=self.report,
        )

    def report(self, image: CollectedImage) -> None:
        self.reported.append(image.index)
        if self.error is not None:
            raise self.error


def test_done_when_the_expected_pictures_are_answered(workers: Workers) -> None:
    keys: list[str] = []

    def predict(request: PredictRequest) -> Prediction:
        keys.append(request.key)
        return find_loop(request)

    collecting = Collecting(workers, predict)
    assert [collecting.collection.add(b"%d" % n) for n in range(4)] == [True, True, True, False]
    collecting.collection.done.result(DEADLINE_S)
    assert sorted(collecting.reported) == [0, 1, 2]
    assert sorted(keys) == ["op:1.1:0", "op:1.1:1", "op:1.1:2"]
    images = collecting.collection.images
    assert [image.data for image in images] == [b"0", b"1", b"2"]
    assert all(image.info is not None and image.info.found for image in images)
    collecting.collection.close()  # changes nothing


def test_close_ends_it_with_what_came(workers: Workers) -> None:
    collecting = Collecting(workers, expected=100)
    collecting.collection.add(b"one")
    collecting.collection.close()
    collecting.collection.done.result(DEADLINE_S)
    assert not collecting.collection.add(b"late")
    assert collecting.reported == [0]


def test_a_failed_prediction_is_an_answer(workers: Workers) -> None:
    def predict(_: PredictRequest) -> Prediction:
        raise ServiceTimeoutError("no answer")

    collecting = Collecting(workers, predict, expected=1)
    collecting.collection.add(b"x")
    collecting.collection.done.result(DEADLINE_S)
    assert collecting.collection.failures == ["no answer"]
    (image,) = collecting.collection.images
    assert image.info is not None
    assert image.info.status == "failed"


@pytest.mark.parametrize("error", [TaskFinishedError("over"), ValueError("odd"), OSError("disk")])
def test_a_report_that_fails_does_not_hold_up_the_end(workers: Workers, error: Exception) -> None:
    collecting = Collecting(workers, expected=2)
    collecting.error = error
    collecting.collection.add(b"1")
    collecting.collection.add(b"2")
    collecting.collection.done.result(DEADLINE_S)


def test_give_up_names_what_is_missing_and_late_answers_are_not_reported(workers: Workers) -> None:
    release = threading.Event()

    def predict(request: PredictRequest) -> Prediction:
        assert release.wait(DEADLINE_S)
        return find_loop(request)

    collecting = Collecting(workers, predict, expected=1)
    collecting.collection.add(b"x")
    (missing,) = collecting.collection.give_up()
    assert missing.info is not None
    assert not missing.info.found
    release.set()
    workers.call(lambda: None).result(DEADLINE_S)
    assert collecting.reported == []


def test_without_a_free_thread_the_picture_counts_as_failed() -> None:
    group = ThreadGroup()
    workers = Workers(group, "call", 1, 0)
    workers.close()
    collecting = Collecting(workers, expected=1)
    collecting.collection.add(b"x")
    collecting.collection.done.result(DEADLINE_S)
    assert collecting.collection.failures == [
        "too many pictures wait, no thread is left, or the DHS ends"
    ]
