"""A simulated motor controller: it answers each line with one line, over TCP.

Run it: python examples/hardware/fake_controller.py PORT. It understands

    go STEPS start to move to this step speed STEPS_A_SECOND from the next `go` on stop soft, stop
    hard a soft stop lets the motor coast for 0.1 s is STEPS set the current position to this step,
    without a move where answers `STEPS moving` or `STEPS standing`

and answers `ok`, or `what?` to anything else.
"""

import socket
import sys
import threading
import time

from dhs_runtime.services.listener import TcpListener

COAST_S = 0.1


class Controller:
    """One motor; it continues to move without a connection.

    Attributes:
        is_mute: Whether it obeys lines but does not answer.
        heard: The lines received.
    """

    def __init__(self, port: int = 0) -> None:
        """A controller; `open` and `close` start and stop listening."""
        self._listener = TcpListener(self._serve, name="fake-controller", port=port)
        self._lock = threading.Lock()  # guards the motor
        self._speed, self._start, self._goal, self._began = 1000, 0, 0, 0.0
        self._lines: set[socket.socket] = set()
        self.open, self.close = self._listener.open, self._listener.close
        self.is_mute = False
        self.heard: list[str] = []

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._listener.port

    def lose_line(self) -> None:
        """Close all connections."""
        for line in list(self._lines):
            line.shutdown(socket.SHUT_RDWR)

    def where(self) -> int:
        """The current step of the motor."""
        gone = round(self._speed * (time.monotonic() - self._began))
        if self._goal < self._start:
            return max(self._goal, self._start - gone)
        return min(self._goal, self._start + gone)

    def answer(self, line: str) -> str:
        """Obey one line."""
        with self._lock:
            self.heard.append(line)
            try:
                return self._obey(*line.split())
            except (TypeError, ValueError):
                return "what?"

    def _obey(self, command: str, word: str = "") -> str:
        here = self.where()
        if command == "where":
            return f"{here} {'standing' if here == self._goal else 'moving'}"
        if command == "speed":
            self._speed = int(word)
        elif command == "go":
            self._start, self._goal, self._began = here, int(word), time.monotonic()
        elif command == "stop":
            way = round(self._speed * COAST_S) if word == "soft" else 0
            self._goal = min(max(self._goal, here - way), here + way)
        elif command == "is":
            self._start = self._goal = int(word)
        else:
            return "what?"
        return "ok"

    def _serve(self, line: socket.socket, _: object) -> None:
        self._lines.add(line)
        try:
            with line.makefile("r") as questions:
                for question in questions:
                    answer = self.answer(question)
                    if not self.is_mute:
                        line.sendall(f"{answer}\n".encode())
        except OSError:  # the peer disconnected
            pass
        finally:
            self._lines.discard(line)


if __name__ == "__main__":
    controller = Controller(int(sys.argv[1]))
    controller.open()
    print("controller at", controller.port, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        controller.close()
