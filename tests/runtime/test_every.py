"""Repeated functions and start hooks of a DHS; declarations that come too late."""

import logging
import threading
from collections.abc import Callable

import pytest

from dcs_codec import StohSetString
from dhs_runtime import Dhs, HandlerError
from tests.devices.talking import online
from tests.devices.test_own_message import StohTuneBeam
from tests.runtime.peers import RawDcss, eventually, running


def test_a_function_is_called_again_and_again_also_without_dcss() -> None:
    dhs = Dhs("testDHS")
    always, online_only = threading.Semaphore(0), threading.Semaphore(0)
    dhs.every(0.002)(always.release)
    dhs.every(0.002, while_offline=False)(online_only.release)
    with RawDcss() as dcss, running(dhs, dcss.config()):
        for _ in range(5):
            assert always.acquire(timeout=20)
        assert not online_only.acquire(blocking=False)
        with dcss.accept() as peer:
            peer.shake_hands()
            for _ in range(5):
                assert online_only.acquire(timeout=20)


def test_one_that_raises_is_one_line_and_called_again(caplog: pytest.LogCaptureFixture) -> None:
    dhs = Dhs("testDHS")
    calls = threading.Semaphore(0)
    errors = iter([OSError("no power")] * 5 + [SystemExit(3), None, None, None])

    @dhs.every(0.002)
    def poll() -> None:
        calls.release()
        error = next(errors, None)
        if error is not None:
            raise error

    with caplog.at_level(logging.INFO), online(dhs):
        for _ in range(9):
            assert calls.acquire(timeout=20)
    lines = [each.getMessage() for each in caplog.records if "poll" in each.getMessage()]
    assert [line.rpartition(".poll")[2] for line in lines] == [
        " failed; it is called again",
        " failed; it is called again",
        ": all is well again",
    ]


def test_one_that_takes_long_puts_off_its_next_call_and_no_other() -> None:
    dhs = Dhs("testDHS")
    release = threading.Event()
    running_now: list[int] = []
    others = threading.Semaphore(0)

    @dhs.every(0.001)
    def slow() -> None:
        running_now.append(1)
        release.wait(20)

    dhs.every(0.001)(others.release)
    with online(dhs):
        eventually(lambda: len(running_now) == 1)
        for _ in range(20):
            assert others.acquire(timeout=20)
        assert len(running_now) == 1
        release.set()
        eventually(lambda: len(running_now) > 1)


def test_a_stop_waits_for_none() -> None:
    dhs = Dhs("testDHS")
    called = threading.Event()
    dhs.every(3600)(called.set)
    with online(dhs):
        pass
    assert not called.is_set()


def test_what_starts_comes_before_all_else() -> None:
    dhs = Dhs("testDHS")
    order: list[str] = []
    dhs.on_start(lambda: order.append("start"))
    dhs.on_connected(lambda: order.append("connected"))
    done = threading.Event()

    @dhs.every(0.001)
    def poll() -> None:
        order.append("poll")
        done.set()

    with online(dhs):
        assert done.wait(20)
        eventually(lambda: "connected" in order)
    assert order[0] == "start"


def test_repeated_functions_and_polls_begin_afresh_in_the_next_run() -> None:
    dhs = Dhs("testDHS")
    calls = threading.Semaphore(0)
    dhs.every(0.001)(calls.release)
    for _ in range(2):
        with online(dhs):
            assert calls.acquire(timeout=20)
        while calls.acquire(blocking=False):
            pass


# -- declared wrongly, or too late -----------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(HandlerError, match=r"@dhs\.every\(0\.5\)"):
        Dhs("testDHS").every(seconds)


def test_decorators_without_their_parentheses_say_what_to_write() -> None:
    dhs = Dhs("testDHS")
    with pytest.raises(HandlerError, match=r'@dhs\.operation\("NAME"\)'):
        dhs.operation(lambda op: None)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(HandlerError, match=r"@dhs\.every\(0\.5\)"):
        dhs.every(lambda: None)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(HandlerError, match=r"@dhs\.on\(StohRegisterString\)"):
        dhs.on(lambda message: None)  # type: ignore[arg-type,type-var]  # the mistake
    with pytest.raises(HandlerError, match=r"@dhs\.on\(StohRegisterString\)"):
        dhs.on()
    with pytest.raises(HandlerError, match=r"write @z\.on\(TheirMessage\)"):
        dhs.string("z").on(lambda message: None)  # type: ignore[arg-type,type-var]  # the mistake


@pytest.mark.parametrize("name", ["a b", "", "a" * 40, "{a", "a\nb", "ä" * 20, "self "])
def test_names_that_are_none_are_refused_where_they_stand(name: str) -> None:
    dhs = Dhs("testDHS")
    declare: list[Callable[[str], object]] = [
        *(dhs.motor, dhs.pseudo_motor, dhs.shutter, dhs.string, dhs.ion_chamber, dhs.encoder),
        lambda each: dhs.operation(each)(lambda op: None),
        Dhs,
    ]
    for each in declare:
        with pytest.raises(HandlerError):
            each(name)


def test_the_name_of_the_scripting_engine_is_taken() -> None:
    with pytest.raises(HandlerError, match="scripting engine"):
        Dhs("self")


def test_whatever_is_declared_while_it_runs_is_refused() -> None:
    dhs = Dhs("testDHS")
    motor, shutter, string = dhs.motor("m"), dhs.shutter("s"), dhs.string("t")
    encoder, chamber = dhs.encoder("e"), dhs.ion_chamber("i")

    def function(*_: object) -> None:
        """Of no matter what."""

    late: list[Callable[[], object]] = [
        *(lambda make=make: make("new") for make in (dhs.motor, dhs.shutter, dhs.string)),
        lambda: dhs.operation("o")(function),
        lambda: dhs.on(StohSetString)(function),
        lambda: dhs.every(1)(function),
        *(
            lambda hook=hook: hook(function)
            for hook in (
                *(dhs.on_start, dhs.on_connected, dhs.on_disconnected, dhs.on_stop),
                *(motor.on_move, motor.on_oscillation, motor.on_vector_move, motor.on_check),
                *(motor.on_set_position, motor.on_configure, motor.on_read),
                *(shutter.on_set, shutter.on_read, string.on_set, string.on_read),
                *(encoder.on_get, encoder.on_set, encoder.on_read, chamber.on_count),
                motor.on(StohTuneBeam),
            )
        ),
    ]
    with online(dhs):
        for declare in late:
            with pytest.raises(HandlerError, match="too late"):
                declare()
    motor.on_move(function)  # and between two runs it is not
