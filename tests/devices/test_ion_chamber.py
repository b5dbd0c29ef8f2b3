"""Each command to ion chambers, on the wire."""

import pytest

from dhs_runtime import Count, Dhs, IonChamber
from tests.devices.talking import online, read


def chambers(dhs: Dhs) -> list[IonChamber]:
    """Two that are counted together, and one without a counter."""
    i0, i1, i2 = (dhs.ion_chamber(name) for name in ("i0", "i1", "i2"))

    @i0.on_count
    @i1.on_count
    def count(task: Count) -> dict[str, float]:
        return {"i0": 12, "i1": 1.5e6, "unasked": 1}

    return [i0, i1, i2]


def test_chambers_are_counted_together_in_the_order_asked_for() -> None:
    dhs = Dhs("testDHS")
    i0, i1, _ = chambers(dhs)
    with online(dhs) as peer:
        peer.send(
            "stoh_register_ion_chamber i0 counter 0 timer standard",
            "stoh_read_ion_chambers 0.1 0 i1 i0",
            "stoh_read_ion_chambers 2.5 0 i0",
        )
        assert sorted(read(peer, 2)) == [
            "htos_report_ion_chambers 0.1 i1 1500000.0 i0 12",
            "htos_report_ion_chambers 2.5 i0 12",
        ]
    assert (i0.counts, i1.counts) == (12, 1.5e6)
    assert i0.registered


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("0.1 0 i2", "0 i2 {LookupError: no handler for counting i2}"),
        ("0.1 0 i0 i2", "0 i0 i2 {LookupError: i2 is not counted together with i0}"),
        ("0.1 0 i0 w", "0 i0 w {LookupError: w is not an ion chamber of this DHS}"),
        ("0 0 i0", "0 i0 {cannot count for 0 s}"),
        ("-1 0 i0", "0 i0 {cannot count for -1 s}"),
        ("1e300 0 i0", "0 i0 {EncodeError: "),
    ],
)
def test_what_cannot_be_counted_is_a_failure(text: str, report: str) -> None:
    dhs = Dhs("testDHS")
    chambers(dhs)
    with online(dhs) as peer:
        peer.send(f"stoh_read_ion_chambers {text}")
        assert peer.read_text().startswith(f"htos_report_ion_chambers {report}")


def test_missing_counts_are_a_failure() -> None:
    dhs = Dhs("testDHS")
    dhs.ion_chamber("i0").on_count(lambda count: {})
    with online(dhs) as peer:
        peer.send("stoh_read_ion_chambers 1 0 i0")
        assert peer.read_text() == "htos_report_ion_chambers 0 i0 {KeyError: 'i0'}"


@pytest.mark.parametrize("repeat", [0, 1])
def test_an_abort_ends_a_count(repeat: int) -> None:
    dhs = Dhs("testDHS")
    chamber = dhs.ion_chamber("i0")
    calls: list[float] = []

    @chamber.on_count
    def count(task: Count) -> dict[str, float]:
        calls.append(task.time_s)
        if len(calls) > repeat * 3:
            task.sleep(60)
        return {"i0": len(calls)}

    with online(dhs) as peer:
        peer.send(f"stoh_read_ion_chambers 1 {repeat} i0")
        assert read(peer, repeat * 3) == [
            f"htos_report_ion_chambers 1.0 i0 {n + 1}" for n in range(repeat * 3)
        ]
        peer.send("stoh_abort_all soft")
        assert peer.read_text() == "htos_report_ion_chambers 0 i0 {stoh_abort_all soft}"


def test_a_counter_may_report_by_itself() -> None:
    dhs = Dhs("testDHS")

    @dhs.ion_chamber("i0").on_count
    def count(task: Count) -> dict[str, float]:
        task.fail("no beam")
        return {}

    with online(dhs) as peer:
        peer.send("stoh_read_ion_chambers 1 0 i0")
        assert peer.read_text() == "htos_report_ion_chambers 0 i0 {no beam}"
