"""Verdicts of the simulated DCSS, over real sockets."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from dcs_codec import Framing
from dhs_lab.simulators.dcss import (
    CircleMode,
    HardwareHost,
    PositionReport,
    RealMotorEntry,
    SimulatedDcss,
    Verdict,
    VerdictKind,
    judge,
    runs,
)
from dhs_lab.simulators.dcss.run_table import KEPT, RunTable
from dhs_lab.simulators.dcss.runs import OperationRun
from tests.lab.simulators.dhs_peer import DEADLINE_S, DhsPeer
from tests.runtime.peers import eventually

LATE_S: Final = 10.0  # on the clock of the test
HOST: Final = "faultyDHS"


def host(framing: Framing = Framing.V2) -> HardwareHost:
    return HardwareHost.of(
        HOST,
        motors=[
            "z",
            RealMotorEntry("phi", circle_mode=CircleMode.UP_TO_360),
            RealMotorEntry("coarse", scale_factor=2),
        ],
        pseudo_motors=["energy"],
        shutters=["shutter"],
        ion_chambers=["i0", "i1"],
        encoders=["enc"],
        strings={"status": ""},
        operations=["echo"],
        framing=framing,
    )


class Bench:
    """A DCSS, and a DHS that sends what the test says."""

    def __init__(self, dcss: SimulatedDcss, peer: DhsPeer) -> None:
        self.dcss = dcss
        self.peer = peer

    def say(self, *texts: str) -> tuple[Verdict, ...]:
        """Let the DHS send this; returns all verdicts since it connected."""
        for text in texts:
            self.peer.send_text(text)
        self.peer.settle()
        return self.dcss.verdicts

    def kinds(self, *texts: str) -> list[VerdictKind]:
        return [verdict.kind for verdict in self.say(*texts)]

    def wait(self, count: int = 1) -> tuple[Verdict, ...]:
        """Wait for this many verdicts."""
        mark = -1
        end = time.monotonic() + DEADLINE_S
        while len(found := self.dcss.verdicts) < count and time.monotonic() < end:
            mark = self.dcss.changes.wait(mark, DEADLINE_S)
        assert len(found) == count
        return found


@pytest.fixture(params=[Framing.V1, Framing.V2], ids=["v1", "v2"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with (
        SimulatedDcss([host(request.param)], answer_within_s=60, nodelay=True) as dcss,
        DhsPeer.logged_in(dcss, HOST) as peer,
    ):
        yield Bench(dcss, peer)


class TimedBench(Bench):
    """The test sets the time of its judge: `monotonic` here is in place of the real clock."""

    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.now_s += seconds
        with self.dcss._judge._changed:
            self.dcss._judge._changed.notify_all()


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Iterator[TimedBench]:
    with (
        SimulatedDcss([host()], answer_within_s=LATE_S, nodelay=True) as dcss,
        DhsPeer.logged_in(dcss, HOST) as peer,
    ):
        bench = TimedBench(dcss, peer)
        for module in (judge, runs):
            monkeypatch.setattr(module, "time", bench)
        yield bench


# -- texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "htos_operation_completed echo 1.1 error ValueError: Expecting {property",
        "htos_operation_update echo 1.1 {a}{b}",
        'htos_operation_update echo 1.1 "{"',
        'htos_operation_update echo 1.1 {a}"b"',
        "htos_log warning faultyDHS cannot open {file",
        "htos_note {image_ready",
        "htos_set_string_completed status normal {a}b",
        'htos_set_string_completed status normal "never ends',
        "htos_start_operation other 1.2 {",
        "htos_limit_hit z {up",
    ],
)
def test_a_text_that_is_no_list_is_never_seen_by_a_script(bench: Bench, text: str) -> None:
    bench.dcss.start_operation("echo")
    (verdict,) = bench.say(text)
    assert (verdict.host, verdict.kind) == (HOST, VerdictKind.NO_LIST)
    assert verdict.text.endswith(repr(text))


def test_a_failure_of_ion_chambers_is_a_list_too(bench: Bench) -> None:
    assert VerdictKind.NO_LIST in bench.kinds("htos_report_ion_chambers 0 i0 i1 {out of gas")


@pytest.mark.parametrize(
    "text",
    [
        "htos_operation_update echo 1.1 {two words} [not run] $either ; or this",
        r"htos_operation_update echo 1.1 \{ \} \"",
        'htos_operation_update echo 1.1 "two words"',
        "htos_operation_update echo 1.1 it's 5 o'clock",
        "htos_log note faultyDHS all is well\n",
        "htos_report_ion_chambers 0 i0 i1 {out of gas}",
        "htos_report_shutter_state shutter closed",
        "htos_set_string_completed status normal",
        "htos_set_string_completed status normal on its way",
        "htos_update_motor_position z 1.0 normal",
        "htos_configure_shutter {",  # dcss has no such command, so it is not forwarded
    ],
)
def test_what_scripts_can_read_is_no_matter(bench: Bench, text: str) -> None:
    bench.dcss.start_operation("echo")
    assert bench.say(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "htos_motor_move_completed z 1.0 not homed",
        "htos_update_motor_position z 1.0 still moving",
        "htos_report_shutter_state shutter closed not homed",
        "htos_get_encoder_completed enc 1.0 not homed",
        "htos_set_encoder_completed enc 1.0 not homed",
        "htos_motor_move_completed z 1.0 {not homed}",
        "htos_motor_move_completed z 1.0 {}",
        "htos_report_shutter_state shutter closed {not homed}",
        "htos_set_string_completed status {not homed} old",
        'htos_set_string_completed status "" old',
        "htos_operation_completed echo 1.1 {not homed} reason",
        "htos_report_ion_chambers 0 i0 out of gas",
    ],
)
def test_a_status_is_one_plain_word(bench: Bench, text: str) -> None:
    bench.dcss.start_operation("echo")
    assert bench.kinds(text) == [VerdictKind.STATUS]


def test_what_would_kill_a_real_dcss_is_held_against_the_dhs(bench: Bench) -> None:
    assert bench.kinds("htos_motor_move_completed z 1e300 normal") == [VerdictKind.HAZARD]
    assert bench.kinds("htos_motor_move_completed z 1.0")[1:] == [VerdictKind.HAZARD]


# -- moves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("motor", "destination", "position", "is_wrong"),
    [
        ("z", 5.0, "5.0", False),
        ("z", 5.0, "4.999", False),
        ("z", 5.0, "4.5", True),
        ("z", 5.0, "0", True),
        ("z", 1.23456789, "1.23457", False),
        ("energy", 12000.0, "12000.005", False),
        ("energy", 12000.0, "11999", True),
        ("coarse", 1.3, "1.5", False),  # one step is half a unit
        ("coarse", 1.3, "2.0", True),
        ("phi", 350.0, "-10", False),
        ("phi", 350.0, "350", False),
        ("phi", 350.0, "170", True),
        ("z", "home", "0", False),
    ],
)
def test_a_move_is_normal_only_at_its_destination(
    bench: Bench, motor: str, destination: float | str, position: str, is_wrong: bool
) -> None:
    bench.dcss.move(motor, destination)
    found = bench.say(f"htos_motor_move_completed {motor} {position} normal")
    assert [verdict.kind for verdict in found] == [VerdictKind.WRONG_PLACE] * is_wrong


def test_a_wrong_place_is_told_in_words(bench: Bench) -> None:
    bench.dcss.move("z", 5)
    (verdict,) = bench.say("htos_motor_move_completed z 0 normal")
    assert str(verdict) == f"{HOST}: the move of z to 5 ended as normal at 0"


def test_a_move_that_failed_may_end_anywhere(bench: Bench) -> None:
    bench.dcss.move("z", 5)
    assert bench.say("htos_motor_move_completed z 0 sw_limit") == ()


def test_a_move_that_nobody_asked_for_is_not_judged(bench: Bench) -> None:
    assert bench.say("htos_motor_move_completed z 3 normal") == ()
    bench.dcss.move("z", 5)
    bench.say("htos_motor_move_completed z 5 normal")
    assert bench.say("htos_motor_move_started z 3", "htos_motor_move_completed z 3 normal") == ()


def test_of_two_moves_under_way_either_may_be_meant(bench: Bench) -> None:
    """A DHS may refuse the second at once, which comes before the first is over."""
    bench.dcss.move("z", 5)
    bench.dcss.move("z", 7)
    assert bench.say("htos_motor_move_completed z 1 moving") == ()
    assert bench.say("htos_motor_move_completed z 7 normal") == ()


def test_both_motors_of_a_vector_move_are_judged(bench: Bench) -> None:
    bench.dcss.vector_move("z", "energy", 1, 2, 3)
    found = bench.say(
        "htos_motor_move_completed z 1 normal", "htos_motor_move_completed energy 1 normal"
    )
    assert [verdict.text for verdict in found] == ["the move of energy to 2 ended as normal at 1"]


def test_the_tolerance_is_the_test_s() -> None:
    with (
        SimulatedDcss([host()], move_tolerance=0.5) as dcss,
        DhsPeer.logged_in(dcss, HOST) as peer,
    ):
        dcss.move("z", 5)
        assert Bench(dcss, peer).say("htos_motor_move_completed z 4.5 normal") == ()


# -- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda dcss: dcss.move("z", 5),
        lambda dcss: dcss.set_position("z", 5),
        lambda dcss: dcss.oscillate("phi", "shutter", 1, 0.01),
        lambda dcss: dcss.set_shutter("shutter", "open"),
        lambda dcss: dcss.read_ion_chambers(0.01, ["i0", "i1"]),
        lambda dcss: dcss.get_encoder("enc"),
        lambda dcss: dcss.set_encoder("enc", 1),
        lambda dcss: dcss.set_string("status", "x"),
    ],
    ids=["move", "position", "oscillation", "shutter", "counts", "encoder", "set", "string"],
)
def test_a_command_without_an_answer_is_told_once(
    timed: TimedBench, ask: Callable[[SimulatedDcss], object]
) -> None:
    ask(timed.dcss)
    (command,) = timed.dcss.unanswered()
    timed.pass_time(LATE_S + 1)
    (verdict,) = timed.wait()
    assert (verdict.host, verdict.kind) == (HOST, VerdictKind.NO_ANSWER)
    assert verdict.text == f"no answer within 10 s: {command}"
    timed.peer.close()
    timed.dcss.wait_offline(HOST, DEADLINE_S)
    assert timed.dcss.verdicts == (verdict,)


def test_each_command_that_stays_without_an_answer_is_told(timed: TimedBench) -> None:
    timed.dcss.set_string("status", "one")
    timed.dcss.set_string("status", "two")
    timed.dcss.vector_move("z", "energy", 1, 2, 3)
    timed.pass_time(LATE_S)
    texts = {verdict.text for verdict in timed.wait(4)}
    assert texts == {
        "no answer within 10 s: stoh_set_string status one",
        "no answer within 10 s: stoh_set_string status two",
        "no answer within 10 s: stoh_start_vector_move z energy 1 2 3",
    }


def test_a_move_that_is_under_way_is_given_time_after_each_word(timed: TimedBench) -> None:
    timed.dcss.move("z", 5)
    timed.dcss.get_encoder("enc")
    for position in range(3):
        timed.say(f"htos_update_motor_position z {position} normal")
        timed.pass_time(LATE_S * 0.4)
    (silent,) = timed.wait()
    assert silent.text.endswith("stoh_get_encoder enc")
    assert timed.say("htos_motor_move_completed z 5 normal") == (silent,)
    timed.dcss.move("z", 6)
    timed.say("htos_motor_move_started z 6")
    timed.pass_time(LATE_S)
    timed.wait(2)


def test_counting_is_given_the_time_that_it_takes(timed: TimedBench) -> None:
    run = timed.dcss.read_ion_chambers(3.0, ["i0"])
    assert run.parts[0].takes_s == 3.0
    timed.dcss.get_encoder("enc")
    timed.pass_time(LATE_S + 2.9)
    (silent,) = timed.wait()
    assert silent.text.endswith("stoh_get_encoder enc")
    timed.pass_time(0.1)
    timed.wait(2)


def test_an_answer_in_time_is_no_matter_even_when_more_is_asked(timed: TimedBench) -> None:
    for number in range(100):
        timed.dcss.set_string("status", f"{number}")
        timed.say(f"htos_set_string_completed status normal {number}")
    timed.dcss.get_encoder("enc")
    timed.pass_time(LATE_S)
    assert [verdict.text for verdict in timed.wait()] == [
        "no answer within 10 s: stoh_get_encoder enc"
    ]


def test_a_count_of_centuries_does_not_end_the_watch(timed: TimedBench) -> None:
    timed.dcss.from_gui("gtos_read_ion_chambers 9.9e9 0 i0")
    timed.dcss.from_gui("gtos_start_oscillation z NULL 1 9.9e9")
    timed.dcss.get_encoder("enc")
    timed.pass_time(LATE_S)
    (verdict,) = timed.wait()
    assert verdict.text == "no answer within 10 s: stoh_get_encoder enc"


def test_an_operation_may_take_as_long_as_it_likes(timed: TimedBench) -> None:
    timed.dcss.start_operation("echo")
    timed.dcss.get_encoder("enc")
    timed.pass_time(10 * LATE_S)
    (late,) = timed.wait()
    assert late.text.endswith("stoh_get_encoder enc")


def test_a_dhs_that_leaves_has_answered_all(bench: Bench) -> None:
    bench.dcss.start_operation("echo", "hello")
    bench.dcss.set_string("status", "x")
    bench.peer.close()
    found = bench.wait(2)
    assert [verdict.text for verdict in found] == [
        "no answer before it disconnected: stoh_start_operation echo 1.1 hello",
        "no answer before it disconnected: stoh_set_string status x",
    ]


def test_what_was_answered_in_the_end_is_no_matter(bench: Bench) -> None:
    bench.dcss.start_operation("echo", "hello")
    bench.say("htos_operation_completed echo 1.1 aborted")
    bench.peer.close()
    bench.dcss.wait_offline(HOST, DEADLINE_S)
    assert bench.dcss.verdicts == ()


@pytest.mark.parametrize("fault", ["", "reset keyword=stoh_get_encoder", "stall 0.01"])
def test_a_dhs_whose_link_was_taken_owes_nothing(bench: Bench, fault: str) -> None:
    bench.dcss.start_operation("echo", "hello")
    if fault:
        bench.dcss.faults.add(fault)
        bench.dcss.get_encoder("enc")
        bench.peer.close()
    else:
        bench.dcss.disconnect(HOST)
    bench.dcss.wait_offline(HOST, DEADLINE_S)
    assert bench.dcss.verdicts == ()


def test_at_the_end_of_the_test_operations_are_owed(bench: Bench) -> None:
    bench.dcss.start_operation("echo", "hello")
    bench.dcss.set_string("status", "x")
    bench.dcss.stop()
    assert [verdict.text for verdict in bench.dcss.verdicts] == [
        "no answer before the end: stoh_start_operation echo 1.1 hello"
    ]


def test_one_command_has_one_answer(bench: Bench) -> None:
    bench.dcss.start_operation("echo", "hello")
    answer = "htos_operation_completed echo 1.1 normal hello"
    assert bench.say(answer) == ()
    (verdict,) = bench.say("htos_operation_completed echo 1.1 error")
    assert verdict.kind is VerdictKind.SECOND_ANSWER
    assert verdict.text == (
        "'stoh_start_operation echo 1.1 hello' is over already: normal; completed again: error"
    )


def test_an_answer_on_the_next_link_is_one_too_many(bench: Bench) -> None:
    bench.dcss.start_operation("echo", "hello")
    bench.dcss.disconnect(HOST)
    bench.dcss.wait_offline(HOST, DEADLINE_S)
    with DhsPeer.logged_in(bench.dcss, HOST) as peer:
        found = Bench(bench.dcss, peer).say("htos_operation_completed echo 1.1 normal hello")
    assert [verdict.kind for verdict in found] == [VerdictKind.SECOND_ANSWER]


@pytest.mark.parametrize(
    "text",
    [
        "htos_update_motor_position z 5 normal",
        "htos_configure_device z 5 10 -10 1000 1 1 0 1 1 0 0 0",
    ],
)
def test_a_position_that_was_set_is_told(bench: Bench, text: str) -> None:
    run = bench.dcss.set_position("z", 5)
    bench.say("htos_get_encoder_completed enc 1.0 normal")
    assert not run.is_over
    bench.say(text)
    assert run.wait(DEADLINE_S) == PositionReport(5.0, "normal")
    bench.say(text)
    assert len(run.reports) == 1


def test_it_judges_again_after_a_stop_and_a_start() -> None:
    dcss = SimulatedDcss([host()], answer_within_s=0.1)
    for count in (1, 2):
        dcss.start()
        dcss.start()  # is running
        with DhsPeer.logged_in(dcss, HOST) as peer:
            dcss.get_encoder("enc")
            Bench(dcss, peer).wait(count)
            dcss.stop()
    eventually(lambda: "simulated-dcss-judge" not in {one.name for one in threading.enumerate()})


def test_verdicts_are_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.say("htos_note {")
    assert f"{HOST}: not a Tcl list, so no script of a real dcss would ever see it" in caplog.text


def test_the_table_forgets_what_is_over_and_nothing_else() -> None:
    table = RunTable()
    waiting = [OperationRun("echo", f"1.{number}", HOST) for number in range(3)]
    for run in waiting:
        table.add(run, ("operation", "echo", run.handle))
    for number in range(KEPT + 100):
        run = OperationRun("echo", f"2.{number}", HOST)
        run.fail("over")
        table.add(run, ("operation", "echo", run.handle))
    assert len(table._runs) <= KEPT
    for run in waiting:
        assert table.find(OperationRun, "operation", "echo", run.handle) is run
    assert table.find(OperationRun, "operation", "echo", "2.0") is None
    assert set(table.unanswered()) == set(waiting)


# -- two sends -------------------------------------------------------------------------------


class Recorder:
    """A socket that keeps what was sent, call by call."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sent: list[bytes] = []

    def send(self, data: bytes, flags: int = 0) -> int:
        self.sent.append(data)
        return self.sock.send(data, flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)


@pytest.mark.parametrize(
    ("framing", "nodelay", "sizes"),
    [
        (Framing.V2, False, [26, 21]),
        (Framing.V2, True, [47]),
        (Framing.V1, False, [200]),
        (Framing.V1, True, [200]),
    ],
)
def test_a_frame_goes_out_as_dcss_sends_it(
    framing: Framing, nodelay: bool, sizes: list[int]
) -> None:
    with (
        SimulatedDcss([host(framing)], nodelay=nodelay) as dcss,
        DhsPeer.logged_in(dcss, HOST) as peer,
    ):
        session = dcss.session(HOST)
        option = session._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert bool(option) is nodelay
        recorder = Recorder(session._socket)
        session._outbox._socket = recorder  # type: ignore[assignment]  # does all that a socket does
        dcss.get_encoder("enc")
        assert peer.read_text() == "stoh_get_encoder enc"
        assert [len(data) for data in recorder.sent] == sizes
