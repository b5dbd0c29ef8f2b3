"""Messages as lines for people."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from dcs_codec import Direction, MalformedMessage, Message, decode_text
from dcs_codec.interchange import to_dict
from dcs_codec.strategies import messages
from dhs_lab.tools.showing import show, show_fields, show_time, show_word
from dhs_lab.tools.sightings import Place, Sighting


@given(messages())
@example(decode_text("stoh_start_motor_move m 0.0"))
@example(decode_text("stoh_start_motor_move m -0.0"))
@example(decode_text("stoh_set_string s"))
@example(decode_text("stoh_configure_encoder e host nan -0.0"))
@example(decode_text("stoh_abort_all soft and more"))
@example(decode_text("htos_set_string_completed s normal \udc80 'it\"s'"))
def test_fields_are_those_of_the_interchange_form(message: Message) -> None:
    fields = to_dict(message)
    del fields["keyword"]
    if message.binary:
        fields["binary"] = f"<{len(message.binary)}_bytes>"
    if isinstance(message, MalformedMessage):
        del fields["field"], fields["reason"]
    shown = " ".join(f"{name}={show_word(value)}" for name, value in fields.items())
    assert show_fields(message) == shown


@given(st.floats(0, 4e9) | st.integers(0, 2**31))
@example(0.9999999)
@example(1_700_000_000.9999997)
@example(172_799.9999999)
@example(3650 * 86_400 - 1e-7)
def test_times_are_rounded_as_datetime_does(moment: float) -> None:
    known = datetime.fromtimestamp(moment, UTC)
    shown = f"{known:%H:%M:%S}"
    if known.timestamp() >= 3650 * 86_400:  # with a date, in local time
        known = datetime.fromtimestamp(moment)
        shown = f"{known:%Y-%m-%d %H:%M:%S}"
    assert show_time(moment) == f"{shown}.{known.microsecond // 1000:03d}"


def test_a_line_has_what_is_known() -> None:
    message = decode_text("stoh_abort_all soft")
    place = Place(source="x")
    assert show(Sighting(message=message, place=place)) == (
        "-  ?        stoh_abort_all                abort_arg=soft"
    )
    full = Sighting(
        message=message, place=place, time=1.5, connection="a\n", direction=Direction.TO_DHS
    )
    assert show(full) == (
        "00:00:01.500  -> DHS   stoh_abort_all                abort_arg=soft  [a\\n]"
    )
