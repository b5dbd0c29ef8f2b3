"""Numbers as other programs write them: nan stored by a dcss, integers with decimals."""

import math

import pytest

from dcs_codec import (
    EncodeError,
    HtosConfigureDevice,
    MalformedMessage,
    Message,
    NotFinite,
    StohConfigureEncoder,
    StohConfigurePseudoMotor,
    StohConfigureRealMotor,
    decode_text,
    encode_text,
)

REAL = "stoh_configure_real_motor m h w {} 10.000000 -10.000000 100.000000 5 6 7 1 1 0 1 0 0"
PSEUDO = "stoh_configure_pseudo_motor m h w {} 10.000000 -10.000000 1 1 0 0"
ENCODER = "stoh_configure_encoder e h {} 1.000000"


@pytest.mark.parametrize("word", ["nan", "-nan", "inf", "-inf"])
@pytest.mark.parametrize(
    ("form", "message_class"),
    [
        (REAL, StohConfigureRealMotor),
        (PSEUDO, StohConfigurePseudoMotor),
        (ENCODER, StohConfigureEncoder),
    ],
)
def test_what_dcss_has_stored_is_read(form: str, message_class: type[Message], word: str) -> None:
    """The field is a NotFinite, the rest is read, and the message is written again unchanged."""
    message = decode_text(form.format(word))
    assert type(message) is message_class
    position = message.position  # type: ignore[attr-defined]  # of each of the classes
    assert position == NotFinite(word)
    assert not math.isfinite(position)
    assert encode_text(message).split()[form.split().index("{}")] == word
    assert decode_text(encode_text(message)) == message


def test_an_author_s_nan_is_refused() -> None:
    for number in (math.nan, math.inf, -math.inf):
        message = StohConfigureEncoder(
            encoder_name="e", hardware_host="h", position=number, repeated_position=1.0
        )
        with pytest.raises(EncodeError, match="position: is"):
            encode_text(message)


@pytest.mark.parametrize(
    "text",
    [
        "htos_configure_device m nan 10 -10 1 1 0",
        "htos_update_motor_position m nan normal",
        "stoh_set_motor_position m nan",
        "stoh_start_oscillation phi shutter nan 1",
        "stoh_start_motor_move m 1.0 nan",
    ],
)
def test_elsewhere_nan_is_no_number(text: str) -> None:
    message = decode_text(text)
    if message.surplus:
        assert message.surplus == "nan"
    else:
        assert isinstance(message, MalformedMessage)
        assert message.reason == "is not a number: 'nan'"


def test_integers_with_decimals_are_read_in_either_direction() -> None:
    """As MX writes them, and as a DHS of other sites does."""
    words = "m 0.000000 10.000000 -10.000000 100.000000 20000.000000 250.000000 -40.000000"
    for keyword in ("stoh_configure_real_motor", "htos_configure_device"):
        message = decode_text(f"{keyword} {words} 1 1 0 1 0")
        assert isinstance(message, (StohConfigureRealMotor, HtosConfigureDevice))
        assert (message.speed, message.acceleration, message.backlash) == (20000, 250, -40)
        assert type(message.speed) is int
        assert encode_text(message).split()[6:9] == ["20000", "250", "-40"]
