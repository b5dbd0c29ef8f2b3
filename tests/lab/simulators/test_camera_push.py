"""Pictures posted by the camera: form, pace, angles, and receivers that misbehave."""

import re
import threading
import time
from contextlib import closing
from itertools import pairwise

import pytest

from dhs_lab.simulators.axis import SimulatedAxis
from dhs_lab.simulators.scene import Scene
from tests.lab.simulators.boxes import open_jpeg
from tests.lab.simulators.receivers import Receiver

TIMEOUT_S = 20.0
PAUSE_S = 0.1
SCENE = Scene()


def test_pictures_come_as_an_axis_rule_sends_them(axis: SimulatedAxis, receiver: Receiver) -> None:
    push = axis.push(receiver.url, 100, max_images=5)
    assert push.wait(TIMEOUT_S)
    assert push.errors == ()
    posted = receiver.posted
    assert [each.headers["Content-Disposition"] for each in posted] == [
        f'attachment; filename="image000{number}.jpg"' for number in range(1, 6)
    ]
    assert {each.headers["Content-Type"] for each in posted} == {"image/jpeg"}
    assert all("Expect" not in each.headers for each in posted)
    assert len({each.client for each in posted}) == 1  # one connection, kept
    assert [each.body for each in posted] == [frame.jpeg for frame in push.sent]
    assert [frame.sequence for frame in push.sent] == [1, 2, 3, 4, 5]
    assert open_jpeg(posted[0].body).size == (704, 480)


def test_a_body_may_be_announced(axis: SimulatedAxis, receiver: Receiver) -> None:
    push = axis.push(receiver.url, 100, max_images=2, expect_continue=True)
    assert push.wait(TIMEOUT_S)
    assert [each.headers["Expect"] for each in receiver.posted] == ["100-continue"] * 2
    assert len(push.sent) == 2


def test_the_sample_turns_evenly_over_a_push(axis: SimulatedAxis, receiver: Receiver) -> None:
    push = axis.push(receiver.url, 60, max_images=12, rotate=(30, 90))
    assert push.wait(TIMEOUT_S)
    frames = push.sent
    assert [frame.angle_deg for frame in frames] == [30 + 5 * index for index in range(12)]
    for frame in frames:
        assert frame.jpeg == SCENE.jpeg(frame.angle_deg)
        assert frame.truth == SCENE.truth(frame.angle_deg)
    assert axis.angle_deg > 85


def test_a_push_without_rotation_shows_the_angle_of_the_camera(
    axis: SimulatedAxis, receiver: Receiver
) -> None:
    axis.angle_deg = 42
    push = axis.push(receiver.url, 50, duration_s=0.1)
    assert push.wait(TIMEOUT_S)
    assert [frame.angle_deg for frame in push.sent] == [42] * 5


def test_the_pace_is_kept_without_drift(axis: SimulatedAxis, receiver: Receiver) -> None:
    started = time.monotonic()
    push = axis.push(receiver.url, 50, duration_s=0.5)
    assert push.wait(TIMEOUT_S)
    taken = [frame.taken_s for frame in push.sent]
    assert len(taken) == 25
    assert taken[-1] - taken[0] == pytest.approx(24 / 50, abs=1e-6)
    assert all(frame.sent_s >= frame.taken_s for frame in push.sent)
    assert time.monotonic() - started >= 24 / 50


def test_late_pictures_are_sent_late_and_not_left_out() -> None:
    hold = threading.Event()

    def answer(number: int) -> int:
        if number == 2:
            hold.wait(TIMEOUT_S)
        return 200

    receiver = Receiver(answer)
    receiver.listener.open()
    with closing(receiver.listener), SimulatedAxis() as camera:
        push = camera.push(receiver.url, 1 / PAUSE_S, max_images=8, rotate=(0, 16))
        receiver.wait(2)
        begun = time.monotonic()
        while time.monotonic() < begun + 7 * PAUSE_S:  # until the last was due
            assert not push.wait(0.01)
        assert len(receiver.posted) == 2
        hold.set()
        assert push.wait(TIMEOUT_S)
        assert [frame.angle_deg for frame in push.sent] == [2 * index for index in range(8)]
        assert push.sent[2].sent_s - push.sent[2].taken_s > 5 * PAUSE_S
        sent = [frame.sent_s for frame in push.sent[2:]]
        assert min(after - before for before, after in pairwise(sent)) < PAUSE_S  # no pauses


def test_the_lesser_of_time_and_number_counts(axis: SimulatedAxis, receiver: Receiver) -> None:
    for duration_s, max_images in ((10.0, 2), (0.02, 50)):
        push = axis.push(receiver.url, 100, duration_s=duration_s, max_images=max_images)
        assert push.wait(TIMEOUT_S)
        assert len(push.sent) == 2


def test_without_an_end_it_goes_on_until_it_is_stopped(
    axis: SimulatedAxis, receiver: Receiver
) -> None:
    push = axis.push(receiver.url, 200)
    receiver.wait(5)
    assert not push.wait(0)
    push.stop()
    assert push.wait(TIMEOUT_S)
    assert len(push.sent) >= 4


def test_refusals_are_noted_and_the_rest_goes_on() -> None:
    receiver = Receiver(lambda number: {2: 503, 3: 302}.get(number, 200))
    receiver.listener.open()
    with closing(receiver.listener), SimulatedAxis() as camera:
        push = camera.push(receiver.url, 100, max_images=5)
        assert push.wait(TIMEOUT_S)
        assert push.errors == ("image 2: answered 503", "image 3: answered 302")
        assert [frame.sequence for frame in push.sent] == [1, 4, 5]


def test_a_picture_cut_short_ends_its_connection_only(
    axis: SimulatedAxis, receiver: Receiver
) -> None:
    push = axis.push(receiver.url, 100, max_images=4, cut_images=(2,))
    assert push.wait(TIMEOUT_S)
    assert [frame.sequence for frame in push.sent] == [1, 3, 4]
    (error,) = push.errors
    assert error.startswith("image 2: ")
    assert len(receiver.wait(3)) == 3
    assert receiver.listener.close(TIMEOUT_S) == ()
    (reason,) = receiver.refused
    half, whole = map(int, re.findall(r"\d+", reason))
    assert half == whole // 2 > 0


def test_nobody_there(axis: SimulatedAxis) -> None:
    receiver = Receiver()
    receiver.listener.open()
    receiver.listener.close()
    push = axis.push(receiver.url, 100, max_images=3)
    assert push.wait(TIMEOUT_S)
    assert push.sent == ()
    assert [error.split(":")[0] for error in push.errors] == ["image 1", "image 2", "image 3"]


def test_the_log_has_a_trouble_once_and_its_end(
    axis: SimulatedAxis, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver(lambda number: {2: 503, 3: 503, 4: 302, 6: 503}.get(number, 200))
    receiver.listener.open()
    with closing(receiver.listener):
        assert axis.push(receiver.url, 100, max_images=7).wait(TIMEOUT_S)
    logged = [record.getMessage().partition(": ")[2] for record in caplog.records]
    assert [text for text in logged if text.startswith("image")] == [
        "image 2: answered 503",
        "image 4: answered 302",
        "image 5 is accepted again",
        "image 6: answered 503",
        "image 7 is accepted again",
    ]


def test_a_receiver_that_hangs_up_and_comes_back(axis: SimulatedAxis, receiver: Receiver) -> None:
    first = axis.push(receiver.url, 100, max_images=2)
    assert first.wait(TIMEOUT_S)
    receiver.listener.close()
    receiver.listener.open()
    second = axis.push(receiver.url, 100, max_images=2)
    assert second.wait(TIMEOUT_S)
    assert len(second.sent) == 2


def test_a_stop_before_the_connection_is_up_holds(axis: SimulatedAxis, receiver: Receiver) -> None:
    for _ in range(20):  # at many moments of the first picture
        push = axis.push(receiver.url, 100)
        push.stop()
        assert push.wait(TIMEOUT_S)
        assert push.errors == ()


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "ftp://127.0.0.1/", "127.0.0.1", "http://"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="http://HOST:PORT"):
        SimulatedAxis().push(url, 30)


def test_what_makes_no_sense_is_refused() -> None:
    camera = SimulatedAxis()
    with pytest.raises(ValueError, match="fps"):
        camera.push("http://127.0.0.1:9/", 0)
    with pytest.raises(ValueError, match="count"):
        camera.push("http://127.0.0.1:9/", 30, max_images=0)
    with pytest.raises(ValueError, match="rotation"):
        camera.push("http://127.0.0.1:9/", 30, rotate=(0, 90))
