"""Frames of a real dcss's GUI port, with names of our own; and the login of a GUI."""

from typing import Final

from dcs_codec import NEED_DATA, DcsProtocol, Message, Role, State, gui
from dcs_codec.protocol import Event

GREETING: Final = b"          22            0 stoc_send_client_type\0"
GREETING_WITH_KEYS: Final = b"          24            0 stoc_send_client_type 7\0"
LOGIN: Final = b"gtos_client_is_gui anna S1 localhost :0".ljust(200, b"\0")
ACCEPTED: Final = b"          22            0 stog_login_complete 7\0"
ASKED: Final = gui.StocSendClientType()
LOGGED_IN: Final = gui.GtosClientIsGui(user="anna", session="S1", host="localhost", display=":0")
COMPLETE: Final = gui.StogLoginComplete(client_id=7)

FROM_DCSS: Final[dict[str, Message]] = {
    "stog_set_permission_level 1 0 LOCAL": gui.StogSetPermissionLevel(
        is_staff=True, is_roaming=False, location="LOCAL"
    ),
    "stog_configure_hardware_host stageDHS self online": gui.StogConfigureHardwareHost(
        host_name="stageDHS", hardware_host="self", state="online"
    ),
    "stog_device_permission_bit z {1 0 1 1 0} {0 0 1 0 0}": gui.StogDevicePermissionBit(
        device_name="z", permission_bits="{1 0 1 1 0} {0 0 1 0 0}"
    ),
    "stog_configure_real_motor z stageDHS hw_z 1.5 25.0 -20.0 400.0 2000 100 -40 1 1 0 1 0 0": (
        gui.StogConfigureRealMotor(
            motor_name="z",
            hardware_host="stageDHS",
            hardware_name="hw_z",
            position=1.5,
            upper_limit=25,
            lower_limit=-20,
            scale_factor=400,
            speed=2000,
            acceleration=100,
            backlash=-40,
            lower_limit_on=True,
            upper_limit_on=True,
            motor_lock_on=False,
            backlash_on=True,
            reverse_on=False,
            status=0,
        )
    ),
    "stog_configure_string idle self ": gui.StogConfigureString(
        string_name="idle", hardware_host="self", string_contents=""
    ),
    "stog_set_motor_base_units z ": gui.StogSetMotorBaseUnits(motor_name="z", units=""),
    "stog_set_motor_dependency gap up down": gui.StogSetMotorDependency(
        motor_name="gap", dependencies=("up", "down")
    ),
    "stog_dcss_end_update_all_device": gui.StogDcssEndUpdateAllDevice(),
    "stog_update_client 7 anna {Anna B} {LOCAL} {} 1 0 localhost {lab 3} 1 0": (
        gui.StogUpdateClient(client_id=7, row="anna {Anna B} {LOCAL} {} 1 0 localhost {lab 3} 1 0")
    ),
    "stog_become_master": gui.StogBecomeMaster(),
    "stog_become_slave not_unlocked need key": gui.StogBecomeSlave(reason="not_unlocked need key"),
    "stog_motor_move_completed z 1.5 {no_hw_host stageDHS}": gui.StogMotorMoveCompleted(
        motor_name="z", position=1.5, status="{no_hw_host stageDHS}"
    ),
    "stog_report_shutter_state s unknown no_hw_host_stageDHS": gui.StogReportShutterState(
        shutter_name="s", shutter_state="unknown", result="no_hw_host_stageDHS"
    ),
    "stog_report_ion_chambers 0.0  i0 hardware_offline": gui.StogReportIonChambers(
        ion_chamber_time=0, reported=" i0 hardware_offline"
    ),
    "stog_operation_completed op 7.1 normal a {b c}": gui.StogOperationCompleted(
        operation_name="op",
        operation_handle="7.1",
        operation_status="normal",
        operation_args="a {b c}",
    ),
    "stog_operation_update op 7.1 a {open": gui.StogOperationUpdate(
        operation_name="op", operation_handle="7.1", operation_args="a {open"
    ),
    "stog_log": gui.StogLog(log_level=""),
    "stog_log error server z permit check failed: no_permission": gui.StogLog(
        log_level="error", said="server z permit check failed: no_permission"
    ),
}
"""Texts of dcss, and what they are."""

FROM_GUI: Final[dict[str, Message]] = {
    "gtos_start_motor_move z 2.5": gui.GtosStartMotorMove(motor_name="z", destination=2.5),
    "gtos_start_motor_move z home": gui.GtosStartMotorMove(motor_name="z", destination="home"),
    "gtos_configure_device z 1 2 -2 1 1 0": gui.GtosConfigureDevice(
        motor_name="z", settings=(1, 2, -2, 1, 1, 0)
    ),
    "gtos_read_ion_chambers 0.5 0 i0 i1": gui.GtosReadIonChambers(
        ion_chamber_time=0.5, is_repeated=False, ion_chamber_names=("i0", "i1")
    ),
    "gtos_read_ion_chambers 1.0": gui.GtosReadIonChambers(
        ion_chamber_time=1, is_repeated=None, ion_chamber_names=()
    ),
    "gtos_start_operation op 7.1 a {b c}": gui.GtosStartOperation(
        operation_name="op", operation_handle="7.1", operation_args="a {b c}"
    ),
    "gtos_become_master ": gui.GtosBecomeMaster(request=""),
    "gtos_become_slave request_unlock master_lock_key=6B": gui.GtosBecomeSlave(
        request="request_unlock master_lock_key=6B"
    ),
    "gtos_log location anna In the lab": gui.GtosLog(log_level="location", said="anna In the lab"),
    "gtos_abort_all soft": gui.GtosAbortAll(abort_arg="soft"),
    "gtos_inquire_gui_clients": gui.GtosInquireGuiClients(),
}
"""Texts of GUIs, and what they are."""


def take(protocol: DcsProtocol, data: bytes) -> list[Event]:
    """The events of `data`; errors go through."""
    protocol.receive_data(data)
    taken: list[Event] = []
    while (event := protocol.next_event()) is not NEED_DATA:
        taken.append(event)
    return taken


def logged_in() -> tuple[DcsProtocol, DcsProtocol]:
    """A GUI and DCSS's GUI port, the login complete."""
    client, server = DcsProtocol(Role.GUI), DcsProtocol(Role.GUI_SERVER)
    assert take(client, server.send(ASKED)) == [ASKED]
    assert take(server, client.send(LOGGED_IN)) == [LOGGED_IN]
    assert take(client, server.send(COMPLETE)) == [COMPLETE]
    assert client.state is server.state is State.ONLINE
    return client, server
