"""Names and arguments of handlers are checked at registration."""

from collections.abc import Callable
from functools import partial

import pytest

from dhs_runtime import HandlerError
from dhs_runtime.signatures import check_handler, check_name, name_of


async def awaited(_: object) -> None: ...


def nothing() -> None: ...


def one(_: object) -> None: ...


@pytest.mark.parametrize("name", ["gonio_phi", "a", "x" * 39, "π"])
def test_one_plain_word_is_a_name(name: str) -> None:
    check_name(name, "a motor")


@pytest.mark.parametrize("name", ["", "a b", "{a}", "a\0", "x" * 200, None, 1])
def test_anything_else_is_none(name: object) -> None:
    with pytest.raises(HandlerError, match="cannot be the name of a motor"):
        check_name(name, "a motor")


@pytest.mark.parametrize(
    ("function", "arguments"), [(nothing, 0), (one, 1), (partial(one, 1), 0), (print, 1)]
)
def test_a_function_that_can_be_called_so_is_taken(
    function: Callable[..., object], arguments: int
) -> None:
    check_handler(function, arguments)


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (nothing, 1, "nothing must take one argument"),
        (one, 0, "one must take no argument"),
        (awaited, 1, "awaited is async"),
    ],
)
def test_one_that_cannot_is_refused_by_its_name(
    function: Callable[..., object], arguments: int, reason: str
) -> None:
    with pytest.raises(HandlerError, match=reason):
        check_handler(function, arguments)


def test_a_thing_without_a_name_is_shown() -> None:
    assert name_of(one) == "one"
    assert name_of(partial(one, 1)).startswith("functools.partial(")
