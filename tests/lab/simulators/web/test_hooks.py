"""The hooks of the simulated DCSS for displays: changes, lines, devices, logins."""

import threading

import pytest

from dcs_codec import HtosUpdateMotorPosition
from dhs_lab.simulators.dcss import (
    Changes,
    HardwareHost,
    RealMotorEntry,
    SimulatedDcss,
    Traffic,
)
from dhs_lab.simulators.dcss import traffic as traffic_module
from dhs_runtime import NotConnectedError
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer


def test_who_waits_for_a_change_is_woken_by_it() -> None:
    changes = Changes()
    assert changes.wait(0, timeout_s=0.01) == 0
    timer = threading.Timer(0.02, changes.mark)
    timer.start()
    assert changes.wait(0, DEADLINE_S) == 1
    assert changes.wait(0) == 1, "it happened before the call"
    timer.join()


def test_each_line_is_given_once_and_in_order() -> None:
    traffic = Traffic()
    assert traffic.after(0) == (0, ())
    for text in "abc":
        traffic.add("h", "->", text)
    count, lines = traffic.after(1)
    assert count == 3
    assert [line.text for line in lines] == ["b", "c"]
    assert traffic.after(count) == (3, ())
    assert traffic.after(99) == (3, ())
    assert lines[-1].at_s <= traffic.now_s


def test_a_message_is_in_the_record_before_its_effect_and_waited_for_until_after_it() -> None:
    changes = Changes()
    traffic = Traffic(changes)
    with traffic.coming("h", "cause"):
        assert changes.wait(0, 0) == 1, "who looks now finds the cause"
        traffic.add("g", "->", "effect")
        assert traffic.texts() == ["cause", "effect"]
        assert [line.text for line in traffic.after(0)[1]] == ["cause", "effect"]
        with pytest.raises(TimeoutError):
            traffic.wait_for(lambda line: line.text == "cause", 0)
    assert changes.wait(0, 0) == 3, "and who looked too early is told of the effect"
    assert traffic.wait_for(lambda line: line.text == "cause", 0).host == "h"
    times = [line.at_s for line in traffic.lines()]
    assert times == sorted(times)


def test_a_message_whose_effect_failed_is_in_the_record() -> None:
    traffic = Traffic()
    with pytest.raises(ValueError, match="no effect"), traffic.coming("h", "cause"):
        raise ValueError("no effect")
    assert [line.text for line in traffic.after(0)[1]] == traffic.texts() == ["cause"]


def test_lines_that_are_no_longer_kept_are_counted_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(traffic_module, "MAX_LINES", 2)
    traffic = Traffic()
    for text in "abcd":
        traffic.add("h", "<-", text)
    count, lines = traffic.after(0)
    assert count == 4
    assert [line.text for line in lines] == ["c", "d"]


def test_a_message_a_login_and_a_configuration_are_changes() -> None:
    host = HardwareHost.of("h", motors=["m"])
    with SimulatedDcss([host]) as dcss:
        before = dcss.changes.wait(-1)
        with DhsPeer.logged_in(dcss, "h") as peer:
            online = dcss.changes.wait(before, DEADLINE_S)
            assert online > before
            assert dcss.logins() == {"h": 1}
            peer.send(HtosUpdateMotorPosition(motor_name="m", position=3.0, status="normal"))
            peer.settle()
            moved = dcss.changes.wait(online, DEADLINE_S)
            assert moved > online
            dcss.configure("m", upper_limit=7)
            assert dcss.changes.wait(moved, DEADLINE_S) > moved
        dcss.wait_offline("h", DEADLINE_S)


def test_devices_are_copies_that_stay_as_they_are() -> None:
    motor = RealMotorEntry("m", position=1.0)
    dcss = SimulatedDcss([HardwareHost.of("h", motors=[motor], operations=["op"])])
    devices = dcss.devices()
    assert list(devices) == ["m", "op"]
    assert devices["m"] == motor
    motor.position = 2.0
    motor.is_moving = True
    before, now = devices["m"], dcss.devices()["m"]
    assert isinstance(before, RealMotorEntry)
    assert isinstance(now, RealMotorEntry)
    assert (before.position, before.is_moving) == (1.0, False)
    assert (now.position, now.is_moving) == (2.0, True)


def test_a_configuration_that_is_not_sent_is_no_change() -> None:
    dcss = SimulatedDcss([HardwareHost.of("h", motors=["m"])])
    count = dcss.changes.wait(-1)
    with pytest.raises(NotConnectedError):
        dcss.configure("m", position=1)
    assert dcss.changes.wait(count, timeout_s=0) == count
