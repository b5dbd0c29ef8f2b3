"""`SimulatedDcss`: the server, and the hand that drives it in place of a beamline's GUIs."""

import contextlib
import itertools
import logging
import socket
import threading
from collections.abc import Iterable

from dcs_codec import (
    HtosOperationCompleted,
    HtosOperationUpdate,
    HtosSendConfiguration,
    HtosSetStringCompleted,
    MalformedMessage,
    Message,
    StohAbortAll,
    StohSetString,
    StohStartOperation,
    StohStopOperation,
    UnknownMessage,
    encode_text,
    join_list,
)
from dhs_runtime.errors import DhsError, NotConnectedError
from dhs_runtime.listener import Address, TcpListener
from dhs_runtime.simulators.dcss.devices import Device, HardwareHost, OperationDevice, StringDevice
from dhs_runtime.simulators.dcss.runs import OperationRun
from dhs_runtime.simulators.dcss.session import Session
from dhs_runtime.simulators.dcss.traffic import Traffic
from dhs_runtime.threads import StopToken

logger = logging.getLogger(__name__)

DUPLICATE_S = 3.0  # dcss keeps a second DHS of one name waiting so long before it closes
CLIENT_ID = 1  # of the one client there is: whoever calls these methods


class SimulatedDcss:
    """A DCSS with these hardware hosts in its database, for any number of DHSs at once."""

    def __init__(
        self,
        hosts: Iterable[HardwareHost],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        patience: float = 1.0,
    ) -> None:
        """A server that is not started.

        Args:
            hosts: Its database.
            host: Address to listen on.
            port: Hardware port; 0 picks a free one.
            patience: Factor on the delay before a duplicate name is refused (real: 3 s).
        """
        self.traffic = Traffic()
        self._hosts = {entry.name: entry for entry in hosts}
        self._patience = patience
        self._listener = TcpListener(self._serve, name="simulated-dcss", host=host, port=port)
        self._changed = threading.Condition()  # guards _online, _logins, _runs and strings
        self._online: dict[str, Session] = {}
        self._logins: dict[str, int] = dict.fromkeys(self._hosts, 0)
        self._runs: dict[tuple[str, str], OperationRun] = {}
        self._counter = itertools.count(1)
        self._stop = StopToken()

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen; raises OSError where the port is taken."""
        self._stop = StopToken()
        self._listener.open()
        logger.info("simulated DCSS listens for hardware at %s", self.address)

    def stop(self, *, by_reset: bool = False) -> None:
        """Close every connection (FIN, or RST as when killed) and the port; may start again."""
        self._stop.stop()
        with self._changed:
            sessions = tuple(self._online.values())
        if by_reset:
            for session in sessions:
                session.close(by_reset=True)
        self._listener.close()

    def __enter__(self) -> "SimulatedDcss":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """Hardware port."""
        return self._listener.port

    @property
    def address(self) -> str:
        """`HOST:PORT` of the hardware port."""
        return f"{self._listener.host}:{self._listener.port}"

    @property
    def hosts(self) -> tuple[HardwareHost, ...]:
        """The database."""
        return tuple(self._hosts.values())

    # -- DHSs --------------------------------------------------------------------------------

    def wait_online(self, name: str, timeout_s: float, *, logins: int = 1) -> None:
        """Wait until this DHS is connected, for at least the n-th time.

        Raises:
            TimeoutError: It was not within `timeout_s` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(
                lambda: name in self._online and self._logins[name] >= logins, timeout_s
            ):
                raise TimeoutError(f"{name} did not connect within {timeout_s} s")

    def wait_offline(self, name: str, timeout_s: float) -> None:
        """Wait until this DHS is not connected; raises as `wait_online`."""
        with self._changed:
            if not self._changed.wait_for(lambda: name not in self._online, timeout_s):
                raise TimeoutError(f"{name} is still connected after {timeout_s} s")

    def online(self) -> tuple[str, ...]:
        """Names of the connected DHSs."""
        with self._changed:
            return tuple(self._online)

    def session(self, name: str) -> Session:
        """The connection of this DHS.

        Raises:
            NotConnectedError: It is not connected.
        """
        with self._changed:
            if name not in self._online:
                raise NotConnectedError(f"hardware host {name} is not connected")
            return self._online[name]

    def disconnect(self, name: str, *, by_reset: bool = False) -> None:
        """Close the connection of this DHS; raises as `session`."""
        self.session(name).close(by_reset=by_reset)

    def send(self, name: str, message: Message) -> None:
        """Send any message to this DHS; raises as `session`."""
        self.session(name).send(message)

    # -- driving -----------------------------------------------------------------------------

    def start_operation(self, name: str, *args: str, text: str | None = None) -> OperationRun:
        """Start an operation with these words, or with `text` to the letter.

        Raises:
            DhsError: No host of the database has this operation.
            NotConnectedError: Its DHS is not connected.
        """
        owner = self._owner(name, OperationDevice)
        session = self.session(owner)
        run = OperationRun(name, f"{CLIENT_ID}.{next(self._counter)}", owner)
        with self._changed:
            self._runs[name, run.handle] = run
        session.send(
            StohStartOperation(
                operation_name=name,
                operation_handle=run.handle,
                operation_args=join_list(args) if text is None else text,
            )
        )
        return run

    def stop_operation(self, name: str, *args: str) -> None:
        """Send `stoh_stop_operation`; raises as `start_operation`."""
        message = StohStopOperation(operation_name=name, operation_args=join_list(args))
        self.session(self._owner(name, OperationDevice)).send(message)

    def set_string(self, name: str, contents: str) -> None:
        """Ask the owner of a string for new contents; raises as `start_operation`."""
        message = StohSetString(string_name=name, string_contents=contents)
        self.session(self._owner(name, StringDevice)).send(message)

    def string(self, name: str) -> str:
        """Contents of a string in the database; raises DhsError where there is none."""
        device = self._device(name)
        if not isinstance(device, StringDevice):
            raise DhsError(f"{name} is no string of the database")
        with self._changed:
            return device.contents

    def abort_all(self, how: str = "soft") -> None:
        """Send `stoh_abort_all` to every connected DHS."""
        for name in self.online():
            try:
                self.send(name, StohAbortAll(abort_arg=how))
            except NotConnectedError as error:
                logger.info("%s", error)

    # -- serving -----------------------------------------------------------------------------

    def _serve(self, sock: socket.socket, address: Address) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(sock, self.traffic)
        try:
            name = session.ask()
        except NotConnectedError:
            return
        if name is None:
            logger.info("%s:%d gave no name in time; closed", *address)
        elif name not in self._hosts:
            logger.info("%s is no hardware host of the database; closed", name)
        elif not self._log_in(name, session):
            logger.info("%s is connected already; closing the second in a while", name)
            self._stop.wait(DUPLICATE_S * self._patience)
        else:
            self._talk(name, session)

    def _log_in(self, name: str, session: Session) -> bool:
        with self._changed:
            if name in self._online:
                return False
            session.accept(name, self._hosts[name].framing)
            self._online[name] = session
            self._logins[name] += 1
            self._changed.notify_all()
        logger.info("%s is online", name)
        return True

    def _talk(self, name: str, session: Session) -> None:
        try:
            for device in self._hosts[name].devices:
                session.send(device.registration(), line_end=True)
            while (message := session.next_message()) is not None:
                self._take(name, message)
        except NotConnectedError as error:
            logger.info("%s", error)
        finally:
            self._log_out(name)

    def _log_out(self, name: str) -> None:
        with self._changed:
            del self._online[name]
            lost = [run for run in self._runs.values() if run.hardware_host == name]
            self._changed.notify_all()
        for run in lost:  # what the scripting engine does for every device of a lost host
            run.fail(f"no_hw_host_{name}")
        logger.info("%s is offline", name)

    def _take(self, name: str, message: Message) -> None:
        if isinstance(message, (UnknownMessage, MalformedMessage)):
            self.traffic.add(name, "<-", message.text)
            logger.info("%s sent something dcss would ignore: %.200s", name, message.text)
            return
        self._act(message)
        # Entered last: who waits for a message in the record finds its effect done.
        self.traffic.add(name, "<-", encode_text(message))

    def _act(self, message: Message) -> None:
        if isinstance(message, (HtosOperationUpdate, HtosOperationCompleted)):
            with self._changed:
                run = self._runs.get((message.operation_name, message.operation_handle))
            if run is None:
                logger.warning("answer to an operation never started: %s", message)
            else:
                run.take(message)
        elif isinstance(message, HtosSetStringCompleted):
            device = self._device(message.string_name)
            if isinstance(device, StringDevice) and message.string_status == "normal":
                with self._changed:
                    device.contents = message.string_contents
        elif isinstance(message, HtosSendConfiguration):
            self._configure(message.device_name)

    def _configure(self, device_name: str) -> None:
        """Send a device's configuration to its owner, whoever asked; nothing when offline."""
        for host in self._hosts.values():
            for device in host.devices:
                if device.name == device_name:
                    with contextlib.suppress(NotConnectedError):
                        self.send(host.name, device.configuration(host.name))

    def _device(self, name: str) -> Device | None:
        devices = (device for host in self._hosts.values() for device in host.devices)
        return next((device for device in devices if device.name == name), None)

    def _owner(self, name: str, kind: type[Device]) -> str:
        for host in self._hosts.values():
            for device in host.devices:
                if device.name == name and isinstance(device, kind):
                    return host.name
        raise DhsError(f"no hardware host of the database has a {kind.__name__} {name!r}")
