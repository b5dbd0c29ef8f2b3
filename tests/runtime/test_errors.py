"""Every error of the runtime is a DhsError with the needed attributes."""

import errno

import pytest

from dhs_runtime import errors
from dhs_runtime.errors import (
    ConfigError,
    DeviceError,
    DhsError,
    MachineError,
    ServiceReplyError,
    StopTimeoutError,
    machine_error,
)

ALL = [each for each in vars(errors).values() if isinstance(each, type)]


@pytest.mark.parametrize("error", ALL)
def test_all_are_below_one_and_in_the_drawing(error: type[Exception]) -> None:
    assert issubclass(error, DhsError)
    assert error.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EADDRINUSE, MachineError),
        (errno.ENOSPC, MachineError),
        (errno.EACCES, ConfigError),
        (errno.EISDIR, ConfigError),
    ],
)
def test_what_a_second_try_may_mend_is_told_apart(number: int, kind: type[DhsError]) -> None:
    error = machine_error("port 80", OSError(number, "no luck"))
    assert type(error) is kind
    assert str(error) == "port 80: no luck"


def test_errors_carry_what_they_name() -> None:
    assert DeviceError("stuck", status="late").status == "late"
    assert DeviceError("stuck").status == "error"
    assert StopTimeoutError(("a", "b")).threads == ("a", "b")
    assert str(StopTimeoutError(("a", "b"))) == "still alive after the stop: a, b"
    assert ServiceReplyError("no picture", 404).status == 404
