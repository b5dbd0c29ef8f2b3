"""Moves have no handle: which completion is whose, and what it says of the motion."""

import threading

import pytest

from dcs_codec import EncodeError
from dhs_runtime.client import (
    AbortedError,
    BusyError,
    DcssClient,
    LimitError,
    MoveRequest,
    OfflineError,
    PermissionRefusedError,
    RequestError,
)
from tests.client.asking import S
from tests.client.gui_server import GuiSession

OF_ANOTHER_COMMAND = ["moving", "blocked", "must_be_active", "no_permission", "system_not_idle"]


@pytest.mark.parametrize("status", OF_ANOTHER_COMMAND)
def test_the_refusal_of_another_command_is_no_end_of_ours(
    dcss: DcssClient, session: GuiSession, status: str
) -> None:
    """The engine refuses a second move, and stops the first: its own completion comes after it."""
    request = dcss.start_move("z", 20)
    session.say(
        "stog_motor_move_started z 20",
        f"stog_motor_move_completed z 1.5 {status}",
        "stog_motor_move_completed z 7 aborted",
    )
    with pytest.raises(AbortedError):
        request.wait(S)
    assert dcss.motors["z"].position == 7


@pytest.mark.parametrize("status", OF_ANOTHER_COMMAND)
def test_a_refusal_does_not_stop_a_motor(
    dcss: DcssClient, session: GuiSession, status: str
) -> None:
    session.say(
        "stog_motor_move_started z 20",
        f"stog_motor_move_completed z 1.5 {status}",
        "stog_set_string_completed status normal read",
    )
    dcss.wait_string("status", "read", timeout_s=S)
    assert dcss.motors["z"].is_moving is True
    session.say("stog_motor_move_completed z 7 z_sw_limit")
    dcss.wait(lambda: dcss.motors["z"].is_moving is False, S)


@pytest.mark.parametrize("status", ["normal", "aborted", "cw_hw_limit", ""])
def test_the_end_of_another_motion_is_not_the_end_of_ours(
    dcss: DcssClient, session: GuiSession, status: str
) -> None:
    session.say("stog_motor_move_started z 2")
    dcss.wait(lambda: dcss.motors["z"].is_moving is True, S)
    request = dcss.start_move("z", 3, check=False)
    session.say(
        f"stog_motor_move_completed z 2 {status}",
        "stog_motor_move_started z 3",
        "stog_motor_move_completed z 3 normal",
    )
    assert request.wait(S).position == 3


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("moving", BusyError),
        ("z_sw_limit", LimitError),
        ("must_be_active", PermissionRefusedError),
        ("no_hw_host_stageDHS", OfflineError),
    ],
)
def test_a_refusal_of_ours_ends_it_though_the_motor_moves(
    dcss: DcssClient, session: GuiSession, status: str, error: type[RequestError]
) -> None:
    session.say("stog_motor_move_started z 2")
    dcss.wait(lambda: dcss.motors["z"].is_moving is True, S)
    request = dcss.start_move("z", 3, check=False)
    session.say(f"stog_motor_move_completed z 1.5 {status}")
    with pytest.raises(error):
        request.wait(S)


def test_of_many_threads_one_moves_a_motor(dcss: DcssClient, session: GuiSession) -> None:
    """The others are refused here: dcss would stop the whole beamline."""
    ready, runs, refused = threading.Barrier(8), list[MoveRequest](), list[BusyError]()

    def move(to: float) -> None:
        ready.wait(S)
        try:
            runs.append(dcss.start_move("z", to))
        except BusyError as error:
            refused.append(error)

    threads = [threading.Thread(target=move, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(S)
    assert (len(runs), len(refused)) == (1, 7)
    session.say("stog_motor_move_completed z 3 normal")
    assert runs[0].wait(S).position == 3


@pytest.mark.parametrize("to", [1e20, float("nan"), float("inf")])
def test_of_several_moves_none_is_sent_if_one_cannot_be(
    dcss: DcssClient, session: GuiSession, to: float
) -> None:
    with pytest.raises(EncodeError):
        dcss.move_many({"x": 1, "energy": to})
    dcss.stop_move("x")
    assert session.command() == "gtos_abort_motor_move x soft"
