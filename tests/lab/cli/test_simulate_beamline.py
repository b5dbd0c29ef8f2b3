"""`dhs simulate beamline` as a process."""

import subprocess
import sys

from tests.lab.cli.simulating import DEADLINE_S, read_until, simulating

ANY_PORTS = ("--port", "0", "--gui-port", "0", "--web", "0")


def test_it_says_its_ports_and_what_to_try() -> None:
    with simulating("beamline", *ANY_PORTS, "--seconds", "0.3") as process:
        ports = read_until(process, "hardware port")
        address = ports.rpartition("GUI port ")[2].strip()
        assert read_until(process, "page: ").startswith("page: http://127.0.0.1:")
        tries = [read_until(process, "dhs ") for _ in range(3)]
        assert all(f"--dcss {address}" in line for line in tries)
        read_until(process, "Ctrl-C ends it")
        command = tries[2].split()
        done = subprocess.run(
            [sys.executable, "-m", "dhs_runtime.cli", *command[1:]],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=True,
        )
        assert "LOOP_INFO" in done.stdout
        assert done.stdout.splitlines()[-1].startswith("normal")
