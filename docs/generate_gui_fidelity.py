"""Writes `gui_fidelity.md`: compares the simulated GUI port with the recording of a real one.

make docs-tables
"""

import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from generate_fidelity import cases_table, heard, table  # noqa: E402

from tests.lab.simulators.conformance import (  # noqa: E402
    DIFFERENT,
    EQUAL,
    NOT_PLAYED,
    Verdict,
)
from tests.lab.simulators.dhs_peer import DhsPeer  # noqa: E402
from tests.lab.simulators.gui.conformance import (  # noqa: E402
    gui_cases,
    gui_verdicts,
    recorded_beamline,
)
from tests.lab.simulators.gui.gui_peer import GuiPeer, framed  # noqa: E402
from tests.shared import ROOT as SHARED  # noqa: E402

SHOWN: Final = 120  # letters of a text
PAGE: Final = Path(__file__).with_name("reference") / "gui_fidelity.md"

HEAD: Final = """\
<!-- Written by docs/generate_gui_fidelity.py: change that, or the sources; `make docs-tables`. -->

# Fidelity of the simulated GUI port

A real dcss was recorded with its scripting engine, with GUIs, DHSs and all texts that each of them
got. The simulated one gets the same input over sockets, and must send everybody the same texts,
letter by letter. The order of texts is not compared, because a real dcss sends private answers and
broadcasts in any order; numbers of clients, handles and keys of locks are compared by place. The
recording is not part of this repository. [Fidelity](fidelity.md) is about the hardware port.
"""

HAZARDS_HEAD: Final = """\
## Where a real dcss hangs, dies or goes astray

The simulated one does nothing harmful, and tells the sender.
"""

NOT_SIMULATED: Final = """\
## Not simulated

- Encrypted sessions (`CYPHER`, `DCS_CYPHER`), TLS, and the older login with a challenge. Sessions
  and their rights are in `GuiSettings`; no session ends while its client is connected.
- The scripts of a beamline. Python functions replace them (`@dcss.scripted`, `@dcss.pseudo_motor`).
  An operation without one ends as an error that says so. A pseudo motor without one, and every
  shutter, encoder and ion chamber of the engine, answer `not_simulated`.
- Configurations in progress (`configInProgress`): here they take no time. Limits that the script
  of a pseudo motor checks for its children (`childrenLimitsOK`).
- Runs: they are sent as in the dump, and never change.
- `gtos_admin dump_database` writes no file.
- A second `stog_set_permission_level`, with which a real dcss confirms the rights of staff within
  30 s. Its complaint about each command if the database has no string `hutchDoorStatus`.
- The page, the prompt and `from_gui` go through [these rules](simulators.md#one-set-of-rules) as a
  local GUI of the staff that is master, but they are in no client list.
- Delays of a real engine: it reports the parents of a motor 10 ms after their child, at most every
  100 ms. Here this happens at once, each time.
"""


@attrs.frozen
class Hazard:
    """Something a GUI should never send.

    Attributes:
        what: What it is.
        real: What it does to a real dcss.
        data: The bytes.
    """

    what: str
    real: str
    data: bytes


HAZARDS: Final = (
    Hazard(
        "a circle motor to 1e20",
        "folds it for ever; every login hangs, the scripting engine hangs",
        framed("gtos_start_motor_move gonio_phi2 1e20"),
    ),
    Hazard(
        "a circle motor at 1e20",
        "the same",
        framed("gtos_set_motor_position gonio_phi2 1e20"),
    ),
    Hazard("a motor at 1e300", "dies", framed("gtos_set_motor_position mnolim 1e300")),
    Hazard(
        "a motor to 1e300",
        "survives, and mangles the text for its scripts",
        framed("gtos_start_motor_move mnolim 1e300"),
    ),
    Hazard(
        "a string's name of 2,000 letters",
        "dies",
        framed(f"gtos_set_string {'n' * 2000} x"),
    ),
    Hazard(
        "a move without a destination",
        "moves to that of an earlier command",
        framed("gtos_start_motor_move mnolim"),
    ),
    Hazard("a command of 300 letters", "shows 80 of them", framed("g" * 300)),
    Hazard(
        "an open brace for a script",
        "the script never gets it, and never ends",
        framed("gtos_set_string selfstr {open"),
    ),
    Hazard("a negative size", "takes memory for a command", b"%12d %12d " % (-5, 0)),
    Hazard("a header that is not two numbers", "takes memory for a command", b"x" * 26),
    Hazard(
        "a size that is too small",
        "closes at the next header",
        b"%12d %12d gtos_log note one two three\0" % (8, 0),
    ),
)


def render() -> str:
    """The page as it is now; needs the recording."""
    played = gui_verdicts()
    sections = [HEAD, counts(played), different(played), left_out(played)]
    sections += [HAZARDS_HEAD, hazards(), NOT_SIMULATED, "## Case by case"]
    for phase in dict.fromkeys(case["phase"] for case in gui_cases()):
        mine = [each for each in played if each.phase == phase and each.outcome != NOT_PLAYED]
        if mine:
            sections += [f"### `{phase}`", cases_table(mine)]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def counts(all_verdicts: tuple[Verdict, ...]) -> str:
    """How many cases are equal."""
    outcomes = Counter(each.outcome for each in all_verdicts)
    played = outcomes[EQUAL] + outcomes[DIFFERENT]
    share = 100 * outcomes[EQUAL] / played
    return (
        f"**{outcomes[EQUAL]} of the {played} cases that are played are equal: {share:.1f} %.** "
        f"{outcomes[NOT_PLAYED]} are listed below and not played."
    )


def different(played: tuple[Verdict, ...]) -> str:
    """The cases that are not equal, and why."""
    rows = [(f"`{each.case}`", each.reason) for each in played if each.outcome == DIFFERENT]
    return "## Different\n\n" + table(("case", "why"), rows)


def left_out(played: tuple[Verdict, ...]) -> str:
    """Phases that are not played, and why."""
    reasons = Counter((each.phase, each.reason) for each in played if each.outcome == NOT_PLAYED)
    rows = [(f"`{phase}`", str(count), why) for (phase, why), count in reasons.items()]
    return "## Not played\n\n" + table(("phase", "cases", "why"), rows)


def hazards() -> str:
    """What the simulated port does with each hazard, tried out."""
    rows = []
    with recorded_beamline() as dcss, DhsPeer.logged_in(dcss, "pydhs"):
        for hazard in HAZARDS:
            with heard() as lines, GuiPeer.logged_in(dcss, "alice", ":8.0") as gui:
                gui.socket.sendall(hazard.data)
                told, is_open = answer(gui)
            said = [line for line in lines if line.startswith("GUI")]
            rows.append(
                (hazard.what, hazard.real, said_so(told, said), "stays" if is_open else "is closed")
            )
    return table(("sent", "a real dcss", "the simulated one says", "and the link"), rows)


def answer(gui: GuiPeer) -> tuple[list[str], bool]:
    """What the client is told, and whether it is still connected."""
    try:
        return gui.read_until_now(), True
    except (AssertionError, OSError):
        return [], False


def said_so(told: list[str], lines: list[str]) -> str:
    """What the client was told, or else what is in the log."""
    texts = [text for text in told if not text.startswith("stog_update_client")]
    shown = "; ".join(text if len(text) <= SHOWN else f"{text[:SHOWN]}..." for text in texts)
    if shown:
        return shown
    reasons = [line.partition(": ")[2].partition(";")[0] for line in lines if ": " in line]
    return reasons[0] if reasons else "nothing"


if __name__ == "__main__":
    logging.getLogger().addHandler(logging.NullHandler())
    if (SHARED / "gui" / "gui_cases.jsonl").exists():
        PAGE.write_text(render(), encoding="utf-8")
    else:
        print(f"{PAGE.name} stays as it is: the recording is not in {SHARED}")  # noqa: T201
