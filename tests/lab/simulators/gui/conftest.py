"""A simulated DCSS with a GUI port, one DHS and two GUIs."""

from collections.abc import Iterator

import pytest

from dhs_lab.simulators.dcss import HardwareHost, RealMotorEntry, SimulatedDcss, StringEntry
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.lab.simulators.gui.gui_peer import GuiPeer


def hosts() -> list[HardwareHost]:
    """The scripting engine, a DHS with a device of each kind, and one that is never there."""
    return [
        HardwareHost("self", (StringEntry("note", "of self"),)),
        HardwareHost.of(
            "aDHS",
            motors=[
                RealMotorEntry("z", upper_limit=10.0, lower_limit=-10.0),
                RealMotorEntry("held", motor_lock_on=True),
                RealMotorEntry("masters", user_permits="0 1 1 1 1", staff_permits="0 1 1 1 1"),
            ],
            shutters=["shutter"],
            ion_chambers=["i0", "i1"],
            encoders=["enc"],
            operations=["collect"],
            strings={"status": "idle {a b}"},
        ),
        HardwareHost.of("awayDHS", motors=["far"], operations=["farOp"], strings={"lost": "x"}),
    ]


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    with SimulatedDcss(hosts(), gui_port=0) as server:
        yield server


@pytest.fixture
def dhs(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "aDHS") as peer:
        yield peer


@pytest.fixture
def alice(dcss: SimulatedDcss, dhs: DhsPeer) -> Iterator[GuiPeer]:
    assert dhs.name == "aDHS"
    with GuiPeer.logged_in(dcss) as peer:
        yield peer


@pytest.fixture
def bob(dcss: SimulatedDcss, alice: GuiPeer) -> Iterator[GuiPeer]:
    with GuiPeer.logged_in(dcss, "bob", ":1") as peer:
        alice.read_until_now()
        yield peer
