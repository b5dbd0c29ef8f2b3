"""`Scripting`: scripts and pseudo motors of the scripting engine as Python functions."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from dhs_lab.simulators.dcss.control import Control
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE
from dhs_lab.simulators.dcss.entries import OperationEntry
from dhs_lab.simulators.dcss.motors import MotorEntry, PseudoMotorEntry
from dhs_lab.simulators.dcss.move_runs import MoveRun
from dhs_lab.simulators.dcss.scripting_engine.engine import Engine
from dhs_lab.simulators.dcss.scripting_engine.move_rules import MoveRefusal
from dhs_lab.simulators.dcss.scripting_engine.parents import MotorScript
from dhs_lab.simulators.dcss.scripting_engine.script import Script
from dhs_runtime.lowlevel import DhsError

F = TypeVar("F", bound=Callable[[Script], str | None])
M = TypeVar("M", bound=Callable[[Script, float], object])


class Scripting(Control):
    """Runs Python functions in place of the Tcl scripts of a real engine."""

    _engine: Engine

    def scripted(self, name: str, *, is_parallel: bool = False) -> Callable[[F], F]:
        """Use the decorated function as the script of an operation of the engine.

        It gets a `Script`, and may move motors, start other operations and wait for strings. Its
        return value is the text of the completion; an exception completes the operation as `error`,
        with its text. Each run has its own thread.

        Args:
            name: Name of the operation; it is added to the database if it is missing.
            is_parallel: Whether it may run several times at once; if not, a second start is
                completed as `active` at once.

        Raises:
            ConfigError: The name is that of another device.
        """
        self._need(OperationEntry(name))

        def add(function: F) -> F:
            self._engine.scripts.add(name, function, is_parallel=is_parallel)
            return function

        return add

    def pseudo_motor(
        self,
        name: str,
        children: Iterable[str],
        position: Callable[..., float],
        *,
        configure: Callable[[Script, float], object] | None = None,
    ) -> Callable[[M], M]:
        """Use the decorated function to move a pseudo motor of the engine, made of other motors.

        It gets a `Script` and the destination, scaled, and moves the children.

        Args:
            name: Name of the motor; it is added to the database if it is missing.
            children: Names of the motors it is made of.
            position: Computes its position from theirs, in that order.
            configure: Called with a `Script` and a new value for the present position.

        Raises:
            ConfigError: The name is that of another device.
            DhsError: There is no such child.
        """
        names = tuple(children)
        for child in names:
            self.position(child)
        self._need(PseudoMotorEntry(name, children=names, dependencies=names))

        def add(function: M) -> M:
            self._engine.parents.add(MotorScript(name, names, position, function, configure))
            return function

        return add

    def move_as_gui(self, name: str, word: str) -> MoveRun:
        """Move a motor under the rules of the scripting engine for GUIs; see `Engine.move`.

        Raises:
            DhsError: There is no such motor, or the engine refused the move; then it has also
                aborted everything.
            NotConnectedError: Its DHS is not connected.
        """
        host, _ = self._database.get(name, MotorEntry)
        if not self._sessions.is_online(host):
            self._sessions.session(host)  # raises
        begun = self._engine.move(name, word)
        if isinstance(begun, MoveRefusal):
            reasons = "; ".join((begun.status, *(line for _, line in begun.logs)))
            raise DhsError(f"{name} is not sent to {word!r}: {reasons}")
        return next(run for run in begun if isinstance(run, MoveRun))

    def abort_all(self, how: str = "soft") -> None:
        """Like `Control.abort_all`; scripts are aborted, too."""
        super().abort_all(how)
        self._engine.aborted()

    def _need(self, entry: OperationEntry | PseudoMotorEntry) -> None:
        found = self._database.find(entry.name)
        if found is None or found[0] != SCRIPTING_ENGINE or type(found[1]) is not type(entry):
            self._database.add(SCRIPTING_ENGINE, entry)
