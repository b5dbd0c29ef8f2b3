"""Other functions of the dissector: framing errors, filters, preferences."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final

import attrs
import pytest

from dcs_codec import (
    DHS_MESSAGES,
    Frame,
    Framing,
    Message,
    default_registry,
    encode_frame,
    gui_registry,
)
from dcs_codec.catalogue import catalogue
from dcs_codec.fields import Word
from dcs_codec.kinds import TailKind
from dhs_lab.tools.dissector import KINDS, make_dissector
from tests.lab.tools.dissecting import Capture, dissect, needs_tshark, printed_script

pytestmark = needs_tshark

NO_FIELDS: Final = ("dcs.ports", "dcs.heuristic", "dcs.KEYWORD.FIELD")


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return printed_script(tmp_path_factory.mktemp("dissector"))


def test_what_is_no_header_is_an_error_and_the_next_segment_is_read(
    script: Path, tmp_path: Path
) -> None:
    capture = Capture()
    note = encode_frame(Frame(b"htos_note hello"), Framing.V2)
    capture.send(False, b"htos_client_is_hardware a".ljust(200, b"\0"))
    for data in (note, b"noise that is not a frame", b" 1 2 3 noise ".ljust(26), note):
        capture.send(False, data)
    capture.send(False, b"%12d %12d " % (2_000_000_000, 0))
    capture.send(False, note)
    found = dissect(script, capture.write(tmp_path / "noise.pcap"))
    reasons = [one.shown("_ws.expert.message") for one in found]
    assert reasons == [
        None,
        None,
        "a header of two sizes is missing here",
        "the header is not two sizes",
        None,
        "a frame of more than 16 MiB is announced",
        None,
    ]
    assert found[2].get("dcs.undecoded")[0].raw == b"noise that is not a frame"


def test_without_reassembly_a_frame_that_goes_on_is_told(script: Path, tmp_path: Path) -> None:
    capture = Capture()
    note = encode_frame(Frame(b"htos_note hello"), Framing.V2)
    for data in (note + note[:30], note[30:]):
        capture.send(False, data)
    path = capture.write(tmp_path / "cut.pcap")
    whole = dissect(script, path)
    assert [one.shown("dcs.text") for one in whole] == ["htos_note hello"] * 2
    found = dissect(script, path, ["-o", "tcp.desegment_tcp_streams:false"])
    assert found[0].shown("dcs.text") == "htos_note hello"
    assert found[1].shown("_ws.expert.message") == "frame goes on elsewhere"


def test_ports_framing_and_the_heuristic_are_preferences(script: Path, tmp_path: Path) -> None:
    capture = Capture(dcss_port=15000)
    capture.send(True, b"stoc_send_client_type".ljust(200, b"\0"))
    capture.send(False, b"htos_client_is_hardware a".ljust(200, b"\0"))
    capture.send(True, encode_frame(Frame(b"stoh_abort_all soft"), Framing.V2))
    path = capture.write(tmp_path / "port.pcap")
    assert dissect(script, path) == []
    for options in (
        ["-o", "dcs.ports:14242,15000"],
        ["-d", "tcp.port==15000,dcs"],
        ["-o", "dcs.heuristic:true"],
        ["-o", "dcs.ports:15000", "-o", "dcs.framing:v2"],
    ):
        found = dissect(script, path, options)
        assert [one.shown("dcs.framing") for one in found] == ["v1", "v1", "v2"], options
    forced = dissect(script, path, ["-o", "dcs.ports:15000", "-o", "dcs.framing:v1"])
    assert [one.shown("dcs.framing") for one in forced] == ["v1", "v1"]


def test_a_display_filter_finds_by_field(script: Path, tmp_path: Path) -> None:
    capture = Capture()
    moves = [b"stoh_start_motor_move " + rest for rest in (b"a 1.5", b"b 20", b"b home")]
    for text in (*moves, b"stoh_set_string s"):
        capture.send(True, encode_frame(Frame(text), Framing.V2))
    path = capture.write(tmp_path / "filter.pcap")
    for wanted, ends in (
        ('dcs.stoh_start_motor_move.destination > 1.4 && dcs.direction == "to DHS"', ["1.5", "20"]),
        ('dcs.stoh_start_motor_move.destination_word == "home"', ["home"]),
        ('dcs.stoh_start_motor_move.motor_name == "a"', ["1.5"]),
        ('dcs.stoh_set_string.string_contents == ""', ["s"]),
        ('dcs.keyword contains "string"', ["s"]),
        ("dcs.expert.unknown", []),
    ):
        found = [one.shown("dcs.text") or "" for one in dissect(script, path, ["-Y", wanted])]
        assert [text.split()[-1] for text in found] == ends, wanted


def test_the_filters_of_the_page_are_right(script: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "howto" / "wireshark.md").read_text(
        encoding="utf-8"
    )
    (filters,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    wanted = " || ".join(f"({line})" for line in filters.splitlines())
    named = set(re.findall(r"`(dcs\.[\w.]+\w)`", page)) - set(NO_FIELDS)
    capture = Capture()
    capture.send(True, encode_frame(Frame(b"stoh_start_motor_move gonio_phi 1"), Framing.V2))
    path = capture.write(tmp_path / "page.pcap")
    assert len(dissect(script, path, ["-Y", f"{wanted} || {' || '.join(named)}"])) == 1


def test_a_login_at_the_gui_port(script: Path, tmp_path: Path) -> None:
    capture = Capture()
    capture.send(True, encode_frame(Frame(b"stoc_send_client_type 7"), Framing.V2))
    capture.send(False, b"gtos_client_is_gui anna S1 localhost :0".ljust(200, b"\0"))
    capture.send(True, encode_frame(Frame(b"stog_update_motor_position z 1.5 normal"), Framing.V2))
    capture.send(False, encode_frame(Frame(b"gtos_start_motor_move z 2"), Framing.V2))
    found = dissect(script, capture.write(tmp_path / "gui.pcap"))
    assert [one.shown("dcs.framing") for one in found] == ["v2", "v1", "v2", "v2"]
    assert found[1].shown("dcs.gtos_client_is_gui.user") == "anna"
    assert found[2].shown("dcs.stog_update_motor_position.position") == "1.5"
    assert found[2].shown("dcs.direction") == "to GUI"
    assert found[3].shown("dcs.direction") == "from GUI"


def test_every_kind_of_field_has_a_name_in_the_script() -> None:
    both = (*catalogue(), *catalogue(gui_registry()))
    kinds = {field.type for message in both for field in message.fields}
    assert kinds == set(KINDS)


def test_a_registry_of_a_sites_own_is_taken() -> None:
    @attrs.frozen(kw_only=True, repr=False)
    class StohParkRobot(Message):
        keyword: ClassVar[str] = "stoh_park_robot"
        robot: Annotated[str, Word()]
        how: Annotated[str, Polite()] = ""

    script = make_dissector(default_registry().extended(StohParkRobot))
    assert make_dissector().count("] = { words = {") == len(DHS_MESSAGES) + len(gui_registry()) - 1
    assert (
        '["stoh_park_robot"] = { words = { { name = "robot", kind = "word" } }, '
        'tail = { name = "how", kind = "rest" } },'
    ) in script


@attrs.frozen
class Polite(TailKind):
    """A kind of field of a site's own."""

    def read_tail(self, tail: str, before: Mapping[str, object]) -> str:
        return tail.strip()

    def write_tail(self, value: object, before: Mapping[str, object]) -> str:
        return f" {value}"
