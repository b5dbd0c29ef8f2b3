"""`Engine`: what the scripting engine does with what it hears, and with what GUIs ask of it."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from dcs_codec import is_list, join_list, split_list
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE, Database
from dhs_lab.simulators.dcss.engine.hearing import Hearing
from dhs_lab.simulators.dcss.engine.idle import IdleList
from dhs_lab.simulators.dcss.engine.moves import Refusal, beyond
from dhs_lab.simulators.dcss.entries import IonChamberEntry, StringEntry
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.sessions import Sessions
from dhs_lab.simulators.dcss.texts import first_word, rest_of, word_of
from dhs_runtime.lowlevel import NotConnectedError

logger = logging.getLogger(__name__)

_UNHANDLED: Final = "stog_log software_severe server Unhandled error in scripting engine"


class Engine:
    """The scripting engine of one server; any thread may call it.

    It does what it does at once, in the thread of who told it something.

    Attributes:
        idle: What of the lock list is under way.
        answer: Takes what it answers as a hardware host, `htos_...`.
    """

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        tell: Callable[[str], None],
        forward: Callable[[str, str], object],
    ) -> None:
        """An engine.

        Args:
            database: The devices.
            sessions: The DHSs.
            tell: Tells all GUIs, and this engine.
            forward: Sends a host a text to the letter, and enters what waits for its answer.
        """
        self.answer: Callable[[str], None] = lambda _: None
        self.idle = IdleList(database, self._answer)
        self._database = database
        self._sessions = sessions
        self._tell = tell
        self._forward = forward
        self._hearing = Hearing(self, database, tell)
        self._lock = threading.Lock()  # guards _moving
        self._moving: dict[str, None] = {}  # in the order in which they began

    def _answer(self, text: str) -> None:
        self.answer(text)  # which is set later

    # -- what all are told -------------------------------------------------------------------

    def hear(self, text: str) -> None:
        """Take what all GUIs are told; what is no Tcl list is lost, and it says so."""
        if is_list(text):
            self._hearing.take(text)
        elif not text.startswith(_UNHANDLED):  # its own complaint, which shows such a text
            self._tell(f"{_UNHANDLED} missing close-brace while processing {text}")

    def begin_move(self, name: str) -> None:
        """A motor moves from now on."""
        with self._lock:
            self._moving[name] = None
        self.idle.begin(name, once=True)

    def end_move(self, name: str) -> None:
        """A motor moves no longer."""
        with self._lock:
            self._moving.pop(name, None)
        self.idle.end(name)

    def is_moving(self, name: str) -> bool:
        """Whether a motor moves, as far as it was told."""
        with self._lock:
            return name in self._moving

    # -- what a GUI asks ---------------------------------------------------------------------

    def move(self, name: str, destination: str) -> None:
        """Begin a move that a GUI asked for, or refuse it, which aborts everything.

        Args:
            name: Name of a motor.
            destination: As its DHS is to be told.
        """
        found = self._database.find(name)
        if found is None or not isinstance(found[1], MotorEntry):
            self._tell(f"stog_log severe server {name} is not a motor. HACKER??")
            return
        host, motor = found[0], found[1]
        refusal = self._refusal(motor, destination)
        if refusal is not None:
            self._refuse(host, motor, refusal)
            return
        try:
            self._forward(host, f"stoh_start_motor_move {name} {destination}")
        except NotConnectedError:
            self._tell(f"stog_log error server {name} no_hw_host {host}")
            self._completed(motor, f"{{no_hw_host {host}}}")

    def read_ion_chambers(self, text: str) -> None:
        """Ask each host for its ion chambers, once only; `text` is the GUI's for a DHS.

        Source: ion_chamber.tcl, confirmed on the wire
        """
        words = text.split()
        if len(words) < 3:  # noqa: PLR2004
            usage = "wrong # args: should be  stoh_read_ion_chambers time poll ?arg ...?"
            self._tell(f"{_UNHANDLED} {usage}  while processing {text.strip()}")
            return
        _, time_s, _, *names = words
        owners = {name: self._owner(name) for name in names}
        foreign = next((name for name in names if owners[name] != SCRIPTING_ENGINE), None)
        if foreign is not None:
            self._tell(f"stog_log note server {foreign} not on self")
        self._tell(f"stog_log note server allInSelf {foreign is None:d}")
        if foreign is None:
            self._tell(" ".join(("stog_report_ion_chambers", time_s, *names)))
        elif wrong := next((name for name in names if not self._is_ion_chamber(name)), None):
            reason = "not_exist" if owners[wrong] is None else "type_not_ion_chamber"
            self._tell(f"stog_log warning server ion chamber reading error: {reason}")
        else:
            for host in dict.fromkeys(owners.values()):
                self._count(host or "", time_s, [name for name in names if owners[name] == host])

    def _count(self, host: str, time_s: str, names: list[str]) -> None:
        shown = " ".join(names)
        try:
            self._forward(host, f"stoh_read_ion_chambers {time_s} 0 {shown}")
        except NotConnectedError:
            self._tell(f"stog_report_ion_chambers 0  {shown} hardware_offline")

    def _owner(self, name: str) -> str | None:
        found = self._database.find(name)
        return None if found is None else found[0]

    def _is_ion_chamber(self, name: str) -> bool:
        found = self._database.find(name)
        return found is not None and isinstance(found[1], IonChamberEntry)

    # -- aborting ----------------------------------------------------------------------------

    def aborted(self) -> None:
        """Everything is aborted; it says what moves."""
        with self._lock:
            moving = " ".join(self._moving)
        if moving:
            self._tell(f"stog_log warning server Abort motor list: {moving}")

    def abort_all(self) -> None:
        """Abort everything by itself."""
        self._sessions.abort_all("soft")
        self.aborted()

    # -- moves -------------------------------------------------------------------------------

    def _refusal(self, motor: MotorEntry, destination: str) -> Refusal | None:
        if self.is_moving(motor.name):
            return Refusal("moving")
        with self._database.lock:
            if motor.motor_lock_on:
                return Refusal("locked")
            line = beyond(motor, destination)
        if line is not None:
            return Refusal(f"{motor.name}_sw_limit", (("warning", line),))
        return None

    def _refuse(self, host: str, motor: MotorEntry, refusal: Refusal) -> None:
        for level, line in refusal.logs:
            self._tell(f"stog_log {level} server {line}")
        self._completed(motor, refusal.status)  # which aborts everything, too, of a DHS's motor
        self.abort_all()
        logger.info("%s of %s is not moved: %s", motor.name, host, refusal.status)

    def _completed(self, motor: MotorEntry, status: str) -> None:
        with self._database.lock:
            position = motor.position
        self._tell(f"stog_motor_move_completed {motor.name} {position:f} {status}")

    # -- as a hardware host ------------------------------------------------------------------

    def obey(self, text: str) -> None:
        """Do what it is sent as the hardware host `self`, `stoh_...`."""
        keyword, name = first_word(text), word_of(text, 1)
        found = self._database.find(name)
        if keyword == "stoh_set_string" and found is not None and isinstance(found[1], StringEntry):
            contents = join_list(split_list(rest_of(text, 2)))
            self.answer(f"htos_set_string_completed {name} normal {contents}")
        elif keyword == "stoh_start_operation":
            reason = "error no script of this operation is simulated"
            self.answer(f"htos_operation_completed {name} {word_of(text, 2)} {reason}")
        else:
            unknown = f"invalid command name  {keyword}  while processing {text.strip()}"
            self._tell(f"{_UNHANDLED} {unknown}")
