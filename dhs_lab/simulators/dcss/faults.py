"""What goes wrong on the wire of a simulated DCSS, on request and repeatably.

A `Fault` says what goes wrong, with which frames and how often. `Faults` holds the active faults,
which can be added at any time, and turns a frame into the steps by which it is sent. Frames after
a delayed one wait, as on any TCP connection.

`RESET` sends RST in place of a frame, `TRUNCATE` half of it and FIN. `SPLIT` sends it in pieces,
`STALL` pauses in its middle, `LATE` in front of it. `DUPLICATE` sends it twice, `DROP` not at all,
`GARBAGE` with an invalid header (in v1: keyword). `REFUSE` closes a login as dcss closes one with
an unknown name. `SLOW` limits the bytes that are read from a DHS per second, by default to none: a
DHS that gives up such a connection and reconnects finds its name taken, as with a dcss that hangs.
"""

import enum
import itertools
import math
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

import attrs
from attrs.validators import and_, ge, gt, le, lt, optional

from dcs_codec.limits import V2_HEADER_SIZE
from dhs_lab.simulators.fault_grammar import parse_fault
from dhs_runtime.lowlevel import get_logger

logger = get_logger(__name__)

ANY: Final = "*"
HANDSHAKE: Final = "stoc_send_client_type"


class FaultKind(enum.StrEnum):
    """Kinds of faults; the module docstring says how each looks on the wire."""

    RESET = "reset"
    """The connection is reset instead."""
    SPLIT = "split"
    """The frame is sent in pieces."""
    STALL = "stall"
    """A pause in the middle of the frame."""
    DUPLICATE = "duplicate"
    """The frame is sent twice."""
    DROP = "drop"
    """The frame is not sent."""
    LATE = "late"
    """A pause before the frame; later frames wait."""
    REFUSE = "refuse"
    """A login is refused: its connection is closed, as by dcss if the name is unknown."""
    SLOW = "slow"
    """Only `value` bytes per second are read from the DHS."""
    GARBAGE = "garbage"
    """The frame has an invalid header (in v1: keyword)."""
    TRUNCATE = "truncate"
    """Half of the frame is sent, then the connection is closed."""


DEFAULT_VALUES: Final[Mapping[FaultKind, tuple[float, str]]] = {
    FaultKind.SPLIT: (1, "bytes per piece"),
    FaultKind.STALL: (1.0, "seconds"),
    FaultKind.LATE: (0.5, "seconds"),
    FaultKind.SLOW: (0, "bytes per second"),
}
"""The default value of a kind, and its meaning; other kinds take no value."""

_NO_FRAMES: Final = (FaultKind.REFUSE, FaultKind.SLOW)
_FIELDS: Final[Mapping[str, Callable[[str], object]]] = {
    "host": str,
    "keyword": str,
    "every": int,
    "count": int,
    "chance": float,
    "pause_s": float,
}


@attrs.frozen(kw_only=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: Kind of the fault.
        value: Its size or duration, see `DEFAULT_VALUES`; None takes the default.
        host: Pattern (like a file name pattern) of the DHSs that are affected.
        keyword: Pattern of the messages that are affected. The handshake, before which no DHS has
            a name, is affected if this pattern is given and `host` is not.
        every: Affects every n-th matching frame.
        count: Ends after this many frames (or refused logins); None: never.
        chance: Probability that a frame is affected.
        pause_s: For `split`: seconds between two pieces.
    """

    kind: FaultKind = attrs.field(kw_only=False)
    value: float | None = attrs.field(
        default=None, kw_only=False, validator=optional(and_(ge(0.0), lt(math.inf)))
    )
    host: str = ANY
    keyword: str = ANY
    every: int = attrs.field(default=1, validator=ge(1))
    count: int | None = attrs.field(default=None, validator=optional(ge(1)))
    chance: float = attrs.field(default=1.0, validator=and_(gt(0), le(1)))
    pause_s: float = attrs.field(default=0.0, validator=[ge(0), lt(math.inf)])

    def __attrs_post_init__(self) -> None:
        if self.value is not None and self.kind not in DEFAULT_VALUES:
            raise ValueError(f"{self.kind} takes no value")
        if self.kind is FaultKind.SPLIT and self.amount < 1:
            raise ValueError("a piece must have at least 1 byte")
        if self.kind in _NO_FRAMES and self.keyword != ANY:
            raise ValueError(f"{self.kind} does not affect single messages")
        if self.kind is FaultKind.SLOW and (self.every, self.count, self.chance) != (1, None, 1.0):
            raise ValueError("slow lasts until it is cleared: it takes no every, count or chance")

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Parse `KIND [VALUE] [FIELD=VALUE...]`, such as `late 0.5 keyword=stoh_start_* count=3`.

        Raises:
            ConfigError: The text is wrong; the error names the wrong word.
        """
        return parse_fault(text, cls, FaultKind, _FIELDS)

    @property
    def amount(self) -> float:
        """The value, or the default of its kind."""
        return DEFAULT_VALUES.get(self.kind, (0, ""))[0] if self.value is None else self.value

    def __str__(self) -> str:
        """The text that `parse` reads."""
        given = [f"{self.amount:g}"] if self.kind in DEFAULT_VALUES else []
        for field in attrs.fields(Fault)[2:]:
            value = getattr(self, field.name)
            if value != field.default:
                given.append(f"{field.name}={value}")
        return " ".join((self.kind, *given))


# -- how a frame is sent ---------------------------------------------------------------------


@attrs.frozen
class Pause:
    """Send nothing for this many seconds."""

    seconds: float


@attrs.frozen
class Close:
    """End the connection: FIN, or RST."""

    by_reset: bool


WireStep = bytes | Pause | Close
WireSteps = tuple[WireStep, ...]


def _each_piece(steps: WireSteps, change: Callable[[bytes], Iterable[WireStep]]) -> WireSteps:
    return tuple(
        new for step in steps for new in (change(step) if isinstance(step, bytes) else (step,))
    )


def _split(steps: WireSteps, fault: Fault, _: random.Random) -> WireSteps:
    size = int(fault.amount)

    def cut(data: bytes) -> Iterable[WireStep]:
        for start in range(0, len(data), size):
            if start and fault.pause_s:
                yield Pause(fault.pause_s)
            yield data[start : start + size]

    return _each_piece(steps, cut)


def _stall(steps: WireSteps, fault: Fault, _: random.Random) -> WireSteps:
    def pause(data: bytes) -> Iterable[WireStep]:
        half = len(data) // 2
        return data[:half], Pause(fault.amount), data[half:]

    return _each_piece(steps, pause)


def _garble(steps: WireSteps, _: Fault, source: random.Random) -> WireSteps:
    def garble(data: bytes) -> Iterable[WireStep]:
        letters = bytes(source.choices(b"abcdefghijklmnopqrstuvwxyz", k=V2_HEADER_SIZE))
        return (letters + data[V2_HEADER_SIZE:],)

    return _each_piece(steps, garble)


def _truncate(steps: WireSteps, _fault: Fault, _: random.Random) -> WireSteps:
    data = b"".join(step for step in steps if isinstance(step, bytes))
    return data[: len(data) // 2], Close(by_reset=False)


_CHANGES: Final[Mapping[FaultKind, Callable[[WireSteps, Fault, random.Random], WireSteps]]] = {
    FaultKind.GARBAGE: _garble,
    FaultKind.TRUNCATE: _truncate,
    FaultKind.RESET: lambda _steps, _fault, _: (Close(by_reset=True),),
    FaultKind.DROP: lambda _steps, _fault, _: (),
    FaultKind.DUPLICATE: lambda steps, _fault, _: steps * 2,
    FaultKind.STALL: _stall,
    FaultKind.SPLIT: _split,
    FaultKind.LATE: lambda steps, fault, _: (Pause(fault.amount), *steps),
}
"""By kind, in the order in which several faults of one frame are applied."""


# -- the active faults -----------------------------------------------------------------------


@attrs.define
class StandingFault:
    """A fault, and what it has done so far.

    Attributes:
        number: Number by which it can be cleared.
        fault: The fault.
        hits: How many frames or logins it has affected.
    """

    number: int
    fault: Fault
    hits: int = 0
    _seen: dict[str, int] = attrs.field(factory=dict, init=False)
    _sources: dict[str, random.Random] = attrs.field(factory=dict, init=False)

    def affects(self, host: str, seed: int) -> bool:
        """Whether it affects the next frame or login of this host; counts it."""
        self._seen[host] = self._seen.get(host, 0) + 1
        if self._seen[host] % self.fault.every:
            return False
        if self.fault.chance < 1 and self.source(host, seed).random() >= self.fault.chance:
            return False
        self.hits += 1
        return True

    def source(self, host: str, seed: int) -> random.Random:
        """Separate random numbers for each host: the traffic of other DHSs does not change them."""
        if host not in self._sources:
            seeds = f"{seed} {self.number} {host}"
            self._sources[host] = random.Random(seeds)  # noqa: S311 - to be repeatable
        return self._sources[host]

    @property
    def is_over(self) -> bool:
        """Whether it has affected as many frames or logins as `count` says."""
        return self.fault.count is not None and self.hits >= self.fault.count


class Faults:
    """The active faults of a server; any thread may add and clear them."""

    def __init__(self, faults: Iterable[Fault | str] = (), *, seed: int = 0) -> None:
        """Start with these faults; the same seed and traffic have the same effects.

        Raises:
            ConfigError: A text is not a fault.
        """
        self._seed = seed
        self._lock = threading.Lock()  # guards what follows
        self._numbers = itertools.count(1)
        self._standing: list[StandingFault] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault | str) -> int:
        """Add a fault, or a text for `Fault.parse`, and return its number; raises like that."""
        fault = Fault.parse(fault) if isinstance(fault, str) else fault
        with self._lock:
            number = next(self._numbers)
            self._standing.append(StandingFault(number, fault))
        return number

    def clear(self, number: int | None = None) -> None:
        """End one fault, or all; does nothing if it is already over."""
        with self._lock:
            self._standing = [each for each in self._standing if number not in (None, each.number)]

    def standing(self) -> tuple[StandingFault, ...]:
        """The active faults."""
        with self._lock:
            return tuple(map(attrs.evolve, self._standing))

    # -- for sessions ------------------------------------------------------------------------

    def steps(self, host: str, keyword: str, frame: bytes) -> WireSteps:
        """The steps by which a frame to this DHS (`?` in the handshake) is sent."""
        with self._lock:
            if not self._standing:
                return (frame,)
            hit = [
                each
                for each in self._standing
                if each.fault.kind in _CHANGES
                and _matches(each.fault, host, keyword)
                and each.affects(host, self._seed)
            ]
            self._drop_those_over()
        steps: WireSteps = (frame,)
        for each in sorted(hit, key=lambda each: list(_CHANGES).index(each.fault.kind)):
            logger.info("fault %d, %s: %s to %s", each.number, each.fault, keyword, host)
            steps = _CHANGES[each.fault.kind](steps, each.fault, each.source(host, self._seed))
        return steps

    def refuses(self, host: str) -> bool:
        """Whether to close this login."""
        with self._lock:
            hit = any(
                each.affects(host, self._seed)
                for each in self._standing
                if each.fault.kind is FaultKind.REFUSE and fnmatchcase(host, each.fault.host)
            )
            self._drop_those_over()
        return hit

    def reading_rate(self, host: str) -> float | None:
        """How many bytes to read from this DHS per second; None for no limit."""
        with self._lock:
            rates = [
                each.fault.amount
                for each in self._standing
                if each.fault.kind is FaultKind.SLOW and fnmatchcase(host, each.fault.host)
            ]
        return min(rates, default=None)

    def _drop_those_over(self) -> None:
        self._standing = [each for each in self._standing if not each.is_over]


def _matches(fault: Fault, host: str, keyword: str) -> bool:
    if keyword == HANDSHAKE and fault.keyword == ANY:
        return False
    return fnmatchcase(host, fault.host) and fnmatchcase(keyword, fault.keyword)
