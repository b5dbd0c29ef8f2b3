"""Events that wait to be read: all in order, but for positions that nobody has read."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from dcs_codec.gui import StogNote, StogUpdateMotorPosition
from dhs_runtime.client import Change, ClientState, HostView, StringView
from dhs_runtime.client.events import MOST_UNREAD, ClientEvent, EventQueue
from dhs_runtime.clock import Deadline


def note(number: int) -> StogNote:
    return StogNote(note_message=str(number))


def update(name: str, position: float) -> StogUpdateMotorPosition:
    return StogUpdateMotorPosition(motor_name=name, position=position, status="normal")


def read(queue: EventQueue) -> list[ClientEvent]:
    found = []
    while (event := queue.get(Deadline.after(0))) is not None:
        found.append(event)
    return found


EVENTS = st.lists(
    st.one_of(
        st.builds(note, st.integers(0, 9)),
        st.builds(update, st.sampled_from("xyz"), st.integers(0, 9).map(float)),
        st.just("read"),
    )
)


@given(EVENTS)
def test_nothing_but_positions_is_left_out_and_the_order_stays(
    steps: list[ClientEvent | str],
) -> None:
    queue = EventQueue((StogNote, StogUpdateMotorPosition))
    put: list[ClientEvent] = []
    got: list[ClientEvent] = []
    for step in steps:
        if isinstance(step, str):
            got += [event for event in [queue.get(Deadline.after(0))] if event is not None]
        else:
            queue.offer([step])
            put.append(step)
    got += read(queue)
    notes = [event for event in put if isinstance(event, StogNote)]
    assert [event for event in got if isinstance(event, StogNote)] == notes
    for name in "xyz":  # between two notes: what is read is a part, in order, that has the last
        for ours, theirs in zip(runs(got, name), runs(put, name), strict=True):
            left = iter(theirs)
            assert all(position in left for position in ours)
            assert ours[-1:] == theirs[-1:]


def runs(events: list[ClientEvent], name: str) -> list[list[float]]:
    """Positions of a motor, between one note and the next."""
    found: list[list[float]] = [[]]
    for event in events:
        if isinstance(event, StogNote):
            found.append([])
        elif isinstance(event, StogUpdateMotorPosition) and event.motor_name == name:
            found[-1].append(event.position)
    return found


def test_positions_that_nobody_reads_take_no_room() -> None:
    queue = EventQueue((StogNote, StogUpdateMotorPosition))
    queue.offer([note(1)])
    queue.offer(update("z", number) for number in range(5 * MOST_UNREAD))
    queue.offer(update("x", number) for number in range(5 * MOST_UNREAD))
    last = 5 * MOST_UNREAD - 1
    assert read(queue) == [note(1), update("z", last), update("x", last)]
    queue.offer([update("z", 1)])
    assert read(queue) == [update("z", 1)]


def test_changes_that_are_joined_keep_the_first_before() -> None:
    before, after, last = (StringView(name="s", host="h", contents=text) for text in "abc")
    queue = EventQueue((), ["s"])
    queue.offer([Change(before, after, is_update=True), Change(after, last, is_update=True)])
    queue.offer([Change(None, HostView(name="other", is_online=True)), ClientState.READY])
    queue.offer([Change(last, after)])
    assert read(queue) == [Change(before, last), Change(last, after)]


def test_who_falls_behind_hears_no_more() -> None:
    queue = EventQueue((StogNote,))
    queue.offer(map(note, range(MOST_UNREAD)))
    assert (queue.is_overrun, queue.is_closed) == (False, False)
    queue.offer([note(1)])
    assert (queue.is_overrun, queue.is_closed) == (True, True)
    assert read(queue) == []
    queue.offer([note(1)])
    assert read(queue) == []


def test_closing_ends_a_wait() -> None:
    queue = EventQueue((StogNote,))
    closer = threading.Timer(0.01, queue.close)
    closer.start()
    assert queue.get() is None
    closer.join()
