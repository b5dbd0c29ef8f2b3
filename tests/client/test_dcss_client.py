"""Operations and master, against a GUI port whose script is the test."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dhs_runtime.client import (
    AbortedError,
    BusyError,
    DcssClient,
    FailedError,
    MasterTakenError,
    NoDeviceError,
    OfflineError,
    PermissionRefusedError,
    RequestError,
    WaitTimeoutError,
    pending,
)
from tests.client.asking import S, ask
from tests.client.gui_server import GuiSession
from tests.runtime.peers import eventually


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
    eventually(lambda: run._updates == 1)
    updates = run.follow(timeout_s=60, quiet_s=0.05)
    assert next(updates) == "one"
    with pytest.raises(WaitTimeoutError, match=r"of collect: no completion within 0\.05 s"):
        next(updates)


def test_the_host_of_an_operation_goes_away(
    dcss: DcssClient, session: GuiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dcss itself never says that such an operation is over."""
    monkeypatch.setattr(pending, "OFFLINE_GRACE_S", 0.05)
    run = dcss.start_operation("collect")
    session.say("stog_configure_hardware_host stageDHS self offline")
    with pytest.raises(OfflineError, match="collect: stageDHS went offline"):
        list(run.follow(timeout_s=S))


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
    with pytest.raises(PermissionRefusedError, match="refused to make us master: locked"):
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


def test_asking_an_operation_to_end(dcss: DcssClient, session: GuiSession) -> None:
    dcss.stop_operation("collect", "after this", 1)
    assert session.command() == "gtos_stop_operation collect {after this} 1"
    with pytest.raises(NoDeviceError):
        dcss.stop_operation("nothing_like_it")


def test_the_list_of_clients_may_come_after_the_login(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    """As with a real dcss, which sends it from another thread."""
    became = ask(pool, dcss.become_master, timeout_s=S)
    session.say(
        "stog_update_client_list 2",
        "stog_update_client 2 anna {Anna} {LOCAL} {} 1 1 localhost {lab} 0 0",
    )
    session.say("stog_update_client 9 bob {Bob} {LOCAL} {} 1 1 lab3 {lab} 1 0")
    with pytest.raises(MasterTakenError, match="bob on lab3 is master"):
        became.result(S)
    assert session.commands.empty()


@pytest.mark.parametrize("end", ["timeout", "lost link", "taken by another"])
def test_an_error_in_the_block_of_a_master_comes_out_of_it(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor, end: str
) -> None:
    inside = threading.Event()
    go_on = threading.Event()

    def work() -> None:
        with dcss.master(take=True, timeout_s=1.5 if end == "timeout" else S):
            inside.set()
            go_on.wait(S)
            raise ValueError("of the block")

    worked = ask(pool, work)
    session.command()
    session.say("stog_become_master")
    assert inside.wait(S)
    if end == "lost link":
        session.close()
        dcss.wait(lambda: dcss.epoch != 1, S)
    elif end == "taken by another":
        session.say("stog_become_slave")
        dcss.wait(lambda: not dcss.is_master, S)
    go_on.set()
    with pytest.raises(ValueError, match="of the block"):
        worked.result(S)
    if end == "timeout":
        assert session.command() == "gtos_become_slave force"
    assert session.commands.empty()


def test_a_slave_that_becomes_master_was_not_refused(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor
) -> None:
    """As the late answer to a release before, or where another took over just now."""
    became = ask(pool, dcss.become_master, take=True, timeout_s=S)
    session.command()
    session.say("stog_become_slave", "stog_become_master")
    assert became.result(S) is None
    assert dcss.is_master


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (["stog_become_slave"], "no reason given"),
        (["stog_become_slave invalid_key"], "invalid_key"),
        (
            [
                "stog_become_slave",
                "stog_log error server Insufficient privilege to become 'Active' from afar.",
            ],
            "Insufficient privilege to become 'Active' from afar",
        ),
    ],
)
def test_a_refusal_of_the_master_has_its_reason(
    dcss: DcssClient, session: GuiSession, pool: ThreadPoolExecutor, said: list[str], error: str
) -> None:
    became = ask(pool, dcss.become_master, take=True, timeout_s=S)
    session.command()
    session.say(*said)
    with pytest.raises(PermissionRefusedError, match=f"refused to make us master: {error}"):
        became.result(S)
