"""What scripts need from the scripting engine that runs them."""

from collections.abc import Callable
from typing import Protocol

from dhs_lab.simulators.dcss.control import Control
from dhs_lab.simulators.dcss.scripting_engine.motion_state import MotionState
from dhs_lab.simulators.dcss.scripting_engine.script_wait import Waits


class EngineDoor(Protocol):
    """The engine, as scripts see it."""

    @property
    def control(self) -> Control:
        """Sends commands to DHSs."""

    @property
    def state(self) -> MotionState:
        """Which motors move."""

    @property
    def waits(self) -> Waits:
        """Waits for messages to all GUIs."""

    @property
    def is_stopped(self) -> Callable[[str], bool]:
        """Whether the stop flag of an operation is set."""

    @property
    def tell(self) -> Callable[[str], None]:
        """Sends to all GUIs, and to the engine."""

    @property
    def answer(self) -> Callable[[str], None]:
        """Takes what the engine answers as a hardware host, `htos_...`."""

    @property
    def read_ion_chambers(self) -> Callable[[str], object]:
        """Reads ion chambers, host by host."""

    def move_for_script(self, name: str, destination: str) -> str | None:
        """Start a move; returns the reason for the script if it is refused."""

    def ask_owner(self, name: str, command: str) -> None:
        """Send a command to the owner of a device."""
