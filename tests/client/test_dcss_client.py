"""`DcssClient` against a GUI port whose script is the test."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from dcs_codec import EncodeError, StateError, gui
from dhs_runtime import Backoff, ConfigError, DhsError, NotConnectedError
from dhs_runtime.client import (
    AbortedError,
    BusyError,
    ClientState,
    DcssClient,
    FailedError,
    LimitError,
    LinkLostError,
    LoginError,
    MasterTakenError,
    NoDeviceError,
    OfflineError,
    PermissionRefusedError,
    RequestError,
    WaitTimeoutError,
    callbacks,
    waiting,
)
from tests.client.gui_server import PUSH, GuiServer, GuiSession, gui_server

S = 5.0
QUICK = Backoff(first_s=0.01, longest_s=0.05)


@pytest.fixture
def server() -> Iterator[GuiServer]:
    with gui_server() as running:
        yield running


@pytest.fixture
def dcss(server: GuiServer) -> Iterator[DcssClient]:
    with DcssClient(server.address, user="anna", session="S1", retry=QUICK) as client:
        yield client


@pytest.fixture
def session(server: GuiServer, dcss: DcssClient) -> GuiSession:
    return server.session()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as executor:
        yield executor


def ask(pool: ThreadPoolExecutor, call: Callable[..., Any], *args: Any, **kw: Any) -> Future[Any]:
    return pool.submit(call, *args, **kw)


# -- login and picture -----------------------------------------------------------------------


def test_the_push_is_read_into_typed_values(dcss: DcssClient, session: GuiSession) -> None:
    login = session.login
    assert isinstance(login, gui.GtosClientIsGui)
    assert (login.user, login.session, login.host, login.display) == (
        *("anna", "S1", "localhost", ":0"),
    )
    z = dcss.motors["z"]
    assert (z.position, z.units, z.host, z.is_moving) == (1.5, "mm", "stageDHS", None)
    assert list(z.limits) == pytest.approx(
        [-20.0, 24.9]
    )  # narrowed by the backlash, as the engine does
    assert dcss.motors["energy"].limits == (None, None)
    assert dcss.motors["energy"].is_pseudo
    assert dcss.shutters["shutter"].is_open is False
    assert dcss.strings["status"].contents == "all is well"
    assert dcss.encoders["enc"].position == 2.5
    assert dcss.ion_chambers["i0"].counts is None
    assert dcss.operations["collect"].running == frozenset()
    assert dcss.hosts["stageDHS"].is_online
    assert not dcss.hosts["awayDHS"].is_online
    assert (dcss.client_id, dcss.location, dcss.state) == (2, "LOCAL", ClientState.READY)
    assert sorted(dcss.motors) == ["energy", "held", "x", "z"]
    assert len(dcss.motors) == 4
    assert "z" in dcss.motors


def test_a_missing_name_tells_the_nearest(dcss: DcssClient) -> None:
    with pytest.raises(NoDeviceError, match=r"no shutter 'shuter' .* did you mean shutter"):
        _ = dcss.shutters["shuter"]
    with pytest.raises(KeyError):
        _ = dcss.motors["nothing_like_it"]
    assert dcss.motors.get("nothing_like_it") is None


def test_broadcasts_change_the_picture(dcss: DcssClient, session: GuiSession) -> None:
    session.say(
        "stog_motor_move_started z 2",
        "stog_update_motor_position z 1.75 normal",
        "stog_report_shutter_state shutter open",
        "stog_report_shutter_state shutter closed no_hw_host_stageDHS",
        "stog_set_string_completed status normal new words",
        "stog_set_string_completed status refused other words",
        "stog_get_encoder_completed enc 3 normal",
        "stog_report_ion_chambers 0.5 i0 100",
        "stog_report_ion_chambers 0.5 i0",
        "stog_report_ion_chambers 0  i0 hardware_offline",
        "stog_start_operation collect 9.1 a b",
        "stog_configure_hardware_host awayDHS self online",
        "stog_update_motor_position nobody 1 normal",
        "stog_update_client_list 2",
        "stog_update_client 9 bob {Bob} {LOCAL} {} 1 1 localhost {lab} 1 0",
        "stog_update_client 8 u {u} {LOCAL} {} 1 1 h {cut",
        "stog_log note server done",
    )
    dcss.wait(lambda: 9 in dcss.clients, S)
    dcss.wait(lambda: dcss.hosts["awayDHS"].is_online, S)
    z = dcss.motors["z"]
    assert (z.position, z.is_moving) == (1.75, True)
    assert dcss.shutters["shutter"].is_open
    assert dcss.strings["status"].contents == "new words"
    assert dcss.encoders["enc"].position == 3
    assert dcss.ion_chambers["i0"].counts == 100
    assert dcss.operations["collect"].running == {"9.1"}
    session.say(
        "stog_configure_real_motor z stageDHS hw_z 2 25 -20 400 2000 100 40 1 1 0 1 0 0",
        "stog_operation_completed collect 9.1 normal",
        "stog_motor_move_completed z 2 normal",
    )
    dcss.wait(lambda: dcss.motors["z"].is_moving is False, S)
    assert list(dcss.motors["z"].limits) == pytest.approx([-19.9, 25.0])
    assert dcss.motors["z"].units == "mm"
    assert not dcss.operations["collect"].running
    assert list(dcss.clients) == [9]


def test_a_refused_login_is_told_and_not_tried_again() -> None:
    with gui_server(accept=False) as server:
        client = DcssClient(server.address, user="anna", session="bad", retry=QUICK)
        with pytest.raises(LoginError, match="refused the login of anna"), client:
            pass
        refused = DcssClient(server.address, user="anna", retry=QUICK)
        refused.start()
        with pytest.raises(LoginError):
            refused.wait_ready(S)
        states = [refused.state]
        refused.stop()
        assert [*states, refused.state] == [ClientState.REFUSED, ClientState.STOPPED]


def test_a_hardware_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = DcssClient(f"127.0.0.1:{listener.getsockname()[1]}", user="anna", retry=QUICK)
        client.start()
        sock, _ = listener.accept()
        with sock:
            sock.sendall(b"stoc_send_client_type".ljust(200, b"\0"))
            with pytest.raises(LoginError, match="is no GUI port of DCSS"):
                client.wait_ready(S)
        client.stop()


def test_nobody_there() -> None:
    client = DcssClient("127.0.0.1:9", user="anna", retry=QUICK)
    with pytest.raises(NotConnectedError, match="not sent, the client is offline"):
        client.abort()
    client.start()
    with pytest.raises(NotConnectedError, match="cannot connect"):
        client.wait_ready(0.2)
    with pytest.raises(DhsError, match="started once"):
        client.start()
    client.stop()
    with pytest.raises(NotConnectedError, match="stopped"):
        client.wait_ready(S)


@pytest.mark.parametrize("session", [gui.CYPHER, gui.DCS_CYPHER])
def test_tickets_are_refused_at_once(session: str) -> None:
    with pytest.raises(ConfigError, match="not supported yet"):
        DcssClient(user="anna", session=session)


# -- moves -----------------------------------------------------------------------------------


def test_a_move(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    moved = ask(pool, dcss.move, "z", 3, timeout_s=S)
    assert session.command() == "gtos_start_motor_move z 3"
    session.say(
        "stog_motor_move_started z 3.0",
        "stog_update_motor_position z 2.0 normal",
        "stog_motor_move_completed x 7.0 normal",
        "stog_motor_move_completed z 3.0 normal",
    )
    assert moved.result(S) == 3.0
    assert dcss.motors["z"].position == 3.0


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("z_sw_limit", LimitError),
        ("z_parents_sw_limit", LimitError),
        ("moving", BusyError),
        ("locked", BusyError),
        ("parent_configInProgress", BusyError),
        ("system_not_idle", BusyError),
        ("must_be_active", PermissionRefusedError),
        ("not_exist", NoDeviceError),
        ("type_not_motor", NoDeviceError),
        ("{no_hw_host stageDHS}", OfflineError),
        ("no_hw_host_stageDHS", OfflineError),
        ("aborted", AbortedError),
        ("cw_hw_limit", FailedError),
        ("", FailedError),
    ],
)
def test_a_move_that_fails(
    dcss: DcssClient, session: GuiSession, status: str, error: type[RequestError]
) -> None:
    request = dcss.start_move("z", 3)
    session.say(f"stog_motor_move_completed z 1.5 {status}")
    with pytest.raises(error) as caught:
        request.wait(S)
    assert type(caught.value) is error
    assert caught.value.status == status
    assert caught.value.name == "z"
    assert request.is_over


def test_what_would_stop_the_beamline_is_not_sent(dcss: DcssClient, session: GuiSession) -> None:
    with pytest.raises(LimitError, match=r"z: 24\.95 mm is beyond its limits"):
        dcss.move("z", 24.95)
    with pytest.raises(LimitError):
        dcss.move("z", -21)
    with pytest.raises(BusyError, match="held: it is locked"):
        dcss.move("held", 1)
    with pytest.raises(EncodeError):
        dcss.move("energy", float("inf"))
    with pytest.raises(EncodeError):
        dcss.move("energy", 1e20)
    with pytest.raises(NoDeviceError):
        dcss.move("y", 1)
    with pytest.raises(LimitError):
        dcss.move_many({"x": 1, "z": 100})
    request = dcss.start_move("z", 2)
    with pytest.raises(BusyError, match="z: it moves"):
        dcss.start_move("z", 3)
    session.say("stog_motor_move_started x 1")
    dcss.wait(lambda: dcss.motors["x"].is_moving is True, S)
    with pytest.raises(BusyError):
        dcss.move("x", 2)
    assert session.command() == "gtos_start_motor_move z 2"
    assert session.commands.empty()
    session.say("stog_motor_move_completed z 2 normal")
    assert request.wait(S).position == 2


def test_the_end_of_somebody_elses_move_is_not_ours(dcss: DcssClient, session: GuiSession) -> None:
    session.say("stog_motor_move_started z 2")
    dcss.wait(lambda: dcss.motors["z"].is_moving is True, S)
    request = dcss.start_move("z", 3, check=False)
    session.say(
        "stog_motor_move_completed z 2 normal",
        "stog_motor_move_started z 3",
        "stog_motor_move_completed z 3 normal",
    )
    assert request.wait(S).position == 3


def test_several_moves(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    moved = ask(pool, dcss.move_many, {"z": 3, "x": 1}, timeout_s=S)
    assert {session.command(), session.command()} == {
        "gtos_start_motor_move z 3",
        "gtos_start_motor_move x 1",
    }
    session.say("stog_motor_move_completed x 1 normal", "stog_motor_move_completed z 3 normal")
    assert moved.result(S) == {"z": 3, "x": 1}


def test_of_several_moves_the_first_that_was_no_abort_is_raised(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    moved = ask(pool, dcss.move_many, {"z": 3, "x": 1}, timeout_s=S)
    session.command(), session.command()
    session.say("stog_motor_move_completed z 2 aborted", "stog_motor_move_completed x 0 too_fast")
    with pytest.raises(FailedError, match="x: too_fast"):
        moved.result(S)
    moved = ask(pool, dcss.move_many, {"z": 3, "x": 1}, timeout_s=S)
    session.command(), session.command()
    session.say("stog_motor_move_completed z 2 aborted", "stog_motor_move_completed x 0 aborted")
    with pytest.raises(AbortedError, match="z: aborted"):
        moved.result(S)


def test_a_move_that_comes_to_rest_elsewhere(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    moved = ask(pool, dcss.move, "z", 3, timeout_s=S, tolerance=0.01)
    session.command()
    session.say("stog_motor_move_completed z 2.5 normal")
    with pytest.raises(FailedError, match=r"z: came to rest at 2\.5, not at 3"):
        moved.result(S)


def test_a_move_that_does_not_end_in_time(dcss: DcssClient, session: GuiSession) -> None:
    request = dcss.start_move("z", 3)
    session.say(
        "stog_motor_move_started z 3",
        "stog_log warning stageDHS z is slow",
        "stog_update_motor_position z 2.25 normal",
    )
    dcss.wait(lambda: dcss.motors["z"].position == 2.25, S)
    with pytest.raises(WaitTimeoutError) as caught:
        request.wait(0.01)
    assert isinstance(caught.value, TimeoutError)
    for part in ("move of z: no end within 0.01 s", "last at 2.25", "stageDHS", "z is slow"):
        assert part in str(caught.value)
    session.say("stog_motor_move_completed z 3 normal")
    assert request.wait(S).position == 3  # a timeout ended the wait, not the move


def test_the_host_of_a_move_goes_away(
    dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "OFFLINE_GRACE_S", 0.05)
    request = dcss.start_move("z", 3)
    session.say("stog_configure_hardware_host stageDHS self offline")
    with pytest.raises(OfflineError, match="z: stageDHS went offline"):
        request.wait(S)
    assert not dcss.hosts["stageDHS"].is_online


def test_the_completion_of_a_host_that_goes_is_preferred(
    dcss: DcssClient, session: GuiSession
) -> None:
    request = dcss.start_move("z", 3)
    session.say(
        "stog_configure_hardware_host stageDHS self offline",
        "stog_motor_move_completed z 1.5 no_hw_host_stageDHS",
    )
    with pytest.raises(OfflineError, match="no_hw_host_stageDHS"):
        request.wait(S)


def test_an_abort(dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "ABORT_GRACE_S", 0.05)
    stopped, silent = dcss.start_move("z", 3), dcss.start_move("x", 1)
    session.command(), session.command()
    dcss.abort()
    assert session.command() == "gtos_abort_all soft"
    session.say("stog_motor_move_completed z 2 aborted")
    with pytest.raises(AbortedError, match="z: aborted"):
        stopped.wait(S)
    with pytest.raises(AbortedError, match="x: aborted, and nothing said that it stopped"):
        silent.wait(S)
    dcss.abort(hard=True)
    assert session.command() == "gtos_abort_all hard"


# -- shutters, strings, counts ---------------------------------------------------------------


def test_a_shutter(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    opened = ask(pool, dcss.set_shutter, "shutter", "open", timeout_s=S)
    assert session.command() == "gtos_set_shutter_state shutter open"
    session.say(
        "stog_report_shutter_state other open",
        "stog_report_shutter_state shutter closed",
        "stog_report_shutter_state shutter open normal",
    )
    assert opened.result(S) is None
    with pytest.raises(ValueError, match="ajar"):
        dcss.set_shutter("shutter", "ajar")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("stog_report_shutter_state shutter unknown no_hw_host_stageDHS", OfflineError),
        (
            "stog_report_shutter_state shutter closed NOT_ALLOWED_WHILE_SYSTEM_NOT_IDLE",
            BusyError,
        ),
        (
            "stog_log error server shutter permit check failed: no_permission",
            PermissionRefusedError,
        ),
        ("stog_log error server shutter not_exist", NoDeviceError),
        ("stog_log error server shutter type is not shutter", NoDeviceError),
    ],
)
def test_a_shutter_that_is_refused(
    dcss: DcssClient,
    session: GuiSession,
    pool: ThreadPoolExecutor,
    said: str,
    error: type[RequestError],
) -> None:
    opened = ask(pool, dcss.set_shutter, "shutter", "open", timeout_s=S)
    session.command()
    session.say(
        "stog_log warning server shutter not_exist",  # no refusal: not an error
        "stog_log error server shutter is slow",
        "stog_log error server other permit check failed: no_permission",
        said,
    )
    with pytest.raises(error):
        opened.result(S)


def test_a_string(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    done = ask(pool, dcss.set_string, "status", "a [b]  c", timeout_s=S)
    assert session.command() == "gtos_set_string status a [b]  c"
    session.say(
        "stog_set_string_completed other normal a b c",
        "stog_set_string_completed status normal of somebody else",
        "stog_set_string_completed status normal a b c",
    )
    assert done.result(S) == "a b c"
    done = ask(pool, dcss.set_string, "status", "1", timeout_s=S, accept=lambda text: text == "2")
    session.command()
    session.say("stog_set_string_completed status normal 1")
    session.say("stog_set_string_completed status normal 2")
    assert done.result(S) == "2"
    done = ask(pool, dcss.set_string, "status", "1", timeout_s=S)
    session.command()
    session.say("stog_set_string_completed status no_write_access old")
    with pytest.raises(FailedError, match="no_write_access"):
        done.result(S)


def test_an_accept_that_raises(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    done = ask(pool, dcss.set_string, "status", "1", timeout_s=S, accept=lambda _: bool(1 // 0))
    session.command()
    session.say("stog_set_string_completed status normal 1")
    with pytest.raises(FailedError, match="ZeroDivisionError"):
        done.result(S)
    assert dcss.state is ClientState.READY


def test_a_brace_that_is_open_is_not_sent(dcss: DcssClient, session: GuiSession) -> None:
    with pytest.raises(EncodeError, match="no Tcl list"):
        dcss.set_string("status", "{open")
    assert session.commands.empty()


def test_waiting_for_a_string(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    assert dcss.wait_string("status", "all is well", timeout_s=0) == "all is well"
    waited = ask(pool, dcss.wait_string, "status", lambda text: text == "ready", timeout_s=S)
    session.say("stog_set_string_completed status normal ready")
    assert waited.result(S) == "ready"
    with pytest.raises(WaitTimeoutError, match=r"does not hold within 0\.01 s"):
        dcss.wait_string("status", "never", timeout_s=0.01)
    with pytest.raises(NoDeviceError):
        dcss.wait_string("nobody", "never", timeout_s=0.01)


def test_counts_of_two_hosts(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    counted = ask(pool, dcss.count, 0.5, "i0", "i1")
    assert session.command() == "gtos_read_ion_chambers 0.5 0 i0 i1"
    session.say(
        "stog_report_ion_chambers 0.5 i9 1",
        "stog_report_ion_chambers 0.5 i0",
        "stog_report_ion_chambers 0.5 i0 10",
        "stog_report_ion_chambers 0.5 i1 20.5",
    )
    end = counted.result(S)
    assert (end.time_s, end.counts) == (0.5, {"i0": 10, "i1": 20.5})


def test_a_count_that_fails(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    counted = ask(pool, dcss.count, 0.5, "i1", timeout_s=S)
    session.command()
    session.say(
        "stog_report_ion_chambers 0  i9 hardware_offline",
        "stog_report_ion_chambers 0  i1 hardware_offline",
    )
    with pytest.raises(OfflineError, match="hardware_offline"):
        counted.result(S)
    with pytest.raises(NoDeviceError):
        dcss.count(1, "i9")
    with pytest.raises(ValueError, match="names no ion chamber"):
        dcss.count(1)


# -- operations ------------------------------------------------------------------------------


def test_an_operation(dcss: DcssClient, session: GuiSession) -> None:
    run = dcss.start_operation("collect", 5, "two words")
    assert session.command() == f"gtos_start_operation collect {run.handle} 5 {{two words}}"
    assert run.handle.startswith("2.")
    assert not run.handle.endswith("0")
    session.say(
        f"stog_operation_update collect {run.handle} one",
        "stog_operation_update collect 9.9 of another",
        f"stog_operation_update collect {run.handle} two",
        "stog_operation_completed collect 9.9 normal",
        f"stog_operation_completed collect {run.handle} normal the result",
    )
    assert list(run.follow(timeout_s=S)) == ["one", "two"]
    end = run.wait(0)
    assert (end.status, end.text) == ("normal", "the result")


def test_handles_never_repeat_and_end_in_no_zero(dcss: DcssClient) -> None:
    handles = [dcss.start_operation("collect").handle for _ in range(50)]
    assert len(set(handles)) == 50
    assert not [handle for handle in handles if handle.endswith("0")]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("error it broke", FailedError),
        ("error aborted", AbortedError),
        ("aborted", AbortedError),
        ("no_hw_host stageDHS", OfflineError),
        ("not_honest_client", PermissionRefusedError),
        ("active", BusyError),
        ("", FailedError),
    ],
)
def test_an_operation_that_fails(
    dcss: DcssClient, session: GuiSession, said: str, error: type[RequestError]
) -> None:
    run = dcss.start_operation("collect")
    session.say(f"stog_operation_completed collect {run.handle} {said}")
    with pytest.raises(error):
        list(run.follow(timeout_s=S))
    with pytest.raises(error):
        run.wait(0)


def test_an_operation_run_to_its_end(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    ended = ask(pool, dcss.run_operation, "collect", text="a {b c}", timeout_s=S)
    words = session.command().split(" ", 3)
    assert words[3] == "a {b c}"
    session.say(f"stog_operation_completed collect {words[2]} normal ok")
    assert ended.result(S).text == "ok"


def test_an_operation_that_falls_silent(dcss: DcssClient, session: GuiSession) -> None:
    run = dcss.start_operation("collect")
    session.say(f"stog_operation_update collect {run.handle} one")
    updates = run.follow(timeout_s=60, quiet_s=0.05)
    assert next(updates) == "one"
    with pytest.raises(WaitTimeoutError, match=r"operation of collect: no end within 0\.05 s"):
        next(updates)


def test_the_host_of_an_operation_goes_away(
    dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dcss itself never says that such an operation is over."""
    monkeypatch.setattr(waiting, "OFFLINE_GRACE_S", 0.05)
    run = dcss.start_operation("collect")
    session.say("stog_configure_hardware_host stageDHS self offline")
    with pytest.raises(OfflineError, match="collect: stageDHS went offline"):
        list(run.follow(timeout_s=S))


# -- master ----------------------------------------------------------------------------------


def test_becoming_master(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    became = ask(pool, dcss.become_master, timeout_s=S)
    assert session.command() == "gtos_become_master force"
    session.say("stog_become_master")
    assert became.result(S) is None
    assert dcss.is_master
    released = ask(pool, dcss.release_master, timeout_s=S)
    assert session.command() == "gtos_become_slave force"
    session.say("stog_become_slave")
    assert released.result(S) is None
    assert not dcss.is_master


def test_master_is_not_taken_from_others_unasked(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    session.say(
        "stog_update_client_list 1",
        "stog_update_client 9 bob {Bob} {LOCAL} {} 1 1 lab3 {lab} 1 0",
    )
    dcss.wait(lambda: 9 in dcss.clients, S)
    with pytest.raises(MasterTakenError, match="bob on lab3 is master"):
        dcss.become_master()
    taken = ask(pool, dcss.become_master, take=True, timeout_s=S)
    session.command()
    session.say("stog_become_slave locked")
    with pytest.raises(PermissionRefusedError, match="does not make us master: locked"):
        taken.result(S)


def test_master_in_a_block(dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor) -> None:
    def inside() -> bool:
        with dcss.master(timeout_s=S) as itself:
            return itself.is_master

    was = ask(pool, inside)
    session.command()
    session.say("stog_become_master")
    assert session.command() == "gtos_become_slave force"
    session.say("stog_become_slave")
    assert was.result(S)


# -- callbacks -------------------------------------------------------------------------------


def test_a_callback_may_call_everything(dcss: DcssClient, session: GuiSession) -> None:
    heard: queue.Queue[str] = queue.Queue()

    @dcss.on(gui.StogLog)
    def on_log(message: gui.StogLog) -> None:
        if message.log_message == "fail":
            raise ValueError(message.log_message)
        dcss.start_move("z", 2)
        heard.put(message.log_message)

    session.say("stog_log note server fail", "stog_note unheard", "stog_log note server go")
    assert heard.get(timeout=S) == "go"
    assert session.command() == "gtos_start_motor_move z 2"


def test_a_subscription_that_is_closed(dcss: DcssClient, session: GuiSession) -> None:
    heard: queue.Queue[str] = queue.Queue()
    first = dcss.subscribe(lambda message: heard.put("closed"), gui.StogNote)
    first.close()
    dcss.subscribe(lambda message: heard.put(message.note_message), gui.StogNote)
    session.say("stog_note one")
    assert heard.get(timeout=S) == "one"
    assert heard.empty()
    assert first.is_closed


def test_a_callback_that_falls_behind_is_ended(
    dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "MOST_UNREAD", 20)
    go_on = threading.Event()
    slow = dcss.subscribe(lambda _: bool(go_on.wait(S)), gui.StogNote)
    session.say(*[f"stog_note {number}" for number in range(50)], "stog_motor_move_started z 1")
    dcss.wait(lambda: dcss.motors["z"].is_moving is True, S)
    assert slow.is_closed
    go_on.set()


# -- the link --------------------------------------------------------------------------------


def test_the_link_is_lost_and_comes_back(
    server: GuiServer, dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    run = dcss.start_operation("collect")
    waited = ask(pool, run.wait, S)
    session.command()
    server.push = tuple(text.replace("hw_z 1.5", "hw_z 9.5") for text in PUSH)
    session.close()
    with pytest.raises(LinkLostError, match="operation of collect: the link to DCSS is lost"):
        waited.result(S)
    again = server.session()
    dcss.wait_ready(S)
    assert dcss.client_id == 3
    assert dcss.motors["z"].position == 9.5
    again.say(f"stog_operation_completed collect {run.handle} normal late")
    assert run.wait(S).text == "late"


def test_it_comes_back_many_times(server: GuiServer, dcss: DcssClient) -> None:
    for number in range(30):
        session = server.session()
        dcss.wait(lambda number=number: dcss.client_id == number + 2, S)  # type: ignore[misc]
        dcss.wait_ready(S)
        session.close()
    assert threading.active_count() < 60


def test_nothing_is_sent_without_a_link(server: GuiServer, dcss: DcssClient) -> None:
    session = server.session()
    server.close()
    session.close()
    dcss.wait(lambda: dcss.state is not ClientState.READY, S)
    with pytest.raises(NotConnectedError, match="not sent, the client is"):
        dcss.start_move("z", 2)
    assert dcss.motors["z"].position == 1.5  # the last that was told


def test_garbage_ends_the_link_and_nothing_else(server: GuiServer, dcss: DcssClient) -> None:
    session = server.session()
    session.say("stog_motor_move_completed z", "stog_who_knows x")
    session.say_raw(b"no header at all, and some more")
    server.session()
    dcss.wait_ready(S)
    assert dcss.motors["z"].position == 1.5


def test_what_is_not_for_a_client_is_not_sent(dcss: DcssClient) -> None:
    with pytest.raises(StateError, match="stog_quit is not for a GUI to send"):
        dcss.send(gui.StogQuit())


def test_a_storm_of_updates(dcss: DcssClient, session: GuiSession) -> None:
    started = time.monotonic()
    for begin in range(0, 10_000, 500):
        session.say(
            *[
                f"stog_update_motor_position z {number} normal"
                for number in range(begin, begin + 500)
            ]
        )
    dcss.wait(lambda: dcss.motors["z"].position == 9_999, 4 * S)
    assert time.monotonic() - started < 4 * S


def test_a_stop_from_a_callback(server: GuiServer) -> None:
    client = DcssClient(server.address, user="anna", retry=QUICK)
    stopped = threading.Event()

    def stop(_: gui.StogQuit) -> None:
        client.stop()
        stopped.set()

    client.subscribe(stop, gui.StogQuit)
    client.start()
    client.wait_ready(S)
    server.session().say("stog_quit")
    assert stopped.wait(S)
    assert client.state is ClientState.STOPPED
