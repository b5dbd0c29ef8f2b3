"""Each command to a shutter, on the wire."""

import contextlib

import pytest

from dcs_codec import HtosReportShutterState, ShutterState, StateError
from dhs_runtime import DeviceError, Dhs, Shutter
from tests.devices.talking import online, read
from tests.runtime.peers import eventually


@pytest.mark.parametrize(
    ("remembered", "reported"), [("open", "open"), ("closed", "closed"), ("odd", "closed")]
)
def test_a_registration_is_answered_by_the_state_dcss_remembers(
    remembered: str, reported: str
) -> None:
    dhs = Dhs("testDHS")
    shutter = dhs.shutter("shutter")
    with online(dhs) as peer:
        peer.send(f"stoh_register_shutter shutter {remembered} hw")
        assert peer.read_text() == f"htos_report_shutter_state shutter {reported}"
    assert shutter.registered


def test_who_knows_the_state_tells_it() -> None:
    dhs = Dhs("testDHS")
    dhs.shutter("shutter", state=ShutterState.OPEN)
    with online(dhs) as peer:
        peer.send("stoh_register_shutter shutter closed")
        assert peer.read_text() == "htos_report_shutter_state shutter open"


def test_each_command_leads_to_one_report_in_their_order() -> None:
    dhs = Dhs("testDHS")
    shutter = dhs.shutter("shutter")
    done: list[ShutterState] = []
    shutter.on_set(done.append)
    words = ["open", "closed", "open"] * 20
    with online(dhs) as peer:
        peer.send(*(f"stoh_set_shutter_state shutter {word}" for word in words))
        assert read(peer, len(words)) == [f"htos_report_shutter_state shutter {w}" for w in words]
    assert done == words
    assert shutter.state is ShutterState.OPEN


@pytest.mark.parametrize(
    ("error", "result", "reason"),
    [
        (DeviceError("no air", status="no_write_access"), "no_write_access", "no air"),
        (OSError("gone"), "error", "OSError: gone"),
    ],
)
def test_a_shutter_that_does_not_obey_keeps_its_state(
    error: Exception, result: str, reason: str
) -> None:
    dhs = Dhs("testDHS")

    @dhs.shutter("shutter").on_set
    def drive(state: ShutterState) -> None:
        raise error

    with online(dhs) as peer:
        peer.send("stoh_set_shutter_state shutter open")
        assert read(peer, 2) == [
            f"htos_log error shutter {reason}",
            f"htos_report_shutter_state shutter closed {result}",
        ]


def test_a_word_that_is_no_state_moves_nothing() -> None:
    dhs = Dhs("testDHS")
    done: list[ShutterState] = []
    dhs.shutter("shutter").on_set(done.append)
    with online(dhs) as peer:
        peer.send("stoh_set_shutter_state shutter ajar")
        assert read(peer, 2) == [
            "htos_log error shutter shutter: 'ajar' is neither open nor closed",
            "htos_report_shutter_state shutter closed error",
        ]
    assert done == []


def test_a_state_is_reported_unasked() -> None:
    dhs = Dhs("testDHS")
    shutter = dhs.shutter("shutter")
    with online(dhs) as peer:
        shutter.report(ShutterState.OPEN)
        assert peer.read_text() == "htos_report_shutter_state shutter open"
        _expose(shutter)
        assert read(peer, 2)[-1] == "htos_report_shutter_state shutter closed"


def test_the_answer_to_a_question_fills_in_a_state() -> None:
    dhs = Dhs("testDHS")
    shutter = dhs.shutter("shutter")
    with online(dhs) as peer:
        peer.send("stoh_configure_shutter shutter testDHS open")
        eventually(lambda: shutter.state is ShutterState.OPEN)


def _expose(shutter: Shutter) -> None:
    with contextlib.suppress(ZeroDivisionError), shutter.opened():
        assert shutter.state is ShutterState.OPEN
        raise ZeroDivisionError


@pytest.mark.parametrize("word", ["Open", "half", "OPEN", "1"])
def test_a_word_by_hand_that_dcss_would_take_for_open_is_refused(word: str) -> None:
    dhs = Dhs("testDHS")
    shutter = dhs.shutter("s")
    with online(dhs) as peer:
        with pytest.raises(StateError, match="neither open nor closed"):
            dhs.send(HtosReportShutterState(shutter_name="s", shutter_state=word))
        dhs.send(HtosReportShutterState(shutter_name="s", shutter_state="open"))
        assert peer.read_text() == "htos_report_shutter_state s open"
        assert shutter.state is ShutterState.OPEN
