"""What the page's server answers: its files, the stream of changes, the picture, commands."""

import functools
import inspect
import json
import re
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Final
from urllib.parse import urlsplit

import attrs

from dcs_codec import DHS_MESSAGES, EncodeError
from dhs_lab.simulators.dcss import SimulatedDcss
from dhs_lab.simulators.web.board import Board
from dhs_lab.simulators.web.camera import Camera
from dhs_lab.simulators.web.views import JsonObject
from dhs_lab.simulators.web.visitors import HEADERS, refusal
from dhs_lab.simulators.web.wishes import BadWishError, Commands
from dhs_runtime.lowlevel import DhsError, HttpHandler, read_sized

MAX_BODY: Final = 64 * 1024
MAX_UNREAD: Final = 1024 * 1024  # of a body that is too large: read, for the answer to arrive
PING_S: Final = 4.0  # the page takes a silence of three of these for a lost connection
COMMANDS: Final = "/commands/"
_LENGTH: Final = re.compile("[0-9]{1,12}")


@attrs.define
class Site:
    """What there is to serve.

    Attributes:
        dcss: The DCSS that is shown.
        files: Contents and type by path.
        commands: What can be done.
        camera: The camera, if there is one.
        readers: One for each browser that may look at once.
        board: What is shown; a new one from each start of the page to its stop.
        allow_own_name: Whether the computer may be called by its name.
    """

    dcss: SimulatedDcss
    files: Mapping[str, tuple[bytes, str]]
    commands: Commands
    camera: Camera | None
    readers: threading.BoundedSemaphore
    board: Board
    allow_own_name: bool


class PageHandler(HttpHandler):
    """One connection of a browser."""

    site: ClassVar[Site]

    def end_headers(self) -> None:
        """Add what every answer has."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def do_GET(self) -> None:
        """A file, the stream, the picture, or what messages mean."""
        path = urlsplit(self.path).path
        if reason := self._refusal(is_command=False):
            self._refuse(HTTPStatus.FORBIDDEN, reason)
        elif path in self.site.files:
            self.reply(HTTPStatus.OK, *self.site.files[path])
        elif path == "/events":
            self._events()
        elif path == "/camera.jpg":
            self._picture()
        elif path == "/messages":
            self.reply_json(HTTPStatus.OK, _meanings())
        else:
            self._refuse(HTTPStatus.NOT_FOUND, f"there is no {path}")

    def do_POST(self) -> None:
        """A command."""
        body = self._body()
        if body is None:
            self.close_connection = True
            return
        verb = urlsplit(self.path).path.removeprefix(COMMANDS)
        if reason := self._refusal(is_command=True):
            self._refuse(HTTPStatus.FORBIDDEN, reason)
        elif verb not in self.site.commands:
            self._refuse(HTTPStatus.NOT_FOUND, f"there is no command {verb}")
        else:
            self._obey(verb, body)

    # -- commands ----------------------------------------------------------------------------

    def _obey(self, verb: str, body: bytes) -> None:
        try:
            told = self.site.commands.obey(verb, json.loads(body))
        except (DhsError, EncodeError) as error:
            self._refuse(HTTPStatus.CONFLICT, str(error))
        except (BadWishError, RecursionError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except ValueError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, f"not JSON: {error}")
        else:
            self.reply_json(HTTPStatus.OK, told)

    def _body(self) -> bytes | None:
        """The whole body; None where there is none to be had."""
        match = _LENGTH.fullmatch(self.headers.get("Content-Length", ""))
        if match is None:
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "a command has a Content-Length")
            return None
        length = int(match[0])
        try:
            body = read_sized(self.rfile, min(length, MAX_UNREAD))
        except EOFError:  # nobody is there any more
            return None
        if length > MAX_BODY:
            reason = f"a command has {MAX_BODY} bytes at most"
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)
            return None
        return body

    # -- what is shown -----------------------------------------------------------------------

    def _events(self) -> None:
        """Changes as server-sent events, until one side has enough."""
        self.close_connection = True
        site = self.site
        if not site.readers.acquire(blocking=False):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many browsers look at this page")
            return
        try:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            hello = {"dcss": site.dcss.address, "has_camera": site.camera is not None}
            self._event("hello", hello)
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
        self.wfile.write(f"event: {kind}\ndata: {json.dumps(value)}\n\n".encode())

    def _picture(self) -> None:
        camera = self.site.camera
        if camera is None:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no camera")
            return
        picture = camera.picture()
        headers = {"ETag": picture.tag, "Picture-Facts": json.dumps(picture.facts)}
        if self.headers.get("If-None-Match") == picture.tag:
            self.reply(HTTPStatus.NOT_MODIFIED, b"", "image/jpeg", headers)
        else:
            self.reply(HTTPStatus.OK, picture.jpeg, "image/jpeg", headers)

    # -- refusing ----------------------------------------------------------------------------

    def _refusal(self, *, is_command: bool) -> str:
        return refusal(self.headers, is_command=is_command, allow_own_name=self.site.allow_own_name)

    def _refuse(self, status: int, reason: str) -> None:
        self.reply_json(status, {"error": reason})


@functools.cache
def _meanings() -> dict[str, str]:
    """What each message is for, in the words of its class."""
    return {kind.keyword: inspect.getdoc(kind) or "" for kind in DHS_MESSAGES}
