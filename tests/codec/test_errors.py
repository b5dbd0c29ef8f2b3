import inspect
import pickle

import pytest

from dcs_codec import (
    BadHeaderError,
    DcsError,
    DecodeError,
    EncodeError,
    FrameError,
    FrameTooLargeError,
    HandshakeError,
    InterchangeError,
    LocalProtocolError,
    RegistryError,
    RemoteProtocolError,
    StateError,
    TruncatedFrameError,
    errors,
)

PARENTS = {
    DcsError: Exception,
    LocalProtocolError: DcsError,
    EncodeError: LocalProtocolError,
    StateError: LocalProtocolError,
    RegistryError: LocalProtocolError,
    RemoteProtocolError: DcsError,
    FrameError: RemoteProtocolError,
    BadHeaderError: FrameError,
    FrameTooLargeError: FrameError,
    TruncatedFrameError: FrameError,
    HandshakeError: RemoteProtocolError,
    DecodeError: RemoteProtocolError,
    InterchangeError: DcsError,
}


def test_the_tree_is_the_one_in_the_docstring() -> None:
    defined = {thing for thing in vars(errors).values() if inspect.isclass(thing)}
    assert defined == set(PARENTS)
    assert {error: error.__bases__ for error in PARENTS} == {
        error: (parent,) for error, parent in PARENTS.items()
    }
    drawn = [
        (line.index(word), word)
        for line in (errors.__doc__ or "").splitlines()
        for word in line.split()
        if word.endswith("Error") and (line.startswith(word) or "── " + word in line)
    ]
    assert [word for _, word in drawn] == [error.__name__ for error in PARENTS]
    for index, (column, word) in enumerate(drawn[1:], 1):
        parent = next(name for at, name in reversed(drawn[:index]) if at < column)
        assert parent == PARENTS[getattr(errors, word)].__name__


@pytest.mark.parametrize("error_class", [EncodeError, DecodeError])
def test_field_errors_carry_what_they_say(error_class: type[EncodeError | DecodeError]) -> None:
    error = error_class("htos_note", "note_message", "is empty")
    assert str(error) == "htos_note: note_message: is empty"
    assert (error.keyword, error.field, error.reason) == ("htos_note", "note_message", "is empty")
    assert str(error_class("", "", "is empty")) == "is empty"
    assert str(error_class("htos_note", "", "is empty")) == "htos_note: is empty"


def test_remote_errors_carry_what_the_peer_sent() -> None:
    assert BadHeaderError(b"x").header == b"x"
    assert str(BadHeaderError(b"x\n")) == r"frame header is not two decimal sizes: b'x\n'"
    too_large = FrameTooLargeError(11, 10)
    assert (too_large.size, too_large.limit) == (11, 10)
    assert str(too_large) == "frame of 11 bytes announced, limit is 10"
    assert TruncatedFrameError(b"abc").data == b"abc"
    assert str(TruncatedFrameError(b"abc")) == "stream ended 3 bytes into a frame"
    handshake = HandshakeError("a", "b" * 200)
    assert handshake.text == "b" * 200
    assert str(handshake) == f"expected a, got {'b' * 80!r}"


def test_errors_hold_what_they_were_made_of_however_it_was_given() -> None:
    for error_class in (EncodeError, DecodeError):
        assert error_class("a", "b", "c").args == ("a", "b", "c")
        assert error_class(keyword="a", field="b", reason="c").args == ("a", "b", "c")
    assert InterchangeError(keyword="a", path="b", reason="c").args == ("a", "b", "c")
    assert BadHeaderError(header=b"x").args == (b"x",)
    assert FrameTooLargeError(size=11, limit=10).args == (11, 10)
    assert TruncatedFrameError(data=b"abc").args == (b"abc",)
    assert HandshakeError(expected="a", text="b").args == ("a", "b")


@pytest.mark.parametrize(
    "error",
    [
        EncodeError("htos_note", "note_message", "is empty"),
        DecodeError("htos_note", "", "is missing"),
        InterchangeError("htos_note", "note_message", "is text, got int"),
        BadHeaderError(b"x"),
        FrameTooLargeError(11, 10),
        TruncatedFrameError(b"abc"),
        HandshakeError("a", "b"),
        StateError("too early"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_processes(error: DcsError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
