"""Fixtures of the service tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from dhs_runtime.services.jpeg_receiver import JpegReceiver
from tests.services.cameras import Album, Camera
from tests.services.peers import Peer, Script

Serving = Callable[[Script], Peer]


@pytest.fixture
def serving() -> Iterator[Serving]:
    """Starts peers and closes them after the test; hanging threads make the test fail."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(Peer(script))


@pytest.fixture
def album() -> Album:
    return Album()


@pytest.fixture
def receiver(album: Album) -> Iterator[JpegReceiver]:
    receiver = JpegReceiver(album, max_image_bytes=100_000)
    with receiver:
        yield receiver
    assert not receiver.is_open


@pytest.fixture
def camera(receiver: JpegReceiver) -> Iterator[Camera]:
    with Camera(receiver.port) as camera:
        yield camera
