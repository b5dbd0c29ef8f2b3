"""A DHS with a device of each kind, whose handlers play drawn scripts."""

import itertools
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import attrs

from dcs_codec import (
    Framing,
    HtosGetEncoderCompleted,
    HtosMotorMoveCompleted,
    HtosOperationCompleted,
    HtosReportIonChambers,
    HtosSetEncoderCompleted,
    IonChamberReading,
    Message,
    ShutterState,
    default_codec,
)
from dhs_runtime import (
    Count,
    DeviceError,
    Dhs,
    Encoder,
    Motor,
    Move,
    Operation,
    Shutter,
    StringDevice,
    VectorMove,
)
from dhs_runtime.devices.read_hook import ReadHook
from tests.devices.talking import CONFIG
from tests.faults.commands import CHAMBERS, ENCODER, MOTORS, OPERATION, SHUTTER, STRING, long_name
from tests.faults.scripts import PATIENCE_S, Player, Script, Verb

T = TypeVar("T")
Completed = type[HtosGetEncoderCompleted | HtosSetEncoderCompleted]

READS: Final = ("good", "raises", "fails at times", "says nonsense", "hangs")
FENCE: Final = "fence"
MOST: Final = 1e10


@attrs.frozen
class Habits:
    """How handlers are declared.

    Attributes:
        inline: Whether all possible handlers are inline.
        has_handlers: Whether devices have handlers at all.
        timeout_s: Of operations.
        max_active: Of operations.
        is_long: Whether names have the greatest length of dcss.
        knows: Whether devices know their configuration, position, state or contents.
        reads: The result of reading the hardware; "" if there is no `on_read`.
        listens: Whether a message handler observes.
    """

    inline: bool = False
    has_handlers: bool = True
    timeout_s: float | None = None
    max_active: int | None = None
    is_long: bool = False
    knows: bool = False
    reads: str = ""
    listens: bool = False


class Author:
    """Declares and plays the handlers of the DHS."""

    def __init__(self, habits: Habits, scripts: tuple[Script, ...], framing: Framing) -> None:
        self.dhs = Dhs("testDHS")
        self.player = Player(scripts, may_block=not habits.inline)
        self._habits, self._framing = habits, framing
        self.dhs.operation(FENCE, inline=True)(lambda op: op.complete(*op.args))
        self.dhs.operation(
            self.name(OPERATION),
            timeout_s=habits.timeout_s,
            max_active=habits.max_active,
            inline=habits.inline,
        )(self._operate)
        if habits.listens:
            self.dhs.on(Message)(lambda message: None)
        known = habits.knows
        config = CONFIG if known else None
        motors = [
            self.dhs.motor(self.name(each), words=("home",), config=config) for each in MOTORS
        ]
        shutter = self.dhs.shutter(self.name(SHUTTER), state=ShutterState.OPEN if known else None)
        string = self.dhs.string(self.name(STRING), "kept" if known else None)
        encoder = self.dhs.encoder(self.name(ENCODER), position=2.5 if known else None)
        chambers = [self.dhs.ion_chamber(self.name(each)) for each in CHAMBERS]
        if not habits.has_handlers:
            return
        for motor in motors:
            self._hang_on_motor(motor)
            self._hang_reading(motor.on_read, partial(getattr, motor, "position"))
        self._hang_reading(shutter.on_read, lambda: shutter.state)
        self._hang_reading(string.on_read, lambda: string.contents)
        self._hang_reading(encoder.on_read, lambda: encoder.position)
        self._hang_on_encoder(encoder)
        shutter.on_set(inline=habits.inline)(lambda _: self._play_shutter(shutter))
        string.on_set(inline=habits.inline)(lambda contents: self._keep(string, contents))
        for chamber in chambers[:2]:
            chamber.on_count(self._count)
        chambers[2].on_count(partial(self._count))  # another function

    def name(self, short: str) -> str:
        """The name of a device here."""
        return long_name(short, self._habits.is_long)

    def _hang_reading(self, hook: ReadHook[T], now: Callable[[], T]) -> None:
        how, calls = self._habits.reads, itertools.count()

        def read() -> T:
            if how == "hangs":
                self.player.release.wait(PATIENCE_S)
            if how == "raises" or (how == "fails at times" and next(calls) % 2):
                raise DeviceError("off {", status="normal")
            return _any(math.nan) if how == "says nonsense" else now()

        if how:
            hook(read_timeout_s=0.02 if how == "hangs" else 2.0)(read)

    # -- what each kind of handler can say ---------------------------------------------------

    def _operate(self, op: Operation) -> None:
        def by_hand(value: object, status: object) -> None:
            self.dhs.send(
                HtosOperationCompleted(
                    operation_name=op.name,
                    operation_handle=op.handle,
                    operation_status=_any(status),
                    operation_args=_any(value),
                )
            )

        verbs = {
            "done": Verb(lambda value, _: op.complete(_any(value)), "success"),
            "done_text": Verb(lambda value, _: op.complete(text=_any(value)), "success"),
            "more": Verb(lambda value, _: op.update(_any(value))),
            "more_text": Verb(lambda value, _: op.update(text=_any(value))),
            "fail": Verb(
                lambda value, status: op.fail(_any(value), status=_any(status)), "failure"
            ),
            "hand": Verb(by_hand, "by hand", in_time=True),
            "log": Verb(lambda value, _: self.dhs.log("error", _any(value))),
        }
        self.player.play((("operation", op.name, op.handle),), verbs, None)

    def _hang_on_motor(self, motor: Motor) -> None:
        inline = self._habits.inline
        motor.on_move(self._move)
        motor.on_vector_move(self._vector)
        motor.on_set_position(inline=inline)(lambda _: self._play_position(motor))

    def _play_position(self, motor: Motor) -> None:
        verbs = {
            "more": Verb(
                lambda value, status: motor.report(_any(value), status=_any(status)),
                extra=("position", motor.name),
            )
        }
        self.player.play((("position", motor.name),), verbs, None)

    def _verbs_of_move(self, move: Move) -> dict[str, Verb]:
        def by_hand(value: object, status: object) -> None:
            self.dhs.send(
                HtosMotorMoveCompleted(
                    motor_name=move.motor.name, position=_any(value), status=_any(status)
                )
            )

        return {
            "done": Verb(lambda value, _: move.complete(_any(value)), "success"),
            "done_text": Verb(lambda *_: move.complete(), "success"),
            "more": Verb(
                lambda value, _: move.update(_any(value)), extra=("position", move.motor.name)
            ),
            "fail": Verb(
                lambda value, status: move.fail(_any(value), status=_any(status)), "failure"
            ),
            "hand": Verb(by_hand, "by hand", in_time=True),
            "follow": Verb(
                lambda value, _: move.follow(lambda: _any(value), lambda: False, every_s=0.001)
            ),
        }

    def _move(self, move: Move) -> None:
        self.player.play((("move", move.motor.name),), self._verbs_of_move(move), None)

    def _vector(self, move: VectorMove) -> None:
        verbs = self._verbs_of_move(move)
        last = move.parts()[-1]
        verbs["more_text"] = Verb(
            lambda value, _: last.update(_any(value)), extra=("position", last.motor.name)
        )
        keys = tuple(("move", part.motor.name) for part in move.parts())
        self.player.play(keys, verbs, None)

    def _play_shutter(self, shutter: Shutter) -> None:
        verbs = {
            "more": Verb(
                lambda value, status: shutter.report(_any(value), status=_any(status)),
                extra=("shutter", shutter.name),
            )
        }
        self.player.play((("shutter", shutter.name),), verbs, None)

    def _keep(self, string: StringDevice, contents: str) -> str:
        verbs = {
            "more": Verb(
                lambda value, status: string.set(_any(value), status=_any(status)),
                extra=("string", string.name),
            )
        }
        key = ("string", string.name)
        kept: str = self.player.play((key,), verbs, contents, lambda value: isinstance(value, str))
        return kept

    def _hang_on_encoder(self, encoder: Encoder) -> None:
        def verbs(kind: Completed) -> dict[str, Verb]:
            def by_hand(value: object, status: object) -> None:
                position, word = _any(value), _any(status)
                self.dhs.send(kind(encoder_name=encoder.name, position=position, status=word))

            return {
                "more": Verb(
                    lambda value, status: encoder.report(_any(value), status=_any(status)),
                    extra=("get", encoder.name),
                ),
                "hand": Verb(by_hand, "by hand", in_time=True),
            }

        @encoder.on_get(inline=self._habits.inline)
        def get() -> float:
            key = ("get", encoder.name)
            said = verbs(HtosGetEncoderCompleted)
            read: float = self.player.play((key,), said, 2.5, is_number)
            return read

        @encoder.on_set(inline=self._habits.inline)
        def set_to(_: float) -> None:
            self.player.play((("set", encoder.name),), verbs(HtosSetEncoderCompleted), None)

    def _count(self, count: Count) -> Mapping[str, float]:
        def counts(value: object) -> Any:
            return dict.fromkeys(count.names, value) if isinstance(value, (int, float)) else value

        def report(value: object) -> HtosReportIonChambers:
            readings = tuple(IonChamberReading(name, counts(value)[name]) for name in count.names)
            return HtosReportIonChambers(ion_chamber_time=0.1, result=readings)

        def is_good(value: object) -> bool:
            try:
                default_codec().encode_bytes(report(value), self._framing)
            except Exception:  # noqa: BLE001 - values of any kind
                return False
            return True

        key, many = ("count", count.names[0]), count.is_repeated
        verbs = {
            "done": Verb(lambda value, _: count.complete(counts(value)), "success", in_time=many),
            "more": Verb(lambda value, _: count.report(counts(value)), extra=key),
            "fail": Verb(lambda value, _: count.fail(_any(value)), "failure", in_time=many),
        }
        if many:
            count.sleep(0.003)
        else:  # otherwise it is one of many reports, not the answer
            send = Verb(lambda value, _: self.dhs.send(report(value)), "success", in_time=True)
            verbs["hand"] = send
        value = self.player.play((key,), verbs, 3.0, is_good)
        if many and is_good(value) and not count.finished:
            self.player.count_extra(key)  # the runtime reports it
        counted: Mapping[str, float] = counts(value)
        return counted


def is_number(value: object) -> bool:
    """Whether this is a valid reading: a number that can be sent."""
    return isinstance(value, (int, float)) and abs(value) <= MOST and math.isfinite(value)


def _any(value: object) -> Any:
    """A value that the type of the call forbids."""
    return value
