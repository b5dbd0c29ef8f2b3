"""The simulated DCSS beside the recording of a real one: the same in, the same out.

The recording is a table of cases: what a DHS or a GUI sent, and what DHSs were sent back. Cases
are played in their order against the database of the recording, and what comes back is compared,
numbers by their value. Steps that the table leaves out are put in; what differs is named below.
"""

import ast
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from dcs_codec import Framing
from dhs_runtime import DhsError, NotConnectedError
from dhs_runtime.simulators.dcss import RealMotorDevice, SimulatedDcss, load_dump
from dhs_runtime.simulators.dcss.motors import PseudoMotorDevice
from tests.shared import frame_rows, shared_path
from tests.simulators.dhs_peer import DhsPeer

DIFFERENT: Final = {
    "start_motor_move tiny": "dcss writes %f, which makes 1e-9 a zero",
    "start_motor_move over limit": "the scripting engine, which looks at limits, is not simulated",
}
NOT_PLAYED: Final = {
    "host expected from other computer (203.0.113.77)": "computers of hosts are not simulated",
    "start_operation wrong client id": "the API makes the handle",
    "start_operation no handle": "the API makes the handle",
    "header+text split in 3 sends (pause 0.3 s)": "the table does not hold what was sent",
    "E:protocol 2 frame, unpadded, on a protocol 1 link": "nothing comes back from a dead link",
    "duplicate name while first is connected": "the recording does not hold what was sent",
    "first connection still alive after duplicate": "the recording does not hold what was sent",
}
LEFT_OUT: Final = {
    "send_configuration after configure": (
        "htos_configure_device gonio_z{n} 2.25 24.0 -19.5 410.0 2100 110 -41 1 1 0 1 0"
    ),
    "string config after newline": "htos_set_string_completed str{n} normal line1\nline2",
    "string config after leading spaces": "htos_set_string_completed str{n} normal   two extra",
    "config string 160 chars (reply > 200 cut)": (
        "htos_set_string_completed str{n} normal " + "z" * 160
    ),
}
"""Steps that must have come before a case, for `n` the number of the protocol."""


@pytest.fixture
def dcss() -> Iterator[SimulatedDcss]:
    dump = load_dump(shared_path("traffic/database.dump"))
    with SimulatedDcss(dump.hosts, patience=0.01) as server:
        yield server


def cases() -> list[dict[str, Any]]:
    lines = shared_path("traffic/cases.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


class Tally:
    """Which cases came out equal."""

    def __init__(self) -> None:
        self.equal = 0
        self.different: list[tuple[str, str]] = []
        self.skipped: list[str] = []

    def compare(self, case: str, ours: object, theirs: object) -> None:
        if ours == theirs:
            self.equal += 1
        else:
            self.different.append((case, f"got {ours}, recorded {theirs}"))

    def report(self) -> None:
        """Print the figures, and fail where something differs that is not accounted for."""
        played = self.equal + len(self.different)
        print(f"\n{self.equal} of {played} cases equal")
        for case, what in self.different:
            print(f"  differs: {case}: {DIFFERENT.get(case, '?')}: {what:.200}")
        for case in self.skipped:
            print(f"  not played: {case}: {NOT_PLAYED[case]}")
        assert {case for case, _ in self.different} <= DIFFERENT.keys()
        assert self.equal > 0.9 * played


# -- handshakes and registrations ------------------------------------------------------------


def test_handshakes_end_as_recorded(dcss: SimulatedDcss) -> None:
    answers = {
        row.case.removeprefix("hs:"): row.data
        for row in frame_rows()
        if row.case.startswith("hs:") and not row.from_dcss
    }
    tally = Tally()
    for case in cases():
        if case["phase"] != "handshake":
            continue
        name = case["case"]
        if name in NOT_PLAYED:
            tally.skipped.append(name)
            continue
        with DhsPeer(dcss) as peer:
            peer.read()
            peer.socket.sendall(answers[name])
            is_closed = peer.socket.recv(1) == b""
        tally.compare(name, is_closed, case["note"] == "server closed")
        for host in dcss.online():
            dcss.wait_offline(host, 5)
    tally.report()


def test_registrations_are_the_recorded_bytes(dcss: SimulatedDcss) -> None:
    for name in ("pydhs", "pydhs1"):
        rows = [
            row.data
            for row in frame_rows()
            if row.case == "registration" and row.host == name and row.from_dcss
        ]
        (count,) = (len(row["to_dhs"]) for row in cases() if is_registration_of(row, name))
        expected = b"".join(rows[:count])
        with DhsPeer.logged_in(dcss, name) as peer:
            assert peer.received[200:].startswith(expected)
            assert len(peer.registrations) == count
        dcss.wait_offline(name, 5)


def is_registration_of(row: dict[str, Any], name: str) -> bool:
    return (row["phase"], row.get("host")) == ("registration", name)


# -- messages --------------------------------------------------------------------------------


def test_messages_are_answered_as_recorded(dcss: SimulatedDcss) -> None:
    tally = Tally()
    with DhsPeer.logged_in(dcss, "pydhs") as two, DhsPeer.logged_in(dcss, "pydhs1") as one:
        peers = {"pydhs": two, "pydhs1": one}
        for case in cases():
            if case["phase"] in ("htos", "gui"):
                play(dcss, peers, case, tally)
    tally.report()


def test_nothing_goes_to_a_dhs_that_is_offline(dcss: SimulatedDcss) -> None:
    texts = [case["sent"] for case in cases() if case["phase"] == "gui-offline"]
    for text in texts:
        with pytest.raises(DhsError if "obj2" in text else NotConnectedError):
            drive(dcss, text)
    assert dcss.traffic.lines() == ()
    assert len(texts) == 12


def play(
    dcss: SimulatedDcss, peers: dict[str, DhsPeer], case: dict[str, Any], tally: Tally
) -> None:
    """Send what was sent in a case, and compare what the DHSs get."""
    name, text = case["case"], case["sent"]
    if name in NOT_PLAYED:
        tally.skipped.append(name)
        return
    if case["phase"] == "gui":
        drive(dcss, text)
        expected = {host: case["to_dhs"].get(host, []) for host in peers}
        got = {host: peer.read_until_now() for host, peer in peers.items()}
    else:
        peer = peers[case["host"]]
        if name in LEFT_OUT:
            send(peer, LEFT_OUT[name].format(n=case["proto"]))
        send(peer, text)
        expected = {case["host"]: case["to_dhs"]}
        got = {case["host"]: peer.read_until_now()}
    if name.endswith("of the other host"):  # it goes there, and was not recorded with the case
        for peer in peers.values():
            assert len(peer.read_until_now()) == (peer.name != case["host"])
    same = {host: [normal(text) for text in texts] for host, texts in got.items()}
    tally.compare(name, same, {host: [normal(text) for text in expected[host]] for host in got})
    for broadcast in case["to_gui"]:
        assert is_known(dcss, broadcast), broadcast


def send(peer: DhsPeer, text: str) -> None:
    """Send a text of the table in the framing of the peer; bytes stand there as Python's."""
    if text.startswith("b'"):
        peer.socket.sendall(ast.literal_eval(text))
    elif peer.protocol.framing is Framing.V1:
        peer.socket.sendall(text.encode().ljust(200, b"\0"))
    else:
        peer.send_text(text)


def normal(text: str) -> str:
    """A text to compare: numbers by value, without its line end and without a handle."""
    words = text.rstrip("\n").split(" ")
    if words[0] == "stoh_start_operation":
        words[2] = "HANDLE"
    return " ".join(map(number_or_word, words))


def number_or_word(word: str) -> str:
    try:
        return repr(float(word))
    except ValueError:
        return word


def is_known(dcss: SimulatedDcss, broadcast: str) -> bool:
    """Whether the database holds what GUIs were told of a motor."""
    words: list[str]
    keyword, name, *words = [*broadcast.split(), ""]
    if keyword in ("stog_motor_move_completed", "stog_update_motor_position"):
        return "sw_limit" in broadcast or dcss.position(name) == float(words[0])
    if keyword in ("stog_configure_real_motor", "stog_configure_pseudo_motor"):
        return dcss.position(name) == float(words[2])
    return True


# -- what a GUI sends, as calls --------------------------------------------------------------


def drive(dcss: SimulatedDcss, text: str) -> None:
    """Do what a message of a GUI asks for."""
    keyword, *words = text.split()
    GUI_CALLS[keyword.removeprefix("gtos_")](dcss, words, text)


def configure(dcss: SimulatedDcss, words: list[str], _: str) -> None:
    name, *numbers = words
    scanned = (RealMotorDevice if len(numbers) > 6 else PseudoMotorDevice).scanned
    kinds: dict[str, Callable[[str], float]] = {"%lf": float, "%d": int}
    values: dict[str, Any] = {
        field: bool(int(word)) if field.endswith("_on") else kinds[kind](word)
        for word, (field, kind) in zip(numbers, scanned, strict=True)
    }
    dcss.configure(name, **values)


def behind(text: str, words: int) -> str:
    """What stands behind so many words."""
    return " ".join(text.split(" ")[words:])


GUI_CALLS: Final[dict[str, Callable[[SimulatedDcss, list[str], str], object]]] = {
    "start_motor_move": lambda dcss, words, _: dcss.move(words[0], float(words[1])),
    "abort_motor_move": lambda dcss, words, _: dcss.abort_move(*words),
    "set_motor_position": lambda dcss, words, _: dcss.set_position(words[0], float(words[1])),
    "configure_device": configure,
    "start_oscillation": lambda dcss, words, _: dcss.oscillate(
        words[0], words[1], float(words[2]), float(words[3])
    ),
    "start_vector_move": lambda dcss, words, _: dcss.vector_move(
        words[0], words[1], float(words[2]), float(words[3]), int(words[4])
    ),
    "stop_vector_move": lambda dcss, words, _: dcss.stop_vector_move(*words),
    "set_shutter_state": lambda dcss, words, _: dcss.set_shutter(*words),
    "read_ion_chambers": lambda dcss, words, _: dcss.read_ion_chambers(
        float(words[0]), words[2:], repeat=words[1] == "1"
    ),
    "get_encoder": lambda dcss, words, _: dcss.get_encoder(words[0]),
    "set_encoder": lambda dcss, words, _: dcss.set_encoder(words[0], float(words[1])),
    "set_string": lambda dcss, words, text: dcss.set_string(words[0], behind(text, 2)),
    "start_operation": lambda dcss, words, text: dcss.start_operation(
        words[0], text=behind(text, 3)
    ),
    "stop_operation": lambda dcss, words, _: dcss.stop_operation(*words),
    "abort_all": lambda dcss, words, _: dcss.abort_all("".join(words)),
}
