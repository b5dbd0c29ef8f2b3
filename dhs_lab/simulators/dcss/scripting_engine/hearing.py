"""`Hearing`: how the scripting engine reacts to each text to all GUIs.

Source: message_handlers.tcl, hardware_commands.tcl, confirmed on the wire
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from dcs_codec import MotorStatus
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE, Database
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.scripting_engine.farewell import farewell
from dhs_lab.simulators.dcss.scripting_engine.idle import IdleList
from dhs_lab.simulators.dcss.scripting_engine.motor_limits import beyond, shortest
from dhs_lab.simulators.dcss.scripting_engine.parents import Parents
from dhs_lab.simulators.dcss.scripting_engine.script_wait import Waits
from dhs_lab.simulators.dcss.texts import first_word

_NO_FAILURE: Final = (MotorStatus.NORMAL, MotorStatus.ABORTED)
_HARDWARE_LIMITS: Final = {"cw_hw_limit": "clockwise", "ccw_hw_limit": "counterclockwise"}
_STATUS_AT: Final = 3

_Words = Sequence[str]


class HearingEngine(Protocol):
    """What `Hearing` needs from its engine."""

    idle: IdleList
    parents: Parents
    waits: Waits
    tell: Callable[[str], None]

    def abort_all(self) -> None:
        """Abort everything, as the engine does after a failure."""


class Hearing:
    """Reacts to the words of texts."""

    def __init__(self, engine: HearingEngine, database: Database) -> None:
        self._engine = engine
        self._database = database
        self._listed: dict[str, str] = {}  # running operations of the lock list, by handle
        self._reactions: Mapping[str, Callable[[_Words], None]] = {
            "stog_configure_hardware_host": self._host_configured,
            "stog_configure_real_motor": self._motor_configured,
            "stog_configure_pseudo_motor": self._motor_configured,
            "stog_motor_move_started": self._move_started,
            "stog_motor_move_completed": self._move_completed,
            "stog_update_motor_position": self._position_updated,
            "stog_start_operation": self._operation_started,
            "stog_operation_completed": self._operation_completed,
            "stog_get_encoder_completed": self._encoder_completed,
            "stog_set_encoder_completed": self._encoder_completed,
            "stog_report_ion_chambers": self._counted,
            "stog_note": self._noted,
            "stog_limit_hit": self._limit_hit,
            "stog_motor_correct_started": self._unknown,
        }

    def knows(self, text: str) -> bool:
        """Whether it reacts to a text at all."""
        return first_word(text) in self._reactions

    def take(self, words: list[str]) -> None:
        """React to the words of a text."""
        reaction = self._reactions.get(words[0]) if words else None
        if reaction is not None:
            reaction([*words, *[""] * (_STATUS_AT + 1 - len(words))])

    def _log(self, level: str, text: str) -> None:
        self._engine.tell(f"stog_log {level} server {text}")

    # -- hosts and motors --------------------------------------------------------------------

    def _host_configured(self, words: _Words) -> None:
        """Fail all tasks of a DHS that has disconnected."""
        host = self._database.hosts.get(words[1])
        if words[_STATUS_AT] != "offline" or host is None:
            return
        operations = dict.fromkeys(
            (name, handle)
            for name, handle in (
                *self._engine.waits.operations(),
                *((name, handle) for handle, name in self._listed.items()),
            )
            if any(device.name == name for device in host.devices)
        )
        for text in farewell(host.name, operations, host.devices, self._database.lock):
            self._engine.tell(text)

    def _motor_configured(self, words: _Words) -> None:
        self._engine.parents.update(words[1])

    def _move_started(self, words: _Words) -> None:
        self._engine.idle.begin(words[1], once=True)

    def _move_completed(self, words: _Words) -> None:
        name, status = words[1], words[_STATUS_AT]
        self._engine.idle.end(name)
        self._engine.parents.update(name)
        found = self._database.find(name)
        is_of_dhs = found is not None and found[0] != SCRIPTING_ENGINE
        if status not in _NO_FAILURE and is_of_dhs:
            self._engine.abort_all()

    def _position_updated(self, words: _Words) -> None:
        name, side = words[1], _HARDWARE_LIMITS.get(words[_STATUS_AT])
        if side is not None:
            self._log("error", f"Motor {name} hit {side} hardware limit.")
        for parent, place in self._engine.parents.update(name):
            self._watch_limits(parent, place)

    def _watch_limits(self, parent: MotorEntry, place: float) -> None:
        """If a child moves a parent out of its limits, that stops everything, once."""
        with self._database.lock:
            line = beyond(parent, shortest(place))
        if self._engine.parents.leaves(parent.name, is_outside=line is not None):
            self._log("warning", line or "")
            self._engine.tell(f"stog_motor_move_completed {parent.name} {place:f} sw_limit")
            self._engine.abort_all()

    # -- the other devices -------------------------------------------------------------------

    def _operation_started(self, words: _Words) -> None:
        if self._engine.idle.lists(words[1]):
            self._listed[words[2]] = words[1]
        self._engine.idle.begin(words[1], once=False)

    def _operation_completed(self, words: _Words) -> None:
        self._listed.pop(words[2], None)
        self._engine.idle.end(words[1])

    def _encoder_completed(self, words: _Words) -> None:
        if words[_STATUS_AT] != MotorStatus.NORMAL:
            self._log("error", f"Error reading {words[1]}: {words[_STATUS_AT]}")

    def _counted(self, words: _Words) -> None:
        try:
            has_failed = float(words[1]) <= 0
        except ValueError:
            has_failed = True
        if has_failed:
            reason = next((word for word in reversed(words) if word), "")
            self._log("warning", f"ion chamber reading error: {reason}")

    # -- for people --------------------------------------------------------------------------

    def _noted(self, words: _Words) -> None:
        if words[1] == "image_ready":
            self._log("note", f"Loading {words[2]}...")
        else:
            self._log("warning", " ".join(words[1:]).strip())

    def _limit_hit(self, words: _Words) -> None:
        """The message, followed by a mistake of the real engine's script."""
        self._log("error", f"Motor {words[1]} has hit {words[2]} hardware limit.")
        self._unhandled("do", words)

    def _unknown(self, words: _Words) -> None:
        self._unhandled(words[0], words)

    def _unhandled(self, name: str, words: _Words) -> None:
        shown = f"invalid command name  {name}  while processing {' '.join(words).strip()}"
        self._log("software_severe", f"Unhandled error in scripting engine {shown}")
