"""Invalid or odd bytes from DCSS: the DHS logs them and continues."""

import logging
import threading
from collections.abc import Callable

import pytest

from dcs_codec import Frame, Framing, encode_frame
from dhs_runtime import Dhs, Operation
from tests.faults.scene import at_work
from tests.runtime.peers import DEADLINE_S

BOTH = pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])


@BOTH
@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(b"\xff\xfe\x80 non-ASCII", "no message class for", id="non-ASCII bytes"),
        pytest.param(b"stoh_set_string s \xe9\xff", "no such device", id="non-ASCII word"),
        pytest.param(b"stoh_\0abort_all", "no message class for 'stoh_'", id="NUL in the keyword"),
        pytest.param(b"stoh_set_string s x\0\xde\xad", "no such device", id="NUL and garbage"),
        pytest.param(b"stoh_unheard_of x", "no message class for", id="unknown keyword"),
        pytest.param(b"HTTP/1.1 200 OK", "no message class for 'HTTP/1.1'", id="other protocol"),
        pytest.param(
            b"stoh_start_operation echo", "operation_handle is missing", id="missing words"
        ),
        pytest.param(b"stoh_set_string", "string_name is missing", id="no words"),
        pytest.param(b"stoh_register_operation a b c", "gives us operation a", id="more words"),
        pytest.param(b"", "holds no word", id="zero-length text"),
        pytest.param(b"   ", "holds no word", id="blank text"),
    ],
)
def test_text(framing: Framing, text: bytes, line: str, caplog: pytest.LogCaptureFixture) -> None:
    """A bad message does not affect its neighbours."""
    caplog.set_level(logging.INFO, "dhs_runtime")
    frame = text.ljust(200, b"\0") if framing is Framing.V1 else v2_frame(text)
    with at_work(Dhs("testDHS"), framing) as scene:
        before, command = scene.command("echo", "before")
        behind, command_behind = scene.command("echo", "behind")
        frames = (encode_frame(Frame(each.encode()), framing) for each in (command, command_behind))
        scene.peer.send_bytes(frame.join(frames))
        assert scene.completion(before) == "normal before"
        assert scene.completion(behind) == "normal behind"
    assert line in caplog.text
    assert "Traceback" not in caplog.text


def v2_frame(text: bytes, binary: bytes = b"") -> bytes:
    return b"%12d %12d %b%b" % (len(text), len(binary), text, binary)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(lambda text: v2_frame(b"") + v2_frame(text), id="empty frame"),
        pytest.param(lambda text: v2_frame(b"\0") + v2_frame(text), id="only a NUL"),
        pytest.param(lambda text: v2_frame(text, b"\1\0\xff" * 1000), id="binary section"),
        pytest.param(lambda text: v2_frame(b"", b"\1\2") + v2_frame(text), id="binary alone"),
        pytest.param(
            lambda text: b"%d 0".ljust(26) % len(text) + text, id="header aligned to the left"
        ),
        pytest.param(
            lambda text: b"%12d %12d\0" % (len(text), 0) + text, id="header that ends with a NUL"
        ),
    ],
)
def test_frame(shape: Callable[[bytes], bytes]) -> None:
    with at_work(Dhs("testDHS")) as scene:
        handle, command = scene.command("echo", "read")
        scene.peer.send_bytes(shape(command.encode()))
        assert scene.completion(handle) == "normal read"


def test_v1_frame_without_nul() -> None:
    with at_work(Dhs("testDHS"), Framing.V1) as scene:
        scene.peer.send_bytes(b"stoh_unheard_of ".ljust(200, b"x"))


@BOTH
def test_one_byte_at_a_time(framing: Framing) -> None:
    with at_work(Dhs("testDHS"), framing) as scene:
        handle, command = scene.command("echo", "in pieces")
        data = encode_frame(Frame(command.encode()), framing)
        for byte in data:
            scene.peer.send_bytes(bytes([byte]))
        assert scene.completion(handle) == "normal in pieces"


def test_stall_in_mid_frame() -> None:
    """A pause of three seconds, after which other DHSs are out of step; sending is not delayed."""
    dhs = Dhs("testDHS")
    release = threading.Event()

    @dhs.operation("slow")
    def slow(op: Operation) -> None:
        assert release.wait(DEADLINE_S)

    with at_work(dhs) as scene:
        slow_one = scene.start("slow")
        stalled, command = scene.command("echo", "stalled")
        frame = encode_frame(Frame(command.encode()), Framing.V2)
        scene.peer.send_bytes(frame[:40])
        release.set()
        assert scene.completion(slow_one) == "normal"
        threading.Event().wait(3.0)  # the time is what is tested
        scene.peer.send_bytes(frame[40:])
        assert scene.completion(stalled) == "normal stalled"
