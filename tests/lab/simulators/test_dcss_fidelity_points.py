"""Details in which the simulated DCSS acts like the real system."""

from collections.abc import Iterator

import pytest

from dcs_codec import HtosReportIonChambers, IonChamberFailure, IonChamberReading
from dhs_lab.simulators.dcss import (
    CircleMode,
    HardwareHost,
    IonChamberReport,
    RealMotorEntry,
    SimulatedDcss,
)
from dhs_runtime import NotConnectedError
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    phi = RealMotorEntry("phi", position=350.0, circle_mode=CircleMode.UP_TO_360)
    hosts = [
        HardwareHost.of("hex", ion_chambers=["i0", "i1"], motors=[phi]),
        HardwareHost.of("other", ion_chambers=["i2"]),
    ]
    with SimulatedDcss(hosts, patience=0.01) as server:
        yield server


@pytest.fixture
def hexapod(dcss: SimulatedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "hex") as peer:
        yield peer


def report(peer: DhsPeer, **counts: float) -> None:
    readings = tuple(IonChamberReading(name, count) for name, count in counts.items())
    peer.send(HtosReportIonChambers(ion_chamber_time=0.1, result=readings))


# -- ion chambers ----------------------------------------------------------------------------


def test_a_repeated_reading_fails_when_its_dhs_is_lost(
    dcss: SimulatedDcss, hexapod: DhsPeer
) -> None:
    run = dcss.read_ion_chambers(0.1, ["i0"], repeat=True)
    report(hexapod, i0=1)
    run.wait_reports(1, DEADLINE_S)
    hexapod.close()
    reports = run.wait_reports(2, DEADLINE_S)
    assert reports[1] == IonChamberReport(0.0, {}, "no_hw_host_hex")


def test_a_repeated_reading_that_the_dhs_ended_does_not_fail_again(
    dcss: SimulatedDcss, hexapod: DhsPeer
) -> None:
    run = dcss.read_ion_chambers(0.1, ["i0"], repeat=True)
    report(hexapod, i0=1)
    failure = IonChamberFailure(("i0",), "aborted")
    hexapod.send(HtosReportIonChambers(ion_chamber_time=0, result=failure))
    run.wait_reports(2, DEADLINE_S)
    hexapod.close()
    dcss.wait_offline("hex", DEADLINE_S)
    assert [each.status for each in run.reports] == ["normal", "aborted"]


def test_chambers_of_several_hosts_are_read_by_each(dcss: SimulatedDcss, hexapod: DhsPeer) -> None:
    with pytest.raises(NotConnectedError, match="other is not connected"):
        dcss.read_ion_chambers(0.1, ["i0", "i2"])
    assert hexapod.read_until_now() == []  # no DHS is asked if one is away
    with DhsPeer.logged_in(dcss, "other") as other:
        run = dcss.read_ion_chambers(0.1, ["i0", "i2", "i1"])
        assert hexapod.read_text() == "stoh_read_ion_chambers 0.1 0 i0 i1"
        assert other.read_text() == "stoh_read_ion_chambers 0.1 0 i2"
        report(hexapod, i0=1, i1=2)
        hexapod.settle()
        assert not run.is_over
        with pytest.raises(TimeoutError, match=r"i2: 0 of 1 reports within 0\.01 s"):
            run.wait(0.01)
        report(other, i2=3)
        assert run.wait(DEADLINE_S) == IonChamberReport(0.1, {"i0": 1, "i1": 2, "i2": 3}, "normal")


def test_what_a_lost_host_does_not_count_is_a_failure_of_all(
    dcss: SimulatedDcss, hexapod: DhsPeer
) -> None:
    with DhsPeer.logged_in(dcss, "other") as other:
        run = dcss.read_ion_chambers(0.1, ["i0", "i2"])
        other.close()
        report(hexapod, i0=1)
        assert run.wait(DEADLINE_S) == IonChamberReport(0.1, {"i0": 1}, "no_hw_host_other")


# -- destinations ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("destination", "sent"),
    [
        (10, "370.0"),
        (0, "0"),  # unchanged: no shorter way to exactly 0
        (0.0, "0.0"),
        (1e-9, "360.0"),  # with six decimals, once it has been turned
        (5.12345678, "365.123457"),
        ("home", "home"),
    ],
)
def test_a_circle_motor_is_sent_to(
    dcss: SimulatedDcss, hexapod: DhsPeer, destination: float | str, sent: str
) -> None:
    dcss.move("phi", destination)
    assert hexapod.read_text() in {
        f"stoh_start_motor_move phi {sent}",
        f"stoh_start_motor_move phi {sent}.0",
    }
