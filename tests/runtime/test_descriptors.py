"""A process without descriptors 0 to 2 opens them before it opens anything else."""

import subprocess
import sys

import pytest

SCRIPT = """
import os, socket
from dhs_runtime.descriptors import open_standard_descriptors
{close}
open_standard_descriptors()
assert [os.get_inheritable(number) for number in (0, 1, 2)] == [True] * 3
with socket.socket() as sock:
    os._exit(0 if sock.fileno() > 2 else 1)
"""


@pytest.mark.parametrize("closed", [(), (2,), (0, 1), (0, 1, 2)])
def test_no_socket_gets_a_standard_descriptor(closed: tuple[int, ...]) -> None:
    close = "\n".join(f"os.close({number})" for number in closed)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(close=close)], timeout=150, check=False
    )
    assert done.returncode == 0
