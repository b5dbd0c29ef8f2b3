"""Every command gets exactly one answer, a true one, that the other side can read.

This holds for any command, any handler, both framings, and any event meanwhile. Examples are
random: `commands` has the commands of DCSS, `scripts` the actions of handlers, `authors` declares
them in a DHS, and `accounts` checks what comes over a real socket, using Tcl for lists.

`HYPOTHESIS_PROFILE=thorough` searches 10,000 examples.
"""

import contextlib
import enum
import time
from collections.abc import Iterator
from typing import Final
from unittest.mock import patch

import attrs
from hypothesis import event, given, settings
from hypothesis import strategies as st

from dcs_codec import Framing
from tests.devices.talking import CONFIG
from tests.faults.accounts import Account, Owed, key_of
from tests.faults.authors import FENCE, MOST, READS, Author, Habits
from tests.faults.commands import (
    ABORTS,
    MOTORS,
    OWN,
    Command,
    Kind,
    commands,
    fits,
    handle_of,
    noise,
    plain,
)
from tests.faults.scripts import PATIENCE_S, Script, scripts
from tests.runtime.peers import RawConnection, RawDcss, eventually

SHARE: Final = 2
"""Divides the profile's number of examples: each is a DHS, a connection and its threads."""
BURST: Final = 5
"""How often all commands are repeated for an overload."""
FAR: Final = 1e3
"""More than an oscillation that must succeed turns."""


class Situation(enum.Enum):
    """The event that happens while handlers run."""

    ONLINE = "online"
    ABORTED = "aborted"
    LOST = "link lost"
    STOPPING = "stopping"
    OVERLOADED = "overloaded"


@attrs.frozen
class Example:
    """One example.

    Attributes:
        framing: Of the connection.
        habits: How the DHS is declared.
        scripts: What the handlers do, in turn.
        sent: The messages of DCSS: commands, and messages that need no answer.
        late: The messages that it sends after the start of the situation.
        situation: The event.
        abort: How it aborts.
        at_once: Whether it happens before the DHS has read everything.
    """

    framing: Framing
    habits: Habits
    scripts: tuple[Script, ...]
    sent: tuple[Command | str, ...]
    late: tuple[Command | str, ...]
    situation: Situation
    abort: str
    at_once: bool


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Any example."""
    framing = draw(st.sampled_from([Framing.V1, Framing.V2]))
    situation = draw(st.sampled_from(Situation))
    habits = draw(
        st.builds(
            Habits,
            inline=st.booleans(),
            has_handlers=st.sampled_from([True, True, True, False]),
            timeout_s=st.sampled_from([None, None, 0.01]),
            max_active=st.sampled_from([None, None, 1]),
            is_long=st.booleans(),
            knows=st.booleans(),
            reads=st.sampled_from(["", "", "", *READS]),
            listens=st.sampled_from([False, situation is not Situation.OVERLOADED]),
        )
    )

    def some(first: int, least: int, most: int) -> tuple[Command | str, ...]:
        drawn: list[Command | str] = []
        for number in range(first, first + draw(st.integers(least, most))):
            drawn.append(draw(commands(number, is_long=habits.is_long)))
            if draw(st.sampled_from([False, False, True])):
                drawn.append(draw(noise(is_long=habits.is_long)))
        return tuple(
            each
            for each in drawn
            if fits(_text(each), framing) and not (habits.reads and _is_read_after(_text(each)))
        )

    return Example(
        framing=framing,
        habits=habits,
        scripts=tuple(draw(st.lists(scripts, min_size=1, max_size=3))),
        sent=some(0, 1, 3),
        late=some(100, 0, 1),
        situation=situation,
        abort=draw(st.sampled_from(ABORTS)),
        at_once=draw(st.booleans()),
    )


@settings(max_examples=settings().max_examples // SHARE)
@given(examples())
def test_every_command_gets_exactly_one_answer_a_true_one(example: Example) -> None:
    event(example.situation.value)
    overload = example.situation is Situation.OVERLOADED
    with contextlib.ExitStack() as stack:
        if overload:
            stack.enter_context(patch("dhs_runtime.dispatcher.MAX_RUNNING", 1))
            stack.enter_context(patch("dhs_runtime.scheduling.MAX_WAITING", 3))
        with Play(example).at_work() as play:
            {
                Situation.ONLINE: play.online,
                Situation.OVERLOADED: play.online,
                Situation.ABORTED: play.aborted,
                Situation.LOST: play.lost,
                Situation.STOPPING: play.stopping,
            }[example.situation]()


class Play:
    """One example, played."""

    def __init__(self, example: Example) -> None:
        self._example = example
        self._author = Author(example.habits, example.scripts, example.framing)
        self._dhs, self._player = self._author.dhs, self._author.player
        self._dcss = RawDcss()
        self._peer: RawConnection | None = None
        self._account, self._owed = Account(), Owed()
        self._fences = 0
        self._nexts = 1000

    @contextlib.contextmanager
    def at_work(self) -> Iterator["Play"]:
        """Online; and at the end nothing was answered twice, or told as done that was not."""
        with self._dcss:
            try:
                self._dhs.start(self._dcss.config(self._example.framing))
                self._meet()
                yield self
                self._player.settle()
                self._dhs.stop()
                self._read_to_end()
            finally:
                self._player.release.set()
                self._dhs.stop()
                if self._peer is not None:
                    self._peer.socket.close()
        self._check()

    def _meet(self) -> None:
        self._peer = self._dcss.accept()
        assert self._peer.shake_hands(self._example.framing) == "htos_client_is_hardware testDHS"

    @property
    def peer(self) -> RawConnection:
        """DCSS's end."""
        assert self._peer is not None
        return self._peer

    # -- situations --------------------------------------------------------------------------

    def online(self) -> None:
        """Nothing happens, but there may be more commands than workers."""
        overload, sent = self._example.situation is Situation.OVERLOADED, self._example.sent
        for turn in range(BURST if overload else 1):
            again = tuple(each if isinstance(each, str) else each.again(turn) for each in sent)
            self._send(again, certain=True)
        self._see_all_answered()
        self._send(self._example.late, certain=True)
        self._see_all_answered()
        self._see_next_done()

    def aborted(self) -> None:
        """DCSS aborts everything."""
        self._send(self._example.sent, certain=True)
        if not self._example.at_once:
            self._fence()
        self._say(self._example.abort)
        self._send(self._example.late, certain=True)
        self._see_all_answered()
        self._see_next_done()

    def lost(self) -> None:
        """The link is lost, and DCSS forgets its commands."""
        self._send(self._example.sent, certain=False)
        if not self._example.at_once:
            self._fence()
        self.peer.socket.close()
        self._check()
        self._account, self._owed = Account(), Owed()
        for motor in MOTORS:  # of a position that DCSS missed it is told now, unasked
            key = ("position", self._author.name(motor))
            missed = len(self._example.sent) + len(self._example.late)
            self._owed.most[key] += missed
            self._owed.successes[key] += missed
        self._meet()
        self._send(self._example.late, certain=True)
        self._see_all_answered()
        self._see_next_done()

    def stopping(self) -> None:
        """The DHS stops; commands that it has read are answered before the link ends."""
        self._send(self._example.sent, certain=not self._example.at_once)
        if not self._example.at_once:
            self._fence()
        self._send(self._example.late, certain=False)
        self._dhs.stop()
        self._read_to_end()
        missing = self._owed.missing(self._account)
        assert not missing, (missing, self._account.texts)

    # -- what happens in them ----------------------------------------------------------------

    def _send(self, what: tuple[Command | str, ...], *, certain: bool) -> None:
        for each in what:
            if isinstance(each, Command):
                handled = self._example.habits.has_handlers
                self._owed.add(each, certain=certain, handled=handled)
            try:
                self._say(_text(each))
            except OSError:
                assert not certain, each

    def _say(self, *texts: str) -> None:
        self.peer.send(*texts, framing=self._example.framing)

    def _see_all_answered(self) -> None:
        """Let handlers end by themselves or at their deadline, and release the rest."""
        self._fence()
        if self._example.habits.timeout_s is not None:
            self._read_until_answered("operation")
        self._player.release.set()
        sent = (*self._example.sent, *self._example.late)
        if any(isinstance(each, Command) and each.repeated for each in sent):
            self._say(ABORTS[0])
        self._read_until_answered()
        self._rest()

    def _see_next_done(self) -> None:
        """Every device still carries out its next command."""
        self._player.benign = True
        sent = (*self._example.sent, *self._example.late)
        kinds = {each.kind for each in sent if isinstance(each, Command)}
        if Kind.OSCILLATION in kinds:
            kinds.add(Kind.MOVE)  # before it, to where an oscillation is possible
        for kind in (each for each in Kind if each in kinds):
            self._nexts += 1
            handle = handle_of(self._nexts, self._example.habits.is_long)
            own = OWN[kind][:2] if kind is Kind.VECTOR else OWN[kind][:1]
            command = plain(kind, tuple(map(self._author.name, own)), handle)
            key = key_of(command)
            before = self._account.successes[key]
            self._send((command,), certain=True)
            self._rest()
            must = self._does(kind) and not (kind is Kind.OSCILLATION and self._is_far_out(command))
            assert self._account.successes[key] > before or not must, self._account.texts

    def _is_far_out(self, command: Command) -> bool:
        """Whether the oscillation would end beyond the limits of the motor, or of dcss.

        The move before it need not have brought it back: `reads` may say that it did not move.
        """
        told = f"htos_motor_move_completed {command.names[0]} "
        end = float([text for text in self._account.texts if text.startswith(told)][-1].split()[2])
        goal = end + float(command.text.split()[3])
        is_allowed = CONFIG.lower_limit <= goal <= CONFIG.upper_limit
        return abs(end) > MOST - FAR or (self._example.habits.knows and not is_allowed)

    def _does(self, kind: Kind) -> bool:
        """Whether a valid command of this kind must succeed."""
        habits = self._example.habits
        if kind in (Kind.MOVE, Kind.OSCILLATION, Kind.VECTOR):
            return habits.has_handlers and habits.reads in ("", "good")
        if kind is Kind.OPERATION:
            return habits.timeout_s is None  # a busy machine may pass it
        return not kind.is_registration and (habits.has_handlers or kind in _DONE_BY_NOBODY)

    def _rest(self) -> None:
        """Wait for the end of everything under way, and read the messages about it."""
        self._fence()
        self._player.settle()
        run = self._dhs._run
        assert run is not None
        eventually(lambda: not run.dispatcher.active.all())
        self._fence()

    def _fence(self) -> None:
        """Check that the DHS has read everything."""
        self._fences += 1
        handle = f"0.{self._fences}"
        self._say(f"stoh_start_operation {FENCE} {handle}")
        key = ("operation", FENCE, handle)
        self._owed.most[key] += 1
        self._owed.successes[key] += 1
        deadline = time.monotonic() + PATIENCE_S
        while not self._account.answers[key]:
            assert time.monotonic() < deadline
            self._account.enter(self.peer.read_text())

    def _read_until_answered(self, sort: str = "") -> None:
        deadline = time.monotonic() + PATIENCE_S
        lost = self._example.situation is Situation.LOST
        told = None if lost else self._player  # the other messages went to the lost link
        while missing := [
            each
            for each in self._owed.missing(self._account, told)
            if sort in each.partition(",")[0]
        ]:
            assert time.monotonic() < deadline, (missing, self._account.texts)
            try:
                self._account.enter(self.peer.read_text())
            except TimeoutError:
                raise AssertionError((missing, self._account.texts)) from None

    def _read_to_end(self) -> None:
        with contextlib.suppress(EOFError, ConnectionError, OSError):
            while True:
                self._account.enter(self.peer.read_text())

    def _check(self) -> None:
        self._owed.check(self._account, self._player)


_DONE_BY_NOBODY: Final = frozenset(
    {
        *(Kind.OPERATION, Kind.SET_POSITION, Kind.SHUTTER, Kind.STRING),
        *(Kind.GET_ENCODER, Kind.SET_ENCODER),
    }
)
"""Commands that a DHS carries out even without handlers for its devices."""


def _is_read_after(text: str) -> bool:
    """Whether the hardware is read after this, so that one more message may come."""
    return text.startswith(("stoh_configure", "stoh_correct"))


def _text(sent: Command | str) -> str:
    return sent if isinstance(sent, str) else sent.text
