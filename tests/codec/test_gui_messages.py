"""Every class of the GUI port: there and back, by text, bytes and JSON; and what some say."""

import re
import subprocess
import sys
from types import ModuleType

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dcs_codec
from dcs_codec import (
    DecodeError,
    Direction,
    Framing,
    IonChamberFailure,
    IonChamberReading,
    MalformedMessage,
    Message,
    UnknownMessage,
    default_registry,
    gui,
    gui_codec,
    gui_registry,
)
from dcs_codec import gui_messages as rooms
from dcs_codec.gui_messages import GUI_MESSAGES
from dcs_codec.interchange import Interchange
from dcs_codec.limits import MAX_WORD
from dcs_codec.message import direction_of
from dcs_codec.strategies import chunked, messages_of
from tests.codec.feeding import frames_of
from tests.codec.gui_samples import FROM_DCSS, FROM_GUI
from tests.shared import shared_path

MODULES = [thing for thing in vars(rooms).values() if isinstance(thing, ModuleType)]
JSON = Interchange(gui_registry())
FEW = settings(max_examples=settings().max_examples // 5)
every_message = pytest.mark.parametrize("message_class", GUI_MESSAGES, ids=lambda cls: cls.keyword)


@every_message
@given(data=st.data())
@FEW
def test_round_trip(message_class: type[Message], data: st.DataObject) -> None:
    """A message that may be sent comes back equal and of its class, from text, bytes and JSON."""
    message = data.draw(messages_of(message_class, with_binary=True))
    through_text = gui_codec().decode_text(gui_codec().encode_text(message))
    assert attrs.evolve(through_text, binary=message.binary) == message
    pieces = data.draw(chunked(gui_codec().encode_bytes(message, Framing.V2)))
    [frame] = frames_of(dcs_codec.FrameDecoder(Framing.V2), pieces)
    assert isinstance(frame, dcs_codec.Frame)
    decoded = gui_codec().decode(frame)
    assert decoded == message
    assert type(decoded) is type(through_text) is message_class
    assert JSON.from_json(JSON.to_json(message)) == message


@every_message
@given(data=st.data())
@settings(max_examples=3)
def test_types_alone_give_messages(message_class: type[Message], data: st.DataObject) -> None:
    assert type(data.draw(st.from_type(message_class))) is message_class


def test_the_name_of_the_class_is_the_keyword() -> None:
    for message_class in GUI_MESSAGES:
        camel_case = "".join(word.capitalize() for word in message_class.keyword.split("_"))
        assert message_class.__name__ == camel_case
        assert re.fullmatch(r"(gtos|stog)(_[a-z]+)+|stoc_send_client_type", message_class.keyword)
        assert len(message_class.keyword) <= MAX_WORD
        assert gui_registry().get(message_class.keyword) is message_class
        assert getattr(gui, message_class.__name__) is message_class


def test_the_class_is_exported_by_its_module_alone() -> None:
    for message_class in GUI_MESSAGES:
        name = message_class.__name__
        tables = [module for module in MODULES if name in getattr(module, "__all__", ())]
        assert [module.__name__ for module in tables] == [message_class.__module__]
        assert GUI_MESSAGES.count(message_class) == 1


def test_the_registries_share_the_greeting_only() -> None:
    shared = {cls.keyword for cls in default_registry()} & {cls.keyword for cls in GUI_MESSAGES}
    assert shared == {"stoc_send_client_type"}
    assert gui_registry() is gui_registry()
    assert gui_codec().registry is gui_registry()
    assert len(gui_registry()) == len(GUI_MESSAGES) > 80


def test_every_keyword_of_the_protocol_s_description_has_a_class() -> None:
    text = shared_path("GUI_PROTOCOL.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:gtos|stog)_[a-z_]+[a-z]\b", text))
    half = {"stog_configure"}  # the first half of several
    assert named - half <= {cls.keyword for cls in gui_registry()}
    assert len(named) > 70


@pytest.mark.parametrize(("text", "message"), [*FROM_DCSS.items(), *FROM_GUI.items()])
def test_texts_of_the_wire(text: str, message: Message) -> None:
    decoded = gui_codec().decode_text(text)
    assert decoded == message
    assert type(decoded) is type(message)
    assert gui_codec().encode_text(decoded) == text
    ours = Direction.TO_GUI if text in FROM_DCSS else Direction.FROM_GUI
    assert direction_of(message.keyword) is ours


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("gtos_start_motor_move z", "destination"),
        ("gtos_start_operation op", "operation_handle"),
        ("gtos_stop_operation", "operation_name"),
        ("gtos_start_vector_move z", "motor_name_2"),
        ("gtos_configure_device z 1 2 three", "settings"),
        ("gtos_configure_device z" + " 1" * 13, "settings"),
        ("stog_motor_move_completed z", "position"),
    ],
)
def test_what_is_not_whole_is_malformed(text: str, field: str) -> None:
    malformed = gui_codec().decode_text(text)
    assert isinstance(malformed, MalformedMessage)
    assert malformed.field == field


def test_what_dcss_says_by_mistake_is_unknown() -> None:
    text = "shtgs_note leading blank"
    assert gui_codec().decode_text(text) == UnknownMessage(text=text)


IMPORTS = """
import sys, dcs_codec
loaded = [name for name in sys.modules if name.startswith("dcs_codec.gui")]
assert not loaded, loaded
dcs_codec.DcsProtocol(dcs_codec.Role.DHS)
assert not [name for name in sys.modules if name.startswith("dcs_codec.gui")]
print(dcs_codec.gui.GtosAbortAll.keyword, len(dcs_codec.gui_registry()))
try:
    dcs_codec.nothing_of_this_name
except AttributeError as error:
    print(error)
"""


def test_a_dhs_does_without_the_gui_port() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, timeout=150, check=False
    )
    count = f"gtos_abort_all {len(GUI_MESSAGES)}\n"
    missing = "module 'dcs_codec' has no attribute 'nothing_of_this_name'\n"
    assert (done.stdout, done.stderr) == (count + missing, "")


def test_all_that_is_said_to_be_exported_is() -> None:
    assert {cls.__name__ for cls in GUI_MESSAGES} <= set(vars(gui)["__all__"])
    for name in vars(gui)["__all__"]:
        assert getattr(gui, name) is not None


# -- views of what is kept to the letter -----------------------------------------------------


def test_rights_of_a_device() -> None:
    text = "{1 0 1 1 0} {0 0 1 0 0}"
    staff, users = gui.StogDevicePermissionBit(device_name="z", permission_bits=text).permissions
    assert staff == gui.Permissions(
        passive=True, remote=False, local=True, hutch=True, closed_hutch=False
    )
    assert f"{{{staff}}} {{{users}}}" == text


@pytest.mark.parametrize(
    "text", ["", "{1 1 1 1 1}", "{1 1 1 1} {1 1 1 1 1}", "{1 1 1 1 2} {1 1 1 1 1}", "{1 1"]
)
def test_rights_that_cannot_be_read(text: str) -> None:
    message = gui.StogDevicePermissionBit(device_name="z", permission_bits=text)
    with pytest.raises(DecodeError, match="permission_bits: is not two times five digits"):
        _ = message.permissions


def test_a_row_of_the_client_list() -> None:
    text = "anna {Anna B} {LOCAL} {} 1 0 localhost {lab 3} 1 0"
    row = gui.StogUpdateClient(client_id=7, row=text).client
    assert row == gui.ClientRow(
        user="anna",
        full_name="Anna B",
        location="LOCAL",
        title="",
        is_staff=True,
        is_roaming=False,
        host="localhost",
        place="lab 3",
        is_master=True,
        was_master=False,
    )
    assert str(row) == text
    itself = gui.StogUpdateClient(client_id=1, row="self {DCSS} {} {} 1 1 blctl blctl:0 0 0").client
    assert (itself.user, itself.place, itself.is_master) == ("self", "blctl:0", False)


@pytest.mark.parametrize("text", ["", "u {u} {LOCAL} {} 1 1 h {LLL", "u {u} {L} {t} 2 1 h {} 0 0"])
def test_a_row_that_cannot_be_read(text: str) -> None:
    with pytest.raises(DecodeError, match="row: is not a row of the client list"):
        _ = gui.StogUpdateClient(client_id=7, row=text).client


@pytest.mark.parametrize(
    ("said", "sender", "message"),
    [
        ("server z is locked", "server", "z is locked"),
        ("{anna(lab 3)} hello  you ", "anna(lab 3)", "hello  you "),
        ("server", "server", ""),
        ("", "", ""),
        ("{open", "{open", ""),
    ],
)
def test_who_said_what(said: str, sender: str, message: str) -> None:
    line = gui.StogLog(log_level="note", said=said)
    assert (line.log_sender, line.log_message) == (sender, message)


def test_a_log_line_of_its_parts() -> None:
    line = gui.StogLog.of("chat_all", "anna(lab 3)", "hello")
    assert line == gui.StogLog(log_level="chat_all", said="{anna(lab 3)} hello")
    assert (line.log_sender, line.log_message) == ("anna(lab 3)", "hello")


def test_reports_of_ion_chambers() -> None:
    counted = gui.StogReportIonChambers(ion_chamber_time=0.5, reported="i0 10 i1 2.5")
    readings = (IonChamberReading("i0", 10), IonChamberReading("i1", 2.5))
    assert counted.result == readings
    assert gui.StogReportIonChambers.of(0.5, readings).result == readings
    failed = gui.StogReportIonChambers(ion_chamber_time=0, reported=" i0 i1 {it broke}")
    failure = IonChamberFailure(("i0", "i1"), "it broke")
    assert failed.result == failure
    assert gui.StogReportIonChambers.of(0, failure).reported == "i0 i1 {it broke}"


@pytest.mark.parametrize(("time", "reported"), [(0.5, ""), (1, "i0"), (0, "i0"), (0, "{i0 x")])
def test_a_report_that_cannot_be_read(time: float, reported: str) -> None:
    with pytest.raises(DecodeError, match="stog_report_ion_chambers: reported: "):
        _ = gui.StogReportIonChambers(ion_chamber_time=time, reported=reported).result


def test_a_report_that_does_not_fit_its_time() -> None:
    with pytest.raises(ValueError, match="is a failure where the time is not positive"):
        gui.StogReportIonChambers.of(0, (IonChamberReading("i0", 1),))
