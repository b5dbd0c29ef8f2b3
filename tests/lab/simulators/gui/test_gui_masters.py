"""Master and slave, the lock of a master, and what GUIs are told of each other."""

import re
import threading

from dhs_lab.simulators.dcss import SimulatedDcss
from dhs_lab.simulators.dcss.gui_port.gui_settings import GuiSettings, Rights
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.lab.simulators.gui.conftest import hosts
from tests.lab.simulators.gui.gui_peer import GuiPeer, without_clients


def test_a_master_is_told_and_all_are(alice: GuiPeer, bob: GuiPeer) -> None:
    told = alice.ask("gtos_become_master force")
    assert told[0] == "stog_become_master"
    row = "alice {alice} {LOCAL} {unknown} 1 1 localhost {} 1 0"
    assert told[1:] == bob.read_until_now()
    assert f"stog_update_client {alice.client_id} {row}" in told
    assert alice.ask("gtos_become_master") == ["stog_become_master"], "and nobody else is told"
    assert bob.read_until_now() == []


def test_a_master_loses_it_to_the_next(dcss: SimulatedDcss, alice: GuiPeer, bob: GuiPeer) -> None:
    alice.ask("gtos_become_master force")
    assert without_clients(bob.ask("gtos_become_master force")) == ["stog_become_master"]
    assert without_clients(alice.read_until_now()) == ["stog_become_slave"]
    assert [session.is_master for session in dcss.gui_sessions] == [False, True]
    assert without_clients(bob.ask("gtos_admin hand_back_masters"))[1:] == ["stog_become_slave"]
    assert "stog_become_master" in alice.read_until_now()


def test_what_needs_a_master(dhs: DhsPeer, alice: GuiPeer) -> None:
    assert alice.ask("gtos_start_motor_move masters 1") == [
        "stog_log error server masters permit check failed: must_be_active",
        "stog_motor_move_completed masters 0.000000 must_be_active",
    ]
    assert dhs.letters_until_now() == []
    alice.ask("gtos_become_master", "gtos_start_motor_move masters 1")
    assert dhs.letters_until_now() == ["stoh_start_motor_move masters 1.000000"]


def test_all_of_a_party_are_master_together(dcss: SimulatedDcss, alice: GuiPeer) -> None:
    with GuiPeer.logged_in(dcss) as second, GuiPeer.logged_in(dcss, display=":8") as third:
        alice.ask("gtos_become_master")
        assert "stog_become_master" in second.read_until_now()
        assert "stog_become_master" not in third.read_until_now()
        second.ask("gtos_become_slave")
        assert [each.is_master for each in dcss.gui_sessions] == [True, False, False]


def test_a_lock_and_its_key(alice: GuiPeer, bob: GuiPeer) -> None:
    first = alice.ask("gtos_become_master request_lock")[0]
    key = re.fullmatch(r"stog_become_master master_lock_key=([0-9A-F]+)", first)
    assert key is not None
    bob.read_until_now()
    assert bob.ask("gtos_become_master force") == [
        "stog_become_slave locked",
        "stog_log error server locked",
        "stog_log warning server Abort can unlock it",
    ]
    assert bob.ask("gtos_become_master master_lock_key=12")[0] == "stog_become_slave invalid_key"
    told = bob.ask(f"gtos_become_master master_lock_key={key[1]}XYZ")
    assert "stog_become_master" in told
    told = bob.ask("gtos_become_slave request_unlock master_lock_key=12")
    assert told[0] == "stog_become_slave not_unlocked invalid_key"
    assert "stog_become_slave not_unlocked need key" in bob.ask("gtos_become_slave request_unlock")
    told = without_clients(bob.ask("gtos_abort_all soft"))
    assert told == ["stog_log warning server master lock cleared", "stog_become_slave"]
    assert bob.ask("gtos_become_master master_lock_key=12") == [
        "stog_become_slave",
        "stog_log error server expired_key",
    ]


def test_from_elsewhere_only_with_the_right() -> None:
    rights = {"S": Rights(is_roaming=False), "T": Rights(is_roaming=True)}
    settings = GuiSettings(sessions=rights, displays={":1": GuiSettings().display(":1")})
    with (
        SimulatedDcss(hosts(), gui_port=0, gui=settings) as dcss,
        GuiPeer.logged_in(dcss, display=":9") as remote,
        GuiPeer.logged_in(dcss, display=":9", session="T") as roaming,
    ):
        assert without_clients(remote.ask("gtos_become_master force")) == [
            "stog_become_slave",
            "stog_log error server Insufficient privilege to become 'Active' from remote console.",
        ]
        assert "stog_become_master" in roaming.ask("gtos_become_master force")


def test_two_that_fight_for_the_master(dcss: SimulatedDcss, alice: GuiPeer, bob: GuiPeer) -> None:
    """However they fight, at the end there is one master, and both know who."""
    last: dict[str, str] = {}

    def fight(name: str, peer: GuiPeer) -> None:
        for _ in range(50):
            peer.say("gtos_become_master force")
        words = [
            text
            for text in peer.read_until_now()
            if text.split()[0] in ("stog_become_master", "stog_become_slave")
        ]
        last[name] = words[-1]

    threads = [
        threading.Thread(target=fight, args=args) for args in (("alice", alice), ("bob", bob))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, peer in (("alice", alice), ("bob", bob)):
        words = [text for text in peer.read_until_now() if text.startswith("stog_become")]
        last[name] = (words or [last[name]])[-1]
    masters = [session.user for session in dcss.gui_sessions if session.is_master]
    assert masters == [name for name, word in last.items() if word == "stog_become_master"]
    assert len(masters) == 1


def test_places_and_chat(alice: GuiPeer, bob: GuiPeer) -> None:
    assert bob.ask("gtos_log chat_all bob hello {you}") == ["stog_log chat_all bob hello {you}"]
    alice.read_until_now()
    bob.ask("gtos_log location bob  the {home} office ")
    assert "{the  home  office}" in "\n".join(alice.read_until_now())
    assert bob.ask("gtos_log chat_all bob hi {you}") == [
        "stog_log chat_all {bob(the  hom)} hi  you "
    ]


def test_staff(alice: GuiPeer, bob: GuiPeer) -> None:
    told = without_clients(alice.ask("gtos_admin set_permission z 01x01 11111"))
    assert told == [
        "stog_admin set_permission z 01x01 11111",
        "stog_log note server  protection bits for z: 01101 11111",
        "stog_device_permission_bit z {0 1 1 0 1} {1 1 1 1 1}",
    ]
    assert "stog_device_permission_bit z {0 1 1 0 1} {1 1 1 1 1}" in bob.read_until_now()
    assert alice.ask("gtos_admin set_permission z 1")[1:] == ["stog_log error server bad format"]
    assert alice.ask("gtos_admin foo")[1:] == ["stog_log error server command not supported: foo"]
    assert alice.ask("gtos_admin") == ["stog_log error server command needed: gtos_admin"]
    assert alice.ask("gtos_admin force_all_client_quit")[1:] == ["stog_quit"]
    assert alice.ask("gtos_admin hand_back_masters")[1:] == [
        "stog_log error server must be Active to hand back control"
    ]
