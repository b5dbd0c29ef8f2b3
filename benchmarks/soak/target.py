"""The DHS of the soak: its handlers are quick, slow, late and wrong in many ways."""

import contextlib
import math
import os
import threading
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.soak.commands import (
    ENCODER,
    GOOD_CHAMBERS,
    MOTORS,
    PLACED,
    SHUTTERS,
    STRINGS,
    STUCK_SHUTTER,
    WRONG_CHAMBERS,
    is_wrong_contents,
    is_wrong_destination,
)
from dcs_codec import ShutterState
from dhs_runtime import Count, DeviceError, Dhs, Move, Operation, TaskFinishedError


class SpeechlessError(Exception):
    """An exception whose `str()` raises."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


ERRORS: Final[tuple[Callable[[], Exception], ...]] = (
    lambda: ValueError("Expecting {property"),
    lambda: KeyError("}"),
    SpeechlessError,
    lambda: OSError(5, "Input/output error"),
    lambda: RuntimeError('a line\nend, a quote " and \ud800'),
    lambda: DeviceError("controller is off", status="not homed"),
    lambda: DeviceError("told as done", status="normal"),
    lambda: ZeroDivisionError("x" * 5000),
)
BAD_TEXTS: Final = ("{", 'a "b', "{a}b", "x\0y", "a\ud800b", "line\nend {")

dhs = Dhs("soakDHS")


@dhs.operation("quick")
def quick(op: Operation) -> None:
    op.complete(*op.args)


@dhs.operation("inline", inline=True)
def inline(op: Operation) -> None:
    op.complete(*op.args)


@dhs.operation("updates")
def updates(op: Operation) -> None:
    for number in range(3):
        op.update("at", number, "{of three")
    op.complete("done")


@dhs.operation("raises")
def raises(op: Operation) -> None:
    raise ERRORS[int(op.args[0]) % len(ERRORS)]()


@dhs.operation("fails")
def fails(op: Operation) -> None:
    op.fail("no {beam", status="normal" if int(op.args[0]) % 2 else "no_beam")


@dhs.operation("bad_text")
def bad_text(op: Operation) -> None:
    """The call raises at once, and DCSS gets the failure: this command never succeeds."""
    text = BAD_TEXTS[int(op.args[0]) % len(BAD_TEXTS)]
    op.complete(text=text)


@dhs.operation("slow")
def slow(op: Operation) -> None:
    op.sleep(0.02)


@dhs.operation("endless", timeout_s=0.05)
def endless(op: Operation) -> None:
    op.sleep(3600)


@dhs.operation("helped")
def helped(op: Operation) -> None:
    """A helper completes it while the handler returns."""
    threading.Thread(target=_complete, args=(op,), name="helper").start()


def _complete(op: Operation) -> None:
    with contextlib.suppress(TaskFinishedError):  # the handler completed it first
        op.complete("by a helper")


@dhs.operation("forks")
def forks(op: Operation) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    op.complete("by a child")


def _move(move: Move) -> None:
    destination = float(move.destination)
    if is_wrong_destination(destination):
        if int(abs(destination)) % 2:
            raise DeviceError("no power", status="normal")
        move.complete(math.nan)
        return
    move.update(move.start + move.distance / 2)
    if int(destination) % 10 == 0:
        move.sleep(0.02)


def _contents(contents: str) -> str:
    if is_wrong_contents(contents):
        raise ValueError("no such {state")
    return contents


def _shut(_: ShutterState) -> None:
    pass


def _stuck(_: ShutterState) -> None:
    raise DeviceError("stuck }", status="two words")


for name in MOTORS:
    dhs.motor(name).on_move(_move)
dhs.motor(PLACED).on_move(_move)
for name in STRINGS:
    dhs.string(name, contents="").on_set(_contents)
for name in SHUTTERS:
    dhs.shutter(name).on_set(_stuck if name == STUCK_SHUTTER else _shut)

_encoder = dhs.encoder(ENCODER, position=0.0)
_place = 0.0


@_encoder.on_get
def read_encoder() -> float:
    return _place


@_encoder.on_set
def set_encoder(position: float) -> None:
    global _place  # noqa: PLW0603 - in place of a controller
    if position < 0:
        raise DeviceError("out of range")
    _place = position


def count_well(count: Count) -> Mapping[str, float]:
    return dict.fromkeys(count.names, 5.0)


def count_wrongly(count: Count) -> Mapping[str, float]:
    return dict.fromkeys(count.names, math.inf)


for names, count in ((GOOD_CHAMBERS, count_well), (WRONG_CHAMBERS, count_wrongly)):
    for name in names:
        dhs.ion_chamber(name).on_count(count)
