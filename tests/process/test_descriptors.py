"""With closed standard streams, output of a C library is discarded and never reaches DCSS."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import Completion, HardwareHost, SimulatedDcss
from tests.runtime.peers import DEADLINE_S

PRINTS = """
import os
from dhs_runtime import Dhs
dhs = Dhs("testDHS")
@dhs.operation("where")
def where(op):
    for number in (1, 2):
        os.write(number, b"printed by a C library\\n")
    op.complete(*(os.readlink(f"/proc/self/fd/{number}").split(":")[0] for number in range(3)))
"""
OWN_SCRIPT = PRINTS + "import sys; dhs.run(sys.argv[1])\n"
CLOSED = [
    closed for count in (1, 2, 3) for closed in itertools.combinations(("0", "1", "2"), count)
]


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss([HardwareHost.of("testDHS", operations=["where"])]) as server:
        yield server


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")
@pytest.mark.parametrize("closed", CLOSED, ids="-".join)
@pytest.mark.parametrize("by", ["dhs run", "a script of its own"])
def test_what_is_closed_is_opened_on_nothing(
    tmp_path: Path, dcss: SimulatedDcss, by: str, closed: tuple[str, ...]
) -> None:
    script = tmp_path / "mine.py"
    script.write_text(PRINTS if by == "dhs run" else OWN_SCRIPT)
    words = ["-m", "dhs_runtime.cli", "run", f"{script}:dhs", "--dcss"]
    command = [sys.executable, *(words if by == "dhs run" else [str(script)]), dcss.address]
    shell = " ".join(f"{number}>&-" for number in closed)
    with (
        (tmp_path / "out").open("w") as out,
        subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" {shell}', "sh", *command],
            stdin=out,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        ) as process,
    ):
        try:
            dcss.wait_online("testDHS", DEADLINE_S)
            found = dcss.start_operation("where").wait(DEADLINE_S)
            process.terminate()
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()
    kept = str(tmp_path / "out")
    wanted = (os.devnull if str(number) in closed else kept for number in range(3))
    assert found == Completion("normal", " ".join(wanted))
