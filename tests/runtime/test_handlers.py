from collections.abc import Callable
from typing import cast

import pytest

from dcs_codec import Message, StohAbortAll, StohSetString, UnknownMessage
from dhs_runtime import HandlerError, Operation
from dhs_runtime.handlers import HandlerTable
from dhs_runtime.operation import DeclaredOperation


def do_nothing(_: Operation) -> None:
    pass


def take(_: Message) -> None:
    pass


def test_finds_what_was_added() -> None:
    table = HandlerTable()
    entry = DeclaredOperation(do_nothing)
    table.add_operation("one", entry)
    table.add_message(StohAbortAll, take)
    assert table.operations == {"one": entry}
    assert table.message(StohAbortAll) == (take,)
    assert table.message(StohSetString) == ()


def test_handlers_of_a_base_class_come_after_the_class_own() -> None:
    def first(_: StohAbortAll) -> None:
        pass

    table = HandlerTable()
    table.add_message(Message, take)
    table.add_message(StohAbortAll, first)
    assert table.message(StohAbortAll) == (first, take)
    assert table.message(UnknownMessage) == (take,)


def test_an_operation_has_one_handler() -> None:
    table = HandlerTable()
    table.add_operation("one", DeclaredOperation(do_nothing))
    with pytest.raises(HandlerError, match="'one' has a handler already: do_nothing"):
        table.add_operation("one", DeclaredOperation(do_nothing))


def test_a_handler_takes_one_argument() -> None:
    table = HandlerTable()
    with pytest.raises(HandlerError, match="must take one argument"):
        table.add_operation("one", DeclaredOperation(lambda: None))  # type: ignore[misc,arg-type]  # the mistake
    with pytest.raises(HandlerError, match="must take one argument"):
        table.add_message(StohAbortAll, lambda a, b: None)  # type: ignore[misc,arg-type]  # too


def test_nobody_would_await_an_async_handler() -> None:
    async def late(_: Message) -> None:
        pass

    with pytest.raises(HandlerError, match="late is async; handlers are plain functions"):
        HandlerTable().add_message(StohAbortAll, cast(Callable[[StohAbortAll], None], late))


def test_a_builtin_without_signature_is_taken_on_trust() -> None:
    table = HandlerTable()
    builtin = cast(Callable[[StohAbortAll], None], type)
    table.add_message(StohAbortAll, builtin)
    assert table.message(StohAbortAll) == (builtin,)


@pytest.mark.parametrize("wrong", [int, "StohAbortAll", None])
def test_only_message_classes_have_handlers(wrong: object) -> None:
    with pytest.raises(HandlerError, match="is no message class"):
        HandlerTable().add_message(wrong, take)  # type: ignore[arg-type]  # the mistake
