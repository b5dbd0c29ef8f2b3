"""The inference server over a socket: replies, refusals, faults."""

import io
import json
import logging
import socket
import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
import requests
from PIL import Image

from dhs_lab.simulators import automl_wire as wire
from dhs_lab.simulators import http_simulator
from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.detector import PixelDetection
from dhs_lab.simulators.scene import Scene
from dhs_runtime.clock import Deadline
from dhs_runtime.errors import StopTimeoutError
from tests.lab.simulators.boxes import iou
from tests.lab.simulators.questions import PREDICT, SCENE, TIMEOUT_S, ask, instance, refused
from tests.lab.simulators.receivers import ended, hangs
from tests.runtime.peers import AT_ONCE_S
from tests.shared import shared_path


def test_a_prediction_says_where_the_loop_is(
    automl: SimulatedAutoML, session: requests.Session
) -> None:
    answer = ask(session, automl, instance(key="op:1.2:7"))
    assert answer.status_code == 200
    (prediction,) = answer.json()["predictions"]
    assert prediction["key"] == "op:1.2:7"
    labels = prediction["detection_classes_as_text"]
    truth = SCENE.truth(0)
    for label, number, expected in (("nylon", 1.0, truth.loop_px), ("pin", 3.0, truth.pin_px)):
        index = labels.index(label)
        top, left, bottom, right = prediction["detection_boxes"][index]
        assert expected is not None
        assert iou((left * 704, top * 480, right * 704, bottom * 480), expected) > 0.8
        assert prediction["detection_classes"][index] == number
        tip = prediction["detection_tips"][index]
        assert truth.tip_px is not None
        if label == "pin":
            assert tip is None
        else:
            assert (tip[1] * 704, tip[0] * 480) == pytest.approx(truth.tip_px, abs=4)
        score = prediction["detection_scores"][index]
        assert score > 0.5
        assert prediction["detection_multiclass_scores"][index][int(number)] == score
    assert automl.served == 1


def test_the_reply_has_the_shape_of_a_recorded_one(
    automl: SimulatedAutoML, session: requests.Session
) -> None:
    recorded = json.loads(shared_path("images/automl_reply.json").read_text())
    ours = ask(session, automl, instance()).json()
    assert ours.keys() == recorded.keys()
    (theirs,), (prediction,) = recorded["predictions"], ours["predictions"]
    assert prediction.keys() - theirs.keys() == {"detection_tips"}  # ours: AutoML knows no tips
    assert theirs.keys() < prediction.keys()
    for name, value in theirs.items():
        assert type(prediction[name]) is type(value), name
        if isinstance(value, list):
            assert len(prediction[name]) == len(value), name
            assert type(prediction[name][0]) is type(value[0]), name
    assert prediction["num_detections"] == theirs["num_detections"]
    assert prediction["image_info"] == theirs["image_info"]
    scores = prediction["detection_scores"]
    assert scores == sorted(scores, reverse=True)


def test_several_pictures_are_answered_in_their_order(
    automl: SimulatedAutoML, session: requests.Session
) -> None:
    angles = {"a": 0, "b": 90, "c": 45}
    instances = [instance(SCENE.jpeg(angle), key) for key, angle in angles.items()]
    predictions = ask(session, automl, *instances).json()["predictions"]
    assert [each["key"] for each in predictions] == ["a", "b", "c"]
    heights = [
        box[2] - box[0]
        for each in predictions
        for box, label in zip(
            each["detection_boxes"], each["detection_classes_as_text"], strict=True
        )
        if label == "nylon" and box[2]
    ]
    assert heights[1] < heights[2] < heights[0]
    assert automl.served == 3


def test_a_picture_without_anything_gets_only_padding(
    automl: SimulatedAutoML, session: requests.Session
) -> None:
    empty = Scene(has_loop=False, pin_end_px=0).jpeg(0)
    (prediction,) = ask(session, automl, instance(empty)).json()["predictions"]
    assert prediction["detection_scores"] == [0.0] * 40
    assert prediction["detection_boxes"] == [[0.0] * 4] * 40


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP"])
def test_other_formats_and_no_key(
    automl: SimulatedAutoML, session: requests.Session, kind: str
) -> None:
    file = io.BytesIO()
    SCENE.render(0).save(file, kind)
    question = instance(file.getvalue())
    del question["key"]
    (prediction,) = ask(session, automl, question).json()["predictions"]
    assert prediction["key"] == ""
    assert prediction["detection_scores"][0] > 0.5


def test_the_state_of_the_model(automl: SimulatedAutoML, session: requests.Session) -> None:
    def state() -> str:
        answer = session.get(f"{automl.url}/v1/models/default", timeout=TIMEOUT_S)
        assert answer.status_code == 200
        (version,) = answer.json()["model_version_status"]
        assert version["status"] == {"error_code": "OK", "error_message": ""}
        return str(version["state"])

    assert state() == "AVAILABLE"
    automl.faults.model_state = "LOADING"
    assert state() == "LOADING"
    assert "not found" in refused(ask(session, automl, instance()), 404)
    automl.faults.clear()
    assert state() == "AVAILABLE"
    assert ask(session, automl, instance()).status_code == 200


def test_other_paths_are_not_found(automl: SimulatedAutoML, session: requests.Session) -> None:
    for path in ("/", "/v1/models/other", "/v1/models/default:predict"):
        refused(session.get(automl.url + path, timeout=TIMEOUT_S), 404)
    for path in ("/", "/v1/models/other:predict", "/v1/models/default"):
        refused(session.post(automl.url + path, data=b"{}", timeout=TIMEOUT_S), 404)


def test_another_name_of_the_model(session: requests.Session) -> None:
    with SimulatedAutoML(model="loops") as server:
        answer = session.get(f"{server.url}/v1/models/loops", timeout=TIMEOUT_S)
        assert answer.status_code == 200
        refused(ask(session, server, instance()), 404)


def test_another_detector(session: requests.Session) -> None:
    seen: list[tuple[str, tuple[int, int]]] = []

    def fifty(image: Image.Image) -> Sequence[PixelDetection]:
        seen.append((image.mode, image.size))
        box = (-10.0, 24.0, 352.0, 960.0)
        return [PixelDetection("mitegen", index / 100, box) for index in range(50)]

    with SimulatedAutoML(detect=fifty) as server:
        (prediction,) = ask(session, server, instance()).json()["predictions"]
    assert seen == [("RGB", (704, 480))]
    assert prediction["detection_scores"] == [index / 100 for index in range(49, 9, -1)]
    assert set(prediction["detection_classes"]) == {2.0}
    assert prediction["detection_boxes"][0] == [0.05, 0.0, 1.0, 0.5]


@pytest.mark.parametrize("label", ["nylon", "unicorn"])
def test_a_detector_that_fails_is_an_error_of_the_server(
    session: requests.Session, caplog: pytest.LogCaptureFixture, label: str
) -> None:
    def broken(image: Image.Image) -> Sequence[PixelDetection]:
        if label == "nylon":
            raise RuntimeError("out of order")
        return [PixelDetection(label, 0.9, (0, 0, 1, 1))]

    with SimulatedAutoML(detect=broken) as server:
        for _ in range(2):
            reason = refused(ask(session, server, instance()), 500)
            assert "out of order" in reason or label in reason
        assert server.served == 0
    assert "the detector failed" in caplog.text


def test_faults_come_in_the_order_they_were_asked_for(
    automl: SimulatedAutoML, session: requests.Session
) -> None:
    automl.faults.fail_next(503, 2)
    automl.faults.cut_next()
    for _ in range(2):
        refused(ask(session, automl, instance()), 503)
    with pytest.raises(requests.RequestException):
        ask(session, automl, instance())
    assert ask(session, automl, instance()).status_code == 200
    automl.faults.fail_next(500)
    refused(session.get(f"{automl.url}/v1/models/default", timeout=TIMEOUT_S), 500)


def test_a_delay_and_a_hang_of_some_time(
    automl: SimulatedAutoML, session: requests.Session
) -> None:
    ask(session, automl, instance())
    automl.faults.delay_s = 0.15
    started = time.monotonic()
    assert ask(session, automl, instance()).status_code == 200
    assert time.monotonic() - started >= 0.15
    automl.faults.clear()
    automl.faults.hang(0.2)
    started = time.monotonic()
    assert ask(session, automl, instance()).status_code == 200
    assert time.monotonic() - started >= 0.19


@pytest.mark.parametrize("end", ["event", "clear"])
def test_a_hang_ends_when_it_is_told_to(
    automl: SimulatedAutoML, session: requests.Session, end: str
) -> None:
    event = threading.Event()
    automl.faults.hang(event)
    with pytest.raises(requests.ReadTimeout):
        session.get(f"{automl.url}/v1/models/default", timeout=0.1)
    if end == "event":
        event.set()
    else:
        automl.faults.clear()
    assert ask(session, automl, instance()).status_code == 200


@pytest.mark.parametrize("wait", ["hang", "delay"])
def test_a_stop_ends_what_waits_at_once(wait: str) -> None:
    with SimulatedAutoML() as server:
        if wait == "hang":
            server.faults.hang(threading.Event())
        else:
            server.faults.delay_s = 60.0
        with socket.create_connection((server.host, server.port), timeout=TIMEOUT_S) as sock:
            sock.sendall(b"GET /v1/models/default HTTP/1.1\r\n\r\n")
            assert hangs(sock)
            started = time.monotonic()
            server.stop()
            assert time.monotonic() - started < AT_ONCE_S
            assert ended(sock)


def test_start_and_stop_may_follow_each_other(
    session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dhs_lab.simulators")
    server = SimulatedAutoML()
    assert server.port == 0
    server.stop()
    ports = []
    for _ in range(2):
        server.start()
        server.start()
        ports.append(server.port)
        assert ask(session, server, instance()).status_code == 200
        server.stop()
        server.stop()
    assert ports[0] == ports[1] > 0
    assert server.host == "127.0.0.1"
    assert caplog.text.count(server.url) == 2


def test_a_detector_that_outlives_the_stop_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_simulator, "_STOP_S", 0.05)
    entered, release = threading.Event(), threading.Event()

    def slow(image: Image.Image) -> Sequence[PixelDetection]:
        entered.set()
        release.wait(TIMEOUT_S)
        return []

    server = SimulatedAutoML(detect=slow)
    server.start()
    body = json.dumps({"instances": [instance()]}).encode()
    with socket.create_connection((server.host, server.port), timeout=TIMEOUT_S) as sock:
        head = f"POST {PREDICT} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        sock.sendall(head + body)
        assert entered.wait(TIMEOUT_S)
        with pytest.raises(StopTimeoutError, match="automl-1"):
            server.stop()
        release.set()
        deadline = Deadline.after(TIMEOUT_S)
        while not deadline.passed and sock.recv(1024):
            pass
    monkeypatch.setattr(http_simulator, "_STOP_S", 5.0)
    server.stop()


def test_a_picture_of_16_bits_is_scaled() -> None:
    shades = np.linspace(0, 65535, 256).astype(np.uint16).reshape(1, 256)
    file = io.BytesIO()
    Image.fromarray(shades).save(file, "PNG")
    image = wire.decode_image(file.getvalue())
    assert image.mode == "RGB"
    assert np.asarray(image)[0, :, 0].tolist() == list(range(256))
