import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_runtime import DcssConfig
from dhs_runtime.process.probe import probe_dcss
from tests.runtime.peers import DEADLINE_S, RawDcss, free_port


@contextmanager
def saying(data: bytes) -> Iterator[DcssConfig]:
    """A server that sends this and closes."""
    with RawDcss() as server:

        def serve() -> None:
            with server.accept() as connection:
                connection.send_bytes(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.config()
        thread.join(DEADLINE_S)


def test_a_dcss_is_recognised_and_left_as_it_was() -> None:
    with SimulatedDcss([HardwareHost.of("testDHS")]) as dcss:
        peer = probe_dcss(DcssConfig.at(dcss.address))
        assert (peer.name, peer.address) == ("DCSS", dcss.address)
        assert (peer.trouble, peer.detail) == ("", "stoc_send_client_type")
        assert dcss.online() == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it closed the connection without a message"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "this is an SSH server: it said"),
        (b"220 mail.example.org ESMTP".ljust(200), "this is a mail or FTP server: it said"),
        (b"stoh_abort_all soft".ljust(200, b"\0"), "this is no DCSS: it said"),
    ],
)
def test_another_server_is_no_dcss(data: bytes, reason: str) -> None:
    with saying(data) as config:
        assert probe_dcss(config).trouble.startswith(reason)


def test_a_server_that_says_nothing_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dhs_runtime.process.probe.GREETING_S", 0.05)
    with RawDcss() as server:
        assert probe_dcss(server.config()).trouble == "nothing received in time"


def test_where_nobody_listens_is_told() -> None:
    port = free_port()
    peer = probe_dcss(DcssConfig(host="127.0.0.1", port=port))
    assert peer.trouble == f"cannot connect to 127.0.0.1:{port}: Connection refused"
    assert "cannot resolve" in probe_dcss(DcssConfig(host="no.such.invalid")).trouble
