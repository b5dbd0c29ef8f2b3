"""The picture that a client has of the beamline."""

import pytest

from dcs_codec import gui
from dhs_runtime.client import (
    ClientState,
    DcssClient,
    NoDeviceError,
)
from dhs_runtime.client.picture import MOST_RUNNING
from tests.client.asking import S
from tests.client.gui_server import GuiSession


def test_the_push_is_read_into_typed_values(dcss: DcssClient, session: GuiSession) -> None:
    login = session.login
    assert isinstance(login, gui.GtosClientIsGui)
    assert (login.user, login.session, login.host, login.display) == (
        *("anna", "S1", "localhost", ":0"),
    )
    z = dcss.motors["z"]
    assert (z.position, z.units, z.host, z.is_moving) == (1.5, "mm", "stageDHS", None)
    assert list(z.limits) == pytest.approx(
        [-20.0, 24.9]
    )  # narrowed by the backlash, as the engine does
    assert dcss.motors["energy"].limits == (None, None)
    assert dcss.motors["energy"].is_pseudo
    assert dcss.shutters["shutter"].is_open is False
    assert dcss.strings["status"].contents == "all is well"
    assert dcss.encoders["enc"].position == 2.5
    assert dcss.ion_chambers["i0"].counts is None
    assert dcss.operations["collect"].running == frozenset()
    assert dcss.hosts["stageDHS"].is_online
    assert not dcss.hosts["awayDHS"].is_online
    assert (dcss.client_id, dcss.location, dcss.state) == (2, "LOCAL", ClientState.READY)
    assert sorted(dcss.motors) == ["energy", "held", "x", "z"]
    assert len(dcss.motors) == 4
    assert "z" in dcss.motors


def test_a_missing_name_tells_the_nearest(dcss: DcssClient) -> None:
    with pytest.raises(NoDeviceError, match=r"no shutter 'shuter' .* did you mean shutter"):
        _ = dcss.shutters["shuter"]
    with pytest.raises(KeyError):
        _ = dcss.motors["nothing_like_it"]
    assert dcss.motors.get("nothing_like_it") is None


def test_broadcasts_change_the_picture(dcss: DcssClient, session: GuiSession) -> None:
    session.say(
        "stog_motor_move_started z 2",
        "stog_update_motor_position z 1.75 normal",
        "stog_report_shutter_state shutter open",
        "stog_report_shutter_state shutter closed no_hw_host_stageDHS",
        "stog_set_string_completed status normal new words",
        "stog_set_string_completed status refused other words",
        "stog_get_encoder_completed enc 3 normal",
        "stog_report_ion_chambers 0.5 i0 100",
        "stog_report_ion_chambers 0.5 i0",
        "stog_report_ion_chambers 0  i0 hardware_offline",
        "stog_start_operation collect 9.1 a b",
        "stog_configure_hardware_host awayDHS self online",
        "stog_update_motor_position nobody 1 normal",
        "stog_update_client_list 2",
        "stog_update_client 9 bob {Bob} {LOCAL} {} 1 1 localhost {lab} 1 0",
        "stog_update_client 8 u {u} {LOCAL} {} 1 1 h {cut",
        "stog_log note server done",
    )
    dcss.wait(lambda: 9 in dcss.clients, S)
    dcss.wait(lambda: dcss.hosts["awayDHS"].is_online, S)
    z = dcss.motors["z"]
    assert (z.position, z.is_moving) == (1.75, True)
    assert dcss.shutters["shutter"].is_open
    assert dcss.strings["status"].contents == "new words"
    assert dcss.encoders["enc"].position == 3
    assert dcss.ion_chambers["i0"].counts == 100
    assert dcss.operations["collect"].running == {"9.1"}
    session.say(
        "stog_configure_real_motor z stageDHS hw_z 2 25 -20 400 2000 100 40 1 1 0 1 0 0",
        "stog_operation_completed collect 9.1 normal",
        "stog_motor_move_completed z 2 normal",
    )
    dcss.wait(lambda: dcss.motors["z"].is_moving is False, S)
    assert list(dcss.motors["z"].limits) == pytest.approx([-19.9, 25.0])
    assert dcss.motors["z"].units == "mm"
    assert not dcss.operations["collect"].running
    assert list(dcss.clients) == [9]


def clients(*rows: str) -> list[str]:
    return [f"stog_update_client_list {len(rows)}", *rows]


def row(number: int, user: str, *, is_master: int = 0) -> str:
    return f"stog_update_client {number} {user} {{}} {{LOCAL}} {{}} 1 1 lab {{}} {is_master} 0"


def test_a_list_of_clients_replaces_the_one_before_when_it_is_whole(
    dcss: DcssClient, session: GuiSession
) -> None:
    """Nobody is missing while its rows come, with other messages between them."""
    session.say(*clients(row(2, "anna"), row(9, "bob", is_master=1)))
    dcss.wait(lambda: 9 in dcss.clients, S)
    session.say("stog_update_client_list 2", "stog_note between", row(2, "anna"))
    session.say("stog_set_string_completed status normal read")
    dcss.wait_string("status", "read", timeout_s=S)
    assert dcss.clients[9].is_master
    session.say(row(7, "eve"))
    dcss.wait(lambda: sorted(dcss.clients) == [2, 7], S)


def test_operations_of_a_dhs_that_goes_away_run_no_more(
    dcss: DcssClient, session: GuiSession
) -> None:
    """dcss says of none of them that it is over."""
    session.say("stog_start_operation collect 9.1", "stog_start_operation collect 9.2")
    dcss.wait(lambda: dcss.operations["collect"].running == {"9.1", "9.2"}, S)
    session.say("stog_configure_hardware_host stageDHS self offline")
    dcss.wait(lambda: not dcss.operations["collect"].running, S)


def test_handles_that_never_end_take_little_room(dcss: DcssClient, session: GuiSession) -> None:
    session.say(*[f"stog_start_operation collect 9.{number}" for number in range(2 * MOST_RUNNING)])
    session.say("stog_set_string_completed status normal read")
    dcss.wait_string("status", "read", timeout_s=S)
    assert len(dcss.operations["collect"].running) == MOST_RUNNING


def test_devices_may_come_while_others_look(dcss: DcssClient, session: GuiSession) -> None:
    for begin in range(0, 2_000, 100):
        session.say(
            *[
                f"stog_configure_string s{number} stageDHS text"
                for number in range(begin, begin + 100)
            ]
        )
        dcss.views()
    dcss.wait(lambda: "s1999" in dcss.strings, S)
    assert dcss.view("s1999") == dcss.strings["s1999"]
    with pytest.raises(NoDeviceError, match=r"no device 's2000'.* did you mean s200"):
        dcss.view("s2000")
