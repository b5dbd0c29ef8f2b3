"""`Parents`: pseudo motors of the scripting engine, made of other motors.

Only scripts define children here; the children in a dump of a DHS's pseudo motor do not count.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite

import attrs

from dcs_codec import MotorStatus
from dhs_lab.simulators.dcss.database import Database
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.scripting_engine.script import Script
from dhs_lab.simulators.dcss.scripting_engine.script_wait import ScriptError


@attrs.frozen
class MotorScript:
    """A pseudo motor of the scripting engine, made of its children.

    Attributes:
        name: Name of the pseudo motor.
        children: Names of the motors it is made of.
        position: Computes its position from those of the children in their order, scaled.
        move: Moves the children; gets the destination, scaled.
        configure: Called with a new value for the current position; by default the children do not
            change.
    """

    name: str
    children: tuple[str, ...]
    position: Callable[..., float]
    move: Callable[[Script, float], object]
    configure: Callable[[Script, float], object] | None = None


class Parents:
    """Pseudo motors by name and by child."""

    def __init__(self, database: Database, answer: Callable[[str], None]) -> None:
        """No pseudo motors.

        Args:
            database: The motors.
            answer: Takes the reports of the scripting engine about its motors, `htos_...`.
        """
        self._database = database
        self._answer = answer
        self._lock = threading.Lock()  # guards what follows
        self._motors: dict[str, MotorScript] = {}
        self._outside: set[str] = set()
        self._holding = threading.local()

    def add(self, motor: MotorScript) -> None:
        """Make a motor of the database a pseudo motor with children."""
        with self._lock:
            self._motors[motor.name] = motor

    def find(self, name: str) -> MotorScript | None:
        """The pseudo motor of this name."""
        with self._lock:
            return self._motors.get(name)

    def of(self, child: str) -> list[MotorEntry]:
        """The parents of a motor, in the order in which they were added."""
        with self._lock:
            if not self._motors:
                return []
            names = [each.name for each in self._motors.values() if child in each.children]
        return [self._database.get(name, MotorEntry)[1] for name in names]

    def children(self, name: str) -> tuple[str, ...]:
        """The children of a motor; empty if it is not such a pseudo motor."""
        motor = self.find(name)
        return () if motor is None else motor.children

    def place(self, name: str, moved: Mapping[str, float] = {}) -> float:
        """Position of a pseudo motor, also with some children moved; scaled.

        Raises:
            ScriptError: Its function fails.
        """
        motor = self.find(name)
        assert motor is not None, name  # noqa: S101 - the name is one of `of`
        positions = []
        for child in motor.children:
            _, entry = self._database.get(child, MotorEntry)
            with self._database.lock:
                positions.append(moved.get(child, entry.position))
        try:
            place = float(motor.position(*positions))
        except Exception as error:  # a script may raise anything
            raise ScriptError(f"{name}: {type(error).__name__}: {error}") from error
        if not isfinite(place):
            raise ScriptError(f"{name}: its position is {place}")
        return place

    def update(self, child: str) -> list[tuple[MotorEntry, float]]:
        """Report the positions of the parents of a motor; returns each with its position.

        Raises:
            ScriptError: The function of one fails.
        """
        held: list[str] | None = getattr(self._holding, "children", None)
        if held is not None:
            held.append(child)
            return []
        places = [(parent, self.place(parent.name)) for parent in self.of(child)]
        for parent, place in places:
            words = f"{parent.name} {place:f} {MotorStatus.NORMAL}"
            self._answer(f"htos_update_motor_position {words}")
        return places

    @contextmanager
    def held(self) -> Iterator[None]:
        """Send the updates of this thread at the end of `with`; a real engine sends 10 ms later."""
        children: list[str] = []
        self._holding.children = children
        try:
            yield
        finally:
            self._holding.children = None
            for child in children:
                self.update(child)

    def leaves(self, name: str, *, is_outside: bool) -> bool:
        """Note whether a parent is out of its limits; returns whether it has just left them."""
        with self._lock:
            was_outside = name in self._outside
            (self._outside.add if is_outside else self._outside.discard)(name)
            return is_outside and not was_outside
