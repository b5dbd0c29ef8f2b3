"""Bluesky's devices without Bluesky: what they send, and how their statuses end."""

import queue
import time

import pytest

from dhs_runtime import DhsError, NotConnectedError
from dhs_runtime.client import (
    AbortedError,
    BusyError,
    DcssClient,
    FailedError,
    LimitError,
    RefusedError,
    WaitTimeoutError,
)
from dhs_runtime.client.bluesky import (
    BlueskyCounter,
    BlueskyFlyer,
    BlueskyMotor,
    BlueskyOperation,
    BlueskyShutter,
    BlueskyString,
)
from dhs_runtime.client.bluesky_status import BlueskyStatus
from tests.client.asking import S
from tests.client.gui_server import GuiServer, GuiSession


def test_a_status() -> None:
    status, heard = BlueskyStatus("z to 3"), queue.SimpleQueue[BlueskyStatus]()
    status.add_callback(heard.put)
    with pytest.raises(TimeoutError, match="<z to 3: not done>"):
        status.exception(0.0)
    assert (status.done, status.success) == (False, False)
    status.finish(ValueError("too hot"))
    status.finish()
    status.add_callback(heard.put)
    assert heard.get(timeout=S) is heard.get(timeout=S) is status
    assert (status.done, status.success, str(status.exception())) == (True, False, "too hot")
    assert repr(status) == "<z to 3: too hot>"


def test_a_motor(dcss: DcssClient, session: GuiSession) -> None:
    z = BlueskyMotor(dcss, "z", tolerance=0.1)
    assert repr(z) == "BlueskyMotor('z')"
    assert z.read()["z"]["value"] == 1.5
    assert z.locate() == {"setpoint": 1.5, "readback": 1.5}
    assert z.describe()["z"]["limits"]["control"] == {"low": -20, "high": pytest.approx(24.9)}
    with pytest.raises(LimitError):
        z.check_value(100)
    status = z.set(3)
    assert session.command() == "gtos_start_motor_move z 3"
    session.say("stog_motor_move_completed z 2.95 normal")
    assert status.exception(S) is None
    assert status.success
    assert z.locate() == {"setpoint": 3, "readback": 2.95}
    status = z.set(4)
    session.say("stog_motor_move_completed z 3.5 normal")
    assert isinstance(status.exception(S), FailedError)
    assert "stopped at 3.5, not at 4" in repr(status)


def test_a_motor_that_is_stopped_and_set_again(dcss: DcssClient, session: GuiSession) -> None:
    """As Bluesky does at a pause: the second move waits until the first has come to rest."""
    z = BlueskyMotor(dcss, "z")
    z.stop()
    first = z.set(3)
    z.stop()
    second = z.set(3)
    assert session.command() == "gtos_start_motor_move z 3"
    assert session.command() == "gtos_abort_motor_move z soft"
    assert session.commands.empty()
    session.say("stog_motor_move_completed z 2 aborted")
    assert first.exception(S) is None
    assert session.command() == "gtos_start_motor_move z 3"
    session.say("stog_motor_move_completed z 2.5 aborted")
    assert isinstance(second.exception(S), AbortedError)  # by others


def test_a_motor_that_is_stopped_while_it_waits_its_turn(
    dcss: DcssClient, session: GuiSession
) -> None:
    z = BlueskyMotor(dcss, "z")
    z.set(3)
    second = z.set(4)
    z.stop()
    session.say("stog_motor_move_completed z 2 aborted")
    assert second.exception(S) is None
    assert [session.command(), session.command()] == [
        *("gtos_start_motor_move z 3", "gtos_abort_motor_move z soft"),
    ]
    assert session.commands.empty()


def test_a_move_that_cannot_begin_after_another(dcss: DcssClient, session: GuiSession) -> None:
    z = BlueskyMotor(dcss, "z")
    z.set(3)
    second, third = z.set(4), z.set(5)
    session.say("stog_motor_move_completed z 3 normal")
    assert isinstance(third.exception(S), BusyError)
    session.command()
    assert session.command() == "gtos_start_motor_move z 4"
    session.say("stog_motor_move_completed z 4 normal")
    assert second.exception(S) is None


def test_a_motor_of_the_engine(dcss: DcssClient, session: GuiSession) -> None:
    energy = BlueskyMotor(dcss, "energy")
    energy.set(6000)
    with pytest.raises(RefusedError, match="only abort"):
        energy.stop()
    session.command()
    session.say("stog_motor_move_completed energy 6000 normal")
    dcss.wait(lambda: dcss.motors["energy"].position == 6000, S)
    energy = BlueskyMotor(dcss, "energy", stop_by_abort_all=True)
    energy.set(7000)
    energy.stop()
    session.command()
    assert session.command() == "gtos_abort_all soft"


def test_a_motor_that_hangs(dcss: DcssClient) -> None:
    status = BlueskyMotor(dcss, "z", timeout_s=0.02).set(3)
    assert isinstance(status.exception(S), WaitTimeoutError)


def test_readings_as_they_change(dcss: DcssClient, session: GuiSession) -> None:
    heard: queue.SimpleQueue[object] = queue.SimpleQueue()
    z = BlueskyMotor(dcss, "z")

    def changed(readings: object) -> None:
        heard.put(readings["z"]["value"])  # type: ignore[index]  # Bluesky's own types

    z.subscribe(changed)
    assert heard.get(timeout=S) == 1.5
    session.say("stog_update_motor_position z 2 normal")
    assert heard.get(timeout=S) == 2
    z.clear_sub(changed)


def test_an_old_value_is_not_given_for_a_new_one(
    server: GuiServer, dcss: DcssClient, session: GuiSession
) -> None:
    server.close()
    session.close()
    dcss.wait(lambda: dcss.epoch == 0, S)
    for device in (BlueskyMotor(dcss, "z"), BlueskyShutter(dcss, "shutter")):
        with pytest.raises(NotConnectedError):
            device.read()


def test_shutters_and_strings(dcss: DcssClient, session: GuiSession) -> None:
    shutter, status = BlueskyShutter(dcss, "shutter"), BlueskyString(dcss, "status")
    opened, told = shutter.set("open"), status.set("busy")
    session.say(
        "stog_report_shutter_state shutter open", "stog_set_string_completed status normal busy"
    )
    assert opened.exception(S) is told.exception(S) is None
    assert shutter.read()["shutter"]["value"] == "open"
    assert status.read()["status"]["value"] == "busy"
    session.say("stog_report_shutter_state shutter unknown")
    dcss.wait(lambda: dcss.shutters["shutter"].is_open is None, S)
    assert shutter.read()["shutter"]["value"] == "unknown"


def test_a_counter(dcss: DcssClient, session: GuiSession) -> None:
    counter = BlueskyCounter(dcss, "i0", "i1", time_s=0.5)
    with pytest.raises(DhsError, match="not triggered"):
        counter.read()
    before = time.time()
    status = counter.trigger()
    assert session.command() == "gtos_read_ion_chambers 0.5 0 i0 i1"
    session.say("stog_report_ion_chambers 0.5 i0 1 i1 2")
    assert status.exception(S) is None
    readings = counter.read()
    assert {name: reading["value"] for name, reading in readings.items()} == {"i0": 1, "i1": 2}
    assert readings["i0"]["timestamp"] >= before
    assert counter.hints == {"fields": ["i0", "i1"]}
    status = counter.trigger()
    session.say("stog_report_ion_chambers 0 i0 i1 hardware_offline")
    assert status.exception(S) is not None


def test_operations(dcss: DcssClient, session: GuiSession) -> None:
    operation, flyer = BlueskyOperation(dcss, "collect", 1), BlueskyFlyer(dcss, "collect")
    with pytest.raises(DhsError, match="not triggered"):
        operation.read()
    with pytest.raises(DhsError, match="not started"):
        flyer.complete()
    status = operation.trigger()
    handle = session.command().split()[2]
    session.say(f"stog_operation_completed collect {handle} normal done")
    assert status.exception(S) is None
    assert operation.read()["collect"]["value"] == "done"
    kicked = flyer.kickoff()
    handle = session.command().split()[2]
    session.say(
        f"stog_start_operation collect {handle}", f"stog_operation_update collect {handle} 1"
    )
    assert kicked.exception(S) is None
    completed = flyer.complete()
    session.say(f"stog_operation_completed collect {handle} normal")
    assert completed.exception(S) is None
    assert [event["data"] for event in flyer.collect()] == [{"collect": "1"}]
    refused = flyer.kickoff()
    handle = session.command().split()[2]
    session.say(f"stog_operation_completed collect {handle} must_be_active")
    assert isinstance(refused.exception(S), RefusedError)


def test_a_plan_that_failed_begins_no_further_move(dcss: DcssClient, session: GuiSession) -> None:
    z = BlueskyMotor(dcss, "z")
    z.set(3)
    second = z.set(4)
    z.stop(success=False)
    session.say("stog_motor_move_completed z 2 aborted")
    assert isinstance(second.exception(S), AbortedError)
    assert [session.command(), session.command()] == [
        *("gtos_start_motor_move z 3", "gtos_abort_motor_move z soft"),
    ]
    assert session.commands.empty()


def test_a_trigger_that_fails_leaves_no_older_values(dcss: DcssClient, session: GuiSession) -> None:
    counter = BlueskyCounter(dcss, "i0")
    status = counter.trigger()
    session.say("stog_report_ion_chambers 1 i0 1")
    assert status.exception(S) is None
    status = counter.trigger()
    session.say("stog_report_ion_chambers 0 i0 hardware_offline")
    assert status.exception(S) is not None
    with pytest.raises(DhsError, match="or the last trigger failed"):
        counter.read()
