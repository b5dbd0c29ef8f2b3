"""A simulated DCSS with assertions on its traffic."""

from collections.abc import Collection, Sequence
from copy import deepcopy
from typing import Any, Final, Literal, Self

from dcs_codec import Message, decode_text
from dhs_lab.simulators.dcss import (
    Changes,
    HardwareHost,
    SimulatedDcss,
    Traffic,
    Verdict,
    VerdictKind,
)
from dhs_lab.testing.diff import Came, side_by_side
from dhs_lab.testing.patterns import Bindings, Pattern, PatternLike, as_pattern

PATIENCE_S: Final = 20.0
_LAST_LINES: Final = 100


class TrafficError(AssertionError):
    """The traffic differs from what the test expects."""


class WatchedTraffic(Traffic):
    """The messages of a simulated DCSS, compared with what a test expects.

    Each `expect` looks only at messages after those that earlier calls matched.
    """

    def __init__(self, changes: Changes | None = None) -> None:
        """An empty record; each message marks `changes`."""
        self._bell = Changes() if changes is None else changes
        super().__init__(self._bell)
        self._taken = 0  # how many messages the last `expect` used up

    def expect(
        self,
        patterns: Sequence[PatternLike],
        *,
        timeout_s: float = PATIENCE_S,
        exactly: bool = False,
        host: str | None = None,
        arrow: Literal["->", "<-"] | None = None,
    ) -> tuple[Message, ...]:
        """Wait until these messages have come, in this order; others may come between.

        DCSS has reacted to them then.

        Args:
            patterns: See `dhs_lab.testing.patterns`.
            timeout_s: How long they may take in all.
            exactly: Whether no other message may come between or before, among those selected.
            host: Select only the messages of this hardware host.
            arrow: Select only messages to the DHS, `->`, or from it, `<-`.

        Returns:
            The messages, one for each pattern.

        Raises:
            TrafficError: They did not come; the text shows both sides and where they differ.
            PatternError: No message can match a pattern.
        """
        __tracebackhide__ = True
        search = _Search([as_pattern(pattern) for pattern in patterns], exactly=exactly)
        seen = self._taken

        def is_settled() -> bool:
            nonlocal seen
            count, lines = self.after(seen)
            for number, line in enumerate(lines, count - len(lines) + 1):
                seen = number
                wanted = host in (None, line.host) and arrow in (None, line.arrow)
                if wanted and search.take(Came(line, decode_text(line.text))):
                    return True
            return False

        is_over = not patterns or self._bell.wait_for(is_settled, timeout_s)
        if not search.found_all:
            raise TrafficError(search.report("" if is_over else f" within {timeout_s:g} s"))
        self._taken = seen
        self.wait_reacted(timeout_s)
        return tuple(search.found)

    def expect_no(self, pattern: PatternLike, *, within_s: float = 0.0) -> None:
        """Check that no such message came since the last `expect`, and none comes within a time.

        Raises:
            TrafficError: One did.
        """
        __tracebackhide__ = True
        unwanted = as_pattern(pattern)
        taken = self._taken
        try:
            (message,) = self.expect([unwanted], timeout_s=within_s)
        except TrafficError:
            return
        finally:
            self._taken = taken
        raise TrafficError(f"not expected:  {unwanted}\n        came:  {message!r}")

    def skip(self) -> None:
        """Let the next `expect` look only at messages that come from now on."""
        self._taken, _ = self.after(self._taken)

    def rewind(self) -> None:
        """Let the next `expect` look at all messages again."""
        self._taken = 0


class _Search:
    """The progress of one `expect`."""

    def __init__(self, patterns: Sequence[Pattern], *, exactly: bool) -> None:
        self.found: list[Message] = []
        self._patterns = patterns
        self._exactly = exactly
        self._came: list[Came] = []
        self._bindings: Bindings = {}

    @property
    def found_all(self) -> bool:
        return len(self.found) == len(self._patterns)

    def take(self, one: Came) -> bool:
        """Compare the next message; returns whether the search is over."""
        self._came.append(one)
        bindings = self._patterns[len(self.found)].bound(one.message, self._bindings)
        if bindings is None:
            return self._exactly
        self.found.append(one.message)
        self._bindings = bindings
        return self.found_all

    def report(self, in_time: str) -> str:
        missing = self._patterns[len(self.found)]
        head = f"{len(self.found)} of {len(self._patterns)} messages came{in_time}; not: {missing}"
        return f"{head}\n{side_by_side(self._patterns, self._came, exactly=self._exactly)}"


class VerdictError(AssertionError):
    """A verdict that the test does not expect, or an expected one that is missing."""


class WatchedDcss(SimulatedDcss):
    """A simulated DCSS with assertions on its traffic and its verdicts.

    Attributes:
        traffic: The messages on the wire.
    """

    traffic: WatchedTraffic

    def __init__(self, *hosts: HardwareHost, **options: Any) -> None:
        """A server; not started yet.

        Args:
            hosts: Its database. It uses a copy, so several tests can share one value.
            options: The options of `SimulatedDcss`.

        Raises:
            ConfigError: Two hosts or devices have the same name.
        """
        super().__init__(deepcopy(hosts), **options)
        self.traffic = WatchedTraffic(self.changes)
        self._expected: list[Verdict] = []

    def expect_no_verdicts(
        self, *, timeout_s: float = PATIENCE_S, but: Collection[VerdictKind] = ()
    ) -> None:
        """Check that there are no verdicts, and that every command is answered.

        Verdicts found by `expect_verdict` do not count.

        Args:
            timeout_s: How long the last answers may take, operations included.
            but: Kinds of verdicts to ignore; with `NO_ANSWER`, it does not wait.

        Raises:
            VerdictError: There are; the text has the verdicts, and the commands without an answer.
        """
        __tracebackhide__ = True
        open_commands: tuple[str, ...] = ()
        if VerdictKind.NO_ANSWER not in but:
            self.changes.wait_for(lambda: not self.unanswered(), timeout_s)
            open_commands = self.unanswered()
        found = [each for each in self.verdicts if each.kind not in but]
        wrong = [f"{each.kind}: {each}" for each in found if each not in self._expected]
        wrong += [f"no answer yet: {command}" for command in open_commands]
        if wrong:
            raise VerdictError("\n".join(wrong))

    def expect_verdict(
        self,
        kind: VerdictKind,
        text: str = "",
        *,
        host: str | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Verdict:
        """Wait until there is a verdict of this kind on a DHS; each is found once.

        Args:
            kind: The kind of verdict.
            text: A part of its text.
            host: Hardware host of the DHS; None for any.
            timeout_s: How long it may take.

        Raises:
            VerdictError: There is none; the text lists the others.
        """
        __tracebackhide__ = True

        def found() -> list[Verdict]:
            return [
                each
                for each in self.verdicts
                if each.kind is kind and text in each.text and host in (None, each.host)
                if each not in self._expected
            ]

        if not self.changes.wait_for(lambda: bool(found()), timeout_s):
            others = "\n".join(f"{each.kind}: {each}" for each in self.verdicts) or "no verdict"
            raise VerdictError(f"no verdict {kind.value!r} within {timeout_s:g} s, but\n{others}")
        self._expected.append(found()[0])
        return self._expected[-1]


class DcssMaker:
    """Starts simulated DCSSs, and stops them all."""

    def __init__(self) -> None:
        self._made: list[WatchedDcss] = []

    def __call__(self, *hosts: HardwareHost, **options: Any) -> WatchedDcss:
        """A running DCSS with these hardware hosts; see `WatchedDcss`."""
        dcss = WatchedDcss(*hosts, **options)
        dcss.start()
        self._made.append(dcss)
        return dcss

    def sections(self) -> list[tuple[str, str]]:
        """Titles and texts for the report of a failed test: traffic and verdicts."""
        return [
            section
            for dcss in self._made
            for section in (
                (f"traffic log of the simulated DCSS at {dcss.address}", _last_lines(dcss.traffic)),
                (f"verdicts of the simulated DCSS at {dcss.address}", _each(dcss.verdicts)),
            )
            if section[1]
        ]

    def stop(self) -> None:
        """Stop them all, the last one first."""
        while self._made:
            self._made.pop().stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _each(verdicts: Sequence[Verdict]) -> str:
    return "\n".join(f"{each.at_s:9.3f} {each.kind}: {each}" for each in verdicts[-_LAST_LINES:])


def _last_lines(traffic: Traffic) -> str:
    lines = traffic.lines()
    return "\n".join(map(str, lines[-_LAST_LINES:]))
