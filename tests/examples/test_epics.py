"""The EPICS bridge of the example, with an IOC: Channel Access on loopback."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhs_lab.simulators.dcss import HardwareHost, RealMotorEntry
from dhs_lab.testing import DcssMaker, DhsRunner, WatchedDcss
from tests.examples.loading import EXAMPLES
from tests.measuring import unmeasured
from tests.runtime.peers import DEADLINE_S, eventually

sync = pytest.importorskip(
    "caproto.sync.client", reason="caproto is not installed (extra `examples`)"
)

RECORD = "sim:m1"


class Ioc:
    """The IOC with the motor, as a process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the IOC; returns when it answers."""
        program = EXAMPLES / "hardware" / "fake_motor_ioc.py"
        self._process = subprocess.Popen([sys.executable, program, RECORD], env=unmeasured())
        eventually(lambda: self.get("DMOV", timeout_s=1) == 1, timeout_s=60)

    def kill(self) -> None:
        """Kill it, like a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def get(self, field: str, timeout_s: float = DEADLINE_S) -> float | None:
        """A field of the record; None if there is no answer."""
        with contextlib.suppress(TimeoutError, OSError):
            return float(sync.read(f"{RECORD}.{field}", timeout=timeout_s, repeater=False).data[0])
        return None

    def put(self, field: str, value: float) -> None:
        """Set a field, like an EPICS panel."""
        sync.write(f"{RECORD}.{field}", value, timeout=DEADLINE_S, repeater=False)


@pytest.fixture
def ioc(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ioc]:
    """An IOC that other clients cannot find; the DHS's process uses the same environment."""
    for name in [name for name in os.environ if name.startswith("EPICS_")]:
        monkeypatch.delenv(name)
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        server, repeater = (str(each.getsockname()[1]) for each in sockets)
        sockets[0].close()  # for the IOC; the other takes its beacons
        yield from _ioc_at(server, repeater, monkeypatch)


def _ioc_at(server: str, repeater: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ioc]:
    for name, value in {
        "EPICS_CA_SERVER_PORT": server,
        "EPICS_CA_REPEATER_PORT": repeater,
        "EPICS_CAS_BEACON_PORT": repeater,
        "EPICS_CA_ADDR_LIST": "127.0.0.1",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "CAPROTO_CLIENT_MAX_RETRY_SEARCHES_INTERVAL_SEC": "0.2",  # how soon an IOC is found again
    }.items():
        monkeypatch.setenv(name, value)
    ioc = Ioc()
    try:
        ioc.start()
        yield ioc
    finally:
        ioc.kill()


@pytest.fixture
def dcss(
    ioc: Ioc, simulated_dcss_factory: DcssMaker, dhs_runner: DhsRunner, tmp_path: Path
) -> Iterator[WatchedDcss]:
    """A DCSS whose motor is the IOC's; it has no verdicts at the end."""
    config = tmp_path / "epics.yaml"
    config.write_text(f"settings: {{records: {{gonio_phi: '{RECORD}'}}, timeout_s: 2}}\n")
    phi = RealMotorEntry("gonio_phi", upper_limit=720, lower_limit=-720)
    dcss = simulated_dcss_factory(HardwareHost.of("epicsDHS", motors=[phi]))
    process = dhs_runner.spawn(
        f"{EXAMPLES / 'epics_dhs.py'}:make_dhs", "--config", str(config), dcss=dcss
    )
    dcss.traffic.expect(["stoh_configure_real_motor gonio_phi ..."])
    yield dcss
    dcss.expect_no_verdicts()
    try:
        process.stop()
    except AssertionError as error:  # on a busy machine a read of EPICS may outlast a stop
        if "left threads running: lane-" not in str(error):
            raise


def test_it_moves(dcss: WatchedDcss, ioc: Ioc) -> None:
    run = dcss.move("gonio_phi", 5)
    end = run.wait(DEADLINE_S)
    assert (end.status, end.position, ioc.get("RBV")) == ("normal", 5.0, 5.0)
    assert len(run.positions) >= 2
    assert list(run.positions) == sorted(run.positions)


def test_an_abort_tells_where_it_came_to_rest(dcss: WatchedDcss, ioc: Ioc) -> None:
    run = dcss.move("gonio_phi", 100)
    run.wait_positions(2, DEADLINE_S)
    dcss.abort_all()
    end = run.wait(DEADLINE_S)
    assert (end.status, end.position) == ("aborted", ioc.get("RBV"))
    assert ioc.get("DMOV") == 1
    assert 0 < end.position < 100


def test_a_move_by_epics_is_told(dcss: WatchedDcss, ioc: Ioc) -> None:
    ioc.put("VAL", 5)
    dcss.traffic.expect(
        [
            "htos_motor_move_started gonio_phi ...",
            "htos_update_motor_position gonio_phi ...",
            "htos_motor_move_completed gonio_phi 5 normal",
        ]
    )
    assert dcss.position("gonio_phi") == 5
    assert dcss.move("gonio_phi", 4).wait(DEADLINE_S).status == "normal"


def test_a_command_meanwhile_is_refused(dcss: WatchedDcss, ioc: Ioc) -> None:
    ioc.put("VAL", 100)
    dcss.traffic.expect(["htos_motor_move_started gonio_phi ..."])
    assert dcss.is_moving("gonio_phi")
    assert dcss.move("gonio_phi", 1).wait(DEADLINE_S).status == "moving"
    # After this word a dcss aborts everything, so the motor stops.
    dcss.traffic.expect(["stoh_abort_all soft", "htos_motor_move_completed gonio_phi * aborted"])
    assert dcss.position("gonio_phi") == ioc.get("RBV")
    assert dcss.move("gonio_phi", 1).wait(DEADLINE_S).status == "normal"


def test_an_abort_stops_a_move_by_epics(dcss: WatchedDcss, ioc: Ioc) -> None:
    ioc.put("VAL", 100)
    dcss.traffic.expect(["htos_motor_move_started gonio_phi ..."])
    dcss.abort_all()
    dcss.traffic.expect(["htos_motor_move_completed gonio_phi * aborted"])
    assert dcss.position("gonio_phi") == ioc.get("RBV")


def test_a_stop_from_a_panel_is_no_arrival(dcss: WatchedDcss, ioc: Ioc) -> None:
    run = dcss.move("gonio_phi", 100)
    run.wait_positions(2, DEADLINE_S)
    ioc.put("STOP", 1)
    end = run.wait(DEADLINE_S)
    assert (end.status, end.position) == ("error", ioc.get("RBV"))
    assert dcss.move("gonio_phi", 1).wait(DEADLINE_S).status == "normal", "and it moves again"


def test_an_ioc_that_dies_and_comes_back(dcss: WatchedDcss, ioc: Ioc) -> None:
    assert dcss.move("gonio_phi", 2).wait(DEADLINE_S).status == "normal"
    run = dcss.move("gonio_phi", 100)
    run.wait_positions(2, DEADLINE_S)
    ioc.kill()
    assert run.wait(DEADLINE_S).status == "error"
    assert dcss.move("gonio_phi", 1).wait(DEADLINE_S).status == "error"
    ioc.start()
    eventually(lambda: dcss.position("gonio_phi") == 0.0)  # the position of a new IOC
    assert dcss.move("gonio_phi", 1).wait(DEADLINE_S).status == "normal"
