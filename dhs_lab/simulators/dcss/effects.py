"""`Effects`: what a message from a DHS does to the database, to runs and to DHSs.

dcss ignores unknown messages, with a line in its log, and keeps the connection. A message that
would hang or kill a real dcss is ignored here, with a line that says so.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import attrs

from dcs_codec import (
    EncodeError,
    HtosConfigureDevice,
    HtosLimitHit,
    HtosLog,
    HtosMotorCorrectStarted,
    HtosMotorMoveCompleted,
    HtosMotorMoveStarted,
    HtosNote,
    HtosOperationCompleted,
    HtosOperationUpdate,
    HtosReportIonChambers,
    HtosSendConfiguration,
    HtosSetStringCompleted,
    HtosSimulatingDevice,
    HtosStartOperation,
    HtosUpdateMotorPosition,
    IonChamberFailure,
    LogLevel,
    MalformedMessage,
    Message,
    MotorStatus,
    OperationStatus,
    StohCorrectMotorPosition,
)
from dhs_lab.simulators.dcss.circle import after_configuration, after_move, fold
from dhs_lab.simulators.dcss.database import Database, by_report
from dhs_lab.simulators.dcss.entries import IonChamberEntry, StringEntry
from dhs_lab.simulators.dcss.entry import Entry
from dhs_lab.simulators.dcss.gui_texts import positioned, reconfigured, too_long
from dhs_lab.simulators.dcss.hazards import hazard_of, hazard_of_motor
from dhs_lab.simulators.dcss.judge import Judge, VerdictKind, keyword_of
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.move_runs import MoveRun
from dhs_lab.simulators.dcss.reports import (
    IonChamberReport,
    PositionReport,
)
from dhs_lab.simulators.dcss.run_table import RunTable
from dhs_lab.simulators.dcss.runs import OperationRun, ReportRun
from dhs_lab.simulators.dcss.scanning import scan
from dhs_lab.simulators.dcss.sessions import Sessions
from dhs_runtime.lowlevel import get_logger

logger = get_logger(__name__)

D = TypeVar("D", bound=Entry)

_FORWARDED: Final[tuple[type[Message], ...]] = (
    HtosLimitHit,
    HtosMotorCorrectStarted,
    HtosSimulatingDevice,
    HtosStartOperation,
)
"""Messages that dcss only forwards to GUIs and the scripting engine."""

_LEVELS: Final[dict[str, int]] = {LogLevel.NOTE: logging.INFO, LogLevel.WARNING: logging.WARNING}
"""Log levels for the lines of the beamline's log, which a GUI would show; others are errors."""

_MOVE_STARTED: Final = "stog_motor_move_started"
_POSITION: Final = "stog_update_motor_position"
_MOVE_COMPLETED: Final = "stog_motor_move_completed"


class Effects:
    """The reactions to messages; the thread of the DHS's connection calls them."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        runs: RunTable,
        judge: Judge,
        *,
        reset_range: float,
        tell: Callable[[str], None],
    ) -> None:
        """The reactions of a server.

        Args:
            database: The devices.
            sessions: The DHSs.
            runs: What DHSs were asked to do.
            judge: Gets what DHSs do wrong.
            reset_range: `motor.circular.reset_range`, degrees.
            tell: Tells all GUIs and the scripting engine, which aborts if it has to.
        """
        self._tell = tell
        self._database = database
        self._sessions = sessions
        self._runs = runs
        self._judge = judge
        self._reset_range = reset_range
        self._reactions: dict[type[Message], Callable[[str, Any, str], None]] = {
            HtosMotorMoveStarted: self._move_started,
            HtosUpdateMotorPosition: self._position_updated,
            HtosMotorMoveCompleted: self._move_completed,
            HtosSendConfiguration: self._send_configuration,
            HtosReportIonChambers: self._ion_chambers_reported,
            HtosLog: self._logged,
            HtosNote: self._noted,
            HtosOperationUpdate: self._operation_answered,
            HtosOperationCompleted: self._operation_answered,
            **by_report(lambda kind: partial(self._reported, kind)),
            HtosSetStringCompleted: self._string_reported,
        }
        passed_on: tuple[type[Message], ...] = (
            HtosConfigureDevice,
            *self._reactions,
            *_FORWARDED,
        )
        self._passed_on = {kind.keyword for kind in passed_on}

    def take(self, hardware_host: str, message: Message, text: str) -> None:
        """React to a message from this DHS, which came as this text."""
        words = text.split()
        if keyword_of(text) in self._passed_on:
            self._judge.read(hardware_host, text)
        if danger := hazard_of(message):
            self._hazard(hardware_host, f"a real dcss {danger}; ignored")
        elif words[:1] == [HtosConfigureDevice.keyword]:
            self._configure(hardware_host, message, words[1:])
        elif reaction := self._reactions.get(type(message)):
            reaction(hardware_host, message, _forwarded(text))
        elif isinstance(message, MalformedMessage) and words:
            self._take_malformed(hardware_host, message)
        elif isinstance(message, _FORWARDED):
            self._tell(_forwarded(text))
        else:
            logger.info("%s sent a message that dcss ignores: %.200s", hardware_host, text)

    def lose(self, hardware_host: str, *, stopping: bool, by_itself: bool) -> None:
        """Log a DHS out, and do what the scripting engine does when a DHS has disconnected.

        If it left by itself, each command without an answer is a verdict. If this server stops,
        only operations without an answer are: the time for other answers is not over.

        The scripting engine then fails all tasks of the DHS, and aborts everything.
        """
        devices = self._database.hosts[hardware_host].devices
        with self._database.lock:
            for motor in devices:
                if isinstance(motor, MotorEntry):
                    motor.is_moving = False
        lost = self._sessions.log_out(hardware_host, lambda: self._runs.of(hardware_host))
        if not stopping:
            self._tell(f"stog_configure_hardware_host {hardware_host} self offline")
        for run in lost:
            if run.is_over:
                pass  # a repeated one already had reports
            elif stopping and run.takes_s is None:
                self._judge.unanswered(run, "before the end")
            elif by_itself and not stopping:
                self._judge.unanswered(run, "before it disconnected")
            run.fail(f"no_hw_host_{hardware_host}")

    # -- for people --------------------------------------------------------------------------

    def _logged(self, _: str, message: HtosLog, told: str) -> None:
        level = _LEVELS.get(message.log_level, logging.ERROR)
        logger.log(level, "htos_log of %s: %s", message.log_sender, _shown(message.log_message))
        self._tell(told)

    def _noted(self, _: str, message: HtosNote, told: str) -> None:
        logger.info("htos_note: %s", _shown(message.note_message))
        self._tell(told)

    # -- motors ------------------------------------------------------------------------------

    def _move_started(self, host: str, message: HtosMotorMoveStarted, _: str) -> None:
        motor = self._motor(host, message, message.destination)
        if motor is None:
            return
        with self._database.lock:
            motor.is_moving = True
        destination = fold(motor.circle_mode, message.destination)[0]
        self._tell(f"{_MOVE_STARTED} {motor.name} {destination:f}")
        if run := self._runs.find(MoveRun, "move", motor.name):
            run.start(destination)

    def _position_updated(self, host: str, message: HtosUpdateMotorPosition, _: str) -> None:
        motor = self._motor(host, message, message.position)
        if motor is None:
            return
        kept, __ = after_move(motor.circle_mode, message.position, self._reset_range)
        with self._database.lock:
            motor.position = kept
        folded = fold(motor.circle_mode, message.position)[0]
        self._tell(positioned(_POSITION, motor, message.position, message.status))
        if run := self._runs.find(MoveRun, "move", motor.name):
            run.update(folded)
        self._position_told(motor, folded, message.status)

    def _position_told(self, motor: MotorEntry, position: float, status: str) -> None:
        """Enter the answer to a command that sets a motor's position."""
        for run in self._runs.waiting(ReportRun, "set_position", motor.name)[:1]:
            run.take(PositionReport(position, status))

    def _move_completed(self, host: str, message: HtosMotorMoveCompleted, _: str) -> None:
        motor = self._motor(host, message, message.position)
        if motor is None:
            return
        kept, correction = after_move(motor.circle_mode, message.position, self._reset_range)
        with self._database.lock:
            motor.position = kept
            motor.is_moving = False
        self._correct(motor, correction)
        if message.status == MotorStatus.NORMAL:
            goals = [each.goal for each in self._runs.waiting(MoveRun, "move", motor.name)]
            known = [goal for goal in goals if goal is not None]
            if len(known) == len(goals):
                self._judge.moved(host, motor, message.position, known)
        self._tell(positioned(_MOVE_COMPLETED, motor, message.position, message.status))
        if run := self._runs.find(MoveRun, "move", motor.name):
            run.complete(fold(motor.circle_mode, message.position)[0], message.status)

    def _configure(self, host: str, message: Message, words: list[str]) -> None:
        """Store the words after the name by position, up to the first that dcss cannot scan."""
        motor = self._find(host, message, words[0] if words else "", MotorEntry)
        if motor is None:
            return
        values = scan(words[1:], motor.scanned)
        position = values.get("position")
        correction = 0
        if position is not None:
            if danger := hazard_of_motor(motor, message, position):
                self._hazard(host, f"a real dcss {danger}; ignored")
                return
            values["position"], correction = after_configuration(
                motor.circle_mode, position, self._reset_range
            )
        owner, _ = self._database.get(motor.name, MotorEntry)
        try:
            with self._database.lock:
                told = reconfigured(owner, motor, values)
        except EncodeError as error:
            self._hazard(host, f"a real dcss would store this: {error}; ignored")
            return
        self._correct(motor, correction)
        self._tell(told)
        if position is not None:
            self._position_told(motor, fold(motor.circle_mode, position)[0], MotorStatus.NORMAL)

    def _correct(self, motor: MotorEntry, correction: int) -> None:
        if correction:
            owner, _ = self._database.get(motor.name, MotorEntry)
            message = StohCorrectMotorPosition(motor_name=motor.name, correction=correction)
            self._sessions.try_to_send(owner, message)

    def _motor(self, host: str, message: Any, position: float) -> MotorEntry | None:
        motor = self._find(host, message, message.motor_name, MotorEntry)
        if motor is not None and (danger := hazard_of_motor(motor, message, position)):
            self._hazard(host, f"a real dcss {danger}; ignored")
            return None
        return motor

    # -- the other devices -------------------------------------------------------------------

    def _send_configuration(self, host: str, message: HtosSendConfiguration, _: str) -> None:
        """Send a device's configuration to its owner, even if another DHS asked."""
        found = self._database.find(message.device_name)
        if found is None:
            logger.info("dcss ignores %s of an unknown device", message)
            return
        host, device = found
        with self._database.lock:
            configuration = device.configuration(host)
        self._sessions.try_to_send(host, configuration)

    def _reported(self, kind: type[Entry], host: str, message: Message, told: str) -> None:
        """A report about one device, which answers a command for it."""
        entry = self._find(host, message, getattr(message, kind.name_field), kind)
        if entry is None:
            return
        with self._database.lock:
            report = entry.take(message)
        self._tell(told)
        if run := self._runs.find(ReportRun, message.keyword, entry.name):
            run.take(report)

    def _string_reported(self, host: str, message: HtosSetStringCompleted, told: str) -> None:
        """As `_reported`; dcss looks for the contents as if one blank followed each word."""
        words = (message.keyword, message.string_name, message.string_status)
        contents = told[sum(len(word) + 1 for word in words) :]
        if contents != message.string_contents:
            self._hazard(host, f"a real dcss counts one blank for each word and takes {contents!r}")
        if line := too_long(message.string_name, contents):
            self._tell(line)
        self._reported(StringEntry, host, attrs.evolve(message, string_contents=contents), told)

    def _ion_chambers_reported(self, host: str, message: HtosReportIonChambers, told: str) -> None:
        result = message.result
        if isinstance(result, IonChamberFailure):
            names, counts, status = result.names, {}, result.reason
            if any(self._database.find(name) is None for name in names):
                self._judge.find(
                    host,
                    VerdictKind.STATUS,
                    f"its reason is not one word and not in braces, so {names[-1]!r} was read as "
                    f"an ion chamber: {' '.join((*names, status))}",
                )
        else:
            counts = {reading.name: reading.counts for reading in result}
            names, status = tuple(counts), OperationStatus.NORMAL
            if unknown := [name for name in names if self._database.find(name) is None]:
                self._hazard(
                    host,
                    f"a real dcss would loop for ever at {unknown[0]}, which is not in the "
                    "database, and read nothing more from this DHS; ignored",
                )
                return
        for name in counts:
            ion_chamber = self._find(host, message, name, IonChamberEntry)
            if ion_chamber is not None:
                with self._database.lock:
                    ion_chamber.counts = counts[name]
        self._tell(told)
        report = IonChamberReport(message.ion_chamber_time, counts, status)
        runs = (self._runs.find(ReportRun, "ion_chamber", name) for name in names)
        for run in {id(run): run for run in runs if run is not None}.values():
            run.take(report, is_last=status != OperationStatus.NORMAL)

    def _operation_answered(
        self, host: str, message: HtosOperationUpdate | HtosOperationCompleted, told: str
    ) -> None:
        if message.binary:
            logger.info("a real dcss would write %d bytes to a file", len(message.binary))
        run = self._runs.find(
            OperationRun, "operation", message.operation_name, message.operation_handle
        )
        if run and isinstance(message, HtosOperationCompleted) and run.is_over:
            self._judge.find(
                host,
                VerdictKind.SECOND_ANSWER,
                f"{run.asked!r} is over already: {run.completions[0].status}; "
                f"completed again: {message.operation_status}",
            )
        self._tell(told)
        if run:
            run.take(message)
        else:
            logger.warning("answer to an operation that was never started: %s", message)

    # -- odd messages ------------------------------------------------------------------------

    def _take_malformed(self, hardware_host: str, message: MalformedMessage) -> None:
        self._hazard(
            hardware_host,
            "a real dcss reads this without a check, with stale values for what is missing or "
            f"wrong ({message.field} {message.reason}); ignored: {message.text:.200}",
        )

    def _find(self, host: str, message: Message, name: str, kind: type[D]) -> D | None:
        """The device of this kind, None (and a line in the log) if there is none."""
        found = self._database.find(name)
        if found is None:
            logger.info("dcss ignores a message about the unknown device %s: %s", name, message)
            return None
        if isinstance(found[1], kind):
            return found[1]
        self._hazard(
            host,
            f"{name} is of kind {found[1].kind}: a real dcss does not look and would write "
            f"over its record; ignored: {message}",
        )
        return None

    def _hazard(self, host: str, text: str) -> None:
        self._judge.find(host, VerdictKind.HAZARD, text)


def _forwarded(text: str) -> str:
    """A text of a DHS as GUIs get it: dcss overwrites the first and the fourth letter.

    Source: what a real dcss made of a text with a leading blank
    """
    text = text.partition("\0")[0]
    return f"s{text[1:3]}g{text[4:]}"


def _shown(text: str) -> str:
    """A text for a line of the log."""
    return text if text.isprintable() else repr(text)
