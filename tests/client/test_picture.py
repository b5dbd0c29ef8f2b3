"""The picture that a client has of the beamline."""

import pytest

from dcs_codec import gui
from dhs_runtime.client import (
    ClientState,
    DcssClient,
    NoDeviceError,
)
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
