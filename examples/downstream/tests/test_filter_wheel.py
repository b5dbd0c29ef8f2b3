"""The filter wheel against a simulated DCSS."""

from pathlib import Path

import pytest
from filter_wheel_dhs import filter_wheel

from dcs_codec import HtosMotorMoveCompleted, HtosOperationCompleted
from dhs_lab.simulators.dcss import HardwareHost
from dhs_lab.testing import DhsRunner, WatchedDcss, expected, hole, near

ROOT = Path(__file__).parents[1]
WHEEL = HardwareHost.of("filterDHS", motors=["filter_angle"], operations=["insertFilter"])

pytestmark = pytest.mark.dcss_hosts(WHEEL)


def test_the_wheel_turns(simulated_dcss: WatchedDcss, dhs_runner: DhsRunner) -> None:
    dhs_runner.start(filter_wheel())
    assert simulated_dcss.move("filter_angle", 90).wait(20).status == "normal"
    simulated_dcss.traffic.expect(
        [
            "stoh_start_motor_move filter_angle 90",
            "htos_motor_move_started filter_angle 90",
            "htos_update_motor_position filter_angle 18~1 normal",
            expected(HtosMotorMoveCompleted, position=near(90, 0.5), status="normal"),
        ]
    )


def test_a_turn_is_aborted(
    simulated_dcss: WatchedDcss, dhs_runner: DhsRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filter_wheel_dhs.STEP_S", 60.0)  # or a busy machine is too late
    dhs_runner.start(filter_wheel())
    run = simulated_dcss.move("filter_angle", 359)
    run.wait_started(20)
    simulated_dcss.abort_all()
    assert run.wait(20).status == "aborted"


def test_a_filter_is_inserted_by_name(simulated_dcss: WatchedDcss, dhs_runner: DhsRunner) -> None:
    dhs_runner.start(filter_wheel())
    simulated_dcss.start_operation("insertFilter", "Cu")
    simulated_dcss.traffic.expect(
        [
            "stoh_start_operation insertFilter *handle Cu",
            "htos_operation_update insertFilter *handle turning 180~0.1",
            "htos_update_motor_position filter_angle 180 normal",
            expected(
                HtosOperationCompleted, operation_handle=hole("handle"), operation_status="normal"
            ),
        ]
    )
    assert simulated_dcss.position("filter_angle") == 180


@pytest.mark.parametrize("args", [(), ("Pb",)], ids=["none", "unknown"])
def test_an_unknown_filter_is_an_error(
    simulated_dcss: WatchedDcss, dhs_runner: DhsRunner, args: tuple[str, ...]
) -> None:
    dhs_runner.start(filter_wheel())
    end = simulated_dcss.start_operation("insertFilter", *args).wait(20)
    assert end.status == "error"
    assert "no filter" in end.text
    simulated_dcss.traffic.expect_no("htos_update_motor_position ...")


def test_it_runs_as_a_process(simulated_dcss: WatchedDcss, dhs_runner: DhsRunner) -> None:
    process = dhs_runner.spawn("filter_wheel_dhs.py:dhs", cwd=ROOT)
    assert simulated_dcss.start_operation("insertFilter", "Al").wait(20).status == "normal"
    process.stop()
    simulated_dcss.wait_offline("filterDHS", 20)
