from pathlib import Path

import pytest

from dcs_codec import Framing
from dhs_runtime import ConfigError
from dhs_runtime.loop import LoopConfig, load_loop_config

LOOP_DHS_FILE = """
dcss:
    host: dcss.beamline
    port: 14242
loopdhs:
    automl:
        host: inference.beamline
        port: 5000
        threshold: 0.11
    axis:
        host: axis.beamline
        port: 80
        camera: 1
    jpeg_receiver:
        port: 9000
    save_image_files: False
    save_image_dir: RESULTS
    log_dir: logs
    osci_delta: 180.0
    osci_time:  3.0
    video_fps: 30.0
"""


def load(tmp_path: Path, text: str) -> LoopConfig:
    path = tmp_path / "loop.yaml"
    path.write_text(text)
    return load_loop_config(path)


def test_a_file_of_loop_dhs_is_read_as_it_is(tmp_path: Path) -> None:
    config = load(tmp_path, LOOP_DHS_FILE)
    assert (config.dcss.host, config.dcss.port) == ("dcss.beamline", 14242)
    assert (config.automl.host, config.automl.threshold) == ("inference.beamline", 0.11)
    assert config.axis.camera == 1
    assert config.expected_images == 90
    assert config.save_image_dir == Path("RESULTS")


def test_keys_stand_at_the_top_too(tmp_path: Path) -> None:
    text = "dcss: {framing: v1}\naxis: {port: 8080, user: root}\nvideo_fps: 10\n"
    config = load(tmp_path, text)
    assert config.dcss.framing is Framing.V1
    assert config.axis.port == 8080
    assert config.expected_images == 30


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("dcss: {prt: 1}", "dcss.prt: unknown key; did you mean port?"),
        ("automl: {port: '5000'}", "automl.port: whole number of 1 to 65535 wanted, got '5000'"),
        ("automl: {port: 0}", "automl.port: whole number of 1 to 65535 wanted, got 0"),
        ("automl: {threshold: 1.5}", "automl.threshold: number of 0 to 1 wanted, got 1.5"),
        (
            "loopdhs: {osci_time: 0}",
            "loopdhs.osci_time: number more than 0 and",
        ),
        ("loopdhs: 5", "loopdhs: section wanted, with the keys of the loop DHS"),
        ("axis: {}\nloopdhs: {axis: {}}", "axis: this key is doubled; it is in loopdhs too"),
    ],
)
def test_a_mistake_is_named_with_file_and_path(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "loop.yaml") in str(caught.value)
    assert reason in str(caught.value)
