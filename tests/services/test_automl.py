"""`AutoMLClient` with servers that answer like TensorFlow Serving, or wrongly."""

import base64
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhs_runtime.errors import ConfigError, ServiceError, ServiceReplyError, ServiceUnavailableError
from dhs_runtime.services import automl
from dhs_runtime.services.automl import (
    AutoMLClient,
    Box,
    Detection,
    ModelStatus,
    Prediction,
    PredictRequest,
)
from tests.runtime.peers import AT_ONCE_S, free_port
from tests.services.conftest import Serving
from tests.services.peers import (
    PATIENCE_S,
    Wire,
    answering,
    json_reply,
    reply,
    silent,
)

SAMPLE = Path(__file__).parents[3] / "shared" / "images" / "automl_reply.json"

ENTRY: dict[str, object] = {
    "key": "k",
    "num_detections": 2.0,
    "detection_boxes": [[0.1, 0.2, 0.3, 0.4], [0.0, 0.0, 1.0, 1.0], [0, 0, 0, 0]],
    "detection_scores": [0.25, 0.75, 0.0],
    "detection_classes_as_text": ["nylon", "pin", ""],
}
PREDICTION = Prediction(
    "k",
    (
        Detection(0.75, "pin", Box(0.0, 0.0, 1.0, 1.0)),
        Detection(0.25, "nylon", Box(0.2, 0.1, 0.4, 0.3)),
    ),
)
REQUEST = PredictRequest("k", b"\xff\xd8\xff")
AVAILABLE = {
    "version": "1",
    "state": "AVAILABLE",
    "status": {"error_code": "OK", "error_message": ""},
}


def predicted(serving: Serving, value: object, status: str = "200 OK") -> Prediction:
    with AutoMLClient(serving(answering(json_reply(value, status))).url) as client:
        return client.predict(REQUEST)


# --- values


def test_boxes_have_a_size() -> None:
    box = Box(0.25, 0.5, 0.75, 0.625)
    assert (box.width, box.height) == (0.5, 0.125)


def test_the_best_detection_is_picked_by_label_and_score() -> None:
    pin, nylon = PREDICTION.detections
    assert PREDICTION.top == PREDICTION.best() == pin
    assert PREDICTION.best("nylon", "mitegen") == nylon
    assert PREDICTION.best("nylon", "pin") == pin
    assert PREDICTION.best("nylon", threshold=0.25) == nylon
    assert PREDICTION.best("nylon", threshold=0.26) is None
    assert PREDICTION.best("mitegen") is None
    assert Prediction("k", ()).top is None


# --- predict


def test_a_picture_is_sent_and_its_detections_come_back(serving: Serving) -> None:
    peer = serving(answering(json_reply({"predictions": [ENTRY]})))
    with AutoMLClient(peer.url, model="loops v2") as client:
        assert client.predict(REQUEST) == PREDICTION
    (sent,) = peer.requests
    assert sent.line == "POST /v1/models/loops%20v2:predict HTTP/1.1"
    image = {"b64": base64.b64encode(REQUEST.image).decode()}
    assert json.loads(sent.body) == {"instances": [{"image_bytes": image, "key": "k"}]}


def test_a_real_reply_is_understood(serving: Serving) -> None:
    if not SAMPLE.exists():
        pytest.skip(f"the recorded reply {SAMPLE.name} is not here")
    peer = serving(answering(reply(SAMPLE.read_bytes(), "application/json")))
    with AutoMLClient(peer.url) as client:
        prediction = client.predict(PredictRequest("123456", b"\xff\xd8\xff"))
    assert len(prediction.detections) == 40
    assert prediction.top == Detection(
        0.98801291, "nylon", Box(0.357549071, 0.459112346, 0.506808281, 0.565865338)
    )
    mitegen = prediction.best("mitegen")
    assert mitegen is not None
    assert mitegen.score == 0.00878959894
    scores = [each.score for each in prediction.detections]
    assert scores == sorted(scores, reverse=True)


def test_a_batch_is_matched_by_key(serving: Serving) -> None:
    entries = [{**ENTRY, "key": key, "num_detections": n} for n, key in enumerate("cab")]
    peer = serving(answering(json_reply({"predictions": entries})))
    with AutoMLClient(peer.url) as client:
        found = client.predict_batch([PredictRequest(key, b"") for key in "abc"])
        assert client.predict_batch([]) == ()
        with pytest.raises(ValueError, match="same key"):
            client.predict_batch([REQUEST, REQUEST])
    assert [(each.key, len(each.detections)) for each in found] == [("a", 1), ("b", 2), ("c", 0)]
    assert len(peer.requests) == 1


def test_most_detections_are_sent_and_enforced(serving: Serving) -> None:
    peer = serving(answering(json_reply({"predictions": [ENTRY]})))
    with AutoMLClient(peer.url, max_detections=1) as client:
        assert client.predict(REQUEST).detections == PREDICTION.detections[:1]
    assert json.loads(peer.requests[0].body)["params"] == [{"max_bounding_box_count": "1"}]


def test_a_server_may_say_where_the_tips_are(serving: Serving) -> None:
    entry = {**ENTRY, "detection_tips": [[0.25, 0.375], None, None]}
    detections = predicted(serving, {"predictions": [entry]}).detections
    assert [(each.label, each.tip) for each in detections] == [
        ("pin", None),
        ("nylon", (0.375, 0.25)),
    ]


def test_numbers_may_be_texts_and_labels_lines(serving: Serving) -> None:
    as_texts = {
        "num_detections": "2",
        "detection_boxes": [["0.1", "0.2", "0.3", "0.4"], ["0", "0", "1.0", "1e0"], []],
        "detection_scores": ["0.25", " 0.75", "0"],
        "detection_classes_as_text": ["nylon\r\n", " pin", ""],
    }
    reply = {"predictions": [{**ENTRY, **as_texts}], "error": None, "deployedModelId": "7"}
    assert predicted(serving, reply) == PREDICTION


@pytest.mark.parametrize(("score", "read"), [(1.0000001, 1.0), (-1e-9, 0.0)])
def test_a_score_may_be_rounded(serving: Serving, score: float, read: float) -> None:
    box = [0.1, 0.2, 0.3, 0.4]
    found = predicted(serving, {"predictions": [entry_of((score, "nylon", box))]})
    assert [each.score for each in found.detections] == [read]


def test_the_number_of_detections_may_be_missing(serving: Serving) -> None:
    entry = {name: value for name, value in ENTRY.items() if name != "num_detections"}
    assert len(predicted(serving, {"predictions": [entry]}).detections) == 3


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"key": "other"}, r"answered for \['other'\], but was asked for \['k'\]"),
        ({"key": 5}, r"predictions\[0\].key is not a text but 5"),
        ({"detection_scores": [0.5]}, "1 scores, 3 labels, 3 boxes"),
        ({"detection_boxes": [[0, 0, 1, 1]]}, "3 scores, 3 labels, 1 boxes"),
        ({"detection_boxes": {}}, "detection_boxes is not an array but {}"),
        ({"detection_boxes": [[0, 0, 1], [], []]}, r"boxes\[0\] is not 4 numbers but 3"),
        ({"detection_boxes": [[0, 0, 1, "x"], [], []]}, "is not a number but 'x'"),
        ({"detection_boxes": [[0, 0, 1, "0_1"], [], []]}, "is not a number but '0_1'"),
        ({"detection_boxes": [[0, 0, 1, True], [], []]}, "is not a number but True"),
        ({"detection_boxes": [[0.5, 0, 0.4, 1], [], []]}, "is not .min_y, min_x, max_y, max_x"),
        ({"detection_boxes": [[0, 0.5, 1, 0.4], [], []]}, "is not .min_y, min_x, max_y, max_x"),
        ({"detection_boxes": [7, 7, 7]}, r"boxes\[0\] is not an array but 7"),
        ({"detection_tips": [None]}, "2 detections, but 1 tips"),
        ({"detection_tips": [[0.5, 1.5], "x"]}, r"tips\[0\] is not \[y, x\] in 0..1"),
        ({"detection_tips": [[0.5], "x"]}, r"tips\[0\] is not \[y, x\] in 0..1"),
        ({"detection_tips": "far"}, "detection_tips is not an array but 'far'"),
        ({"detection_scores": [float("nan"), 0, 0]}, "is not a number but nan"),
        ({"detection_scores": ["NaN", 0, 0]}, "is not a number but 'NaN'"),
        ({"detection_scores": [0, float("inf"), 0]}, r"scores\[1\] is not a number but inf"),
        ({"detection_scores": [10**400, 0, 0]}, "is not a number but 1000"),
        ({"detection_scores": None}, "is not an array but None"),
        ({"detection_classes_as_text": [1.0, 1.0, 1.0]}, "is not a text but 1.0"),
        ({"num_detections": 4}, "4 detections in arrays of 3"),
        ({"num_detections": -1}, "-1 detections"),
        ({"num_detections": 1.5}, "1.5 detections"),
        ({"num_detections": "two"}, "num_detections is not a number"),
    ],
)
def test_a_malformed_prediction_is_named(
    serving: Serving, change: dict[str, object], text: str
) -> None:
    with pytest.raises(ServiceReplyError, match=text) as caught:
        predicted(serving, {"predictions": [{**ENTRY, **change}]})
    assert "\n" not in str(caught.value)


BAD_ROWS = [
    (0.9, "nylon", [100, 200, 300, 400], "in pixels"),
    (0.9, "nylon", [0.1, 0.2, 0.3, 704.0], "in pixels"),
    (0.9, "nylon", [-0.5, 0.0, 1.0, 1.0], "outside the picture"),
    (0.9, "nylon", [0.1, 0.2, 0.3, 1.01], "outside the picture"),
    (0.9, "nylon", [0.1, 0.2, 0.1, 0.4], "has no size"),
    (0.9, "nylon", [0.3, 0.2, 0.1, 0.4], "is not .min_y"),
    (0.9, "nylon", [0.1, 0.2, float("nan"), 0.4], "not a number but nan"),
    (0.9, "nylon", None, "not an array"),
    (0.9, 7, [0.1, 0.2, 0.3, 0.4], "not a text"),
    (97.0, "nylon", [0.1, 0.2, 0.3, 0.4], "not 0 to 1 but 97"),
    (-0.1, "nylon", [0.1, 0.2, 0.3, 0.4], "not 0 to 1 but -0.1"),
    (None, "nylon", [0.1, 0.2, 0.3, 0.4], "not a number but None"),
]


def entry_of(*rows: tuple[object, object, object], key: str = "k") -> dict[str, object]:
    names = ("detection_scores", "detection_classes_as_text", "detection_boxes")
    return {"key": key, **{name: [row[n] for row in rows] for n, name in enumerate(names)}}


@pytest.mark.parametrize(("score", "label", "box", "reason"), BAD_ROWS)
def test_a_row_that_makes_no_sense_is_judged_not_clamped(
    serving: Serving, score: object, label: object, box: object, reason: str
) -> None:
    padding = (0.0, "nylon", [0, 0, 0, 0])
    good = (0.5, "mitegen", [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(ServiceReplyError, match=reason):
        predicted(serving, {"predictions": [entry_of((score, label, box), padding, padding)]})
    found = predicted(serving, {"predictions": [entry_of((score, label, box), good, padding)]})
    assert found.top == Detection(0.5, "mitegen", Box(0.2, 0.1, 0.4, 0.3))
    (told,) = found.refused
    assert "0]" in told
    assert re.search(reason, told)
    empty = predicted(serving, {"predictions": [entry_of((0.0, label, box), padding)]})
    assert empty.best(threshold=0.01) is None  # padding may be anything
    assert empty.refused == ()


def test_one_bad_picture_of_a_batch_costs_itself_only(serving: Serving) -> None:
    good = (0.5, "mitegen", [0.1, 0.2, 0.3, 0.4])
    bad = (0.9, "nylon", [100, 200, 300, 400])
    entries: list[object] = [entry_of(bad, key="a"), entry_of(good, key="b"), {"no": "key"}]
    peer = serving(answering(json_reply({"predictions": entries})))
    with AutoMLClient(peer.url) as client:
        found = client.predict_batch([PredictRequest(key, b"") for key in "abc"])
    assert [len(each.detections) for each in found] == [0, 1, 0]
    assert [bool(each.trouble) for each in found] == [True, False, True]
    assert "in pixels" in found[0].trouble
    assert "has no 'key'" in found[2].trouble


@pytest.mark.parametrize("most", [0, -1])
def test_most_detections_are_one_or_more(most: int) -> None:
    with pytest.raises(ConfigError, match="max_detections"):
        AutoMLClient("http://inference:5000", max_detections=most)


@pytest.mark.parametrize("name", [name for name in ENTRY if name != "num_detections"])
def test_a_missing_member_is_named(serving: Serving, name: str) -> None:
    entry = {other: value for other, value in ENTRY.items() if other != name}
    with pytest.raises(ServiceReplyError, match=rf"predictions\[0\] has no '{name}'"):
        predicted(serving, {"predictions": [entry]})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "the reply has no 'predictions'"),
        ([], r"the reply is not an object but \[\]"),
        ({"predictions": {}}, "predictions is not an array"),
        ({"predictions": [None]}, r"predictions\[0\] is not an object but None"),
        ({"predictions": []}, r"answered for \[\], but was asked for"),
        ({"predictions": [ENTRY, ENTRY]}, r"answered for \['k', 'k'\]"),
        ({"error": "Missing\n  image\x1b[2J"}, r"answered: Missing image \[2J$"),
        ({"error": "x" * 1000}, "answered: x{200}$"),
    ],
)
def test_a_malformed_reply_is_named(serving: Serving, value: object, text: str) -> None:
    with pytest.raises(ServiceReplyError, match=text):
        predicted(serving, value)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (json_reply({"error": "Timed out"}, "503 Busy"), "answered 503: Timed out$"),
        (json_reply({"error": {"a": 1}}, "400 Bad"), "answered 400: {'a': 1}$"),
        (json_reply(["error"], "404 No"), "answered 404$"),
        (json_reply({"predictions": [ENTRY]}, "404 No"), "answered 404$"),
        (reply(b"<html>too large", "text/html", "413 Large"), "answered 413$"),
    ],
)
def test_an_error_status_carries_the_text_of_the_server(
    serving: Serving, answer: bytes, text: str
) -> None:
    with (
        AutoMLClient(serving(answering(answer)).url) as client,
        pytest.raises(ServiceReplyError, match=text) as caught,
    ):
        client.predict(REQUEST)
    assert caught.value.status == int(answer.split()[1])


class Scripted:
    """A server whose next answer can be set, and its client."""

    def __init__(self, serving: Serving) -> None:
        self.answer = b""
        self.client = AutoMLClient(serving(self._script).url)

    def _script(self, wire: Wire) -> None:
        while wire.request() is not None:
            wire.send(self.answer)


@pytest.fixture
def scripted(serving: Serving) -> Iterator[Scripted]:
    scripted = Scripted(serving)
    with scripted.client:
        yield scripted


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([0.0, 2.0, 10**400, "k", "AVAILABLE"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from([*ENTRY, *AVAILABLE]) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
ENTRIES = st.builds(
    lambda changes: {**ENTRY, **changes}, st.dictionaries(st.sampled_from([*ENTRY]), JSON)
)
STATES = st.builds(
    lambda changes: {**AVAILABLE, **changes}, st.dictionaries(st.sampled_from([*AVAILABLE]), JSON)
)
REPLIES = (
    JSON
    | st.fixed_dictionaries({"predictions": st.lists(ENTRIES, max_size=2) | JSON})
    | st.fixed_dictionaries({"model_version_status": st.lists(STATES, max_size=2) | JSON})
)


def test_no_reply_raises_anything_but_service_errors(scripted: Scripted) -> None:
    @settings(max_examples=150, deadline=None)
    @given(value=REPLIES, status=st.sampled_from(["200 OK", "500 No"]))
    def check(value: object, status: str) -> None:
        scripted.answer = json_reply(value, status)
        for call in (lambda: scripted.client.predict(REQUEST), scripted.client.model_status):
            try:
                result = call()
            except ServiceReplyError as error:
                assert "\n" not in str(error)  # noqa: PT017 - either outcome is right
                assert len(str(error)) < 1000  # noqa: PT017
            else:
                assert isinstance(result, Prediction | ModelStatus)
                assert status == "200 OK"

    check()


@pytest.mark.parametrize("depth", [200, 800, 950, 20_000])
def test_deep_replies_are_errors_too(scripted: Scripted, depth: int) -> None:
    scripted.answer = reply(b'{"predictions": ' + b"[" * depth + b"]" * depth + b"}")
    with pytest.raises(ServiceReplyError):
        scripted.client.predict(REQUEST)


# --- status


def test_the_status_of_a_model(serving: Serving) -> None:
    loading = {"state": "LOADING", "version": "2", "status": {}}
    peer = serving(answering(json_reply({"model_version_status": [loading, AVAILABLE]})))
    with AutoMLClient(peer.url) as client:
        assert client.model_status() == ModelStatus("AVAILABLE", "1", "OK", "")
        assert client.available()
    assert peer.requests[0].line == "GET /v1/models/default HTTP/1.1"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (json_reply({"model_version_status": []}), "no version"),
        (json_reply({"model_version_status": [{}]}), "has no 'state'"),
        (json_reply({"error": "no such model"}, "404 Not Found"), "404: no such model"),
    ],
)
def test_no_status_is_an_error(serving: Serving, answer: bytes, text: str) -> None:
    with AutoMLClient(serving(answering(answer)).url) as client:
        with pytest.raises(ServiceReplyError, match=text):
            client.model_status()
        assert not client.available()


def test_a_model_that_is_loading_is_not_available(serving: Serving) -> None:
    loading = {"model_version_status": [{"state": "LOADING"}]}
    with AutoMLClient(serving(answering(json_reply(loading))).url) as client:
        assert client.model_status() == ModelStatus("LOADING", "", "", "")
        assert not client.available()


def test_a_server_that_is_off_hangs_or_returns_is_noticed(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AutoMLClient(f"http://127.0.0.1:{free_port()}") as client:
        assert not client.available()
        with pytest.raises(ServiceUnavailableError):
            client.predict(REQUEST)
    with monkeypatch.context() as patch, AutoMLClient(serving(silent).url) as client:
        patch.setattr(automl, "STATUS_TIMEOUT_S", 0.1)
        start = time.monotonic()
        assert not client.available()
        assert time.monotonic() - start < AT_ONCE_S
    broken, ready = (
        reply(b"", "text/plain", "500 No"),
        json_reply({"model_version_status": [AVAILABLE]}),
    )
    with AutoMLClient(serving(answering(broken, ready)).url) as client:
        assert [client.available(), client.available()] == [False, True]


def test_close_ends_predictions(serving: Serving) -> None:
    peer = serving(silent)
    with AutoMLClient(peer.url) as client, ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.predict, REQUEST)
        peer.wait(lambda: len(peer.requests) == 1)
        start = time.monotonic()
        client.close()
        with pytest.raises(ServiceError, match="cancelled"):
            call.result(PATIENCE_S)
        assert time.monotonic() - start < AT_ONCE_S
        assert not client.available()
