"""Handlers whose exceptions, results or numbers are odd: one true answer, and the DHS lives on."""

import decimal
import fractions
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, Self

import pytest

from dcs_codec import StohSetString
from dhs_runtime import DeviceError, Dhs, HandlerError
from tests.devices.talking import CONFIG, REAL_MOTOR, online, read
from tests.runtime.peers import DEADLINE_S, RawConnection

HUGE: Final = 1_000_000


class _NoStatusError(DeviceError):
    @property
    def status(self) -> str:
        raise RuntimeError("no status")

    @status.setter
    def status(self, _: str) -> None:
        pass


class _FalseError(Exception):
    def __bool__(self) -> bool:
        raise RuntimeError("neither true nor false")


class _MaskedError(Exception):
    @property  # type: ignore[misc]  # as a proxy of a library has it
    def __class__(self) -> type:
        raise RuntimeError("no class")


class _OddWord(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    def __ne__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    __hash__ = str.__hash__


def _recurse() -> None:
    _recurse()


def _raise(error: BaseException) -> None:
    raise error


async def _later() -> None: ...


async def _ticks() -> Any:
    yield 1


ODD: Final[dict[str, Callable[[], object]]] = {
    "status": lambda: _raise(_NoStatusError("off")),
    "bool": lambda: _raise(_FalseError("off")),
    "class": lambda: _raise(_MaskedError("off")),
    "status word": lambda: _raise(DeviceError("off", status=_OddWord("off"))),
    "reason": lambda: _raise(DeviceError(_OddWord("off"))),
    "huge": lambda: _raise(ValueError("x" * HUGE)),
    "huge words": lambda: _raise(ValueError("x { y" * (HUGE // 5))),
    "class name": lambda: _raise(type("a{ b\n", (Exception,), {})()),
    "recursion": _recurse,
    "generator exit": lambda: _raise(GeneratorExit()),
    "coroutine": _later,
    "generator": lambda: (each for each in "ab"),
    "async generator": _ticks,
}
"""What a handler does that must be told as a failure."""


def _scene(odd: Callable[[], Any], *, inline: bool) -> Dhs:
    """A DHS where all handlers are odd, and one operation that is not."""
    dhs = Dhs("testDHS")
    dhs.operation("odd", inline=inline)(lambda op: odd())
    dhs.operation("fine")(lambda op: None)
    motor = dhs.motor("m", config=CONFIG)
    motor.on_move(lambda move: odd())
    motor.on_oscillation(lambda move: odd())
    motor.on_set_position(inline=inline)(lambda position: odd())
    dhs.shutter("s").on_set(inline=inline)(lambda state: odd())
    dhs.string("t").on_set(inline=inline)(lambda text: odd())
    encoder = dhs.encoder("e")
    encoder.on_get(inline=inline)(lambda *_: odd())
    encoder.on_set(inline=inline)(lambda position: odd())
    dhs.ion_chamber("i").on_count(lambda count: odd())
    return dhs


COMMANDS: Final = {
    "stoh_start_operation odd 1.1": "htos_operation_completed odd 1.1 ",
    "stoh_start_motor_move m 5": "htos_motor_move_completed m ",
    "stoh_start_oscillation m NULL 1 1": "htos_motor_move_completed m ",
    "stoh_set_motor_position m 5": "htos_update_motor_position m ",
    "stoh_set_shutter_state s open": "htos_report_shutter_state s ",
    "stoh_set_string t new": "htos_set_string_completed t ",
    "stoh_get_encoder e": "htos_get_encoder_completed e ",
    "stoh_set_encoder e 5": "htos_set_encoder_completed e ",
    "stoh_read_ion_chambers 1 0 i": "htos_report_ion_chambers ",
}


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_handler_fails_its_command_and_nothing_else(
    odd: Callable[[], Any], inline: bool
) -> None:
    with online(_scene(odd, inline=inline)) as peer:
        for command, keyword in COMMANDS.items():
            peer.send(command)
            answer = _answer(peer, keyword)
            assert "normal" not in answer
            assert not answer.endswith(" open")
        peer.send("stoh_start_operation fine 1.2")
        assert peer.read_text() == "htos_operation_completed fine 1.2 normal"


def _answer(peer: RawConnection, keyword: str) -> str:
    """The next message with this beginning; between it and the command there are logs alone."""
    while not (text := peer.read_text()).startswith(keyword):
        assert text.startswith(("htos_log error ", "htos_motor_move_started m "))
    return text


async def _async(_: object) -> None: ...


def _yields(_: object) -> Iterator[None]:
    yield


class _AsyncCall:
    async def __call__(self, _: object) -> None: ...


@pytest.mark.parametrize("lazy", [_async, _yields, _AsyncCall(), lambda _: (yield)])
def test_a_function_whose_call_does_nothing_is_refused_at_declaration(lazy: Any) -> None:
    dhs = Dhs("testDHS")
    for declare in (dhs.operation("op"), dhs.motor("m").on_move, dhs.string("s").on_set):
        with pytest.raises(HandlerError, match="is async or yields"):
            declare(lazy)


def _numbers() -> list[Any]:
    """Numbers of other types than Python's own."""
    found = [decimal.Decimal("1.5"), fractions.Fraction(3, 2)]
    try:
        import numpy  # noqa: PLC0415 - not on every machine
    except ImportError:
        return found
    return [*found, numpy.float64(1.5), numpy.float32(1.5)]


@pytest.mark.parametrize("number", _numbers(), ids=lambda each: type(each).__name__)
def test_a_number_of_any_type_is_a_number(number: Any) -> None:
    dhs = Dhs("testDHS")
    dhs.encoder("e").on_get(lambda: number)
    motor = dhs.motor("m", config=CONFIG)
    motor.on_read(lambda: number)
    motor.on_move(lambda move: move.update(number))
    dhs.ion_chamber("i").on_count(lambda count: {"i": number})
    with online(dhs) as peer:
        peer.send("stoh_get_encoder e")
        assert peer.read_text() == "htos_get_encoder_completed e 1.5 normal"
        peer.send("stoh_read_ion_chambers 1 0 i")
        assert peer.read_text() == "htos_report_ion_chambers 1.0 i 1.5"
        peer.send("stoh_start_motor_move m 2")
        assert read(peer, 4)[-1] == "htos_motor_move_completed m 1.5 normal"


class _Stuck:
    """A handler that does not return before the block ends."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self._release = threading.Event()

    def __call__(self, _: object) -> None:
        self.entered.release()
        assert self._release.wait(DEADLINE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._release.set()


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_an_abort_ends_what_waits_behind_a_handler_that_never_returns(mode: str) -> None:
    dhs, stuck = Dhs("testDHS"), _Stuck()
    dhs.operation("op")(lambda op: None)
    dhs.on(StohSetString)(stuck)
    with online(dhs) as peer, stuck:
        peer.send("stoh_set_string t x")
        assert stuck.entered.acquire(timeout=DEADLINE_S)
        peer.send("stoh_start_operation op 1.1", f"stoh_abort_all {mode}")
        ended = f"htos_operation_completed op 1.1 aborted stoh_abort_all {mode}"
        assert peer.read_text() == ended


@pytest.mark.parametrize(
    "abort",
    ["stoh_abort_all soft", "stoh_abort_motor_move m hard", "stoh_stop_vector_move m n"],
)
@pytest.mark.parametrize("second", [False, True])
def test_an_abort_ends_a_move_that_waits_behind_its_device(abort: str, second: bool) -> None:
    dhs, stuck = Dhs("testDHS"), _Stuck()
    motor, other = dhs.motor("m", config=CONFIG), dhs.motor("n", config=CONFIG)
    motor.on_move(lambda move: None)
    motor.on_vector_move(lambda move: None)
    other.on_move(lambda move: None)
    motor.on_configure(stuck)
    with online(dhs) as peer, stuck:
        peer.send(REAL_MOTOR.format(name="m"))
        assert stuck.entered.acquire(timeout=DEADLINE_S)
        move = "stoh_start_vector_move m n 1 2 3" if second else "stoh_start_motor_move m 1"
        peer.send(move, abort)
        ended = [f"htos_motor_move_completed {name} 0.0 aborted" for name in "nm"[not second :]]
        assert read(peer, len(ended)) == ended
        if second:  # which is free again, though the first is not
            peer.send("stoh_start_motor_move n 2")
            assert read(peer, 2)[-1] == "htos_motor_move_completed n 2.0 normal"


def test_operations_that_wait_for_a_worker_are_aborted_at_once() -> None:
    dhs, stuck = Dhs("testDHS"), _Stuck()
    dhs.operation("deaf")(stuck)
    with online(dhs) as peer, stuck:
        peer.send(*(f"stoh_start_operation deaf 1.{number}" for number in range(70)))
        for _ in range(64):
            assert stuck.entered.acquire(timeout=DEADLINE_S)
        peer.send("stoh_abort_all")
        ended = sorted(peer.read_text().split()[2] for _ in range(6))
        assert ended == [f"1.{number}" for number in range(64, 70)]
