"""`Events`: the page's stream of changes, read as a browser reads it."""

import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests
from urllib3.exceptions import ReadTimeoutError

DEADLINE_S: Final = 20.0


class Events:
    """The stream of changes, and the resulting state."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.hello: dict[str, Any] = {}
        self.tables: dict[str, dict[str, Any]] = {
            "hosts": {},
            "devices": {},
            "runs": {},
            "facts": {},
        }
        self.wire: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.log: list[dict[str, Any]] = []
        self.last: dict[str, Any] = {}
        self._stream = self._read()

    @classmethod
    @contextmanager
    def of(cls, url: str) -> Iterator["Events"]:
        """The stream of the page at this URL, open meanwhile."""
        with (
            # Of its own: a response keeps its session's other connections open.
            requests.Session() as session,
            session.get(
                f"{url}/events", stream=True, timeout=DEADLINE_S, proxies={"http": ""}
            ) as response,
        ):
            assert response.status_code == 200
            assert response.headers["Content-Type"] == "text/event-stream"
            events = cls(response)
            yield events
            events._stream.close()

    @property
    def devices(self) -> dict[str, Any]:
        return self.tables["devices"]

    @property
    def runs(self) -> dict[str, Any]:
        return self.tables["runs"]

    def until(self, condition: Callable[["Events"], object]) -> "Events":
        """Listen until the state meets a condition."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition(self):
            assert time.monotonic() < deadline, f"not heard; last was {self.last}"
            kind, value = next(self._stream)
            if kind == "changes":
                self._take(value)
            elif kind == "hello":
                self.hello = value
        return self

    def ends(self) -> bool:
        """Whether the server ends the stream, after any messages."""
        try:
            list(self._stream)
        except ReadTimeoutError:
            return False
        return True

    def _take(self, changes: dict[str, Any]) -> None:
        self.last = changes
        for name, table in self.tables.items():
            table.update(changes[name])
        self.wire += changes["wire"]
        self.updates += changes["updates"]
        self.log += changes["log"]

    def _read(self) -> Generator[tuple[str, Any], None, None]:
        kind = ""
        for line in self._lines():
            word, _, rest = line.decode("ascii").rstrip().partition(": ")
            if word == "event":
                kind = rest
            elif word == "data":
                yield kind, json.loads(rest)

    def _lines(self) -> Iterator[bytes]:
        """As `iter_lines`, which would wait until so many bytes are there or ask for each one."""
        rest = b""
        while read := self.response.raw.read1(65_536):
            *lines, rest = (rest + read).split(b"\n")
            yield from lines
