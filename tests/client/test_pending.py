"""What was asked for: its one end, who is told of it, and what ends it where nobody answers."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dhs_runtime.client import (
    AbortedError,
    DcssClient,
    LinkLostError,
    MoveRequest,
    NoDeviceError,
    OfflineError,
    PermissionRefusedError,
    RequestError,
    WaitTimeoutError,
    pending,
)
from tests.client.asking import S, ask
from tests.client.gui_server import PUSH, GuiServer, GuiSession
from tests.runtime.peers import eventually


def test_whoever_wants_is_told_of_the_end(dcss: DcssClient, session: GuiSession) -> None:
    ended: queue.Queue[tuple[str, MoveRequest, str]] = queue.Queue()

    def tell(word: str, run: MoveRequest) -> None:
        ended.put((word, run, threading.current_thread().name))

    run = dcss.start_move("z", 3)
    run.on_end(lambda run: tell("first", run))
    run.on_end(lambda run: 1 // 0)
    run.on_end(lambda run: tell("last", run))
    session.say("stog_motor_move_completed z 3 normal")
    first, last = ended.get(timeout=S), ended.get(timeout=S)
    assert (first[:2], last[:2]) == (("first", run), ("last", run))
    assert first[2].startswith("client-on-end")
    assert run.error is None
    run.on_end(lambda run: tell("late", run))
    assert ended.get(timeout=S)[2] == threading.current_thread().name


def test_a_callback_at_the_end_may_ask_again(dcss: DcssClient, session: GuiSession) -> None:
    ended: queue.Queue[float] = queue.Queue()
    dcss.start_move("z", 3).on_end(lambda _: ended.put(dcss.move("z", 4, timeout_s=S)))
    session.command()
    session.say("stog_motor_move_completed z 3 normal")
    assert session.command() == "gtos_start_motor_move z 4"
    session.say("stog_motor_move_completed z 4 normal")
    assert ended.get(timeout=S) == 4


@pytest.mark.parametrize("kind", ["deadline", "offline", "abort", "stop"])
def test_what_nobody_answers_ends_without_a_wait(
    dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A hung DHS must not hang who only watches."""
    monkeypatch.setattr(pending, "OFFLINE_GRACE_S", 0.02)
    monkeypatch.setattr(pending, "ABORT_GRACE_S", 0.02)
    errors: queue.Queue[RequestError | None] = queue.Queue()
    run = dcss.start_operation("collect", timeout_s=0.02 if kind == "deadline" else 60)
    run.on_end(lambda run: errors.put(run.error))
    if kind == "offline":
        session.say("stog_configure_hardware_host stageDHS self offline")
    elif kind == "abort":
        dcss.abort()
    elif kind == "stop":
        dcss.stop()
    error = errors.get(timeout=S)
    wanted = {
        "deadline": WaitTimeoutError,
        "offline": OfflineError,
        "abort": AbortedError,
        "stop": LinkLostError,
    }
    assert type(error) is wanted[kind]
    assert run.is_over


def test_a_wait_through_a_reconnect(
    server: GuiServer, dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    run = dcss.start_operation("collect")
    waited = ask(pool, run.wait, S, through_reconnect=True)
    lost = ask(pool, run.wait, S)
    eventually(lambda: run._waits == 2)
    session.close()
    again = server.session()
    with pytest.raises(LinkLostError):
        lost.result(S)
    again.say(f"stog_operation_update collect {run.handle} one")
    again.say(f"stog_operation_completed collect {run.handle} normal late")
    assert list(run.follow(S, through_reconnect=True)) == ["one"]
    assert waited.result(S).text == "late"


def test_an_end_that_was_missed_is_told_as_lost(
    server: GuiServer,
    dcss: DcssClient,
    session: GuiSession,
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What nobody waits for, and nothing is heard of, is kept for a time and not for ever."""
    monkeypatch.setattr(pending, "UNHEARD_S", 0.05)
    errors: queue.Queue[RequestError | None] = queue.Queue()
    waited_for = dcss.start_operation("collect")
    waited = ask(pool, waited_for.wait, S, through_reconnect=True)
    eventually(lambda: waited_for._waits == 1)
    missed = dcss.start_move("z", 3)
    missed.on_end(lambda run: errors.put(run.error))
    session.command()
    session.command()
    session.close()
    again = server.session()
    error = errors.get(timeout=S)
    assert isinstance(error, LinkLostError)
    assert str(error).startswith("move of z: its end was perhaps missed")
    assert list(dcss._requests) == [waited_for]
    again.say(f"stog_operation_completed collect {waited_for.handle} normal late")
    assert waited.result(S).text == "late"


def test_a_request_that_is_heard_of_is_kept(
    server: GuiServer, dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "UNHEARD_S", 0.5)
    missed: queue.Queue[RequestError | None] = queue.Queue()
    run, silent = dcss.start_operation("collect"), dcss.start_operation("collect")
    silent.on_end(lambda silent: missed.put(silent.error))
    session.command()
    session.command()
    server.push = (*PUSH, f"stog_operation_update collect {run.handle} one")
    session.close()
    assert isinstance(missed.get(timeout=S), LinkLostError)
    assert list(dcss._requests) == [run]
    assert not run.is_over


def test_nothing_is_heard_after_a_refused_login(
    server: GuiServer, dcss: DcssClient, session: GuiSession
) -> None:
    errors: queue.Queue[RequestError | None] = queue.Queue()
    dcss.start_operation("collect").on_end(lambda run: errors.put(run.error))
    session.command()
    server.accept = False
    session.close()
    error = errors.get(timeout=S)
    assert isinstance(error, LinkLostError)
    assert "refused the login of anna" in str(error)


def test_a_stop_ends_every_wait(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    run = dcss.start_operation("collect")
    waited = ask(pool, run.wait, 60, through_reconnect=True)
    session.command()
    dcss.stop()
    with pytest.raises(LinkLostError, match="operation of collect: the client was stopped"):
        waited.result(S)


def test_updates_are_read_once_by_many_threads(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    """And the last, which comes with the end, is read too."""
    run = dcss.start_operation("collect")
    followers = [ask(pool, lambda: list(run.follow(S))) for _ in range(4)]
    texts = [f"u{number}" for number in range(2_000)]
    for begin in range(0, 2_000, 40):
        session.say(
            *[f"stog_operation_update collect {run.handle} {t}" for t in texts[begin : begin + 40]]
        )
    session.say(
        f"stog_operation_update collect {run.handle} last",
        f"stog_operation_completed collect {run.handle} normal",
    )
    found = [text for follower in followers for text in follower.result(S)]
    assert sorted(found) == sorted([*texts, "last"])


def test_what_timed_out_is_forgotten(dcss: DcssClient, session: GuiSession) -> None:
    for call in (
        lambda: dcss.run_operation("collect", timeout_s=0.001),
        lambda: dcss.set_string("status", "new", timeout_s=0.001),
        lambda: dcss.set_shutter("shutter", "open", timeout_s=0.001),
        lambda: dcss.count(0, "i0", timeout_s=0.001),
        lambda: dcss.read_encoder("enc", timeout_s=0.001),
    ):
        with pytest.raises(WaitTimeoutError):
            call()
    assert list(dcss._requests) == []


def test_a_time_that_is_none_is_refused_before_anything_is_sent(
    dcss: DcssClient, session: GuiSession
) -> None:
    nan = float("nan")
    for call in (
        lambda: dcss.move("z", 3, timeout_s=nan),
        lambda: dcss.start_move("z", 3, timeout_s=nan),
        lambda: dcss.set_string("status", "new", timeout_s=nan),
        lambda: dcss.run_operation("collect", timeout_s=nan),
    ):
        with pytest.raises(ValueError, match="not nan"):
            call()
    assert list(dcss._requests) == []
    dcss.stop_move("x")
    assert session.command() == "gtos_abort_motor_move x soft"


def test_a_wait_without_a_limit(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    moved = ask(pool, dcss.move, "z", 3, timeout_s=float("inf"))
    session.command()
    session.say("stog_motor_move_completed z 3 normal")
    assert moved.result(S) == 3


def test_an_answer_that_cannot_be_read_is_in_the_error(
    dcss: DcssClient, session: GuiSession
) -> None:
    run = dcss.start_move("z", 3)
    session.say("stog_motor_move_completed z", "stog_set_string_completed status normal read")
    dcss.wait_string("status", "read", timeout_s=S)
    with pytest.raises(WaitTimeoutError, match=r"cannot be read: stog_motor_move_completed z$"):
        run.wait(0)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("error server status permit check failed: in_hutch_restricted", PermissionRefusedError),
        ("error server status not_exist", NoDeviceError),
        ("error server status type is not string", NoDeviceError),
        ("error server the status permit check failed: of another", None),
        ("error stageDHS status permit check failed: in the words of a DHS", None),
        ("note server status not_exist", None),
        ("error server status", None),
        ("error server other not_exist", None),
    ],
)
def test_a_refusal_that_is_only_in_the_log(
    dcss: DcssClient, session: GuiSession, line: str, error: type[RequestError] | None
) -> None:
    run = dcss.start_set_string("status", "new")
    session.say(f"stog_log {line}", "stog_set_string_completed status normal new")
    if error is None:
        assert run.wait(S) == "new"
    else:
        with pytest.raises(error):
            run.wait(S)
