"""Plays the recording of a real dcss to the simulated one, and compares the output.

The recording is a table of cases: the messages of a DHS or a GUI, and dcss's messages to DHSs.
Cases are played in order with the database of the recording, and the output must be equal byte for
byte. Steps that the table leaves out are added; the differences are listed here.
`docs/reference/fidelity.md` is made from this.
"""

import ast
import functools
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import attrs
import pytest

from dcs_codec import Framing
from dhs_lab.simulators.dcss import GuiRefusedError, SimulatedDcss, load_dump
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.shared import frame_rows, shared_path

_RECORDED_CLIENT: Final = 2
EQUAL: Final = "equal"
DIFFERENT: Final = "different"
NOT_PLAYED: Final = "not played"

WHY_DIFFERENT: Final[dict[str, str]] = {}
WHY_NOT_PLAYED: Final = {
    "host expected from other computer (203.0.113.77)": "computers of hosts are not simulated",
    "header+text split in 3 sends (pause 0.3 s)": "the table does not hold what was sent",
    "E:protocol 2 frame, unpadded, on a protocol 1 link": "nothing comes back from a dead link",
    "gui alive": "`from_gui` needs no GUI that is alive",
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

Frames = dict[tuple[str, str], deque[bytes]]
"""The bytes from dcss, by case and host."""

DUPLICATE: Final = "duplicate name while first is connected"
AFTER_DUPLICATE: Final = "first connection still alive after duplicate"


@attrs.frozen
class Verdict:
    """The result of one case.

    Attributes:
        phase: Part of the recording.
        case: Its name there.
        outcome: EQUAL, DIFFERENT or NOT_PLAYED.
        reason: Why it is not equal.
        detail: The output and the recording if they differ, else "".
    """

    phase: str
    case: str
    outcome: str
    reason: str = ""
    detail: str = ""


@functools.cache
def verdicts() -> tuple[Verdict, ...]:
    """Plays all cases, in the order of the phases below and of the recording."""
    with recorded_dcss() as dcss, pytest.MonkeyPatch.context() as patch:
        patch.setattr("dhs_lab.simulators.dcss.session.HANDSHAKE_S", 1.0)  # as recorded
        handshake = list(_handshakes(dcss))
    with recorded_dcss() as dcss:
        registration = list(_registrations(dcss))
    with recorded_dcss() as dcss:
        messages = list(_messages(dcss))
    with recorded_dcss() as dcss:
        offline = list(_offline(dcss))
    end = [_skipped(case, case["note"]) for case in cases("end")]
    return (*handshake, *registration, *messages, *offline, *end)


@contextmanager
def recorded_dcss() -> Iterator[SimulatedDcss]:
    """A simulated DCSS with the database of the recording."""
    dump = load_dump(shared_path("traffic/database.dump"))
    with SimulatedDcss(dump.hosts, patience=0.01) as server:
        yield server


def cases(*phases: str) -> list[dict[str, Any]]:
    """The cases of these phases."""
    lines = shared_path("traffic/cases.jsonl").read_text().splitlines()
    return [case for case in map(json.loads, lines) if case["phase"] in phases]


def _compared(case: dict[str, Any], ours: object, theirs: object) -> Verdict:
    name = case.get("case", "")
    if ours == theirs:
        return Verdict(case["phase"], name, EQUAL)
    detail = f"got {ours}, recorded {theirs}"
    return Verdict(case["phase"], name, DIFFERENT, WHY_DIFFERENT.get(name, ""), detail)


def _skipped(case: dict[str, Any], name: str) -> Verdict:
    return Verdict(case["phase"], name, NOT_PLAYED, WHY_NOT_PLAYED[name])


# -- handshakes and registrations ------------------------------------------------------------


def _handshakes(dcss: SimulatedDcss) -> Iterator[Verdict]:
    answers = {
        row.case.removeprefix("hs:"): row.data
        for row in frame_rows()
        if row.case.startswith("hs:") and not row.from_dcss
    }
    for case in cases("handshake"):
        name = case["case"]
        if name in WHY_NOT_PLAYED:
            yield _skipped(case, name)
        elif name == DUPLICATE:
            with DhsPeer.logged_in(dcss, "pydhs"):
                yield _answered(dcss, case, answers[name])
        elif name == AFTER_DUPLICATE:
            with DhsPeer.logged_in(dcss, "pydhs") as first:
                _answered(dcss, case, answers[DUPLICATE])
                yield _compared(case, first.read_until_now(), [])
        else:
            yield _answered(dcss, case, answers[name])
        for host in dcss.online():
            dcss.wait_offline(host, DEADLINE_S)


def _answered(dcss: SimulatedDcss, case: dict[str, Any], answer: bytes) -> Verdict:
    """Whether the server asks, and closes after this answer, as in the recording."""
    with DhsPeer(dcss) as peer:
        peer.read()
        peer.socket.sendall(answer)
        is_closed = peer.socket.recv(1) == b""
    question = next(row.data for row in frame_rows() if row.from_dcss)
    return _compared(case, (peer.received, is_closed), (question, case["note"] == "server closed"))


def _registrations(dcss: SimulatedDcss) -> Iterator[Verdict]:
    for case in cases("registration"):
        rows = [
            row.data
            for row in frame_rows()
            if row.case == "registration" and row.host == case["host"] and row.from_dcss
        ]
        expected = b"".join(rows[: len(case["to_dhs"])])
        with DhsPeer.logged_in(dcss, case["host"]) as peer:
            got = peer.received[200 : 200 + len(expected)], len(peer.registrations)
        dcss.wait_offline(case["host"], DEADLINE_S)
        named = case | {"case": f"registration, protocol {case['proto']}"}
        yield _compared(named, got, (expected, len(case["to_dhs"])))


# -- messages --------------------------------------------------------------------------------


def _messages(dcss: SimulatedDcss) -> Iterator[Verdict]:
    frames = recorded_frames()
    with DhsPeer.logged_in(dcss, "pydhs") as two, DhsPeer.logged_in(dcss, "pydhs1") as one:
        peers = {"pydhs": two, "pydhs1": one}
        for case in cases("htos", "gui"):
            if case["case"] in WHY_NOT_PLAYED:
                yield _skipped(case, case["case"])
            else:
                yield _played(dcss, peers, case, frames)


def _played(
    dcss: SimulatedDcss, peers: dict[str, DhsPeer], case: dict[str, Any], frames: Frames
) -> Verdict:
    """Send the messages of a case, and compare the bytes that the DHSs get."""
    name, text = case["case"], case["sent"]
    if case["phase"] == "gui":
        with suppress(GuiRefusedError):
            dcss.from_gui(text, client_id=_RECORDED_CLIENT)
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
    sent = {host: peers[host].bytes_until_now for host in got}
    key = f"gui:{name}" if case["phase"] == "gui" else name
    recorded = {host: b"".join(frames[key, host].popleft() for _ in expected[host]) for host in got}
    known = [text for text in case["to_gui"] if not is_known(dcss, text)]
    return _compared(case, (sent, known), (recorded, []))


def recorded_frames() -> Frames:
    """The bytes from dcss to a host in the cases with this name, in the order of the recording."""
    frames: Frames = {}
    for row in frame_rows():
        if row.from_dcss:
            frames.setdefault((row.case, row.host), deque()).append(row.data)
    return frames


def _offline(dcss: SimulatedDcss) -> Iterator[Verdict]:
    """Commands of GUIs for a DHS that is not connected: nothing is sent."""
    for case in cases("gui-offline"):
        try:
            dcss.from_gui(case["sent"], client_id=_RECORDED_CLIENT)
        except GuiRefusedError:
            yield _compared(case, dcss.traffic.lines(), ())
        else:
            yield _compared(case, "asked", "refused")


def send(peer: DhsPeer, text: str) -> None:
    """Send a text of the table in the framing of the peer; bytes stand there as Python's."""
    if text.startswith("b'"):
        peer.socket.sendall(ast.literal_eval(text))
    elif peer.protocol.framing is Framing.V1:
        peer.socket.sendall(text.encode().ljust(200, b"\0"))
    else:
        peer.send_text(text)


def is_known(dcss: SimulatedDcss, broadcast: str) -> bool:
    """Whether the database has the values of a motor that GUIs got."""
    words: list[str]
    keyword, name, *words = [*broadcast.split(), ""]
    if keyword in ("stog_motor_move_completed", "stog_update_motor_position"):
        return "sw_limit" in broadcast or dcss.position(name) == float(words[0])
    if keyword in ("stog_configure_real_motor", "stog_configure_pseudo_motor"):
        return dcss.position(name) == float(words[2])
    return True
