"""The documentation says what the code does."""

import fnmatch
import math
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from dcs_codec import (
    DHS_MESSAGES,
    DcsProtocol,
    EncodeError,
    Frame,
    Framing,
    HtosClientIsHardware,
    HtosConfigureDevice,
    HtosMotorMoveCompleted,
    HtosNote,
    HtosReportIonChambers,
    HtosSetStringCompleted,
    IonChamberReading,
    LocalProtocolError,
    MalformedMessage,
    Role,
    State,
    StocSendClientType,
    StohAbortAll,
    StohConfigureEncoder,
    UnknownMessage,
    decode_text,
    default_codec,
    encode_frame,
    encode_text,
    limits,
)

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGES: Final = sorted(set(DOCS.rglob("*.md")) - set(DOCS.glob("_build/**/*.md")))
PROMISES: Final = (DOCS / "explanations" / "promises.md").read_text(encoding="utf-8")


# -- the generated page ----------------------------------------------------------------------


def test_the_page_of_messages_is_what_the_sources_say() -> None:
    render: Callable[[], str] = runpy.run_path(str(DOCS / "generate_messages.py"))["render"]
    if (DOCS / "reference" / "messages.md").read_text(encoding="utf-8") != render():
        pytest.fail("docs/reference/messages.md is out of date: run `make docs-tables`")


def test_the_page_of_messages_has_every_class_vocabulary_and_limit() -> None:
    page = (DOCS / "reference" / "messages.md").read_text(encoding="utf-8")
    for message_class in DHS_MESSAGES:
        assert f"\n### `{message_class.keyword}`\n\n`{message_class.__name__}`, " in page
    for name in ("MotorStatus", "LogLevel", "NO_DEVICE", *filter(str.isupper, vars(limits))):
        assert f"`{name}`" in page


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    named = re.findall(r"^\w+/[\w*]+$", index, re.MULTILINE)
    for page in (str(page.relative_to(DOCS).with_suffix("")) for page in PAGES):
        assert page == "index" or any(fnmatch.fnmatch(page, name) for name in named), page
    for name in named:
        assert list(DOCS.glob(f"{name}.md")), name


# -- what the page of promises says is refused, is refused so --------------------------------


def completed(name: str = "m", position: Any = 0.0, status: str = "normal") -> str:
    message = HtosMotorMoveCompleted(motor_name=name, position=position, status=status)
    return encode_text(message)


def unknown(text: str) -> str:
    return encode_text(UnknownMessage(text=text))


def configured(speed: int | None) -> str:
    return encode_text(
        HtosConfigureDevice(
            motor_name="m",
            position=0.0,
            upper_limit=1.0,
            lower_limit=0.0,
            scale_factor=1.0,
            speed=speed,
            acceleration=1,
            backlash=0,
            lower_limit_on=True,
            upper_limit_on=True,
            motor_lock_on=False,
            backlash_on=False,
            reverse_on=False,
        )
    )


def contents(text: str) -> str:
    return encode_text(
        HtosSetStringCompleted(string_name="s", string_status="normal", string_contents=text)
    )


def counted(time: float) -> str:
    readings = (IonChamberReading("i", 1.0),)
    return encode_text(HtosReportIonChambers(ion_chamber_time=time, result=readings))


def answered(name: str = "dhs", framing: Framing = Framing.AUTO) -> tuple[DcsProtocol, bytes]:
    """A connection that has answered the handshake, and its answer."""
    protocol = DcsProtocol(Role.DHS, framing)
    protocol.receive_data(b"stoc_send_client_type".ljust(200, b"\0"))
    assert protocol.next_event() == StocSendClientType()
    return protocol, protocol.send(HtosClientIsHardware(hardware_name=name))


REFUSED: Final[list[tuple[Callable[[], object], str]]] = [
    (lambda: completed(name="x" * 200), "has 200 bytes, the C side takes 39"),
    (lambda: completed(status="x" * 400), "has 400 bytes, the C side takes 79"),
    (lambda: unknown("x" * 200), "keyword has 200 bytes, the C side takes 79"),
    (lambda: unknown("htos_new " + "x" * 200), "has 200 bytes, the C side takes 79"),
    (lambda: answered("x" * 170), "has 170 bytes, the C side takes 39"),
    (lambda: completed(position=1e20), "is 1e+20, 1e+10 is the most a dcss can take"),
    (lambda: completed(position=math.inf), "is inf, 1e+10 is the most a dcss can take"),
    (lambda: completed(position=1e300), "is 1e+300, 1e+10 is the most a dcss can take"),
    (lambda: completed(position=math.nan), "is nan, 1e+10 is the most a dcss can take"),
    (lambda: completed(position="home"), "is a number on the wire, got str 'home'"),
    (lambda: configured(speed=2**31), "has 32 bits, C reads 32 with the sign"),
    (lambda: completed(status=""), "is empty"),
    (lambda: completed(status="a b"), "holds ' ', which would end the word"),
    (lambda: completed(status="{a b}"), "holds ' ', which would end the word"),
    (lambda: contents("x" * 1880), "has 1880 bytes, the C side takes 1879"),
    (lambda: configured(speed=None), "is missing where scale_factor is given"),
    (lambda: counted(0.0), "is a failure where the time is not positive"),
    (lambda: contents("a\0b"), "holds a NUL, which would end the text"),
    (lambda: unknown(" htos_new"), "begins with a blank; dcss would garble it"),
    (lambda: unknown("htos_motor_move_completed m 1e300"), "has a class of its own; use that"),
    (
        lambda: encode_frame(Frame(b"x" * (1 << 20)), Framing.V2),
        "text of 1048576 bytes, v2 carries 1048575",
    ),
    (lambda: encode_frame(Frame(b"x" * 200), Framing.V1), "text of 200 bytes, v1 carries 199"),
    (
        lambda: answered()[0].send(HtosNote(note_message="x")),
        "framing is not known before DCSS sends its first frame",
    ),
    (lambda: answered()[0].send(StohAbortAll()), "is not for a DHS to send"),
]


@pytest.mark.parametrize(("write", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_what_harms_a_dcss_is_refused_as_the_page_says(
    write: Callable[[], object], reason: str
) -> None:
    with pytest.raises(LocalProtocolError, match=re.escape(reason)):
        write()
    assert f"`{reason}`" in PROMISES


def test_the_page_names_no_refusal_that_is_not_tried() -> None:
    table = re.findall(r"^\|.*\|$", PROMISES.partition("\n## Writing")[2], re.MULTILINE)
    named = {row.split(" | ")[2].strip(" `|") for row in table[2:]}
    assert named - {""} == {reason for _, reason in REFUSED}


def test_what_is_written_right_instead_of_refused() -> None:
    assert contents("") == "htos_set_string_completed s normal "
    protocol, answer = answered("dhs", Framing.V2)
    assert answer == b"htos_client_is_hardware dhs".ljust(200, b"\0")
    assert protocol.state is State.ONLINE
    assert completed(position=9e6) == "htos_motor_move_completed m 9000000.0 normal"
    assert completed(position=1e-7) == "htos_motor_move_completed m 0.0000001 normal"
    assert completed(position=5e-324) == "htos_motor_move_completed m 5e-324 normal"
    for position in (limits.MAX_POSITION, -limits.MAX_POSITION):
        assert f" {position} " in completed(position=position)


@pytest.mark.parametrize("text", ["a\n", "a\ud800", "\udcc3\udca9"])
def test_texts_that_would_not_be_read_back_are_refused(text: str) -> None:
    with pytest.raises(EncodeError):
        contents(text)


@pytest.mark.parametrize("word", ["nan", "inf", "0x10", "12abc"])
def test_what_c_reads_but_the_page_calls_malformed(word: str) -> None:
    text = f"htos_motor_move_completed m {word} normal"
    assert isinstance(decode_text(text), MalformedMessage)


def test_what_others_write_is_read_as_the_page_says() -> None:
    message = decode_text("htos_motor_move_completed m 1.0 normal and more")
    assert message.surplus == "and more"
    assert attrs.evolve(message).surplus == ""
    encoder = decode_text("stoh_configure_encoder e h nan 1.000000")
    assert isinstance(encoder, StohConfigureEncoder)
    assert not math.isfinite(encoder.position)
    assert encode_text(encoder) == "stoh_configure_encoder e h nan 1.0"
    port = decode_text("stoc_reconnect_on_port 20000.000000")
    assert encode_text(port) == "stoc_reconnect_on_port 20000"


def test_what_the_page_says_is_kept_and_not_kept() -> None:
    codec = default_codec()
    for kept in (
        b"htos_note  \xff {a\tb\nc ",
        b"htos_new  a\t\xff",
        b"stoh_start_operation a 1.10",
    ):
        assert codec.encode(codec.decode(Frame(kept, b"\0"))) == Frame(kept, b"\0")
    again = encode_text(decode_text(" htos_motor_move_completed  m\t3e0 normal\r\n"))
    assert again == "htos_motor_move_completed m 3.0 normal"
    assert encode_text(decode_text("stoh_set_string s ")) == "stoh_set_string s"
