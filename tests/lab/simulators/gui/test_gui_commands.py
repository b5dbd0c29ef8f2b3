"""What GUIs ask for: what DHSs are sent, what all GUIs are told, and what only one is."""

import threading

import pytest

from dhs_lab.simulators.dcss import SimulatedDcss
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.lab.simulators.gui.gui_peer import GuiPeer, without_clients


def test_a_move_and_its_broadcasts(dhs: DhsPeer, alice: GuiPeer, bob: GuiPeer) -> None:
    assert alice.ask("gtos_start_motor_move z 1.5") == []
    assert dhs.letters_until_now() == ["stoh_start_motor_move z 1.500000"]
    dhs.send_text("htos_motor_move_started z 1.5")
    dhs.send_text("htos_update_motor_position z 0.7 normal")
    dhs.send_text("htos_motor_move_completed z 1.5 normal")
    dhs.read_until_now()
    told = [
        "stog_motor_move_started z 1.500000",
        "stog_update_motor_position z 0.700000 normal",
        "stog_motor_move_completed z 1.500000 normal",
    ]
    assert alice.read_until_now()[:3] == told
    assert bob.read_until_now()[:3] == told


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("gtos_abort_motor_move z soft", "stoh_abort_motor_move z soft"),
        ("gtos_set_motor_position z 2", "stoh_set_motor_position z 2.000000"),
        ("gtos_start_oscillation z NULL 1 0.50", "stoh_start_oscillation z NULL 1 0.50"),
        ("gtos_start_vector_move z NULL 1 0 5", "stoh_start_vector_move z NULL 1 0 5"),
        ("gtos_set_shutter_state shutter half", "stoh_set_shutter_state shutter half"),
        ("gtos_get_encoder enc", "stoh_get_encoder enc"),
        ("gtos_set_encoder enc 1.50", "stoh_set_encoder enc 1.50"),
        ("gtos_set_string status a[b]  c", "stoh_set_string status a b   c"),
        ("gtos_read_ion_chambers 0.50 1 i1 i0", "stoh_read_ion_chambers 0.50 0 i1 i0"),
        ("gtos_stop_operation collect now", "stoh_stop_operation collect now"),
        ("gtos_abort_all", "stoh_abort_all"),
    ],
)
def test_commands_go_on_to_the_letter(dhs: DhsPeer, alice: GuiPeer, asked: str, sent: str) -> None:
    alice.ask(asked)
    assert dhs.letters_until_now() == [sent]


def test_an_operation_keeps_the_handle_of_its_client(
    dhs: DhsPeer, alice: GuiPeer, bob: GuiPeer
) -> None:
    handle = f"{alice.client_id}.7"
    assert alice.ask(f"gtos_start_operation collect {handle} PRIVATEword x") == [
        f"stog_start_operation collect {handle} PRIVATEXXXX x"
    ]
    assert dhs.letters_until_now() == [f"stoh_start_operation collect {handle} PRIVATEword x"]
    dhs.send_text(f"htos_operation_update collect {handle} half")
    dhs.send_text(f"htos_operation_completed collect {handle} normal done {{a b}}")
    dhs.read_until_now()
    told = [
        f"stog_operation_update collect {handle} half",
        f"stog_operation_completed collect {handle} normal done {{a b}}",
    ]
    assert alice.read_until_now()[:2] == told
    assert bob.read_until_now()[1:] == told


def test_handles_of_others_are_not_taken(dhs: DhsPeer, alice: GuiPeer) -> None:
    assert alice.ask("gtos_start_operation collect 99.1 x") == [
        "stog_log error server collect 99.1 not_honest_client",
        "stog_operation_completed collect 99.1 not_honest_client",
    ]
    assert alice.ask("gtos_start_operation collect")[1] == (
        "stog_operation_completed collect 0.0 missing_operation_Id"
    )
    assert dhs.letters_until_now() == []


def test_operations_go_on_when_their_client_leaves(
    dcss: SimulatedDcss, dhs: DhsPeer, alice: GuiPeer
) -> None:
    with GuiPeer.logged_in(dcss, "carol") as carol:
        handle = f"{carol.client_id}.1"
        carol.ask(f"gtos_start_operation collect {handle} x")
    dhs.send_text(f"htos_operation_completed collect {handle} normal late")
    dhs.read_until_now()
    assert f"stog_operation_completed collect {handle} normal late" in alice.read_until_now()


def test_a_gui_that_knows_the_end_of_a_move_may_start_the_next(
    dcss: SimulatedDcss, dhs: DhsPeer, alice: GuiPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late the scripting engine reacts: its queue has the end before the next command."""
    hear, is_sent = dcss._audience.hear, threading.Event()

    def hear_late(text: str) -> None:
        assert is_sent.wait(DEADLINE_S)
        hear(text)

    alice.ask("gtos_start_motor_move z 1")
    dhs.send_text("htos_motor_move_started z 1")
    dhs.read_until_now()
    monkeypatch.setattr(dcss._audience, "hear", hear_late)
    dhs.send_text("htos_motor_move_completed z 1 normal")
    alice.read_to("stog_motor_move_completed z 1.000000 normal")
    alice.say("gtos_start_motor_move z 2")
    try:
        assert dhs.read_text() == "stoh_start_motor_move z 2.0"
    finally:
        is_sent.set()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "gtos_start_motor_move far 1",
            [
                "stog_log error server far no_hw_host awayDHS",
                "stog_motor_move_completed far 0.000000 {no_hw_host awayDHS}",
            ],
        ),
        ("gtos_set_motor_position far 1", ["stog_no_hardware_host far"]),
        (
            "gtos_abort_motor_move far soft",
            [
                "stog_no_hardware_host far",
                "stog_log error server Hardware host for device far not connected.",
            ],
        ),
        ("gtos_set_string lost y", ["stog_set_string_completed lost no_hw_host_awayDHS x"]),
        (
            "gtos_start_operation farOp 2.1 y",
            [
                "stog_start_operation farOp 2.1 y",
                "stog_log error server farOp no_hw_host awayDHS",
                "stog_operation_completed farOp 2.1 no_hw_host awayDHS",
            ],
        ),
    ],
)
def test_a_dhs_that_is_away(alice: GuiPeer, asked: str, told: list[str]) -> None:
    assert alice.ask(asked) == told


def test_a_dhs_that_goes_away(dcss: SimulatedDcss, dhs: DhsPeer, alice: GuiPeer) -> None:
    alice.ask("gtos_start_motor_move z 1")
    dhs.close()
    dcss.wait_offline("aDHS", DEADLINE_S)
    alice.read_to("stog_report_ion_chambers 0 i0 i1 no_hw_host_aDHS")
    with DhsPeer.logged_in(dcss, "aDHS"):
        assert alice.read_until_now()[-1] == "stog_configure_hardware_host aDHS self online"


def test_what_is_told_of_a_dhs_that_goes_away(
    dcss: SimulatedDcss, dhs: DhsPeer, alice: GuiPeer
) -> None:
    dhs.close()
    told = alice.read_to("stog_report_ion_chambers 0 i0 i1 no_hw_host_aDHS")
    assert told[:3] == [
        "stog_configure_hardware_host aDHS self offline",
        "stog_log severe aDHS aDHS offline",
        "stog_motor_move_completed z 0.000000 no_hw_host_aDHS",
    ]
    assert "stog_report_shutter_state shutter closed no_hw_host_aDHS" in told
    assert "stog_get_encoder_completed enc 0.000000 no_hw_host_aDHS" in told
    assert "stog_set_string_completed status no_hw_host_aDHS idle {a b}" in told
    assert dcss.online() == ()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "gtos_start_motor_move status 1",
            [
                "stog_log severe server status is not a motor. HACKER??",
                "stog_log error server status type is not motor",
                "stog_motor_move_completed status 0.000000 type_not_motor",
            ],
        ),
        (
            "gtos_start_motor_move nosuch 1",
            [
                "stog_log severe server nosuch is not a motor. HACKER??",
                "stog_log error server nosuch not_exist",
                "stog_motor_move_completed nosuch 0.000000 not_exist",
            ],
        ),
        ("gtos_set_shutter_state nosuch open", ["stog_log error server nosuch not_exist"]),
        (
            "gtos_get_encoder status",
            [
                "stog_log error server status type is not encoder",
                "stog_get_encoder_completed status 0.0 type_not_encoder",
            ],
        ),
        (
            "gtos_start_operation nosuch 2.4 x",
            [
                "stog_log error server nosuch not_exist",
                "stog_operation_completed nosuch 2.4 not_exist",
            ],
        ),
        (
            "gtos_stop_operation",
            ["stog_log error server operation name needed: gtos_stop_operation"],
        ),
    ],
)
def test_what_is_no_such_device(alice: GuiPeer, asked: str, told: list[str]) -> None:
    assert alice.ask(asked) == told


def test_a_refused_move_aborts_everything(dhs: DhsPeer, alice: GuiPeer, bob: GuiPeer) -> None:
    told = [
        "stog_log warning server z would exceed upper limit of 10.000000 if moved to 11.000000.",
        "stog_motor_move_completed z 0.000000 z_sw_limit",
    ]
    assert alice.ask("gtos_start_motor_move z 11") == told
    assert bob.read_until_now() == told
    assert dhs.letters_until_now() == ["stoh_abort_all soft"] * 2
    assert alice.ask("gtos_start_motor_move held 1") == [
        "stog_motor_move_completed held 0.000000 locked"
    ]


def test_a_configuration_is_told_to_all(dhs: DhsPeer, alice: GuiPeer, bob: GuiPeer) -> None:
    numbers = "1.500000 10.000000 -10.000000 1000.000000 1000 100 0 1 1 0 0 0 0"
    assert alice.ask("gtos_configure_device z 1.5") == [
        f"stog_configure_real_motor z aDHS z {numbers}",
        "stog_log warning server z configured",
    ]
    assert bob.read_until_now() == [f"stog_configure_real_motor z aDHS z {numbers}"]
    assert dhs.letters_until_now() == [f"stoh_configure_real_motor z aDHS z {numbers}"]


@pytest.mark.parametrize(
    "asked",
    [
        "gtos_start_motor_move z 1e300",
        "gtos_start_motor_move z",
        "gtos_set_motor_position z 1e300",
        "gtos_configure_device z 1e300",
    ],
)
def test_what_would_harm_a_real_dcss_is_not_done(dhs: DhsPeer, alice: GuiPeer, asked: str) -> None:
    (told,) = without_clients(alice.ask(asked))
    assert told.startswith("stog_log error server z ")
    assert dhs.letters_until_now() == []


def test_a_configuration_by_another_dhs_names_the_owner(
    dcss: SimulatedDcss, dhs: DhsPeer, alice: GuiPeer
) -> None:
    assert dhs.name == "aDHS"
    with DhsPeer.logged_in(dcss, "awayDHS") as other:
        alice.read_until_now()
        other.send_text("htos_configure_device z 1")
        other.settle()
    (told,) = (text for text in alice.read_until_now() if text.startswith("stog_configure_real"))
    assert told.split()[1:4] == ["z", "aDHS", "z"]


def test_strings_of_the_scripting_engine(dcss: SimulatedDcss, alice: GuiPeer) -> None:
    assert alice.ask("gtos_set_string note a {b  c}   d") == [
        "stog_set_string_completed note normal a {b  c} d"
    ]
    assert dcss.string("note") == "a {b  c} d"
    assert alice.ask("gtos_set_string note ") == ["stog_set_string_completed note normal "]
