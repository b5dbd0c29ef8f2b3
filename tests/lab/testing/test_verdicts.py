"""Assertions on verdicts."""

import threading
from collections.abc import Iterator

import pytest

from dhs_lab.simulators.dcss import HardwareHost, VerdictKind
from dhs_lab.testing import DcssMaker, VerdictError, WatchedDcss
from tests.lab.simulators.dhs_peer import DhsPeer

NOT_SEEN = "not a Tcl list, so no script of a real dcss would ever see it: 'htos_note {'"
HOST = HardwareHost.of("stageDHS", motors=["z"], operations=["scan"], strings={"status": ""})


@pytest.fixture
def dcss() -> Iterator[WatchedDcss]:
    with DcssMaker() as make:
        yield make(HOST)


@pytest.fixture
def peer(dcss: WatchedDcss) -> Iterator[DhsPeer]:
    with DhsPeer.logged_in(dcss, "stageDHS") as peer:
        yield peer


def test_a_dhs_without_fault(dcss: WatchedDcss, peer: DhsPeer) -> None:
    dcss.expect_no_verdicts()
    dcss.start_operation("scan")
    peer.send_text("htos_operation_completed scan 1.1 normal")
    dcss.expect_no_verdicts()


def test_an_answer_is_waited_for(dcss: WatchedDcss, peer: DhsPeer) -> None:
    dcss.start_operation("scan")
    answer = threading.Timer(0.05, peer.send_text, ["htos_operation_completed scan 1.1 normal"])
    answer.start()
    dcss.expect_no_verdicts()
    answer.join()


def test_what_is_not_answered_at_the_end_of_the_test(dcss: WatchedDcss, peer: DhsPeer) -> None:
    dcss.start_operation("scan", "now")
    with pytest.raises(VerdictError, match=r"^no answer yet: stoh_start_operation scan 1.1 now$"):
        dcss.expect_no_verdicts(timeout_s=0.05)
    dcss.expect_no_verdicts(timeout_s=0, but={VerdictKind.NO_ANSWER})
    peer.settle()


def test_all_that_is_held_against_it_is_told(dcss: WatchedDcss, peer: DhsPeer) -> None:
    peer.send_text("htos_note {")
    dcss.move("z", 5)
    peer.send_text("htos_motor_move_completed z 0 normal")
    peer.settle()
    with pytest.raises(VerdictError) as caught:
        dcss.expect_no_verdicts()
    assert str(caught.value).splitlines() == [
        f"no list: stageDHS: {NOT_SEEN}",
        "wrong place: stageDHS: the move of z to 5 ended as normal at 0",
    ]
    dcss.expect_no_verdicts(but={VerdictKind.NO_LIST, VerdictKind.WRONG_PLACE})


def test_a_verdict_that_is_expected_is_waited_for_and_taken_once(
    dcss: WatchedDcss, peer: DhsPeer
) -> None:
    note = threading.Timer(0.05, peer.send_text, ["htos_note {"])
    note.start()
    verdict = dcss.expect_verdict(VerdictKind.NO_LIST, "htos_note")
    note.join()
    assert verdict.host == "stageDHS"
    dcss.expect_no_verdicts()
    with pytest.raises(VerdictError, match=r"^no verdict 'no list' within 0 s, but\nno list: stag"):
        dcss.expect_verdict(VerdictKind.NO_LIST, timeout_s=0)


@pytest.mark.parametrize(
    ("kind", "text", "host"),
    [
        (VerdictKind.STATUS, "", None),
        (VerdictKind.NO_LIST, "htos_log", None),
        (VerdictKind.NO_LIST, "", "otherDHS"),
    ],
)
def test_another_verdict_is_not_taken(
    dcss: WatchedDcss, peer: DhsPeer, kind: VerdictKind, text: str, host: str | None
) -> None:
    peer.send_text("htos_note {")
    peer.settle()
    with pytest.raises(VerdictError):
        dcss.expect_verdict(kind, text, host=host, timeout_s=0)


def test_a_failed_test_shows_them() -> None:
    with DcssMaker() as make:
        dcss = make(HOST)
        with DhsPeer.logged_in(dcss, "stageDHS") as peer:
            peer.send_text("htos_note {")
            peer.settle()
        titles = dict(make.sections())
        text = titles[f"verdicts of the simulated DCSS at {dcss.address}"]
        assert "no list: stageDHS: not a Tcl list" in text
        other = make(HOST)
        assert f"verdicts of the simulated DCSS at {other.address}" not in dict(make.sections())
