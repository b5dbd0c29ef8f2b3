"""A DHS and a simulated DCSS, captured on loopback and read by the dissector."""

from pathlib import Path

import pytest

from dcs_codec import Framing
from dhs_lab.simulators.dcss import HardwareHost
from dhs_lab.testing import DcssMaker, DhsRunner
from dhs_lab.tools.dissector import make_dissector
from dhs_runtime import Dhs
from tests.lab.tools.dissecting import dissect, needs_tshark
from tests.lab.tools.dumpcap import DEADLINE_S, Dumpcap, needs_dumpcap

LAST_WORDS = "the capture ends here"

pytestmark = needs_tshark


@needs_dumpcap
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
