"""A whole DHS against a simulated DCSS, over real sockets."""

import logging
import os
import re
import signal
import threading
import time

import pytest

from dcs_codec import (
    HtosSendConfiguration,
    HtosSetStringCompleted,
    StohConfigureString,
    StohRegisterOperation,
    StohSetString,
    UnknownMessage,
)
from dhs_lab.simulators.dcss import Completion, SimulatedDcss
from dhs_runtime import (
    ConfigError,
    Dhs,
    DhsError,
    LinkState,
    NotConnectedError,
    Operation,
    TaskState,
)
from tests.runtime.peers import AT_ONCE_S, DEADLINE_S, fast_config, running, stopped


def test_the_readme_s_first_example(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")

    @dhs.operation("echo")
    def echo(op: Operation) -> None:
        op.update("working")
        op.complete(*op.args)

    with running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        run = dcss.start_operation("echo", "hello", "two words")
        assert run.wait(DEADLINE_S) == Completion("normal", "hello {two words}")
        assert run.updates == ("working",)


def test_operations_run_beside_each_other_and_end_in_any_order(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    gates = {name: threading.Event() for name in "abc"}

    @dhs.operation("many")
    def many(op: Operation) -> None:
        assert gates[op.args[0]].wait(DEADLINE_S)

    with running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        runs = {name: dcss.start_operation("many", name) for name in gates}
        for name in "cab":
            gates[name].set()
            assert runs[name].wait(DEADLINE_S).status == "normal"


def test_message_handlers_run_in_wire_order_and_before_later_operations(
    dcss: SimulatedDcss,
) -> None:
    dhs = Dhs("testDHS")
    log: list[str] = []
    gate = threading.Event()

    @dhs.on(StohSetString)
    def take(message: StohSetString) -> None:
        assert gate.wait(DEADLINE_S)
        log.append(message.string_contents)

    @dhs.operation("echo")
    def echo(op: Operation) -> None:
        log.append(op.args_text)

    with running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        for number in range(5):
            dcss.set_string("s", str(number))
        run = dcss.start_operation("echo", "operation")
        gate.set()
        run.wait(DEADLINE_S)
    assert log == ["0", "1", "2", "3", "4", "operation"]


def test_a_string_is_asked_for_and_set(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    contents: list[str] = []
    configured = threading.Event()

    @dhs.on(StohRegisterOperation)
    def registered(message: StohRegisterOperation) -> None:
        if message.operation_name == "echo":
            dhs.send(HtosSendConfiguration(device_name="s"))

    @dhs.on(StohConfigureString)
    def configure(message: StohConfigureString) -> None:
        contents.append(message.string_contents)
        configured.set()

    @dhs.on(StohSetString)
    def change(message: StohSetString) -> None:
        contents.append(message.string_contents)
        dhs.send(
            HtosSetStringCompleted(
                string_name=message.string_name,
                string_status="normal",
                string_contents=message.string_contents,
            )
        )

    with running(dhs, fast_config(dcss.port)):
        assert configured.wait(DEADLINE_S)
        dcss.set_string("s", "as it  {shall be}")
        dcss.traffic.wait_for(lambda line: "set_string_completed" in line.text, DEADLINE_S)
    assert contents == ["as it was", "as it  {shall be}"]
    assert dcss.string("s") == "as it  {shall be}"


def test_a_stop_hook_may_stop(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")

    @dhs.on_stop
    def stop_again() -> None:
        assert stopped(dhs) == ()

    dhs.start(fast_config(dcss.port))
    assert stopped(dhs) == ()


def test_an_operation_no_one_registered_is_completed_at_once(
    dcss: SimulatedDcss, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, "dhs_runtime"),
        running(Dhs("testDHS"), fast_config(dcss.port)),
    ):
        dcss.wait_online("testDHS", DEADLINE_S)
        completion = dcss.start_operation("unheard").wait(DEADLINE_S)
        assert completion == Completion("error", "no handler for operation unheard")
    assert "DCSS's database gives us operation unheard, which has no handler" in caplog.text
    assert "this DHS has: none" in caplog.text


def test_unknown_messages_reach_those_who_ask_for_them(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    got = threading.Event()

    @dhs.on(UnknownMessage)
    def unknown(message: UnknownMessage) -> None:
        assert message.received_keyword == "stoh_unheard_of"
        got.set()

    with running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        for _ in range(2):
            dcss.send("testDHS", UnknownMessage(text="stoh_unheard_of message"))
        assert got.wait(DEADLINE_S)


def test_stop_completes_what_is_under_way_as_aborted_before_the_socket_closes(
    dcss: SimulatedDcss,
) -> None:
    dhs = Dhs("testDHS")
    release = threading.Event()
    hooks: list[str] = []

    @dhs.on_stop
    def broken_hook() -> None:
        hooks.append("called")
        raise RuntimeError("hook")

    @dhs.operation("nap")
    def nap(op: Operation) -> None:
        op.update("asleep")
        op.sleep(60)

    @dhs.operation("stuck")
    def stuck(op: Operation) -> None:
        op.update("asleep")
        release.wait(DEADLINE_S)

    dhs.start(fast_config(dcss.port))
    dcss.wait_online("testDHS", DEADLINE_S)
    runs = [dcss.start_operation(name) for name in ("nap", "stuck")]
    for run in runs:
        run.wait_update("asleep", DEADLINE_S)
    began = time.monotonic()
    alive = dhs.stop(join_s=1.0)
    assert time.monotonic() - began < AT_ONCE_S
    assert len(alive) == 1
    assert alive[0].startswith("operation-")
    dcss.wait_offline("testDHS", DEADLINE_S)
    for run in runs:
        assert run.completions == (Completion("aborted", "DHS is stopping"),)
    assert hooks == ["called"]
    assert stopped(dhs) == ()
    release.set()


def test_an_operation_that_comes_during_the_stop_is_refused(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    entered, release = threading.Event(), threading.Event()

    @dhs.on_stop
    def hold() -> None:
        entered.set()
        assert release.wait(DEADLINE_S)

    dhs.start(fast_config(dcss.port))
    dcss.wait_online("testDHS", DEADLINE_S)
    stopper = threading.Thread(target=dhs.stop)
    stopper.start()
    assert entered.wait(DEADLINE_S)
    run = dcss.start_operation("echo")
    assert run.wait(DEADLINE_S) == Completion("error", "DHS is stopping")
    release.set()
    stopper.join(DEADLINE_S)


def test_a_handler_may_ask_to_stop(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")

    @dhs.operation("echo")
    def echo(op: Operation) -> None:
        dhs.ask_to_stop()

    def start() -> None:
        dcss.wait_online("testDHS", DEADLINE_S)
        dcss.start_operation("echo")

    starter = threading.Thread(target=start)
    starter.start()
    dhs.run(fast_config(dcss.port))
    starter.join(DEADLINE_S)
    assert dhs.state is LinkState.STOPPED


def test_signals_stop_it_however_fast_they_come(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    sent = threading.Event()

    @dhs.on_stop
    def hold() -> None:  # a signal after the run would end the tests
        assert sent.wait(DEADLINE_S)

    def kill() -> None:
        dcss.wait_online("testDHS", DEADLINE_S)
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
        sent.set()

    killer = threading.Thread(target=kill)
    before = signal.getsignal(signal.SIGINT)
    killer.start()
    dhs.run(fast_config(dcss.port))
    killer.join(DEADLINE_S)
    assert dhs.state is LinkState.STOPPED
    assert signal.getsignal(signal.SIGINT) is before


def test_run_in_another_thread_leaves_signals_alone(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    thread = threading.Thread(target=dhs.run, args=(dcss.address,))
    thread.start()
    dcss.wait_online("testDHS", DEADLINE_S)
    dhs.ask_to_stop()
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def test_a_dhs_that_does_not_run() -> None:
    dhs = Dhs("testDHS")
    assert dhs.state is LinkState.STOPPED
    assert stopped(dhs) == ()
    assert dhs.wait()
    assert not dhs.wait_online(0)
    assert dhs.active_operations() == ()
    dhs.ask_to_stop()
    dhs.log("note", "nobody hears")
    with pytest.raises(NotConnectedError, match="testDHS is not running"):
        dhs.send(HtosSendConfiguration(device_name="s"))
    with pytest.raises(ConfigError):
        dhs.start("no port:")
    assert repr(dhs) == "<Dhs testDHS stopped>"


def test_started_once_at_a_time_and_again_after_a_stop(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    for login in (1, 2):
        dhs.start(dcss.address)
        with pytest.raises(DhsError, match="started already"):
            dhs.start(dcss.address)
        dcss.wait_online("testDHS", DEADLINE_S, logins=login)
        assert dhs.wait_online(DEADLINE_S)
        assert not dhs.wait(0)
        assert stopped(dhs) == ()
        dcss.wait_offline("testDHS", DEADLINE_S)


def test_log_lines_reach_dcss(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    with running(dhs, fast_config(dcss.port)):
        dcss.traffic.wait_for(lambda line: "stoh_register_string" in line.text, DEADLINE_S)
        dcss.start_operation("unheard").wait(DEADLINE_S)  # framing is known from here
        dhs.log("warning", "the cryostream is warm")
        dhs.log("two words", "are no level")
        dcss.traffic.wait_for(
            lambda line: line.text == "htos_log warning testDHS the cryostream is warm", DEADLINE_S
        )


def test_two_in_one_process(dcss: SimulatedDcss) -> None:
    with SimulatedDcss(dcss.hosts) as other:
        first, second = Dhs("testDHS"), Dhs("testDHS")
        first.operation("echo")(lambda op: op.complete("first"))
        second.operation("echo")(lambda op: op.complete("second"))
        with running(first, fast_config(dcss.port)), running(second, fast_config(other.port)):
            for server, answer in ((dcss, "first"), (other, "second")):
                server.wait_online("testDHS", DEADLINE_S)
                assert server.start_operation("echo").wait(DEADLINE_S).text == answer


def test_too_many_operations_are_refused(
    dcss: SimulatedDcss, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhs_runtime.dispatcher.MAX_RUNNING", 1)
    monkeypatch.setattr("dhs_runtime.scheduling.MAX_WAITING", 1)
    dhs = Dhs("testDHS")
    release = threading.Event()

    @dhs.operation("stuck")
    def stuck(op: Operation) -> None:
        op.update("running")
        assert release.wait(DEADLINE_S)

    with running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        runs = [dcss.start_operation("stuck") for _ in range(3)]
        completion = runs[2].wait(DEADLINE_S)
        assert completion == Completion("error", "too many operations under way")
        release.set()
        for run in runs[:2]:
            assert run.wait(DEADLINE_S).status == "normal"


def test_states_of_an_operation(dcss: SimulatedDcss) -> None:
    dhs = Dhs("testDHS")
    states: list[TaskState] = []

    @dhs.operation("echo")
    def echo(op: Operation) -> None:
        states.append(op.state)
        op.complete()
        states.append(op.state)

    with running(dhs, fast_config(dcss.port)):
        dcss.wait_online("testDHS", DEADLINE_S)
        dcss.start_operation("echo").wait(DEADLINE_S)
    assert states == [TaskState.RUNNING, TaskState.COMPLETED]


def test_a_slow_message_handler_is_named(
    dcss: SimulatedDcss, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("dhs_runtime.dispatcher.SLOW_HANDLER_S", 0.0)
    dhs = Dhs("testDHS")
    done = threading.Event()

    @dhs.on(StohConfigureString)
    def dawdle(_: StohConfigureString) -> None:
        done.set()

    with running(dhs, fast_config(dcss.port)), caplog.at_level(logging.WARNING, "dhs_runtime"):
        dcss.wait_online("testDHS", DEADLINE_S)
        dcss.traffic.wait_for(lambda line: "stoh_register_string" in line.text, DEADLINE_S)
        dcss.send(
            "testDHS",
            StohConfigureString(string_name="s", hardware_host="testDHS", string_contents=""),
        )
        assert done.wait(DEADLINE_S)
    assert re.search(r"dawdle took \d\.\d s; messages after it waited", caplog.text)
