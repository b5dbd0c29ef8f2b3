"""The prompt of `dhs simulate dcss` at a terminal: Ctrl-C ends a line, not the beamline."""

import os
import sys
from pathlib import Path

from tests.docs.terminal import Terminal

DCSS = f"{sys.executable} -m dhs_runtime.cli simulate dcss --port 0 --dhs aDHS --operation hang"
DHS = """
from dhs_runtime import Dhs

dhs = Dhs("aDHS")
dhs.operation("hang")(lambda op: op.sleep(60))
"""


def test_ctrl_c_ends_the_waiting_and_twice_the_server(tmp_path: Path, terminal: Terminal) -> None:
    (tmp_path / "a_dhs.py").write_text(DHS)
    terminal.type(DCSS)
    assert terminal.wait(lambda text: "hardware port 127.0.0.1:" in text and "dcss> " in text)
    port = terminal.shown.partition("127.0.0.1:")[2].partition(";")[0]
    with Terminal(tmp_path, {**os.environ, "HOME": str(tmp_path)}) as second:
        second.type(f"{sys.executable} -m dhs_runtime.cli run a_dhs.py:dhs --dcss localhost:{port}")
        terminal.type("wait aDHS")
        assert terminal.wait(lambda text: "aDHS is online" in text)
        terminal.type("start hang")
        assert terminal.wait(lambda text: "hang 1.1 started" in text)
        terminal.interrupt()
        assert terminal.wait(lambda text: "the command goes on; abort ends it" in text)
        terminal.type("abort")
        assert terminal.wait(lambda text: "hang 1.1 completed aborted" in text)
        terminal.interrupt_until_idle()
