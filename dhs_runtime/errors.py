"""The exceptions of the runtime, all below `DhsError`.

DhsError
├── ConfigError                 a configuration file or value is wrong; names the path of the value
├── HandlerError                a handler was registered wrongly (twice, or for no message class)
├── TransportError              a TCP connection could not be made, or broke
├── NotConnectedError           there is no link to DCSS to send this on
├── ForkedError                 a forked child used what belongs to the DHS's own process
├── MachineError                a port that is taken, a full disk: this machine may mend it in time
├── TaskFinishedError           the operation, move or count already had its one completion
├── DeviceError                 raised *by* a device's handler, to say why and with which status
├── TaskAbortedError            raised *into* a handler: stoh_abort_all, a lost link or a stop
├── StopTimeoutError            threads outlived the stop; names them
└── ServiceError                a camera or an inference server did not do its part
    ├── ServiceUnavailableError refused, unreachable or dropped the connection
    ├── ServiceTimeoutError     did not answer in time
    └── ServiceReplyError       answered something else than asked (status, type, size, content)

`OSError` and the exceptions of libraries are mapped to these where the socket or the library is
called, and nowhere else; any other exception out of the runtime is a bug.
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
    """This machine does not give what is wanted for now: a port that is taken, a full disk."""


_NEVER: Final = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EEXIST),
        *(errno.ELOOP, errno.ENAMETOOLONG),
    }
)
"""What no second try mends: somebody has to change the configuration, or the rights."""


def machine_error(what: str, error: OSError) -> ConfigError | MachineError:
    """What to raise where `what` fails by an error of the system.

    A MachineError where another try may do better, as for a port that is taken or a full disk; a
    ConfigError if it would not, for example for a port or a file that this user may not use.
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
        status: Word that DCSS is told, one word.
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
        status: HTTP status of the reply, or None where the reply itself was unusable.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
