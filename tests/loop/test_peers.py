import socket

import attrs
import pytest

from dhs_lab.simulators.automl import SimulatedAutoML
from dhs_lab.simulators.axis import SimulatedAxis
from dhs_runtime.loop import LoopConfig
from dhs_runtime.loop.config import AutoMLConfig, AxisConfig, JpegReceiverConfig
from dhs_runtime.loop.peers import probe_camera, probe_inference, probe_receiver
from tests.runtime.peers import free_port


def test_a_camera_gives_a_picture() -> None:
    with SimulatedAxis(user="root", password="secret") as camera:
        axis = AxisConfig(host="127.0.0.1", port=camera.port, user="root", password="secret")
        config = LoopConfig(axis=axis)
        peer = probe_camera(config)
        assert (peer.name, peer.trouble) == ("camera", "")
        assert peer.detail.startswith("a picture of ")
        wrong = attrs.evolve(config, axis=attrs.evolve(axis, password="wrong"))
        assert "check the password of user 'root'" in probe_camera(wrong).trouble


def test_an_inference_server_has_the_model() -> None:
    with SimulatedAutoML(model="loops") as server:
        automl = AutoMLConfig(host="127.0.0.1", port=server.port, model="loops")
        peer = probe_inference(LoopConfig(automl=automl))
        assert (peer.trouble, peer.detail) == ("", "model loops is AVAILABLE")
        server.faults.model_state = "LOADING"
        peer = probe_inference(LoopConfig(automl=automl))
        assert peer.trouble == "model loops is LOADING"
        other = attrs.evolve(automl, model="other")
        assert "answered 404" in probe_inference(LoopConfig(automl=other)).trouble


@pytest.mark.parametrize("probe", [probe_camera, probe_inference])
def test_nobody_there_is_told(probe: object) -> None:
    port = free_port()
    config = LoopConfig(
        axis=AxisConfig(host="127.0.0.1", port=port),
        automl=AutoMLConfig(host="127.0.0.1", port=port),
    )
    assert callable(probe)
    assert "refused" in probe(config).trouble


def test_the_receiver_is_tried() -> None:
    assert probe_receiver(LoopConfig(jpeg_receiver=JpegReceiverConfig(port=0))).trouble == ""
    anywhere = JpegReceiverConfig(host="0.0.0.0", port=0)
    assert "answers 200" in probe_receiver(LoopConfig(jpeg_receiver=anywhere)).detail
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = JpegReceiverConfig(port=taken.getsockname()[1])
        assert "cannot listen" in probe_receiver(LoopConfig(jpeg_receiver=where)).trouble
