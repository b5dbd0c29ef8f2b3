"""Peers for the benchmarks of the runtime: a hand-written DCSS and a hand-written DHS."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dcs_codec import Frame, Framing, encode_frame

ASK = b"stoc_send_client_type".ljust(200, b"\0")
ANSWER = b"htos_client_is_hardware bench".ljust(200, b"\0")


def start_frame(number: int) -> bytes:
    """`stoh_start_operation` as DCSS sends it."""
    return encode_frame(Frame(f"stoh_start_operation echo 1.{number} a".encode()), Framing.V2)


def done_frame(number: int) -> bytes:
    """The answer to it."""
    text = f"htos_operation_completed echo 1.{number} normal a"
    return encode_frame(Frame(text.encode()), Framing.V2)


def read_exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


@contextmanager
def dcss_for(connect: Callable[[int], Callable[[], object]]) -> Iterator[socket.socket]:
    """DCSS's side of the connection of a DHS that `connect(port)` starts; ends it afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = connect(server.getsockname()[1])
        try:
            peer, _ = server.accept()
            with peer:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peer.sendall(ASK)
                read_exactly(peer, 200)
                yield peer
        finally:
            end()


def raw_dhs(port: int) -> None:
    """A DHS as one loop over one socket: reads frames and writes their answers until the end."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        read_exactly(sock, 200)
        sock.sendall(ANSWER)
        waiting = b""
        while data := sock.recv(1 << 16):
            waiting += data
            at = 0
            while at + 26 <= len(waiting):
                end = at + 26 + int(waiting[at : at + 12])
                if end > len(waiting):
                    break
                keyword, *words = waiting[at + 26 : end - 1].split(b" ", 3)
                at = end
                if keyword != b"stoh_start_operation":  # a registration
                    continue
                name, handle, args = words
                text = b"htos_operation_completed %b %b normal %b\0" % (name, handle, args)
                sock.sendall(b"%12d %12d %b" % (len(text), 0, text))
            waiting = waiting[at:]


def raw_dhs_thread(port: int) -> Callable[[], object]:
    """The same in a thread; the returned function waits for its end."""
    thread = threading.Thread(target=raw_dhs, args=(port,))
    thread.start()
    return thread.join
