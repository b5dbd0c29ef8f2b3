"""A command gets one answer, which encodes; a failure is never reported as a success."""

from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import (
    EncodeError,
    Framing,
    HtosOperationCompleted,
    Message,
    OperationStatus,
    StohStartOperation,
    default_codec,
)
from dhs_runtime import DcssConfig, DeviceError, Operation
from dhs_runtime.answers import Failures, failure_word, one_line, settle, told_by
from dhs_runtime.connection import Connection

ENCODE = partial(default_codec().encode_bytes, framing=Framing.V1)


def failed_by(name: str) -> Failures:
    """How an operation of this name fails."""
    message = StohStartOperation(operation_name=name, operation_handle="1.2")
    return Operation(message, Connection("testDHS", DcssConfig(), default_codec()))._failures


FAILED = failed_by("op")


def done(text: str) -> Message:
    return HtosOperationCompleted(
        operation_name="op",
        operation_handle="1.2",
        operation_status=OperationStatus.NORMAL,
        operation_args=text,
    )


def test_a_success_that_encodes_is_the_answer() -> None:
    answer = settle(lambda: done("a b"), FAILED, "", "", ENCODE)
    assert answer == (done("a b"), ENCODE(done("a b")), "normal", "")


def test_a_success_that_does_not_encode_is_a_failure_that_says_why() -> None:
    answer = settle(lambda: done("a" * 300), FAILED, "", "", ENCODE)
    assert answer.status == "error"
    assert answer.reason.startswith("EncodeError: ")
    assert answer.data.startswith(b"htos_operation_completed op 1.2 error EncodeError: ")


@given(st.one_of(st.text(), st.none(), st.integers()), st.text())
def test_any_failure_encodes_and_none_is_normal(status: object, reason: str) -> None:
    answer = settle(None, FAILED, status, reason, ENCODE)
    assert len(answer.data) == 200
    assert answer.status != "normal"
    assert answer.data.rstrip(b"\0").split()[3] == answer.status.encode()


def test_the_most_telling_form_that_encodes_is_taken() -> None:
    def failures(status: str, reason: str) -> Iterator[Message]:
        for text in ("a" * 300, reason, ""):
            yield failed_with(status, text)

    answer = settle(None, failures, "late", "stage is stuck", ENCODE)
    assert answer.data.rstrip(b"\0") == b"htos_operation_completed op 1.2 late stage is stuck"


def failed_with(status: str, text: str) -> Message:
    return HtosOperationCompleted(
        operation_name="op", operation_handle="1.2", operation_status=status, operation_args=text
    )


def test_where_no_form_encodes_the_last_error_is_raised() -> None:
    with pytest.raises(EncodeError):
        settle(None, failed_by("o" * 300), "error", "why", ENCODE)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("late", "late"),
        ("normal", "error"),
        ("", "error"),
        ("two words", "error"),
        ("{late}", "error"),
        ("a" * 79, "a" * 79),
        ("a" * 80, "error"),
        ("\udcff", "error"),
        (None, "error"),
    ],
)
def test_a_failure_has_one_plain_word(status: object, word: str) -> None:
    assert failure_word(status) == word


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a\n\tb ", "a b"),
        ("é" * 100, "é" * 45),
        (None, "None"),
        (f"{'x' * 84} bcdef", f"{'x' * 84} bcdef"),
        (f"{'x' * 84} bcdefg", "x" * 84),
        (f"{'x' * 40} {'y' * 80}", f"{'x' * 40} {'y' * 49}"),
    ],
)
def test_a_reason_is_one_short_line(text: object, line: str) -> None:
    assert one_line(text) == line


def test_a_reason_names_the_exception_unless_it_says_all_itself() -> None:
    assert told_by(ValueError("no")) == "ValueError: no"
    assert told_by(ValueError()) == "ValueError"
    assert told_by(DeviceError("stage is stuck")) == "stage is stuck"
