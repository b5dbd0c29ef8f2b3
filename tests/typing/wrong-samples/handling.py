"""Handlers and sending gone wrong. Where and how, the comments say; test_typing reads them."""

from dcs_codec import (
    NEED_DATA,
    DcsProtocol,
    Frame,
    HtosLog,
    Message,
    StohAbortAll,
    StohSetString,
    encode_text,
)
from dhs_runtime import Dhs

dhs = Dhs("wrong")


@dhs.on(StohSetString)  # error: argument
def takes_another_message(message: StohAbortAll) -> None:
    """The class in the decorator and the one in the signature differ."""


@dhs.on(StohSetString)  # error: argument
def takes_two(message: StohSetString, more: str) -> None:
    """A handler gets the message and nothing else."""


@dhs.on(StohSetString)  # error: argument
def answers(message: StohSetString) -> Message:
    """Nobody would send what a handler returns."""
    return HtosLog(log_level="note", log_sender="a", log_message=message.string_name)


@dhs.on(str)  # error: class
def takes_text(message: str) -> None:
    """No class of messages."""


@dhs.operation("centre")  # error: argument
def takes_a_message_for_an_operation(message: StohSetString) -> None:
    """An operation's handler gets an Operation."""


def sends_no_message(protocol: DcsProtocol) -> None:
    """What is sent is a message: no text, no frame, no bytes, no class."""
    protocol.send("htos_log note a b")  # error: argument
    protocol.send(Frame(b"htos_log note a b"))  # error: argument
    protocol.send(NEED_DATA)  # error: argument
    dhs.send(b"htos_log note a b")  # error: argument
    dhs.send(HtosLog)  # error: argument
    encode_text("htos_log note a b")  # error: argument
    dhs.log(1, "text")  # error: argument
