"""`Control`: drives DHSs through a simulated DCSS, in place of a beamline's GUIs.

It skips the rules for GUIs of a real dcss: permits, and the scripting engine, which refuses moves
beyond limits or of a motor that is moving. Every command is sent, so the DHS has to refuse it.
`Scripting.from_gui` obeys the rules.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import attrs

from dcs_codec import (
    NO_DEVICE,
    EncodeError,
    Message,
    StohAbortMotorMove,
    StohChangeVectorSpeed,
    StohGetEncoder,
    StohReadIonChambers,
    StohSetEncoder,
    StohSetMotorPosition,
    StohSetShutterState,
    StohSetString,
    StohStartMotorMove,
    StohStartOperation,
    StohStartOscillation,
    StohStartVectorMove,
    StohStopOperation,
    StohStopVectorMove,
    decode_text,
)
from dhs_lab.simulators.dcss.asking import Runs, runs_of
from dhs_lab.simulators.dcss.changes import Changes
from dhs_lab.simulators.dcss.circle import fold, shorten
from dhs_lab.simulators.dcss.counting import CountingRun
from dhs_lab.simulators.dcss.database import KINDS, Database
from dhs_lab.simulators.dcss.entries import (
    IonChamberEntry,
    OperationEntry,
)
from dhs_lab.simulators.dcss.gui_texts import check_changes, reconfigured
from dhs_lab.simulators.dcss.judge import Judge
from dhs_lab.simulators.dcss.motors import MotorEntry
from dhs_lab.simulators.dcss.move_runs import MoveRun, VectorRun
from dhs_lab.simulators.dcss.readings import Readings
from dhs_lab.simulators.dcss.reports import (
    EncoderReport,
    IonChamberReport,
    PositionReport,
    ShutterReport,
    StringReport,
)
from dhs_lab.simulators.dcss.run_table import RunTable
from dhs_lab.simulators.dcss.runs import OperationRun, ReportRun
from dhs_lab.simulators.dcss.sessions import Sessions
from dhs_lab.simulators.dcss.wording import frame_of
from dhs_runtime.lowlevel import Argument, DhsError, NotConnectedError, arguments_of

CLIENT_ID = 1  # the only client is the caller of these methods

R = TypeVar("R")


class Control(Readings):
    """Drives DHSs: each method sends one message and returns a run that waits for the answer.

    All raise DhsError if the database has no such device, NotConnectedError if its DHS is not
    connected, and EncodeError if a value does not fit the wire.

    Attributes:
        changes: Marked when the database changes, with each message, and when a DHS comes or goes.
    """

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        runs: RunTable,
        judge: Judge,
        *,
        changes: Changes,
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(database)
        self._tell = tell
        self.changes = changes
        self._sessions = sessions
        self._runs = runs
        self._judge = judge
        self._counter = itertools.count(1)

    # -- operations and strings --------------------------------------------------------------

    def start_operation(
        self, name: str, *args: Argument, text: str | None = None, handle: str | None = None
    ) -> OperationRun:
        """Start an operation with these words, or with exactly this `text`.

        Its handle (`CLIENT.COUNTER`) is the next one of this client, or `handle`, which may be that
        of another client, or one that was used before.

        Raises:
            DhsError: No host of the database has this operation.
            NotConnectedError: Its DHS is not connected.
        """
        message = StohStartOperation(
            operation_name=name,
            operation_handle=handle or self.next_handle(),
            operation_args=arguments_of(args, text),
        )
        self._tell(f"stog_{str(frame_of(message)).removeprefix('stoh_')}")
        return self._ask(message, OperationRun)

    def next_handle(self) -> str:
        """The next handle of the only client: `CLIENT.COUNTER`."""
        return f"{CLIENT_ID}.{next(self._counter)}"

    def stop_operation(self, name: str, *args: Argument, text: str | None = None) -> None:
        """Send `stoh_stop_operation`; takes and raises the same as `start_operation`."""
        host, _ = self._database.get(name, OperationEntry)
        message = StohStopOperation(operation_name=name, operation_args=arguments_of(args, text))
        self._sessions.send(host, message)

    def set_string(self, name: str, contents: str) -> ReportRun[StringReport]:
        """Ask the owner of a string to set its contents; raises like `start_operation`."""
        return self.ask(StohSetString(string_name=name, string_contents=contents))

    # -- motors ------------------------------------------------------------------------------

    def move(self, name: str, destination: float | str) -> MoveRun:
        """Move a motor to a position, scaled, or to a word that its DHS knows (`home`).

        A number is sent with six decimals. A circle motor goes the shorter way: for a move from 10
        to 350 its DHS is sent to -10. But dcss forwards exactly 0 unchanged, like a word: from 350
        its DHS is sent to 0.

        Source: dcss_gui_client.c:1463-1470, confirmed on the wire except for circle motors
        """
        _, motor = self._database.get(name, MotorEntry)
        with self._database.lock:
            position = motor.position
        if not isinstance(destination, str) and destination != 0:
            destination = shorten(motor.circle_mode, position, destination)
        return self._ask(StohStartMotorMove(motor_name=name, destination=destination), MoveRun)

    def abort_move(self, name: str, how: str = "soft") -> None:
        """Stop one motor, `soft` (with deceleration) or `hard`; its move completes."""
        host, _ = self._database.get(name, MotorEntry)
        self._sessions.send(host, StohAbortMotorMove(motor_name=name, abort_arg=how))

    def set_position(self, name: str, position: float) -> ReportRun[PositionReport]:
        """Set the value of a motor's current position, scaled.

        The number is folded by the circle mode. dcss does not store it: the DHS has to report it by
        `htos_update_motor_position` or `htos_configure_device`; otherwise the next relative move of
        a script goes wrong.

        Source: dcss_gui_client.c:1210, confirmed on the wire
        """
        _, motor = self._database.get(name, MotorEntry)
        folded, _ = fold(motor.circle_mode, position)
        run: ReportRun[PositionReport] = self._ask(
            StohSetMotorPosition(motor_name=name, position=folded), ReportRun
        )
        return run

    def configure(
        self,
        name: str,
        *,
        position: float | None = None,
        upper_limit: float | None = None,
        lower_limit: float | None = None,
        scale_factor: float | None = None,
        speed: int | None = None,
        acceleration: int | None = None,
        backlash: int | None = None,
        lower_limit_on: bool | None = None,
        upper_limit_on: bool | None = None,
        motor_lock_on: bool | None = None,
        backlash_on: bool | None = None,
        reverse_on: bool | None = None,
    ) -> None:
        """Change the given values of a motor's configuration, and tell its DHS, as a GUI does.

        Units are those of `RealMotorEntry`; the position is folded by the circle mode. If the DHS
        is not connected, nothing changes.

        Raises:
            DhsError: There is no such motor, or a pseudo motor does not have one of the values.
            NotConnectedError: Its DHS is not connected.
        """
        given = {key: value for key, value in locals().items() if key not in ("self", "name")}
        given = {key: value for key, value in given.items() if value is not None}
        host, motor = self._database.get(name, MotorEntry)
        check_changes(motor, given)
        if position is not None:
            given["position"], _ = fold(motor.circle_mode, position)
        with self._database.lock:
            message = attrs.evolve(motor, **given).configuration(host)
        self._sessions.send(host, message)
        with self._database.lock:
            told = reconfigured(host, motor, given)
        self._tell(told)
        self.changes.mark()

    # -- motors together ---------------------------------------------------------------------

    def oscillate(
        self,
        motor: str,
        shutter: str | None,
        degrees: float,
        time_s: float,
        *,
        start_angle: float | None = None,
    ) -> MoveRun:
        """Turn a motor by a range, scaled, in a time with a shutter open (None: no shutter).

        The DHS answers as for a move. A newer dcss also sends the angle where the exposure begins.
        """
        message = StohStartOscillation(
            motor_name=motor,
            shutter_name=shutter or NO_DEVICE,
            oscillation_range=degrees,
            oscillation_time=time_s,
            start_angle=start_angle,
        )
        return self._ask(message, MoveRun)

    def vector_move(
        self,
        motor_1: str,
        motor_2: str | None,
        destination_1: float,
        destination_2: float,
        speed: float,
    ) -> VectorRun:
        """Move two motors (or one: None) along a straight line; the owner of the first gets it.

        Destinations are scaled; the unit of the speed depends on the DHS.
        """
        message = StohStartVectorMove(
            motor_name_1=motor_1,
            motor_name_2=motor_2 or NO_DEVICE,
            destination_1=destination_1,
            destination_2=destination_2,
            speed=speed,
        )
        runs = self._begin(message)
        return VectorRun(tuple(run for run in runs if isinstance(run, MoveRun)))

    def stop_vector_move(self, motor_1: str, motor_2: str | None = None) -> None:
        """Stop a vector move; its moves complete."""
        host, _ = self._database.get(motor_1, MotorEntry)
        message = StohStopVectorMove(motor_name_1=motor_1, motor_name_2=motor_2 or NO_DEVICE)
        self._sessions.send(host, message)

    def change_vector_speed(self, motor_1: str, motor_2: str | None, speed: float) -> None:
        """Change the speed of a vector move that is running."""
        host, _ = self._database.get(motor_1, MotorEntry)
        message = StohChangeVectorSpeed(
            motor_name_1=motor_1, motor_name_2=motor_2 or NO_DEVICE, speed=speed
        )
        self._sessions.send(host, message)

    # -- the other devices -------------------------------------------------------------------

    def set_shutter(self, name: str, state: str) -> ReportRun[ShutterReport]:
        """Ask for a shutter `open` or `closed`; any other word is sent, too.

        A `normal` report of the other state is not an answer: DHSs send one when a shutter is
        registered, and it may arrive late.
        """
        return self.ask(StohSetShutterState(shutter_name=name, shutter_state=state))

    def read_ion_chambers(
        self, time_s: float, names: Iterable[str], *, repeat: bool = False
    ) -> CountingRun:
        """Let ion chambers count for a time; each DHS gets a command for those that it owns.

        The scripting engine groups them like this; dcss itself would ask the owner of the first for
        all. From a GUI of a real dcss, `repeat` never reaches a DHS: the engine clears it.
        """
        owned: dict[str, list[str]] = {}
        for name in names:
            owned.setdefault(self._database.get(name, IonChamberEntry)[0], []).append(name)
        if not owned:
            raise DhsError("no ion chamber was named")
        for host in owned:  # check all first: if one is offline, nothing is sent
            self._sessions.session(host)
        parts: list[ReportRun[IonChamberReport]] = [
            self._ask(
                StohReadIonChambers(
                    ion_chamber_time=time_s, is_repeated=repeat, ion_chamber_names=tuple(chambers)
                ),
                ReportRun,
            )
            for chambers in owned.values()
        ]
        return CountingRun(parts)

    def get_encoder(self, name: str) -> ReportRun[EncoderReport]:
        """Read an encoder."""
        return self.ask(StohGetEncoder(encoder_name=name))

    def set_encoder(self, name: str, position: float) -> ReportRun[EncoderReport]:
        """Set the value of an encoder's current position, scaled."""
        return self.ask(StohSetEncoder(encoder_name=name, position=position))

    def ask(self, message: Message) -> ReportRun[Any]:
        """Send any command that one report answers to the owner of a device; see `Entry.answers`.

        Raises:
            DhsError: No kind of device has such a command, or there is no such device.
            NotConnectedError: Its DHS is not connected.
        """
        kind = next((kind for kind in KINDS if type(message) in kind.answers), None)
        if kind is None:
            raise DhsError(f"{message.keyword} is not answered by one report of one device")
        return self._ask(message, ReportRun)

    def abort_all(self, how: str = "soft") -> None:
        """Send `stoh_abort_all` to every connected DHS; without an argument if `how` is ""."""
        self._sessions.abort_all(how)

    # -- asking ------------------------------------------------------------------------------

    def forward(self, host: str, text: str) -> Runs:
        """Forward a text to a DHS unchanged; returns the runs that wait for the answers.

        Raises:
            NotConnectedError: Its DHS is not connected.
            EncodeError: No frame holds the text.
        """
        message = decode_text(text)
        try:
            runs = runs_of(self._database, message)
        except DhsError:  # any name may be sent, but no run waits for the answer
            runs = {}
        self._send(runs, text, lambda: self._sessions.forward(host, text))
        return runs

    def _ask(self, message: Message, kind: type[R]) -> R:
        """Send a command that has one run, and return that run."""
        (run,) = self._begin(message)
        assert isinstance(run, kind)  # noqa: S101 - by the class of the message
        return run

    def _begin(self, message: Message) -> Runs:
        runs = runs_of(self._database, message)
        host = next(iter(runs)).hardware_host
        text = str(frame_of(message))
        self._send(runs, text, lambda: self._sessions.send(host, message))
        return runs

    def _send(self, runs: Runs, asked: str, send: Callable[[], None]) -> None:
        """Send the command of these runs.

        The runs are entered first: an answer may come before `send` returns, and they fail if the
        DHS is lost meanwhile.
        """
        for run, keys in runs.items():
            run.asked = asked
            self._runs.add(run, *keys)
        try:
            send()
        except (NotConnectedError, EncodeError):
            for run, keys in runs.items():
                self._runs.remove(run, *keys)
            raise
        for run in runs:
            self._judge.watch(run)
