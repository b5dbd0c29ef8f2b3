"""Faulty cameras and inference servers: the operation fails with a reason, the next works."""

import pytest

from dhs_runtime import Dhs, Operation
from dhs_runtime.services.automl import AutoMLClient, PredictRequest
from dhs_runtime.services.axis import AxisClient
from dhs_runtime.services.listener import reset
from tests.faults.scene import at_work
from tests.services.peers import (
    JPEG,
    Peer,
    Script,
    Wire,
    answering,
    digest_guarded,
    json_reply,
    reply,
    saying,
    silent,
)

WHOLE = f"normal {len(JPEG)}"


def once(fault: Script, well: Script) -> Script:
    """A server whose first connection goes wrong."""
    return lambda wire: fault(wire) if wire.number == 1 else well(wire)


def dripping(wire: Wire) -> None:
    wire.request()
    wire.send(b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
    wire.drip(JPEG)


# -- Axis cameras


@pytest.mark.parametrize(
    ("script", "first"),
    [
        pytest.param(digest_guarded("root", "pass", reply()), WHOLE, id="401 digest"),
        pytest.param(
            once(saying(reply()[:-9]), answering(reply())),
            "error ServiceUnavailableError: {url} dropped the",
            id="truncated body",
        ),
        pytest.param(
            once(saying(reply(JPEG[:-9])), answering(reply())),
            "error ServiceReplyError: {url} sent a JPEG cut short",
            id="truncated picture",
        ),
        pytest.param(
            once(silent, answering(reply())),
            "error ServiceTimeoutError: {url} did not answer",
            id="hang",
        ),
        pytest.param(
            once(dripping, answering(reply())),
            "error ServiceTimeoutError: {url} sent only",
            id="drip",
        ),
    ],
)
def test_axis(script: Script, first: str) -> None:
    dhs = Dhs("testDHS")
    with (
        Peer(script) as camera,
        AxisClient(camera.url, user="root", password="pass", total_timeout_s=1.0) as client,
    ):

        @dhs.operation("snapshot")
        def snapshot(op: Operation) -> None:
            op.complete(len(client.snapshot().data))

        with at_work(dhs) as scene:
            url = f"{camera.url}/axis-cgi/jpg/image.cgi"
            assert scene.run("snapshot").startswith(first.format(url=url)[:97])
            assert scene.run("snapshot") == WHOLE
    assert len(camera.requests) == 2 or first == WHOLE  # only a login causes a second request


# -- inference


ENTRY: dict[str, object] = {
    "key": "k",
    "detection_boxes": [[0.1, 0.2, 0.3, 0.4]],
    "detection_scores": [0.5],
    "detection_classes_as_text": ["pin"],
}
SEEN = json_reply({"predictions": [ENTRY]})


def looking(client: AutoMLClient) -> Dhs:
    """A DHS with an operation that needs the model."""
    dhs = Dhs("testDHS")

    @dhs.operation("look")
    def look(op: Operation) -> None:
        if op.args and not client.model_status().available:
            op.fail(f"the model is {client.model_status().state}")
            return
        top = client.predict(PredictRequest("k", JPEG)).top
        op.complete(top.label if top else "nothing")

    return dhs


@pytest.mark.parametrize(
    ("script", "first"),
    [
        pytest.param(
            answering(json_reply({"error": "out of memory"}, "500 No"), SEEN),
            "error ServiceReplyError: {url} answered 500",
            id="500",
        ),
        pytest.param(
            once(silent, answering(SEEN)),
            "error ServiceTimeoutError: {url} did not answer",
            id="hang",
        ),
        pytest.param(
            answering(reply(b"<html>", "text/html"), SEEN),
            "error ServiceReplyError: {url} answered 200",
            id="not JSON",
        ),
        pytest.param(
            answering(json_reply({"predictions": [{"key": "k"}]}), SEEN),
            "error ServiceReplyError: {url}: predictions[0]",
            id="missing key",
        ),
        pytest.param(
            once(lambda wire: wire.request(), answering(SEEN)),
            "error ServiceUnavailableError: {url} dropped the",
            id="connection dropped",
        ),
    ],
)
def test_automl(script: Script, first: str) -> None:
    with (
        Peer(script) as server,
        AutoMLClient(server.url, total_timeout_s=1.0) as client,
        at_work(looking(client)) as scene,
    ):
        url = f"{server.url}/v1/models/default:predict"
        assert scene.run("look").startswith(first.format(url=url)[:80])
        assert scene.run("look") == "normal pin"


def test_automl_model_not_available() -> None:
    loading, ready = (
        json_reply({"model_version_status": [{"state": state}]})
        for state in ("LOADING", "AVAILABLE")
    )
    with (
        Peer(answering(loading, loading, ready, SEEN)) as server,
        AutoMLClient(server.url) as client,
        at_work(looking(client)) as scene,
    ):
        assert scene.run("look", "ready") == "error the model is LOADING"
        assert scene.run("look", "ready") == "normal pin"


@pytest.mark.parametrize("end", ["close", "reset"])
def test_automl_connection_drops_between_requests(end: str) -> None:
    """A kept-alive connection that the server ends is replaced, and the question asked again."""

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(SEEN)
        if wire.number == 1 and end == "reset":
            wire.request()
            reset(wire.sock)
        if wire.number > 1:
            wire.request()

    with (
        Peer(script) as server,
        AutoMLClient(server.url) as client,
        at_work(looking(client)) as scene,
    ):
        assert scene.run("look") == "normal pin"
        if end == "close":
            server.wait(lambda: server.ended == 1)
        assert scene.run("look") == "normal pin"
        assert server.connections == 2
        assert len(server.requests) == (2 if end == "close" else 3)
