"""The commands of the soak: their kinds, how often each comes, and the allowed results."""

import random
from collections.abc import Callable, Iterator
from typing import Final

import attrs

HARDWARE_HOST: Final = "soakDHS"
MOTORS: Final = tuple(f"motor{number}" for number in range(12))
STRINGS: Final = tuple(f"string{number}" for number in range(4))
STUCK_SHUTTER: Final = "stuckShutter"
SHUTTERS: Final = ("shutter", STUCK_SHUTTER)
ENCODER: Final = "encoder"
PLACED: Final = "placedMotor"  # it never moves, so its position is sent only when it is set
UNDECLARED: Final = "nobodysMotor"
GOOD_CHAMBERS: Final = ("i0", "i1")
WRONG_CHAMBERS: Final = ("wrong0", "wrong1")
OPERATIONS: Final = (
    "quick",
    "inline",
    "updates",
    "raises",
    "fails",
    "bad_text",
    "slow",
    "endless",
    "helped",
    "forks",
)
MUST_FAIL: Final = frozenset({"raises", "fails", "bad_text", "endless"})

WEIGHTS: Final = {
    "quick": 450,
    "inline": 100,
    "updates": 60,
    "raises": 60,
    "fails": 30,
    "bad_text": 30,
    "slow": 15,
    "endless": 3,
    "helped": 10,
    "move": 80,
    "string": 80,
    "shutter": 40,
    "count": 30,
    "encoder": 30,
    "position": 20,
    "undeclared": 20,
}
"""The relative frequency of each kind."""

Key = tuple[str, str]
"""The key of an answer: its kind, and the name or handle."""


@attrs.frozen
class Command:
    """A command, as it is sent.

    Attributes:
        kind: Its kind, for the report.
        key: The key of its answer.
        text: Its text.
        must_fail: Whether it cannot succeed.
        goal: The final position of a successful move, scaled.
    """

    kind: str
    key: Key
    text: str
    must_fail: bool = False
    goal: float | None = None


def is_wrong_destination(destination: float) -> bool:
    """Whether a move to there fails."""
    return destination < 0


def is_wrong_contents(contents: str) -> bool:
    """Whether a string refuses these contents."""
    return contents.startswith("wrong")


def registrations() -> Iterator[tuple[str, Key | None]]:
    """DCSS's messages at the start, each with the key of the DHS's answer."""
    for name in (*MOTORS, PLACED):
        yield f"stoh_register_real_motor {name} {name}", None
    for name in SHUTTERS:
        yield f"stoh_register_shutter {name} closed {name}", ("shutter", name)
    for name in (*GOOD_CHAMBERS, *WRONG_CHAMBERS):
        yield f"stoh_register_ion_chamber {name} counter 0 timer standardIonChamber", None
    yield f"stoh_register_encoder {ENCODER} {ENCODER}", None
    for name in STRINGS:
        yield f"stoh_register_string {name} standardString", ("string", name)
    for name in OPERATIONS:
        yield f"stoh_register_operation {name} {name}", None


class Mix:
    """Commands of all kinds, the same for the same seed."""

    def __init__(self, seed: int, *, forks: bool = False) -> None:
        weights = WEIGHTS | ({"forks": 10} if forks else {})
        self._random = random.Random(seed)
        self._kinds = tuple(weights)
        self._weights = tuple(weights.values())
        self._number = 0
        self._others: dict[str, Callable[[int], Command]] = {
            "move": self._move,
            "string": self._string,
            "shutter": self._shutter,
            "count": self._count,
            "encoder": self._encoder,
            "position": self._position,
            "undeclared": self._undeclared,
        }

    def take(self, count: int) -> list[Command]:
        """The next commands."""
        made = []
        for kind in self._random.choices(self._kinds, self._weights, k=count):
            self._number += 1
            other = self._others.get(kind)
            made.append(other(self._number) if other else self._operation(kind, self._number))
        return made

    def chance(self, every: int, count: int) -> bool:
        """Whether something that comes once in `every` commands comes after `count` of them."""
        return self._random.random() < count / every

    def choice(self, *of: str) -> str:
        """One of these."""
        return self._random.choice(of)

    @staticmethod
    def _operation(kind: str, number: int) -> Command:
        handle = f"1.{number}"
        text = f"stoh_start_operation {kind} {handle} {number} {{two words}}"
        return Command(kind, ("operation", handle), text, kind in MUST_FAIL)

    def _move(self, number: int) -> Command:
        name = self._random.choice(MOTORS)
        goal = float(number % 500) * self._random.choice((1, 1, 1, -1))
        text = f"stoh_start_motor_move {name} {goal:f}"
        return Command("move", ("move", name), text, is_wrong_destination(goal), goal)

    def _string(self, number: int) -> Command:
        name = self._random.choice(STRINGS)
        contents = f"{self._random.choice(('on', 'on', 'on', 'wrong'))} {{its way}} {number}"
        text = f"stoh_set_string {name} {contents}"
        return Command("string", ("string", name), text, is_wrong_contents(contents))

    def _shutter(self, _: int) -> Command:
        name = self._random.choice(SHUTTERS)
        text = f"stoh_set_shutter_state {name} {self._random.choice(('open', 'closed'))}"
        return Command("shutter", ("shutter", name), text, name == STUCK_SHUTTER)

    def _count(self, _: int) -> Command:
        names = self._random.choice((GOOD_CHAMBERS, WRONG_CHAMBERS))
        text = f"stoh_read_ion_chambers 0.001 0 {' '.join(names)}"
        return Command("count", ("count", names[0]), text, names is WRONG_CHAMBERS)

    def _encoder(self, number: int) -> Command:
        way = self._random.choice(("get", "set", "wrong"))
        if way == "get":
            return Command("encoder", ("get", ENCODER), f"stoh_get_encoder {ENCODER}")
        place = number if way == "set" else -number
        text = f"stoh_set_encoder {ENCODER} {place}"
        return Command("encoder", ("set", ENCODER), text, way == "wrong")

    @staticmethod
    def _position(number: int) -> Command:
        text = f"stoh_set_motor_position {PLACED} {number:f}"
        return Command("position", ("position", PLACED), text, goal=float(number))

    @staticmethod
    def _undeclared(number: int) -> Command:
        name = f"{UNDECLARED}{number}"  # a new name each time: the DHS must not remember them
        text = f"stoh_start_motor_move {name} {number:f}"
        return Command("undeclared", ("move", name), text, must_fail=True)
