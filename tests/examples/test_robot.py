"""The robot of the example: its strings are right before its operations are completed."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dcs_codec import split_list
from dhs_lab.simulators.dcss import Completion, HardwareHost
from dhs_lab.testing import DcssMaker, DhsRunner, WatchedDcss
from tests.examples.loading import load
from tests.runtime.peers import DEADLINE_S, eventually

OPERATIONS = ["mount_crystal", "dismount_crystal", "clear_mounted_state"]


@pytest.fixture
def example() -> Any:
    return load("robot_dhs")


@pytest.fixture
def robot(example: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The robot itself, and its DHS as `robot.dhs`."""
    monkeypatch.setattr(example, "STEP_S", 0.02)
    monkeypatch.setattr(example, "POLL_S", 0.05)
    robot = example.Robot()
    robot.dhs = example.RobotDhs(robot).dhs
    return robot


@pytest.fixture
def dcss(
    robot: Any, simulated_dcss_factory: DcssMaker, dhs_runner: DhsRunner
) -> Iterator[WatchedDcss]:
    """A DCSS with the robot, which has told its strings; it has no verdicts at the end."""
    strings = {"robot_status": "", "robot_sample": "from before"}
    dcss = simulated_dcss_factory(
        HardwareHost.of("robotDHS", operations=OPERATIONS, strings=strings)
    )
    dhs_runner.start(robot.dhs, dcss)
    eventually(lambda: dcss.string("robot_sample") == "" and dcss.string("robot_status") != "")
    yield dcss
    dcss.expect_no_verdicts()


def status(dcss: WatchedDcss) -> dict[str, str]:
    words = split_list(dcss.string("robot_status"))
    return dict(zip(words[::2], words[1::2], strict=True))


def test_its_strings_are_told_when_it_connects(dcss: WatchedDcss) -> None:
    assert status(dcss) == {
        "status:": "0",
        "need_reset:": "0",
        "state:": "idle",
        "warning:": "",
        "mounted:": "",
    }


def test_the_strings_follow_a_sample(dcss: WatchedDcss) -> None:
    mount = dcss.start_operation("mount_crystal", "l", 14, "A")
    mount.wait_update("carry", DEADLINE_S)
    assert status(dcss)["state:"] == "mount_crystal"
    assert mount.wait(DEADLINE_S) == Completion("normal", "l 14 A")
    assert mount.updates == ("open_dewar", "pick", "carry", "place")
    # No wait here: both were sent before the completion.
    assert (status(dcss)["state:"], status(dcss)["mounted:"]) == ("idle", "l 14 A")
    assert dcss.string("robot_sample") == "l 14 A"
    assert dcss.start_operation("dismount_crystal", "l", 14, "A").wait(DEADLINE_S) == Completion(
        "normal", "l 14 A"
    )
    assert dcss.string("robot_sample") == ""


def test_what_cannot_be_is_refused(dcss: WatchedDcss) -> None:
    for name, args in (("mount_crystal", ["l"]), ("dismount_crystal", ["l", 1, "A"])):
        assert dcss.start_operation(name, *args).wait(DEADLINE_S).status == "error"
    assert status(dcss)["need_reset:"] == "0"
    assert dcss.start_operation("mount_crystal", "l", 1, "A").wait(DEADLINE_S).status == "normal"
    second = dcss.start_operation("mount_crystal", "m", 2, "B").wait(DEADLINE_S)
    assert second == Completion("error", "cannot mount 'm 2 B' on 'l 1 A'")


def test_one_operation_has_the_robot(
    dcss: WatchedDcss, example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = threading.Event()

    class Steps:
        def __iter__(self) -> Iterator[str]:
            yield "pick"
            assert may_go_on.wait(DEADLINE_S)

    monkeypatch.setitem(example.STEPS, "mount_crystal", Steps())
    mount = dcss.start_operation("mount_crystal", "l", 1, "A")
    mount.wait_update("pick", DEADLINE_S)
    for name in ("dismount_crystal", "clear_mounted_state"):
        other = dcss.start_operation(name, "l", 1, "A").wait(DEADLINE_S)
        assert other == Completion("error", "the robot is busy with mount_crystal")
    may_go_on.set()
    assert mount.wait(DEADLINE_S).status == "normal"


def test_stopped_on_its_way_it_waits_for_somebody_to_look(
    dcss: WatchedDcss, example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(example, "STEP_S", 60.0)
        mount = dcss.start_operation("mount_crystal", "l", 1, "A")
        mount.wait_update("open_dewar", DEADLINE_S)
        dcss.abort_all()
        assert mount.wait(DEADLINE_S).status == "aborted"
    assert (status(dcss)["state:"], status(dcss)["need_reset:"]) == ("idle", "1")
    refused = dcss.start_operation("mount_crystal", "l", 1, "A").wait(DEADLINE_S)
    assert refused.status == "error"
    assert "clear_mounted_state" in refused.text
    assert dcss.start_operation("clear_mounted_state").wait(DEADLINE_S).status == "normal"
    assert status(dcss)["need_reset:"] == "0"
    assert dcss.start_operation("mount_crystal", "l", 1, "A").wait(DEADLINE_S).status == "normal"


def test_what_happens_to_the_robot_besides_is_seen_by_the_poll(
    dcss: WatchedDcss, robot: Any
) -> None:
    robot.warning = "the door {of the hutch is open"
    eventually(lambda: status(dcss).get("warning:") == robot.warning)
    dcss.disconnect("robotDHS")
    robot.warning = ""
    dcss.wait_online("robotDHS", DEADLINE_S, logins=2)
    eventually(lambda: status(dcss).get("warning:") == "")


def test_nobody_else_sets_the_strings(dcss: WatchedDcss) -> None:
    before = dcss.string("robot_status")
    dcss.set_string("robot_status", "all is well")
    refused = "htos_set_string_completed robot_status no_write_access "
    dcss.traffic.wait_for(lambda line: line.text.startswith(refused), DEADLINE_S)
    assert dcss.string("robot_status") == before
