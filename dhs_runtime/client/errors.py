"""The exceptions of the client, all below `DhsError`.

DhsError
├── LoginError                  DCSS did not let us in: greeting, login, or the first push
└── RequestError                a request did not succeed
    ├── RefusedError            nothing was started
    │   ├── PermissionRefusedError
    │   ├── LimitError
    │   ├── BusyError
    │   ├── NoDeviceError       (also a KeyError)
    │   └── MasterTakenError
    ├── OfflineError            the DHS is offline, before or during the request
    ├── AbortedError            somebody stopped it
    ├── FailedError             any other status
    ├── LinkLostError           the link was lost meanwhile; it may still be running
    └── WaitTimeoutError        (also a TimeoutError) no answer in time; it may still be running
"""

from collections.abc import Mapping

from dhs_runtime.answers import ABORTED, ERROR
from dhs_runtime.errors import DhsError


class LoginError(DhsError):
    """DCSS did not let us in; the text says at which step."""


class RequestError(DhsError):
    """A request did not succeed.

    Attributes:
        name: The device or operation.
        status: The status as DCSS sent it; "" if there was none.
        logs: Lines of DCSS's log about it, the newest last.
        ends: For several moves together, how each of them ended.
    """

    def __init__(self, name: str, status: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.status = status
        self.logs: tuple[str, ...] = ()
        self.ends: Mapping[str, float | RequestError] = {}

    def __str__(self) -> str:
        return str(self.args[0])


class RefusedError(RequestError):
    """It was refused; nothing was started."""


class PermissionRefusedError(RefusedError):
    """Not allowed from here, for this user, in this state of the hutch, or without master."""


class LimitError(RefusedError):
    """It is beyond a limit of the motor, or of a pseudo motor that it is part of.

    Attributes:
        limits: Lower and upper limit if this client refused it before sending; each may be None.
    """

    limits: tuple[float | None, float | None] = None, None


class BusyError(RefusedError):
    """The device is moving or locked, or the beamline is not idle."""


class NoDeviceError(RefusedError, KeyError):
    """There is no device or operation with this name."""


class MasterTakenError(RefusedError):
    """Another client is master.

    Attributes:
        user: Its user.
        host: Its host.
    """

    def __init__(self, user: str, host: str) -> None:
        super().__init__("master", "", f"{user} on {host} is master")
        self.user = user
        self.host = host


class OfflineError(RequestError):
    """The DHS is offline, before or during the request."""


class AbortedError(RequestError):
    """Somebody stopped it."""


class FailedError(RequestError):
    """It ended with a status that means failure."""


class LinkLostError(RequestError):
    """The link to DCSS was lost meanwhile; it may still be running at the beamline."""


class WaitTimeoutError(RequestError, TimeoutError):
    """No end was reported in time; it may still be running."""


_PERMISSION = frozenset(
    {
        *("no_permission", "must_be_active", "in_hutch_and_door_closed", "in_hutch_restricted"),
        *("hutch_door_open_remote", "hutch_door_open_local", "hutch_door_closed"),
        *("not_honest_client", "missing_operation_Id"),
    }
)
_BUSY = frozenset(
    {
        *("moving", "movingChildren", "locked", "blocked", "active", "system_not_idle"),
        *("configInProgress", "parent_configInProgress", "child_configInProgress"),
        "NOT_ALLOWED_WHILE_SYSTEM_NOT_IDLE",
    }
)
_OFFLINE = ("no_hw_host", "hardware_offline")
_MOVING = "moving"
_OF_ANY_TIME = frozenset({*_PERMISSION, "blocked", "system_not_idle"})


def error_of(name: str, status: str) -> RequestError:
    """The exception for a status that is not a success, from any message.

    Offline has four spellings: `{no_hw_host H}`, `no_hw_host H`, `no_hw_host_H` and
    `hardware_offline`. Words about a motor may begin with its name, or a child's.
    """
    bare = status.strip().strip("{}")
    return _kind_of(name, bare)(name, status, f"{name}: {bare or 'no status'}")


def is_moving_after(status: str, before: bool | None) -> bool | None:
    """Whether a motor moves after a completion with this status.

    A refusal of one command does not end the motion that another command started.
    """
    if status == _MOVING:
        return True
    return before if status in _OF_ANY_TIME else False


def _kind_of(name: str, bare: str) -> type[RequestError]:
    word = bare.partition(" ")[0]
    own = word.removeprefix(f"{name}_")
    said = bare.split()
    kinds: tuple[tuple[bool, type[RequestError]], ...] = (
        (word.startswith(_OFFLINE), OfflineError),
        (own == ABORTED or (said[-1:] == [ABORTED] and {*said[:-1]} == {ERROR}), AbortedError),
        (word.endswith("sw_limit"), LimitError),
        (word in _PERMISSION, PermissionRefusedError),
        (own in _BUSY, BusyError),
        (word == "not_exist" or word.startswith("type_not_"), NoDeviceError),
    )
    return next((kind for applies, kind in kinds if applies), FailedError)
