"""Statistics of messages."""

import pytest

from dcs_codec import decode_text, direction_of
from dhs_lab.tools.showing import show, show_time
from dhs_lab.tools.sightings import Damage, Place, Sighting
from dhs_lab.tools.statistics import Statistics
from tests.lab.tools.helpers import found

PLACE = Place(source="x", line=1)


def sighting(time: float | None, text: str, conversation: str = "") -> Sighting:
    message = decode_text(text)
    return Sighting(
        message=message,
        place=PLACE,
        time=time,
        conversation=conversation,
        direction=direction_of(message.received_keyword),
        size=len(text),
    )


def statistics(*said: tuple[float | None, str] | tuple[float | None, str, str]) -> Statistics:
    added = Statistics()
    for each in said:
        added.add(sighting(*each))
    return added


def test_operations_are_timed_by_their_handle() -> None:
    found = statistics(
        (0.0, "stoh_start_operation a 1.1"),
        (0.5, "stoh_start_operation a 1.10"),
        (1.0, "htos_operation_completed a 1.1 normal"),
        (2.0, "htos_operation_completed a 1.10 error no loop"),
        (2.5, "htos_operation_completed a 1.10 normal"),
        (3.0, "htos_operation_completed a 7.7 normal"),
        (3.5, "stoh_start_operation a 1.11"),
    )
    task = found.tasks["operation", "a"]
    assert (task.started, task.completed, task.unfinished) == (3, 2, 1)
    assert (task.doubles, task.unasked, task.replaced) == (1, 1, 0)
    assert task.latencies == [1.0, 1.5]
    assert (task.percentile(50), task.percentile(99)) == (1.0, 1.5)
    assert task.statuses == {"normal": 1, "error": 1}


def test_moves_are_timed_by_their_motor() -> None:
    found = statistics(
        (0.0, "stoh_start_motor_move phi 10"),
        (0.2, "htos_motor_move_completed omega 0 normal"),
        (2.0, "htos_motor_move_completed phi 10 normal"),
        (3.0, "stoh_start_oscillation phi shutter 10 1"),
        (4.5, "htos_motor_move_completed phi 20 normal"),
        (5.0, "stoh_start_motor_move phi 10"),
        (6.0, "stoh_start_motor_move phi 20"),
        (6.5, "htos_motor_move_completed phi 20 aborted"),
        (7.0, "htos_motor_move_completed phi 20 normal"),
    )
    phi = found.tasks["move", "phi"]
    assert (phi.started, phi.completed, phi.unfinished) == (4, 3, 0)
    assert (phi.replaced, phi.doubles, phi.unasked) == (1, 0, 1)
    assert phi.latencies == [2.0, 1.5, 0.5]
    assert found.tasks["move", "omega"].unasked == 1


def test_two_conversations_are_not_mixed_up() -> None:
    found = statistics(
        (0.0, "stoh_start_operation a 1.1", "x"),
        (0.0, "stoh_start_operation a 1.1", "y"),
        (1.0, "htos_operation_completed a 1.1 normal", "x"),
        (3.0, "htos_operation_completed a 1.1 normal", "y"),
    )
    assert found.tasks["operation", "a"].latencies == [1.0, 3.0]
    assert found.tasks["operation", "a"].doubles == 0


def test_counts_sizes_and_rates() -> None:
    found = statistics(
        (10.0, "htos_note x"),
        (10.9, "htos_note long"),
        (12.0, "weird thing"),
        (14.0, "stoh_abort_all"),
    )
    found.add(Damage(place=PLACE, reason="x"))
    assert (found.count, found.damages, found.span_s, found.busiest) == (4, 1, 4.0, 2)
    note = next(each for each in found.keywords.values() if each.keyword == "htos_note")
    assert (note.count, note.bytes, note.smallest, note.largest, note.odd) == (2, 25, 11, 14, 0)
    assert found.rate(note.count) == 0.5
    assert sum(each.odd for each in found.keywords.values()) == 1


def test_without_times_nothing_is_made_up() -> None:
    found = statistics(
        (None, "stoh_start_operation a 1.1"), (None, "htos_operation_completed a 1.1 normal")
    )
    assert (found.span_s, found.busiest, found.rate(3)) == (None, None, None)
    task = found.tasks["operation", "a"]
    assert (task.completed, task.percentile(50)) == (1, None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("stoh_set_string s a b", "string_name=s string_contents='a b'"),
        ("stoh_set_motor_position phi 1e20", "position=100000000000000000000"),
        ("htos_report_ion_chambers 0.1 i0 5", 'result=[{"'),
        ("htos_note \x1b[31mred", "note_message='\\x1b[31mred'"),
        ("htos_note x\udcff", "note_message='x\\udcff'"),
        ("weird \x07", "!! unknown keyword"),
        ("stoh_set_motor_position phi x", "!! malformed: position: is not a number: 'x'"),
        ("", "!! malformed: holds no word"),
    ],
)
def test_what_is_shown_plays_no_tricks(text: str, shown: str) -> None:
    line = show(sighting(3.5, text))
    assert shown in line
    assert line.isprintable()
    assert line.isascii()
    assert line.startswith("00:00:03.500  ")


def test_times_are_shown_as_they_were() -> None:
    assert show_time(None) == "-"
    assert show_time(86_400 + 3661.5) == "01:01:01.500"
    assert show_time(1_700_000_000.25)[-4:] == ".250"


def test_a_clock_set_back_gives_no_latency_below_nothing() -> None:
    log = (
        b"2026-01-01 12:00:05 -> stoh_start_operation a 1.1\n"
        b"2026-01-01 11:59:59 <- htos_operation_completed a 1.1 normal\n"
        b"23:59:58 -> stoh_start_operation b 1.2\n"
        b"00:00:08 <- htos_operation_completed b 1.2 normal\n"
    )
    added = Statistics()
    for part in log.splitlines(keepends=True)[:2], log.splitlines(keepends=True)[2:]:
        for each in found(b"".join(part)):
            added.add(each)
    a, b = (added.tasks["operation", name] for name in "ab")
    assert (a.completed, a.latencies) == (1, [])
    assert (b.completed, b.latencies) == (1, [10.0])
