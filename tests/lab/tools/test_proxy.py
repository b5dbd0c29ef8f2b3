"""The recorder between two bare sockets: relayed bytes, written files, and their order."""

import errno
import json
import os
import random
import signal
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dhs_lab.tools.proxy import Recorder
from dhs_lab.tools.recording import Side, WriteAhead, load, raw_path
from dhs_runtime.errors import ConfigError
from dhs_runtime.services.listener import reset
from tests.lab.tools.helpers import ANSWER, ASK, v2
from tests.runtime.peers import eventually

DEADLINE_S = 20.0


class Relayed:
    """A recorder with a DHS and a DCSS on its sides."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dcss_port = socket.create_server(("127.0.0.1", 0))
        self.dcss_port.settimeout(DEADLINE_S)
        dcss = self.dcss_port.getsockname()[:2]
        self.ended = threading.Event()
        self.recorder = Recorder(name, listen=("127.0.0.1", 0), dcss=dcss, on_end=self.ended.set)
        self.recorder.start()
        self.sockets: list[socket.socket] = []

    def connect(self) -> tuple[socket.socket, socket.socket]:
        """A DHS's socket and the DCSS's socket for it."""
        host, _, port = self.recorder.address.partition(":")
        dhs = socket.create_connection((host, int(port)), DEADLINE_S)
        dcss, _ = self.dcss_port.accept()
        dcss.settimeout(DEADLINE_S)
        self.sockets += [dhs, dcss]
        return dhs, dcss

    def raw(self, side: Side, connection: int = 1) -> bytes:
        return raw_path(self.name, connection, side).read_bytes()

    def rows(self) -> list[dict[str, object]]:
        lines = Path(f"{self.name}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@contextmanager
def relaying(name: Path) -> Iterator[Relayed]:
    relayed = Relayed(str(name))
    try:
        yield relayed
    finally:
        for sock in relayed.sockets:
            sock.close()
        relayed.recorder.stop()
        relayed.dcss_port.close()


@pytest.fixture
def relayed(tmp_path: Path) -> Iterator[Relayed]:
    with relaying(tmp_path / "rec") as found:
        yield found


def receive(sock: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (piece := sock.recv(1 << 16)):
        data += piece
    return bytes(data)


def test_garbage_passes_untouched_both_ways_at_once_and_is_recorded(relayed: Relayed) -> None:
    dhs, dcss = relayed.connect()
    noise = random.Random(1)
    to_dcss, to_dhs = noise.randbytes(3_000_000), noise.randbytes(2_000_001)
    senders = [
        threading.Thread(target=dhs.sendall, args=(to_dcss,)),
        threading.Thread(target=dcss.sendall, args=(to_dhs,)),
    ]
    got: dict[str, bytes] = {}
    readers = [
        threading.Thread(target=lambda: got.update(dcss=receive(dcss, len(to_dcss)))),
        threading.Thread(target=lambda: got.update(dhs=receive(dhs, len(to_dhs)))),
    ]
    for thread in (*senders, *readers):
        thread.start()
    for thread in (*senders, *readers):
        thread.join(DEADLINE_S)
    assert got == {"dcss": to_dcss, "dhs": to_dhs}
    assert relayed.raw(Side.DHS) == to_dcss
    assert relayed.raw(Side.DCSS) == to_dhs


def test_what_was_said_is_in_the_lines(relayed: Relayed) -> None:
    dhs, dcss = relayed.connect()
    dcss.sendall(ASK)
    assert receive(dhs, 200) == ASK
    dhs.sendall(ANSWER + v2("htos_note x") + b"\x01junk\x01" + v2("htos_note y"))
    receive(dcss, 200 + 38 + 6 + 38)
    dhs.close()
    assert receive(dcss, 1) == b""
    dcss.close()
    assert relayed.ended.wait(DEADLINE_S)
    relayed.recorder.stop()
    rows = relayed.rows()
    assert [row.get("event") for row in rows] == ["opened", *[None] * 5, "closed"]
    assert rows[-1]["detail"] == "dhs closed the connection"
    assert rows[1]["message"] == {"keyword": "stoc_send_client_type"}
    assert rows[1]["direction"] == "to DHS"
    assert bytes.fromhex(str(rows[1]["hex"])) == ASK
    assert rows[4]["damage"] == "no frame begins here; 6 bytes skipped"
    assert [row.get("offset") for row in rows[2:-1]] == [0, 200, 238, 244]
    recorded = load(relayed.name, 1)
    assert [frame.side for frame in recorded.frames] == [Side.DCSS, *[Side.DHS] * 3]
    assert len(recorded.damages) == 1
    totals = relayed.recorder.totals
    assert (totals.connections, totals.bytes, totals.messages) == (1, 482, 4)


def test_connections_are_recorded_apart(relayed: Relayed) -> None:
    pairs = [relayed.connect() for _ in range(3)]
    for number, (dhs, dcss) in enumerate(pairs):
        dhs.sendall(v2(f"htos_note {number}"))
        receive(dcss, 38)
    for number in range(3):
        assert relayed.raw(Side.DHS, number + 1) == v2(f"htos_note {number}")


def test_one_side_may_close_and_still_listen(relayed: Relayed) -> None:
    dhs, dcss = relayed.connect()
    dhs.shutdown(socket.SHUT_WR)
    assert receive(dcss, 1) == b""
    dcss.sendall(b"the rest")
    dcss.close()
    assert receive(dhs, 100) == b"the rest"
    assert relayed.ended.wait(DEADLINE_S)


@pytest.mark.parametrize("of_dcss", [True, False])
def test_a_reset_is_passed_on(relayed: Relayed, of_dcss: bool) -> None:
    ends = relayed.connect()
    dhs, dcss = ends
    dhs.sendall(b"x")
    receive(dcss, 1)
    dcss.sendall(b"y")
    receive(dhs, 1)
    reset(ends[of_dcss])
    with pytest.raises(ConnectionResetError):
        receive(ends[not of_dcss], 1)
    assert relayed.ended.wait(DEADLINE_S)


def test_without_a_dcss_the_dhs_is_sent_away(tmp_path: Path) -> None:
    with relaying(tmp_path / "rec") as relayed:
        relayed.dcss_port.close()
        host, _, port = relayed.recorder.address.partition(":")
        with socket.create_connection((host, int(port)), DEADLINE_S) as dhs:
            assert receive(dhs, 1) == b""
        assert relayed.ended.wait(DEADLINE_S)
        relayed.recorder.stop()
        assert "no DCSS at 127.0.0.1" in str(relayed.rows()[-1]["detail"])


def test_stopping_ends_open_connections(relayed: Relayed) -> None:
    dhs, dcss = relayed.connect()
    dhs.sendall(b"x")
    receive(dcss, 1)
    relayed.recorder.stop()
    assert receive(dcss, 1) == b""
    assert receive(dhs, 1) == b""


def scribe_of(recorder: Recorder) -> int:
    scribe = recorder._scribe
    assert scribe is not None
    return scribe.pid


def test_relaying_does_not_wait_for_decoding(relayed: Relayed) -> None:
    """The decoding process is paused: everything is relayed, and the lines come later."""
    scribe = scribe_of(relayed.recorder)
    os.kill(scribe, signal.SIGSTOP)
    dhs, dcss = relayed.connect()
    frame = v2("htos_note x")
    for _ in range(100):
        dhs.sendall(frame)
        assert receive(dcss, len(frame)) == frame
    assert relayed.rows() == []
    os.kill(scribe, signal.SIGCONT)
    relayed.recorder.stop()
    assert relayed.recorder.totals.messages == 100


def test_what_decodes_may_be_killed_and_all_is_recorded(relayed: Relayed) -> None:
    os.kill(scribe_of(relayed.recorder), signal.SIGKILL)
    dhs, dcss = relayed.connect()
    frame = v2("htos_note x")
    dhs.sendall(frame)
    assert receive(dcss, len(frame)) == frame
    relayed.recorder.stop()
    assert "rec.jsonl lacks lines: their process has ended" in relayed.recorder.failure
    assert [each.data for each in load(relayed.name, 1).frames] == [frame]


def failing(after: int) -> Callable[[int, bytes], int]:
    """`os.write` for a disk that is full after this many bytes."""
    written = 0
    write = os.write

    def limited(descriptor: int, data: bytes) -> int:
        nonlocal written
        if written >= after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = write(descriptor, data[: after - written])
        written += count
        return count

    return limited


def test_on_a_full_disk_nothing_passes_unrecorded(
    relayed: Relayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    dhs, dcss = relayed.connect()
    eventually(lambda: len(relayed.rows()) == 1)
    monkeypatch.setattr(os, "write", failing(after=1000))
    sender = threading.Thread(target=send_until_it_breaks, args=(dhs,))
    sender.start()
    got = b""
    with suppress(ConnectionResetError):
        got = receive(dcss, 1 << 20)
    sender.join(DEADLINE_S)
    assert relayed.ended.wait(DEADLINE_S)
    monkeypatch.undo()
    assert relayed.raw(Side.DHS).startswith(got)
    assert "No space left" in relayed.recorder.failure


def send_until_it_breaks(sock: socket.socket) -> None:
    try:
        for _ in range(10_000):
            sock.sendall(b"x" * 300)
    except OSError:
        return


def test_a_recording_is_for_its_owner_and_never_overwritten(relayed: Relayed) -> None:
    dhs, dcss = relayed.connect()
    dhs.sendall(b"x")
    receive(dcss, 1)
    for path in Path(relayed.name).parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="exists already"):
        Recorder(relayed.name, listen=("127.0.0.1", 0), dcss=("127.0.0.1", 1))
    nowhere = Recorder("/nowhere/at/all", listen=("127.0.0.1", 0), dcss=("127.0.0.1", 1))
    with pytest.raises(ConfigError, match="No such file"):
        nowhere.start()
    Path(f"{relayed.name}.jsonl").unlink()
    with pytest.raises(ConfigError, match="exists already"):
        Recorder(relayed.name, listen=("127.0.0.1", 0), dcss=("127.0.0.1", 1))


def test_appending_is_there_at_once(tmp_path: Path) -> None:
    file = WriteAhead(tmp_path / "x")
    file.append(b"abc")
    assert (tmp_path / "x").read_bytes() == b"abc"
    assert file.size == 3
    file.close()
