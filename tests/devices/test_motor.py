"""Each command to a motor, on the wire: what a DHS that declares it answers."""

import logging
import threading

import pytest

from dcs_codec import AbortMode, Message
from dhs_runtime import (
    DeviceError,
    Dhs,
    HandlerError,
    MotorConfig,
    Move,
    PseudoMotorConfig,
)
from dhs_runtime.task import TaskState
from tests.devices.talking import CONFIG, REAL_MOTOR, motor_of, online, read
from tests.runtime.peers import DEADLINE_S, eventually


def test_a_registration_is_answered_by_the_question_for_the_configuration() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs, config=None)
    with online(dhs) as peer:
        assert motor.config is None
        peer.send("stoh_register_real_motor z z1")
        assert peer.read_text() == "htos_send_configuration z"
        peer.send(REAL_MOTOR.format(name="z"))
        eventually(lambda: motor.config is not None)
        assert motor.registered
    assert motor.position == 1.5
    assert motor.config == MotorConfig(
        lower_limit=-10,
        upper_limit=10,
        scale_factor=1000,
        speed=500,
        acceleration=250,
        backlash=10,
    )


def test_who_knows_the_configuration_tells_it_at_each_registration() -> None:
    dhs = Dhs("testDHS")
    dhs.motor("z", config=CONFIG, position=2.5)
    limits = PseudoMotorConfig(lower_limit=0.5, upper_limit=9, upper_limit_on=False)
    dhs.pseudo_motor("energy", config=limits, position=3)
    with online(dhs) as peer:
        peer.send("stoh_register_real_motor z z1")
        real = peer.read_text()
        peer.send("stoh_register_pseudo_motor energy energy")
        pseudo = peer.read_text()
    assert real == "htos_configure_device z 2.5 10 -10 1000 500 100 0 1 1 0 0 0"
    assert pseudo == "htos_configure_device energy 3.0 9 0.5 1 0 0"


def test_a_move_starts_updates_and_ends_once() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 2.500000")
        assert read(peer, 3) == [
            "htos_motor_move_started z 2.5",
            "htos_update_motor_position z 0.5 normal",
            "htos_motor_move_completed z 2.5 normal",
        ]
        assert motor.position == 2.5
        peer.send("stoh_start_motor_move z 3")
        assert read(peer, 3)[-1] == "htos_motor_move_completed z 3.0 normal"
    assert not motor.is_moving


def test_a_handler_may_say_where_the_motor_came_to_rest() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    seen: list[tuple[float, float]] = []

    @motor.on_move
    def go(move: Move) -> None:
        seen.append((move.start, move.distance))
        move.complete(1.9987)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 2")
        assert read(peer, 2)[-1] == "htos_motor_move_completed z 1.9987 normal"
    assert seen == [(0.0, 2.0)]
    assert motor.position == 1.9987


@pytest.mark.parametrize("word", ["home", "#HM1"])
def test_a_word_reaches_the_handler_as_it_is(word: str) -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z", config=CONFIG, position=4, words=("home", "#*"))
    seen: list[object] = []

    @motor.on_move
    def go(move: Move) -> None:
        seen.append((move.destination, move.distance))
        move.update(0)

    with online(dhs) as peer:
        peer.send(f"stoh_start_motor_move z {word}")
        assert read(peer, 3) == [
            "htos_motor_move_started z 4.0",
            "htos_update_motor_position z 0.0 normal",
            "htos_motor_move_completed z 0.0 normal",
        ]
    assert seen == [(word, 0.0)]


@pytest.mark.parametrize("config", [CONFIG, None])
def test_a_word_that_the_motor_does_not_know_is_refused(config: MotorConfig | None) -> None:
    dhs = Dhs("testDHS")
    called: list[Move] = []
    dhs.motor("z", config=config, words=["home"]).on_move(called.append)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1O")
        assert read(peer, 2) == [
            "htos_log error z z does not know the word '1O'; it knows home",
            "htos_motor_move_completed z 0.0 error",
        ]
    assert called == []


@pytest.mark.parametrize(
    ("destination", "config", "completion", "reason"),
    [
        ("10.5", CONFIG, "0.0 sw_limit", "10.5 is beyond 10"),
        ("-10.5", CONFIG, "0.0 sw_limit", "-10.5 is below -10"),
        (
            "1",
            MotorConfig(lower_limit=0, upper_limit=9, motor_lock_on=True),
            "0.0 locked",
            "z is locked",
        ),
    ],
)
def test_a_move_that_may_not_be_is_refused(
    destination: str, config: MotorConfig, completion: str, reason: str
) -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z", config=config, position=0)
    called: list[Move] = []
    motor.on_move(called.append)
    with online(dhs) as peer:
        peer.send(f"stoh_start_motor_move z {destination}")
        assert read(peer, 2) == [
            f"htos_log error z {reason}",
            f"htos_motor_move_completed z {completion}",
        ]
    assert called == []


def test_limits_that_are_off_hold_nothing_back() -> None:
    config = MotorConfig(lower_limit=0, upper_limit=1, lower_limit_on=False, upper_limit_on=False)
    dhs = Dhs("testDHS")
    motor_of(dhs, config=config)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 50", "stoh_register_operation nothing x")
        assert read(peer, 3)[-1] == "htos_motor_move_completed z 50.0 normal"
        peer.send("stoh_start_motor_move z -50")
        assert read(peer, 3)[-1] == "htos_motor_move_completed z -50.0 normal"


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (OSError("no power"), "error", "OSError: no power"),
        (DeviceError("at the switch", status="cw_hw_limit"), "cw_hw_limit", "at the switch"),
        (SystemExit(3), "error", "SystemExit: 3"),
    ],
)
def test_a_handler_that_raises_ends_the_move(
    error: BaseException, status: str, reason: str
) -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    motor.on_move(lambda move: _raise(error))
    with online(dhs) as peer:
        for _ in range(2):  # and the motor can be moved again
            peer.send("stoh_start_motor_move z 1")
            assert read(peer, 3) == [
                "htos_motor_move_started z 1.0",
                f"htos_log error z {reason}",
                f"htos_motor_move_completed z 0.0 {status}",
            ]


def test_a_motor_without_handler_says_so() -> None:
    dhs = Dhs("testDHS")
    dhs.motor("z")
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1")
        assert read(peer, 2)[-1] == "htos_motor_move_completed z 0.0 error"


def test_a_move_while_moving_is_refused_and_costs_the_first_nothing() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    release = threading.Event()

    @motor.on_move
    def go(move: Move) -> None:
        assert release.wait(DEADLINE_S)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1")
        assert peer.read_text() == "htos_motor_move_started z 1.0"
        assert motor.is_moving
        peer.send("stoh_start_motor_move z 2")
        assert read(peer, 2)[-1] == "htos_motor_move_completed z 0.0 moving"
        release.set()
        assert peer.read_text() == "htos_motor_move_completed z 1.0 normal"


def test_the_next_move_may_come_right_behind_the_completion() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    motor.on_move(lambda move: None)
    with online(dhs) as peer:
        for number in range(300):
            peer.send(f"stoh_start_motor_move z {number}")
            assert read(peer, 2) == [
                f"htos_motor_move_started z {number}.0",
                f"htos_motor_move_completed z {number}.0 normal",
            ]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("stoh_abort_all soft", AbortMode.SOFT),
        ("stoh_abort_all hard", AbortMode.HARD),
        ("stoh_abort_all", AbortMode.HARD),
        ("stoh_abort_motor_move z soft", AbortMode.SOFT),
        ("stoh_abort_motor_move z hard", AbortMode.HARD),
        ("stoh_abort_motor_move z", AbortMode.HARD),
        ("stoh_abort_motor_move z gently", AbortMode.HARD),
    ],
)
def test_an_abort_ends_the_move_once(text: str, mode: AbortMode) -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    modes: list[AbortMode] = []

    @motor.on_move
    def go(move: Move) -> None:
        move.update(0.25)
        try:
            move.sleep(60)
        finally:
            modes.append(move.abort_mode)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1")
        read(peer, 2)
        peer.send(*[text] * 5)  # dcss sends one for each motor of a DHS it has lost
        assert peer.read_text() == "htos_motor_move_completed z 0.25 aborted"
        peer.send("stoh_start_motor_move z 2")
        assert peer.read_text() == "htos_motor_move_started z 2.0"
        peer.send("stoh_abort_all soft")
        assert "aborted" in read(peer, 2)[-1]
    assert modes[0] is mode


def test_hard_counts_also_behind_soft() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    release = threading.Event()
    modes: list[AbortMode] = []

    @motor.on_move
    def go(move: Move) -> None:
        assert release.wait(DEADLINE_S)
        modes.append(move.abort_mode)
        move.raise_if_aborted()

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1")
        peer.read_text()
        peer.send("stoh_abort_all soft", "stoh_abort_all hard", "stoh_start_motor_move z 9")
        read(peer, 2)  # the refusal: both aborts were seen
        release.set()
        assert peer.read_text() == "htos_motor_move_completed z 0.0 aborted"
    assert modes == [AbortMode.HARD]


def test_an_abort_of_a_motor_at_rest_says_nothing() -> None:
    dhs = Dhs("testDHS")
    motor_of(dhs)
    with online(dhs) as peer:
        peer.send("stoh_abort_motor_move z soft", "stoh_abort_all", "stoh_start_motor_move z 1")
        assert peer.read_text() == "htos_motor_move_started z 1.0"


def test_positions_are_set_and_corrected() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    told: list[float] = []
    motor.on_set_position(told.append)
    with online(dhs) as peer:
        peer.send("stoh_set_motor_position z 7.250000")
        eventually(lambda: motor.position == 7.25)
        peer.send("stoh_correct_motor_position z -360")
        eventually(lambda: motor.position == -352.75)
        eventually(lambda: len(told) == 2)
    assert told == [7.25, -352.75]


def test_a_correction_counts_before_the_next_move() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("phi")
    starts: list[float] = []
    motor.on_move(lambda move: starts.append(move.start))
    motor.on_set_position(lambda position: None)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move phi 365")
        read(peer, 2)
        peer.send("stoh_correct_motor_position phi -360", "stoh_start_motor_move phi 6")
        assert read(peer, 2)[-1] == "htos_motor_move_completed phi 6.0 normal"
    assert starts == [0.0, 5.0]


def test_a_position_is_not_set_while_moving_or_when_the_hardware_refuses() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    motor.on_move(lambda move: move.sleep(60))
    motor.on_set_position(lambda position: _raise(DeviceError("no encoder")))
    with online(dhs) as peer:
        peer.send("stoh_set_motor_position z 7")
        assert peer.read_text() == "htos_log error z no encoder"
        assert peer.read_text() == "htos_update_motor_position z 0.0 error"
        peer.send("stoh_start_motor_move z 1")
        peer.read_text()
        peer.send("stoh_set_motor_position z 7")
        assert peer.read_text() == "htos_log error z z is moving; its position cannot be set"
        assert peer.read_text() == "htos_update_motor_position z 0.0 moving"
        assert motor.position == 0


def test_a_configuration_while_moving_leaves_the_position() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    motor.on_move(lambda move: move.sleep(60))
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1")
        peer.read_text()
        peer.send(REAL_MOTOR.format(name="z"))
        eventually(lambda: motor.config is not None)
        assert motor.position == 0


def test_dependencies_and_children_are_kept() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.pseudo_motor("energy")
    with online(dhs) as peer:
        peer.send(
            "stoh_set_motor_dependency energy mono d_spacing", "stoh_set_motor_children energy mono"
        )
        eventually(lambda: bool(motor.children))
    assert (motor.dependencies, motor.children) == (("mono", "d_spacing"), ("mono",))


def test_a_position_is_reported_unasked() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    motor.report(3.5)  # not running: nothing is sent, but the value is stored
    assert motor.position == 3.5
    with online(dhs) as peer:
        motor.report(4.5)
        assert peer.read_text() == "htos_update_motor_position z 4.5 normal"


# -- around it -------------------------------------------------------------------------------


def test_a_lost_link_and_a_stop_end_the_move() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    ended: list[Move] = []

    @motor.on_move
    def go(move: Move) -> None:
        ended.append(move)
        move.sleep(60)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1")
        peer.read_text()
        peer.socket.close()
        eventually(lambda: not motor.is_moving)
    assert [move.state for move in ended] == [TaskState.ABORTED]


def test_a_stop_completes_a_move_whose_handler_never_ends() -> None:
    dhs = Dhs("testDHS")
    motor = dhs.motor("z")
    release = threading.Event()

    @motor.on_move
    def hang(move: Move) -> None:
        release.wait(DEADLINE_S)

    texts: list[str] = []
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1")
        peer.read_text()
        assert dhs.stop(join_s=1.0) == ("operation-1",)
        texts = read(peer, 1)
        release.set()
    assert texts == ["htos_motor_move_completed z 0.0 aborted"]


def test_a_device_nobody_declared_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    dhs = Dhs("testDHS")
    motor_of(dhs)
    with caplog.at_level(logging.WARNING, "dhs_runtime"), online(dhs) as peer:
        peer.send("stoh_register_real_motor w w", "stoh_start_motor_move z 1")
        peer.read_text()
    assert "stoh_register_real_motor w: this DHS declares no such device" in caplog.text


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("stoh_start_motor_move w 1", "motor w is not declared by this DHS"),
        ("stoh_set_motor_position w 1", "motor w is not declared by this DHS"),
        ("stoh_start_motor_move gate 1", "motor gate is a shutter here"),
        ("stoh_set_shutter_state z open", "shutter z is a motor here"),
        ("stoh_set_shutter_state w open", "shutter w is not declared by this DHS"),
    ],
)
def test_a_refusal_names_the_kind_that_the_command_says(
    command: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Real or pseudo motor: a command does not say, so the refusal does not either."""
    dhs = Dhs("testDHS")
    motor_of(dhs)
    dhs.shutter("gate")
    with caplog.at_level(logging.ERROR, "dhs_runtime"), online(dhs) as peer:
        peer.send(command)
        name = command.split()[1]
        assert peer.read_text() == f"htos_log error {name} {reason}"
        peer.read_text()
    assert f"{reason.split(maxsplit=1)[0]} {name}: {reason}" in caplog.text


@pytest.mark.parametrize("kind", ["real", "pseudo"])
@pytest.mark.parametrize("name", ["z", "w"])
def test_a_motor_is_registered_as_either_kind(kind: str, name: str) -> None:
    """Also an undeclared motor: a failed move must give its position, which dcss knows."""
    dhs = Dhs("testDHS")
    motor_of(dhs, config=None)
    with online(dhs) as peer:
        peer.send(f"stoh_register_{kind}_motor {name} {name}")
        assert read(peer, 1) == [f"htos_send_configuration {name}"]


def test_declaring_a_device_twice_or_too_late_is_refused() -> None:
    dhs = Dhs("testDHS")
    motor = motor_of(dhs)
    with pytest.raises(HandlerError, match="<Motor z> is declared already"):
        dhs.shutter("z")
    with pytest.raises(HandlerError, match="a move of z has a handler already: motor_of"):
        motor.on_move(lambda move: None)
    with pytest.raises(HandlerError, match="must take one argument"):
        motor.on_set_position(lambda: None)  # type: ignore[misc,arg-type]  # the mistake
    with online(dhs), pytest.raises(HandlerError, match="declared too late: testDHS runs"):
        dhs.motor("late")
    assert dhs.devices() == (motor,)


def test_steps_and_scaled_units() -> None:
    config = MotorConfig(lower_limit=0, upper_limit=1, scale_factor=200)
    assert config.to_steps(0.5) == 100
    assert config.to_steps(-0.0024) == 0
    assert config.to_steps(-0.0026) == -1
    assert config.to_scaled(100) == 0.5


@pytest.mark.parametrize("count", [1, 1001])
def test_who_looks_on_at_all_messages_answers_for_no_stranger(count: int) -> None:
    """This works even for more undeclared motors than it remembers."""
    dhs = Dhs("testDHS")
    seen: list[Message] = []
    dhs.on(Message)(seen.append)
    with online(dhs) as peer:
        peer.send(*(f"stoh_set_shutter_state s{number} open" for number in range(count)))
        texts = [text for text in read(peer, 2 * count) if not text.startswith("htos_log")]
    assert sorted(texts) == sorted(
        f"htos_report_shutter_state s{number} closed error" for number in range(count)
    )
