"""Files of loop-dhs in all their forms: `dhs check`, and a start each."""

import contextlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import ConfigError
from dhs_runtime.cli.check import check
from dhs_runtime.loop import LoopConfig, load_loop_config
from dhs_runtime.loop.config import file_notes
from dhs_runtime.process.config_file import load_yaml
from tests.cli.processes import DEADLINE_S, Process

PRODUCTION = """
dcss: {host: dcss.example.org, port: 14242}
loopdhs:
    automl: {host: inference.example.org, port: 5001, threshold: 0.04, scan_n_results: 5}
    axis: {host: axis.example.org, port: 80, camera: 1}
    jpeg_receiver: {port: 9000}
    save_image_files: True
    debug_dir: /tmp/debug
    log_dir: logs
    osci_delta: 180.0
    osci_time:  3.0
    video_fps: 30.0
"""
OLDER = """
dcss: {host: dcss.example.org, port: 14242}
loopdhs:
    automl: {host: inference.example.org, port: 5000}
    axis: {host: axis.example.org, port: 80}
    jpeg_receiver: {port: 9000}
    save_image_files: False
    image_save_dir: JPEGS/
"""
FLAT = """
dcss: {host: dcss.example.org, port: 14242}
loopdhs:
    gcp_automl_docker_host: inference.example.org
    gcp_automl_docker_port: 5000
    jpeg_receiver_host: localhost
    jpeg_receiver_port: 9001
    axis: {host: axis.example.org, port: 80}
"""
OLDEST = """
dcss: {host: localhost, port: 14242}
loopdhs:
    edgeurl: http://inference.example.org:5000/loopAI
    jpeg_receiver_port: 9000
"""
FORMS = {"production": PRODUCTION, "older": OLDER, "flat": FLAT, "oldest": OLDEST}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "loop.config"
    path.write_text(text.replace("log_dir: logs", f"log_dir: {tmp_path}"), encoding="utf-8")
    return path


def load(tmp_path: Path, text: str) -> LoopConfig:
    return load_loop_config(written(tmp_path, text))


def test_each_old_key_has_its_meaning(tmp_path: Path) -> None:
    production = load(tmp_path, PRODUCTION)
    assert production.automl.scan_n_results == 5
    assert production.save_image_dir == Path("/tmp/debug")
    assert load(tmp_path, OLDER).save_image_dir == Path("JPEGS")
    flat = load(tmp_path, FLAT)
    assert (flat.automl.host, flat.automl.port) == ("inference.example.org", 5000)
    assert (flat.jpeg_receiver.host, flat.jpeg_receiver.port) == ("localhost", 9001)
    oldest = load(tmp_path, OLDEST)
    assert (oldest.automl.host, oldest.automl.port) == ("inference.example.org", 5000)
    assert oldest.jpeg_receiver.port == 9000


def test_what_is_not_used_is_said(tmp_path: Path) -> None:
    assert file_notes(load_yaml(written(tmp_path, PRODUCTION))) == ()
    (note,) = file_notes(load_yaml(written(tmp_path, OLDEST)))
    assert "edgeurl" in note
    assert "/loopAI" in note


@pytest.mark.parametrize("form", FORMS)
def test_a_camera_elsewhere_is_told_which_key_to_add(tmp_path: Path, form: str) -> None:
    notes = load(tmp_path, FORMS[form]).notes()
    assert len(notes) == (form != "oldest")
    assert all("jpeg_receiver: host: 0.0.0.0" in note for note in notes)


def test_a_receiver_that_others_reach_needs_no_hint(tmp_path: Path) -> None:
    text = PRODUCTION.replace("{port: 9000}", "{port: 9000, host: 0.0.0.0}")
    assert load(tmp_path, text).notes() == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("loopdhs: {debug_dir: a, save_image_dir: b}", "1: loopdhs.debug_dir: this key is doubled"),
        ("image_save_dir: a\ndebug_dir: b", "debug_dir: this key is doubled; image_save_dir"),
        ("jpeg_receiver_port: 1\njpeg_receiver: {port: 2}", "jpeg_receiver_port: this key is"),
        ("dcss: {}\njpeg_receiver_port: none", "2: jpeg_receiver_port: whole number"),
        ("dcss: {}\nedgeurl: 'http://a b/'", "2: edgeurl: "),
        ("debug_dir: ~/x", "debug_dir: path wanted"),
        ("axis: {https: true}", "axis.port: the port of https wanted, usually 443"),
        ("axis: {https: true, port: 443, ca: /nowhere.pem}", "axis.ca: file with certificates"),
        ("axis: {auth: ntlm}", "axis.auth: "),
        ("automl: {scan_n_results: 0}", "automl.scan_n_results: "),
        ("automl: {loop_labels: []}", "automl.loop_labels: "),
        ("loopDHS: {}", "loopDHS: unknown key; did you mean loopdhs?"),
        ("loop-dhs: {axis: {}}", "loop-dhs: unknown key; did you mean loopdhs?"),
        ("loopdhs: {debugDir: a}", "loopdhs.debugDir: unknown key; did you mean debug_dir?"),
        ("edge_url: 'http://a'", "edge_url: unknown key; did you mean edgeurl?"),
        ("axis: {host: \u201ccamera\u201d}", "'\u201c' cannot be in the name of a host"),
    ],
)
def test_mistakes_are_named_as_they_are_written(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert reason in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_dhs_check_calls_it_right(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, FORMS[form])
    done = CliRunner().invoke(check, [str(path), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    assert (report["kind"], report["ok"], len(report["notes"])) == ("loop", True, 1)


@pytest.mark.parametrize("form", FORMS)
def test_it_starts(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, FORMS[form])
    with (
        SimulatedDcss([HardwareHost("loopDHS")]) as dcss,
        contextlib.closing(
            Process("loop", "--config", str(path), "--dcss", dcss.address)
        ) as process,
    ):
        dcss.wait_online("loopDHS", DEADLINE_S)
        process.wait_log("edgeurl" if form == "oldest" else "jpeg_receiver: host: 0.0.0.0")
        assert process.terminate() == 0
