"""A GUI port whose script is the test: real sockets, the login by the codec's protocol object."""

import queue
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    Disconnected,
    Frame,
    Framing,
    Message,
    RemoteProtocolError,
    Role,
    encode_frame,
)
from dcs_codec.gui import (
    StocSendClientType,
    StogAuthenticationFailed,
    StogLoginComplete,
)

DEADLINE_S = 60.0  # a client may be a process, which takes seconds to start

PUSH = (
    "stog_set_permission_level 1 1 LOCAL",
    "stog_configure_hardware_host self self online",
    "stog_configure_hardware_host stageDHS self online",
    "stog_configure_hardware_host awayDHS self offline",
    "stog_configure_string status stageDHS all is well",
    "stog_configure_real_motor z stageDHS hw_z 1.5 25 -20 400 2000 100 -40 1 1 0 1 0 0",
    "stog_configure_real_motor x stageDHS hw_x 0 5 -5 1000 2000 100 0 1 1 0 0 0 0",
    "stog_configure_real_motor held stageDHS hw_h 0 5 -5 1000 2000 100 0 1 1 1 0 0 0",
    "stog_configure_pseudo_motor energy self script 12000 20000 5000 0 0 0 0",
    "stog_configure_shutter shutter stageDHS closed",
    "stog_configure_ion_chamber i0 stageDHS c 1 t standardIonChamber",
    "stog_configure_ion_chamber i1 awayDHS c 2 t standardIonChamber",
    "stog_configure_encoder enc stageDHS 2.5 2.5",
    "stog_configure_operation collect stageDHS",
    "stog_set_motor_base_units z mm",
    "stog_set_motor_base_units x ",
    "stog_dcss_end_update_all_device",
)
"""The first push, in DCSS's order."""


class GuiSession:
    """The server's end of one connection.

    Attributes:
        login: What the client said.
        commands: Texts that the client sent after its login, as they come.
    """

    def __init__(self, sock: socket.socket, client_id: int) -> None:
        self.client_id = client_id
        self.login: Message | None = None
        self.commands: queue.Queue[str] = queue.Queue()
        self._socket = sock
        self._protocol = DcsProtocol(Role.GUI_SERVER)
        sock.settimeout(DEADLINE_S)

    def log_in(
        self,
        *,
        accept: bool = True,
        push: Iterable[str] = PUSH,
        greeting: bytes | None = None,
        decision: str = "",
    ) -> None:
        """Greet, read the login, and let the client in or not."""
        if greeting is not None:
            self.say_raw(greeting)
        else:
            self._send(StocSendClientType())
        self.login = next(self.received())
        if decision:
            self.say(decision)
            return
        if not accept:
            self._send(StogAuthenticationFailed(client_id=self.client_id))
            return
        self._send(StogLoginComplete(client_id=self.client_id))
        self.say(*push)

    def received(self) -> Iterator[Message]:
        """What comes, until the client leaves."""
        while True:
            while (event := self._protocol.next_event()) is not NEED_DATA:
                if isinstance(event, Disconnected):
                    return
                yield event
            if data := self._socket.recv(4096):
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()

    def serve(self) -> None:
        """Put what the client sends among the commands, until it leaves."""
        self._socket.settimeout(None)
        for _ in self.received():
            self.commands.put(str(self._protocol.last_frame))

    def _send(self, message: Message) -> None:
        self._socket.sendall(self._protocol.send(message))

    def say(self, *texts: str) -> None:
        """Send texts as DCSS would."""
        frames = (encode_frame(Frame(text.encode()), Framing.V2) for text in texts)
        self._socket.sendall(b"".join(frames))

    def say_raw(self, data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(data)

    def command(self) -> str:
        """The next command of the client."""
        return self.commands.get(timeout=DEADLINE_S)

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class GuiServer:
    """Listens on loopback; each connection is a session once it is logged in."""

    def __init__(self, *, accept: bool = True, push: Iterable[str] = PUSH) -> None:
        self.accept, self.push = accept, push
        self.greeting: bytes | None = None  # instead of the usual one
        self.decision = ""  # the same about the login
        self.sessions: queue.Queue[GuiSession] = queue.Queue()
        self._all: list[GuiSession] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, name="gui-server")
        self._threads = [self._thread]
        self._thread.start()

    def _listen(self) -> None:
        for client_id in range(2, 10_000):
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            session = GuiSession(sock, client_id)
            self._all.append(session)
            thread = threading.Thread(target=self._serve, args=(session,), name="gui-session")
            self._threads.append(thread)
            thread.start()

    def _serve(self, session: GuiSession) -> None:
        with suppress(OSError, StopIteration, RemoteProtocolError):
            session.log_in(
                accept=self.accept,
                push=self.push,
                greeting=self.greeting,
                decision=self.decision,
            )
            if not self.accept:
                session.close()
                return
            self.sessions.put(session)
            session.serve()

    def session(self) -> GuiSession:
        """The next client that has logged in."""
        return self.sessions.get(timeout=DEADLINE_S)

    def close(self) -> None:
        """Hang up on everybody."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for session in self._all:
            session.close()
        for thread in self._threads:
            thread.join(DEADLINE_S)
            assert not thread.is_alive(), thread.name


@contextmanager
def gui_server(*, accept: bool = True, push: Iterable[str] = PUSH) -> Iterator[GuiServer]:
    server = GuiServer(accept=accept, push=push)
    try:
        yield server
    finally:
        server.close()
