"""`Hearing`: what the scripting engine does with each text that all GUIs are told.

Source: message_handlers.tcl, hardware_commands.tcl, confirmed on the wire
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from dcs_codec import MotorStatus, split_list
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE, Database
from dhs_lab.simulators.dcss.engine.idle import IdleList

_NO_FAILURE: Final = (MotorStatus.NORMAL, MotorStatus.ABORTED)
_HARDWARE_LIMITS: Final = {"cw_hw_limit": "clockwise", "ccw_hw_limit": "counterclockwise"}
_STATUS_AT: Final = 3
_LONGEST: Final = 1000  # words of a text that are looked at

Words = Sequence[str]


class Heard(Protocol):
    """What hearing asks of its engine."""

    idle: IdleList

    def begin_move(self, name: str) -> None:
        """A motor moves from now on."""

    def end_move(self, name: str) -> None:
        """A motor moves no longer."""

    def abort_all(self) -> None:
        """Abort everything."""


class Hearing:
    """Reads the texts, each a Tcl list."""

    def __init__(self, engine: Heard, database: Database, tell: Callable[[str], None]) -> None:
        self._engine = engine
        self._database = database
        self._tell = tell
        self._reactions: Mapping[str, Callable[[Words], None]] = {
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

    def take(self, text: str) -> None:
        """React to a text."""
        keyword = text.split(None, 1)[:1]
        reaction = self._reactions.get(keyword[0]) if keyword else None
        if reaction is not None:
            words = split_list(text)
            reaction([*words, *[""] * (_STATUS_AT + 1 - len(words))])

    def _log(self, level: str, text: str) -> None:
        self._tell(f"stog_log {level} server {text}")

    def _move_started(self, words: Words) -> None:
        self._engine.begin_move(words[1])

    def _move_completed(self, words: Words) -> None:
        name, status = words[1], words[_STATUS_AT]
        self._engine.end_move(name)
        found = self._database.find(name)
        is_of_dhs = found is not None and found[0] != SCRIPTING_ENGINE
        if status not in _NO_FAILURE and is_of_dhs:
            self._engine.abort_all()

    def _position_updated(self, words: Words) -> None:
        side = _HARDWARE_LIMITS.get(words[_STATUS_AT])
        if side is not None:
            self._log("error", f"Motor {words[1]} hit {side} hardware limit.")

    def _operation_started(self, words: Words) -> None:
        self._engine.idle.begin(words[1], once=False)

    def _operation_completed(self, words: Words) -> None:
        self._engine.idle.end(words[1])

    def _encoder_completed(self, words: Words) -> None:
        if words[_STATUS_AT] != MotorStatus.NORMAL:
            self._log("error", f"Error reading {words[1]}: {words[_STATUS_AT]}")

    def _counted(self, words: Words) -> None:
        try:
            failed = float(words[1]) <= 0
        except ValueError:
            failed = True
        reason = next((word for word in reversed(words) if word), "")
        if failed:
            self._log("warning", f"ion chamber reading error: {reason}")

    def _noted(self, words: Words) -> None:
        text = " ".join(words[1:]).strip()
        if words[1] == "image_ready":
            self._log("note", f"Loading {words[2]}...")
        else:
            self._log("warning", text)

    def _limit_hit(self, words: Words) -> None:
        shown = " ".join(words).strip()
        self._log("error", f"Motor {words[1]} has hit {words[2]} hardware limit.")
        self._unhandled(f"invalid command name  do  while processing {shown}")

    def _unknown(self, words: Words) -> None:
        shown = " ".join(words).strip()
        self._unhandled(f"invalid command name  {words[0]}  while processing {shown}")

    def _unhandled(self, text: str) -> None:
        self._tell(f"stog_log software_severe server Unhandled error in scripting engine {text}")
