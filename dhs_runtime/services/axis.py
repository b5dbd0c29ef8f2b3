"""Snapshots from Axis cameras and video servers (VAPIX `GET /axis-cgi/jpg/image.cgi`).

Do not take more than about one snapshot per second; for more, let the camera post its pictures to a
`JpegReceiver`.
"""

import time
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Literal

import attrs
from requests.auth import AuthBase

from dhs_runtime.errors import ServiceReplyError
from dhs_runtime.services.http_client import HttpClient, HttpReply
from dhs_runtime.services.http_login import Login, as_auth

SNAPSHOT_PATH = "/axis-cgi/jpg/image.cgi"
START_OF_IMAGE = b"\xff\xd8"
END_OF_IMAGE = b"\xff\xd9"
SHOWN_BYTES = 30
_APPLICATION = range(0xE0, 0xF0)  # markers of segments that may contain a thumbnail


def _read_only(value: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(value))


@attrs.frozen(kw_only=True)
class AxisSnapshotRequest:
    """Which picture to take; the camera's own settings apply where a field is None.

    Attributes:
        camera: 1 and up, or a name such as `quad`, on servers with several inputs.
        resolution: `704x480`, or a name such as `CIF`.
        compression: 0 (best picture) to 100 (smallest).
        rotation_deg: 0, 90, 180 or 270.
        text: Whether the text is drawn into the picture.
        clock: Whether the time is drawn into the picture.
        date: Whether the date is drawn into the picture.
        extra: Other parameters of this camera model; they override the ones above.
    """

    camera: int | str = 1
    resolution: str | None = None
    compression: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(
            [attrs.validators.ge(0), attrs.validators.le(100)],
        ),
    )
    rotation_deg: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(attrs.validators.in_((0, 90, 180, 270))),
    )
    text: bool | None = None
    clock: bool | None = None
    date: bool | None = None
    extra: Mapping[str, str] = attrs.field(factory=dict, converter=_read_only, hash=False)

    def params(self) -> dict[str, str]:
        """The query of the request."""
        values = {
            "camera": self.camera,
            "resolution": self.resolution,
            "compression": self.compression,
            "rotation": self.rotation_deg,
            "text": None if self.text is None else int(self.text),
            "clock": None if self.clock is None else int(self.clock),
            "date": None if self.date is None else int(self.date),
        }
        given = {name: str(value) for name, value in values.items() if value is not None}
        return given | dict(self.extra)


@attrs.frozen
class AxisImage:
    """A complete JPEG picture.

    Attributes:
        data: The file as sent, with any bytes that follow the end of the picture.
        content_type: Always `image/jpeg`.
        received_s: When its last byte arrived, on `time.monotonic`.
    """

    data: bytes = attrs.field(repr=False)
    content_type: str
    received_s: float


@attrs.define(eq=False, repr=False, kw_only=True)
class AxisClient(HttpClient):
    """Takes snapshots with one Axis camera or video server, from any thread.

    The other options are those of `HttpClient`.

    Raises:
        ConfigError: `base_url` is not a plain URL, or `ca` cannot be read.
    """

    user: str | None = None
    """User name; None if the camera needs no login."""
    password: str | None = attrs.field(default=None, repr=False)
    """The user's password."""
    auth: Literal["digest", "basic"] = "digest"
    """How to log in; `basic` for video servers that know nothing else."""
    _auth: AuthBase | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        if self.user is not None:
            self._auth = as_auth(Login(self.user, self.password or "", self.auth))
        super().__attrs_post_init__()

    def snapshot(self, request: AxisSnapshotRequest | None = None) -> AxisImage:
        """Take one picture; the camera's own settings apply where `request` has none.

        Raises:
            ServiceUnavailableError: The camera is off or disconnected, or `close` was called.
            ServiceTimeoutError: It took too long.
            ServiceReplyError: It sent an error, or no complete JPEG.
        """
        reply = self.get(SNAPSHOT_PATH, params=(request or AxisSnapshotRequest()).params())
        received_s = time.monotonic()
        self._check_status(reply)
        if not reply.body.startswith(START_OF_IMAGE):
            kind = reply.content_type.partition(";")[0].strip().lower() or "no type"
            start = reply.body[:SHOWN_BYTES].decode("ascii", "replace")
            what = f"{kind} that begins with {start!r}" if start else "an empty body"
            raise ServiceReplyError(f"{reply.url} sent no JPEG but {what}", reply.status)
        if _is_cut_short(reply.body):
            raise ServiceReplyError(
                f"{reply.url} sent a JPEG cut short after {len(reply.body)} bytes", 200
            )
        return AxisImage(reply.body, "image/jpeg", received_s)

    def _check_status(self, reply: HttpReply) -> None:
        if not reply.trouble:
            return
        hint = ""
        if reply.status == HTTPStatus.UNAUTHORIZED:
            hint = (
                "; it wants a user and a password"
                if self.user is None
                else f"; check the password of user {self.user!r}, and `auth`: digest or basic"
            )
        raise ServiceReplyError(reply.trouble + hint, reply.status)


def _is_cut_short(jpeg: bytes) -> bool:
    """Whether the end of the picture is missing; old firmware sends no length to compare."""
    at = len(START_OF_IMAGE)
    while jpeg[at : at + 1] == b"\xff" and jpeg[at + 1 : at + 2] and jpeg[at + 1] in _APPLICATION:
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])  # a thumbnail contains END_OF_IMAGE, too
    return jpeg.rfind(END_OF_IMAGE, at) < 0
