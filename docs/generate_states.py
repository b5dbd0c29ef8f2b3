"""Writes `states.md` with its diagrams: what may follow what, from the tables in the sources.

make docs-tables

The table of the protocol is `dcs_codec.state.TRANSITIONS`. The runtime has no table: its states say
what was reached and are not rules. So its tables are here, and a test checks that a real link and
real tasks go through exactly these.
"""

import enum
import itertools
import sys
import textwrap
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from dcs_codec.state import TRANSITIONS, State, Step
from dhs_runtime.link import LinkState
from dhs_runtime.task import TaskState

PAGE: Final = Path(__file__).with_name("reference") / "states.md"

S = TypeVar("S", bound=enum.Enum)
Moves = Mapping[tuple[S, S], str]
"""From a state to the next: what does it."""

Rows = Mapping[tuple[str, S], list[S]]
"""What happens and where it leads: the states in which it may come."""

STEPS: Final[Mapping[Step, str]] = {
    Step.ASK: "`stoc_send_client_type`, from DCSS",
    Step.ANSWER: "`htos_client_is_hardware` or `htos_client_type_is_hardware`, from the DHS",
    Step.LOGIN: "`gtos_client_is_gui`, from a GUI",
    Step.TICKET: "the ticket that the login announced, from the GUI",
    Step.ACCEPT: "`stog_login_complete`, from DCSS",
    Step.REFUSE: "`stog_authentication_failed`, from DCSS",
    Step.MESSAGE: "any other message, either way",
    Step.END: "the peer closes its side, and every frame was taken",
    Step.FAULT: "a broken frame, or a first frame that is not a handshake",
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

OPEN: Final = {
    before
    for (before, step), after in TRANSITIONS.items()
    if step is Step.END and before is not after
}
"""The states of a connection that is open."""

LABEL_WIDTH: Final = 24  # letters of a line, before mermaid wraps it by itself

ENDINGS: Final = (TaskState.COMPLETED, TaskState.FAILED, TaskState.ABORTED)
ENDED: Final = frozenset(ENDINGS)

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

The states of a connection, of the link that makes connections, and of an operation or a move, and
how each may change. A frame means each state in it: an arrow that leaves the frame may start in any
of them. Arrows that lead back to the same state are only in the tables.
"""

PROTOCOL_TEXT: Final = """\
## A connection

`DcsProtocol.state`, in any role: the handshake is one conversation, so both sides go through the
same states, whether a DHS or a GUI talks to DCSS. The table is `TRANSITIONS` in
`dcs_codec/state.py`. A message whose step is not in the table is refused with `StateError`, and
nothing is sent.
"""

LINK_TEXT: Final = """\
## The link

`Dhs.state`: the state of the link to DCSS, over all its connections. How long it waits depends on
how the last connection ended; see [reliability](../explanations/reliability.md).
"""

TASK_TEXT: Final = """\
## Operations, moves and counts

`state` of an `Operation`, a `Move` or a `Count`. Each task has one completion, which ends it. The
handler sends it, or the runtime does when the handler returns, raises or is late, or the DHS stops.
A task may end before its handler ran: because there was no worker or no handler, because a message
sent by hand completed it, or because it was aborted while it waited.

Being aborted is not a state: a task that was asked to end (`aborted` is true) continues until its
handler ends, and may still end as `normal`.
"""


def render() -> str:
    """The page as the sources want it now."""
    protocol, link, task = rows_of_protocol(), rows_of(LINK), rows_of(TASK)
    sections = [
        HEAD,
        PROTOCOL_TEXT,
        diagram("States of a connection", protocol, framed=OPEN),
        states_table(State),
        rows_table(protocol),
        LINK_TEXT,
        diagram("States of the link", link, framed=set(LinkState) - {LinkState.STOPPED}),
        rows_table(link),
        TASK_TEXT,
        diagram("States of an operation, a move or a count", task, framed=set(TaskState) - ENDED),
        rows_table(task),
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def rows_of_protocol() -> Rows[State]:
    """Each step of the protocol, the targets in the order of the states."""
    rows: dict[tuple[str, State], list[State]] = {}
    for step, after in itertools.product(Step, State):
        for (before, each), target in TRANSITIONS.items():
            if each is step and target is after:
                rows.setdefault((STEPS[step], after), []).append(before)
    return rows


def rows_of(moves: Moves[S]) -> Rows[S]:
    """The transitions of the runtime; those that differ only in the first state share a row."""
    rows: dict[tuple[str, S], list[S]] = {}
    for (before, after), cause in moves.items():
        rows.setdefault((cause, after), []).append(before)
    return rows


# -- tables ----------------------------------------------------------------------------------


def states_table(states: type[State]) -> str:
    """Each state and what it means: the docstring below its line in the source."""
    source = Path(sys.modules[states.__module__].__file__ or "").read_text(encoding="utf-8")
    lines = source.splitlines()
    rows = []
    for state in states:
        at = next(number for number, line in enumerate(lines) if f"    {state.name} = " in line)
        rows.append((f"`{state.name}`", lines[at + 1].strip().strip('"')))
    return table(("state", "meaning"), rows)


def rows_table(rows: Rows[S]) -> str:
    """What happens, where it may come, where it leads."""
    return table(
        ("what happens", "in", "leads to"),
        [
            (cause, ", ".join(f"`{state.name}`" for state in before), f"`{after.name}`")
            for (cause, after), before in rows.items()
        ],
    )


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of Markdown."""
    lines = itertools.chain((head, ("---",) * len(head)), rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


# -- diagrams --------------------------------------------------------------------------------


def diagram(title: str, rows: Rows[S], framed: Collection[S]) -> str:
    """A state diagram of mermaid.

    Args:
        title: What screen readers say.
        rows: Its arrows.
        framed: The states in the frame; what may come in each of them leaves the frame once.

    What stays in its state is in the table only. What leads from one state to the same other shares
    an arrow, as mermaid would draw two of them over each other.
    """
    causes: dict[tuple[str, str], list[str]] = {}
    for (cause, after), before in rows.items():
        whole = after not in framed and set(framed) <= set(before)
        starts = ["frame"] if whole else []
        starts += [state.name for state in before if not (whole and state in framed)]
        for start in starts:
            if start != after.name:
                causes.setdefault((start, after.name), []).append(cause)
    names = [state.name for state in type(next(iter(framed))) if state in framed]
    arrows = {ends: f"{' --> '.join(ends)}: {label(texts)}" for ends, texts in causes.items()}
    lines = [
        "stateDiagram-v2",
        f"    accTitle: {title}",
        '    state "in any of these" as frame {',
        *(f"        {name}" for name in names),
        *(f"        {arrow}" for ends, arrow in arrows.items() if set(ends) <= set(names)),
        "    }",
        *(f"    {arrow}" for ends, arrow in arrows.items() if not set(ends) <= set(names)),
    ]
    return "\n".join(("```mermaid", *lines, "```"))


def label(causes: Iterable[str]) -> str:
    """What happens, in short lines."""
    text = ", or ".join(causes).replace("`", "")
    return "<br/>".join(textwrap.wrap(text, LABEL_WIDTH, break_long_words=False))


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
