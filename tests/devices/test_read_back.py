"""Reading the hardware: at registration, before and after a move, and by polls."""

import contextlib
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dcs_codec import ShutterState
from dhs_runtime import DeviceError, Dhs, HandlerError, Motor, MotorConfig, Move, Oscillation
from tests.devices.hardware import Spindle
from tests.devices.talking import CONFIG, REAL_MOTOR, online, read
from tests.runtime.peers import RawConnection, eventually

NAN = float("nan")


def turned_by(
    spindle: Spindle, dhs: Dhs, name: str = "z", *, limits: MotorConfig | None = CONFIG
) -> Motor:
    """A motor on this spindle."""
    motor = dhs.motor(name, config=limits)
    motor.on_read(spindle.read)

    @motor.on_move
    def go(move: Move) -> None:
        assert not isinstance(move.destination, str)
        spindle.go(move.destination)
        move.follow(spindle.read, spindle.is_moving, stop=spindle.stop, every_s=0.01)

    return motor


# -- registration ----------------------------------------------------------------------------


def test_a_registration_tells_where_the_hardware_stands() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(2.5)
    motor = turned_by(spindle, dhs)
    with online(dhs) as peer:
        peer.send("stoh_register_real_motor z z")
        assert peer.read_text().startswith("htos_configure_device z 2.5 10 -10 ")
        assert motor.position == 2.5
        spindle.put(7.0)  # by hand; DCSS's restart asks for it again
        peer.send("stoh_register_real_motor z z")
        assert peer.read_text().startswith("htos_configure_device z 7.0 ")


def test_what_dcss_remembers_gives_way_to_the_hardware() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    motor.on_read(lambda: 4.0)
    with online(dhs) as peer:
        peer.send("stoh_register_real_motor z z", REAL_MOTOR.format(name="z"))
        assert read(peer, 2) == [
            "htos_send_configuration z",
            "htos_update_motor_position z 4.0 normal",
        ]
    assert motor.position == 4.0


def test_shutters_strings_and_encoders_tell_what_is_read() -> None:
    dhs = Dhs("testDHS")
    shutter, string, encoder = dhs.shutter("s"), dhs.string("t", "old"), dhs.encoder("e")
    shutter.on_read(lambda: ShutterState.CLOSED)
    string.on_read(lambda: "new contents")
    encoder.on_read(lambda: 12.5)
    with online(dhs) as peer:
        peer.send("stoh_register_shutter s open s")
        assert peer.read_text() == "htos_report_shutter_state s closed"
        peer.send("stoh_register_string t t")
        assert peer.read_text() == "htos_set_string_completed t normal new contents"
        peer.send("stoh_register_encoder e e")
        assert peer.read_text() == "htos_get_encoder_completed e 12.5 normal"
        peer.send("stoh_get_encoder e")
        assert peer.read_text() == "htos_get_encoder_completed e 12.5 normal"
    assert (shutter.state, string.contents, encoder.position) == ("closed", "new contents", 12.5)


def _exits() -> float:
    raise SystemExit(3)


def _no_power() -> float:
    raise OSError("no power")


def _gone() -> float:
    raise DeviceError("unplugged", status="disconnected")


def _times_out() -> float:
    raise TimeoutError("controller is silent")


BAD_READS = [
    (lambda: NAN, "error", "is nan"),
    (lambda: float("inf"), "error", "is inf"),
    (lambda: 1e300, "error", "1e+300"),
    (lambda: None, "error", "a number is needed, not NoneType"),
    (lambda: "2", "error", "a number is needed, not str"),
    (_no_power, "error", "OSError: no power"),
    (_exits, "error", "SystemExit: 3"),
    (_times_out, "error", "TimeoutError: controller is silent"),
    (_gone, "disconnected", "unplugged"),
]


@pytest.mark.parametrize(("bad", "status", "reason"), BAD_READS)
def test_a_read_that_fails_tells_no_position(
    bad: Callable[[], float], status: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z", config=CONFIG, position=3)
    motor.on_read(bad)
    called: list[object] = []
    motor.on_move(called.append)
    with caplog.at_level(logging.ERROR), online(dhs) as peer:
        peer.send("stoh_register_real_motor z z")
        log, registered = read(peer, 2)
        assert log.startswith("htos_log error z ")
        assert reason[:30] in log
        assert registered.startswith("htos_configure_device z 3.0 ")  # the last value sent is used
        for move in ("stoh_start_motor_move z 4", "stoh_start_oscillation z NULL 2 0.1"):
            peer.send(move)
            log, completed = read(peer, 2)
            assert reason[:30] in log
            assert completed == f"htos_motor_move_completed z 3.0 {status}"
    assert called == []
    assert motor.position == 3
    assert not [each for each in caplog.records if each.exc_info]


@pytest.mark.parametrize("word", ["opened", "", None, True, 1])
def test_a_shutter_that_reads_no_state_reports_none(word: object) -> None:
    dhs = Dhs("testDHS")
    shutter = dhs.shutter("s")
    shutter.on_read(lambda: word)  # type: ignore[arg-type,return-value]  # the mistake
    with online(dhs) as peer:
        peer.send("stoh_register_shutter s s")
        assert [text.split()[0] for text in read(peer, 2)] == [
            "htos_log",
            "htos_report_shutter_state",
        ]
    assert shutter.state is ShutterState.CLOSED


# -- moves -----------------------------------------------------------------------------------


def test_an_oscillation_goes_on_from_where_the_motor_stands() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0)
    motor = turned_by(spindle, dhs, limits=None)
    motor.report(0)
    spindle.put(50)  # by hand; DCSS and the DHS remember 0
    with online(dhs) as peer:
        peer.send("stoh_start_oscillation z NULL 3 0.1")
        texts = read(peer, 2)
        assert texts == [
            "htos_update_motor_position z 50.0 normal",
            "htos_motor_move_started z 53.0",
        ]
        while "completed" not in texts[-1]:
            texts.append(peer.read_text())
        assert texts[-1] == "htos_motor_move_completed z 53.0 normal"
    assert spindle.read() == 53.0


def test_limits_and_starts_are_those_of_the_position_that_was_read() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z", config=CONFIG)
    motor.on_read(lambda: 9.0)
    moves: list[tuple[float, float]] = []
    motor.on_move(lambda move: moves.append((move.start, move.distance)))
    with online(dhs) as peer:
        peer.send("stoh_start_oscillation z NULL 3 0.1")
        assert read(peer, 2)[-1] == "htos_motor_move_completed z 0.0 sw_limit"
        peer.send("stoh_start_motor_move z 8")
        assert read(peer, 3) == [
            "htos_update_motor_position z 9.0 normal",
            "htos_motor_move_started z 8.0",
            "htos_motor_move_completed z 9.0 normal",  # the hardware has not moved
        ]
    assert moves == [(9.0, -1.0)]


def test_a_move_that_fails_tells_where_the_motor_stands() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(1)
    motor = dhs.motor("z", config=CONFIG, position=1)
    motor.on_read(spindle.read)

    @motor.on_move
    def go(move: Move) -> None:
        spindle.put(1.75)
        raise DeviceError("stalled", status="cw_hw_limit")

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 4")
        assert read(peer, 3)[-1] == "htos_motor_move_completed z 1.75 cw_hw_limit"
    assert motor.position == 1.75


def test_a_move_whose_end_cannot_be_read_has_not_arrived() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(1)
    motor = dhs.motor("z", config=CONFIG, position=1)
    motor.on_read(spindle.read)

    @motor.on_move
    def go(move: Move) -> None:
        move.update(2)
        spindle.trouble = OSError("no power")

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 4")
        log, completed = read(peer, 4)[-2:]
        assert "no power" in log
        assert completed == "htos_motor_move_completed z 2.0 error"


def test_both_motors_of_a_vector_move_are_read() -> None:
    dhs = Dhs("testDHS")
    first, second = Spindle(1), Spindle(2)
    turned_by(first, dhs, "a").on_vector_move(lambda move: first.put(3))
    turned_by(second, dhs, "b")
    with online(dhs) as peer:
        peer.send("stoh_start_vector_move a b 3 4 1")
        assert sorted(read(peer, 6)) == [
            "htos_motor_move_completed a 3.0 normal",
            "htos_motor_move_completed b 2.0 normal",
            "htos_motor_move_started a 3.0",
            "htos_motor_move_started b 4.0",
            "htos_update_motor_position a 1.0 normal",
            "htos_update_motor_position b 2.0 normal",
        ]


# -- time ------------------------------------------------------------------------------------


class Hanging:
    """Hardware whose reads hang until `release`."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.calls = 0

    def __call__(self) -> float:
        self.calls += 1
        self.release.wait(20)
        return 5.0


def _reads(motor: Motor, position: float) -> bool:
    with contextlib.suppress(DeviceError):  # it took too long
        return motor.read() == position
    return False


def _readers() -> int:
    return sum(thread.name.startswith("reader") for thread in threading.enumerate())


def test_a_read_that_hangs_costs_one_thread_and_no_answer() -> None:
    dhs = Dhs("testDHS")
    hanging = Hanging()
    motor = dhs.motor("z", config=CONFIG, position=3)
    motor.on_read(read_timeout_s=0.05)(hanging)
    motor.on_move(lambda move: None)
    with online(dhs) as peer:
        for _ in range(20):
            peer.send("stoh_start_motor_move z 4")
            assert read(peer, 2) == [
                "htos_log error z cannot be read: no answer within 0.05 s",
                "htos_motor_move_completed z 3.0 error",
            ]
        peer.send("stoh_set_motor_position z 1")  # the lane is free
        assert peer.read_text() == "htos_update_motor_position z 1.0 normal"
        assert (hanging.calls, _readers()) == (1, 1)
        hanging.release.set()
        eventually(lambda: not motor.on_read.hangs)
        eventually(lambda: _reads(motor, 5.0))
        assert motor.position == 1.0  # the late 5 of before was dropped


def test_an_abort_ends_the_wait_for_a_read() -> None:
    dhs = Dhs("testDHS")
    hanging = Hanging()
    motor = dhs.motor("z", config=CONFIG, position=3)
    motor.on_read(read_timeout_s=600)(hanging)
    motor.on_move(lambda move: None)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 4")
        eventually(lambda: hanging.calls == 1)
        peer.send("stoh_abort_all soft")
        assert peer.read_text() == "htos_motor_move_completed z 3.0 aborted"
        hanging.release.set()


# -- polling ---------------------------------------------------------------------------------


def _polled(peer: RawConnection, spindle: Spindle, *positions: float) -> list[str]:
    texts = []
    for position in positions:
        spindle.put(position)
        texts.append(peer.read_text())
    return texts


def test_a_polled_motor_tells_changes_from_the_deadband_on() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0)
    reads = threading.Semaphore(0)

    def noisy() -> float:
        reads.release()
        return spindle.read()

    motor = dhs.motor("z", config=CONFIG)
    motor.on_read(every_s=0.002, deadband=0.5)(noisy)
    with online(dhs) as peer:
        for noise in (0.1, -0.4, 0.49):
            spindle.put(noise)
            for _ in range(5):
                assert reads.acquire(timeout=20)
        assert _polled(peer, spindle, 0.5, 1.25) == [
            "htos_update_motor_position z 0.5 normal",
            "htos_update_motor_position z 1.25 normal",
        ]
    assert motor.position == 1.25


def test_polls_of_every_kind() -> None:
    dhs = Dhs("testDHS")
    shutter, string, encoder = dhs.shutter("s"), dhs.string("t"), dhs.encoder("e")
    shutter.on_read(every_s=0.01)(lambda: ShutterState.OPEN)
    string.on_read(every_s=0.01)(lambda: "ready")
    encoder.on_read(every_s=0.01)(lambda: 2.0)
    with online(dhs):
        eventually(lambda: (shutter.state, string.contents) == ("open", "ready"))
        eventually(lambda: encoder.position == 2.0)


def test_polling_goes_on_through_trouble_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(3)
    reads = threading.Semaphore(0)

    def counted() -> float:
        reads.release()
        return spindle.read()

    motor = dhs.motor("z", config=CONFIG, position=3)
    motor.on_read(every_s=0.002)(counted)
    with caplog.at_level(logging.INFO, "dhs_runtime"), online(dhs) as peer:
        spindle.trouble = OSError("no power")  # now that there is a link
        for _ in range(20):
            assert reads.acquire(timeout=20)
        spindle.put(8)  # it comes back with another position
        spindle.trouble = None
        assert read(peer, 2) == [
            "htos_log error z cannot be read: OSError: no power",
            "htos_update_motor_position z 8.0 normal",
        ]
    lines = [each.getMessage() for each in caplog.records if "read" in each.getMessage()]
    assert lines == [
        "motor z: cannot be read: OSError: no power",
        "motor z: can be read again: 8.0",
    ]


def test_a_poll_that_hangs_or_is_late_is_said_and_dropped(caplog: pytest.LogCaptureFixture) -> None:
    dhs = Dhs("testDHS")
    hanging = Hanging()
    motor = dhs.motor("z", config=CONFIG, position=3)
    motor.on_read(every_s=0.01, read_timeout_s=0.3)(hanging)
    with caplog.at_level(logging.INFO, "dhs_runtime"), online(dhs) as peer:
        assert peer.read_text() == "htos_log error z cannot be read: no answer within 0.3 s"
        assert (hanging.calls, motor.position) == (1, 3.0)
        hanging.release.set()
        assert peer.read_text() == "htos_update_motor_position z 5.0 normal"
        assert hanging.calls > 1


def test_what_can_be_read_again_is_not_said_to_hang() -> None:
    """The thread that says it may be busy for so long."""
    dhs, hanging = Dhs("testDHS"), Hanging()
    hang, go_on = threading.Event(), threading.Event()

    def read_at_times() -> float:
        return hanging() if hang.is_set() else 5.0

    motor = dhs.motor("z", config=CONFIG, position=5)
    motor.on_read(every_s=0.01, read_timeout_s=0.3)(read_at_times)
    with online(dhs) as peer:
        run = dhs._run
        assert run is not None
        run.dispatcher.active.answer(partial(go_on.wait, 20))
        hang.set()
        eventually(lambda: len(run.dispatcher.answers._waiting) > 0)
        hang.clear()
        hanging.release.set()
        assert peer.read_text().startswith("htos_log error z cannot be read: answered after")
        eventually(lambda: not motor.on_read._trouble)
        go_on.set()
        peer.send("stoh_start_operation nothing 1.1")
        assert "nothing" in peer.read_text()


def test_a_poll_does_not_take_back_what_was_told_meanwhile() -> None:
    dhs = Dhs("testDHS")
    begun, release = threading.Event(), threading.Event()
    state = ShutterState.CLOSED
    shutter = dhs.shutter("s", state=ShutterState.CLOSED)

    @shutter.on_read(every_s=0.01)
    def slow() -> ShutterState:
        seen = state
        begun.set()
        release.wait()
        return seen

    with online(dhs) as peer:
        assert begun.wait(20)
        state = ShutterState.OPEN
        peer.send("stoh_set_shutter_state s open")
        assert peer.read_text() == "htos_report_shutter_state s open"
        release.set()  # the poll says `closed`, as it was before
        peer.send("stoh_register_shutter s closed s")
        assert peer.read_text() == "htos_report_shutter_state s open"
        assert shutter.state == "open"


@pytest.mark.parametrize(
    ("register", "old", "new", "answer"),
    [
        ("stoh_register_real_motor d hw", 1.0, 2.5, "htos_configure_device d 2.5 "),
        ("stoh_register_encoder d hw", 1.0, 2.5, "htos_get_encoder_completed d 2.5 normal"),
        ("stoh_register_string d hw", "old", "new", "htos_set_string_completed d normal new"),
        ("stoh_register_shutter d closed hw", "closed", "open", "htos_report_shutter_state d open"),
    ],
)
def test_a_registration_does_not_take_back_what_was_told_while_it_read(
    register: str, old: object, new: object, answer: str
) -> None:
    dhs = Dhs("testDHS")
    begun, release = threading.Event(), threading.Event()
    kind = register.split(maxsplit=1)[0].rpartition("_")[2]
    device: Any = dhs.motor("d", config=CONFIG) if kind == "motor" else getattr(dhs, kind)("d")

    @device.on_read(read_timeout_s=20)  # type: ignore[untyped-decorator]  # of any kind
    def slow() -> object:
        begun.set()
        release.wait(20)
        return old

    with online(dhs) as peer:
        peer.send(register)
        assert begun.wait(20)
        device.report(new)
        peer.read_text()
        release.set()
        assert peer.read_text().startswith(answer)


def test_a_moving_motor_is_not_polled() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0)
    motor = dhs.motor("z", config=CONFIG)
    motor.on_read(every_s=0.002)(spindle.read)
    moving = threading.Event()

    @motor.on_move
    def go(move: Move) -> None:
        moving.wait(20)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1")
        assert peer.read_text() == "htos_motor_move_started z 1.0"
        spindle.put(1)
        moving.set()
        assert peer.read_text() == "htos_motor_move_completed z 1.0 normal"


@pytest.mark.parametrize(
    "settings", [{"every_s": 0}, {"every_s": NAN}, {"read_timeout_s": 0}, {"deadband": -1}]
)
def test_settings_that_are_none_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(HandlerError):
        Dhs("testDHS").motor("z").on_read(**settings)


def test_without_a_run_a_read_is_a_plain_call() -> None:
    motor = Dhs("testDHS").motor("z", position=2)
    assert motor.read() == 2.0
    motor.on_read(lambda: 4.0)
    assert (motor.read(), motor.position) == (4.0, 2.0)


def test_an_oscillation_handler_gets_the_position_read_and_the_start_angle() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("phi")
    motor.on_read(lambda: 50.0)
    seen: list[tuple[object, ...]] = []

    @motor.on_oscillation
    def expose(move: Oscillation) -> None:
        seen.append((move.start, move.destination, move.start_angle))

    with online(dhs) as peer:
        peer.send("stoh_start_oscillation phi NULL 3 0.1 49.5")
        assert read(peer, 2)[-1] == "htos_motor_move_started phi 53.0"
        peer.read_text()
    assert seen == [(50.0, 53.0, 49.5)]


@pytest.mark.parametrize(
    ("register", "set_it", "old", "ask", "answer"),
    [
        (
            "stoh_register_string d hw",
            "stoh_set_string d new",
            "stoh_configure_string d testDHS old",
            "stoh_register_string d hw",
            "htos_set_string_completed d normal new",
        ),
        (
            "stoh_register_encoder d hw",
            "stoh_set_encoder d 5",
            "stoh_configure_encoder d testDHS 0 0",
            "stoh_get_encoder d",
            "htos_get_encoder_completed d 5.0 normal",
        ),
    ],
)
def test_a_command_is_newer_than_the_configuration_that_was_asked_for_before_it(
    register: str, set_it: str, old: str, ask: str, answer: str
) -> None:
    dhs = Dhs("testDHS")
    if "string" in register:
        dhs.string("d")
    else:
        dhs.encoder("d")
    with online(dhs) as peer:
        peer.send(register, set_it)
        assert read(peer, 2)[0] == "htos_send_configuration d"
        peer.send(old, ask)
        assert peer.read_text() == answer
