import pytest

from dcs_codec import MalformedMessage, decode_text, default_codec, encode_text, readable


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("stoh_start_motor_move m", "stoh_start_motor_move m 0.0"),
        ("stoh_start_oscillation m shutter ten 0.1", "stoh_start_oscillation m NULL 0.0 0.0"),
        ("stoh_start_oscillation m", "stoh_start_oscillation m NULL 0.0 0.0"),
        ("stoh_start_vector_move m", "stoh_start_vector_move m NULL 0.0 0.0 0.0"),
        ("stoh_start_vector_move a b x y 3", "stoh_start_vector_move a b 0.0 0.0 0.0"),
        ("stoh_set_motor_position m here", "stoh_set_motor_position m 0.0"),
        ("stoh_set_shutter_state s", "stoh_set_shutter_state s closed"),
        ("stoh_set_encoder e", "stoh_set_encoder e 0.0"),
        ("stoh_read_ion_chambers soon 0 a{0} b", "stoh_read_ion_chambers 0.0 0 a{0} b"),
        ("stoh_read_ion_chambers soon 0 a b", "stoh_read_ion_chambers 0.0 0 a b"),
    ],
)
def test_a_command_with_a_name_can_be_refused(text: str, command: str) -> None:
    malformed = decode_text(text)
    assert isinstance(malformed, MalformedMessage)
    found = readable(malformed, default_codec())
    assert found is not None
    assert encode_text(found) == command


@pytest.mark.parametrize(
    "text",
    [
        "stoh_start_operation",
        "stoh_start_operation a",
        "stoh_start_motor_move",
        "stoh_read_ion_chambers 1.0 0",
        "stoh_abort_motor_move",
        "stoh_register_real_motor m",
    ],
)
def test_what_names_nobody_or_wants_no_answer_is_none(text: str) -> None:
    malformed = decode_text(text)
    assert isinstance(malformed, MalformedMessage)
    assert readable(malformed, default_codec()) is None
