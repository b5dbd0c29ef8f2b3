"""`DcssClient`: drives a beamline through DCSS's GUI port."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Self

from dcs_codec import (
    DecodeError,
    EncodeError,
    IonChamberFailure,
    Message,
    ShutterState,
    join_list,
)
from dcs_codec.gui import (
    GtosBecomeMaster,
    GtosBecomeSlave,
    GtosReadIonChambers,
    GtosSetShutterState,
    GtosSetString,
    GtosStartMotorMove,
    GtosStartOperation,
    StogBecomeMaster,
    StogBecomeSlave,
    StogReportIonChambers,
    StogReportShutterState,
    StogSetStringCompleted,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.errors import (
    AbortedError,
    BusyError,
    FailedError,
    LimitError,
    MasterTakenError,
    PermissionRefusedError,
    RequestError,
    error_of,
)
from dhs_runtime.client.gui_link import GuiLink
from dhs_runtime.client.picture import MotorView
from dhs_runtime.client.waiting import (
    CountEnd,
    MoveEnd,
    MoveRequest,
    OperationEnd,
    PendingRequest,
    ReportRequest,
    StartedOperation,
)
from dhs_runtime.clock import Deadline

ANSWER_S: Final = 10.0
"""How long short answers are waited for where nothing else is said, in seconds."""
MOVE_S: Final = 60.0
"""How long a move is waited for where nothing else is said, in seconds."""

_BLANKED: Final = str.maketrans(dict.fromkeys('[]$;"\n', " "))  # by dcss, in all that it passes on


class DcssClient(GuiLink):
    """A client of DCSS's GUI port.

    Commands raise `NotConnectedError` at once while it is not ready: nothing is kept for later.
    Calls that wait have a deadline, and raise a `RequestError` that says how it ended.

    Example:
        >>> with DcssClient("localhost:14243", user="anna") as dcss:  # doctest: +SKIP
        ...     dcss.move("gonio_phi", 90, timeout_s=30)
    """

    # -- motors -------------------------------------------------------------------------------

    def start_move(self, name: str, to: float, *, check: bool = True) -> PendingRequest[MoveEnd]:
        """Begin a move; `wait` of what it returns waits for its end.

        Args:
            name: The motor.
            to: Where to, in the motor's units.
            check: Whether to refuse here what DCSS would refuse: for most refusals it also stops
                the whole beamline.

        Raises:
            NoDeviceError: There is no such motor.
            LimitError: Beyond a limit of the motor itself.
            BusyError: It moves, or is locked.
            NotConnectedError: The client is not ready.
            EncodeError: `to` is no number that DCSS can take.
        """
        motor = self.motors[name]
        if check:
            self._check_move(motor, to)
        hosts = frozenset({motor.host})
        request = MoveRequest(self, name, hosts, was_moving=bool(motor.is_moving))
        self._ask(request, GtosStartMotorMove(motor_name=name, destination=to))
        return request

    def _check_move(self, motor: MotorView, to: float) -> None:
        name = motor.name
        if not math.isfinite(to):
            raise EncodeError(GtosStartMotorMove.keyword, "destination", f"is {to}")
        if motor.is_moving or self._is_moving_by_us(name):
            raise BusyError(name, "", f"{name}: it moves")
        if motor.is_locked:
            raise BusyError(name, "", f"{name}: it is locked")
        low, high = motor.limits
        if (low is not None and to < low) or (high is not None and to > high):
            text = f"{name}: {to:g} {motor.units} is beyond its limits, {low} to {high}"
            raise LimitError(name, "", text)

    def move(
        self,
        name: str,
        to: float,
        *,
        timeout_s: float = MOVE_S,
        tolerance: float | None = None,
        check: bool = True,
    ) -> float:
        """Move a motor and wait for its end; the position where it came to rest.

        Args:
            name: The motor.
            to: Where to, in the motor's units.
            timeout_s: Longest time to wait, in seconds. A motor that needs longer moves on.
            tolerance: How far from `to` it may come to rest, in the motor's units.
            check: As for `start_move`.

        Raises:
            RequestError: As `start_move`, and as `PendingRequest.wait`; `FailedError` where it
                came to rest elsewhere.
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
        """Move several motors at once, and wait for all of them; where they came to rest.

        All are checked before the first is sent.

        Raises:
            RequestError: When all are over, the first that was no abort, else the first.
        """
        if check:
            for name, to in targets.items():
                self._check_move(self.motors[name], to)
        deadline = Deadline.after(timeout_s)
        requests = {name: self.start_move(name, to, check=False) for name, to in targets.items()}
        ends: dict[str, float] = {}
        errors: list[RequestError] = []
        for name, request in requests.items():
            try:
                ends[name] = request.wait(deadline.remaining()).position
            except RequestError as error:
                errors.append(error)
                continue
            if tolerance is not None and abs(ends[name] - targets[name]) > tolerance:
                text = f"{name}: came to rest at {ends[name]:g}, not at {targets[name]:g}"
                errors.append(FailedError(name, NORMAL, text))
        if errors:
            raise next((each for each in errors if not isinstance(each, AbortedError)), errors[0])
        return ends

    # -- shutters, strings, counts ------------------------------------------------------------

    def set_shutter(
        self, name: str, state: ShutterState | str, *, timeout_s: float = ANSWER_S
    ) -> None:
        """Open or close a shutter, `open` or `closed`, and wait until it says so.

        Raises:
            ValueError: Another state.
            RequestError: There is none, it is refused, or it does not come to that state in time.
        """
        wanted = ShutterState(state)
        hosts = frozenset({self.shutters[name].host})

        def read(message: Message) -> bool | RequestError | None:
            if not isinstance(message, StogReportShutterState) or message.shutter_name != name:
                return None
            if message.result not in ("", NORMAL):
                return error_of(name, message.result)
            return True if message.shutter_state == wanted else None

        request = ReportRequest(self, name, hosts, read, refused_by_log=True)
        self._answer(
            request, GtosSetShutterState(shutter_name=name, shutter_state=wanted.value), timeout_s
        )

    def set_string(
        self,
        name: str,
        contents: str,
        *,
        timeout_s: float = ANSWER_S,
        accept: Callable[[str], bool] | None = None,
    ) -> str:
        """Set a string, and wait until it has the contents; those that it has then.

        A report of other contents is taken for somebody else's. A DHS that changes what it is
        given needs `accept`, which says of contents whether they are the answer.

        Raises:
            RequestError: There is none, it is refused, or the contents do not come in time.
        """
        hosts = frozenset({self.strings[name].host})
        wanted = contents.translate(_BLANKED).split()

        def is_ours(found: str) -> bool:
            return accept(found) if accept is not None else found.split() == wanted

        def read(message: Message) -> str | RequestError | None:
            if not isinstance(message, StogSetStringCompleted) or message.string_name != name:
                return None
            if message.string_status != NORMAL:
                return error_of(name, message.string_status)
            return message.string_contents if is_ours(message.string_contents) else None

        request = ReportRequest(self, name, hosts, read, refused_by_log=True)
        return self._answer(
            request, GtosSetString(string_name=name, string_contents=contents), timeout_s
        )

    def wait_string(
        self, name: str, wanted: str | Callable[[str], bool], *, timeout_s: float
    ) -> str:
        """Wait until a string has certain contents, or those of which a function says so.

        Raises:
            NoDeviceError: There is no such string.
            WaitTimeoutError: Not within `timeout_s` seconds.
        """

        def holds() -> bool:
            contents = self.strings[name].contents
            return contents == wanted if isinstance(wanted, str) else wanted(contents)

        _ = self.strings[name]
        self.wait(holds, timeout_s)
        return self.strings[name].contents

    def count(self, time_s: float, *names: str, timeout_s: float | None = None) -> CountEnd:
        """Count with ion chambers for a time, and wait for the reports of all their DHSs.

        Args:
            time_s: How long to count, in seconds.
            names: The ion chambers, one at least.
            timeout_s: Longest time to wait; by default 10 s more than `time_s`.

        Raises:
            RequestError: There is no such ion chamber, a DHS is away or cannot count, or a report
                does not come in time.
        """
        if not names:
            raise ValueError("names no ion chamber")
        hosts = frozenset(self.ion_chambers[name].host for name in names)
        missing = set(names)
        counts: dict[str, float] = {}
        counted_s = [time_s]

        def read(message: Message) -> CountEnd | RequestError | None:
            if not isinstance(message, StogReportIonChambers):
                return None
            try:
                result = message.result
            except DecodeError:
                return None
            if isinstance(result, IonChamberFailure):
                is_ours = missing.issuperset(result.names)
                return error_of(" ".join(result.names), result.reason) if is_ours else None
            if not missing.issuperset(reading.name for reading in result):
                return None
            counted_s[0] = message.ion_chamber_time
            counts.update({reading.name: reading.counts for reading in result})
            missing.difference_update(counts)
            return None if missing else CountEnd(counted_s[0], counts)

        request = ReportRequest(self, " ".join(names), hosts, read)
        command = GtosReadIonChambers(
            ion_chamber_time=time_s, is_repeated=False, ion_chamber_names=names
        )
        return self._answer(request, command, time_s + ANSWER_S if timeout_s is None else timeout_s)

    # -- operations ---------------------------------------------------------------------------

    def start_operation(
        self, name: str, *args: object, text: str | None = None
    ) -> StartedOperation:
        """Start an operation; `follow` and `wait` of what it returns tell the rest.

        Args:
            name: The operation.
            args: Its arguments, each a word of a Tcl list.
            text: Its arguments as one text, instead of `args`.

        Raises:
            NoDeviceError: There is no such operation.
            NotConnectedError: The client is not ready.
            EncodeError: The arguments do not fit the wire, or are no Tcl list.
        """
        hosts = frozenset({self.operations[name].host})
        words = join_list(str(arg) for arg in args) if text is None else text
        run = StartedOperation(self, name, hosts, self._next_handle())
        command = GtosStartOperation(
            operation_name=name, operation_handle=run.handle, operation_args=words
        )
        self._ask(run, command)
        return run

    def run_operation(
        self, name: str, *args: object, text: str | None = None, timeout_s: float
    ) -> OperationEnd:
        """Start an operation and wait for its end; raises as `start_operation` and `wait`."""
        return self.start_operation(name, *args, text=text).wait(timeout_s)

    # -- master -------------------------------------------------------------------------------

    def become_master(self, *, take: bool = False, timeout_s: float = ANSWER_S) -> None:
        """Become master; DCSS gives it to anybody, so that others are asked here.

        Raises:
            MasterTakenError: Another client is master, and `take` is False.
            PermissionRefusedError: DCSS refuses it.
        """
        for number, row in self.clients.items():
            if row.is_master and number != self.client_id and not (take or self.is_master):
                text = f"{row.user} on {row.host} is master"
                raise MasterTakenError(row.user, "", text)

        def read(message: Message) -> bool | RequestError | None:
            if isinstance(message, StogBecomeMaster):
                return True
            if isinstance(message, StogBecomeSlave):
                text = f"DCSS does not make us master: {message.reason or 'no reason told'}"
                return PermissionRefusedError("master", message.reason, text)
            return None

        request = ReportRequest(self, "master", frozenset(), read)
        self._answer(request, GtosBecomeMaster(), timeout_s)

    def release_master(self, *, timeout_s: float = ANSWER_S) -> None:
        """Be master no longer."""

        def read(message: Message) -> bool | None:
            return isinstance(message, StogBecomeSlave) or None

        request = ReportRequest(self, "master", frozenset(), read)
        self._answer(request, GtosBecomeSlave(), timeout_s)

    @contextmanager
    def master(self, *, take: bool = False, timeout_s: float = ANSWER_S) -> Iterator[Self]:
        """Be master inside the block; released after it if it was not before."""
        was_master = self.is_master
        self.become_master(take=take, timeout_s=timeout_s)
        try:
            yield self
        finally:
            if not was_master and self.epoch:
                self.release_master(timeout_s=timeout_s)
