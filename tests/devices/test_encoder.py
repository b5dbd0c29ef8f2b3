"""Each command to an encoder, on the wire."""

import itertools

from dhs_runtime import DeviceError, Dhs
from tests.devices.talking import online, read
from tests.runtime.peers import eventually


def test_a_registration_is_answered_by_the_question_for_the_position() -> None:
    dhs = Dhs("testDHS")
    encoder = dhs.encoder("e")
    with online(dhs) as peer:
        peer.send("stoh_register_encoder e hw")
        assert peer.read_text() == "htos_send_configuration e"
        peer.send("stoh_configure_encoder e testDHS 1.5 1.5")
        eventually(lambda: encoder.position == 1.5)
        peer.send("stoh_get_encoder e")
        assert peer.read_text() == "htos_get_encoder_completed e 1.5 normal"


def test_it_is_read_and_set() -> None:
    dhs = Dhs("testDHS")
    encoder = dhs.encoder("e", position=0)
    values = itertools.count(2)
    told: list[float] = []
    encoder.on_get(lambda: next(values) / 4)
    encoder.on_set(told.append)
    with online(dhs) as peer:
        peer.send("stoh_register_encoder e hw", "stoh_get_encoder e", "stoh_set_encoder e 7")
        assert read(peer, 2) == [
            "htos_get_encoder_completed e 0.5 normal",
            "htos_set_encoder_completed e 7.0 normal",
        ]
        peer.send("stoh_get_encoder e")
        assert peer.read_text() == "htos_get_encoder_completed e 0.75 normal"
    assert told == [7.0]


def test_a_failure_tells_the_last_position() -> None:
    dhs = Dhs("testDHS")
    encoder = dhs.encoder("e", position=3.5)

    @encoder.on_get
    def read_it() -> float:
        raise DeviceError("no cable")

    @encoder.on_set
    def set_it(position: float) -> None:
        raise OSError("no cable")

    with online(dhs) as peer:
        peer.send("stoh_get_encoder e", "stoh_set_encoder e 1")
        assert read(peer, 4) == [
            "htos_log error e no cable",
            "htos_get_encoder_completed e 3.5 error",
            "htos_log error e OSError: no cable",
            "htos_set_encoder_completed e 3.5 error",
        ]
