"""The exceptions of the client, all below `DhsError`.

DhsError
├── LoginError                  DCSS did not let us in: greeting, login, or the first push
└── RequestError                something that was asked for did not come to its good end
    ├── RefusedError            nothing was begun
    │   ├── PermissionRefusedError
    │   ├── LimitError
    │   ├── BusyError
    │   ├── NoDeviceError       (also a KeyError)
    │   └── MasterTakenError
    ├── OfflineError            the DHS is not there, before or in the middle
    ├── AbortedError            somebody stopped it
    ├── FailedError             any other status
    ├── LinkLostError           the link went while it was under way; it may go on
    └── WaitTimeoutError        (also a TimeoutError) no answer in time; it may go on
"""

from collections.abc import Mapping

from dhs_runtime.answers import ABORTED, ERROR
from dhs_runtime.errors import DhsError


class LoginError(DhsError):
    """DCSS did not let us in; the text says at which step."""


class RequestError(DhsError):
    """Something that was asked for did not come to its good end.

    Attributes:
        name: The device or operation.
        status: What DCSS said, as it came; "" where it said nothing.
        logs: Lines of DCSS's log about it, the newest last.
        ends: Of several moves together, how each of them ended.
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
    """It was refused; nothing was begun."""


class PermissionRefusedError(RefusedError):
    """Not from here, not by this user, not with this state of the hutch, or not without master."""


class LimitError(RefusedError):
    """It is beyond a limit of the motor, or of one that it is part of.

    Attributes:
        limits: Lower and upper limit where this client knew better than to ask, else None.
    """

    limits: tuple[float | None, float | None] = None, None


class BusyError(RefusedError):
    """The device moves, is locked, or the beamline is not idle."""


class NoDeviceError(RefusedError, KeyError):
    """There is no device or operation of this name."""


class MasterTakenError(RefusedError):
    """Another client is master.

    Attributes:
        user: Who that is.
        host: Where.
    """

    def __init__(self, user: str, host: str) -> None:
        super().__init__("master", "", f"{user} on {host} is master")
        self.user = user
        self.host = host


class OfflineError(RequestError):
    """The DHS is not there, from the beginning or in the middle."""


class AbortedError(RequestError):
    """Somebody stopped it."""


class FailedError(RequestError):
    """It ended with another status than success."""


class LinkLostError(RequestError):
    """The link to DCSS went while it was under way; it may go on at the beamline."""


class WaitTimeoutError(RequestError, TimeoutError):
    """Nothing said within the time that it is over; it may go on."""


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


def error_of(name: str, status: str) -> RequestError:
    """The exception of a status that is no success, whichever message it came in.

    Offline has four spellings: `{no_hw_host H}`, `no_hw_host H`, `no_hw_host_H` and
    `hardware_offline`. Words about a motor may begin with its name, or a child's.
    """
    bare = status.strip().strip("{}")
    return _kind_of(name, bare)(name, status, f"{name}: {bare or 'no status'}")


def _kind_of(name: str, bare: str) -> type[RequestError]:
    word = bare.partition(" ")[0]
    own = word.removeprefix(f"{name}_")
    kinds: tuple[tuple[bool, type[RequestError]], ...] = (
        (word.startswith(_OFFLINE), OfflineError),
        (own == ABORTED or bare == f"{ERROR} {ABORTED}", AbortedError),
        (word.endswith("sw_limit"), LimitError),
        (word in _PERMISSION, PermissionRefusedError),
        (own in _BUSY, BusyError),
        (word == "not_exist" or word.startswith("type_not_"), NoDeviceError),
    )
    return next((kind for applies, kind in kinds if applies), FailedError)
