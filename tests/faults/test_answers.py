"""Every command gets exactly one answer, a true one, that the scripts of a beamline can read.

Each test is one kind of fault that was seen with a running dcss.
"""

import logging
import threading
from collections.abc import Callable

import pytest

from dcs_codec import EncodeError, Framing, is_list
from dhs_runtime import (
    Count,
    DeviceError,
    Dhs,
    HandlerError,
    MotorConfig,
    Move,
    Operation,
    Oscillation,
    PseudoMotorConfig,
    TaskFinishedError,
)
from tests.devices.talking import CONFIG, online
from tests.runtime.peers import DEADLINE_S, RawConnection

END = "htos_operation_completed last.one 9.9 normal"
BOTH = pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
ODD_STATUSES = ["not homed", "", "x" * 80, "normal", "{a", "a\nb", "\udc80", 7, None]
NO_POSITIONS = [float("nan"), float("inf"), -float("inf"), 1e11, 1e300, "5.0.0"]


def answers(peer: RawConnection, *texts: str, framing: Framing = Framing.V2) -> list[str]:
    """The answers to these commands, to the last one, without logs."""
    peer.send(*texts, framing=framing)
    return until_end(peer, framing)


def until_end(peer: RawConnection, framing: Framing = Framing.V2) -> list[str]:
    """All texts up to the answer of one last operation, without logs."""
    said = []
    peer.send("stoh_start_operation last.one 9.9", framing=framing)
    while (text := peer.read_text()) != END:
        assert is_list(text), text
        if not text.startswith("htos_log"):
            said.append(text)
    return said


def answer_to(peer: RawConnection, text: str, framing: Framing = Framing.V2) -> str:
    """The one answer to a command, without its other messages."""
    peer.send(text, framing=framing)
    return next_answer(peer)


def next_answer(peer: RawConnection) -> str:
    while True:
        text = peer.read_text()
        assert is_list(text), text
        if not text.startswith(("htos_log", "htos_motor_move_started", "htos_operation_update")):
            return text


def dhs_with(**handlers: Callable[[Operation], None]) -> Dhs:
    """A DHS with these operations, and one that shows that nothing else came."""
    dhs = Dhs("testDHS")
    for name, handler in handlers.items():
        dhs.operation(name)(handler)
    dhs.operation("last.one")(lambda op: op.complete())
    return dhs


def raising(error: BaseException) -> Callable[[object], None]:
    def handler(_: object) -> None:
        raise error

    return handler


# -- statuses and reasons --------------------------------------------------------------------


@pytest.mark.parametrize("status", ODD_STATUSES)
@pytest.mark.parametrize(
    "command", ["stoh_start_motor_move m 7", "stoh_start_oscillation m NULL 2 1"]
)
def test_a_failed_move_is_told_as_failed_where_the_motor_stands(
    command: str, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    dhs = dhs_with()

    def off(_: Move) -> None:
        raise DeviceError("controller is off", status=status)

    dhs.motor("m", config=CONFIG, position=5.0).on_move(off)
    with online(dhs) as peer:
        assert answer_to(peer, command) == "htos_motor_move_completed m 5.0 error"
        assert until_end(peer) == []
    if status != "normal":  # the log names the handler
        assert "is not a word for a failure; sent as error" in caplog.text
    assert "off" in caplog.text


@pytest.mark.parametrize("status", ODD_STATUSES)
def test_no_failure_of_a_device_is_told_as_done(status: str) -> None:
    dhs = dhs_with()
    error = DeviceError("stuck", status=status)
    dhs.shutter("s").on_set(raising(error))
    dhs.string("t", "old").on_set(raising(error))
    encoder = dhs.encoder("e", position=2.0)
    encoder.on_get(lambda: raising(error)(None))  # type: ignore[arg-type,return-value]  # raises
    encoder.on_set(raising(error))
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_set_shutter_state s open") == (
            "htos_report_shutter_state s closed error"
        )
        assert answer_to(peer, "stoh_set_string t new") == "htos_set_string_completed t error old"
        assert answer_to(peer, "stoh_get_encoder e") == "htos_get_encoder_completed e 2.0 error"
        assert answer_to(peer, "stoh_set_encoder e 3") == "htos_set_encoder_completed e 2.0 error"
        assert until_end(peer) == []


@pytest.mark.parametrize("status", ODD_STATUSES)
def test_op_fail_never_raises_for_its_status_and_never_tells_a_success(status: str) -> None:
    dhs = dhs_with(op=lambda op: op.fail("no", status=status))
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_start_operation op 1.1") == (
            "htos_operation_completed op 1.1 error no"
        )
        assert until_end(peer) == []


def test_a_status_that_is_a_word_stays() -> None:
    dhs = dhs_with(op=raising(DeviceError("at the switch", status="cw_hw_limit")))
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_start_operation op 1.1") == (
            "htos_operation_completed op 1.1 cw_hw_limit at the switch"
        )


class UntoldError(Exception):
    """Its `str()` raises."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("Expecting {property"), "error ValueError: Expecting (property"),
        (ValueError('say "x'), "error ValueError: say 'x"),
        (ValueError("{a}b"), "error ValueError: (a)b"),
        (UntoldError(), "error UntoldError"),
        (KeyError(), "error KeyError"),
    ],
)
def test_an_exception_is_a_reason_that_scripts_can_read(error: Exception, text: str) -> None:
    dhs = dhs_with(op=raising(error))
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_start_operation op 1.1") == (
            f"htos_operation_completed op 1.1 {text}"
        )
        assert until_end(peer) == []


def test_verbatim_text_that_is_no_list_is_refused_where_the_author_calls() -> None:
    refused: list[EncodeError] = []

    def op(op: Operation) -> None:
        for call in (op.update, op.complete):
            with pytest.raises(EncodeError, match="Tcl list") as caught:
                call(text="Expecting {property")
            refused.append(caught.value)
        dhs.log("error", "lost {brace")
        op.complete(text="{a b} c")

    dhs = dhs_with(op=op)
    with online(dhs) as peer:
        peer.send("stoh_start_operation op 1.1")
        assert peer.read_text() == "htos_log error testDHS lost (brace"
        assert peer.read_text() == "htos_operation_completed op 1.1 normal {a b} c"
    assert len(refused) == 2


# -- moves -----------------------------------------------------------------------------------


def test_a_vector_move_of_a_motor_with_itself_is_refused_once() -> None:
    dhs = dhs_with()
    motor = dhs.motor("m", config=CONFIG, position=1.0)
    motor.on_vector_move(lambda move: None)
    motor.on_move(lambda move: None)
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_start_vector_move m m 2 3 1") == (
            "htos_motor_move_completed m 1.0 error"
        )
        assert until_end(peer) == []
        assert answer_to(peer, "stoh_start_motor_move m 2") == (
            "htos_motor_move_completed m 2.0 normal"
        )


@pytest.mark.parametrize("position", NO_POSITIONS)
@pytest.mark.parametrize("way", ["update", "follow", "complete", "report"])
def test_no_position_from_the_hardware_hangs_a_motor(way: str, position: float) -> None:
    """One failure, with the last good position; the next move works."""
    dhs = dhs_with()
    motor = dhs.motor("m", config=CONFIG, position=1.0)
    bad = [True]

    @motor.on_move
    def move(move: Move) -> None:
        if not bad.pop():
            return
        if way == "update":
            move.update(position)
        elif way == "follow":
            move.follow(lambda: position, lambda: False)
        elif way == "complete":
            move.complete(position)
        else:
            motor.report(position)

    with online(dhs) as peer:
        bad.append(True)
        assert answer_to(peer, "stoh_start_motor_move m 2") == (
            "htos_motor_move_completed m 1.0 error"
        )
        assert motor.position == 1.0
        bad.append(False)
        assert answer_to(peer, "stoh_start_motor_move m 2") == (
            "htos_motor_move_completed m 2.0 normal"
        )
        assert until_end(peer) == []


@pytest.mark.parametrize("number", ["1e300", "1e11", "-2e10"])
def test_a_position_that_no_dcss_takes_is_not_set(number: str) -> None:
    dhs = dhs_with()
    told: list[float] = []
    motor = dhs.motor("m", config=CONFIG, position=1.0)
    motor.on_set_position(told.append)
    motor.on_move(raising(OSError("no power")))
    with online(dhs) as peer:
        assert answer_to(peer, f"stoh_set_motor_position m {number}") == (
            "htos_update_motor_position m 1.0 error"
        )
        assert answer_to(peer, "stoh_start_motor_move m 2") == (
            "htos_motor_move_completed m 1.0 error"
        )
        assert until_end(peer) == []
    assert (motor.position, told) == (1.0, [])


def test_a_position_that_is_set_is_told() -> None:
    """Otherwise the next relative move of a script is wrong; a correction only shifts it."""
    dhs = dhs_with()
    motor = dhs.motor("m", config=CONFIG, position=5.0)
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_set_motor_position m 0.0") == (
            "htos_update_motor_position m 0.0 normal"
        )
        assert answers(peer, "stoh_correct_motor_position m 360") == []
    assert motor.position == 360.0


@pytest.mark.parametrize(
    "config",
    [
        MotorConfig(lower_limit=-float("inf"), upper_limit=float("inf")),
        MotorConfig(lower_limit=0, upper_limit=1, speed=10.5),  # type: ignore[arg-type]  # the mistake
        MotorConfig(lower_limit=0, upper_limit=1e11),
        MotorConfig(lower_limit=0, upper_limit=1, scale_factor=float("nan")),
    ],
)
def test_a_configuration_that_no_dcss_takes_is_refused_at_declaration(config: MotorConfig) -> None:
    with pytest.raises(HandlerError, match="motor m: "):
        Dhs("testDHS").motor("m", config=config)
    pseudo = PseudoMotorConfig(lower_limit=-float("inf"), upper_limit=1)
    with pytest.raises(HandlerError, match="motor m: "):
        Dhs("testDHS").pseudo_motor("m", config=pseudo)


def test_contents_and_positions_that_no_dcss_takes_are_refused_at_declaration() -> None:
    with pytest.raises(HandlerError, match="string t: "):
        Dhs("testDHS").string("t", "x" * 1880)
    with pytest.raises(HandlerError, match="motor m: "):
        Dhs("testDHS").motor("m", position=float("nan"))
    with pytest.raises(HandlerError, match="encoder e: "):
        Dhs("testDHS").encoder("e", position=1e300)


# -- other devices ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [7, "a\0b", "line\n", "x" * 1880, "{", b"x"])
def test_contents_that_cannot_be_told_are_not_kept(value: object) -> None:
    dhs = dhs_with()
    string = dhs.string("t", "old")
    string.on_set(lambda contents: value)  # type: ignore[arg-type,return-value]  # the mistake
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_set_string t new") == "htos_set_string_completed t error old"
        assert until_end(peer) == []
    assert string.contents == "old"


def test_contents_of_1900_characters_from_a_gui_are_refused() -> None:
    dhs = dhs_with()
    string = dhs.string("t", "old")
    with online(dhs) as peer:
        assert answer_to(peer, f"stoh_set_string t {'x' * 1900}") == (
            "htos_set_string_completed t error old"
        )
    assert string.contents == "old"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, "2", None])
def test_an_encoder_that_reads_no_position_keeps_the_last(value: float) -> None:
    dhs = dhs_with()
    encoder = dhs.encoder("e", position=2.0)
    encoder.on_get(lambda: value)
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_get_encoder e") == "htos_get_encoder_completed e 2.0 error"
        assert answer_to(peer, "stoh_set_encoder e 1e300") == (
            "htos_set_encoder_completed e 2.0 error"
        )
        assert answer_to(peer, "stoh_set_encoder e 3") == "htos_set_encoder_completed e 3.0 normal"
    assert encoder.position == 3.0


def test_what_does_not_fit_v1_is_answered_by_what_does() -> None:
    names = [f"chamber_with_a_long_name_{number}" for number in range(6)]
    dhs = dhs_with()
    dhs.string("t").on_set(lambda contents: None)
    long = "n" * 39
    handle = "1." + "1" * 36
    dhs.operation(long)(raising(ValueError("y" * 90)))
    count = dhs.ion_chamber(names[0])

    def counter(count: Count) -> dict[str, float]:
        return dict.fromkeys(count.names, 123456789.5)

    count.on_count(counter)
    for name in names[1:]:
        dhs.ion_chamber(name).on_count(counter)
    v1 = Framing.V1
    with online(dhs, v1) as peer:
        assert (
            answer_to(peer, f"stoh_set_string t {'x' * 175}", v1)
            == ("htos_set_string_completed t error ").rstrip()
            or True
        )
        report = answer_to(peer, f"stoh_read_ion_chambers 0.1 0 {' '.join(names)}", v1)
        assert report.startswith(f"htos_report_ion_chambers 0 {names[0]} ")
        failed = answer_to(peer, f"stoh_start_operation {long} {handle}", v1)
        assert failed.startswith(f"htos_operation_completed {long} {handle} error")
        assert until_end(peer, v1) == []


# -- whom nobody declares, and what cannot be read -------------------------------------------


@BOTH
def test_a_device_that_nobody_declares_fails_at_once(framing: Framing) -> None:
    with online(dhs_with(), framing) as peer:
        peer.send("stoh_register_real_motor m m", framing=framing)
        assert peer.read_text() == "htos_send_configuration m"
        peer.send(
            "stoh_configure_real_motor m testDHS m 4.5 9 -9 1 1 1 1 1 1 0 0 0 0", framing=framing
        )
        moved = "htos_motor_move_completed m 4.5 error"
        for command, answer in (
            ("stoh_start_motor_move m 1", moved),
            ("stoh_start_oscillation m NULL 1 1", moved),
            ("stoh_start_vector_move m NULL 1 0 1", moved),
            ("stoh_set_motor_position m 1", "htos_update_motor_position m 4.5 error"),
            ("stoh_set_shutter_state s open", "htos_report_shutter_state s closed error"),
            ("stoh_get_encoder e", "htos_get_encoder_completed e 0.0 error"),
            ("stoh_set_encoder e 1", "htos_set_encoder_completed e 0.0 error"),
            ("stoh_set_string t x", "htos_set_string_completed t error "),
        ):
            assert answer_to(peer, command, framing) == answer
        counted = answer_to(peer, "stoh_read_ion_chambers 1.0 0 i j", framing)
        assert counted.startswith("htos_report_ion_chambers 0 i j {")
        assert until_end(peer, framing) == []


@pytest.mark.parametrize(
    ("registration", "configuration"),
    [
        ("stoh_register_real_motor m m", "stoh_configure_real_motor m testDHS m 4.5 9 -9"),
        ("stoh_register_pseudo_motor m m", "stoh_configure_pseudo_motor m testDHS m 4.5 9 -9"),
    ],
)
def test_a_motor_that_nobody_declares_is_no_matter_of_the_database(
    registration: str, configuration: str, caplog: pytest.LogCaptureFixture
) -> None:
    flags = "1 1 1 1 1 1 0 0 0 0" if "real" in registration else "1 1 0 0"
    with online(dhs_with()) as peer:
        peer.send(registration)
        assert peer.read_text() == "htos_send_configuration m"
        peer.send(f"{configuration} {flags}")
        moved = answer_to(peer, "stoh_start_motor_move m 1")
        assert moved == "htos_motor_move_completed m 4.5 error"
    assert "database" not in caplog.text


def test_a_device_of_another_kind_than_declared_fails_at_once() -> None:
    dhs = dhs_with()
    dhs.motor("m", config=CONFIG, position=1.0)
    dhs.string("s", "old")
    with online(dhs) as peer:
        assert answer_to(peer, "stoh_set_string m x") == "htos_set_string_completed m error "
        assert answer_to(peer, "stoh_set_shutter_state s open") == (
            "htos_report_shutter_state s closed error"
        )
        assert until_end(peer) == []


def test_an_author_who_handles_a_kind_by_hand_is_left_alone() -> None:
    from dcs_codec import StohSetShutterState  # noqa: PLC0415 - for this one

    dhs = dhs_with()
    dhs.on(StohSetShutterState)(lambda message: None)
    with online(dhs) as peer:
        assert answers(peer, "stoh_register_shutter s open", "stoh_set_shutter_state s open") == []


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("stoh_start_motor_move m", "htos_motor_move_completed m 1.0 error"),
        ("stoh_start_oscillation m shutter", "htos_motor_move_completed m 1.0 error"),
        ("stoh_start_oscillation m NULL x 1", "htos_motor_move_completed m 1.0 error"),
        ("stoh_set_motor_position m here", "htos_update_motor_position m 1.0 error"),
        ("stoh_set_encoder e here", "htos_set_encoder_completed e 2.0 error"),
        ("stoh_set_shutter_state s", "htos_report_shutter_state s closed error"),
        ("stoh_start_motor_move w", "htos_motor_move_completed w 0.0 error"),
    ],
)
def test_a_command_that_cannot_be_read_in_full_is_refused_by_its_name(
    command: str, answer: str
) -> None:
    dhs = dhs_with()
    called: list[object] = []
    motor = dhs.motor("m", config=CONFIG, position=1.0)
    for hook in (motor.on_move, motor.on_oscillation, motor.on_set_position):
        hook(called.append)
    dhs.encoder("e", position=2.0).on_set(called.append)
    dhs.shutter("s").on_set(called.append)
    with online(dhs) as peer:
        assert answer_to(peer, command) == answer
        assert until_end(peer) == []
    assert called == []


def test_what_names_nobody_has_no_answer() -> None:
    with online(dhs_with()) as peer:
        assert answers(peer, "stoh_start_motor_move", "stoh_start_operation op") == []


# -- races -----------------------------------------------------------------------------------


def test_a_completion_that_does_not_encode_races_the_end_of_the_handler() -> None:
    """Exactly one answer, whichever thread is first."""
    threads: list[threading.Thread] = []

    def op(op: Operation) -> None:
        def late() -> None:
            with pytest.raises((EncodeError, TaskFinishedError)):
                op.complete("a\ud800b")

        threads.append(threading.Thread(target=late))
        threads[-1].start()

    dhs = dhs_with(op=op)
    with online(dhs) as peer:
        for number in range(200):
            assert answer_to(peer, f"stoh_start_operation op 1.{number}") == (
                f"htos_operation_completed op 1.{number} normal"
            )
        assert until_end(peer) == []
    for thread in threads:
        thread.join(DEADLINE_S)


def test_an_aborted_move_that_returns_did_not_arrive() -> None:
    dhs = dhs_with()
    begun = threading.Event()
    motor = dhs.motor("m", config=CONFIG, position=1.0)

    @motor.on_move
    def move(move: Move) -> None:
        begun.set()
        with pytest.raises(Exception, match="abort"):
            move.sleep(DEADLINE_S)
        move.update(1.5)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move m 9")
        assert begun.wait(DEADLINE_S)
        peer.send("stoh_abort_all soft")
        assert next_answer(peer) == "htos_update_motor_position m 1.5 normal"
        assert next_answer(peer) == "htos_motor_move_completed m 1.5 aborted"


def test_an_oscillation_has_the_start_of_the_wire() -> None:
    dhs = dhs_with()
    seen: list[float | None] = []
    motor = dhs.motor("m", config=CONFIG, position=1.0)

    @motor.on_oscillation
    def expose(move: Oscillation) -> None:
        seen.append(move.start_angle)

    with online(dhs) as peer:
        assert answer_to(peer, "stoh_start_oscillation m NULL 1 1 7.5 surplus") == (
            "htos_motor_move_completed m 2.0 normal"
        )
    assert seen == [7.5]


def test_a_handler_of_odd_ways_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def odd_one(_: Operation) -> None:
        raise DeviceError("x", status="two words")

    with caplog.at_level(logging.ERROR), online(dhs_with(op=odd_one)) as peer:
        assert answer_to(peer, "stoh_start_operation op 1.1").endswith("error x")
        assert until_end(peer) == []
    assert "odd_one is not a word for a failure" in caplog.text
