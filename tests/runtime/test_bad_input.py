"""What a DCSS must not send: the DHS says so in its log and lives on."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dcs_codec import Frame, Framing, encode_frame
from dhs_runtime import Dhs, Operation
from tests.runtime.peers import DEADLINE_S, RawConnection, RawDcss, running


@contextmanager
def online(dcss: RawDcss, framing: Framing) -> Iterator[RawConnection]:
    """A DHS with one operation, online at a bare socket."""
    dhs = Dhs("testDHS")
    dhs.operation("echo")(lambda op: op.complete(*op.args))
    with running(dhs, dcss.config(framing)), dcss.accept() as peer:
        peer.shake_hands(framing)
        yield peer


def assert_alive(peer: RawConnection, framing: Framing) -> None:
    peer.send("stoh_start_operation echo 7.1 still alive", framing=framing)
    assert peer.read_text() == "htos_operation_completed echo 7.1 normal still alive"


@pytest.mark.parametrize("framing", [Framing.V1, Framing.V2])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"stoh_start_operation echo", "operation_handle is missing"),
        (b"stoh_register_operation a b c", "has words too many behind it: 'c'"),
        (b"stoh_set_string", "string_name is missing"),
        (b"", "holds no word"),
        (b"   ", "holds no word"),
        (b"stoh_unheard_of x", "no message class for 'stoh_unheard_of'"),
        (b"\xff\xfe\x80 non-ASCII", "no message class for"),
        (b"stoh_abort_all \xe9\xff", "aborting 0 tasks"),
        (b"HTTP/1.1 200 OK", "no message class for 'HTTP/1.1'"),
    ],
)
def test_a_bad_message_costs_its_neighbours_nothing(
    framing: Framing, text: bytes, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dhs_runtime")
    with RawDcss() as dcss, online(dcss, framing) as peer:
        peer.send_bytes(encode_frame(Frame(text), framing))
        assert_alive(peer, framing)
    assert line in caplog.text
    assert "Traceback" not in caplog.text


def test_a_v1_frame_without_nul_and_one_with_garbage_behind_it() -> None:
    with RawDcss() as dcss, online(dcss, Framing.V1) as peer:
        peer.send_bytes(b"stoh_unheard_of ".ljust(200, b"x"))
        peer.send_bytes(b"stoh_start_operation echo 7.0 a\0\xde\xad\xbe\xef\n".ljust(200, b"\xff"))
        assert peer.read_text() == "htos_operation_completed echo 7.0 normal a"
        assert_alive(peer, Framing.V1)


@pytest.mark.parametrize(
    "frame",
    [
        b"           0            0 ",
        b"           1            0 \0",
        b"31 0                      stoh_start_operation echo 7.0 a",
        b"          31            0\0stoh_start_operation echo 7.0 a",
        b"          32           3 stoh_start_operation echo 7.0 a\0\1\2\3".replace(
            b" 3 ", b"  3 "
        ),
    ],
    ids=["empty", "only a NUL", "aligned left", "NUL in the header", "binary part"],
)
def test_odd_v2_frames_are_read(frame: bytes) -> None:
    with RawDcss() as dcss, online(dcss, Framing.V2) as peer:
        peer.send_bytes(frame)
        if b"echo" in frame:
            assert peer.read_text() == "htos_operation_completed echo 7.0 normal a"
        assert_alive(peer, Framing.V2)


def test_a_dcss_that_reads_nothing_does_not_hold_up_the_stop() -> None:
    dhs = Dhs("testDHS")
    entered = threading.Event()

    @dhs.operation("flood")
    def flood(op: Operation) -> None:
        entered.set()
        while True:
            op.update(text="x" * 1_000_000)

    with RawDcss() as dcss:
        dhs.start(dcss.config())
        with dcss.accept() as peer:
            peer.shake_hands()
            peer.send("stoh_start_operation flood 1.1", "stoh_start_operation flood 1.2")
            assert entered.wait(DEADLINE_S)
            began = time.monotonic()
            assert dhs.stop() == ()
            assert time.monotonic() - began < 1


@pytest.mark.parametrize("end", ["FIN", "RST", "FIN in mid-frame", "RST in mid-frame", "garbage"])
def test_after_every_end_the_dhs_comes_back(end: str) -> None:
    dhs = Dhs("testDHS")
    dhs.operation("echo")(lambda op: op.complete(*op.args))
    with RawDcss() as dcss, running(dhs, dcss.config()):
        for _ in range(3):
            with dcss.accept() as peer:
                peer.shake_hands()
                assert_alive(peer, Framing.V2)
                if "mid-frame" in end:
                    peer.send_bytes(b"          40            0 stoh_start_op")
                if end == "garbage":
                    peer.send_bytes(b"\x16\x03\x01\x02\x00garbage of all sorts, no frame")
                    peer.read_to_end()
                elif "RST" in end:
                    peer.reset()
        with dcss.accept() as peer:
            peer.shake_hands()
            assert_alive(peer, Framing.V2)
