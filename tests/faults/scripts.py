"""Random scripts for handlers, and the account of what they did."""

import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from dcs_codec import EncodeError, ShutterState
from dhs_runtime import DeviceError, NotConnectedError, TaskAbortedError, TaskFinishedError

Key = tuple[str, ...]
"""The key of answers: their kind, and the names in them."""

NORMAL: Final = "normal"
PATIENCE_S: Final = 20.0


class _Shown:
    """Its name in failing examples, because it has no other text."""

    def _repr_pretty_(self, printer: RepresentationPrinter, _: object) -> None:
        printer.text(f"{type(self).__name__}()")


class _MuteError(_Shown, Exception):
    """Its `str()` raises."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class _HollowError(DeviceError):
    """Does not call `DeviceError.__init__`."""

    def __init__(self) -> None:
        Exception.__init__(self, "hollow")


class _Nothing(_Shown):
    """Its `repr()` raises as well."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


NUMBERS: Final = (0.0, 1.5, -2, True, 1e10, -0.0)
TEXTS: Final = ("", " ", "plain", "two words", " a ", "normal", "open", "x" * 150)
BAD: Final[tuple[object, ...]] = (
    *(float("nan"), float("inf"), -float("inf"), 1e300, 10**400, 1e11),
    *("{", "}", 'a "b', "back\\", '"{"', "a\0b", "a\nb", "a\ud800b", "x" * 2000),
    *(b"bytes", {}, {"ia": 1.0}, [], [1.5], (), object(), ValueError("x"), _MuteError(), 1j),
    *(ShutterState.OPEN, "ajar", _Nothing()),
)
STATUSES: Final[tuple[object, ...]] = (
    *("normal", "error", "aborted", "sw_limit", "not homed", "", " ", "x" * 79, "x" * 80),
    *("{", "a$b", "é", "é" * 40, "\ud800", "normal ", "NORMAL", None, 5, 'a"', "a\0"),
)
REASONS: Final = ("off", "{", "}", 'a "', "back\\", "", "x" * 5000, "a\nb\0", "\ud800", "é" * 60)


def _errors() -> tuple[Callable[[], BaseException], ...]:
    plain = (ValueError, SystemExit, KeyboardInterrupt, OSError, RecursionError, MemoryError)
    ours = (TaskAbortedError, TaskFinishedError, NotConnectedError, DeviceError)
    return (
        *(
            lambda kind=kind, text=text: kind(text)
            for kind in (ValueError, *ours)
            for text in REASONS
        ),
        *(
            lambda kind=kind: kind()
            for kind in (*plain, StopIteration, GeneratorExit, TimeoutError)
        ),
        *(lambda status=status: DeviceError("off", status=status) for status in STATUSES),
        *(_MuteError, _HollowError, concurrent.futures.CancelledError),
        lambda: DeviceError(_MuteError(), status="normal"),  # type: ignore[arg-type]  # an author's slip
        lambda: EncodeError("htos_log", "field", "is wrong {"),
        lambda: KeyError(_Nothing()),
        lambda: BaseExceptionGroup("two", [ValueError("{"), SystemExit(3)]),
    )


ERRORS: Final = _errors()
VERBS: Final = ("done", "done_text", "more", "more_text", "fail", "hand", "follow", "log", "nap")


def _shown(value: object) -> str:
    try:
        return repr(value)
    except RuntimeError:
        return f"{type(value).__name__}()"


@attrs.frozen
class Step:
    """One action of a handler, in its own or another thread, at once or later."""

    verb: str
    value: object = attrs.field(repr=_shown)
    status: object
    where: str


@attrs.frozen
class Script:
    """The actions of a handler, and its end: `return`, `raise` or `never` (until released)."""

    steps: tuple[Step, ...] = ()
    ending: str = "return"
    value: object = attrs.field(default=None, repr=_shown)
    error: int = 0


_values = st.sampled_from((*NUMBERS, *TEXTS, *BAD, *NUMBERS, *REASONS))
_steps = st.builds(
    Step,
    st.sampled_from(VERBS),
    _values,
    st.sampled_from(STATUSES),
    st.sampled_from(["here", "here", "tried", "thread", "race", "late"]),
)
scripts = st.builds(
    Script,
    st.lists(_steps, max_size=3).map(tuple),
    st.sampled_from(["return", "return", "raise", "raise", "never"]),
    st.one_of(st.none(), _values),
    st.integers(0, len(ERRORS) - 1),
)


@attrs.frozen
class Verb:
    """How a kind of handler does one action.

    Attributes:
        do: Does it, with a value and a status.
        means: The answer if it did not raise: `success`, `failure`, or `by hand` if its status
            decides; "" if it is not an answer.
        extra: The answer that its message looks like without being one.
        in_time: Whether it is possible only while the handler runs.
    """

    do: Callable[[object, object], object]
    means: str = ""
    extra: Key | None = None
    in_time: bool = False


@attrs.define(eq=False)
class Call:
    """One call of a handler: its possible answers, and how it ended."""

    keys: tuple[Key, ...]
    said: list[str] = attrs.field(factory=list)
    extras: list[Key] = attrs.field(factory=list)
    ending: str = ""
    over: threading.Event = attrs.field(factory=threading.Event)

    @property
    def claims(self) -> int:
        """How many successes it may have caused."""
        if "success" in self.said:
            return self.said.count("success")
        return int(self.ending == "good" and "failure" not in self.said)


class Player:
    """Plays scripts as handlers.

    Attributes:
        calls: Every call of a handler so far.
        benign: Whether handlers just return from now on.
        release: Ends the handlers that do not end by themselves.
    """

    def __init__(self, played: tuple[Script, ...], *, may_block: bool) -> None:
        self.calls: list[Call] = []
        self.benign = False
        self.release = threading.Event()
        self._played = played
        self._may_block = may_block
        self._threads: list[threading.Thread] = []
        self._extras: list[Key] = []
        self._lock = threading.Lock()

    def play(
        self,
        keys: tuple[Key, ...],
        verbs: Mapping[str, Verb],
        default: object,
        is_good: Callable[[object], bool] = lambda _: True,
    ) -> Any:
        """Act as the handler of a command with these answers; `default` is a valid return value."""
        with self._lock:
            script = self._played[len(self.calls) % len(self._played)]
            if self.benign:
                script = Script()
            call = Call(keys)
            self.calls.append(call)
        try:
            for step in script.steps:
                self._take(step, verbs.get(step.verb), call)
            if script.ending == "never" and self._may_block:
                self.release.wait(PATIENCE_S)
            if script.ending == "raise":
                raise ERRORS[script.error]()
            value = default if script.value is None else script.value
            call.ending = "good" if is_good(value) else "bad"
            return value
        except BaseException:
            call.ending = "raised"
            raise
        finally:
            call.over.set()

    def _take(self, step: Step, verb: Verb | None, call: Call) -> None:
        if step.verb == "nap":
            time.sleep(0.003)
        if verb is None:
            return

        where = "tried" if verb.in_time and step.where in ("race", "late") else step.where

        def act() -> None:
            verb.do(step.value, step.status)
            told_as = "success" if step.status == NORMAL else "failure"
            call.said.append(told_as if verb.means == "by hand" else verb.means)
            if verb.extra is not None:
                call.extras.append(verb.extra)

        def quietly() -> None:
            if where == "late":
                call.over.wait(PATIENCE_S)
            with contextlib.suppress(BaseException):
                act()

        if where == "here":
            act()
        elif where == "tried":
            quietly()
        else:
            self._spawn(where, quietly)

    def _spawn(self, where: str, job: Callable[[], None]) -> None:
        thread = threading.Thread(target=job, name=f"author {where}")
        self._threads.append(thread)
        thread.start()
        if where == "thread":
            thread.join(PATIENCE_S)

    def count_extra(self, key: Key) -> None:
        """Record a message that the runtime sends for a handler and that is not the answer."""
        self._extras.append(key)

    def claims(self, key: Key) -> int:
        """How many successes of this kind handlers may have caused."""
        return sum(call.claims for call in tuple(self.calls) if key in call.keys)

    def extras(self, key: Key) -> int:
        """How many other messages of this kind handlers sent."""
        return sum(call.extras.count(key) for call in tuple(self.calls)) + self._extras.count(key)

    def settle(self) -> None:
        """Release all handlers, and wait for them and their threads."""
        self.release.set()
        for call in tuple(self.calls):
            assert call.over.wait(PATIENCE_S), f"a handler of {call.keys} does not end"
        for thread in tuple(self._threads):
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), thread.name
