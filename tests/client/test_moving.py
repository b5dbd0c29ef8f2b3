"""Moves, against a GUI port whose script is the test."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from dcs_codec import EncodeError
from dhs_runtime.client import (
    AbortedError,
    BusyError,
    DcssClient,
    FailedError,
    LimitError,
    NoDeviceError,
    OfflineError,
    PermissionRefusedError,
    RefusedError,
    RequestError,
    WaitTimeoutError,
    pending,
)
from dhs_runtime.client.bluesky import BlueskyMotor
from tests.client.asking import S, ask
from tests.client.gui_server import GuiSession


def test_a_move(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    moved = ask(pool, dcss.move, "z", 3, timeout_s=S)
    assert session.command() == "gtos_start_motor_move z 3"
    session.say(
        "stog_motor_move_started z 3.0",
        "stog_update_motor_position z 2.0 normal",
        "stog_motor_move_completed x 7.0 normal",
        "stog_motor_move_completed z 3.0 normal",
    )
    assert moved.result(S) == 3.0
    assert dcss.motors["z"].position == 3.0


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("z_sw_limit", LimitError),
        ("z_parents_sw_limit", LimitError),
        ("moving", BusyError),
        ("locked", BusyError),
        ("parent_configInProgress", BusyError),
        ("system_not_idle", BusyError),
        ("must_be_active", PermissionRefusedError),
        ("not_exist", NoDeviceError),
        ("type_not_motor", NoDeviceError),
        ("{no_hw_host stageDHS}", OfflineError),
        ("no_hw_host_stageDHS", OfflineError),
        ("aborted", AbortedError),
        ("cw_hw_limit", FailedError),
        ("", FailedError),
    ],
)
def test_a_move_that_fails(
    dcss: DcssClient, session: GuiSession, status: str, error: type[RequestError]
) -> None:
    request = dcss.start_move("z", 3)
    session.say(f"stog_motor_move_completed z 1.5 {status}")
    with pytest.raises(error) as caught:
        request.wait(S)
    assert type(caught.value) is error
    assert caught.value.status == status
    assert caught.value.name == "z"
    assert request.is_over


def test_what_would_stop_the_beamline_is_not_sent(dcss: DcssClient, session: GuiSession) -> None:
    with pytest.raises(LimitError, match=r"z: 24\.95 mm is beyond its limits"):
        dcss.move("z", 24.95)
    with pytest.raises(LimitError):
        dcss.move("z", -21)
    with pytest.raises(BusyError, match="held: it is locked"):
        dcss.move("held", 1)
    with pytest.raises(EncodeError):
        dcss.move("energy", float("inf"))
    with pytest.raises(EncodeError):
        dcss.move("energy", 1e20)
    with pytest.raises(NoDeviceError):
        dcss.move("y", 1)
    with pytest.raises(LimitError):
        dcss.move_many({"x": 1, "z": 100})
    request = dcss.start_move("z", 2)
    with pytest.raises(BusyError, match="z: it is moving"):
        dcss.start_move("z", 3)
    session.say("stog_motor_move_started x 1")
    dcss.wait(lambda: dcss.motors["x"].is_moving is True, S)
    with pytest.raises(BusyError):
        dcss.move("x", 2)
    assert session.command() == "gtos_start_motor_move z 2"
    assert session.commands.empty()
    session.say("stog_motor_move_completed z 2 normal")
    assert request.wait(S).position == 2


def test_the_end_of_somebody_elses_move_is_not_ours(dcss: DcssClient, session: GuiSession) -> None:
    session.say("stog_motor_move_started z 2")
    dcss.wait(lambda: dcss.motors["z"].is_moving is True, S)
    request = dcss.start_move("z", 3, check=False)
    session.say(
        "stog_motor_move_completed z 2 normal",
        "stog_motor_move_started z 3",
        "stog_motor_move_completed z 3 normal",
    )
    assert request.wait(S).position == 3


def test_several_moves(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    moved = ask(pool, dcss.move_many, {"z": 3, "x": 1}, timeout_s=S)
    assert {session.command(), session.command()} == {
        "gtos_start_motor_move z 3",
        "gtos_start_motor_move x 1",
    }
    session.say("stog_motor_move_completed x 1 normal", "stog_motor_move_completed z 3 normal")
    assert moved.result(S) == {"z": 3, "x": 1}


def test_of_several_moves_the_first_that_was_no_abort_is_raised(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    moved = ask(pool, dcss.move_many, {"z": 3, "x": 1}, timeout_s=S)
    session.command(), session.command()
    session.say("stog_motor_move_completed z 2 aborted", "stog_motor_move_completed x 0 too_fast")
    with pytest.raises(FailedError, match="x: too_fast"):
        moved.result(S)
    moved = ask(pool, dcss.move_many, {"z": 3, "x": 1}, timeout_s=S)
    session.command(), session.command()
    session.say("stog_motor_move_completed z 2 aborted", "stog_motor_move_completed x 0 aborted")
    with pytest.raises(AbortedError, match="z: aborted"):
        moved.result(S)


def test_a_move_that_comes_to_rest_elsewhere(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    moved = ask(pool, dcss.move, "z", 3, timeout_s=S, tolerance=0.01)
    session.command()
    session.say("stog_motor_move_completed z 2.5 normal")
    with pytest.raises(FailedError, match=r"z: stopped at 2\.5, not at 3"):
        moved.result(S)


def test_a_move_that_does_not_end_in_time(dcss: DcssClient, session: GuiSession) -> None:
    request = dcss.start_move("z", 3)
    session.say(
        "stog_motor_move_started z 3",
        "stog_log warning stageDHS z is slow",
        "stog_update_motor_position z 2.25 normal",
    )
    dcss.wait(lambda: dcss.motors["z"].position == 2.25, S)
    with pytest.raises(WaitTimeoutError) as caught:
        request.wait(0.01)
    assert isinstance(caught.value, TimeoutError)
    expected = (
        r"move of z to 3: no completion within 0\.01 s; asked \d\d:\d\d:\d\d, 1 updates, "
        r"last 2\.25 \d\.\d s ago; host stageDHS online; last log: warning stageDHS z is slow"
    )
    assert re.fullmatch(expected, str(caught.value))
    assert not request.is_over
    session.say("stog_motor_move_completed z 3 normal")
    assert request.wait(S).position == 3  # a timeout ended the wait, not the move


def test_the_host_of_a_move_goes_away(
    dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "OFFLINE_GRACE_S", 0.05)
    request = dcss.start_move("z", 3)
    session.say("stog_configure_hardware_host stageDHS self offline")
    with pytest.raises(OfflineError, match="z: stageDHS went offline"):
        request.wait(S)
    assert not dcss.hosts["stageDHS"].is_online


def test_the_completion_of_a_host_that_goes_is_preferred(
    dcss: DcssClient, session: GuiSession
) -> None:
    request = dcss.start_move("z", 3)
    session.say(
        "stog_configure_hardware_host stageDHS self offline",
        "stog_motor_move_completed z 1.5 no_hw_host_stageDHS",
    )
    with pytest.raises(OfflineError, match="no_hw_host_stageDHS"):
        request.wait(S)


def test_an_abort(dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "ABORT_GRACE_S", 0.05)
    stopped, silent = dcss.start_move("z", 3), dcss.start_move("x", 1)
    session.command(), session.command()
    dcss.abort()
    assert session.command() == "gtos_abort_all soft"
    session.say("stog_motor_move_completed z 2 aborted")
    with pytest.raises(AbortedError, match="z: aborted"):
        stopped.wait(S)
    with pytest.raises(AbortedError, match="x: aborted, but DCSS did not report its end"):
        silent.wait(S)
    dcss.abort(hard=True)
    assert session.command() == "gtos_abort_all hard"


def test_of_several_moves_all_ends_are_told(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    moved = ask(pool, dcss.move_many, {"z": 3, "x": 1}, timeout_s=S)
    session.command(), session.command()
    session.say("stog_motor_move_completed z 3 normal", "stog_motor_move_completed x 0 too_fast")
    with pytest.raises(FailedError) as caught:
        moved.result(S)
    assert caught.value.ends["z"] == 3
    assert caught.value.ends["x"] is caught.value


def test_a_limit_says_which(dcss: DcssClient) -> None:
    with pytest.raises(LimitError) as caught:
        dcss.check_move("z", 100)
    assert list(caught.value.limits) == pytest.approx([-20, 24.9])


def test_stopping_a_motor(dcss: DcssClient, session: GuiSession) -> None:
    run = dcss.start_move("z", 3)
    dcss.stop_move("z")
    dcss.stop_move("z", hard=True)
    assert [session.command() for _ in range(3)] == [
        "gtos_start_motor_move z 3",
        "gtos_abort_motor_move z soft",
        "gtos_abort_motor_move z hard",
    ]
    session.say("stog_motor_move_completed z 2 aborted")
    with pytest.raises(AbortedError):
        run.wait(S)
    with pytest.raises(RefusedError, match=r"energy: .*only abort\(\) stops it"):
        dcss.stop_move("energy")
    with pytest.raises(NoDeviceError):
        dcss.stop_move("nothing_like_it")
    assert session.commands.empty()


@pytest.mark.parametrize(
    "report",
    [
        "stog_update_motor_position z 7.0004 normal",
        "stog_motor_move_completed z 7 normal",
        "stog_configure_real_motor z stageDHS hw_z 7 25 -20 400 2000 100 -40 1 1 0 1 0 0",
    ],
)
def test_another_number_for_a_position(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor, report: str
) -> None:
    asked = ask(pool, dcss.set_position, "z", 7, timeout_s=S)
    assert session.command() == "gtos_set_motor_position z 7"
    session.say(
        "stog_update_motor_position x 7 normal", "stog_update_motor_position z 1.5 normal", report
    )
    assert asked.result(S) == pytest.approx(7, abs=0.001)


def test_a_position_that_nobody_reports(dcss: DcssClient, session: GuiSession) -> None:
    session.say("stog_configure_hardware_host awayDHS self offline")
    with pytest.raises(WaitTimeoutError, match=r"request of z: no completion within 0\.01 s"):
        dcss.set_position("z", 7, timeout_s=0.01)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (("stog_no_hardware_host z",), OfflineError),
        (
            (
                "stog_log error server only_stafff_allowed",
                "stog_log error server z permit check failed: no_permission",
            ),
            PermissionRefusedError,
        ),
    ],
)
def test_staff_commands_that_are_refused(
    dcss: DcssClient,
    session: GuiSession,
    pool: ThreadPoolExecutor,
    said: tuple[str, ...],
    error: type[RequestError],
) -> None:
    for call in (
        lambda: dcss.set_position("z", 7, timeout_s=S),
        lambda: dcss.configure("z", speed=1, timeout_s=S),
    ):
        asked = ask(pool, call)
        session.command()
        session.say("stog_no_hardware_host x", *said)
        with pytest.raises(error) as caught:
            asked.result(S)
        if error is PermissionRefusedError:
            assert caught.value.logs[0] == "error server only_stafff_allowed"


def test_settings_of_a_motor(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    session.say("stog_update_motor_position z 2 normal")
    dcss.wait(lambda: dcss.motors["z"].position == 2, S)
    asked = ask(pool, dcss.configure, "z", upper_limit=20, speed=1000, timeout_s=S)
    assert session.command() == "gtos_configure_device z 2.0 20 -20.0 400.0 1000 100 -40 1 1 0 1 0"
    session.say(
        "stog_configure_real_motor x stageDHS hw_x 0 20 -5 1000 1000 100 0 1 1 0 0 0 0",
        "stog_configure_real_motor z stageDHS hw_z 2 25 -20 400 1000 100 -40 1 1 0 1 0 0",
        "stog_configure_real_motor z stageDHS hw_z 2 20 -20 400 1000 100 -40 1 1 0 1 0 0",
    )
    assert asked.result(S).limits[1] == pytest.approx(19.9)
    asked = ask(pool, dcss.configure, "energy", motor_lock_on=True, timeout_s=S)
    assert session.command() == "gtos_configure_device energy 12000.0 20000.0 5000.0 0 0 1"
    session.say("stog_configure_pseudo_motor energy self script 12000 20000 5000 0 0 1 0")
    assert asked.result(S).is_locked
    with pytest.raises(ValueError, match="energy has no speed; it has position, upper_limit"):
        dcss.configure("energy", speed=1)


def test_settings_that_somebody_else_changes(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    asked = ask(pool, dcss.configure, "x", speed=1000, timeout_s=1.5)
    session.command()
    session.say("stog_configure_real_motor x stageDHS hw_x 0 4 -5 1000 2000 100 0 1 1 0 0 0 0")
    with pytest.raises(WaitTimeoutError, match="last report: another speed"):
        asked.result(S)


@pytest.mark.parametrize(
    ("name", "to", "position", "is_there"),
    [
        ("phi", 400, 40, True),
        ("phi", -10, 349.995, True),
        ("phi", 360, 0.005, True),
        ("phi", 400, 41, False),
        ("phi", 10, float("nan"), False),
        ("phi", 10, float("inf"), False),
        ("energy", 6360, 6000, True),  # without limits it may turn
        ("z", 20, 19.995, True),
        ("z", 20, 20.5, False),
    ],
)
def test_a_motor_may_turn_in_a_circle(
    dcss: DcssClient, session: GuiSession, name: str, to: float, position: float, *, is_there: bool
) -> None:
    """dcss folds its positions to 0..360 or -180..180, and tells a client nothing of it."""
    session.say(
        "stog_configure_real_motor phi stageDHS p 0 1000 -1000 100 1 1 0 1 1 0 0 0 0",
        "stog_set_motor_base_units phi deg",
    )
    dcss.wait(lambda: "phi" in dcss.motors and dcss.motors["phi"].units == "deg", S)
    status = BlueskyMotor(dcss, name, tolerance=0.01).set(to)
    session.say(f"stog_motor_move_completed {name} {position} normal")
    assert (status.exception(S) is None) is is_there
