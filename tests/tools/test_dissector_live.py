"""A DHS and a simulated DCSS as dumpcap sees them on loopback, read by the dissector."""

import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dcs_codec import Framing
from dhs_runtime import Dhs
from dhs_runtime.simulators.dcss import HardwareHost
from dhs_runtime.testing import DcssMaker, DhsRunner
from dhs_runtime.tools.dissector import make_dissector
from tests.tools.dissecting import dissect, needs_tshark

DEADLINE_S = 10.0
LAST_WORDS = "the capture ends here"

pytestmark = needs_tshark


class Dumpcap:
    """dumpcap on loopback; skips the test where this user may not capture."""

    def __init__(self, path: Path, port: int) -> None:
        self._path = path
        self._process = subprocess.Popen(
            ["dumpcap", "-q", "-P", "-i", "lo", "-f", f"tcp port {port}", "-w", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._read, name="dumpcap-log")
        self._reader.start()
        if not until(lambda: any("File: " in line for line in self._said), self._has_ended):
            self.close()
            pytest.skip(f"dumpcap may not capture here: {' '.join(self._said).strip()[:200]}")

    def wait_for(self, data: bytes) -> None:
        """Wait until these bytes are in the file."""
        assert until(lambda: data in self._path.read_bytes(), self._has_ended), self._said

    def close(self) -> None:
        """End it; the file is whole then."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def _read(self) -> None:
        assert self._process.stderr is not None
        self._said.extend(self._process.stderr)


def until(condition: Callable[[], bool], is_over: Callable[[], bool]) -> bool:
    """Whether it comes true in time; another process tells nobody when it does."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if is_over() or time.monotonic() > deadline:
            return condition()
        time.sleep(0.02)
    return True


@pytest.mark.skipif(shutil.which("dumpcap") is None, reason="dumpcap is not installed")
@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
def test_a_live_conversation_is_shown_message_by_message(
    tmp_path: Path, simulated_dcss_factory: DcssMaker, dhs_runner: DhsRunner, framing: Framing
) -> None:
    dhs = Dhs("aDHS")
    dhs.motor("phi").on_move(lambda move: move.update(move.start))
    dhs.string("note")
    dhs.operation("echo")(lambda op: op.complete(*op.args))
    host = HardwareHost.of(
        "aDHS", motors=["phi"], strings={"note": "hello"}, operations=["echo"], framing=framing
    )
    dcss = simulated_dcss_factory(host)
    path = tmp_path / "live.pcap"
    dumpcap = Dumpcap(path, dcss.port)
    try:
        dhs_runner.start(dhs, dcss)
        dcss.move("phi", 1.5).wait(DEADLINE_S)
        dcss.set_string("note", "two  words").wait(DEADLINE_S)
        dcss.start_operation("echo", LAST_WORDS).wait(DEADLINE_S)
        dumpcap.wait_for(f"htos_operation_completed echo 1.1 normal {{{LAST_WORDS}}}".encode())
    finally:
        dumpcap.close()
    script = tmp_path / "dcs.lua"
    script.write_text(make_dissector(), encoding="utf-8")
    found = dissect(script, path, ["-d", f"tcp.port=={dcss.port},dcs"])
    for arrow, is_from_dcss in (("->", True), ("<-", False)):
        texts = [
            one.shown("dcs.text") for one in found if (one.source_port == dcss.port) is is_from_dcss
        ]
        said = dcss.traffic.texts(arrow=arrow)
        if not is_from_dcss:
            said.insert(0, "htos_client_is_hardware aDHS")  # not in the record
        assert texts == said
    assert not [one for one in found if one.get("dcs.expert.malformed")]
