"""What DCSS is told when no loop can be looked for: at most 90 bytes, and they say what to do."""

import json
from collections.abc import Iterator

import pytest
import requests

from dhs_lab.simulators.dcss import Completion
from dhs_runtime.loop.config import AutoMLConfig, AxisConfig
from tests.loop.test_loop_dhs import DEADLINE_S, Beamline
from tests.services.peers import Peer, Script, Wire, answering, json_reply, reply

MOST_BYTES = 90
BOX = [0.2, 0.3, 0.4, 0.5]
Row = tuple[object, object, object]


@pytest.fixture
def beamline() -> Iterator[Beamline]:
    beamline = Beamline()
    with beamline.dcss, beamline.axis, beamline.automl:
        yield beamline
        assert beamline.stop() == ()


def finding(*rows: Row) -> Script:
    """An inference server that finds rows of score, label and box in every picture."""

    def script(wire: Wire) -> None:
        while (request := wire.request()) is not None:
            entry = {
                "key": json.loads(request.body)["instances"][0]["key"],
                "detection_scores": [score for score, _, _ in rows],
                "detection_classes_as_text": [label for _, label, _ in rows],
                "detection_boxes": [box for _, _, box in rows],
            }
            wire.send(json_reply({"predictions": [entry]}))

    return script


PIN: Row = (0.9, "pin", [0.4, 0.0, 0.5, 0.2])
TROUBLES: dict[str, tuple[Script, str]] = {
    "a loop in pixels, and a pin": (
        finding((0.9, "nylon", [100, 200, 300, 400]), PIN),
        "detection_boxes[0] is in pixels",
    ),
    "a loop without a score": (finding((None, "nylon", BOX), PIN), "is not a number but None"),
    "a score of nan": (finding((float("nan"), "nylon", BOX), PIN), "is not a number but nan"),
    "a score in percent": (finding((90, "nylon", BOX), PIN), "is not 0 to 1 but 90"),
    "an error of the server": (
        answering(json_reply({"error": "Invalid JPEG data"}, "400 Bad Request")),
        "answered 400: Invalid JPEG data",
    ),
    "a page of a proxy": (answering(reply(b"<html>Log in</html>", "text/html")), "not JSON"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("operation", ["getLoopTip", "getLoopInfo", "collectLoopImages"])
def test_a_loop_that_could_not_be_read_is_no_picture_without_one(
    beamline: Beamline, operation: str, trouble: str
) -> None:
    script, reason = TROUBLES[trouble]
    with Peer(script) as peer:
        where = AutoMLConfig(host="127.0.0.1", port=peer.listener.port)
        beamline.start(automl=where)
        is_look = operation.startswith("get")
        ended = beamline.ask(operation) if is_look else beamline.collect().wait(DEADLINE_S)
        beamline.stop()
    assert ended.status == "error"
    assert "no loop" not in ended.text
    assert reason.replace("[", "(").replace("]", ")") in ended.text.replace("[", "(").replace(
        "]", ")"
    )
    assert len(ended.text.encode()) <= MOST_BYTES


def test_a_class_that_is_no_loop_is_named(beamline: Beamline) -> None:
    with Peer(finding((0.9, "Nylon\n", BOX), PIN)) as peer:
        beamline.start(automl=AutoMLConfig(host="127.0.0.1", port=peer.listener.port))
        told = "no loop detected, best score 0.000; not in automl.loop_labels: Nylon"
        assert beamline.ask("getLoopTip") == Completion("error", told)
        assert beamline.collect().wait(DEADLINE_S) == Completion("normal", "done")
        beamline.stop()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply(b"", "text/html", "401 Unauthorized"), "it wants a user and a password"),
        (reply(b"", "text/html", "302 Found", "Location: /login.html"), "/login.html: use that"),
        (reply(b"<html>", "text/html"), "sent no JPEG but text/html that begins"),
    ],
)
def test_a_camera_that_gives_no_picture_is_told_with_what_to_do(
    beamline: Beamline, answer: bytes, reason: str
) -> None:
    with Peer(answering(answer)) as peer:
        beamline.start(axis=AxisConfig(host="127.0.0.1", port=peer.listener.port))
        for operation in ("getLoopTip", "testAutoML"):
            ended = beamline.ask(operation)
            assert ended.status == "error"
            assert reason in ended.text
        beamline.stop()


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Content-Type": "text/plain"}, "not text/plain"),
        ({"Content-Type": "image/jpeg"}, "b'no pictu'"),
    ],
)
def test_a_picture_that_was_refused_is_the_reason(
    beamline: Beamline, headers: dict[str, str], reason: str
) -> None:
    beamline.start()
    run = beamline.dcss.start_operation("collectLoopImages")
    run.wait_update("start_oscillation", DEADLINE_S)
    url = beamline.loop.receiver.url
    assert requests.post(url, b"no picture", headers=headers, timeout=DEADLINE_S).status_code == 415
    beamline.ask("stopCollectLoopImages")
    ended = run.wait(DEADLINE_S)
    assert ended.status == "error"
    assert ended.text.startswith("refused a picture from 127.0.0.1: ")
    assert ended.text.endswith(reason)
