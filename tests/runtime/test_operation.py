import logging
import sys
import threading
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    EncodeError,
    HtosOperationCompleted,
    HtosOperationUpdate,
    Message,
    StohStartOperation,
    encode_text,
)
from dhs_runtime import (
    NotConnectedError,
    Operation,
    TaskAbortedError,
    TaskFinishedError,
    TaskState,
)
from dhs_runtime.answers import one_line
from dhs_runtime.operation import OperationHandler


class Wire:
    """Collects an operation's messages, encoded as by the connection."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.connected = True

    def encode(self, message: Message) -> bytes:
        return encode_text(message).encode()

    def write(self, data: bytes) -> None:
        if not self.connected:
            raise NotConnectedError("gone")
        self.texts.append(data.decode())


def start(wire: Wire, args: str = "") -> Operation:
    message = StohStartOperation(operation_name="op", operation_handle="1.10", operation_args=args)
    return Operation(message, wire)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("a  b", ("a", "b")),
        ("{two three} four", ("two three", "four")),
        ("{not closed", ("{not", "closed")),
    ],
)
def test_arguments_are_words_of_a_tcl_list(text: str, words: tuple[str, ...]) -> None:
    operation = start(Wire(), text)
    assert operation.args == words
    assert operation.args_text == text


def test_words_and_text_go_out_as_they_are_meant() -> None:
    wire = Wire()
    operation = start(wire)
    operation.update()
    operation.update("two words", 1, 9000000.0, True)
    operation.update(text="step 1 {two three}")
    operation.complete("done")
    assert wire.texts == [
        "htos_operation_update op 1.10",
        "htos_operation_update op 1.10 {two words} 1 9000000.0 1",
        "htos_operation_update op 1.10 step 1 {two three}",
        "htos_operation_completed op 1.10 normal done",
    ]
    assert operation.state is TaskState.COMPLETED


def test_words_or_text_not_both() -> None:
    with pytest.raises(TypeError):
        start(Wire()).update("word", text="text")


def test_nothing_follows_the_completion() -> None:
    wire = Wire()
    operation = start(wire)
    operation.fail("why\nnot", status="broken")
    assert operation.state is TaskState.FAILED
    with pytest.raises(TaskFinishedError):
        operation.update()
    with pytest.raises(TaskFinishedError):
        operation.complete()
    with pytest.raises(TaskFinishedError):
        operation.fail("again")
    assert not operation._end("error")
    operation._succeed()
    assert wire.texts == ["htos_operation_completed op 1.10 broken why not"]


def test_what_cannot_be_encoded_leaves_the_operation_open() -> None:
    wire = Wire()
    operation = start(wire)
    with pytest.raises(EncodeError):
        operation.complete(text="nul \0")
    with pytest.raises(EncodeError):
        operation.update(float("nan"))
    assert not operation.finished
    operation.complete()
    assert wire.texts == ["htos_operation_completed op 1.10 normal"]


@pytest.mark.parametrize(
    ("handler", "completion", "state"),
    [
        (lambda op: None, "normal", TaskState.COMPLETED),
        (lambda op: op.complete("x"), "normal x", TaskState.COMPLETED),
        (lambda op: op.fail("no"), "error no", TaskState.FAILED),
        (lambda op: sys.exit(3), "error SystemExit: 3", TaskState.FAILED),
        (lambda op: 1 / 0, "error ZeroDivisionError: division by zero", TaskState.FAILED),
        (lambda op: op.complete(text="\0"), "error EncodeError: ", TaskState.FAILED),
    ],
)
def test_every_handler_leads_to_one_completion(
    handler: OperationHandler, completion: str, state: TaskState
) -> None:
    wire = Wire()
    operation = start(wire)
    operation._run(handler)
    assert len(wire.texts) == 1
    assert wire.texts[0].startswith(f"htos_operation_completed op 1.10 {completion}")
    assert operation.state is state


def test_a_failure_behind_the_completion_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    wire = Wire()

    def handler(op: Operation) -> None:
        op.complete()
        raise ValueError("too late")

    with caplog.at_level(logging.ERROR):
        start(wire)._run(handler)
    assert wire.texts == ["htos_operation_completed op 1.10 normal"]
    assert "op 1.10: handler failed" in caplog.text


def test_abort_ends_every_kind_of_wait() -> None:
    future: Future[None] = Future()
    for wait in (
        lambda op: op.sleep(60),
        lambda op: op.wait(future),
        lambda op: op.raise_if_aborted(),
    ):
        wire = Wire()
        operation = start(wire)
        entered = threading.Event()

        def handler(op: Operation, wait: object = wait, entered: threading.Event = entered) -> None:
            entered.set()
            while True:
                wait(op)  # type: ignore[operator]

        thread = threading.Thread(target=operation._run, args=(handler,))
        thread.start()
        assert entered.wait(20)
        operation.abort("stoh_abort_all soft")
        operation.abort("a second time")
        thread.join(20)
        assert not thread.is_alive()
        assert wire.texts == ["htos_operation_completed op 1.10 aborted stoh_abort_all soft"]
        assert operation.state is TaskState.ABORTED


def test_an_operation_completed_before_it_starts_does_not_run() -> None:
    wire = Wire()
    operation = start(wire)
    operation.fail("not wanted any more")
    operation._run(lambda op: op.update("ran"))
    assert wire.texts == ["htos_operation_completed op 1.10 error not wanted any more"]


def test_an_operation_aborted_before_it_starts_does_not_run() -> None:
    wire = Wire()
    operation = start(wire)
    operation.abort("early")
    assert operation.aborted
    assert operation.abort_reason == "early"
    operation._run(lambda op: op.complete("ran"))
    assert wire.texts == ["htos_operation_completed op 1.10 aborted early"]


def test_wait_gives_the_future_s_result_and_times_out() -> None:
    operation = start(Wire())
    future: Future[int] = Future()
    with pytest.raises(TimeoutError):
        operation.wait(future, 0.01)
    future.set_result(42)
    assert operation.wait(future) == 42
    operation.sleep(0)
    failed: Future[int] = Future()
    failed.set_exception(KeyError("x"))
    with pytest.raises(KeyError):
        operation.wait(failed)
    operation.abort("now")
    with pytest.raises(TaskAbortedError, match="now"):
        operation.wait(Future())


def test_without_a_link_answers_are_dropped_and_the_operation_ends() -> None:
    wire = Wire()
    wire.connected = False
    operation = start(wire)
    operation.update("lost")
    operation.complete()
    assert operation.finished
    assert wire.texts == []


def test_an_impossible_completion_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    message = StohStartOperation(operation_name="two words", operation_handle="1.1")
    operation = Operation(message, Wire())
    operation._run(lambda op: None)
    assert "no answer is possible" in caplog.text


def test_completion_from_two_threads_goes_out_once() -> None:
    for _ in range(50):
        wire = Wire()
        operation = start(wire)
        barrier = threading.Barrier(2)
        refused: list[int] = []

        def complete(
            operation: Operation = operation,
            barrier: threading.Barrier = barrier,
            refused: list[int] = refused,
        ) -> None:
            barrier.wait(20)
            try:
                operation.complete()
            except TaskFinishedError:
                refused.append(1)

        threads = [threading.Thread(target=complete) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(wire.texts) == len(refused) == 1


@given(st.text())
def test_one_line_always_fits_the_end_of_a_completion(text: str) -> None:
    line = one_line(text)
    assert len(line.encode()) <= 90
    encode_text(
        HtosOperationCompleted(
            operation_name="n", operation_handle="1.1", operation_status="error",
            operation_args=line,
        )
    )  # fmt: skip
    assert not set(line) & set("\0\r\n")


def test_update_is_a_message_of_its_operation() -> None:
    wire = Wire()
    message = StohStartOperation(operation_name="op", operation_handle="1.10")
    Operation(message, wire).update("a")
    update = HtosOperationUpdate(operation_name="op", operation_handle="1.10", operation_args="a")
    assert wire.texts == [encode_text(update)]
    assert repr(Operation(message, wire)) == "<Operation op 1.10 waiting>"
