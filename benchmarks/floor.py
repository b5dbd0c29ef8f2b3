"""The floor: hand-written reading and writing of the benchmark's messages, typed, unchecked."""

from collections.abc import Sequence

from dcs_codec import (
    HtosOperationCompleted,
    HtosOperationUpdate,
    Message,
    StohAbortAll,
    StohRegisterOperation,
    StohSetString,
    StohStartOperation,
)


class Plain:
    """A message as a plain mutable class: the cheapest there is with named fields."""

    __slots__ = ("args", "handle", "name", "status")

    def __init__(self, name: str, handle: str = "", args: str = "", status: str = "") -> None:
        self.name = name
        self.handle = handle
        self.args = args
        self.status = status


def floor_frames(stream: bytes) -> int:
    at = count = 0
    end = len(stream)
    while at < end:
        text_end = at + 26 + int(stream[at : at + 12])
        at = text_end
        count += 1
    return count


def floor_decode(stream: bytes) -> int:
    at = count = 0
    end = len(stream)
    while at < end:
        text_at = at + 26
        at = text_at + int(stream[at : at + 12])
        _decode(stream[text_at : at - 1].decode())
        count += 1
    return count


def _decode(text: str) -> Plain:
    keyword = text[: text.find(" ")]
    if keyword in ("stoh_start_operation", "htos_operation_update"):
        _, name, handle, args = text.split(" ", 3)
        return Plain(name, handle, args)
    if keyword == "htos_operation_completed":
        _, name, handle, status, args = text.split(" ", 4)
        return Plain(name, handle, args, status)
    if keyword == "stoh_abort_all":
        return Plain("", "", text[len("stoh_abort_all ") :])
    _, name, args = text.split(" ", 2)
    return Plain(name, "", args)


def floor_encode(messages: Sequence[Message]) -> int:
    return sum(len(_encode(message)) for message in messages)


def _encode(message: Message) -> bytes:
    match message:
        case StohStartOperation() | HtosOperationUpdate():
            head = f"{message.keyword} {message.operation_name} {message.operation_handle}"
            text = f"{head} {message.operation_args}"
        case HtosOperationCompleted():
            head = f"{message.keyword} {message.operation_name} {message.operation_handle}"
            text = f"{head} {message.operation_status} {message.operation_args}"
        case StohRegisterOperation():
            text = f"{message.keyword} {message.operation_name} {message.hardware_name}"
        case StohSetString():
            text = f"{message.keyword} {message.string_name} {message.string_contents}"
        case StohAbortAll():
            text = f"{message.keyword} {message.abort_arg}"
        case _:
            raise TypeError(message)
    data = text.encode()
    return b"%12d %12d %b\0" % (len(data) + 1, 0, data)
