"""Each command to a string, on the wire."""

import pytest

from dhs_runtime import DeviceError, Dhs
from tests.devices.talking import online, read
from tests.runtime.peers import eventually


def test_a_registration_is_answered_by_the_question_for_the_contents() -> None:
    dhs = Dhs("testDHS")
    string = dhs.string("s")
    assert string.contents == ""
    with online(dhs) as peer:
        peer.send("stoh_register_string s standardString")
        assert peer.read_text() == "htos_send_configuration s"
        peer.send("stoh_configure_string s testDHS a {b c}  d ")
        eventually(lambda: string.contents == "a {b c}  d ")


def test_who_knows_the_contents_tells_them() -> None:
    dhs = Dhs("testDHS")
    dhs.string("detectorType", "PILATUS6")
    with online(dhs) as peer:
        peer.send("stoh_register_string detectorType standardString")
        assert peer.read_text() == "htos_set_string_completed detectorType normal PILATUS6"


@pytest.mark.parametrize("contents", ["", "x", " two  blanks ", "a {b}"])
def test_new_contents_are_taken_to_the_letter(contents: str) -> None:
    dhs = Dhs("testDHS")
    string = dhs.string("s", "old")
    with online(dhs) as peer:
        peer.send(f"stoh_set_string s {contents}")
        assert peer.read_text() == f"htos_set_string_completed s normal {contents}"
    assert string.contents == contents


def test_a_handler_may_keep_something_else_or_refuse() -> None:
    dhs = Dhs("testDHS")
    string = dhs.string("s", "old")

    @string.on_set
    def take(contents: str) -> str:
        if contents == "bad":
            raise DeviceError("cannot be", status="convert_failed")
        return contents.upper()

    with online(dhs) as peer:
        peer.send("stoh_set_string s new", "stoh_set_string s bad")
        assert read(peer, 3) == [
            "htos_set_string_completed s normal NEW",
            "htos_log error s cannot be",
            "htos_set_string_completed s convert_failed NEW",
        ]
    assert string.contents == "NEW"


def test_contents_are_set_unasked() -> None:
    dhs = Dhs("testDHS")
    string = dhs.string("s")
    string.set("before")
    with online(dhs) as peer:
        string.set("ready")
        assert peer.read_text() == "htos_set_string_completed s normal ready"
        peer.send("stoh_register_string s s")
        assert peer.read_text() == "htos_set_string_completed s normal ready"
