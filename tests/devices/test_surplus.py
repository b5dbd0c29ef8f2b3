"""Surplus words in commands are ignored, over a socket."""

from typing import Final

import pytest

from dhs_runtime import Dhs, Move
from tests.devices.talking import online, read

ANSWERS: Final[dict[str, list[str]]] = {
    "stoh_register_real_motor phi hw": ["htos_send_configuration phi"],
    "stoh_register_shutter shutter closed hw": ["htos_report_shutter_state shutter closed"],
    "stoh_register_encoder coder hw": ["htos_send_configuration coder"],
    "stoh_register_string text hw": ["htos_send_configuration text"],
    "stoh_start_motor_move phi 1.500000": [
        "htos_motor_move_started phi 1.5",
        "htos_motor_move_completed phi 1.5 normal",
    ],
    "stoh_start_oscillation phi shutter 1 0.01 0.000011": [
        "htos_motor_move_started phi 1.0",
        "htos_report_shutter_state shutter open",
        "htos_report_shutter_state shutter closed",
        "htos_motor_move_completed phi 1.0 normal",
    ],
    "stoh_start_vector_move phi NULL 1 0 300": [
        "htos_motor_move_started phi 1.0",
        "htos_motor_move_completed phi 1.0 normal",
    ],
    "stoh_set_shutter_state shutter open": ["htos_report_shutter_state shutter open"],
    "stoh_get_encoder coder": ["htos_get_encoder_completed coder 0.25 normal"],
    "stoh_set_encoder coder 2.5": ["htos_set_encoder_completed coder 2.5 normal"],
}
"""Commands, and the answers of a DHS whose hardware obeys at once."""

SURPLUS: Final = ["60.000011", "a {b  c} \xe9", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"]


def stage() -> Dhs:
    """A DHS with a device of each kind."""
    dhs = Dhs("testDHS")
    phi = dhs.motor("phi")
    phi.on_move(lambda move: None)
    phi.on_vector_move(lambda move: None)
    dhs.shutter("shutter").on_set(lambda state: None)
    coder = dhs.encoder("coder")
    coder.on_get(lambda: 0.25)
    coder.on_set(lambda position: None)
    dhs.string("text").on_set(lambda contents: None)
    return dhs


@pytest.mark.parametrize("surplus", ["", *SURPLUS], ids=["without", "word", "odd", "many"])
@pytest.mark.parametrize("command", ANSWERS, ids=lambda command: command.split()[0])
def test_a_command_is_served(command: str, surplus: str) -> None:
    with online(stage()) as peer:
        peer.send(f"{command} {surplus}".rstrip())
        assert read(peer, len(ANSWERS[command])) == ANSWERS[command]


@pytest.mark.parametrize("surplus", ["", *SURPLUS], ids=["without", "word", "odd", "many"])
def test_a_position_is_set_and_corrected(surplus: str) -> None:
    with online(stage()) as peer:
        peer.send(f"stoh_set_motor_position phi 7 {surplus}")
        peer.send(f"stoh_correct_motor_position phi 360 {surplus}")
        peer.send("stoh_start_oscillation phi NULL 1 0.01")
        assert "htos_motor_move_started phi 368.0" in read(peer, 2)


@pytest.mark.parametrize("abort", ["stoh_abort_all", "stoh_abort_motor_move phi"])
@pytest.mark.parametrize("how", ["soft", "hard"])
def test_an_abort_is_what_its_first_word_says(abort: str, how: str) -> None:
    dhs = stage()
    modes: list[str] = []

    def wait(move: Move) -> None:
        try:
            move.sleep(60)
        finally:
            modes.append(move.abort_mode)

    kappa = dhs.motor("kappa")
    kappa.on_move(wait)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move kappa 1")
        assert peer.read_text() == "htos_motor_move_started kappa 1.0"
        peer.send(f"{abort.replace('phi', 'kappa')}  {how} at once")
        assert peer.read_text() == "htos_motor_move_completed kappa 0.0 aborted"
    assert modes == [how]
