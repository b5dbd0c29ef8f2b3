"""`Scripting`: Python functions as scripts of the scripting engine, and commands of a GUI."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from dcs_codec import Message, gui_codec
from dhs_lab.simulators.dcss.control import CLIENT_ID, Control
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE
from dhs_lab.simulators.dcss.entries import OperationEntry
from dhs_lab.simulators.dcss.gui_port.audience import Audience
from dhs_lab.simulators.dcss.gui_port.desk import Desk
from dhs_lab.simulators.dcss.gui_port.local_gui import NOT_EXIST, GuiRefusedError, GuiRun, carry_out
from dhs_lab.simulators.dcss.motors import PseudoMotorEntry
from dhs_lab.simulators.dcss.scripting_engine.engine import Engine
from dhs_lab.simulators.dcss.scripting_engine.parents import MotorScript
from dhs_lab.simulators.dcss.scripting_engine.script import Script

F = TypeVar("F", bound=Callable[[Script], str | None])
M = TypeVar("M", bound=Callable[[Script, float], object])


class Scripting(Control):
    """Runs functions in place of the Tcl scripts of a real engine, and obeys like its dcss."""

    _engine: Engine
    _audience: Audience
    _desk: Desk

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
            configure: Called with a `Script` and a new value for the current position.

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

    def from_gui(self, asked: Message | str, *, client_id: int = CLIENT_ID) -> GuiRun | None:
        """Carry out a command of a GUI, by the rules of the GUI port.

        The GUI is local, of the staff, and master. Its text is forwarded, and refused, as that of a
        client of the GUI port. A refused move aborts everything.

        Args:
            asked: A message of `dcs_codec.gui`, or any text, `gtos_...`.
            client_id: Number of the client; the handles of its operations begin with it.

        Returns:
            The run, which waits for the answer; None if no answer is expected.

        Raises:
            GuiRefusedError: It was refused, or its DHS is not connected.
            EncodeError: A value of the message does not fit the wire.
        """
        text = asked if isinstance(asked, str) else gui_codec().encode_text(asked)
        try:
            return carry_out(self._desk, self._audience, text, client_id)
        except GuiRefusedError as refused:
            words = text.split()
            names = words[3:] if words[:1] == ["gtos_read_ion_chambers"] else words[1:2]
            missing = self._database.missing(names)
            if missing and NOT_EXIST in str(refused):
                raise GuiRefusedError(missing, NOT_EXIST) from None
            raise

    def objection(self, motor: str, destination: str) -> str:
        """Why the scripting engine would refuse a move to a GUI now, "" if it would not.

        Raises:
            DhsError: There is no such motor.
        """
        refusal = self._engine.objection(motor, destination)
        if refusal is None:
            return ""
        return "; ".join((refusal.status, *(line for _, line in refusal.logs)))

    def abort_all(self, how: str = "soft") -> None:
        """Like `Control.abort_all`; scripts are aborted, too."""
        super().abort_all(how)
        self._engine.aborted()

    def _need(self, entry: OperationEntry | PseudoMotorEntry) -> None:
        found = self._database.find(entry.name)
        if found is None or found[0] != SCRIPTING_ENGINE or type(found[1]) is not type(entry):
            self._database.add(SCRIPTING_ENGINE, entry)
