"""Messages reach their handlers in wire order; impossible commands are answered as failed."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dcs_codec import (
    AbortMode,
    MalformedMessage,
    Message,
    StohAbortAll,
    StohSetString,
    StohStartOperation,
    decode_text,
    default_codec,
    encode_text,
)
from dhs_runtime import DeviceError, Encoder, Motor, Operation
from dhs_runtime.clock import Deadline
from dhs_runtime.declaring import HandlerTable
from dhs_runtime.dispatcher import Dispatcher
from dhs_runtime.operation import DeclaredOperation
from dhs_runtime.threads import ThreadGroup
from tests.runtime.peers import DEADLINE_S


class Answers:
    """Collects answers; `next` waits for one."""

    def __init__(self) -> None:
        self._texts: queue.Queue[str] = queue.Queue()

    def encode(self, message: Message) -> bytes:
        return encode_text(message).encode()

    def write(self, data: bytes) -> None:
        self._texts.put(data.decode())

    def next(self) -> str:
        return self._texts.get(timeout=DEADLINE_S)


@contextmanager
def dispatching(handlers: HandlerTable, answers: Answers) -> Iterator[Dispatcher]:
    group = ThreadGroup()
    dispatcher = Dispatcher(handlers, default_codec(), group, answers)
    try:
        yield dispatcher
    finally:
        dispatcher.close()
        assert group.join(Deadline.after(DEADLINE_S)) == ()


def started(name: str, handle: str = "1.2", args: str = "") -> Message:
    return StohStartOperation(operation_name=name, operation_handle=handle, operation_args=args)


def test_handlers_see_messages_one_at_a_time_in_wire_order() -> None:
    handlers, seen, done = HandlerTable(), [], threading.Event()

    def handler(message: Message) -> None:
        seen.append(encode_text(message))
        if len(seen) == 50:
            done.set()

    handlers.messages[Message] = [handler]
    answers = Answers()
    texts = [f"stoh_set_string s {number}" for number in range(50)]
    with dispatching(handlers, answers) as dispatcher:
        for text in texts:
            dispatcher.feed(decode_text(text), answers)
        assert done.wait(DEADLINE_S)
    assert seen == texts


def test_handlers_of_a_class_come_before_those_of_its_bases() -> None:
    handlers, seen = HandlerTable(), queue.Queue[str]()
    handlers.messages[Message] = [lambda message: seen.put(f"any {message.keyword}")]
    handlers.messages[StohAbortAll] = [lambda _: seen.put("own")]
    answers = Answers()
    with dispatching(handlers, answers) as dispatcher:
        for _ in range(2):
            dispatcher.feed(StohAbortAll(), answers)
            assert seen.get(timeout=DEADLINE_S) == "own"
            assert seen.get(timeout=DEADLINE_S) == "any stoh_abort_all"
        dispatcher.feed(decode_text("stoh_of_a_site 1"), answers)
        assert seen.get(timeout=DEADLINE_S).startswith("any ")


def test_an_operation_starts_after_the_handlers_of_what_came_before_it() -> None:
    handlers, order, may_go = HandlerTable(), [], threading.Event()

    def handler(_: Message) -> None:
        assert may_go.wait(DEADLINE_S)
        order.append("message")

    handlers.messages[StohSetString] = [handler]
    handlers.operations["op"] = DeclaredOperation(lambda _: order.append("operation"))
    answers = Answers()
    with dispatching(handlers, answers) as dispatcher:
        dispatcher.feed(decode_text("stoh_set_string s 1"), answers)
        dispatcher.feed(started("op"), answers)
        may_go.set()
        assert answers.next() == "htos_operation_completed op 1.2 normal"
    assert order == ["message", "operation"]


def test_what_nobody_handles_is_answered_as_failed() -> None:
    answers = Answers()
    with dispatching(HandlerTable(), answers) as dispatcher:
        dispatcher.feed(started("op"), answers)
        assert answers.next() == "htos_operation_completed op 1.2 error no handler for operation op"


def test_one_more_than_the_most_is_refused() -> None:
    handlers, leave = HandlerTable(), threading.Event()
    handlers.operations["op"] = DeclaredOperation(
        lambda _: assert_true(leave.wait(DEADLINE_S)), max_active=1
    )
    answers = Answers()
    with dispatching(handlers, answers) as dispatcher:
        dispatcher.feed(started("op", "1.1"), answers)
        dispatcher.feed(started("op", "1.2"), answers)
        assert answers.next().startswith("htos_operation_completed op 1.2 error at most 1 may")
        leave.set()
        assert answers.next() == "htos_operation_completed op 1.1 normal"


def assert_true(condition: bool) -> None:
    assert condition


def test_a_deadline_answers_although_the_handler_goes_on() -> None:
    handlers, leave = HandlerTable(), threading.Event()
    handlers.operations["op"] = DeclaredOperation(
        lambda _: assert_true(leave.wait(DEADLINE_S)), timeout_s=0.01
    )
    answers = Answers()
    with dispatching(handlers, answers) as dispatcher:
        dispatcher.feed(started("op"), answers)
        assert answers.next() == "htos_operation_completed op 1.2 error deadline passed"
        leave.set()


@pytest.mark.parametrize(
    ("word", "mode"),
    [("soft", AbortMode.SOFT), ("hard", AbortMode.HARD), ("", AbortMode.HARD)],
)
def test_an_abort_marks_what_is_under_way_before_feed_returns(word: str, mode: AbortMode) -> None:
    handlers, inside = HandlerTable(), threading.Event()

    def handler(operation: Operation) -> None:
        inside.set()
        operation.sleep(60)

    handlers.operations["op"] = DeclaredOperation(handler)
    answers = Answers()
    with dispatching(handlers, answers) as dispatcher:
        dispatcher.feed(started("op"), answers)
        assert inside.wait(DEADLINE_S)
        [task] = dispatcher.active.all()
        dispatcher.feed(StohAbortAll(abort_arg=word), answers)
        assert task.aborted
        assert task.abort_mode is mode
        assert answers.next().startswith("htos_operation_completed op 1.2 aborted stoh_abort_all")
    assert dispatcher.aborts == 1


def test_a_command_cut_short_is_answered_where_its_name_is_read() -> None:
    handlers = HandlerTable()
    answers = Answers()
    malformed = default_codec().decode_text("stoh_start_operation op")
    assert isinstance(malformed, MalformedMessage)
    with dispatching(handlers, answers) as dispatcher:
        dispatcher.feed(malformed, answers)
        dispatcher.feed(started("other", "9.9"), answers)
        texts = [answers.next()]
        while "other 9.9" not in texts[-1]:
            texts.append(answers.next())
    assert all("error" in text for text in texts)


def test_after_its_close_it_refuses() -> None:
    handlers = HandlerTable()
    handlers.operations["op"] = DeclaredOperation(lambda _: None)
    answers = Answers()
    with dispatching(handlers, answers) as dispatcher:
        dispatcher.close()
        dispatcher.feed(started("op"), answers)
        assert answers.next() == "htos_operation_completed op 1.2 error DHS is stopping"


@pytest.mark.parametrize(
    "text",
    [
        "stoh_register_real_motor z z",
        "stoh_register_real_motor strange strange",
        "stoh_register_encoder strange strange",
    ],
)
def test_what_comes_after_its_close_is_told_as_that(text: str) -> None:
    handlers = HandlerTable()
    handlers.devices.add(Motor("z"))
    answers = Answers()
    with dispatching(handlers, answers) as dispatcher:
        dispatcher.close()
        dispatcher.feed(decode_text(text), answers)
        dispatcher.feed(started("op"), answers)
        told = answers.next()
        while "op 1.2" not in told:
            assert told.startswith("htos_send_configuration") or "DHS is stopping" in told
            told = answers.next()


def test_a_read_after_its_close_is_not_told_as_late() -> None:
    handlers, encoder = HandlerTable(), Encoder("e")
    encoder.on_read(lambda: 1.5)
    handlers.devices.add(encoder)
    with dispatching(handlers, Answers()) as dispatcher:
        assert encoder.on_read.now(None) == 1.5
        dispatcher.close()
        with pytest.raises(DeviceError, match="cannot be read: the DHS is stopping"):
            encoder.on_read.now(None)
