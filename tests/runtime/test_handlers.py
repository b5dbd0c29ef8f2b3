"""What is declared is found again; hooks that fail are logged."""

from collections.abc import Callable
from typing import cast

import pytest

from dcs_codec import Message, StohAbortAll
from dhs_runtime import Dhs, HandlerError, Operation
from dhs_runtime.declaring import call_hook


def do_nothing(_: Operation) -> None:
    pass


def take(_: Message) -> None:
    pass


def test_what_was_declared_is_found() -> None:
    dhs = Dhs("testDHS")
    dhs.operation("one", max_active=2)(do_nothing)
    dhs.on(StohAbortAll)(take)
    dhs.on(StohAbortAll, Message)(take)
    motor = dhs.motor("m")
    table = dhs._handlers
    assert [(name, each.handler, each.max_active) for name, each in table.operations.items()] == [
        ("one", do_nothing, 2)
    ]
    assert table.messages == {StohAbortAll: [take, take], Message: [take]}
    assert table.devices.all() == (motor,)


def test_an_operation_has_one_handler() -> None:
    dhs = Dhs("testDHS")
    dhs.operation("one")(do_nothing)
    with pytest.raises(HandlerError, match="'one' has a handler already: do_nothing"):
        dhs.operation("one")(do_nothing)


def test_a_handler_takes_one_argument() -> None:
    dhs = Dhs("testDHS")
    with pytest.raises(HandlerError, match="must take one argument"):
        dhs.operation("one")(lambda: None)  # type: ignore[misc,arg-type]  # the mistake
    with pytest.raises(HandlerError, match="must take one argument"):
        dhs.on(StohAbortAll)(lambda a, b: None)  # type: ignore[misc,arg-type]  # too


def test_nobody_would_await_an_async_handler() -> None:
    async def late(_: Message) -> None:
        pass

    with pytest.raises(HandlerError, match="late is async or yields; handlers are plain functions"):
        Dhs("testDHS").on(StohAbortAll)(cast(Callable[[StohAbortAll], None], late))


def test_a_builtin_without_signature_is_taken_on_trust() -> None:
    dhs = Dhs("testDHS")
    builtin = cast(Callable[[StohAbortAll], None], type)
    dhs.on(StohAbortAll)(builtin)
    assert dhs._handlers.messages == {StohAbortAll: [builtin]}


@pytest.mark.parametrize("wrong", [int, "StohAbortAll", None])
def test_only_message_classes_have_handlers(wrong: object) -> None:
    with pytest.raises(HandlerError, match="is not a message class"):
        Dhs("testDHS").on(wrong)(take)  # type: ignore[arg-type]  # the mistake


def test_a_hook_that_fails_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    def failing(reason: str) -> None:
        raise SystemExit(reason)

    call_hook(failing, "why")
    assert "failing failed" in caplog.text
