"""Declarations of a DHS before it runs, and refusals at once."""

from collections.abc import Callable
from typing import Any

import pytest

from dcs_codec import StohAbortAll
from dhs_runtime import Dhs, HandlerError
from tests.runtime.peers import RawDcss, running


def one(_: object) -> None: ...


def none() -> None: ...


def zero() -> float:
    return 0.0


NAN, INF = float("nan"), float("inf")
BAD_READING: list[dict[str, Any]] = [
    *({"every_s": seconds} for seconds in (0, -1, NAN, INF, 1e300, "5", True)),
    *({"read_timeout_s": seconds} for seconds in (0, -1, NAN, INF, 1e300, "5", None)),
    *({"deadband": band} for band in (-1, NAN, "x", None)),
]
NO_VALUES: list[object] = [True, "5", "ajar", "OPEN", "{", NAN, INF, 1e300, [1.0], b"open"]
NO_CONTENTS: list[object] = [5, "{", "a\0b", "x" * 1880, b"text"]


DECLARATIONS: dict[str, Callable[[Dhs], object]] = {
    "operation": lambda dhs: dhs.operation("op")(one),
    "on": lambda dhs: dhs.on(StohAbortAll)(one),
    "every": lambda dhs: dhs.every(1.0)(none),
    "on_start": lambda dhs: dhs.on_start(none),
    "on_connected": lambda dhs: dhs.on_connected(none),
    "on_disconnected": lambda dhs: dhs.on_disconnected(one),
    "on_stop": lambda dhs: dhs.on_stop(none),
    "motor": lambda dhs: dhs.motor("m"),
    "pseudo_motor": lambda dhs: dhs.pseudo_motor("p"),
    "shutter": lambda dhs: dhs.shutter("s"),
    "string": lambda dhs: dhs.string("t"),
    "ion_chamber": lambda dhs: dhs.ion_chamber("i"),
    "encoder": lambda dhs: dhs.encoder("e"),
}
every_declaration = pytest.mark.parametrize("declare", DECLARATIONS.values(), ids=DECLARATIONS)


@every_declaration
def test_it_is_taken_before_the_run_and_refused_during_it(
    declare: Callable[[Dhs], object],
) -> None:
    declare(Dhs("testDHS"))
    dhs = Dhs("testDHS")
    with RawDcss() as dcss, running(dhs, dcss.config()):
        with pytest.raises(HandlerError, match="declared too late: testDHS runs already"):
            declare(dhs)
        dcss.accept().socket.close()


@pytest.mark.parametrize(
    "declare",
    [
        lambda dhs: dhs.operation(one),
        lambda dhs: dhs.operation("two words")(one),
        lambda dhs: dhs.operation("op")(none),
        lambda dhs: dhs.on(str)(one),
        lambda dhs: dhs.on()(one),
        *(
            lambda dhs, seconds=seconds: dhs.operation("op", timeout_s=seconds)(one)
            for seconds in (0, -1, NAN, INF, 1e300, "5", True)
        ),
        *(
            lambda dhs, most=most: dhs.operation("op", max_active=most)(one)
            for most in (-1, 1.5, "3", True)
        ),
        *(lambda dhs, how=how: dhs.motor("m").on_read(**how)(zero) for how in BAD_READING),
        *(lambda dhs, state=state: dhs.shutter("s", state=state) for state in NO_VALUES),
        *(lambda dhs, contents=contents: dhs.string("s", contents) for contents in NO_CONTENTS),
        *(lambda dhs, place=place: dhs.encoder("e", position=place) for place in NO_VALUES),
        *(lambda dhs, place=place: dhs.motor("m", position=place) for place in NO_VALUES),
        *(lambda dhs, seconds=seconds: dhs.every(seconds)(none) for seconds in ("1", INF, 0)),
        lambda dhs: dhs.every(none),
        lambda dhs: dhs.every(1.0)(one),
        lambda dhs: dhs.on_start(one),
        lambda dhs: dhs.on_disconnected(none),
        lambda dhs: dhs.motor("two words"),
    ],
)
def test_what_cannot_work_is_refused_at_once(declare: Callable[[Dhs], object]) -> None:
    with pytest.raises(HandlerError):
        declare(Dhs("testDHS"))


def test_nothing_is_declared_twice() -> None:
    dhs = Dhs("testDHS")
    dhs.motor("m")
    dhs.operation("op")(one)
    with pytest.raises(HandlerError):
        dhs.shutter("m")
    with pytest.raises(HandlerError, match="has a handler already: one"):
        dhs.operation("op")(one)
    assert [device.name for device in dhs.devices()] == ["m"]


def test_the_scripting_engines_name_is_no_dhs() -> None:
    with pytest.raises(HandlerError, match="scripting engine"):
        Dhs("self")
