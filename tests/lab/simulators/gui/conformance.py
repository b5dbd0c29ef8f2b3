"""Plays the recording of a real dcss's GUI port against the simulated one.

The recording is a table of cases, each of several steps: what a GUI or a DHS sent, and what each
GUI and each DHS was sent then. A step is played once all of the step before it came; what each got
in a case is compared text by text, to the letter. Private answers and broadcasts have no order
between them, so the order of texts is not compared. Ids, handles and keys of locks are compared by
place. Of a login the table holds the first texts and the last; those are compared.

Cases that the recording leaves out have changed the beamline between two that it holds: what they
did is put in (`LEFT_OUT`).
"""

import ast
import functools
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import attrs

from dhs_lab.simulators.dcss import Display, GuiSettings, Rights, SimulatedDcss, load_dump
from dhs_lab.simulators.dcss.gui_port.gui_settings import WAITING_S, Door
from tests.lab.simulators.conformance import DIFFERENT, EQUAL, NOT_PLAYED, Verdict
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.lab.simulators.gui.gui_peer import DEADLINE_S, END, GuiPeer
from tests.lab.simulators.gui.recorded_scripts import HAS_BLOCKED, MAY_GO_ON, add_scripts
from tests.runtime.peers import eventually
from tests.shared import shared_path

DISPLAYS: Final = {
    ":8.0": Display("LOCAL", "console1"),
    ":6.0": Display("REMOTE", "farroom"),
    ":7.0": Display("HUTCH", "hutch"),
    "thinclient:1": Display("LOCAL", "thin client"),
}
LOGINS: Final = {
    "guiA": "alice SESSA localhost :8.0",
    "guiA2": "alice SESSA localhost :8.0",
    "guiA3": "alice SESSA localhost :6.0",
    "guiB": "bob SESSB localhost :99.0",
    "guiC": "carol SESSC localhost :99.0",
    "guiH": "carol SESSC localhost :7.0",
    "guiN": "new SESSN localhost :8.0",
    "guiL": "bob USERLOC localhost :8.0",
    "guiR": "carol USERREM localhost :99.0",
    "guiRN": "bob USERLOC localhost :99.0",
    "guiES": "erin STAFFLOC localhost :99.0",
    "guiHU": "bob USERLOC localhost :7.0",
    "guiX": "u SX localhost :8.0",
    "guiW": "w SW localhost :8.0",
}
_HANDLE: Final = re.compile(r"(_operation\w* \S+ )(\d+)(?=\.\d+)")
_CLIENT: Final = re.compile(r"(stog_update_client )(\d+)")
_NUMBER: Final = re.compile(r"(stog_(?:login_complete|authentication_failed|update_client) )\d+")
_KEY: Final = re.compile(r"(master_lock_key=)([0-9A-F]{8})")
_PAUSED: Final = re.compile(r"opSelf \S+ (halfway|normal)")
"""What a script says after a pause."""
_ROUNDS: Final = (400, 40)  # until what is expected is there; where it is known not to come
_QUIET_S: Final = 0.05


@attrs.frozen
class Act:
    """Phases that were recorded in one run of the server.

    Attributes:
        phases: Names of the phases.
        clients: Who is logged in from the beginning.
        dhss: DHSs that are connected.
        door: State of the hutch door; None where a string tells it.
        sessions: Sessions and what they give; without any, every session has all rights.
    """

    phases: tuple[str, ...]
    clients: tuple[str, ...] = ("guiA", "guiB")
    dhss: tuple[str, ...] = ("pydhs", "pydhs1")
    door: Door | None = "open"
    sessions: Mapping[str, Rights] = attrs.field(factory=dict)


ACTS: Final = (
    Act(("master", "location", "admin", "unknown"), dhss=()),
    Act(("offline",), dhss=()),
    Act(("motor", "self_motor")),
    Act(
        ("permit", "shutter", "ion", "encoder", "string", "operation", "self_op"),
        door="closed",
    ),
    Act(("dhs_gone", "dhs_back", "idle", "forward")),
    Act(("master2",), ("guiA", "guiB"), ("pydhs",)),
    Act(("push", "move_by_words", "same_text"), dhss=("pydhs",)),
    Act(
        ("staff", "door"),
        ("guiL", "guiR", "guiRN", "guiES", "guiHU"),
        ("pydhs",),
        None,
        {
            "SESSA": Rights("alice"),
            "USERLOC": Rights("bob", is_staff=False, is_roaming=False),
            "USERREM": Rights("carol", is_staff=False),
            "STAFFLOC": Rights("erin", is_roaming=False),
        },
    ),
    Act(("self_dev",), ("guiA",), ("pydhs",)),
)
NOT_PLAYED_WHY: Final = {
    "auth-login": "needs a session server and keys",
    "session": "needs a session server",
    "slow": "a summary: `test_a_client_that_does_not_read_is_dropped` plays it",
    "frag": "a summary of times: `test_pieces_that_come_too_late_end_the_connection` plays it",
    "live": "a summary: clients of others",
    "danger": "what a real server survives by luck, hangs on or dies of; see the page of hazards",
}
DOOR: Final = "htos_set_string_completed hutchDoorStatus normal"
ENTERS: Final = "(enters)"
LEAVES: Final = "(leaves)"

LEFT_OUT: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "A takes back, no argument": (("guiB", "gtos_become_master force"),),
    "hand_back_masters by B again (previous flag gone)": (
        ("guiA", "gtos_admin hand_back_masters"),
    ),
    "both A clients become master together": (("guiA2", ENTERS),),
    "A2 slave alone": (
        ("guiB", "gtos_become_slave"),
        ("guiA", "gtos_become_master force"),
    ),
    "A3 same session other display takes over": (("guiA3", ENTERS),),
    "B can take without conflict": (("guiA3", LEAVES),),
    "child fails": (
        ("guiA", "gtos_start_motor_move slit_vert_gap 2"),
        ("pydhs", "htos_motor_move_completed slit_upper 1 normal"),
        ("pydhs", "htos_motor_move_completed slit_lower -1 normal"),
    ),
    "parent while a child moves": (
        ("pydhs", "htos_motor_move_completed slit_upper 1 normal"),
        ("pydhs", "htos_motor_move_completed slit_lower -1 normal"),
        ("guiA", "gtos_start_motor_move slit_vert_gap 1"),
        ("pydhs", "htos_motor_move_completed slit_upper 0.5 normal"),
        ("pydhs", "htos_motor_move_completed slit_lower -0.5 normal"),
    ),
    "in hutch while the door is closed": (("guiH", ENTERS),),
    "open, close": (("guiH", LEAVES),),
    "client leaves while its operation runs": (("guiC", ENTERS),),
    "client leaves while its self operation runs": (("guiC", ENTERS),),
    "moves a motor beyond its limit": (("pydhs", "htos_motor_move_completed mback 2.5 normal"),),
    "DHS operation of self fails": (("guiA", "gtos_start_operation opSelfOp {guiA}.32 opB2 a"),),
    "a listed operation runs; everything else meanwhile": (
        ("pydhs", "htos_report_shutter_state shut2 open"),
    ),
    "key with more letters behind it is right": (
        ("guiA", "gtos_become_master request_lock"),
        ("guiA", LEAVES),
    ),
    "become_slave force": (("guiB", LEAVES), ("guiA", ENTERS)),
    "what the new GUI is told about them": (
        ("guiA", "gtos_start_operation opA2 {guiA}.1"),
        ("guiA", "gtos_start_operation opB2 {guiA}.2"),
        ("guiA", "gtos_start_motor_move mnolim 2"),
        ("pydhs", "htos_update_motor_position mnolim 1.25 normal"),
    ),
    "unknown: motor not allowed to remote and local "
    "(passive remote local hutch closed = 1 0 0 1 0)": (("guiA", ENTERS),),
    "open: mnoremote": (
        ("pydhs", "htos_motor_move_completed mnoremote 0.5 normal"),
        ("pydhs", f"{DOOR} open {{now}}"),
    ),
    "closed: mnoremote and mnolim": (("pydhs", f"{DOOR} closed {{now}}"),),
    "strange contents": (("pydhs", f"{DOOR} ajar"),),
    "move exactly to the limit and out of it back in": (
        ("pydhs", "htos_update_motor_position slit_lower -0.6 normal"),
    ),
}
"""What came before a case, by whom: cases that are kept aside, or nobody wrote down."""

WHY_DIFFERENT: Final[Mapping[str, str]] = {
    "move with extra tokens": (
        "a move without a destination is refused; a real dcss takes one that an older command left"
    ),
    "vector with one token": (
        "a missing name is empty here; a real dcss shows bytes of its memory"
    ),
}


@functools.cache
def gui_verdicts() -> tuple[Verdict, ...]:
    """Plays all cases that can be played; in the order of the recording."""
    found: dict[int, Verdict] = {}
    rows = list(enumerate(gui_cases()))
    for act in ACTS:
        mine = [(number, case) for number, case in rows if case["phase"] in act.phases]
        with recorded_beamline(act.door, act.sessions) as dcss, Stage(dcss, act) as stage:
            for number, case in mine:
                found[number] = stage.play(case)
    for number, case in rows:
        if case["phase"] == "login":
            with recorded_beamline(waiting_s=WAITING_S) as dcss:
                found[number] = _login(dcss, case)
        elif number not in found:
            why = NOT_PLAYED_WHY[case["phase"]]
            found[number] = Verdict(case["phase"], case["case"], NOT_PLAYED, why)
    return tuple(found[number] for number in sorted(found))


def gui_cases() -> list[dict[str, Any]]:
    """The cases of the recording."""
    lines = shared_path("gui/gui_cases.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@contextmanager
def recorded_beamline(
    door: Door | None = "open",
    sessions: Mapping[str, Rights] = {},
    waiting_s: float = DEADLINE_S,
) -> Iterator[SimulatedDcss]:
    """A simulated DCSS with the database and the scripts of the recording."""
    dump = load_dump(shared_path("gui/gui_database.dump"))
    settings = GuiSettings(
        displays=DISPLAYS,
        sessions=sessions,
        checks_host=True,
        door=door,
        waiting_s=waiting_s,
        records=dump.records,
        runs=dump.runs,
    )
    dcss = SimulatedDcss(dump.hosts, patience=0.01, gui_port=0, gui=settings, nodelay=True)
    add_scripts(dcss)
    with dcss:
        yield dcss


def _login(dcss: SimulatedDcss, case: dict[str, Any]) -> Verdict:
    """Whether a login is taken or refused as it was, and what is told then."""
    (step,) = case["steps"]
    said = step["send"]
    block = ast.literal_eval(said) if said.startswith("b'") else said.encode().ljust(200, b"\0")
    texts: list[str] = []
    with GuiPeer(dcss) as peer:
        peer.socket.sendall(block)
        while (text := peer.read()) is not None and not (texts[-1:] or [""])[0].startswith(END):
            texts.append(_NUMBER.sub(r"\1ID", text))
            if text == END:
                break
    listed = [_NUMBER.sub(r"\1ID", text) for _, text in step["got"] if not _left_out(text)]
    missing = [text for text in listed if text not in texts]
    is_closed = END not in texts
    if not missing and is_closed == case["closed"]:
        return Verdict("login", case["case"], EQUAL)
    detail = f"missing: {missing}, closed: {is_closed}"
    return Verdict("login", case["case"], DIFFERENT, WHY_DIFFERENT.get(case["case"], ""), detail)


def _left_out(text: str) -> bool:
    return text == "<closed>" or text.endswith(" more")


class Stage:
    """The clients and DHSs of one act, and what each got since it was last looked at."""

    def __init__(self, dcss: SimulatedDcss, act: Act) -> None:
        self._dcss = dcss
        self._stack = ExitStack()
        self._act = act
        self._guis: dict[str, GuiPeer] = {}
        self._dhss: dict[str, DhsPeer] = {}
        self._names = Names()

    def __enter__(self) -> "Stage":
        for name in self._act.dhss:
            self._dhss[name] = self._stack.enter_context(DhsPeer.logged_in(self._dcss, name))
        for name in self._act.clients:
            self._enter(name)
        self._read()
        return self

    def __exit__(self, *_: object) -> None:
        for gui in self._guis.values():
            gui.close()
        self._stack.close()

    def _enter(self, name: str) -> None:
        user, session, _, display = LOGINS[name].split()
        self._guis[name] = GuiPeer.logged_in(self._dcss, user, display, session)

    def _leave(self, name: str) -> None:
        self._guis.pop(name).close()
        eventually(lambda: len(self._dcss.gui_sessions) == len(self._guis))

    # -- one case ----------------------------------------------------------------------------

    def play(self, case: dict[str, Any]) -> Verdict:
        """Play a case, and compare."""
        name = case["case"]
        for who, text in LEFT_OUT.get(name, ()):
            self._send(who, text)
            self._read()
            _wait_for_scripts()
        self._read()
        got: Counter[tuple[str, str]] = Counter()
        expected: Counter[tuple[str, str]] = Counter()
        for step in case["steps"]:
            expected += self._expected(step)
            MAY_GO_ON.clear()
            if step.get("do") is not None:
                self._leave("guiC")
            elif step.get("send") == "(login)":
                self._enter(step["client"])
                got.update((step["client"], text) for text in self._guis[step["client"]].pushed)
            elif step.get("send") is not None:
                self._send(step["client"], step["send"])
            if str(step.get("send")).endswith(" block"):
                assert HAS_BLOCKED.wait(DEADLINE_S)
            if any(_PAUSED.search(text) for _, text in step.get("got", ())):
                MAY_GO_ON.set()
            self._collect(got, expected, _ROUNDS[name in WHY_DIFFERENT])
        return _compared(case, got, expected)

    def _collect(
        self, got: Counter[tuple[str, str]], expected: Counter[tuple[str, str]], rounds: int
    ) -> None:
        """Read until all that is expected is there, and a while longer if it is not."""
        for _ in range(rounds):
            fresh = self._read()
            got.update(fresh)
            if not expected - got:
                return
            time.sleep(_QUIET_S)

    def _read(self) -> list[tuple[str, str]]:
        texts = [
            (name, text) for name, dhs in self._dhss.items() for text in dhs.letters_until_now()
        ]
        for name, gui in self._guis.items():
            texts += [(name, text) for text in gui.read_until_now()]
        return [(who, self._names.ours(text)) for who, text in texts if _counts(self._act, text)]

    def _expected(self, step: dict[str, Any]) -> Counter[tuple[str, str]]:
        self._names.learn(step, self._guis)
        texts = [(who, text) for who, text in step.get("got", ()) if _counts(self._act, text)]
        return Counter((who, self._names.theirs(text)) for who, text in texts)

    def _send(self, who: str, text: str) -> None:
        if text in (ENTERS, LEAVES):
            (self._enter if text == ENTERS else self._leave)(who)
            return
        peer: DhsPeer | GuiPeer = self._guis[who] if who in self._guis else self._dhss[who]
        text = text.replace(
            "{guiA}", str(self._guis["guiA"].client_id) if "guiA" in self._guis else ""
        )
        text = text.replace("{now}", str(int(time.time())))
        if text.startswith("b'"):
            peer.socket.sendall(ast.literal_eval(text))
        elif isinstance(peer, GuiPeer):
            peer.say(self._names.sent(text))
        else:
            peer.send_text(self._names.sent(text))


def _wait_for_scripts() -> None:
    """Wait, but not long, until no script runs: each has a thread of its own."""
    for _ in range(_ROUNDS[1]):
        time.sleep(_QUIET_S)
        if not any(thread.name.startswith("script-") for thread in threading.enumerate()):
            return


def _counts(act: Act, text: str) -> bool:
    """Whether a text is compared: some come by a clock, some were left out of the table."""
    if text.startswith("stog_set_permission_level"):
        return False
    return not text.startswith("stog_update_client") or "master" in act.phases


class Names:
    """Numbers that are given out anew each time: of clients, of operations, of locks."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}  # number in the recording: number here
        self._last_key = ""

    def learn(self, step: dict[str, Any], guis: Mapping[str, GuiPeer]) -> None:
        """Find out which number of the recording is which client."""
        handle = re.match(r"gtos_start_operation \S+ (\d+)\.", str(step.get("send")))
        if handle is not None and step["client"] in guis:
            self._ids[handle[1]] = guis[step["client"]].client_id
        texts = [text for _, text in step.get("got", ())]
        rows = [re.match(r"stog_update_client (\d+) (\w+) .* (\S+) {", text) for text in texts]
        numbers = sorted({int(row[1]) for row in rows if row is not None and row[1] != "1"})
        for number, gui in zip(numbers, guis.values(), strict=False):
            self._ids[str(number)] = gui.client_id

    def sent(self, text: str) -> str:
        """A text of the recording, to be sent here."""
        text = _HANDLE.sub(lambda found: found[1] + self._id(found), text, count=1)
        head, is_there, key = text.partition("master_lock_key=")
        if is_there and self._last_key and len(key) >= len(self._last_key):
            return f"{head}{is_there}{self._last_key}{key[len(self._last_key) :]}"
        return text

    def theirs(self, text: str) -> str:
        """A recorded text with the numbers of here, as it is compared."""
        text = _CLIENT.sub(lambda found: found[1] + self._id(found), text)
        text = _HANDLE.sub(lambda found: found[1] + self._id(found), text, count=1)
        return _KEY.sub(r"\1KEY", text)

    def ours(self, text: str) -> str:
        """A text of here, as it is compared."""
        found = _KEY.search(text)
        if found is not None:
            self._last_key = found[2]
        return _KEY.sub(r"\1KEY", text)

    def _id(self, found: re.Match[str]) -> str:
        return str(self._ids.get(found[2], found[2]))


def _compared(
    case: dict[str, Any], got: Counter[tuple[str, str]], expected: Counter[tuple[str, str]]
) -> Verdict:
    if case["phase"] == "push":  # the table holds a part of the push
        got = Counter({key: count for key, count in got.items() if key in expected})
    if got == expected:
        return Verdict(case["phase"], case["case"], EQUAL)
    detail = (
        f"more: {list((got - expected).elements())}, missing: {list((expected - got).elements())}"
    )
    why = WHY_DIFFERENT.get(case["case"], "")
    return Verdict(case["phase"], case["case"], DIFFERENT, why, detail)
