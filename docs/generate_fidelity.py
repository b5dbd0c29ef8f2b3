"""Writes `fidelity.md`: compares the simulated DCSS with the recording of a real one.

make docs-tables
"""

import itertools
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for the tests, which know how to play the recording

from dcs_codec import (  # noqa: E402
    HtosOperationCompleted,
    HtosSendConfiguration,
    StohConfigureString,
)
from dhs_lab.simulators.dcss import SimulatedDcss  # noqa: E402
from tests.lab.simulators.conformance import (  # noqa: E402
    DIFFERENT,
    EQUAL,
    NOT_PLAYED,
    Verdict,
    recorded_dcss,
    verdicts,
)
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer  # noqa: E402
from tests.shared import ROOT as SHARED  # noqa: E402

PAGE: Final = Path(__file__).with_name("reference") / "fidelity.md"

HEAD: Final = """\
<!-- Written by docs/generate_fidelity.py: change that or the sources, then `make docs-tables`. -->

# Fidelity of the simulated DCSS

A real dcss was recorded: the messages of a DHS or a GUI, and the messages that it sent to DHSs. The
simulated one gets the same input (that of a GUI by `from_gui`) and must send the same bytes, in
both framings. The recording is not part of this repository. The page and the prompt go through the
[same rules](simulators.md#one-set-of-rules); only `send` goes past them.
"""

PHASES: Final = {
    "handshake": "Handshakes",
    "registration": "Registrations",
    "htos": "What a DHS sends",
    "gui": "What a GUI asks for",
    "gui-offline": "What a GUI asks of a DHS that is not connected",
    "end": "At the end",
}

HAZARDS_HEAD: Final = """\
## What hangs, kills or misleads a real dcss

The simulated one ignores harmful messages and says so in its log (logger
`dhs_lab.simulators.dcss`), so that the fault of a DHS under test is seen and the test continues.
"""

NOT_SIMULATED: Final = """\
## Not simulated

- The check that a DHS connects from the computer in the database.
- Bytes of an older message. A real dcss takes them where a text ends too early: contents of a
  string after a text without NUL, a number or status that is missing.
- Two blanks after the time of ion chambers: a real dcss then stores no counts.
- Positions above 1e10 are stored and sent to GUIs, but not to a DHS. A configuration with one is
  ignored, and is a verdict.
- The scripts of a beamline. [Fidelity of the GUI port](gui_fidelity.md) says which parts of the
  scripting engine are simulated.
"""


@attrs.frozen
class Hazard:
    """Something a DHS should never send.

    Attributes:
        what: What it is.
        real: What it does to a real dcss.
        data: The bytes, on a link of protocol 2.
    """

    what: str
    real: str
    data: bytes


def _framed(text: str) -> bytes:
    return b"%12d %12d %b\0" % (len(text) + 1, 0, text.encode())


HAZARDS: Final = (
    Hazard(
        "counts of an ion chamber that is not in the database",
        "loops for ever, and reads nothing more of this DHS",
        _framed("htos_report_ion_chambers 1 nosuch 5"),
    ),
    Hazard(
        "position 1e20 of a circle motor",
        "folds it for ever, with a lock held",
        _framed("htos_motor_move_completed gonio_phi2 1e20 normal"),
    ),
    Hazard(
        "position 1e300",
        "dies",
        _framed("htos_motor_move_completed gonio_z2 1e300 normal"),
    ),
    Hazard(
        "position `nan`",
        "stores it; the scripting engine fails",
        _framed("htos_motor_move_completed gonio_z2 nan normal"),
    ),
    Hazard(
        "a position that is not a number",
        "takes 0, or what it read before",
        _framed("htos_motor_move_completed gonio_z2 here normal"),
    ),
    Hazard(
        "a completion without a status",
        "tells GUIs stale bytes; everything is aborted",
        _framed("htos_motor_move_completed gonio_z2 1.0"),
    ),
    Hazard(
        "a status of 400 characters",
        "dies",
        _framed(f"htos_motor_move_completed gonio_z2 1.0 {'x' * 400}"),
    ),
    Hazard(
        "a device name of 200 characters",
        "dies",
        _framed(f"htos_motor_move_completed {'x' * 200} 1.0 normal"),
    ),
    Hazard("a keyword of 200 characters", "dies", _framed(f"htos_{'x' * 195} 1.0")),
    Hazard(
        "a completed move of a string",
        "writes over the string's record",
        _framed("htos_motor_move_completed str2 1.0 normal"),
    ),
    Hazard(
        "a string of 1,880 bytes or more",
        "cuts it",
        _framed(f"htos_set_string_completed str2 normal {'x' * 1900}"),
    ),
    Hazard(
        "a header of protocol 2 that is not two numbers",
        "takes the sizes of the frame before",
        b"x" * 26 + b"htos_note hello\0",
    ),
    Hazard(
        "a negative size",
        "takes the text for empty",
        b"%12d %12d " % (-5, 0),
    ),
    Hazard(
        "a size of 2,000,000,000",
        "waits for them",
        b"%12d %12d " % (2_000_000_000, 0),
    ),
    Hazard(
        "a frame of protocol 1 on a link of protocol 2",
        "keeps the link, which is dead",
        b"htos_note hello".ljust(200, b"\0"),
    ),
)


# -- the page --------------------------------------------------------------------------------


def render() -> str:
    """The page as it is now; needs the recording."""
    played = verdicts()
    sections = [HEAD, counts(played), *unequal(played), HAZARDS_HEAD, hazards(), NOT_SIMULATED]
    sections.append("## Case by case")
    for phase, title in PHASES.items():
        sections += [f"### {title}", cases_table(each for each in played if each.phase == phase)]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def counts(played: tuple[Verdict, ...]) -> str:
    """Numbers of equal, different and omitted cases, by phase and in all."""
    rows = []
    for phase, title in (*PHASES.items(), ("", "in all")):
        outcomes = Counter(each.outcome for each in played if phase in ("", each.phase))
        rows.append((title, *(str(outcomes[each]) for each in (EQUAL, DIFFERENT, NOT_PLAYED))))
    equal = sum(each.outcome == EQUAL for each in played)
    share = f"**{equal} of {len(played)} cases are equal: {100 * equal / len(played):.1f} %.**"
    return share + "\n\n" + table(("", EQUAL, DIFFERENT, NOT_PLAYED), rows)


def unequal(played: tuple[Verdict, ...]) -> Iterator[str]:
    """The cases that are not equal, and why."""
    for outcome, title in ((DIFFERENT, "Different"), (NOT_PLAYED, "Not played")):
        times = Counter((each.case, each.reason) for each in played if each.outcome == outcome)
        rows = [(f"`{case}`", str(count), why) for (case, why), count in times.items()]
        yield f"## {title}"
        yield table(("case", "times", "why"), rows) if rows else "No case."


def cases_table(played: Iterable[Verdict]) -> str:
    """One row for each name of a case, in the order of the recording."""
    by_name: dict[str, list[Verdict]] = {}
    for verdict in played:
        by_name.setdefault(verdict.case, []).append(verdict)
    rows = []
    for name, found in by_name.items():
        outcomes = Counter(each.outcome for each in found)
        said = ", ".join(
            outcome if len(found) == 1 else f"{count} {outcome}"
            for outcome, count in outcomes.items()
        )
        rows.append((f"`{name}`", said))
    return table(("case", "outcome"), rows)


def hazards() -> str:
    """What the simulated DCSS does with each hazard, tried out."""
    rows = []
    with recorded_dcss() as dcss:
        for hazard in HAZARDS:
            said, is_open = try_out(dcss, hazard.data)
            rows.append((hazard.what, hazard.real, said, "stays" if is_open else "is closed"))
        rows.append(
            (
                "a name of 170 characters in the handshake",
                "dies",
                try_name(dcss, "x" * 170),
                "is closed",
            )
        )
        rows.append(
            (
                "a file after an operation's answer",
                "writes it where the text says",
                try_binary(dcss),
                "stays",
            )
        )
    return table(("sent", "a real dcss", "the simulated one says", "and the link"), rows)


def try_out(dcss: SimulatedDcss, data: bytes) -> tuple[str, bool]:
    """The simulator's log for these bytes, and whether the link is still open."""
    with heard() as lines, DhsPeer.logged_in(dcss, "pydhs") as peer:
        before = len(lines)
        peer.socket.sendall(data)
        is_open = answers(peer)
        peer.close()
        dcss.wait_offline("pydhs", DEADLINE_S)
        return "; ".join(lines[before:]) or "nothing", is_open


def answers(peer: DhsPeer) -> bool:
    """Whether DCSS still answers."""
    try:
        peer.send(HtosSendConfiguration(device_name="str2"))
        while (message := peer.read()) is not None:
            if isinstance(message, StohConfigureString):
                return True
    except OSError:
        pass
    return False


def try_name(dcss: SimulatedDcss, name: str) -> str:
    """What the simulator says to a name in the handshake."""
    with heard() as lines, DhsPeer(dcss) as peer:
        peer.read()
        peer.socket.sendall(f"htos_client_is_hardware {name}".encode().ljust(200, b"\0"))
        peer.read()
        return "; ".join(lines)


def try_binary(dcss: SimulatedDcss) -> str:
    """The simulator's log for binary data after a completion."""
    with DhsPeer.logged_in(dcss, "pydhs") as peer, heard() as lines:
        run = dcss.start_operation("opA2")
        message = HtosOperationCompleted(
            operation_name="opA2",
            operation_handle=run.handle,
            operation_status="normal",
            operation_args="binary_file_name=/tmp/x",
            binary=b"12345",
        )
        peer.send(message)
        run.wait(DEADLINE_S)
        return "; ".join(lines)


@contextmanager
def heard() -> Iterator[list[str]]:
    """The lines of the simulator's log about differences from a real dcss."""
    lines: list[str] = []

    class Ear(logging.Handler):
        returns_at_once = True

        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if record.levelno >= logging.WARNING or "real dcss" in text or "ignores" in text:
                lines.append(shortened(text))

    logger = logging.getLogger("dhs_lab.simulators.dcss")
    ear, level = Ear(), logger.level
    logger.addHandler(ear)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(ear)
        logger.setLevel(level)


def shortened(text: str) -> str:
    """A line without the name of the host, bytes, and a message's representation."""
    text = re.sub(r": b['\"].*['\"](?=;)", "", text.removeprefix("pydhs: "))
    return re.sub(r"[:;] (ignored: )?\w+\(.*\)$|; ignored: .*$", "; ignored", text)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of Markdown."""
    lines = itertools.chain((head, ("---",) * len(head)), (tuple(map(safe, row)) for row in rows))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def safe(text: str) -> str:
    """A text in which nothing but back-quotes means anything to Markdown."""
    mark = re.compile(r"`[^`]*`|[*|<>\[\]]")
    return mark.sub(lambda match: match[0] if match[0][0] == "`" else "\\" + match[0], text)


if __name__ == "__main__":
    logging.getLogger().addHandler(logging.NullHandler())
    if (SHARED / "traffic" / "cases.jsonl").exists():
        PAGE.write_text(render(), encoding="utf-8")
    else:
        print(f"{PAGE.name} stays as it is: the recording is not in {SHARED}")  # noqa: T201
