"""Callbacks, and waiting for what happens."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dcs_codec import gui
from dhs_runtime import DhsError, NotConnectedError
from dhs_runtime.client import (
    Change,
    ClientState,
    DcssClient,
    MotorView,
    NoDeviceError,
    StringView,
    View,
    WaitTimeoutError,
    events,
)
from dhs_runtime.clock import Deadline
from tests.client.asking import S, ask
from tests.client.gui_server import PUSH, GuiServer, GuiSession


def test_waiting_for_a_string(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    assert dcss.wait_string("status", "all is well", timeout_s=0) == "all is well"
    waited = ask(pool, dcss.wait_string, "status", lambda text: text == "ready", timeout_s=S)
    session.say("stog_set_string_completed status normal ready")
    assert waited.result(S) == "ready"
    with pytest.raises(WaitTimeoutError, match=r"string status is 'ready' after 0\.01 s"):
        dcss.wait_string("status", "never", timeout_s=0.01)
    with pytest.raises(NoDeviceError):
        dcss.wait_string("nobody", "never", timeout_s=0.01)


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
    monkeypatch.setattr(events, "MOST_UNREAD", 20)
    go_on = threading.Event()
    slow = dcss.subscribe(lambda _: bool(go_on.wait(S)), gui.StogNote)
    session.say(*[f"stog_note {number}" for number in range(50)], "stog_motor_move_started z 1")
    dcss.wait(lambda: dcss.motors["z"].is_moving is True, S)
    assert slow.is_closed
    go_on.set()


def test_changes_of_a_device(dcss: DcssClient, session: GuiSession) -> None:
    heard: queue.Queue[tuple[object, object]] = queue.Queue()

    @dcss.on_change("status", "z", initial=True)
    def changed(before: object, after: object) -> None:
        heard.put((before, after))

    first = {heard.get(timeout=S)[1], heard.get(timeout=S)[1]}
    assert first == {dcss.strings["status"], dcss.motors["z"]}
    session.say(
        "stog_update_motor_position x 1 normal",
        "stog_set_string_completed status normal all is well",  # as before
        "stog_set_string_completed status normal new",
        "stog_motor_move_started z 2",
    )
    before, after = heard.get(timeout=S)
    assert before == StringView(name="status", host="stageDHS", contents="all is well")
    assert after == dcss.strings["status"]
    before, after = heard.get(timeout=S)
    assert isinstance(before, MotorView)
    assert isinstance(after, MotorView)
    assert (before.is_moving, after.is_moving) == (None, True)


def test_changes_over_a_restart_of_dcss(
    server: GuiServer, dcss: DcssClient, session: GuiSession
) -> None:
    heard: queue.Queue[tuple[View | None, View | None]] = queue.Queue()
    held = dcss.motors["held"]
    names = ("z", "x", "held", "new")
    dcss.subscribe_changes(lambda before, after: heard.put((before, after)), *names)
    server.push = tuple(
        text.replace("hw_z 1.5", "hw_z 9.5").replace("real_motor held", "real_motor new")
        for text in PUSH
    )
    session.close()
    server.session()
    changes = {heard.get(timeout=S) for _ in range(3)}
    dcss.wait_ready(S)
    assert {after for _, after in changes} == {dcss.motors["z"], dcss.motors["new"], None}
    assert (held, None) in changes
    assert heard.empty()


def test_a_watch_hears_what_the_next_command_causes(dcss: DcssClient, session: GuiSession) -> None:
    with dcss.watch("z", gui.StogLog, initial=True) as seen:
        session.say("stog_log note server one", "stog_update_motor_position z 2 normal")
        dcss.wait(lambda: dcss.motors["z"].position == 2, S)
        events = [event for _, event in zip(range(3), seen.until(S), strict=False)]
        assert list(seen.until(0.01)) == []
    assert isinstance(events[0], Change)
    assert events[0].before is None
    assert isinstance(events[1], gui.StogLog)
    assert events[2] == Change(events[0].after, dcss.motors["z"])
    assert list(seen.until(S)) == []  # the block is over, and so is the wait


def test_a_watch_hears_how_the_client_stands(
    server: GuiServer, dcss: DcssClient, session: GuiSession
) -> None:
    with dcss.watch(ClientState) as seen:
        session.close()
        found = []
        for event in seen.until(S):
            found.append(event)
            if event is ClientState.READY:
                break
    assert found == [
        *(ClientState.WAITING, ClientState.CONNECTING, ClientState.PUSH, ClientState.READY),
    ]


def test_a_watch_that_nobody_reads_is_ended(
    dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_UNREAD", 20)
    with dcss.watch(gui.StogNote) as seen:
        session.say(*[f"stog_note {number}" for number in range(50)], "stog_motor_move_started z 1")
        dcss.wait(lambda: dcss.motors["z"].is_moving is True, S)
        with pytest.raises(DhsError, match="events were unread"):
            list(seen.until(S))


def test_waiting_for_a_host(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    dcss.wait_host("stageDHS", timeout_s=0)
    with pytest.raises(WaitTimeoutError, match=r"hardware host awayDHS is offline after 0\.01 s"):
        dcss.wait_host("awayDHS", timeout_s=0.01)
    with pytest.raises(NoDeviceError, match="did you mean awayDHS"):
        dcss.wait_host("awyDHS", timeout_s=S)
    waited = ask(pool, dcss.wait_host, "awayDHS", timeout_s=S)
    session.say("stog_configure_hardware_host awayDHS self online")
    assert waited.result(S) is None


def test_waiting_ends_with_a_stop(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    waited = ask(pool, dcss.wait_host, "awayDHS", timeout_s=60)
    dcss.stop()
    with pytest.raises(NotConnectedError, match="awayDHS is offline, and the client was stopped"):
        waited.result(S)


def test_a_condition_may_take_its_time(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    """It is the caller's own: the client reads on meanwhile."""

    def holds() -> bool:
        session.say("stog_update_motor_position z 9 normal")
        ask(pool, dcss.wait, lambda: dcss.motors["z"].position == 9, S).result(S)
        return True

    dcss.wait(holds, S)


def test_a_wait_ends_where_nothing_more_will_come(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    waited = ask(pool, dcss.wait_string, "status", "never", timeout_s=3 * S)
    session.say("stog_authentication_failed 2")
    with pytest.raises(
        NotConnectedError, match=r"is 'all is well', and DCSS at .* refused the log"
    ):
        waited.result(S)


def test_a_callback_that_wants_to_exit_is_called_again(
    dcss: DcssClient, session: GuiSession
) -> None:
    heard: queue.Queue[str] = queue.Queue()

    @dcss.on(gui.StogNote)
    def on_note(message: gui.StogNote) -> None:
        heard.put(message.note_message)
        raise SystemExit(message.note_message)

    session.say("stog_note one", "stog_note two")
    assert [heard.get(timeout=S), heard.get(timeout=S)] == ["one", "two"]


def test_who_listens_to_a_stopped_client_hears_nothing_and_leaves_no_thread(
    dcss: DcssClient, session: GuiSession
) -> None:
    dcss.stop()
    late = dcss.subscribe(lambda _: None, gui.StogNote)
    changes = dcss.subscribe_changes(lambda *_: None, "z", initial=True)
    assert late.is_closed
    assert changes.is_closed
    assert list(dcss.watch(gui.StogNote).until(S)) == []
    assert dcss._threads.join(Deadline.after(S)) == ()


def test_an_old_value_is_not_waited_for(
    server: GuiServer, dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    """What it was when the link was lost says nothing of now."""
    server.greeting = b"starting".ljust(200, b"\0")
    session.close()
    dcss.wait(lambda: dcss.epoch == 0, S)
    with pytest.raises(WaitTimeoutError, match=r"is 'all is well' after 0 s; the client is "):
        dcss.wait_string("status", "all is well", timeout_s=0)
    with pytest.raises(WaitTimeoutError, match="the client is "):
        dcss.wait_host("stageDHS", timeout_s=0)
    waited = ask(pool, dcss.wait_string, "status", "all is well", timeout_s=S)
    server.greeting = None
    assert waited.result(S) == "all is well"
    assert dcss.state is ClientState.READY
