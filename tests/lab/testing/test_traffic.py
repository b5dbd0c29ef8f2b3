"""Assertions on traffic: their waits, matches and messages."""

import math
import threading
from collections.abc import Iterator

import pytest

from dcs_codec import (
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosOperationCompleted,
    HtosUpdateMotorPosition,
    StohStartMotorMove,
)
from dhs_lab.simulators.dcss import HardwareHost, StringEntry
from dhs_lab.testing import TrafficError, WatchedDcss, WatchedTraffic, expected, hole, near
from tests.runtime.peers import DEADLINE_S, eventually

MOVE = [
    ("->", "stoh_start_motor_move sample_z 1.5"),
    ("<-", "htos_motor_move_started sample_z 1.5"),
    ("<-", "htos_update_motor_position sample_z 0.7 new"),
    ("<-", "htos_motor_move_completed sample_z 1.499 normal"),
]


@pytest.fixture
def traffic() -> WatchedTraffic:
    made = WatchedTraffic()
    for arrow, text in MOVE:
        made.add("stageDHS", "->" if arrow == "->" else "<-", text)
    return made


@pytest.fixture
def later() -> Iterator[list[threading.Timer]]:
    """Timers that were started."""
    timers: list[threading.Timer] = []
    yield timers
    for timer in timers:
        timer.join()


def test_messages_in_order_with_others_between(traffic: WatchedTraffic) -> None:
    start, completed = traffic.expect(
        [
            StohStartMotorMove(motor_name="sample_z", destination=1.5),
            expected(HtosMotorMoveCompleted, position=near(1.5, 0.01), status="normal"),
        ]
    )
    assert start == StohStartMotorMove(motor_name="sample_z", destination=1.5)
    assert isinstance(completed, HtosMotorMoveCompleted)
    assert completed.position == 1.499


def test_what_was_taken_is_not_taken_again(traffic: WatchedTraffic) -> None:
    traffic.expect(["htos_motor_move_started sample_z *"])
    with pytest.raises(TrafficError):
        traffic.expect(["htos_motor_move_started sample_z *"], timeout_s=0)
    traffic.expect(["htos_motor_move_completed ..."])
    traffic.rewind()
    traffic.expect(["stoh_start_motor_move ...", "htos_motor_move_started ..."])
    traffic.skip()
    with pytest.raises(TrafficError, match="0 of 1 messages came within 0 s; not: htos_motor"):
        traffic.expect(["htos_motor_move_completed ..."], timeout_s=0)


def test_it_waits_for_what_is_yet_to_come(
    traffic: WatchedTraffic, later: list[threading.Timer]
) -> None:
    note = "htos_note at last"
    later.append(threading.Timer(0.05, traffic.add, ("stageDHS", "<-", note)))
    later[0].start()
    traffic.expect(["htos_note at last"])


def test_exactly_lets_no_other_pass(traffic: WatchedTraffic) -> None:
    started = expected(HtosMotorMoveStarted)
    traffic.expect(["stoh_start_motor_move ...", started], exactly=True)
    traffic.rewind()
    with pytest.raises(TrafficError) as caught:  # at once, because it can no longer succeed
        traffic.expect([started], exactly=True, timeout_s=3600)
    assert "\n+" in str(caught.value)
    traffic.expect([started], exactly=True, arrow="<-")


def test_only_the_messages_of_one_host_are_looked_at(traffic: WatchedTraffic) -> None:
    traffic.add("otherDHS", "<-", "htos_note other")
    traffic.add("stageDHS", "<-", "htos_note mine")
    traffic.expect(["htos_note *"], host="otherDHS")
    with pytest.raises(TrafficError):
        traffic.expect(["htos_note *"], host="otherDHS", timeout_s=0)
    traffic.expect(["htos_note mine"], host="stageDHS")


def test_what_came_has_had_its_effect() -> None:
    traffic, may_react, effects = WatchedTraffic(), threading.Event(), []

    def react() -> None:
        with traffic.coming("stageDHS", "htos_note x"):
            assert may_react.wait(DEADLINE_S)
            effects.append("stored")

    reaction, release = threading.Thread(target=react), threading.Timer(0.05, may_react.set)
    reaction.start()
    eventually(lambda: traffic.texts() == ["htos_note x"])
    release.start()
    traffic.expect(["htos_note x"])
    assert effects == ["stored"]
    reaction.join()
    release.join()


def test_what_must_not_come(traffic: WatchedTraffic) -> None:
    traffic.expect(["htos_motor_move_started ..."])
    traffic.expect_no("htos_motor_move_started ...")
    with pytest.raises(TrafficError, match=r"not expected: .*\n.*came: .*position=1\.499"):
        traffic.expect_no("htos_motor_move_completed * * normal")
    traffic.expect(["htos_motor_move_completed ..."])


def test_a_difference_is_shown_field_by_field(traffic: WatchedTraffic) -> None:
    with pytest.raises(TrafficError) as caught:
        traffic.expect(
            [
                "stoh_start_motor_move sample_z 1.5",
                HtosMotorMoveStarted(motor_name="sample_z", destination=1.5),
                expected(HtosMotorMoveCompleted, position=near(2, 0.01), status="normal"),
                expected(HtosOperationCompleted, operation_status="normal"),
            ],
            timeout_s=0.01,
        )
    assert str(caught.value) == (
        "2 of 4 messages came within 0.01 s; not: htos_motor_move_completed * 2~0.01 normal\n"
        "  expected                               came\n"
        "  --------                               ----\n"
        "  stoh_start_motor_move sample_z 1.5     -> stoh_start_motor_move sample_z 1.5\n"
        "  htos_motor_move_started sample_z 1.5   <- htos_motor_move_started sample_z 1.5\n"
        "                                         <- htos_update_motor_position sample_z 0.7 new\n"
        "! htos_motor_move_completed              htos_motor_move_completed\n"
        "    motor_name = *                         sample_z\n"
        "!   position = 2~0.01                      1.499\n"
        "    status = normal                        normal\n"
        "- htos_operation_completed * * normal *  (did not come)"
    )


def test_a_named_hole_shows_what_fills_it() -> None:
    traffic = WatchedTraffic()
    traffic.add("aDHS", "->", "stoh_start_operation o 1.10")
    traffic.add("aDHS", "<-", "htos_operation_completed o 1.1 normal")
    done = expected(HtosOperationCompleted, operation_handle=hole("handle"))
    with pytest.raises(TrafficError, match=r"! +operation_handle = \*handle \(1\.10\) +1\.1\n"):
        traffic.expect(["stoh_start_operation o *handle", done], timeout_s=0)


def test_a_long_record_is_cut() -> None:
    traffic = WatchedTraffic()
    for number in range(200):
        traffic.add("aDHS", "<-", f"htos_note {number}")
    with pytest.raises(TrafficError) as caught:
        traffic.expect(["htos_limit_hit " + "m" * 39 + " " + "cw" * 30], timeout_s=0)
    shown = str(caught.value).splitlines()
    assert len(shown) < 15
    assert any("(140 messages before)" in line for line in shown)
    assert any("(54 more)" in line for line in shown)
    assert max(map(len, shown[1:])) < 100


def test_a_malformed_message_is_shown_as_it_came() -> None:
    traffic = WatchedTraffic()
    traffic.add("aDHS", "<-", "htos_motor_move_completed m nan normal")
    with pytest.raises(TrafficError, match=r"position = 1 +htos_motor_move_completed m nan normal"):
        traffic.expect(["htos_motor_move_completed m 1 normal"], timeout_s=0)


def test_hosts_are_copied() -> None:
    host = HardwareHost.of("aDHS", strings={"note": "before"})
    dcss = WatchedDcss(host, patience=0.1)
    (device,) = dcss.hosts[0].devices
    assert isinstance(device, StringEntry)
    device.contents = "after"
    assert host == HardwareHost.of("aDHS", strings={"note": "before"})


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_number_that_is_none_is_shown_as_it_came(number: str) -> None:
    made = WatchedTraffic()
    made.add("stageDHS", "<-", f"htos_update_motor_position z {number} moving")
    with pytest.raises(TrafficError, match=f"z {number} moving"):
        made.expect(["htos_update_motor_position z 1.5~inf moving"], timeout_s=0)
    with pytest.raises(TrafficError, match=f"position .*{number}"):
        made.expect(
            [expected(HtosUpdateMotorPosition, motor_name="z", position=near(1, math.inf))],
            timeout_s=0,
        )
