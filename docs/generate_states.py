"""Writes `states.md` and its pictures: what may follow what, from the tables in the sources.

make docs-tables

The table of the protocol is `dcs_codec.state.TRANSITIONS`. The runtime has none, for its states are
what was reached and no rule; theirs are here, and a test watches a real link and real tasks go
through just these.
"""

import enum
import functools
import itertools
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

sys.path.insert(0, str(Path(__file__).parent))  # for the drawing

from drawing import ROW, Arrow, Box, Frame, Point, Shape, picture

from dcs_codec.state import TRANSITIONS, State, Step
from dhs_runtime.link import LinkState
from dhs_runtime.task import TaskState

PAGE: Final = Path(__file__).with_name("reference") / "states.md"
IMAGES: Final = Path(__file__).with_name("images")

S = TypeVar("S", bound=enum.Enum)
Moves = Mapping[tuple[S, S], str]
"""From a state to the next: what does it."""

STEPS: Final[Mapping[Step, str]] = {
    Step.ASK: "`stoc_send_client_type`, from DCSS",
    Step.ANSWER: "`htos_client_is_hardware` or `htos_client_type_is_hardware`, from the DHS",
    Step.LOGIN: "`gtos_client_is_gui`, from a GUI",
    Step.TICKET: "the ticket that the login announced, from the GUI",
    Step.ACCEPT: "`stog_login_complete`, from DCSS",
    Step.REFUSE: "`stog_authentication_failed`, from DCSS",
    Step.MESSAGE: "any other message, either way",
    Step.END: "the peer closes its side, and every frame was taken",
    Step.FAULT: "a broken frame, or a first frame that is no handshake",
}

LINK: Final[Moves[LinkState]] = {
    (LinkState.OFFLINE, LinkState.CONNECTING): "the DHS is started",
    (LinkState.CONNECTING, LinkState.ONLINE): "the handshake is answered",
    (LinkState.CONNECTING, LinkState.WAITING): "no connection, or no handshake on it",
    (LinkState.ONLINE, LinkState.WAITING): "the connection ended",
    (LinkState.WAITING, LinkState.CONNECTING): "the delay is over",
    **{
        (state, LinkState.STOPPED): "the DHS stops"
        for state in LinkState
        if state is not LinkState.STOPPED
    },
}

ENDINGS: Final = (TaskState.COMPLETED, TaskState.FAILED, TaskState.ABORTED)

TASK: Final[Moves[TaskState]] = {
    (TaskState.WAITING, TaskState.RUNNING): "a worker is free for its handler",
    **{
        (state, ending): f"its completion, {status}"
        for ending, status in zip(
            ENDINGS, ("`normal`", "any other status", "`aborted`"), strict=True
        )
        for state in (TaskState.WAITING, TaskState.RUNNING)
    },
}

HEAD: Final = """\
<!-- Written by docs/generate_states.py: change that or the sources, then `make docs-tables`. -->

# States

What may follow what: in a connection, in the link that makes connections again and again, and in
an operation or a move. A dashed frame stands for each state in it: what leaves the frame may come
in any of them.
"""

PROTOCOL_TEXT: Final = """\
## A connection

`DcsProtocol.state`, in any role: the handshake is one conversation, so both ends walk the same
states, a DHS and DCSS as well as a GUI and DCSS. The table is `TRANSITIONS` in
`dcs_codec/state.py`; a message whose step has no row in it is refused with `StateError`, and
nothing was sent.
"""

LINK_TEXT: Final = """\
## The link

`Dhs.state`: how the link to DCSS stands, over all its connections. How long it waits depends on how
the last connection ended; see [reliability](../explanations/reliability.md).
"""

TASK_TEXT: Final = """\
## Operations, moves and counts

`state` of an `Operation`, a `Move` or a `Count`. There is one completion, and it is what moves the
task to its end: said by the handler, or for it when it returns, raises, is late, or the DHS stops.
A task may end before its handler ran: no worker or no handler was there for it, somebody completed
it by hand, or it was aborted while it waited.

Being aborted is no state: a task that is asked to end (`aborted` is true) goes on until its handler
gives in, and may still end as `normal`.
"""


def render() -> str:
    """The page as the sources want it now."""
    sections = [
        HEAD,
        PROTOCOL_TEXT,
        shown("states-protocol", "States of a connection"),
        states_table(State),
        protocol_table(),
        LINK_TEXT,
        shown("states-link", "States of the link"),
        moves_table(LINK),
        TASK_TEXT,
        shown("states-task", "States of an operation, a move or a count"),
        moves_table(TASK),
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def pictures() -> dict[Path, str]:
    """The pictures of the page, by the file each is kept in."""
    return {
        IMAGES / "states-protocol.svg": protocol_picture(),
        IMAGES / "states-link.svg": link_picture(),
        IMAGES / "states-task.svg": task_picture(),
    }


# -- tables ----------------------------------------------------------------------------------


def shown(name: str, title: str) -> str:
    """A picture in the page."""
    return f"![{title}](../images/{name}.svg)"


def states_table(states: type[State]) -> str:
    """Each state and what it means: the docstring below its line in the source."""
    source = Path(sys.modules[states.__module__].__file__ or "").read_text(encoding="utf-8")
    lines = source.splitlines()
    rows = []
    for state in states:
        at = next(number for number, line in enumerate(lines) if f"    {state.name} = " in line)
        rows.append((f"`{state.name}`", lines[at + 1].strip().strip('"')))
    return table(("state", "meaning"), rows)


def protocol_table() -> str:
    """Each step: where it may come, where it leads."""
    rows = []
    for step in Step:
        by_next = itertools.groupby(
            sorted(
                ((before, after) for (before, each), after in TRANSITIONS.items() if each is step),
                key=lambda pair: list(State).index(pair[1]),
            ),
            key=lambda pair: pair[1],
        )
        for after, pairs in by_next:
            before = ", ".join(f"`{state.name}`" for state, _ in pairs)
            rows.append((STEPS[step], before, f"`{after.name}`"))
    return table(("what happens", "in", "leads to"), rows)


def moves_table(moves: Moves[S]) -> str:
    """Each move of the runtime's, those that differ by their first state in one row."""
    rows: dict[tuple[str, str], list[str]] = {}
    for (before, after), cause in moves.items():
        rows.setdefault((cause, f"`{after.name}`"), []).append(f"`{before.name}`")
    return table(
        ("what happens", "in", "leads to"),
        [(cause, ", ".join(before), after) for (cause, after), before in rows.items()],
    )


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of Markdown."""
    lines = itertools.chain((head, ("---",) * len(head)), rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


# -- pictures --------------------------------------------------------------------------------


def protocol_picture() -> str:
    """The ways of a DHS and of a GUI to be online, in a frame that closing and faults leave."""
    open_states = (
        State.CONNECTED,
        State.ASKED,
        State.ONLINE,
        State.LOGGING_IN,
        State.REFUSED,
    )
    places = {
        State.CONNECTED: Box("CONNECTED", 95, 92),
        State.ASKED: Box("ASKED", 350, 92),
        State.ONLINE: Box("ONLINE", 600, 92, "good"),
        State.LOGGING_IN: Box("LOGGING_IN", 350, 208),
        State.REFUSED: Box("REFUSED", 600, 208, "bad"),
        State.CLOSED: Box("CLOSED", 222, 330, "end"),
        State.FAILED: Box("FAILED", 482, 330, "bad"),
    }
    frame = Frame(24, 26, 700, 250)
    must(targets(Step.ASK) == {State.CONNECTED: State.ASKED})
    must(targets(Step.ANSWER) == {State.ASKED: State.ONLINE, State.ONLINE: State.ONLINE})
    must(targets(Step.MESSAGE) == {State.ONLINE: State.ONLINE})
    must(targets(Step.LOGIN) == {State.ASKED: State.LOGGING_IN})
    must(targets(Step.TICKET) == {State.LOGGING_IN: State.LOGGING_IN})
    must(targets(Step.ACCEPT) == {State.LOGGING_IN: State.ONLINE})
    must(targets(Step.REFUSE) == dict.fromkeys((State.LOGGING_IN, State.ONLINE), State.REFUSED))
    must(targets(Step.END) == dict.fromkeys((*open_states, State.CLOSED), State.CLOSED))
    must(targets(Step.FAULT) == dict.fromkeys(State, State.FAILED))
    connected, asked, online, logging_in, refused = (places[state] for state in open_states)
    closed, failed = places[State.CLOSED], places[State.FAILED]
    accepted = (
        (logging_in.x + 30, logging_in.y - ROW / 2),
        (online.x - 30, online.y + ROW / 2 + 1),
    )
    shapes: list[Shape] = [
        frame,
        across(connected, asked, "DCSS asks:", "stoc_send_client_type"),
        across(asked, online, "the DHS answers:", "htos_client_is_hardware"),
        loop(online, "messages"),
        vertical(asked, logging_in, -18, "a GUI logs in:", "gtos_client_is_gui"),
        Arrow(accepted, ("DCSS takes it",), (410, 142)),
        across(logging_in, refused, "DCSS refuses:", "stog_authentication_failed"),
        vertical(online, refused, 18, "the session", "has ended"),
        down(closed, frame, "the peer closes"),
        down(failed, frame, "a broken frame, no handshake"),
        across(closed, failed, "a fault"),
        *places.values(),
    ]
    return picture("States of a connection", 724, 370, shapes)


def link_picture() -> str:
    """The round of connecting, being online and waiting, in a frame that a stop leaves."""
    places = {
        LinkState.OFFLINE: Box("OFFLINE", 90, 66, "end"),
        LinkState.CONNECTING: Box("CONNECTING", 335, 66),
        LinkState.ONLINE: Box("ONLINE", 600, 66, "good"),
        LinkState.WAITING: Box("WAITING", 335, 178, "wait"),
        LinkState.STOPPED: Box("STOPPED", 335, 300, "end"),
    }
    frame = Frame(24, 24, 696, 222)
    offline, connecting, online, waiting, stopped = (places[state] for state in LinkState)
    must(len(LINK) == 5 + 4)
    corner: list[Point] = [(online.x, online.y + ROW / 2), (online.x, waiting.y)]
    shapes: list[Shape] = [
        frame,
        across(offline, connecting, "started"),
        across(connecting, online, "the handshake", "is answered"),
        Arrow(
            [*corner, (waiting.x + waiting.half + 1, waiting.y)],
            ("the connection ended",),
            (490, waiting.y - 8),
        ),
        vertical(connecting, waiting, 18, "no connection,", "or no handshake on it"),
        vertical(waiting, connecting, -18, "the delay is over"),
        down(stopped, frame, "the DHS stops"),
        *places.values(),
    ]
    return picture("States of the link", 720, 340, shapes)


def task_picture() -> str:
    """Waiting and running in a frame, and the three ways out of it."""
    waiting = Box("WAITING", 100, 152, "wait")
    running = Box("RUNNING", 330, 152)
    frame = Frame(24, 84, 410, 206)
    looks = {TaskState.COMPLETED: "good", TaskState.FAILED: "bad", TaskState.ABORTED: "wait"}
    words = {
        TaskState.COMPLETED: "normal",
        TaskState.FAILED: "any other status",
        TaskState.ABORTED: "aborted",
    }
    must(len(TASK) == 1 + 2 * len(ENDINGS))
    shapes: list[Shape] = [frame, across(waiting, running, "a worker", "is free")]
    for number, ending in enumerate(ENDINGS):
        box = Box(ending.name, 636, 52.0 + 98 * number, looks[ending], width=112)
        start = (frame.right, 126.0 + 24 * number)
        end = (box.x - box.half - 1, box.y)
        bends = () if start[1] == box.y else ((444.0, start[1]), (444.0, box.y))
        arrow = Arrow((start, *bends, end), (words[ending],), (515, box.y - 8))
        shapes += [arrow, box]
    shapes += [waiting, running]
    return picture("States of an operation, a move or a count", 720, 300, shapes)


def targets(step: Step) -> dict[State, State]:
    """Where a step leads, from each state in which it may come."""
    return {before: after for (before, each), after in TRANSITIONS.items() if each is step}


def must(holds: bool) -> None:
    """See that the table is what the picture shows.

    Raises:
        ValueError: It has changed: draw it anew.
    """
    if not holds:
        raise ValueError("a table has changed; its picture is to be drawn anew")


def across(start: Box, end: Box, *label: str) -> Arrow:
    """An arrow to the right, the first line of its label above it and the second below."""
    left, right = start.x + start.half, end.x - end.half - 1
    lines = (label[0],) if len(label) == 1 else label
    middle = (left + right) / 2
    above = Arrow(((left, start.y), (right, end.y)), lines, (middle, start.y - 8))
    return above if len(lines) == 1 else _split(above, middle, start.y)


def _split(arrow: Arrow, x: float, y: float) -> Arrow:
    return Arrow(arrow.points, arrow.label, (x, y - 22))


def vertical(start: Box, end: Box, aside: float, *label: str) -> Arrow:
    """An arrow up or down, `aside` of the middle, with its label on that side."""
    sign = 1 if end.y > start.y else -1
    x = start.x + aside
    points = ((x, start.y + sign * ROW / 2), (x, end.y - sign * (ROW / 2 + 1)))
    y = (start.y + end.y) / 2 + 4 - 7 * (len(label) - 1)
    if aside > 0:
        return Arrow(points, label, (x + 8, y), left=True)
    return Arrow(points, label, (x - 8 - 3 * len(max(label, key=len)), y))


def down(box: Box, frame: Frame, label: str) -> Arrow:
    """An arrow from a frame down to a box."""
    points = ((box.x, frame.bottom), (box.x, box.y - ROW / 2 - 1))
    return Arrow(
        points, (label,), (box.x + 10, (frame.bottom + box.y - ROW / 2) / 2 + 3), left=True
    )


def loop(box: Box, label: str) -> Arrow:
    """An arrow from a box around to itself, above it."""
    top = box.y - ROW / 2
    points = ((box.x - 18, top), (box.x - 18, top - 24), (box.x + 18, top - 24), (box.x + 18, top))
    return Arrow(points, (label,), (box.x, top - 30))


write: Callable[[Path, str], int] = functools.partial(Path.write_text, encoding="utf-8")

if __name__ == "__main__":
    write(PAGE, render())
    for path, text in pictures().items():
        write(path, text)
