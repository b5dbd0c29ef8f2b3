"""A site's own message reaches the device that its first word names."""

import threading
from typing import ClassVar

import attrs
import pytest

from dcs_codec import Codec, Message, StohSetString, default_registry
from dcs_codec.fields import Name, Scaled
from dhs_runtime import Dhs, HandlerError
from tests.devices.talking import CONFIG, online, read


@attrs.frozen(kw_only=True, repr=False)
class StohTuneBeam(Message):
    """Bring a mirror to an angle."""

    keyword: ClassVar[str] = "stoh_tune_beam"
    mirror_name: Name
    angle: Scaled


CODEC = Codec(default_registry().extended(StohTuneBeam))


def test_it_runs_in_the_order_of_the_device_and_may_block() -> None:
    dhs = Dhs("testDHS", codec=CODEC)
    first, second = dhs.motor("m1", config=CONFIG), dhs.motor("m2", config=CONFIG)
    release = threading.Event()

    @first.on(StohTuneBeam)
    def tune(message: StohTuneBeam) -> None:
        assert release.wait(20)
        first.report(message.angle)

    second.on(StohTuneBeam)(lambda message: second.report(message.angle))
    with online(dhs) as peer:
        peer.send("stoh_tune_beam m1 0.5", "stoh_set_motor_position m1 3", "stoh_tune_beam m2 2.5")
        assert peer.read_text() == "htos_update_motor_position m2 2.5 normal"
        release.set()
        assert read(peer, 2) == [
            "htos_update_motor_position m1 0.5 normal",
            "htos_update_motor_position m1 3.0 normal",
        ]


def test_one_that_names_no_device_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    dhs = Dhs("testDHS", codec=CODEC)
    motor = dhs.motor("m1", config=CONFIG)
    motor.on(StohTuneBeam)(lambda message: motor.report(message.angle))
    with online(dhs) as peer:
        peer.send("stoh_tune_beam m3 0.5", "stoh_tune_beam m1 much", "stoh_tune_beam m1 1")
        assert peer.read_text() == "htos_update_motor_position m1 1.0 normal"
    assert "stoh_tune_beam m3: this DHS declares no such device" in caplog.text


def test_handlers_of_the_dhs_see_it_as_well() -> None:
    dhs = Dhs("testDHS", codec=CODEC)
    motor = dhs.motor("m1", config=CONFIG)
    seen = threading.Event()
    motor.on(StohTuneBeam)(lambda message: motor.report(message.angle))
    dhs.on(StohTuneBeam)(lambda message: seen.set())
    with online(dhs) as peer:
        peer.send("stoh_tune_beam m1 1")
        assert peer.read_text() == "htos_update_motor_position m1 1.0 normal"
        assert seen.wait(20)


def test_messages_of_dcss_and_second_handlers_are_refused() -> None:
    motor = Dhs("testDHS", codec=CODEC).motor("m1")
    motor.on(StohTuneBeam)(lambda message: None)
    with pytest.raises(HandlerError, match="is taken"):
        motor.on(StohTuneBeam)
    with pytest.raises(HandlerError, match="StohSetString is DCSS's own"):
        motor.on(StohSetString)


def test_a_message_without_a_word_could_name_no_device() -> None:
    @attrs.frozen(kw_only=True, repr=False)
    class StohPing(Message):
        """Nothing but its keyword."""

        keyword: ClassVar[str] = "stoh_ping"

    with pytest.raises(HandlerError, match="StohPing has no word that could name a device"):
        Dhs("testDHS").motor("m").on(StohPing)
