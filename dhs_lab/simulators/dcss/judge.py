"""`Judge`: finds mistakes of a DHS that would hang or mislead a beamline's scripts.

The scripting engine of dcss evaluates each message as a Tcl list, and its scripts wait for answers
without a limit. dcss itself never complains. The judge does, with a log line and a `Verdict`.
"""

import enum
import heapq
import itertools
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from dcs_codec import is_list
from dhs_lab.simulators.dcss.changes import Changes
from dhs_lab.simulators.dcss.circle import TURN, CircleMode
from dhs_lab.simulators.dcss.motors import MotorEntry, RealMotorEntry
from dhs_lab.simulators.dcss.runs import Asked
from dhs_runtime.lowlevel import LONGEST_S, Deadline, ThreadGroup, get_logger

logger = get_logger(__name__)

ANSWER_WITHIN_S: Final = 10.0
MOVE_TOLERANCE: Final = 0.01  # scaled units
KEPT: Final = 10_000
_SHOWN: Final = 200  # characters of a text
_STOP_S: Final = 1.0
_PLAIN: Final = re.compile(r"[^\s{}\[\]$;\"\\]+")

_STATUS_AT: Final = {
    "htos_motor_move_completed": 3,
    "htos_update_motor_position": 3,
    "htos_report_shutter_state": 3,
    "htos_get_encoder_completed": 3,
    "htos_set_encoder_completed": 3,
    "htos_set_string_completed": 2,
    "htos_operation_completed": 3,
}
"""Index of the status word."""

_TEXT_AFTER: Final = ("htos_set_string_completed", "htos_operation_completed")
"""Messages with a text of any number of words after the status."""


class VerdictKind(enum.StrEnum):
    """What a DHS did wrong."""

    NO_LIST = "no list"
    """Its text, as sent or as forwarded by dcss, is not a Tcl list: no script sees it."""
    STATUS = "status"
    """Its status is not one plain word."""
    NO_ANSWER = "no answer"
    """It did not answer a command."""
    SECOND_ANSWER = "second answer"
    """It answered an operation twice, or after DCSS had failed it for a lost link."""
    WRONG_PLACE = "wrong place"
    """It reported a move as `normal` at another position than the destination."""
    HAZARD = "hazard"
    """It sent a message that would hang, kill or mislead a real dcss."""


@attrs.frozen
class Verdict:
    """Something that a DHS did wrong.

    Attributes:
        at_s: When it was found, seconds on the clock of the traffic.
        host: Hardware host of the DHS.
        kind: What kind of fault it is.
        text: What was wrong, in one line.
    """

    at_s: float
    host: str
    kind: VerdictKind
    text: str

    def __str__(self) -> str:
        return f"{self.host}: {self.text}"


def keyword_of(text: str) -> str:
    """The first word of a text, "" if there is none."""
    return next(iter(text.split(None, 1)), "")


class Judge:
    """Keeps the last verdicts; any thread may find one.

    Between `start` and `stop` it looks for commands with late answers.
    """

    def __init__(
        self,
        now_s: Callable[[], float],
        changes: Changes,
        *,
        answer_within_s: float = ANSWER_WITHIN_S,
        move_tolerance: float = MOVE_TOLERANCE,
    ) -> None:
        """A judge that has found nothing.

        Args:
            now_s: The clock of the traffic.
            changes: Marked with each verdict.
            answer_within_s: How long a DHS may be silent about a command, except an operation.
            move_tolerance: How far from its destination a move may end, scaled; a step of a real
                motor is always allowed.
        """
        self._now_s = now_s
        self._changes = changes
        self._answer_within_s = answer_within_s
        self._move_tolerance = move_tolerance
        self._threads = ThreadGroup()
        self._numbers = itertools.count()
        self._changed = threading.Condition()  # guards what follows
        self._verdicts: deque[Verdict] = deque(maxlen=KEPT)
        self._count = 0
        self._due: list[tuple[float, int, Asked]] = []  # a heap, by `time.monotonic`
        self._is_watching = False

    def start(self) -> None:
        """Start to look for late answers; raises RuntimeError if there is no thread."""
        with self._changed:
            self._threads.spawn("simulated-dcss-judge", self._watch)
            self._is_watching = True

    def stop(self) -> None:
        """Stop looking; the commands so far are forgotten."""
        with self._changed:
            self._is_watching = False
            self._due.clear()
            self._changed.notify_all()
        self._threads.join(Deadline.after(_STOP_S))

    def after(self, seen: int) -> tuple[int, tuple[Verdict, ...]]:
        """The total number of verdicts, and the verdicts after the first `seen` (if still kept).

        Pass the returned number as `seen` to get the newer ones with the next call.
        """
        with self._changed:
            fresh = itertools.islice(reversed(self._verdicts), max(0, self._count - seen))
            return self._count, tuple(fresh)[::-1]

    def find(self, host: str, kind: VerdictKind, text: str) -> None:
        """Enter a verdict, and log it."""
        verdict = Verdict(self._now_s(), host, kind, text)
        with self._changed:
            self._verdicts.append(verdict)
            self._count += 1
        self._changes.mark()
        logger.warning("%s", verdict)

    # -- texts -------------------------------------------------------------------------------

    def read(self, host: str, text: str) -> None:
        """Judge the text of a message that dcss forwards to its scripts."""
        text = text.partition("\0")[0]
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        if not is_list(text):
            self.find(
                host,
                VerdictKind.NO_LIST,
                f"not a Tcl list, so no script of a real dcss would ever see it: {shown!r}",
            )
        keyword = keyword_of(text)
        at = _STATUS_AT.get(keyword)
        if at is None:
            return
        words = text.split(None, at + (keyword in _TEXT_AFTER))
        if len(words) > at and not _PLAIN.fullmatch(words[at].rstrip()):
            self.find(host, VerdictKind.STATUS, f"its status is not one plain word: {shown!r}")

    def moved(self, host: str, motor: MotorEntry, position: float, goals: Sequence[float]) -> None:
        """Judge the end of a move that was reported as `normal`; `goals` are its possible ends.

        If there are none, the destination is unknown.
        """
        tolerance = self._move_tolerance
        if isinstance(motor, RealMotorEntry) and motor.scale_factor:
            tolerance = max(tolerance, 1 / abs(motor.scale_factor))
        circles = motor.circle_mode is not CircleMode.NONE
        if goals and not any(_is_near(position, goal, tolerance, circles) for goal in goals):
            self.find(
                host,
                VerdictKind.WRONG_PLACE,
                f"the move of {motor.name} to {goals[0]:g} ended as normal at {position:g}",
            )

    # -- answers -----------------------------------------------------------------------------

    def watch(self, run: Asked) -> None:
        """Watch whether this is answered in time; does nothing if it has no time limit."""
        with self._changed:
            due_s = self._due_s(run)
            if due_s is None or not self._is_watching:
                return
            heapq.heappush(self._due, (due_s, next(self._numbers), run))
            if self._due[0][2] is run:
                self._changed.notify_all()

    def unanswered(self, run: Asked, when: str) -> None:
        """Enter that a command got no answer, unless this was entered before."""
        with self._changed:
            if run.is_told:
                return
            run.is_told = True
        self.find(run.hardware_host, VerdictKind.NO_ANSWER, f"no answer {when}: {run.asked}")

    def _due_s(self, run: Asked) -> float | None:
        if run.takes_s is None:
            return None
        return run.heard_s + run.takes_s + self._answer_within_s

    def _watch(self) -> None:
        while (late := self._next_late()) is not None:
            self.unanswered(late, f"within {self._answer_within_s:g} s")

    def _next_late(self) -> Asked | None:
        """Wait for the next command with a late answer and return it; None at the end."""
        with self._changed:
            while self._is_watching:
                now_s = time.monotonic()
                if not self._due or self._due[0][0] > now_s:
                    soon_s = self._due[0][0] - now_s if self._due else LONGEST_S
                    self._changed.wait(min(soon_s, LONGEST_S))
                    continue
                _, number, run = heapq.heappop(self._due)
                due_s = self._due_s(run)
                if due_s is None or not run.awaits:
                    continue
                if due_s <= now_s:
                    return run
                heapq.heappush(self._due, (due_s, number, run))  # a message about it came meanwhile
        return None


def _is_near(position: float, goal: float, tolerance: float, circles: bool) -> bool:
    way = abs(position - goal)
    if circles:
        way = abs((way + TURN / 2) % TURN - TURN / 2)
    return way <= tolerance * (1 + 1e-9)
