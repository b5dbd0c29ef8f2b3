"""`DcssClient`: drives a beamline through DCSS's GUI port."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from dcs_codec import Message, join_list
from dcs_codec.gui import (
    GtosBecomeMaster,
    GtosBecomeSlave,
    GtosStartOperation,
    GtosStopOperation,
    StogBecomeMaster,
    StogBecomeSlave,
)
from dhs_runtime.client.errors import MasterTakenError, PermissionRefusedError, RequestError
from dhs_runtime.client.moving import ANSWER_S, MotorCommands
from dhs_runtime.client.reporting import DeviceCommands
from dhs_runtime.client.waiting import OperationEnd, ReportRequest, StartedOperation


class DcssClient(MotorCommands, DeviceCommands):
    """A client of DCSS's GUI port.

    While it is not ready, commands raise `NotConnectedError` at once: nothing is queued.
    Calls that wait have a deadline, and raise a `RequestError` that says how it ended.

    Example:
        >>> with DcssClient("localhost:14243", user="anna") as dcss:  # doctest: +SKIP
        ...     dcss.move("gonio_phi", 90, timeout_s=30)
    """

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
            EncodeError: The arguments do not fit the wire, or are not a Tcl list.
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
        return self.start_operation(name, *args, text=text).wait(timeout_s)

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

        Raises:
            MasterTakenError: Another client is master, and `take` is False.
            PermissionRefusedError: DCSS refuses it.
        """
        for number, row in self.clients.items():
            if row.is_master and number != self.client_id and not (take or self.is_master):
                raise MasterTakenError(row.user, row.host)

        def read(message: Message) -> bool | RequestError | None:
            if isinstance(message, StogBecomeMaster):
                return True
            if isinstance(message, StogBecomeSlave):
                text = f"DCSS refused to make us master: {message.reason or 'no reason given'}"
                return PermissionRefusedError("master", message.reason, text)
            return None

        request = ReportRequest(self._requests, "master", {}, read)
        self._answer(request, GtosBecomeMaster(), timeout_s)

    def release_master(self, *, timeout_s: float = ANSWER_S) -> None:
        """Stop being master."""

        def read(message: Message) -> bool | None:
            return isinstance(message, StogBecomeSlave) or None

        request = ReportRequest(self._requests, "master", {}, read)
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
