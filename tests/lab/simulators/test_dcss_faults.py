"""Each fault of the simulated DCSS: it is on the wire as described, and a real DHS survives."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import pytest

from dcs_codec import Framing
from dhs_lab.simulators.dcss import (
    Completion,
    Fault,
    FaultKind,
    Faults,
    HardwareHost,
    OperationRun,
    SimulatedDcss,
)
from dhs_lab.simulators.dcss.outbox import Outbox
from dhs_runtime import ConfigError, Dhs, DhsError, LinkState
from tests.lab.simulators.wire_tap import Piece, Wire, WireTap
from tests.runtime.peers import eventually, fast_config, running

DEADLINE_S = 20.0
PAUSE_S = 0.2
START = b"stoh_start_operation"


def make_dhs() -> Dhs:
    dhs = Dhs("echoDHS")
    dhs.operation("echo")(lambda op: op.complete(*op.args))

    @dhs.operation("talk")
    def talk(op):  # type: ignore[no-untyped-def]  # as authors write it
        for _ in range(400):
            op.update("x" * 20_000)

    return dhs


@attrs.frozen
class Scene:
    """A DHS, a simulated DCSS, and a tap between them."""

    dcss: SimulatedDcss
    tap: WireTap
    dhs: Dhs

    def echo(self, text: str = "hello") -> OperationRun:
        """Start an operation when the DHS is online."""
        self.ready()
        return self.dcss.start_operation("echo", text)

    def ready(self) -> None:
        """Wait until the DHS is online."""
        self.dcss.wait_online("echoDHS", DEADLINE_S)

    def works_again(self) -> None:
        """The DHS reconnects and works."""
        self.dcss.faults.clear()
        eventually(self._echoes)
        assert self.dhs.state is LinkState.ONLINE

    def _echoes(self) -> bool:
        try:
            return self.echo().wait(1.0) == Completion("normal", "hello")
        except (DhsError, TimeoutError):  # it is between two connections
            return False


@contextmanager
def scene(
    *faults: str, framing: Framing = Framing.V2, send_timeout_s: float = 5
) -> Iterator[Scene]:
    host = HardwareHost.of("echoDHS", operations=["echo", "talk"], framing=framing)
    with (
        SimulatedDcss([host], patience=0.01, faults=faults, nodelay=True) as dcss,
        WireTap(dcss) as tap,
    ):
        config = attrs.evolve(fast_config(tap.port), send_timeout_s=send_timeout_s)
        with running(make_dhs(), config) as dhs:
            yield Scene(dcss, tap, dhs)


@pytest.fixture(params=[Framing.V1, Framing.V2], ids=["v1", "v2"])
def framing(request: pytest.FixtureRequest) -> Framing:
    assert isinstance(request.param, Framing)
    return request.param


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Piece]:
    """The pieces that the DCSS sends; TCP may put some together."""
    pieces: list[Piece] = []
    send = Outbox._try

    def noted(outbox: Outbox, data: bytes) -> int:
        pieces.append(Piece(time.monotonic(), data))
        return send(outbox, data)

    monkeypatch.setattr(Outbox, "_try", noted)
    return pieces


# -- frames ----------------------------------------------------------------------------------


def test_split_sends_a_frame_a_byte_at_a_time(framing: Framing, sent: list[Piece]) -> None:
    with scene("split pause_s=0.002 keyword=stoh_start_*", framing=framing) as it:
        it.ready()
        sent.clear()
        assert it.echo().wait(DEADLINE_S) == Completion("normal", "hello")
        assert {len(piece.data) for piece in sent} == {1}
        assert START in b"".join(piece.data for piece in sent)
        it.works_again()


def test_split_may_affect_the_handshake(sent: list[Piece]) -> None:
    with scene("split 7 pause_s=0.002 keyword=stoc_*") as it:
        assert it.echo().wait(DEADLINE_S) == Completion("normal", "hello")
        assert [len(piece.data) for piece in sent[:29]] == [7] * 28 + [4]
        it.works_again()


def test_stall_pauses_in_the_middle_of_a_frame(framing: Framing, sent: list[Piece]) -> None:
    with scene(f"stall {PAUSE_S} keyword=stoh_start_*", framing=framing) as it:
        it.ready()
        sent.clear()
        assert it.echo("x" * 20).wait(DEADLINE_S) == Completion("normal", "x" * 20)
        before, after = sent
        assert after.at_s - before.at_s >= PAUSE_S
        frame = before.data + after.data
        assert START in frame
        assert len(before.data) == len(frame) // 2
        it.works_again()


def test_late_frames_hold_up_what_comes_after() -> None:
    with scene(f"late {PAUSE_S} keyword=stoh_start_* count=1") as it:
        it.ready()
        runs: list[OperationRun] = []
        first = threading.Thread(target=lambda: runs.append(it.echo("first")), name="first")
        first.start()
        eventually(lambda: not it.dcss.faults.standing())
        runs.append(it.echo("second"))
        first.join(DEADLINE_S)
        assert {run.wait(DEADLINE_S).text for run in runs} == {"first", "second"}
        data = it.tap.wires[0].data
        assert data.index(b"first") < data.index(b"second")


def test_duplicate_sends_a_frame_twice(framing: Framing) -> None:
    with scene("duplicate keyword=stoh_start_* count=1", framing=framing) as it:
        run = it.echo()
        assert run.wait(DEADLINE_S) == Completion("normal", "hello")
        (wire,) = it.tap.wait(lambda wires: wires[0].data.count(START) == 2)
        frame = wire.data[-(len(wire.data) - wire.data.index(START)) :]
        assert frame.count(run.handle.encode()) == 2
        sent = it.dcss.traffic.texts("echoDHS", "->")
        assert sent.count(f"stoh_start_operation echo {run.handle} hello") == 2
        it.works_again()


def test_drop_loses_a_frame_and_nothing_else(framing: Framing) -> None:
    with scene("drop keyword=stoh_start_* count=1", framing=framing) as it:
        lost, next_one = it.echo("lost"), it.echo("next")
        assert next_one.wait(DEADLINE_S) == Completion("normal", "next")
        assert not lost.is_over
        assert b"lost" not in it.tap.wires[0].data
        assert len(it.tap.wires) == 1
        assert not any("lost" in text for text in it.dcss.traffic.texts())
        it.works_again()


# -- ends of the connection ------------------------------------------------------------------


def ended(wires: list[Wire]) -> bool:
    return bool(wires) and bool(wires[0].end)


def test_reset_is_an_rst_in_place_of_the_frame() -> None:
    with scene("reset keyword=stoh_start_* count=1") as it:
        run = it.echo()
        wire = it.tap.wait(ended)[0]
        assert (wire.end, START in wire.data) == ("rst", False)
        assert run.wait(DEADLINE_S).status == "no_hw_host_echoDHS"
        it.works_again()
        assert len(it.tap.wires) > 1


def test_truncate_is_half_a_frame_and_a_fin(framing: Framing) -> None:
    with scene("truncate keyword=stoh_start_* count=1", framing=framing) as it:
        run = it.echo("x" * 60)
        wire = it.tap.wait(ended)[0]
        half = wire.data[wire.data.index(START) :]
        assert (wire.end, half.endswith(b"x" * 60 + b"\0")) == ("fin", False)
        assert run.wait(DEADLINE_S).status == "no_hw_host_echoDHS"
        it.works_again()


def test_garbage_is_a_header_that_is_none() -> None:
    with scene("garbage keyword=stoh_start_* count=1") as it:
        it.echo()
        wire = it.tap.wait(lambda wires: START in wires[0].data)[0]
        before = wire.data[: wire.data.index(START)]
        assert before[-26:].isalpha()
        it.works_again()
        assert len(it.tap.wires) > 1  # v2 is out of step for good: the DHS connected anew


def test_garbage_in_v1_is_a_keyword_that_is_none() -> None:
    with scene("garbage keyword=stoh_start_* count=1", framing=Framing.V1) as it:
        it.echo()
        it.works_again()
        (wire,) = it.tap.wires  # v1 keeps in step
        assert START in wire.data


def test_refuse_closes_logins_as_of_an_unknown_name() -> None:
    with scene("refuse count=2") as it:
        wires = it.tap.wait(lambda wires: len(wires) > 2 and len(wires[2].pieces) > 0)
        assert [wire.end for wire in wires[:2]] == ["fin", "fin"]
        assert [len(wire.data) for wire in wires[:2]] == [200, 200]  # the question, no word more
        it.works_again()


# -- reading slowly --------------------------------------------------------------------------


def test_a_dcss_that_reads_nothing_costs_the_connection() -> None:
    with scene(send_timeout_s=0.3) as it:
        it.ready()
        it.dcss.faults.add("slow host=echoDHS")
        it.dcss.start_operation("talk")
        eventually(lambda: it.dhs.state is not LinkState.ONLINE or len(it.tap.wires) > 1)
        it.works_again()


def test_a_slow_dcss_reads_so_many_bytes_a_second() -> None:
    with scene() as it:
        it.ready()
        it.dcss.faults.add("slow 400")
        run = it.echo()
        run.wait(DEADLINE_S)  # what it was reading when the fault began came whole
        with pytest.raises(TimeoutError):
            it.echo("x" * 200).wait(PAUSE_S)
        it.works_again()


def test_a_server_that_stalls_stops_at_once() -> None:
    with scene("stall 60 keyword=stoh_start_* count=1") as it:
        it.ready()
        sender = threading.Thread(target=it.dcss.start_operation, args=("echo",), name="sender")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(threading, "excepthook", lambda _: None)  # it is told: not connected
            sender.start()
            eventually(lambda: not it.dcss.faults.standing())
            it.dcss.stop()
            sender.join(DEADLINE_S)
            assert not sender.is_alive()


# -- which frames ----------------------------------------------------------------------------


def hits(faults: Faults, host: str, count: int) -> list[bool]:
    return [faults.steps(host, "stoh_abort_all", b"x" * 40) == () for _ in range(count)]


def test_every_n_th_and_count_are_kept() -> None:
    faults = Faults(["drop every=3 count=2"])
    assert hits(faults, "a", 9) == [False, False, True] * 2 + [False] * 3
    assert faults.standing() == ()


def test_chances_repeat_with_the_seed_whatever_others_do() -> None:
    alone = hits(Faults(["drop chance=0.5"], seed=3), "a", 50)
    faults = Faults(["drop chance=0.5"], seed=3)
    among_others = []
    for _ in range(50):
        hits(faults, "b", 2)
        among_others += hits(faults, "a", 1)
    assert among_others == alone
    assert 10 < sum(alone) < 40
    assert hits(Faults(["drop chance=0.5"], seed=4), "a", 50) != alone


def test_hosts_and_keywords_are_patterns() -> None:
    faults = Faults(["drop host=*DHS keyword=stoh_set_*"])
    assert faults.steps("aDHS", "stoh_set_string", b"x") == ()
    assert faults.steps("aDHS", "stoh_abort_all", b"x") == (b"x",)
    assert faults.steps("other", "stoh_set_string", b"x") == (b"x",)
    assert faults.steps("?", "stoc_send_client_type", b"x") == (b"x",)


def test_faults_together_are_applied_in_one_order() -> None:
    faults = Faults(["late 2", "split 2", "duplicate"])
    steps = faults.steps("a", "stoh_abort_all", b"abc")
    assert steps[1:] == (b"ab", b"c", b"ab", b"c")
    (one,) = Faults(["split"]).steps("a", "stoh_abort_all", b"a")
    assert one == b"a"
    assert Faults(["split"]).steps("a", "stoh_abort_all", b"ab") == (b"a", b"b")


def test_a_fault_is_cleared_by_its_number() -> None:
    faults = Faults(["drop"])
    number = faults.add(Fault(FaultKind.LATE, 0.1))
    assert [each.number for each in faults.standing()] == [1, number]
    faults.clear(1)
    assert [str(each.fault) for each in faults.standing()] == ["late 0.1"]
    faults.clear()
    assert faults.standing() == ()


# -- as text ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FaultKind)
def test_every_kind_is_read_and_written(kind: FaultKind) -> None:
    fault = Fault.parse(kind)
    assert Fault.parse(str(fault)) == attrs.evolve(fault, value=Fault.parse(str(fault)).value)
    assert Fault.parse(str(fault)).amount == fault.amount


def test_a_fault_reads_as_it_is_written() -> None:
    text = "split 3 host=a* keyword=stoh_* every=2 count=5 chance=0.5 pause_s=0.25"
    assert str(Fault.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no fault ''; there are reset, split"),
        ("explode", "no fault 'explode'"),
        ("late soon", "'soon' is not a number, host="),
        ("late 1 how=loud", "'how=loud' is not a number"),
        ("late count=x", "'count=x' is not a number"),
        ("late -1", "must be >= 0"),
        ("drop 3", "drop takes no value"),
        ("split 0", "a piece must have at least 1 byte"),
        ("refuse keyword=x", "refuse does not affect single messages"),
        ("slow count=1", "slow lasts until it is cleared: it takes no every, count"),
        ("drop chance=2", "must be <= 1"),
    ],
)
def test_what_is_no_fault_is_named(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Fault.parse(text)
    assert reason in str(caught.value)
