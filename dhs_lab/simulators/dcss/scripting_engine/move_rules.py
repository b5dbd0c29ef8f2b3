"""`MoveRules`: which moves the scripting engine refuses, and with which messages.

Source: motor_control.tcl 441-473, scriptingEngine 480-687, confirmed on the wire
"""

import attrs

from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE, Database
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.scripting_engine.motion_state import MotionState
from dhs_lab.simulators.dcss.scripting_engine.motor_limits import beyond, shortest
from dhs_lab.simulators.dcss.scripting_engine.parents import Parents


@attrs.frozen
class MoveRefusal:
    """A refused move.

    Attributes:
        status: The status of its completion.
        reason: The reason for a script that asked for it.
        logs: Lines of the log before the completion: level and text.
    """

    status: str
    reason: str = ""
    logs: tuple[tuple[str, str], ...] = ()


class MoveRules:
    """Checks a move before it starts."""

    def __init__(self, database: Database, state: MotionState, parents: Parents) -> None:
        self._database = database
        self._state = state
        self._parents = parents

    def refusal(
        self, host: str, motor: MotorEntry, destination: str, *, by_script: bool
    ) -> MoveRefusal | None:
        """Why a move is refused, None if it is allowed.

        Args:
            host: Owner of the motor.
            motor: The motor.
            destination: The destination, as it was written.
            by_script: Whether a script asks; its moves are never blocked, and its statuses shorter.
        """
        if self._state.is_blocked and not by_script:
            return MoveRefusal("blocked")
        if self._state.is_moving(motor.name):
            return MoveRefusal("moving", "moving")
        with self._database.lock:
            is_locked, line = motor.motor_lock_on, beyond(motor, destination)
        if is_locked:
            return MoveRefusal("locked", "locked")
        return (
            self._locked_parent(motor)
            or (self._moving_child(motor) if host == SCRIPTING_ENGINE else None)
            or (_beyond_limits(motor, line, by_script=by_script) if line else None)
            or self._parent_beyond(motor, destination)
        )

    def _locked_parent(self, motor: MotorEntry) -> MoveRefusal | None:
        for parent in self._parents.of(motor.name):
            with self._database.lock:
                is_locked = parent.motor_lock_on
            if is_locked:
                return MoveRefusal("locked", "locked", (("error", f"{parent.name} is locked"),))
        return None

    def _moving_child(self, motor: MotorEntry) -> MoveRefusal | None:
        moving = [each for each in self._parents.children(motor.name) if self._is_moving(each)]
        if not moving:
            return None
        line = f"Child {moving[0]} of {motor.name} is already moving!"
        return MoveRefusal("movingChildren", f"{moving[0]}_moving", (("error", line),))

    def _is_moving(self, name: str) -> bool:
        return self._state.is_moving(name)

    def _parent_beyond(self, motor: MotorEntry, destination: str) -> MoveRefusal | None:
        """The refusal if a parent is out of its limits, or would be."""
        try:
            goal = float(destination)
        except ValueError:
            return None
        for parent in self._parents.of(motor.name):
            now = shortest(self._parents.place(parent.name))
            then = shortest(self._parents.place(parent.name, {motor.name: goal}))
            with self._database.lock:
                is_out, would_be_out = beyond(parent, now), beyond(parent, then)
            if is_out:
                second = f"{parent.name} is not within software limits."
            elif would_be_out:
                second = f"{parent.name} would exceed software limit if moved to {then}."
            else:
                continue
            status = f"{motor.name}_parents_sw_limit"
            return MoveRefusal(
                status, status, (("warning", is_out or would_be_out or ""), ("error", second))
            )
        return None


def _beyond_limits(motor: MotorEntry, line: str, *, by_script: bool) -> MoveRefusal:
    status = f"{motor.name}_sw_limit"
    return MoveRefusal("sw_limit" if by_script else status, status, (("warning", line),))
