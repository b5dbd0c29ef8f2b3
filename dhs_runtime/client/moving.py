"""Motors: moves, stops, and their configuration."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from dcs_codec import EncodeError, Framing, Message, gui_codec
from dcs_codec.gui import (
    GtosAbortMotorMove,
    GtosConfigureDevice,
    GtosSetMotorPosition,
    GtosStartMotorMove,
    StogConfigurePseudoMotor,
    StogConfigureRealMotor,
    StogMotorMoveCompleted,
    StogUpdateMotorPosition,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.errors import (
    AbortedError,
    BusyError,
    FailedError,
    LimitError,
    RefusedError,
    RequestError,
)
from dhs_runtime.client.gui_link import GuiLink
from dhs_runtime.client.seen import MotorView
from dhs_runtime.client.waiting import MoveRequest, PassedOver, ReportRequest
from dhs_runtime.clock import Deadline
from dhs_runtime.number_text import any_number_text, short_number_text

ANSWER_S: Final = 10.0
"""Default time to wait for short answers, in seconds."""
MOVE_S: Final = 60.0
"""Default time to wait for a move, in seconds."""
NEAR: Final = 0.001
"""How far a report may be from a position that was set, in the motor's units."""
ENGINE: Final = "self"
"""The hardware host that is DCSS's own scripting engine."""

_TURN: Final = 360.0
_CONFIGURE: Final = (StogConfigureRealMotor, StogConfigurePseudoMotor)
_WITH_POSITION: Final = (*_CONFIGURE, StogUpdateMotorPosition, StogMotorMoveCompleted)
_NO_SETTINGS: Final = frozenset(
    {
        *("motor_name", "hardware_host", "hardware_name", "status"),
        *("binary", "surplus"),
    }
)


class MotorCommands(GuiLink):
    """The part of a client that drives motors."""

    def start_move(
        self, name: str, to: float, *, check: bool = True, timeout_s: float | None = None
    ) -> MoveRequest:
        """Start a move; use `wait` of the returned object.

        Args:
            name: The motor.
            to: Destination, in the motor's units.
            check: Whether to refuse here what DCSS would refuse, because with most refusals DCSS
                also stops the whole beamline.
            timeout_s: After this many seconds it ends with `WaitTimeoutError`; for callers that use
                `on_end` instead of waiting.

        Raises:
            NoDeviceError: There is no such motor.
            LimitError: Beyond a limit of the motor itself.
            BusyError: It is moving, or locked.
            NotConnectedError: The client is not ready.
            EncodeError: `to` is not a number that DCSS can take.
        """
        with self._changed:  # no other thread may start it between the check and the request
            motor = self.motors[name]
            if check:
                self.check_move(name, to)
            request = MoveRequest(self._requests, motor, to, self._hosts_of(motor.host))
            self._open(request, timeout_s)
        self._send_for(request, GtosStartMotorMove(motor_name=name, destination=to))
        return request

    def check_move(self, name: str, to: float) -> None:
        """Check that DCSS would not refuse a move, as far as this client knows; sends nothing.

        Raises:
            NoDeviceError, LimitError, BusyError, EncodeError: As `start_move`.
        """
        if self.motors[name].is_moving or self._is_moving_by_us(name):
            raise BusyError(name, "", f"{name}: it is moving")
        self.check_target(name, to)

    def check_target(self, name: str, to: float) -> None:
        """Like `check_move`, for a motor that may be moving now.

        Raises:
            NoDeviceError, LimitError, BusyError, EncodeError: As `start_move`.
        """
        motor = self.motors[name]
        if not math.isfinite(to):
            raise EncodeError(GtosStartMotorMove.keyword, "destination", f"is {to}")
        if motor.is_locked:
            raise BusyError(name, "", f"{name}: it is locked")
        low, high = motor.limits
        if (low is not None and to < low) or (high is not None and to > high):
            limits = " to ".join("none" if x is None else any_number_text(x) for x in (low, high))
            where = f"{short_number_text(to)} {motor.units}".rstrip()
            error = LimitError(name, "", f"{name}: {where} is beyond its limits, {limits}")
            error.limits = low, high
            raise error
        gui_codec().encode_bytes(GtosStartMotorMove(motor_name=name, destination=to), Framing.V2)

    def _is_moving_by_us(self, name: str) -> bool:
        with self._changed:
            return any(
                isinstance(each, MoveRequest) and each.name == name and each.epoch == self.epoch
                for each in self._requests
            )

    def move(
        self,
        name: str,
        to: float,
        *,
        timeout_s: float = MOVE_S,
        tolerance: float | None = None,
        check: bool = True,
    ) -> float:
        """Move a motor and wait for the end; returns the position where it stopped.

        Args:
            name: The motor.
            to: Destination, in the motor's units.
            timeout_s: Longest time to wait, in seconds. A motor that needs longer keeps moving.
            tolerance: How far from `to` it may stop, in the motor's units.
            check: As for `start_move`.

        Raises:
            RequestError: See `start_move` and `PendingRequest.wait`; `FailedError` if it stopped
                elsewhere.
        """
        return self.move_many({name: to}, timeout_s=timeout_s, tolerance=tolerance, check=check)[
            name
        ]

    def move_many(
        self,
        targets: Mapping[str, float],
        *,
        timeout_s: float = MOVE_S,
        tolerance: float | None = None,
        check: bool = True,
    ) -> dict[str, float]:
        """Move several motors at once, and wait for all; returns the positions where they stopped.

        All are checked before the first is sent.

        Raises:
            RequestError: When all are over, the first error that is not an abort, else the first;
                its `ends` has the ends of all moves.
        """
        if check:
            for name, to in targets.items():
                self.check_move(name, to)
        deadline = Deadline.after(timeout_s)
        requests = {name: self.start_move(name, to, check=False) for name, to in targets.items()}
        ends: dict[str, float] = {}
        errors: dict[str, RequestError] = {}
        for name, request in requests.items():
            try:
                ends[name] = request.wait(deadline.remaining()).position
            except RequestError as error:
                errors[name] = error
                continue
            if wrong := elsewhere(self.motors[name], ends[name], targets[name], tolerance):
                errors[name] = wrong
        if not errors:
            return ends
        worst = first_to_raise(list(errors.values()))
        worst.ends = {**ends, **errors}
        raise worst

    def stop_move(self, name: str, *, hard: bool = False) -> None:
        """Ask a motor to stop; returns when that is sent. The move ends with its own report.

        Raises:
            NoDeviceError: There is no such motor.
            RefusedError: It belongs to the scripting engine, and only `abort` stops it.
            NotConnectedError: The client is not ready.
        """
        if self.motors[name].host == ENGINE:
            raise RefusedError(name, "", f"{name}: DCSS itself moves it; only abort() stops it")
        self.send(GtosAbortMotorMove(motor_name=name, abort_arg="hard" if hard else "soft"))

    def set_position(
        self, name: str, position: float, *, timeout_s: float = ANSWER_S, tolerance: float = NEAR
    ) -> float:
        """Set the value of a motor's present position, and wait until the motor reports it.

        DCSS does not confirm it: the wait ends when a report is near `position`. For staff.

        Raises:
            RequestError: There is no such device, it is refused, or no such report comes in time.
        """
        motor = self.motors[name]

        def read(message: Message) -> float | PassedOver | None:
            if not isinstance(message, _WITH_POSITION) or message.motor_name != name:
                return None
            at = message.position
            is_other = elsewhere(motor, at, position, tolerance)
            return PassedOver(short_number_text(at)) if is_other else at

        request = ReportRequest(
            self._requests, name, self._hosts_of(motor.host), read, is_refused_by_log=True
        )
        command = GtosSetMotorPosition(motor_name=name, position=position)
        return self._answer(request, command, timeout_s)

    def configure(self, name: str, *, timeout_s: float = ANSWER_S, **settings: float) -> MotorView:
        """Change settings of a motor, and wait until DCSS sends them; returns the motor. For staff.

        Args:
            name: The motor.
            timeout_s: Longest time to wait, in seconds.
            settings: Fields of `StogConfigureRealMotor` or `StogConfigurePseudoMotor` from
                `position` on: `upper_limit=20, speed=1000`. The others stay as they are.

        Raises:
            ValueError: The motor has no such setting.
            RequestError: There is no such motor, it is refused, or DCSS does not send the settings
                in time.
        """
        motor = self.motors[name]
        known = _settings_of(motor)
        if unknown := ", ".join(sorted(set(settings) - set(known))):
            raise ValueError(f"{name} has no {unknown}; it has {', '.join(known)}")
        values = {**known, "position": motor.position, **settings}

        def read(message: Message) -> MotorView | PassedOver | None:
            if not isinstance(message, _CONFIGURE) or message.motor_name != name:
                return None
            now = self.motors[name]
            told = _settings_of(now)
            others = [
                setting
                for setting, value in settings.items()
                if not math.isclose(told[setting], value, abs_tol=1e-6)
            ]
            return PassedOver(f"another {', '.join(others)}") if others else now

        request = ReportRequest(
            self._requests, name, self._hosts_of(motor.host), read, is_refused_by_log=True
        )
        command = GtosConfigureDevice(motor_name=name, settings=tuple(values.values()))
        return self._answer(request, command, timeout_s)


def elsewhere(
    motor: MotorView, position: float, to: float, tolerance: float | None
) -> FailedError | None:
    """The error of a motor that is too far from where it should be, else None.

    dcss folds the positions of some motors into one turn, and does not say of which motors.
    """
    off = abs(position - to)
    if motor.units.startswith("deg") or motor.limits == (None, None):
        off = min(off, off % _TURN, _TURN - off % _TURN)
    if tolerance is None or off <= tolerance:
        return None
    name = motor.name
    text = f"{name}: stopped at {short_number_text(position)}, not at {short_number_text(to)}"
    return FailedError(name, NORMAL, text)


def first_to_raise(errors: Sequence[RequestError]) -> RequestError:
    """The first error that is not an abort: the other moves may have been aborted because of it."""
    return next((each for each in errors if not isinstance(each, AbortedError)), errors[0])


def _settings_of(motor: MotorView) -> dict[str, float]:
    """What `gtos_configure_device` sets, in the order of the wire."""
    values = attrs.asdict(motor.config, recurse=False)
    return {name: value for name, value in values.items() if name not in _NO_SETTINGS}
