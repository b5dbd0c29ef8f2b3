"""Reading wrongly. Where and how, the comments say; test_typing reads them."""

from typing import assert_never

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    FrameDecoder,
    HtosReportIonChambers,
    Message,
    StohAbortAll,
    StohAbortMotorMove,
    StohStartMotorMove,
)


def forgets_a_class(message: StohStartMotorMove | StohAbortMotorMove | StohAbortAll) -> str:
    """A class of the union has no case."""
    match message:  # error: match
        case StohStartMotorMove():
            return "go"
        case StohAbortMotorMove():
            return "halt"
    assert_never(message)  # error: argument


def forgets_the_words(message: StohStartMotorMove) -> float:
    """A destination may be a word."""
    return message.destination + 1.0  # error: operator


def forgets_the_failures(message: HtosReportIonChambers) -> int:
    """A result may be a failure."""
    return len(message.result)  # error: argument


def asks_a_field_of_another_class(message: Message) -> str:
    """Not every message has a status."""
    if isinstance(message, StohAbortAll):
        return message.status  # error: attribute
    return ""


def forgets_need_data(decoder: FrameDecoder) -> bytes:
    """There may be no frame."""
    return decoder.next_frame().text  # error: union


def forgets_the_end(protocol: DcsProtocol) -> str:
    """An event may be the end of the connection."""
    event = protocol.next_event()
    return "" if event is NEED_DATA else event.keyword  # error: union
