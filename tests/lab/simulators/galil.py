"""A DHS of the simulated DCSS with motors of every kind, and its messages."""

from collections.abc import Iterator

import pytest

from dcs_codec import (
    Framing,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosUpdateMotorPosition,
)
from dhs_lab.simulators.dcss import (
    CircleMode,
    HardwareHost,
    PseudoMotorEntry,
    RealMotorEntry,
    SimulatedDcss,
)
from tests.lab.simulators.dhs_peer import DhsPeer


def motors() -> HardwareHost:
    """New entries, because tests change them."""
    return HardwareHost.of(
        "galil",
        motors=[
            RealMotorEntry(
                "gonio_z",
                hardware_name="stage_z",
                position=1.5,
                upper_limit=25,
                lower_limit=-20,
                scale_factor=400,
                speed=2000,
                acceleration=100,
                backlash=-40,
                backlash_on=True,
            ),
            RealMotorEntry("gonio_phi", position=10, circle_mode=CircleMode.UP_TO_360),
            RealMotorEntry("sample_x", dependencies=("gonio_phi",)),
        ],
        pseudo_motors=[
            PseudoMotorEntry(
                "energy",
                position=12000,
                upper_limit=20000,
                lower_limit=5000,
                dependencies=("gonio_z", "gonio_phi"),
                children=("gonio_z",),
            ),
            PseudoMotorEntry("no_dependencies", children=("gonio_z",)),
            PseudoMotorEntry("no_children", dependencies=("gonio_z",)),
        ],
        shutters=["shutter"],
        operations=["op"],
    )


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    others = HardwareHost.of("other", motors=["other_motor"], framing=Framing.V1)
    with SimulatedDcss([motors(), others], patience=0.01) as server:
        yield server


@pytest.fixture
def dhs(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "galil") as peer:
        yield peer


@pytest.fixture
def other(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "other") as peer:
        yield peer


def started(dhs: DhsPeer, name: str, destination: float) -> None:
    dhs.send(HtosMotorMoveStarted(motor_name=name, destination=destination))


def updated(dhs: DhsPeer, name: str, position: float) -> None:
    dhs.send(HtosUpdateMotorPosition(motor_name=name, position=position, status="normal"))


def completed(dhs: DhsPeer, name: str, position: float, status: str = "normal") -> None:
    dhs.send(HtosMotorMoveCompleted(motor_name=name, position=position, status=status))
