import logging
import socket
from collections.abc import Iterator
from contextlib import closing

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import Framing, StocSendClientType, default_codec
from dhs_runtime import DcssConfig, Dhs
from dhs_runtime.clock import Backoff
from dhs_runtime.greeting import ENOUGH, stranger
from dhs_runtime.process.probe import probe_dcss
from dhs_runtime.threads import ThreadGroup
from tests.runtime.peers import eventually, stopped

HARDWARE = default_codec().encode_bytes(StocSendClientType(), Framing.V1)
GUI = default_codec().encode_bytes(StocSendClientType(), Framing.V2)
GUI_WITH_ID = b"          24            0 stoc_send_client_type 5\0"
LEFT_ALIGNED = b"22           0            \0stoc_send_client_type\0"


@given(st.integers(0, len(HARDWARE)))
def test_the_hardware_port_is_no_stranger_however_its_greeting_is_cut(size: int) -> None:
    assert stranger(HARDWARE[:size]) == ""
    assert stranger(b"  " + HARDWARE[:size]) == ""


@pytest.mark.parametrize("greeting", [GUI, GUI_WITH_ID, LEFT_ALIGNED])
def test_the_gui_port_is_told_as_soon_as_there_is_no_doubt(greeting: bytes) -> None:
    said = [stranger(greeting[:size]) for size in range(len(greeting) + 1)]
    first = next(index for index, text in enumerate(said) if text)
    assert len(set(said[first:])) == 1
    assert "GUI port" in said[-1]
    assert b"stoc" in greeting[:first]


@pytest.mark.parametrize(
    ("greeting", "who"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "a web server"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "an SSH server"),
        (b"220 mail.example.org ESMTP\r\n", "a mail or FTP server"),
        (b"\x15\x03\x01\0\x02", "a port with TLS"),
        (b"login: please enter your name", "no DCSS"),
        (b"htos_client_is_hardware a\0", "no DCSS"),
        (b"\0" * 26, "no DCSS"),
    ],
)
def test_others_are_told_with_what_they_said(greeting: bytes, who: str) -> None:
    words = greeting.rstrip(b"\0\r\n").decode("latin-1")
    assert stranger(greeting) == f"this is {who}: it said {words!r}"


@given(st.binary(min_size=ENOUGH))
def test_nobody_stays_in_doubt(first: bytes) -> None:
    is_hardware = first.lstrip(b" \t").startswith(b"stoc_send_client_type")
    assert (stranger(first) == "") is is_hardware or not first.strip(b" \t")


# -- over a connection -----------------------------------------------------------------------


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as sock:
        sock.settimeout(20)
        yield sock


def config(listening: socket.socket) -> DcssConfig:
    retry = Backoff(first_s=60, longest_s=60)
    port = listening.getsockname()[1]
    return DcssConfig(host="127.0.0.1", port=port, connect_timeout_s=60, retry=retry)


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize("cut", [0, 10, 30])
def test_a_dhs_at_the_gui_port_says_so_and_does_not_wait(
    listening: socket.socket, caplog: pytest.LogCaptureFixture, framing: Framing, cut: int
) -> None:
    caplog.set_level(logging.WARNING, "dhs_runtime.link")
    at = attrs.evolve(config(listening), framing=framing)
    dhs = Dhs("stageDHS")
    dhs.start(at)
    try:
        with listening.accept()[0] as peer:
            peer.settimeout(20)  # of the minute that a handshake may take
            for piece in (GUI[:cut], GUI[cut:]):
                peer.sendall(piece)
            assert peer.recv(200) == b""  # it hangs up, and gave no name
        eventually(lambda: "this is the GUI port of DCSS" in caplog.text)
        assert f"no DCSS at 127.0.0.1:{at.port}" in caplog.text
    finally:
        stopped(dhs)


def test_dhs_check_says_so_too(listening: socket.socket) -> None:
    def greet() -> None:
        with listening.accept()[0] as peer:
            peer.sendall(GUI_WITH_ID)
            peer.recv(1)

    threads = ThreadGroup()
    threads.spawn("gui", greet)
    assert "this is the GUI port of DCSS" in probe_dcss(config(listening)).trouble
