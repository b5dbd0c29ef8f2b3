"""Any number of DHSs at once: every host of whole beamlines, on one simulated DCSS."""

import contextlib
import functools
import logging
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from dhs_lab.simulators.dcss import (
    Completion,
    HardwareHost,
    OperationEntry,
    PseudoMotorEntry,
    RealMotorEntry,
    SimulatedDcss,
    StringEntry,
    VerdictKind,
    load_dump,
)
from dhs_lab.simulators.dcss.database import SCRIPTING_ENGINE
from dhs_runtime import Dhs, NotConnectedError
from dhs_runtime.services.listener import MAX_CONNECTIONS
from tests.lab.simulators.dhs_peer import DhsPeer
from tests.lab.simulators.generic_dhs import generic_dhs
from tests.runtime.peers import eventually, fast_config, running
from tests.shared import shared_path

DEADLINE_S = 20.0
DUMPS = ("full-beamline", "simulated-beamline")


def hosts_of(dump: str) -> list[HardwareHost]:
    """Every host of a sample dump."""
    loaded = load_dump(shared_path(f"databases/{dump}.dump"))
    assert loaded.problems == ()
    return list(loaded.hosts)


def a_second(host: HardwareHost) -> HardwareHost:
    """The same host under another name, its devices too."""
    devices: Any = host.devices  # attrs classes all
    again = tuple(attrs.evolve(device, name=f"{device.name}_2") for device in devices)
    return HardwareHost(f"{host.name}_2", again, host.framing)


@contextlib.contextmanager
def all_running(dcss: SimulatedDcss) -> Iterator[dict[str, Dhs]]:
    """A DHS for every host except the scripting engine, all registered."""
    dhss = {host.name: generic_dhs(host) for host in dcss.hosts if host.name != SCRIPTING_ENGINE}
    with contextlib.ExitStack() as stack:
        for dhs in dhss.values():
            stack.enter_context(running(dhs, fast_config(dcss.port)))
        for name in dhss:
            dcss.wait_online(name, DEADLINE_S)
        yield dhss


def check_registered(dcss: SimulatedDcss, dhss: dict[str, Dhs]) -> None:
    """Every device of every host was registered, to its DHS and by it."""
    for host in dcss.hosts:
        if host.name in dhss:
            sent = dcss.traffic.texts(host.name, "->")
            told = [text.split()[1] for text in sent if text.startswith("stoh_register_")]
            assert told == [device.name for device in host.devices]
            eventually(functools.partial(all_registered, dhss[host.name]))


def all_registered(dhs: Dhs) -> bool:
    return all(device.registered for device in dhs.devices())


def check_obeyed(dcss: SimulatedDcss, dhss: dict[str, Dhs]) -> int:
    """Each DHS carries out its commands, all at once; returns how many moved a motor."""
    moves, operations, strings = [], [], []
    for host in dcss.hosts:
        if host.name not in dhss:
            continue
        kinds = RealMotorEntry | PseudoMotorEntry
        motors = [each for each in host.devices if isinstance(each, kinds)]
        free = next((motor for motor in motors if not motor.motor_lock_on), None)
        if free is not None:
            moves.append(dcss.move(free.name, free.position))
        for device in host.devices:
            if isinstance(device, OperationEntry):
                operations.append(dcss.start_operation(device.name, device.name))
            elif isinstance(device, StringEntry):
                strings.append(dcss.set_string(device.name, "new"))
    assert {run.wait(DEADLINE_S).status for run in moves} == {"normal"}
    for operation in operations:
        assert operation.wait(DEADLINE_S) == Completion("normal", operation.name)
    for string in strings:
        assert string.wait(DEADLINE_S).status == "normal"
    return len(moves)


@pytest.mark.parametrize(("dump", "moved"), [("full-beamline", 7), ("simulated-beamline", 1)])
def test_every_host_of_a_beamline_registers_all_and_moves_a_motor(
    dump: str, moved: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with SimulatedDcss(hosts_of(dump)) as dcss, all_running(dcss) as dhss:
        check_registered(dcss, dhss)
        assert check_obeyed(dcss, dhss) == moved
    assert [record.getMessage() for record in caplog.records] == []


def test_thirty_dhss_at_once() -> None:
    hosts = hosts_of("full-beamline")
    hosts += [a_second(host) for host in hosts if host.name != SCRIPTING_ENGINE]
    with SimulatedDcss(hosts) as dcss, all_running(dcss) as dhss:
        assert len(dhss) == 30
        check_registered(dcss, dhss)
        assert check_obeyed(dcss, dhss) == 14
        assert len(dcss.online()) == 30


def test_there_may_be_more_hosts_than_any_other_server_has_visitors() -> None:
    names = [f"dhs{number}" for number in range(MAX_CONNECTIONS + 20)]
    with (
        SimulatedDcss([HardwareHost.of(name) for name in names]) as dcss,
        contextlib.ExitStack() as stack,
    ):
        for name in names:
            stack.enter_context(DhsPeer(dcss)).log_in(name)
        for name in names:
            dcss.wait_online(name, DEADLINE_S)


@pytest.fixture
def two() -> Iterator[SimulatedDcss]:
    hosts = [HardwareHost.of("stuckDHS"), HardwareHost.of("otherDHS", motors=["z"])]
    with SimulatedDcss(hosts) as dcss:
        yield dcss


MEGABYTE = f"stoh_text {'x' * 1_000_000}"


def test_a_dhs_that_does_not_read_costs_no_other_anything(two: SimulatedDcss) -> None:
    with DhsPeer(two) as stuck, DhsPeer.logged_in(two, "otherDHS") as other:
        stuck.log_in("stuckDHS")
        two.wait_online("stuckDHS", DEADLINE_S)
        for _ in range(8):
            two.send_text("stuckDHS", MEGABYTE)
        other.send_text("htos_motor_move_completed z 1 cw_hw_limit")  # which aborts everything
        assert other.read_until_now() == ["stoh_abort_all soft"]
        assert [stuck.read_text() for _ in range(9)] == [MEGABYTE] * 8 + ["stoh_abort_all soft"]
        assert two.verdicts == ()


def flood(dcss: SimulatedDcss) -> None:
    for _ in range(100):
        dcss.send_text("stuckDHS", MEGABYTE)


def test_a_dhs_that_never_reads_is_disconnected(two: SimulatedDcss) -> None:
    with DhsPeer(two) as stuck:
        stuck.log_in("stuckDHS")
        two.wait_online("stuckDHS", DEADLINE_S)
        with pytest.raises(NotConnectedError):
            flood(two)
        two.wait_offline("stuckDHS", DEADLINE_S)
    (verdict,) = two.verdicts
    assert verdict.kind is VerdictKind.HAZARD
    assert "it does not read" in verdict.text
