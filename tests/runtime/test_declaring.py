"""Declarations of a DHS before it runs, and refusals at once."""

from collections.abc import Callable

import pytest

from dcs_codec import StohAbortAll
from dhs_runtime import Dhs, HandlerError
from tests.runtime.peers import RawDcss, running


def one(_: object) -> None: ...


def none() -> None: ...


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
        lambda dhs: dhs.every(0)(none),
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
