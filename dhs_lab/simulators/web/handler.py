"""The HTTP requests of the page: files, the stream of changes, lines, pictures, commands."""

import json
import threading
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import ClassVar, Final
from urllib.parse import urlsplit

import attrs

from dcs_codec import Direction, EncodeError, InterchangeError, decode_text
from dcs_codec.interchange import to_dict
from dhs_lab.simulators.dcss import FaultKind, SimulatedDcss, TrafficLine
from dhs_lab.simulators.dcss.faults import DEFAULT_VALUES
from dhs_lab.simulators.web.board import KEPT_LINES, Board
from dhs_lab.simulators.web.camera import PageCamera
from dhs_lab.simulators.web.views import JsonObject, meanings, message_view
from dhs_lab.simulators.web.visitors import HEADERS, refusal
from dhs_lab.simulators.web.wishes import BadWishError, Commands
from dhs_runtime.lowlevel import DhsError, HttpHandler, Refusal

MAX_BODY: Final = 64 * 1024
PING_S: Final = 4.0  # the page reconnects after three of these without data
MAX_DIGITS: Final = 16
COMMANDS: Final = "/commands/"
LINES: Final = "/lines/"


@attrs.define
class Site:
    """What the page's server needs.

    Attributes:
        dcss: The DCSS that is shown.
        files: Contents and type by path.
        commands: What can be done.
        camera: The camera, or None.
        readers: One slot for each browser that may be connected.
        board: What is shown; each start of the page makes a new one.
        allow_own_name: Whether requests may use the name of the computer.
    """

    dcss: SimulatedDcss
    files: Mapping[str, tuple[bytes, str]]
    commands: Commands
    camera: PageCamera | None
    readers: threading.BoundedSemaphore
    board: Board
    allow_own_name: bool


class PageHandler(HttpHandler):
    """One connection of a browser."""

    site: ClassVar[Site]

    def fields(self) -> Mapping[str, str]:
        """Add the headers of every answer."""
        return HEADERS

    def error_page(self, refusal: Refusal) -> tuple[bytes, str]:
        """Answer with the reason, for the page's script."""
        return json.dumps({"error": refusal.reason}).encode(), "application/json"

    def do_GET(self) -> None:
        """Answer a file, the stream, a line of the wire, the picture, or the meanings of messages.

        Raises:
            Refusal: There is no such path, or the page is not for this caller.
        """
        path = urlsplit(self.path).path
        self._admit(is_command=False)
        if path in self.site.files:
            self.reply(HTTPStatus.OK, *self.site.files[path])
        elif path == "/events":
            self._events()
        elif path == "/camera.jpg":
            self._picture()
        elif path == "/wire.jsonl":
            self._export()
        elif path.startswith(LINES):
            self._line(path.removeprefix(LINES))
        elif path == "/messages":
            self.reply_json(HTTPStatus.OK, meanings())
        else:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no {path}")

    def do_POST(self) -> None:
        """Carry out a command.

        Raises:
            Refusal: It cannot be read, is not known, was refused, or is not for this caller.
        """
        body = self.read_body(MAX_BODY, takes_chunks=False)
        verb = urlsplit(self.path).path.removeprefix(COMMANDS)
        self._admit(is_command=True)
        if verb not in self.site.commands:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no command {verb}")
        self._obey(verb, body)

    # -- commands ----------------------------------------------------------------------------

    def _obey(self, verb: str, body: bytes) -> None:
        try:
            told = self.site.commands.obey(verb, json.loads(body))
        except (DhsError, EncodeError) as error:
            raise Refusal(HTTPStatus.CONFLICT, str(error)) from None
        except (BadWishError, RecursionError) as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"not JSON: {error}") from None
        self.reply_json(HTTPStatus.OK, told)

    # -- what is shown -----------------------------------------------------------------------

    def _events(self) -> None:
        """Changes as server-sent events, until one side ends it."""
        self.close_connection = True
        site = self.site
        if not site.readers.acquire(blocking=False):
            reason = "too many browsers look at this page"
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason)
        try:
            if self.start_reply(HTTPStatus.OK, "text/event-stream"):
                self._event("hello", self._hello())
                self._follow()
        finally:
            site.readers.release()

    def _follow(self) -> None:
        board = self.site.board
        seen = 0
        while not board.is_closed:
            changes = board.after(seen, PING_S)
            if changes is None:
                self._event("ping", {})
            else:
                seen = int(str(changes["revision"]))
                self._event("changes", changes)

    def _event(self, kind: str, value: JsonObject) -> None:
        data = json.dumps(value, separators=(",", ":"))
        self.send(f"event: {kind}\ndata: {data}\n\n".encode())

    def _hello(self) -> JsonObject:
        return {
            "dcss": self.site.dcss.address,
            "has_camera": self.site.camera is not None,
            "keeps": KEPT_LINES,
            "faults": [[kind, *DEFAULT_VALUES.get(kind, ())] for kind in FaultKind],
        }

    def _line(self, word: str) -> None:
        """Answer the fields of one line, by its number."""
        if not (word.isascii() and word.isdigit() and len(word) < MAX_DIGITS):
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no line {word}")
        number = int(word)
        count, lines = self.site.dcss.traffic.after(number - 1)
        if not lines or number != count - len(lines) + 1:
            raise Refusal(HTTPStatus.NOT_FOUND, f"line {number} is not kept")
        self.reply_json(HTTPStatus.OK, message_view(decode_text(lines[0].text)))

    def _export(self) -> None:
        """Answer the kept lines in the format that `dhs decode` reads."""
        self.close_connection = True
        count, _ = self.site.dcss.traffic.after(1 << 62)
        count, lines = self.site.dcss.traffic.after(count - KEPT_LINES)
        if self.start_reply(HTTPStatus.OK, "application/jsonl"):
            for row in _rows(count - len(lines), lines):
                self.send(row)

    def _picture(self) -> None:
        camera = self.site.camera
        if camera is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no camera")
        try:
            picture = camera.picture()
        except DhsError as error:
            raise Refusal(HTTPStatus.BAD_GATEWAY, str(error)) from None
        headers = {"ETag": picture.tag, "Picture-Facts": json.dumps(picture.facts)}
        if self.headers.get("If-None-Match") == picture.tag:
            self.reply(HTTPStatus.NOT_MODIFIED, b"", "image/jpeg", headers)
        else:
            self.reply(HTTPStatus.OK, picture.jpeg, "image/jpeg", headers)

    def _admit(self, *, is_command: bool) -> None:
        allow = self.site.allow_own_name
        if reason := refusal(self.headers, is_command=is_command, allow_own_name=allow):
            raise Refusal(HTTPStatus.FORBIDDEN, reason)


def _rows(first: int, lines: tuple[TrafficLine, ...]) -> Iterator[bytes]:
    """JSON Lines of these lines, each with its number on the page."""
    for number, line in enumerate(lines, first + 1):
        direction = Direction.TO_DHS if line.arrow == "->" else Direction.TO_DCSS
        row: JsonObject = {
            "time": round(line.at_s, 4),
            "connection": line.host,
            "direction": direction.value,
            "number": number,
        }
        try:
            row["message"] = to_dict(decode_text(line.text))
        except InterchangeError as error:
            row["damage"] = str(error)
        yield json.dumps(row).encode() + b"\n"
