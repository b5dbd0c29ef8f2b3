import socket
from pathlib import Path

import pytest
import yaml

from dcs_codec import Framing
from dhs_runtime import ConfigError
from dhs_runtime.loop import LoopConfig, load_loop_config
from dhs_runtime.loop.config import is_loop_config

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


@pytest.mark.parametrize("text", ["jpeg_reciever: 1", "AXIS: {}", "oscTime: 1", "loopDhs: {}"])
def test_a_slip_in_a_key_does_not_make_it_the_file_of_another_dhs(text: str) -> None:
    assert is_loop_config(yaml.safe_load(text))


@pytest.mark.parametrize("text", ["name: x", "settings: {axis: 1}", "colour: red", "dcs: {}"])
def test_the_file_of_another_dhs_is_none_of_the_loop_dhs(text: str) -> None:
    assert not is_loop_config(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "jpeg_receiver: {host: 192.0.2.1}",
            "jpeg_receiver: address to listen on wanted; 192.0.2.1",
        ),
        ("jpeg_receiver: {host: '2001:db8::1'}", "2001:db8::1 is not an address of this machine"),
        ("jpeg_receiver: {port: 9100}\nstatus_port: 9100", "2: status_port: a port of its own"),
        ("log_dir: /etc/passwd", "log_dir: folder wanted, got '/etc/passwd'"),
        ("name: ''", "name: name of a hardware host wanted, got ''"),
    ],
)
def test_what_this_machine_would_not_do_is_told(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert line in str(caught.value)


def test_a_port_that_is_in_use_is_no_mistake(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = load(tmp_path, f"jpeg_receiver: {{port: {port}}}\n")
    assert config.jpeg_receiver.port == port


def test_a_collection_that_ends_before_its_oscillation_is_said() -> None:
    assert LoopConfig(osci_time=60.0).notes() == ()
    (note,) = LoopConfig(osci_time=90.0).notes()
    assert note.startswith("collectLoopImages ends after 60 s, before its oscillation of 90 s")


def test_what_is_missing_for_plots_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    config = LoopConfig(save_image_files=True)
    assert config.notes() == ()
    monkeypatch.setattr("dhs_runtime.loop.painter.LIBRARIES", ("no_such_library",))
    (note,) = config.notes()
    assert note.endswith("need Pillow and matplotlib: pip install 'dcs-codec[plots]'")
    assert LoopConfig(save_image_files=False).notes() == ()


NAMES = [
    "log_dir: {}",
    "save_image_dir: {}",
    "debug_dir: {}",
    "loopdhs: {{log_dir: {}}}",
    "log: {{file: {}}}",
    "trace: {{enabled: true, file: {}}}",
    "automl: {{ca: {}}}",
    "name: {}",
    "dcss: {{host: {}}}",
    "automl: {{host: {}}}",
    "gcp_automl_docker_host: {}",
    "edgeurl: {}",
    "jpeg_receiver: {{host: {}}}",
    "status_hosts: [{}]",
]
TEXTS = ["automl: {{model: {}}}", "axis: {{user: {}}}", "axis: {{password: {}}}", "dcss: {}"]


@pytest.mark.parametrize("line", [*NAMES, *TEXTS])
def test_pythons_word_for_nothing_is_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    values = ["None"] if line in TEXTS else ["None", "'None'", "none", '"null"', "NULL ", "nil"]
    for value in values:
        if line.startswith(("log:", "trace:", "automl: {{ca")) and value == "NULL ":
            continue  # YAML's null, which these keys take
        with pytest.raises(ConfigError) as caught:
            load(tmp_path, line.format(value))
        (told,) = str(caught.value).splitlines()
        assert "leave out the key" in told
        assert "wanted" in told
    assert [path.name for path in tmp_path.iterdir()] == ["loop.yaml"]
