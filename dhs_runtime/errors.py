"""The exceptions of the runtime, all below `DhsError`.

DhsError
├── ConfigError                 a configuration file or value is wrong; names the path of the value
├── HandlerError                a handler was registered wrongly (twice, or for no message class)
├── TransportError              a TCP connection could not be made, or broke
├── NotConnectedError           there is no link to DCSS to send this on
├── ForkedError                 a forked child used what belongs to the DHS's own process
├── MachineError                a port is taken, a disk is full: another try may succeed
├── TaskFinishedError           the operation, move or count already had its one completion
├── DeviceError                 raised *by* a device's handler, to say why and with which status
├── TaskAbortedError            raised *into* a handler: stoh_abort_all, a lost link or a stop
├── StopTimeoutError            threads outlived the stop; names them
└── ServiceError                a camera or an inference server did not do its part
    ├── ServiceUnavailableError refused, unreachable or dropped the connection
    ├── ServiceTimeoutError     did not answer in time
    └── ServiceReplyError       answered something else than asked (status, type, size, content)

`OSError` and the exceptions of libraries are mapped to these where the socket or the library is
called, and nowhere else; any other exception from the runtime is a bug.
"""

import errno
from typing import Final


class DhsError(Exception):
    """Base of every error the runtime raises on purpose."""


class ConfigError(DhsError):
    """A configuration is wrong; the text names the file, the path of the value and the reason."""


class HandlerError(DhsError):
    """A handler cannot be registered as asked."""


class TransportError(DhsError):
    """The TCP connection could not be made, or broke; the text says how."""


class NotConnectedError(DhsError):
    """There is no link to DCSS that this message could go out on."""


class ForkedError(DhsError):
    """A forked child used what belongs to the process of the DHS."""


class MachineError(DhsError):
    """This machine lacks something for now: a port is taken, a disk is full."""


_NEVER: Final = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EEXIST),
        *(errno.ELOOP, errno.ENAMETOOLONG),
    }
)
"""Errors for which another try is useless: the configuration or the rights are wrong."""


def machine_error(what: str, error: OSError) -> ConfigError | MachineError:
    """The exception to raise if the system refuses `what`.

    A MachineError if another try may succeed, as with a taken port or a full disk; a ConfigError if
    not, as with a port or a file that this user may not use.
    """
    kind = ConfigError if error.errno in _NEVER else MachineError
    return kind(f"{what}: {error.strerror or error}")


class TaskFinishedError(DhsError):
    """The operation, move or count already had its one completion."""


class TaskAbortedError(DhsError):
    """Raised into a handler that waits while its operation, move or count is aborted."""


class DeviceError(DhsError):
    """A device did not do what was asked; for handlers to raise.

    Attributes:
        status: The status for DCSS, one word.
    """

    status: str = "error"  # of a subclass, too, that does not call this `__init__`

    def __init__(self, reason: str, *, status: str = "error") -> None:
        super().__init__(reason)
        self.status = status


class StopTimeoutError(DhsError):
    """Threads outlived the stop.

    Attributes:
        threads: Names of the threads that were still alive at the deadline.
    """

    def __init__(self, threads: tuple[str, ...]) -> None:
        super().__init__("still alive after the stop: " + ", ".join(threads))
        self.threads = threads


class ServiceError(DhsError):
    """A camera or an inference server did not do its part; the text is one line for a log."""


class ServiceUnavailableError(ServiceError):
    """The service refused the connection, dropped it or cannot be reached."""


class ServiceTimeoutError(ServiceError):
    """The service did not answer within the timeout."""


class ServiceReplyError(ServiceError):
    """The service answered, but not with what was asked for.

    Attributes:
        status: HTTP status of the reply, or None if the reply itself was unusable.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
