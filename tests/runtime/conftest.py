from collections.abc import Iterator

import pytest

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss

OPERATIONS = ("echo", "nap", "fail", "stuck", "many", "unheard")


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    """A simulated DCSS that knows testDHS, with operations and a string."""
    host = HardwareHost.of("testDHS", operations=OPERATIONS, strings={"s": "as it was"})
    with SimulatedDcss([host], patience=0.01) as server:
        yield server
