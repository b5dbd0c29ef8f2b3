"""`DcssClient`: drives a beamline through DCSS's GUI port."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final, Self

from dcs_codec import DecodeError, IonChamberFailure, Message, ShutterState, join_list
from dcs_codec.gui import (
    GtosBecomeMaster,
    GtosBecomeSlave,
    GtosGetEncoder,
    GtosReadIonChambers,
    GtosSetEncoder,
    GtosSetShutterState,
    GtosSetString,
    GtosStartOperation,
    GtosStopOperation,
    StogBecomeMaster,
    StogBecomeSlave,
    StogGetEncoderCompleted,
    StogLog,
    StogReportIonChambers,
    StogReportShutterState,
    StogSetEncoderCompleted,
    StogSetStringCompleted,
)
from dhs_runtime.answers import NORMAL
from dhs_runtime.client.errors import (
    LinkLostError,
    MasterTakenError,
    PermissionRefusedError,
    RequestError,
    WaitTimeoutError,
    error_of,
)
from dhs_runtime.client.moving import ANSWER_S, MotorCommands
from dhs_runtime.client.pending import PendingRequest
from dhs_runtime.client.waiting import (
    CountEnd,
    OperationEnd,
    PassedOver,
    ReportRequest,
    StartedOperation,
)
from dhs_runtime.errors import DhsError, NotConnectedError

LIST_S: Final = 1.0
"""How long to wait for DCSS to list its clients, in seconds."""
SLAVE_S: Final = 1.0
"""`stog_become_slave` is not a refusal if `stog_become_master` follows within this time."""
_NO_PRIVILEGE: Final = "Insufficient privilege to become"
_BLANKED: Final = str.maketrans(dict.fromkeys('[]$;"\n', " "))
_PRIVATE: Final = "PRIVATE"


def _as_broadcast(contents: str) -> list[str]:
    """The words of a text as dcss forwards it: some signs are blanks, private words are hidden."""
    return [
        _PRIVATE + "X" * (len(word) - len(_PRIVATE)) if word.startswith(_PRIVATE) else word
        for word in contents.translate(_BLANKED).split()
    ]


class DcssClient(MotorCommands):
    """A client of DCSS's GUI port.

    While it is not ready, commands raise `NotConnectedError` at once: nothing is queued.
    Calls that wait have a deadline, and raise a `RequestError` that says why they failed.

    Example:
        >>> with DcssClient("localhost:14243", user="anna") as dcss:  # doctest: +SKIP
        ...     dcss.move("gonio_phi", 90, timeout_s=30)
    """

    # -- shutters, strings, ion chambers -------------------------------------------------------

    def set_shutter(
        self, name: str, state: ShutterState | str, *, timeout_s: float = ANSWER_S
    ) -> None:
        """Open or close a shutter, `open` or `closed`, and wait for its report.

        Raises:
            ValueError: `state` is neither of the two.
            RequestError: There is no such shutter, it is refused, or the report does not come in
                time.
        """
        self._end_of(self.start_set_shutter(name, state, timeout_s=timeout_s))

    def start_set_shutter(
        self, name: str, state: ShutterState | str, *, timeout_s: float | None = None
    ) -> PendingRequest[bool]:
        """As `set_shutter`, without waiting; `timeout_s` as for `start_move`."""
        wanted = ShutterState(state)
        hosts = self._hosts_of(self.shutters[name].host)

        def read(message: Message) -> bool | RequestError | PassedOver | None:
            if not isinstance(message, StogReportShutterState) or message.shutter_name != name:
                return None
            if message.result not in ("", NORMAL):
                return error_of(name, message.result)
            state = message.shutter_state
            return True if state == wanted else PassedOver(state)

        request = ReportRequest(self._requests, name, hosts, read, is_refused_by_log=True)
        command = GtosSetShutterState(shutter_name=name, shutter_state=wanted.value)
        self._ask(request, command, timeout_s)
        return request

    def set_string(
        self,
        name: str,
        contents: str,
        *,
        timeout_s: float = ANSWER_S,
        accept: Callable[[str], bool] | None = None,
    ) -> str:
        """Set a string, and wait until it has the contents; returns them.

        A report of other contents is taken for an answer to somebody else. If the DHS changes the
        contents, pass `accept`, which decides whether contents are the answer.

        Raises:
            RequestError: There is no such string, it is refused, or the contents do not come in
                time.
        """
        return self._end_of(
            self.start_set_string(name, contents, accept=accept, timeout_s=timeout_s)
        )

    def start_set_string(
        self,
        name: str,
        contents: str,
        *,
        timeout_s: float | None = None,
        accept: Callable[[str], bool] | None = None,
    ) -> PendingRequest[str]:
        """As `set_string`, without waiting; `timeout_s` as for `start_move`."""
        hosts = self._hosts_of(self.strings[name].host)
        wanted = _as_broadcast(contents)

        def is_ours(found: str) -> bool:
            return accept(found) if accept is not None else _as_broadcast(found) == wanted

        def read(message: Message) -> str | RequestError | PassedOver | None:
            if not isinstance(message, StogSetStringCompleted) or message.string_name != name:
                return None
            if message.string_status != NORMAL:
                return error_of(name, message.string_status)
            found = message.string_contents
            return found if is_ours(found) else PassedOver(repr(found))

        request = ReportRequest(self._requests, name, hosts, read, is_refused_by_log=True)
        command = GtosSetString(string_name=name, string_contents=contents)
        self._ask(request, command, timeout_s)
        return request

    def count(self, time_s: float, *names: str, timeout_s: float | None = None) -> CountEnd:
        """Count with ion chambers, and wait for the reports of all their DHSs.

        Args:
            time_s: How long to count, in seconds.
            names: The ion chambers, at least one.
            timeout_s: Longest time to wait; by default 10 s more than `time_s`.

        Raises:
            RequestError: There is no such ion chamber, a DHS is offline or cannot count, or a
                report does not come in time.
        """
        limit_s = time_s + ANSWER_S if timeout_s is None else timeout_s
        return self._end_of(self.start_count(time_s, *names, timeout_s=limit_s))

    def start_count(
        self, time_s: float, *names: str, timeout_s: float | None = None
    ) -> PendingRequest[CountEnd]:
        """As `count`, without waiting; `timeout_s` as for `start_move`.

        Raises:
            ValueError: No ion chamber is named.
            NoDeviceError: There is no such ion chamber.
            NotConnectedError: The client is not ready.
        """
        if not names:
            raise ValueError("no ion chamber to count with; name at least one")
        hosts = self._hosts_of(*(self.ion_chambers[name].host for name in names))
        missing = set(names)
        counts: dict[str, float] = {}

        def read(message: Message) -> CountEnd | RequestError | PassedOver | None:
            if not isinstance(message, StogReportIonChambers):
                return None
            try:
                result = message.result
            except DecodeError as error:
                return PassedOver(f"it cannot be read: {error}")
            if isinstance(result, IonChamberFailure):
                is_ours = missing.issuperset(result.names)
                return error_of(" ".join(result.names), result.reason) if is_ours else None
            if not missing.issuperset(reading.name for reading in result):
                return None
            counts.update({reading.name: reading.counts for reading in result})
            missing.difference_update(counts)
            return None if missing else CountEnd(message.ion_chamber_time, counts)

        request = ReportRequest(self._requests, " ".join(names), hosts, read)
        command = GtosReadIonChambers(
            ion_chamber_time=time_s, is_repeated=False, ion_chamber_names=names
        )
        self._ask(request, command, timeout_s)
        return request

    # -- encoders -----------------------------------------------------------------------------

    def read_encoder(self, name: str, *, timeout_s: float = ANSWER_S) -> float:
        """Let the DHS read an encoder; returns its position in its own units.

        Raises:
            RequestError: There is no such device, it is refused, or no answer comes in time.
        """
        command = GtosGetEncoder(encoder_name=name)
        return self._ask_encoder(command, StogGetEncoderCompleted, timeout_s)

    def set_encoder(self, name: str, position: float, *, timeout_s: float = ANSWER_S) -> float:
        """Set the value of an encoder's present position; returns the position its DHS reports.

        Raises:
            RequestError: There is no such device, it is refused, or no answer comes in time.
        """
        command = GtosSetEncoder(encoder_name=name, position=position)
        return self._ask_encoder(command, StogSetEncoderCompleted, timeout_s)

    def _ask_encoder(
        self,
        command: GtosGetEncoder | GtosSetEncoder,
        completed: type[StogGetEncoderCompleted | StogSetEncoderCompleted],
        timeout_s: float,
    ) -> float:
        name = command.encoder_name
        hosts = self._hosts_of(self.encoders[name].host)

        def read(message: Message) -> float | RequestError | None:
            if not isinstance(message, completed) or message.encoder_name != name:
                return None
            is_done = message.status == NORMAL
            return message.position if is_done else error_of(name, message.status)

        return self._answer(ReportRequest(self._requests, name, hosts, read), command, timeout_s)

    # -- operations ---------------------------------------------------------------------------

    def start_operation(
        self, name: str, *args: object, text: str | None = None, timeout_s: float | None = None
    ) -> StartedOperation:
        """Start an operation; use `follow` and `wait` of the returned object.

        Args:
            name: The operation.
            args: Its arguments, each a word of a Tcl list.
            text: Its arguments as one text, instead of `args`.
            timeout_s: After this many seconds it ends with `WaitTimeoutError`; for callers that use
                `on_end` instead of waiting.

        Raises:
            NoDeviceError: There is no such operation.
            NotConnectedError: The client is not ready.
            EncodeError: The arguments cannot be sent, or are not a Tcl list.
        """
        hosts = self._hosts_of(self.operations[name].host)
        words = join_list(str(arg) for arg in args) if text is None else text
        run = StartedOperation(self._requests, name, hosts, self._next_handle())
        command = GtosStartOperation(
            operation_name=name, operation_handle=run.handle, operation_args=words
        )
        self._ask(run, command, timeout_s)
        return run

    def run_operation(
        self, name: str, *args: object, text: str | None = None, timeout_s: float
    ) -> OperationEnd:
        """Start an operation and wait for its end; raises like `start_operation` and `wait`."""
        return self._end_of(self.start_operation(name, *args, text=text, timeout_s=timeout_s))

    def stop_operation(self, name: str, *args: object) -> None:
        """Ask an operation to end early, which it may ignore. Returns when the request is sent.

        Its run ends with its own completion. DCSS reports a refusal only in its log.

        Raises:
            NoDeviceError: There is no such operation.
            NotConnectedError: The client is not ready.
        """
        _ = self.operations[name]
        words = join_list(str(arg) for arg in args)
        self.send(GtosStopOperation(operation_name=name, operation_args=words))

    # -- master -------------------------------------------------------------------------------

    def become_master(self, *, take: bool = False, timeout_s: float = ANSWER_S) -> None:
        """Become master. DCSS lets anybody take over, so this first checks for another master.

        DCSS lists its clients some time after a login; this waits up to 1 s for that list.

        Raises:
            MasterTakenError: Another client is master, and `take` is False.
            PermissionRefusedError: DCSS refuses it.
        """
        if not (take or self.is_master):
            self._check_masters(min(timeout_s, LIST_S))

        def refused(reason: str) -> PermissionRefusedError:
            text = f"DCSS refused to make us master: {reason or 'no reason given'}"
            return PermissionRefusedError("master", reason, text)

        def read(message: Message) -> bool | RequestError | None:
            match message:
                case StogBecomeMaster():
                    return True
                case StogBecomeSlave(reason=""):  # perhaps not our refusal
                    request.end_later(SLAVE_S, lambda: refused(""))
                case StogBecomeSlave(reason=reason):
                    return refused(reason)
                case StogLog(log_message=text) if text.startswith(_NO_PRIVILEGE):
                    return refused(text)
            return None

        request = ReportRequest(self._requests, "master", {}, read)
        self._answer(request, GtosBecomeMaster(), timeout_s)

    def _check_masters(self, timeout_s: float) -> None:
        with contextlib.suppress(WaitTimeoutError):  # 65 clients are too many for DCSS to list all
            self.wait(lambda: self._picture.has_all_clients, timeout_s)
        for number, row in self.clients.items():
            if row.is_master and number != self.client_id:
                raise MasterTakenError(row.user, row.host)

    def release_master(self, *, timeout_s: float = ANSWER_S) -> None:
        """Stop being master."""

        def read(message: Message) -> bool | None:
            return isinstance(message, StogBecomeSlave) or None

        request = ReportRequest(self._requests, "master", {}, read)
        self._answer(request, GtosBecomeSlave(), timeout_s)

    @contextlib.contextmanager
    def master(self, *, take: bool = False, timeout_s: float = ANSWER_S) -> Iterator[Self]:
        """Be master inside the block; stop being it afterwards, if it was not master before.

        An exception in the block is raised, even if the release fails, too.
        """
        was_master = self.is_master
        self.become_master(take=take, timeout_s=timeout_s)
        try:
            yield self
        except BaseException:
            with contextlib.suppress(DhsError):
                self._end_master(was_master=was_master, timeout_s=timeout_s)
            raise
        self._end_master(was_master=was_master, timeout_s=timeout_s)

    def _end_master(self, *, was_master: bool, timeout_s: float) -> None:
        if self.is_master and not was_master:
            with contextlib.suppress(NotConnectedError, LinkLostError):  # then it is not master
                self.release_master(timeout_s=timeout_s)
