"""What the page's server answers: its files, the stream of changes, the picture, commands."""

import functools
import inspect
import json
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
from dhs_runtime.lowlevel import DhsError, HttpHandler, Refusal

MAX_BODY: Final = 64 * 1024
PING_S: Final = 4.0  # the page takes a silence of three of these for a lost connection
COMMANDS: Final = "/commands/"


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

    def fields(self) -> Mapping[str, str]:
        """What every answer has."""
        return HEADERS

    def error_page(self, refusal: Refusal) -> tuple[bytes, str]:
        """The reason, for the page's script."""
        return json.dumps({"error": refusal.reason}).encode(), "application/json"

    def do_GET(self) -> None:
        """A file, the stream, the picture, or what messages mean.

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
        elif path == "/messages":
            self.reply_json(HTTPStatus.OK, _meanings())
        else:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no {path}")

    def do_POST(self) -> None:
        """A command.

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
        """Changes as server-sent events, until one side has enough."""
        self.close_connection = True
        site = self.site
        if not site.readers.acquire(blocking=False):
            reason = "too many browsers look at this page"
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason)
        try:
            self.start_reply(HTTPStatus.OK, "text/event-stream")
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
        self.send(f"event: {kind}\ndata: {json.dumps(value)}\n\n".encode())

    def _picture(self) -> None:
        camera = self.site.camera
        if camera is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no camera")
        picture = camera.picture()
        headers = {"ETag": picture.tag, "Picture-Facts": json.dumps(picture.facts)}
        if self.headers.get("If-None-Match") == picture.tag:
            self.reply(HTTPStatus.NOT_MODIFIED, b"", "image/jpeg", headers)
        else:
            self.reply(HTTPStatus.OK, picture.jpeg, "image/jpeg", headers)

    def _admit(self, *, is_command: bool) -> None:
        allow = self.site.allow_own_name
        if reason := refusal(self.headers, is_command=is_command, allow_own_name=allow):
            raise Refusal(HTTPStatus.FORBIDDEN, reason)


@functools.cache
def _meanings() -> dict[str, str]:
    """What each message is for, in the words of its class."""
    return {kind.keyword: inspect.getdoc(kind) or "" for kind in DHS_MESSAGES}
