"""Logins at the GUI port, what a new client is told, and clients that do not behave."""

import socket
import threading

import pytest

from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_lab.simulators.dcss.gui_port.gui_settings import Display, GuiSettings, Rights
from dhs_runtime import ConfigError, DhsError
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.lab.simulators.gui.conftest import hosts
from tests.lab.simulators.gui.gui_peer import DEADLINE_S, GuiPeer, framed, without_clients
from tests.runtime.peers import eventually

LOGIN = "gtos_client_is_gui alice S localhost :0"
GREETING = "stoc_send_client_type"


def test_there_is_no_gui_port_unless_it_is_asked_for() -> None:
    with (
        SimulatedDcss([HardwareHost("aDHS")]) as dcss,
        pytest.raises(DhsError, match="has no GUI port"),
    ):
        _ = dcss.gui_port


def test_the_first_push(dcss: SimulatedDcss, alice: GuiPeer) -> None:
    told = without_clients(alice.pushed)
    assert told[:3] == [
        "stog_set_permission_level 1 1 LOCAL",
        "stog_configure_hardware_host self self online",
        "stog_device_permission_bit self {0 1 1 1 1} {0 1 1 1 1}",
    ]
    assert "stog_configure_hardware_host aDHS self online" in told
    assert "stog_configure_hardware_host awayDHS self offline" in told
    at = told.index("stog_configure_string status aDHS idle {a b}")
    assert told[at + 1] == "stog_device_permission_bit status {1 1 1 1 1} {1 1 1 1 1}"
    assert "stog_device_permission_bit masters {0 1 1 1 1} {0 1 1 1 1}" in told
    units = told.index("stog_set_motor_base_units z mm")
    assert units > told.index("stog_configure_operation farOp awayDHS")
    assert dcss.gui_sessions[0].user == "alice"


@pytest.mark.parametrize(
    "block",
    [
        LOGIN.encode().ljust(200, b"\0"),
        LOGIN.encode().ljust(200),
        LOGIN.encode().rjust(199) + b"\0",
        b"hello alice S localhost :0 more words".ljust(200, b"\0"),
    ],
)
def test_logins_as_clients_write_them(dcss: SimulatedDcss, block: bytes) -> None:
    with GuiPeer(dcss) as peer:
        assert peer.read() == GREETING
        peer.socket.sendall(block)
        assert peer.read() == "stog_login_complete 2"


@pytest.mark.parametrize(
    "login",
    [
        "gtos_client_is_gui alice S localhost",
        f"gtos_client_is_gui {'u' * 100} S localhost :0",
        f"gtos_client_is_gui u {'S' * 100} localhost :0",
        "gtos_client_is_gui alice DCS_CYPHER localhost :0",
        "",
    ],
)
def test_refused_logins_are_told_and_closed(dcss: SimulatedDcss, login: str) -> None:
    with GuiPeer(dcss) as peer:
        assert peer.read() == GREETING
        peer.say_login(login)
        assert peer.read() == "stog_authentication_failed 2"
        assert peer.read() is None
    with GuiPeer.logged_in(dcss) as next_one:
        assert next_one.client_id == 3


def test_half_a_login_is_closed_without_a_word() -> None:
    hasty = SimulatedDcss(hosts(), gui_port=0, gui=GuiSettings(waiting_s=0.1))
    with hasty, GuiPeer(hasty) as peer:
        assert peer.read() == GREETING
        peer.socket.sendall(b"x" * 100)
        assert peer.read() is None


def test_sessions_give_rights_and_displays_places() -> None:
    settings = GuiSettings(
        sessions={"S": Rights("alice", is_staff=False, is_roaming=False, full_name="Alice A")},
        displays={":1": Display("HUTCH", "by the stage")},
        checks_host=True,
    )
    with SimulatedDcss(hosts(), gui_port=0, gui=settings) as dcss:
        with GuiPeer.logged_in(dcss, display=":1") as peer:
            assert "stog_set_permission_level 0 0 HUTCH" in peer.pushed
            row = "alice {Alice A} {HUTCH} {unknown} 0 0 localhost {by the stage} 0 0"
            assert f"stog_update_client 2 {row}" in peer.pushed + peer.ask(
                "gtos_inquire_gui_clients"
            )
        with GuiPeer.logged_in(dcss, display=":7") as peer:
            assert "stog_set_permission_level 0 0 REMOTE" in peer.pushed
        for words in ("bob S localhost :1", "alice T localhost :1", "alice S elsewhere :1"):
            with GuiPeer(dcss) as refused:
                refused.read()
                refused.say_login(f"gtos_client_is_gui {words}")
                assert (refused.read() or "").startswith("stog_authentication_failed")


def test_settings_have_limits() -> None:
    with pytest.raises(ConfigError, match="above 0"):
        GuiSettings(backlog=0)


# -- clients that do not behave --------------------------------------------------------------


@pytest.mark.parametrize("garbage", [b"x" * 26, b"%12d %12d " % (-5, 0), b"\xff" * 4000])
def test_garbage_costs_the_one_who_sends_it(
    dcss: SimulatedDcss, alice: GuiPeer, bob: GuiPeer, garbage: bytes
) -> None:
    bob.socket.sendall(garbage)
    bob.read_to_end()
    told = alice.ask("gtos_log note alice still here")
    assert "stog_log note alice still here" in told
    assert [session.user for session in dcss.gui_sessions] == ["alice"]


def test_unknown_words_and_odd_bytes_are_told_to_their_sender(alice: GuiPeer, bob: GuiPeer) -> None:
    assert alice.ask("gtos_foo bar") == ["stog_log error server Unrecognized command: gtos_foo."]
    alice.socket.sendall(b"%12d %12d " % (23, 0) + b"gtos_log note bob nonul")
    alice.socket.sendall(b"%-12d %-12d\0gtos_log note x\0" % (16, 0))
    alice.socket.sendall(b"%12d %12d gtos_log note y\0\1\2\3" % (16, 3))
    assert alice.read_until_now() == [
        "stog_log note bob nonul",
        "stog_log note x",
        "stog_log note y",
    ]
    assert bob.read_until_now() == ["stog_log note bob nonul", "stog_log note x", "stog_log note y"]


def test_pieces_that_come_too_late_end_the_connection(dcss: SimulatedDcss) -> None:
    with SimulatedDcss(hosts(), gui_port=0, gui=GuiSettings(waiting_s=1.0)) as hasty:
        peer = GuiPeer.logged_in(hasty)
        peer.socket.sendall(framed("gtos_log note alice x")[:30])
        assert peer.read() is None
        peer.close()


def test_a_client_that_does_not_read_is_dropped(dhs: DhsPeer, alice: GuiPeer) -> None:
    dcss = dhs.dcss
    slow = GuiPeer.logged_in(dcss, "slow", ":9")
    alice.read_until_now()
    text = "stog_log note server " + "x" * 10_000

    def is_dropped() -> bool:
        dcss.tell_guis(text)
        alice.read_to(text)
        return [session.user for session in dcss.gui_sessions] == ["alice"]

    eventually(is_dropped)
    slow.close()


def test_a_frame_larger_than_the_backlog_is_told(alice: GuiPeer, bob: GuiPeer) -> None:
    text = f"gtos_log note alice {'m' * 1_000_000}"
    assert alice.ask(text) == [f"stog_{text.removeprefix('gtos_')}"]
    assert bob.read_until_now() == [f"stog_{text.removeprefix('gtos_')}"]


def test_hundreds_come_and_go(dcss: SimulatedDcss, alice: GuiPeer) -> None:
    def visit() -> None:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", dcss.gui_port), DEADLINE_S) as visitor:
                visitor.sendall(LOGIN.encode().ljust(200, b"\0"))

    threads = [threading.Thread(target=visit) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert "stog_log note alice x" in alice.ask("gtos_log note alice x")


def test_it_starts_again_at_the_same_port() -> None:
    dcss = SimulatedDcss(hosts(), gui_port=0)
    with dcss:
        port = dcss.gui_port
        peer = GuiPeer.logged_in(dcss)
    peer.read_to_end()
    peer.close()
    with dcss, GuiPeer.logged_in(dcss):
        assert dcss.gui_port == port
