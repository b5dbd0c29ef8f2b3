"""The traffic of the benchmarks: three kinds, generated from a seed.

The texts are as their senders write them: a registration with a line end if dcss writes one,
numbers with six decimals as from C's `%f`.
"""

import functools
import random
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from dcs_codec import MalformedMessage, Message, UnknownMessage, default_codec

SEED: Final = 19
PIECE: Final = 1 << 16  # most bytes in one read from a socket
HOST: Final = "benchDhs"

DEVICES: Final = (
    *("real_motor",) * 110,
    *("pseudo_motor",) * 55,
    *("string",) * 50,
    *("operation",) * 45,
    *("shutter",) * 15,
    *("ion_chamber",) * 15,
    *("encoder",) * 10,
)
"""Kind of each of the 300 devices that the burst registers."""

MIX: Final = {
    "htos_update_motor_position": 188,
    "htos_set_string_completed": 155,
    "htos_configure_device": 74,
    "stoh_register_string": 70,
    "htos_send_configuration": 60,
    "htos_motor_move_completed": 60,
    "stoh_register_operation": 57,
    "stoh_configure_string": 50,
    "stoh_register_real_motor": 33,
    "stoh_start_operation": 32,
    "htos_motor_move_started": 29,
    "htos_log": 28,
    "stoh_configure_real_motor": 25,
    "stoh_register_pseudo_motor": 24,
    "htos_operation_completed": 24,
    "stoh_configure_pseudo_motor": 24,
    "stoh_start_motor_move": 14,
    "stoh_set_motor_children": 10,
    "stoh_set_motor_dependency": 10,
    "stoh_register_ion_chamber": 9,
    "htos_report_shutter_state": 8,
    "stoh_register_shutter": 5,
    "htos_operation_update": 4,
}
"""How often each keyword occurs among a thousand messages of a beamline's logs."""

_PARTS: Final = ("gonio", "table", "slit", "mirror", "mono", "beamstop", "camera", "detector")
_AXES: Final = ("x", "y", "z", "pitch", "roll", "phi", "upper", "lower", "gap", "vert")
_ENDED: Final = {"ion_chamber", "shutter", "operation", "encoder", "string"}
_STATES: Final = ("normal",) * 9 + ("aborted",)
_WORDS: Final = (
    *("0", "1", "5", "true", "idle", "no", "0.97934", "12658.0", "{}", "{two words}"),
    *("sample", "mounted", "left", "cassette", "2.5", "-90.0", "ready"),
    "/data/run7/loop_0_001.img",
)


@attrs.frozen
class Workload:
    """Some messages as text, as v2 bytes and as objects.

    Attributes:
        name: Its name in the table.
        texts: One for each message, with the line end its sender writes.
    """

    name: str
    texts: tuple[str, ...]

    @functools.cached_property
    def frames(self) -> tuple[bytes, ...]:
        """The v2 bytes of each message, as the sender writes them."""
        return tuple(map(v2_frame, self.texts))

    @functools.cached_property
    def stream(self) -> bytes:
        """The v2 bytes of all."""
        return b"".join(self.frames)

    @functools.cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The stream in pieces, as read from a socket."""
        return cut(self.stream, PIECE)

    @functools.cached_property
    def messages(self) -> tuple[Message, ...]:
        """The typed messages; every text is one."""
        messages = tuple(map(default_codec().decode_text, self.texts))
        assert not any(isinstance(m, (UnknownMessage, MalformedMessage)) for m in messages)
        return messages


def v2_frame(text: str, binary: bytes = b"") -> bytes:
    data = text.encode() + b"\0"
    return b"%12d %12d %b%b" % (len(data), len(binary), data, binary)


def cut(stream: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(stream[at : at + size] for at in range(0, len(stream), size))


@functools.cache
def workloads() -> tuple[Workload, ...]:
    """The three kinds of traffic."""
    return (
        Workload("burst", tuple(_burst(_Source()))),
        Workload("storm", tuple(_storm(_Source()))),
        Workload("mixed", tuple(_mixed(_Source()))),
    )


class _Source:
    """Names, numbers and texts, the same ones in every run."""

    def __init__(self) -> None:
        self.random = random.Random(SEED)
        self._handles = 0

    def name(self) -> str:
        """A name, as in the logs, where one motor has a third of the messages.

        The others are some 250 names, half of which occur once or twice.
        """
        pick = self.random
        if pick.random() < 0.3:
            return "gonio_phi1"
        return f"{pick.choice(_PARTS)}_{pick.choice(_AXES)}{pick.randrange(1, 4)}"

    def number(self, low: float = 0.5, high: float = 400.0) -> str:
        """A number as `%f` writes it; never so small that Python would write an exponent."""
        return f"{self.random.choice((1, -1)) * self.random.uniform(low, high):.6f}"

    def flags(self, count: int) -> str:
        return " ".join(self.random.choice("01") for _ in range(count))

    def handle(self) -> str:
        self._handles += 1
        return f"{self.random.randrange(1, 5)}.{self._handles}"

    def words(self, most: int) -> str:
        return " ".join(self.random.choices(_WORDS, k=self.random.randrange(most)))

    def state(self) -> str:
        return self.random.choice(_STATES)

    def shutter(self) -> str:
        return self.random.choice(("open", "closed"))

    def names(self) -> str:
        return " ".join(self.name() for _ in range(self.random.randrange(1, 5)))


def _burst(source: _Source) -> Iterator[str]:
    """All registrations, then the dependencies of motors, then the requested configurations."""
    kinds = list(DEVICES)
    source.random.shuffle(kinds)
    devices = [(kind, f"{source.name()}_{index}") for index, kind in enumerate(kinds)]
    for kind, name in devices:
        yield _registration(source, kind, name)
    for index, (kind, name) in enumerate(devices):
        if kind == "pseudo_motor":
            yield f"stoh_set_motor_dependency {name} {source.names()}"
            yield f"stoh_set_motor_children {name} {source.names()}"
        elif kind == "real_motor" and index % 5 == 0:
            yield f"stoh_set_motor_dependency {name} {source.names()}"
    for kind, name in devices:
        if kind in ("real_motor", "pseudo_motor", "string"):
            yield _TEXTS[f"stoh_configure_{kind}"](source, name)


def _registration(source: _Source, kind: str, name: str) -> str:
    more = f"hw_{name}"
    if kind == "ion_chamber":
        more = f"counter{source.random.randrange(4)} {source.random.randrange(8)} timer0 clock"
    elif kind == "shutter":
        more = f"{source.shutter()} hw_{name}"
    return f"stoh_register_{kind} {name} {more}" + "\n" * (kind in _ENDED)


def _storm(source: _Source) -> Iterator[str]:
    """Four motors that move at the same time, again and again."""
    names = [f"{source.name()}_{index}" for index in range(4)]
    for _ in range(5):
        pick = source.random.uniform
        ways = [(name, pick(5, 300), pick(5, 300)) for name in names]
        for name, _, goal in ways:
            yield f"htos_motor_move_started {name} {goal:.6f}"
        for step in range(50):
            for name, start, goal in ways:
                at = start + (goal - start) * step / 50
                yield f"htos_update_motor_position {name} {at:.6f} normal"
        for name, _, goal in ways:
            yield f"htos_motor_move_completed {name} {goal:.6f} {source.state()}"


def _mixed(source: _Source) -> Iterator[str]:
    keywords = [keyword for keyword, count in MIX.items() for _ in range(count)]
    source.random.shuffle(keywords)
    for keyword in keywords:
        if keyword.startswith("stoh_register_"):
            yield _registration(source, keyword.removeprefix("stoh_register_"), source.name())
        else:
            yield _TEXTS[keyword](source, source.name())


def _configured(source: _Source, name: str) -> str:
    """`htos_configure_device`, of a real motor or of a pseudo motor."""
    where = f"{name} {source.number()} {source.number()} {source.number()}"
    if source.random.random() < 1 / 3:
        return f"htos_configure_device {where} {source.flags(3)}"
    how = f"{source.number()} {source.random.randrange(9000)} 250 -40"
    return f"htos_configure_device {where} {how} {source.flags(5)}"


def _real_motor(source: _Source, name: str) -> str:
    where = f"{name} {HOST} hw_{name} {source.number()} {source.number()} {source.number()}"
    how = f"{source.number()} {source.random.randrange(9000)} 250 -40 {source.flags(5)} 0"
    return f"stoh_configure_real_motor {where} {how}"


def _pseudo_motor(source: _Source, name: str) -> str:
    where = f"{name} {HOST} hw_{name} {source.number()} {source.number()} {source.number()}"
    return f"stoh_configure_pseudo_motor {where} {source.flags(3)} 0"


_TEXTS: Final[dict[str, Callable[[_Source, str], str]]] = {
    "htos_update_motor_position": lambda s, name: (
        f"htos_update_motor_position {name} {s.number()} normal"
    ),
    "htos_set_string_completed": lambda s, name: (
        f"htos_set_string_completed {name} normal {s.words(6)}"
    ),
    "htos_configure_device": _configured,
    "htos_send_configuration": lambda _, name: f"htos_send_configuration {name}",
    "htos_motor_move_completed": lambda s, name: (
        f"htos_motor_move_completed {name} {s.number()} {s.state()}"
    ),
    "stoh_configure_string": lambda s, name: f"stoh_configure_string {name} {HOST} {s.words(24)}",
    "stoh_start_operation": lambda s, name: (
        f"stoh_start_operation {name} {s.handle()} {s.words(12)}"
    ),
    "htos_motor_move_started": lambda s, name: f"htos_motor_move_started {name} {s.number()}",
    "htos_log": lambda s, name: f"htos_log note {name} moved to {s.number()} {s.words(5)}",
    "stoh_configure_real_motor": _real_motor,
    "htos_operation_completed": lambda s, name: (
        f"htos_operation_completed {name} {s.handle()} normal {s.words(6)}"
    ),
    "stoh_configure_pseudo_motor": _pseudo_motor,
    "stoh_start_motor_move": lambda s, name: f"stoh_start_motor_move {name} {s.number()}",
    "stoh_set_motor_children": lambda s, name: f"stoh_set_motor_children {name} {s.names()}",
    "stoh_set_motor_dependency": lambda s, name: f"stoh_set_motor_dependency {name} {s.names()}",
    "htos_report_shutter_state": lambda s, name: f"htos_report_shutter_state {name} {s.shutter()}",
    "htos_operation_update": lambda s, name: (
        f"htos_operation_update {name} {s.handle()} {s.words(12)}"
    ),
}
"""A text of each keyword except registrations, about a device with this name."""
