"""A simulated DCSS, its page, and a DHS of bare sockets."""

from collections.abc import Iterator

import pytest

from dhs_lab.simulators.dcss import HardwareHost, RealMotorEntry, SimulatedDcss
from dhs_lab.simulators.web import BeamlinePage
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.lab.simulators.web.events import Events


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    """A DCSS with a device of each kind for the host `h`; the host `gone` never connects."""
    hosts = [
        HardwareHost.of(
            "h",
            motors=["m", RealMotorEntry("free", lower_limit_on=False, upper_limit_on=False)],
            shutters=["s"],
            strings={"t": "old"},
            ion_chambers=["i"],
            encoders=["e"],
            operations=["op"],
        ),
        HardwareHost.of("gone", motors=["far"]),
    ]
    with SimulatedDcss(hosts) as server:
        yield server


@pytest.fixture
def page(dcss: SimulatedDcss) -> Iterator[BeamlinePage]:
    with BeamlinePage(dcss) as page:
        yield page


@pytest.fixture
def events(page: BeamlinePage) -> Iterator[Events]:
    with Events.of(page.url) as events:
        yield events


@pytest.fixture
def peer(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    """The host `h`, registered."""
    with DhsPeer.logged_in(dcss, "h") as peer:
        yield peer
