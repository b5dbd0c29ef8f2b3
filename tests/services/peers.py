"""Servers for the tests of clients: scripts on real sockets, free to do everything wrong."""

import contextlib
import hashlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from dhs_runtime.addresses import HostPort
from dhs_runtime.clock import Deadline
from dhs_runtime.services.listener import TcpListener

PATIENCE_S = 20.0
CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""Key and self-signed certificate for localhost, 127.0.0.1 and ::1, until 2126."""
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) + b"\xff\xd9"


@attrs.frozen
class Request:
    """The request of a client."""

    line: str
    headers: dict[str, str]
    body: bytes


@attrs.frozen
class Wire:
    """One accepted connection; `number` counts them from 1."""

    sock: socket.socket
    number: int
    peer: "Peer"

    def request(self) -> Request | None:
        """The next request with its body, None after the end of the connection."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65536)
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (each.partition(": ") for each in lines)
        }
        while len(body) < int(headers.get("content-length", "0")):
            body += self.sock.recv(65536)
        request = Request(line, headers, body)
        self.peer.note(request)
        return request

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes, pause_s: float = 0.01) -> None:
        """Send byte by byte until all is sent or the client went away."""
        for index in range(len(data)):
            if self.gone(pause_s):
                return
            self.send(data[index : index + 1])

    def gone(self, timeout_s: float = PATIENCE_S) -> bool:
        """Wait for the client to close its side."""
        self.sock.settimeout(timeout_s)
        try:
            return self.sock.recv(1) == b""
        except TimeoutError:
            return False
        finally:
            self.sock.settimeout(None)


Script = Callable[[Wire], object]


class Peer:
    """Runs `script` for every connection and keeps what was asked."""

    def __init__(
        self, script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self._script = script
        self._tls = tls
        self._changed = threading.Condition()
        self.requests: list[Request] = []
        self.connections = 0
        self.ended = 0
        self.listener = TcpListener(self._serve, name="peer", host=host)

    @property
    def url(self) -> str:
        url = HostPort(self.listener.host, self.listener.port).url
        return url if self._tls is None else url.replace("http", "https", 1)

    def note(self, request: Request) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` of this peer's counters holds."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_S)

    def _serve(self, sock: socket.socket, address: HostPort) -> None:
        with self._changed:
            self.connections += 1
            wire = Wire(sock, self.connections, self)
            self._changed.notify_all()
        with contextlib.suppress(OSError):  # the client disconnected, as tests expect
            if self._tls is not None:
                wire = attrs.evolve(wire, sock=self._tls.wrap_socket(sock, server_side=True))
            with wire.sock:
                self._script(wire)
        with self._changed:
            self.ended += 1
            self._changed.notify_all()

    def __enter__(self) -> Self:
        self.listener.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self.listener.close(PATIENCE_S) == ()


def reply(
    body: bytes = JPEG,
    content_type: str = "image/jpeg",
    status: str = "200 OK",
    *headers: str,
) -> bytes:
    """A correct reply."""
    lines = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def json_reply(value: object, status: str = "200 OK") -> bytes:
    """A reply in JSON."""
    return reply(json.dumps(value).encode(), "application/json", status)


def answering(*answers: bytes) -> Script:
    """A script that answers requests in order, then repeats the last answer."""

    def script(wire: Wire) -> None:
        index = 0
        while wire.request() is not None:
            wire.send(answers[min(index, len(answers) - 1)])
            index += 1

    return script


def saying(data: bytes) -> Script:
    """A script that reads one request, sends `data` unchanged and closes."""

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(data)

    return script


def silent(wire: Wire) -> None:
    """A script that reads a request and never answers."""
    wire.request()
    wire.gone(60)


def digest_guarded(user: str, password: str, guarded: bytes) -> Script:
    """A script that answers `guarded` to RFC 2617 digest logins (MD5, qop=auth)."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    def is_right(request: Request) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("authorization", "")))
        if said.get("username") != user or said.get("nonce") != "N0":
            return False
        method, target, _ = request.line.split(" ")
        secret = md5(f"{user}:AXIS_00408C:{password}")
        wanted = md5(f"{secret}:N0:{said['nc']}:{said['cnonce']}:auth:{md5(f'{method}:{target}')}")
        return (said["uri"], said["response"]) == (target, wanted)

    def script(wire: Wire) -> None:
        while (request := wire.request()) is not None:
            if is_right(request):
                wire.send(guarded)
            else:
                challenge = 'WWW-Authenticate: Digest realm="AXIS_00408C", nonce="N0", qop="auth"'
                wire.send(reply(b"no", "text/plain", "401 Unauthorized", challenge))

    return script


def tls_context() -> ssl.SSLContext:
    """TLS with a self-signed certificate, like a camera."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A port whose queue of connections is full: a further `connect` hangs (on Linux)."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        with contextlib.suppress(TimeoutError), socket.socket() as probe:
            probe.settimeout(0.1)
            probe.connect(listening.getsockname())
            raise AssertionError("the queue is not full")
        yield listening.getsockname()[1]


def soon(condition: Callable[[], bool]) -> None:
    """Wait for something without an event."""
    deadline = Deadline.after(PATIENCE_S)
    pulse = threading.Event()
    while not condition():
        assert not deadline.passed
        pulse.wait(0.002)
