"""`Engine`: how the scripting engine reacts to what it hears, and to commands."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from dcs_codec import LocalProtocolError, is_list, join_list, split_list
from dcs_codec.limits import MAX_POSITION
from dhs_lab.simulators.dcss.asking import Runs
from dhs_lab.simulators.dcss.circle import shorten
from dhs_lab.simulators.dcss.control import Control
from dhs_lab.simulators.dcss.database import Database
from dhs_lab.simulators.dcss.entries import EncoderEntry, ShutterEntry, StringEntry
from dhs_lab.simulators.dcss.motors import MotorEntry, PseudoMotorEntry
from dhs_lab.simulators.dcss.scripting_engine.hearing import Hearing
from dhs_lab.simulators.dcss.scripting_engine.idle import IdleList
from dhs_lab.simulators.dcss.scripting_engine.ions import NOT_SIMULATED, IonChambers
from dhs_lab.simulators.dcss.scripting_engine.motion_state import MotionState
from dhs_lab.simulators.dcss.scripting_engine.move_rules import MoveRefusal, MoveRules
from dhs_lab.simulators.dcss.scripting_engine.parents import Parents
from dhs_lab.simulators.dcss.scripting_engine.script import Script
from dhs_lab.simulators.dcss.scripting_engine.script_wait import ScriptError, Waits
from dhs_lab.simulators.dcss.scripting_engine.scripts import Scripts
from dhs_lab.simulators.dcss.sessions import Sessions
from dhs_lab.simulators.dcss.texts import c_number, first_word, rest_of, word_of
from dhs_runtime.lowlevel import DhsError, NotConnectedError, get_logger

logger = get_logger(__name__)

VIRTUAL: Final = "standardVirtualMotor"
"""The script of a motor that is only a number."""

_MOVE_STARTED: Final = "stog_motor_move_started"
_MOVE_COMPLETED: Final = "stog_motor_move_completed"
_UNHANDLED: Final = "stog_log software_severe server Unhandled error in scripting engine"
_CONFIGURED: Final = slice(4, 10)  # position, limits and switches of a pseudo motor


class Engine:
    """The scripting engine of one server; any thread may call it.

    It acts at once, in the thread of the caller; only scripts have their own threads.

    Attributes:
        control: Sends commands to DHSs.
        state: Which motors move.
        idle: The running motors and operations of the lock list.
        parents: Pseudo motors of scripts.
        waits: The waits of running scripts.
        scripts: Runs the scripts.
        tell: Sends to all GUIs, and to this engine.
        answer: Takes its answers as a hardware host, `htos_...`.
    """

    def __init__(
        self,
        control: Control,
        database: Database,
        sessions: Sessions,
        *,
        tell: Callable[[str], None],
        answer: Callable[[str], None],
        record: Callable[[Literal["->", "<-"], str], None],
    ) -> None:
        """An engine.

        Args:
            control: As the attribute.
            database: The devices.
            sessions: The DHSs.
            tell: As the attribute.
            answer: As the attribute.
            record: Records the commands to it, and its refusals of moves.
        """
        self._record = record
        self.control = control
        self.tell = tell
        self.answer = answer
        self.state = MotionState()
        self._motions = {_MOVE_STARTED: self.state.begin, _MOVE_COMPLETED: self.state.end}
        self.idle = IdleList(database, answer)
        self.parents = Parents(database, answer)
        self.waits = Waits()
        self.scripts = Scripts(self)
        self.is_stopped = self.scripts.is_stopped
        self._database = database
        self._sessions = sessions
        self._rules = MoveRules(database, self.state, self.parents)
        self._ions = IonChambers(database, tell, control.forward)
        self._hearing = Hearing(self, database)
        self.read_ion_chambers = self._ions.read
        self._commands: Mapping[str, Callable[[str], None]] = {
            "stoh_start_motor_move": self._start_move,
            "stoh_start_operation": self.scripts.start_operation,
            "stoh_stop_operation": lambda text: self.scripts.stop_operation(word_of(text, 1)),
            "stoh_set_string": self._set_string,
            "stoh_configure_pseudo_motor": self._configure,
            "stoh_configure_string": lambda _: None,  # the contents that it set
            "stoh_correct_motor_position": lambda _: None,  # what dcss has stored already
            "stoh_get_encoder": self._encoder,
            "stoh_set_encoder": self._encoder,
            "stoh_set_shutter_state": self._set_shutter,
        }

    def open(self) -> None:
        """Scripts may run from now on."""
        self.waits.open()

    def close(self) -> None:
        """End all scripts that wait, and join their threads."""
        self.waits.close()
        self.scripts.close()

    # -- hearing and aborting ----------------------------------------------------------------

    def foresee(self, text: str) -> None:
        """Enter what moves, before a GUI knows: a real engine reads the GUI's next move later."""
        change = self._motions.get(first_word(text))
        if change is not None and is_list(text):
            change([*split_list(text), ""][1])

    def hear(self, text: str) -> None:
        """Take a message to all GUIs; a text that is not a Tcl list is lost, with a log line."""
        if not is_list(text):
            if not text.startswith(_UNHANDLED):  # its own complaint, which shows such a text
                self._unhandled("missing close-brace", text)
            return
        if not text.startswith("stog_"):
            self._unhandled(f"invalid command name  {first_word(text)} ", text)
        elif self._hearing.knows(text) or self.waits.are_there:
            words = split_list(text)
            try:
                self._hearing.take(words)
            except ScriptError as error:
                self._unhandled(str(error), text)
            self.waits.hear(words)

    def aborted(self) -> None:
        """React to an abort of everything: log the motors that move."""
        moving = self.state.abort()
        if moving:
            self.tell(f"stog_log warning server Abort motor list: {' '.join(moving)}")
        self.waits.abort()

    def abort_all(self) -> None:
        """Abort everything, as the engine does after a failure."""
        self._sessions.abort_all("soft")
        self.aborted()

    # -- moves -------------------------------------------------------------------------------

    def move(self, name: str, word: str) -> Runs | None:
        """Start a move for a GUI, or refuse it (None), which aborts everything.

        Args:
            name: Name of a motor.
            word: The destination as the GUI wrote it. A number is sent as C reads it, with six
                decimals, and the shorter way on a circle; 0 or another text is sent unchanged.

        Source: dcss_gui_client.c:1463-1470, confirmed on the wire
        """
        _, motor = self._database.get(name, MotorEntry)
        sent = self._sent(motor, word)
        begun = self._move(motor, sent, sent, by_script=False)
        return None if isinstance(begun, MoveRefusal) else begun

    def objection(self, name: str, word: str) -> MoveRefusal | None:
        """Why it would refuse this move to a GUI now; nothing else happens."""
        host, motor = self._database.get(name, MotorEntry)
        return self._rules.refusal(host, motor, self._sent(motor, word), by_script=False)

    def _sent(self, motor: MotorEntry, word: str) -> str:
        """The destination that is sent for the word of a GUI."""
        number = c_number(word)
        if not number:
            return word
        with self._database.lock:
            return f"{shorten(motor.circle_mode, motor.position, number):f}"

    def move_for_script(self, name: str, destination: str) -> str | None:
        """Start a move for a script; returns the reason for the script if it is refused."""
        _, motor = self._database.get(name, MotorEntry)
        try:
            number = float(destination)
        except ValueError:
            number = 0.0
        sent = f"{number:f}" if number else destination  # dcss sends a zero unchanged
        begun = self._move(motor, destination, sent, by_script=True)
        return begun.reason or None if isinstance(begun, MoveRefusal) else None

    def _move(
        self, motor: MotorEntry, destination: str, sent: str, *, by_script: bool
    ) -> MoveRefusal | Runs:
        host, _ = self._database.get(motor.name, MotorEntry)
        refusal = self._rules.refusal(host, motor, destination, by_script=by_script)
        if refusal is not None:
            self._refuse(motor, destination, refusal)
            return refusal
        if by_script:
            self.state.begin(motor.name)
        try:
            return self.control.forward(host, f"stoh_start_motor_move {motor.name} {sent}")
        except NotConnectedError:
            self.tell(f"stog_log error server {motor.name} no_hw_host {host}")
            status = f"{{no_hw_host {host}}}"
            place = self.control.position(motor.name)
            self.tell(f"stog_motor_move_completed {motor.name} {place:f} {status}")
            return MoveRefusal(status)

    def _refuse(self, motor: MotorEntry, destination: str, refusal: MoveRefusal) -> None:
        self._record("->", f"stoh_start_motor_move {motor.name} {destination}")
        for level, line in refusal.logs:
            self.tell(f"stog_log {level} server {line}")
        end = f"{motor.name} {self.control.position(motor.name):f} {refusal.status}"
        self._record("<-", f"htos_motor_move_completed {end}")
        self.tell(f"stog_motor_move_completed {end}")  # aborts everything, too, of a DHS's motor
        self.abort_all()
        logger.debug("%s is not moved: %s", motor.name, refusal.status)

    # -- as a hardware host ------------------------------------------------------------------

    def obey(self, text: str) -> None:
        """Carry out a command to the hardware host `self`, `stoh_...`."""
        self._record("->", text)
        if not is_list(text):
            self._unhandled("missing close-brace", text)
            return
        command = self._commands.get(first_word(text))
        if command is None or self._database.find(word_of(text, 1)) is None:
            self._unhandled(f"invalid command name  {first_word(text)} ", text.strip())
            return
        try:
            command(text)
        except (DhsError, LocalProtocolError) as error:
            self._unhandled(str(error), text)

    def _unhandled(self, error: str, text: str) -> None:
        self.tell(f"{_UNHANDLED} {error} while processing {text}")

    def ask_owner(self, name: str, command: str) -> None:
        """Send a command to the owner of a device; raises NotConnectedError, DhsError."""
        owner = self._database.owner(name)
        if not owner:
            raise DhsError(f"{name} not_exist")
        self.control.forward(owner, command)

    def _set_string(self, text: str) -> None:
        name = word_of(text, 1)
        self._database.get(name, StringEntry)
        contents = join_list(split_list(rest_of(text, 2)))
        self.answer(f"htos_set_string_completed {name} normal {contents}")

    def _start_move(self, text: str) -> None:
        name, destination = word_of(text, 1), word_of(text, 2)
        _, motor = self._database.get(name, PseudoMotorEntry)
        script = self.parents.find(name)
        if script is not None:
            self.scripts.move(script, destination)
        elif motor.hardware_name == VIRTUAL and abs(number := c_number(destination)) < MAX_POSITION:
            self.answer(f"htos_motor_move_started {name} {number:f}")
            self.control.configure(name, position=number)
            self.answer(f"htos_motor_move_completed {name} {number:f} normal")
        else:
            missing = f"script {motor.hardware_name or name} of {name} is not simulated"
            self.tell(f"stog_log error server {missing}")
            place = self.control.position(name)
            self.answer(f"htos_motor_move_completed {name} {place:f} {NOT_SIMULATED}")

    def _encoder(self, text: str) -> None:
        """The command to read or set an encoder: its script is not simulated."""
        keyword, name = text.split()[:2]
        _, encoder = self._database.get(name, EncoderEntry)
        completed = f"htos_{keyword.removeprefix('stoh_')}_completed"
        self.answer(f"{completed} {name} {encoder.position:f} {NOT_SIMULATED}")

    def _set_shutter(self, text: str) -> None:
        """The same for a shutter."""
        _, shutter = self._database.get(word_of(text, 1), ShutterEntry)
        self.answer(f"htos_report_shutter_state {shutter.name} {shutter.state} {NOT_SIMULATED}")

    def _configure(self, text: str) -> None:
        """The configuration was changed: a script, if there is one, changes the children."""
        words = text.split()
        name = words[1]
        self.answer(" ".join(("htos_configure_device", name, *words[_CONFIGURED])))
        motor = self.parents.find(name)
        if motor is not None and motor.configure is not None:
            try:
                with self.parents.held():
                    motor.configure(Script(self, name, "", ""), self.control.position(name))
            except Exception as error:  # noqa: BLE001 - a script may raise anything
                failed = f"Error executing 'set' script for {name}: {error}"
                self.tell(f"stog_log error server {failed}")
