"""One side of a recording, played to a live peer: a real DHS, a simulated DCSS."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from dcs_codec import NEED_DATA, Frame, FrameDecoder, Framing, encode_frame, encode_text
from dhs_lab.simulators.dcss import HardwareHost, SimulatedDcss
from dhs_lab.tools.proxy import Recorder
from dhs_lab.tools.recording import (
    Recorded,
    Side,
    connections_of,
    index_path,
    lines_path,
    load,
    raw_path,
)
from dhs_lab.tools.replaying import ReplayOptions, ReplayResult, accept_dhs, call_dcss, replay
from dhs_runtime import Dhs
from dhs_runtime.errors import TransportError
from dhs_runtime.operation import Operation
from tests.lab.tools.helpers import ANSWER, ASK, v2
from tests.runtime.peers import fast_config, free_port, running

DEADLINE_S = 20.0
FAST = ReplayOptions(speed=None, patience_s=DEADLINE_S, settle_s=0.05)


def echo_dhs(answer: str = "normal") -> Dhs:
    """A DHS that answers or fails in this way."""
    dhs = Dhs("echoDHS")

    @dhs.operation("echo")
    def echo(op: Operation) -> None:
        op.update("working")
        if answer == "normal":
            op.complete(*op.args)
        else:
            op.fail(" ".join(op.args), status=answer)

    return dhs


def database() -> SimulatedDcss:
    return SimulatedDcss([HardwareHost.of("echoDHS", operations=["echo"])])


@pytest.fixture
def name(tmp_path: Path) -> str:
    """A recording of two operations, one after the other."""
    name = str(tmp_path / "rec")
    with database() as dcss:
        at = "127.0.0.1", dcss.port
        recorder = Recorder(name, listen=("127.0.0.1", 0), dcss=at)
        recorder.start()
        port = int(recorder.address.partition(":")[2])
        with running(echo_dhs(), fast_config(port)):
            dcss.wait_online("echoDHS", DEADLINE_S)
            for word in ("1.50", "two"):
                assert dcss.start_operation("echo", word).wait(DEADLINE_S).status == "normal"
        recorder.stop()
    return name


def play_dcss(recorded: Recorded, dhs: Dhs, options: ReplayOptions = FAST) -> ReplayResult:
    listening = socket.create_server(("127.0.0.1", 0))
    with listening, running(dhs, fast_config(listening.getsockname()[1])):
        return replay(recorded, Side.DCSS, accept_dhs(listening, DEADLINE_S), options)


def test_a_dhs_that_does_as_before_is_the_same(name: str) -> None:
    recorded = load(name, 1)
    assert recorded.damages == ()
    outcome = play_dcss(recorded, echo_dhs())
    assert outcome.is_same
    assert (outcome.sent, outcome.to_send, outcome.expected, outcome.got) == (4, 4, 5, 5)


@pytest.mark.parametrize("speed", [1.0, 20.0])
def test_recorded_speed_is_kept(name: str, speed: float) -> None:
    assert play_dcss(
        load(name, 1), echo_dhs(), ReplayOptions(speed=speed, patience_s=DEADLINE_S, settle_s=0.05)
    ).is_same


def test_a_dhs_that_answers_otherwise_is_told(name: str) -> None:
    outcome = play_dcss(load(name, 1), echo_dhs("error"))
    assert not outcome.is_same
    assert len(outcome.differences) == 2
    for difference in outcome.differences:
        assert "operation_status: expected normal, got error" in str(difference)
    ignoring = attrs.evolve(FAST, ignore=("htos_operation_c*",))
    assert play_dcss(load(name, 1), echo_dhs("error"), ignoring).is_same


def test_what_does_not_come_is_not_waited_for_twice(name: str) -> None:
    silent = Dhs("echoDHS")
    patient = ReplayOptions(speed=None, patience_s=0.3, settle_s=0.05)
    outcome = play_dcss(load(name, 1), silent, patient)
    assert outcome.sent == outcome.to_send
    assert any("missing" in str(each) for each in outcome.differences)


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_clock_that_was_set_keeps_nobody_waiting(name: str, step_s: float) -> None:
    recorded = load(name, 1)
    frames = tuple(
        attrs.evolve(frame, time=number / 1000 + step_s * (number > 4))
        for number, frame in enumerate(recorded.frames)
    )
    stepped = attrs.evolve(recorded, frames=frames)
    options = ReplayOptions(longest_pause_s=0.1, patience_s=DEADLINE_S, settle_s=0.05)
    outcome = play_dcss(stepped, echo_dhs(), options)
    assert outcome.is_same
    assert (outcome.shortened > 0) == (step_s > 0)


@pytest.mark.parametrize("as_recorded", [False, True])
def test_what_encode_would_refuse_is_not_sent_to_a_dcss_unless_told_to(
    tmp_path: Path, as_recorded: bool
) -> None:
    """A recording of a DHS that sent hazards: a position that is not a number, a long name."""
    name = str(tmp_path / "bad")
    bad = ["htos_update_motor_position m nan normal", f"htos_motor_move_completed {'m' * 200} 1 x"]
    said = ANSWER + v2("htos_note a", *bad, "htos_note b")
    raw_path(name, 1, Side.DHS).write_bytes(said)
    raw_path(name, 1, Side.DCSS).write_bytes(ASK)
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = call_dcss(server.getsockname()[:2])
        there, _ = server.accept()
    options = ReplayOptions(speed=None, patience_s=0.0, settle_s=0.0, as_recorded=as_recorded)
    outcome = replay(load(name, 1), Side.DHS, here, options)
    there.settimeout(DEADLINE_S)
    with there, there.makefile("rb") as stream:
        got = stream.read()
    if as_recorded:
        assert (got, outcome.refused, outcome.sent) == (said, (), 5)
    else:
        assert got == ANSWER + v2("htos_note a", "htos_note b")
        assert (len(outcome.refused), outcome.sent, outcome.is_same) == (2, 3, False)


def test_a_dhs_is_played_at_a_dcss_with_its_own_handles(name: str) -> None:
    recorded = load(name, 1)
    with database() as dcss:
        outcomes: list[ReplayResult] = []
        sock = call_dcss(("127.0.0.1", dcss.port))
        player = threading.Thread(
            target=lambda: outcomes.append(replay(recorded, Side.DHS, sock, FAST))
        )
        player.start()
        dcss.wait_online("echoDHS", DEADLINE_S)
        for word in ("1.5", "two"):
            assert dcss.start_operation("echo", word).wait(DEADLINE_S).status == "normal"
        player.join(DEADLINE_S)
    (outcome,) = outcomes
    assert outcome.is_same, [str(each) for each in outcome.differences]


def test_handles_of_another_dcss_are_put_in(name: str) -> None:
    recorded = load(name, 1)
    with bare_dcss(name, lambda text: text.replace("echo 1.", "echo 77.")) as (address, heard):
        outcome = replay(recorded, Side.DHS, call_dcss(address), FAST)
    assert outcome.is_same, [str(each) for each in outcome.differences]
    completed = [text for text in heard if "htos_operation_completed" in text]
    assert [text.split()[2] for text in completed] == ["77.1", "77.2"]


@contextmanager
def bare_dcss(
    name: str, change: Callable[[str], str]
) -> Iterator[tuple[tuple[str, int], list[str]]]:
    """A DCSS that sends the recorded messages with other handles, whatever it receives."""
    heard: list[str] = []
    frames = [frame for frame in load(name, 1).frames if frame.side is Side.DCSS]

    def serve() -> None:
        sock, _ = listening.accept()
        with sock:
            sock.sendall(frames[0].data)
            answer = sock.recv(200, socket.MSG_WAITALL)
            heard.append(answer.rstrip(b"\0").decode())
            for frame in frames[1:]:
                text = change(encode_text(frame.message)).encode()
                sock.sendall(encode_frame(Frame(text), Framing.V2))
            decoder = FrameDecoder(Framing.V2)
            while data := sock.recv(4096):
                decoder.receive_data(data)
                while (found := decoder.next_frame()) is not NEED_DATA:
                    heard.append(found.text.decode())

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve)
        server.start()
        yield listening.getsockname()[:2], heard
        server.join(DEADLINE_S)


def test_a_peer_that_hangs_up_is_told(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname()):
            sock = accept_dhs(listening, DEADLINE_S)
        outcome = replay(load(name, 1), Side.DCSS, sock, FAST)
    assert outcome.sent < outcome.to_send
    assert not outcome.is_same
    assert "the other side" in outcome.ending


def test_a_peer_that_does_not_come_is_an_error() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        pytest.raises(TransportError, match=r"no DHS has connected within 0\.01 s"),
    ):
        accept_dhs(listening, 0.01)
    with pytest.raises(TransportError, match=r"no DCSS at 127\.0\.0\.1"):
        call_dcss(("127.0.0.1", free_port()))


# -- recordings ------------------------------------------------------------------------------


def test_order_and_times_that_the_lines_lack_are_those_of_the_index(name: str) -> None:
    whole = load(name, 1)
    path = lines_path(name)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]) + lines[4][:20])
    assert load(name, 1) == whole
    path.unlink()
    index_path(name).write_bytes(b"1.0 1 no 3\n{}\n" + index_path(name).read_bytes())
    assert load(name, 1) == whole


def test_a_recording_without_its_last_lines_and_its_index_is_whole(name: str) -> None:
    whole = load(name, 1)
    index_path(name).unlink()
    path = lines_path(name)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]) + lines[4][:20])
    cut = load(name, 1)
    assert cut.frames[:3] == whole.frames[:3]
    assert sorted(frame.data for frame in cut.frames) == sorted(f.data for f in whole.frames)
    for side in Side:
        halves = [[f.data for f in each.frames if f.side is side] for each in (whole, cut)]
        assert halves[0] == halves[1]
    path.unlink()
    assert len(load(name, 1).frames) == len(whole.frames)
    assert connections_of(name) == (1,)
    assert connections_of(name + "x") == ()


def test_order_and_times_are_those_of_the_wire(name: str) -> None:
    frames = load(name, 1).frames
    assert [frame.side for frame in frames[:2]] == [Side.DCSS, Side.DHS]
    times = [frame.time for frame in frames]
    assert times == sorted(times)
    keywords = [frame.message.keyword for frame in frames]
    for at, keyword in enumerate(keywords):
        if keyword == "htos_operation_completed":
            assert "htos_operation_update" in keywords[:at]
    raw = raw_path(name, 1, Side.DHS).read_bytes()
    rows = [json.loads(line) for line in lines_path(name).read_text().splitlines()]
    said = [bytes.fromhex(row["hex"]) for row in rows if row.get("direction") == "to DCSS"]
    assert b"".join(said) == raw
