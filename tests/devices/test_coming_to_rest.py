"""An abort with `follow(stop=...)`: DCSS gets the position where the motor stopped."""

import threading

import pytest

from dcs_codec import AbortMode
from dhs_runtime import DeviceError, Dhs, Move, TaskAbortedError
from tests.devices.hardware import Spindle
from tests.devices.talking import online, read
from tests.runtime.peers import RawConnection, eventually


def _until_completed(peer: RawConnection) -> list[str]:
    texts = [peer.read_text()]
    while "completed" not in texts[-1]:
        texts.append(peer.read_text())
    return texts


def _driven_by(spindle: Spindle, dhs: Dhs, **settings: float) -> None:
    @dhs.motor("z").on_move
    def go(move: Move) -> None:
        assert not isinstance(move.destination, str)
        spindle.go(move.destination)
        move.follow(spindle.read, spindle.is_moving, stop=spindle.stop, every_s=0.005, **settings)


@pytest.mark.parametrize(("how", "mode"), [("soft", AbortMode.SOFT), ("hard", AbortMode.HARD)])
def test_an_abort_tells_where_the_motor_came_to_rest(how: str, mode: AbortMode) -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0, speed=20, coast=0.5)
    _driven_by(spindle, dhs)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1000")
        read(peer, 4)
        peer.send(f"stoh_abort_all {how}")
        completed = _until_completed(peer)[-1]
        assert completed == f"htos_motor_move_completed z {spindle.read()} aborted"
    assert spindle.stops == [mode]
    assert not spindle.is_moving()


def test_hard_after_soft_stops_harder() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0, speed=20, coast=1e6)
    _driven_by(spindle, dhs)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1000")
        read(peer, 2)
        peer.send("stoh_abort_all soft")
        eventually(lambda: bool(spindle.stops))
        peer.send("stoh_abort_motor_move z hard")
        assert _until_completed(peer)[-1] == f"htos_motor_move_completed z {spindle.read()} aborted"
    assert spindle.stops == [AbortMode.SOFT, AbortMode.HARD]


def test_a_motor_that_does_not_come_to_rest_has_failed() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0, speed=20, coast=1e6)
    _driven_by(spindle, dhs, rest_timeout_s=0.05)
    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1000")
        read(peer, 2)
        peer.send("stoh_abort_all soft")
        *_, log, completed = _until_completed(peer)
        assert log == "htos_log error z still moves 0.05 s after it was stopped"
        assert completed.endswith(" error")


def test_a_stop_that_fails_is_no_abort() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0, speed=20)

    def stop(mode: AbortMode) -> None:
        raise DeviceError("the controller does not answer")

    @dhs.motor("z").on_move
    def go(move: Move) -> None:
        spindle.go(1000)
        move.follow(spindle.read, spindle.is_moving, stop=stop, every_s=0.005)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1000")
        read(peer, 2)
        peer.send("stoh_abort_all soft")
        *_, log, completed = _until_completed(peer)
        assert log == "htos_log error z the controller does not answer"
        assert completed.endswith(" error")


@pytest.mark.parametrize("trouble", [OSError("no power"), None])
def test_a_motor_that_cannot_be_seen_is_stopped(trouble: OSError | None) -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0, speed=20)

    def see() -> float:
        if trouble is not None:
            raise trouble
        return float("nan")

    @dhs.motor("z", position=1).on_move
    def go(move: Move) -> None:
        spindle.go(1000)
        move.follow(see, spindle.is_moving, stop=spindle.stop)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1000")
        assert _until_completed(peer)[-1] == "htos_motor_move_completed z 1.0 error"
    assert spindle.stops == [AbortMode.SOFT]


def test_it_may_take_a_while_to_settle() -> None:
    dhs = Dhs("testDHS")
    positions = iter([1.0, 2.5, 2.0])
    moving = iter([True, True, False])

    @dhs.motor("z").on_move
    def go(move: Move) -> None:
        move.follow(positions.__next__, moving.__next__, every_s=0, settle_s=0.01)

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 2")
        assert _until_completed(peer)[-1] == "htos_motor_move_completed z 2.0 normal"


def test_a_handler_that_swallows_the_abort_has_not_arrived() -> None:
    dhs = Dhs("testDHS")
    spindle = Spindle(0, speed=20, coast=0.1)
    done = threading.Event()

    @dhs.motor("z").on_move
    def go(move: Move) -> None:
        spindle.go(1000)
        try:
            move.follow(spindle.read, spindle.is_moving, stop=spindle.stop, every_s=0.005)
        except TaskAbortedError:
            done.set()

    with online(dhs) as peer:
        peer.send("stoh_start_motor_move z 1000")
        read(peer, 2)
        peer.send("stoh_abort_all soft")
        assert _until_completed(peer)[-1] == f"htos_motor_move_completed z {spindle.read()} aborted"
    assert done.is_set()
