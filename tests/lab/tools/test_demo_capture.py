"""The demo between `dhs record` and dumpcap: both must have seen the same."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from dhs_lab.demo import DemoBeamline, DemoSettings
from dhs_lab.tools.proxy import Recorder
from dhs_lab.tools.recording import Side, lines_path, raw_path
from tests.lab.tools.dumpcap import DEADLINE_S, Dumpcap, needs_dumpcap

DHS: Final = [sys.executable, "-m", "dhs_runtime.cli"]


@needs_dumpcap
def test_decode_finds_in_a_capture_of_the_demo_every_frame_that_record_found(
    tmp_path: Path,
) -> None:
    name, capture = str(tmp_path / "demo"), tmp_path / "demo.pcapng"
    play_demo(name, capture)
    recorded = frames_of(lines_path(name).read_text())
    captured = frames_of(decoded(capture))
    for side in Side:
        way = side.direction.value
        said = [(row["message"], row["size"]) for row in recorded if row["direction"] == way]
        seen = [(row["message"], row["size"]) for row in captured if row["direction"] == way]
        assert len(said) > 5
        assert seen == said
    assert len(captured) == len(recorded)


def play_demo(name: str, capture: Path) -> None:
    """A short demo through a recorder; dumpcap listens where the DHS connects to."""
    witnesses: list[tuple[Recorder, Dumpcap]] = []

    def via(dcss: str) -> str:
        host, _, port = dcss.rpartition(":")
        recorder = Recorder(name, listen=("127.0.0.1", 0), dcss=(host, int(port)))
        recorder.start()
        dumpcap = Dumpcap(capture, int(recorder.address.rpartition(":")[2]))
        witnesses.append((recorder, dumpcap))
        return recorder.address

    try:
        with DemoBeamline(DemoSettings(seconds=0.5, fps=20), via=via) as beamline:
            beamline.ask("getLoopTip")
            beamline.collect(lambda _: None)
            beamline.ask("getLoopInfo")
        for side in Side:
            witnesses[0][1].wait_for(
                raw_path(name, 1, side).read_bytes()[-20:]
            )  # less than any text
    finally:
        for recorder, dumpcap in witnesses:
            recorder.stop()
            dumpcap.close()


def frames_of(lines: str) -> list[dict[str, Any]]:
    rows = map(json.loads, lines.splitlines())
    return [row for row in rows if "event" not in row]


def decoded(capture: Path) -> str:
    """The output of `dhs decode --json` for a capture without damage."""
    done = subprocess.run(
        [*DHS, "decode", "--json", str(capture)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
