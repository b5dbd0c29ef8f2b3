"""What a GUI never sends, since a real dcss dies of it, hangs, or leaves scripts waiting."""

import pytest

from dcs_codec import EncodeError, Message, UnknownMessage, gui, gui_codec
from dcs_codec.gui_fields import ListText, Numbers
from dcs_codec.lists import list_safe


def move(destination: float | str, name: str = "phi") -> Message:
    return gui.GtosStartMotorMove(motor_name=name, destination=destination)


def log(level: str, said: str) -> Message:
    return gui.GtosLog(log_level=level, said=said)


def start(args: str, name: str = "op", handle: str = "7.1") -> Message:
    return gui.GtosStartOperation(operation_name=name, operation_handle=handle, operation_args=args)


def configure(*settings: float) -> Message:
    return gui.GtosConfigureDevice(motor_name="phi", settings=settings)


NEVER_SENT: list[tuple[Message, str]] = [
    (move(1e20), "destination: is 1e+20, 1e+10 is the most a dcss can take"),
    (move(float("inf")), "destination: is inf"),
    (move(float("nan")), "destination: is nan"),
    (move(1e300), "destination: is 1e+300"),
    (move("1e300"), "destination: is a number given as text"),
    (move("inf"), "destination: begins with a number that dcss cannot take: 'inf'"),
    (move("-INFINITY"), "destination: begins with a number"),
    (move("infrared"), "destination: begins with a number"),
    (move("nan"), "destination: begins with a number"),
    (move("1e20mm"), "destination: begins with a number"),
    (move("99999999999999999999deg"), "destination: begins with a number"),
    (move("1e400"), "destination: begins with a number"),
    (move("0x1p80"), "destination: begins with a number"),
    (move(1, "n" * 40), "motor_name: has 40 bytes, the C side takes 39"),
    (move(""), "destination: is empty"),
    (
        gui.GtosSetMotorPosition(motor_name="phi", position=1e20),
        "position: is 1e+20, 1e+10 is the most",
    ),
    (gui.GtosSetEncoder(encoder_name="e", position=1e300), "position: is 1e+300"),
    (configure(1e300, 2, 1), "settings: is 1e+300"),
    (configure(*[1] * 13), "settings: has 13 numbers, dcss reads 12"),
    (
        gui.GtosConfigureDevice(motor_name="phi", settings="1 2"),  # type: ignore[arg-type]
        "settings: is a tuple of numbers, got str '1 2'",
    ),
    (gui.GtosSetString(string_name="n" * 2000), "string_name: has 2000 bytes"),
    (gui.GtosSetString(string_name="", string_contents="x"), "string_name: is empty"),
    (
        gui.GtosSetString(string_name="s", string_contents="{open"),
        "string_contents: is not a Tcl list",
    ),
    (start("{open"), "operation_args: is not a Tcl list, so the scripting engine loses it"),
    (start("{a}b"), "operation_args: is not a Tcl list"),
    (start('say "{"'), "operation_args: is not a Tcl list"),  # no quotes are left when it is read
    (start("", name=""), "operation_name: is empty"),
    (start("", handle=""), "operation_handle: is empty"),
    (start("", handle="7." + "1" * 80), "operation_handle: has 82 bytes"),
    (
        gui.GtosStopOperation(operation_name="op", operation_args="{"),
        "operation_args: is not a Tcl list",
    ),
    (gui.GtosStopVectorMove(motor_name_1="", motor_name_2="b"), "motor_name_1: is empty"),
    (log("note", "anna {open"), "said: is not a Tcl list"),
    (log("location", "anna " + "L" * 101), "said: has 101 bytes, the C side takes 100"),
    (log("l" * 80, ""), "log_level: has 80 bytes"),
    (gui.GtosAdmin(command="x" * 80), "command: has 80 bytes"),
    (
        gui.GtosClientIsGui(user="u" * 100, session="s", host="h", display=":0"),
        "user: has 100 bytes, the C side takes 99",
    ),
    (UnknownMessage(text="g" * 80), "keyword has 80 bytes"),
    (UnknownMessage(text="gtos_set_string s x"), "has a class of its own"),
]


@pytest.mark.parametrize(("message", "error"), NEVER_SENT)
def test_what_encode_refuses(message: Message, error: str) -> None:
    with pytest.raises(EncodeError) as caught:
        gui_codec().encode(message)
    assert error in str(caught.value)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (move(1e10), "gtos_start_motor_move phi 10000000000.0"),
        (move("home"), "gtos_start_motor_move phi home"),
        (move("3mm"), "gtos_start_motor_move phi 3mm"),
        (move("1.5e3.x"), "gtos_start_motor_move phi 1.5e3.x"),
        (move("#HM1"), "gtos_start_motor_move phi #HM1"),
        (configure(), "gtos_configure_device phi"),
        (configure(1.5, 2, True), "gtos_configure_device phi 1.5 2 1"),
        (start("{a b} c"), "gtos_start_operation op 7.1 {a b} c"),
        (start('say "hello'), 'gtos_start_operation op 7.1 say "hello'),
        (start(list_safe("{open")), "gtos_start_operation op 7.1 (open"),
        (log("location", "anna " + "L" * 100), "gtos_log location anna " + "L" * 100),
        (log("note", "anna " + "L" * 500), "gtos_log note anna " + "L" * 500),
        (log("location", ""), "gtos_log location"),
        (gui.GtosBecomeMaster(), "gtos_become_master force"),
        (gui.GtosAdmin(command=""), "gtos_admin "),
    ],
)
def test_what_encode_takes(message: Message, text: str) -> None:
    assert gui_codec().encode_text(message) == text


def test_numbers_of_a_configuration_stay_what_they_are() -> None:
    read = Numbers().read_tail(" 1 -2.50 1e3 +4", {})
    assert [(type(number), number) for number in read] == [
        (int, 1),
        (float, -2.5),
        (float, 1000.0),
        (int, 4),
    ]


def test_a_list_that_is_too_long_is_no_list() -> None:
    with pytest.raises(ValueError, match="has 3 bytes"):
        ListText(max_bytes=2).write_tail("abc", {})
