"""The one place where an answer is made: from a command and its outcome to a message that encodes.

Pure. Each kind of command gives its success and the forms of its failure, the most informative
first; `settle` returns the first that the other side can read. A failure never becomes a success; a
success that does not encode becomes a failure.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from dcs_codec import (
    EncodeError,
    Message,
    OperationStatus,
    default_codec,
    is_list,
    list_safe,
)
from dcs_codec.limits import MAX_WORD
from dhs_runtime.errors import DeviceError, TaskAbortedError
from dhs_runtime.secrets import mask_reason

NORMAL: Final = OperationStatus.NORMAL.value
ERROR: Final = OperationStatus.ERROR.value
ABORTED: Final = OperationStatus.ABORTED.value
"""The words of every kind of answer; plain text, because it is found and compared faster."""

NO_LIST: Final = "is not a Tcl list, it hangs scripts"

MAX_REASON: Final = 90  # bytes; longer reasons do not help in a beamline's log
SHORT_REASON: Final = 30  # fits a v1 frame with any names
_STATUS: Final = re.compile(r"[^\s\x00-\x20\x7f{}\[\]$;\"\\]+")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

_TELLING: Final = (DeviceError, TaskAbortedError)

Failures = Callable[[str, str], Iterable[Message]]
"""The forms of a failure with this status and reason, the most informative first."""


class Answer(NamedTuple):
    """What `settle` gives.

    Attributes:
        message: The answer.
        data: Its bytes.
        status: The status word it carries, `normal` for a success only.
        reason: Why it is a failure, one line; "" for a success.
    """

    message: Message
    data: bytes
    status: str
    reason: str


def settle(
    success: Callable[[], Message] | None,
    failures: Failures,
    status: object,
    reason: str,
    encode: Callable[[Message], bytes],
) -> Answer:
    """The answer to a command: the success if there is one and it encodes, else a failure.

    Args:
        success: Makes the answer of success; None if the command failed. If it raises, the
            exception is the reason of the failure.
        failures: The forms of a failure.
        status: For a failure: the word that was asked for, judged by `failure_word`.
        reason: For a failure: why.
        encode: Makes bytes, or raises.

    Raises:
        Exception: No form encodes: the names in the command itself do not fit the wire.
    """
    if success is not None:
        try:
            message = success()
            return Answer(message, encode(message), NORMAL, "")
        except Exception as error:  # noqa: BLE001 - wrong types, nan, too long, no list, anything
            status, reason = ERROR, told_by(error)
    reason = one_line(reason)
    last: Exception = ValueError("no form of a failure")
    for word in dict.fromkeys((failure_word(status), ERROR)):
        for message in failures(word, reason):
            try:
                return Answer(message, encode(message), word, reason)
            except Exception as error:  # noqa: BLE001 - the next form may do
                last = error
    raise last


def failure_word(status: object) -> str:
    """The status of a failure as it is told: one plain word that is not `normal`, else `error`."""
    word = str.__str__(status) if isinstance(status, str) else ""  # a subclass may say anything
    if word == NORMAL or len(word) > MAX_WORD or not _STATUS.fullmatch(word):
        return ERROR
    try:
        return word if len(word.encode()) <= MAX_WORD else ERROR
    except UnicodeEncodeError:  # a byte that is no character
        return ERROR


def trouble_with(message: Message) -> str:
    """Why this message cannot be sent on any link; "" if it can."""
    try:
        default_codec().encode(message)
    except EncodeError as error:
        return f"{error.field} {error.reason}".strip()
    return "" if is_list(default_codec().encode_text(message)) else NO_LIST


def one_line(text: object, max_bytes: int = MAX_REASON) -> str:
    """A text as one line of at most `max_bytes` bytes that scripts can read, without secrets.

    It is cut after a whole word, unless that would take half of it.
    """
    words = _CONTROLS.sub(" ", mask_reason(shown(text))).split()
    data = " ".join(words).encode("utf-8", "replace")
    if len(data) > max_bytes:
        whole = data[: max_bytes + 1].rpartition(b" ")[0]
        data = whole if len(whole) > max_bytes // 2 else data[:max_bytes]
    return list_safe(data.decode("utf-8", "ignore")).strip()


def told_by(error: BaseException) -> str:
    """An exception as a reason: its class and text, or the text alone if that says enough."""
    text = text_of(error)
    name = type(error).__name__
    return text if issubclass(type(error), _TELLING) or text == name else f"{name}: {text}"


def status_of(error: BaseException) -> object:
    """The status that an exception asks for; `error` if it asks for none, or that fails."""
    try:
        return error.status if isinstance(error, DeviceError) else ERROR
    except BaseException:  # noqa: BLE001 - it may be a property
        return ERROR


def text_of(error: BaseException) -> str:
    """The text of an exception; its class if the text is empty or cannot be made."""
    return shown(error) or type(error).__name__


def shown(value: object) -> str:
    """Any object as text; its class if `str()` fails."""
    try:
        return str.__str__(str(value))
    except BaseException:  # noqa: BLE001 - a failing __str__ must not prevent the answer
        return type(value).__name__
