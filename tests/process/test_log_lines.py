"""Log records become whole lines, without secrets and control characters."""

import io
import logging
import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import Frame, MalformedMessage, Message, UnknownMessage, decode_text
from dhs_runtime.process.controls import escape_controls, unescape_controls
from dhs_runtime.process.log_lines import MAX_TEXT, Cutter, LineFormatter
from dhs_runtime.secrets import Masker
from tests.runtime.test_secrets import START


def shown(record: logging.LogRecord, masker: Masker | None = None) -> str:
    """The lines of a record, without time, level, thread and logger."""
    masker = masker or Masker()
    text = LineFormatter(masker).format(Cutter(masker).prepare(record))
    return text.partition(f"{record.name}: ")[2]


def record_of(text: object, *args: object) -> logging.LogRecord:
    return logging.LogRecord("dhs_runtime.wire", logging.DEBUG, "", 0, text, args, None)


class Shows(logging.Handler):
    """Writes records like a log."""

    returns_at_once = True

    def __init__(self, stream: io.StringIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        self._stream.write(shown(record))


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A separate logger, and its output."""
    stream = io.StringIO()
    handler = Shows(stream)
    logger = logging.getLogger("dhs_runtime.wire")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)
    handler.close()


def test_messages_are_logged_in_words_of_the_wire(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.debug("<- %s", decode_text(START))
    assert stream.getvalue() == f"<- {START.replace('SESSIONID', '***')}\n"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (decode_text("stoh_abort_all soft"), "stoh_abort_all soft"),
        (UnknownMessage(text="htos_new PRIVATEx"), "htos_new PRIVATE***"),
        (UnknownMessage(text="htos_new", binary=b"123"), "htos_new <3 bytes>"),
        (
            MalformedMessage(text="stoh_x PRIVATEx", field="x", reason="y"),
            "MalformedMessage(text='stoh_x PRIVATE***', field='x', reason='y')",
        ),
    ],
)
def test_every_kind_of_message_is_logged(
    log: tuple[logging.Logger, io.StringIO], message: Message, shown: str
) -> None:
    logger, stream = log
    logger.debug("<- %s", message)
    assert stream.getvalue() == f"<- {shown}\n"


def test_arguments_and_tracebacks_are_masked(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        raise ValueError("no such session: PRIVATEabc")
    except ValueError:
        logger.exception("login with %s failed", "password=hunter2", stack_info=True)
    text = stream.getvalue()
    assert "login with password=*** failed" in text
    assert "Traceback" in text
    assert "PRIVATE***" in text
    assert "PRIVATEabc" not in text


def test_arguments_that_do_not_fit_cost_nothing_else() -> None:
    line = shown(record_of("%d pictures", "many"))
    assert line.startswith("%d pictures (arguments do not fit: TypeError(")
    assert shown(record_of("%(a)s and %(b)s", {"a": 1, "b": "x"})) == "1 and x\n"


class NoText:
    """Cannot be shown in any way."""

    def __str__(self) -> str:
        raise ValueError

    __repr__ = __str__


@pytest.mark.parametrize(("text", "args"), [("%s", (NoText(),)), (NoText(), ()), ("%d", ("x",))])
def test_what_cannot_be_shown_is_a_line_all_the_same(text: object, args: tuple[object]) -> None:
    assert shown(record_of(text, *args)).count("\n") == 1


# -- control characters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "escape"),
    [
        ("\n", r"\n"),
        ("\r", r"\r"),
        ("\x1b", r"\x1b"),
        ("\0", r"\x00"),
        ("\x7f", r"\x7f"),
        ("\x9b", r"\x9b"),
        ("\u2028", r"\u2028"),
        ("\u202e", r"\u202e"),
        ("\udc80", r"\udc80"),
        ("\t", "\t"),
        ("é", "é"),
    ],
)
def test_control_characters_are_shown_not_written(sign: str, escape: str) -> None:
    assert shown(record_of(f"a{sign}b")) == f"a{escape}b\n"
    wire = Frame(f"htos_note a{sign}b".encode("utf-8", "surrogateescape"))
    assert shown(record_of("<- %s", wire)) == f"<- htos_note a{escape}b\n"
    try:
        raise ValueError(f"a{sign}b")
    except ValueError:
        record = record_of("failed")
        record.exc_info = sys.exc_info()
    last = shown(record).rstrip("\n").splitlines()[-1]
    assert last == ("  b" if sign == "\n" else f"  ValueError: a{escape}b")


@given(st.text())
def test_no_text_makes_a_second_line(text: str) -> None:
    line = shown(record_of("%s", text))
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1
    assert all(sign.isprintable() or sign in "\t \xad" or not sign.isascii() for sign in line[:-1])


@given(st.text(st.one_of(st.characters(), st.sampled_from("\\nrxu0a\n\x1b\u202e"))))
def test_a_text_of_the_wire_can_be_read_back(text: str) -> None:
    escaped = escape_controls(text)
    assert unescape_controls(escaped) == text
    assert "\n" not in escaped


def test_a_plain_text_of_the_wire_stays_as_it_is() -> None:
    for text in (r"stoh_set_string x {a\ b} \{c \[d\] \$e", "htos_note ünï", "a\tb"):
        assert escape_controls(text) == text


# -- long ones -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [MAX_TEXT, MAX_TEXT + 1, 60_000, 2_000_000])
@pytest.mark.parametrize("unit", ["x", "word ", "\n", "\\"])
def test_a_long_text_is_cut(size: int, unit: str) -> None:
    text = unit * (size // len(unit))
    line = shown(record_of("%s", text))
    if len(text) > MAX_TEXT:
        assert line.endswith(f" ... ({len(text)} characters)\n")
    assert len(line) < 2 * MAX_TEXT + 100


@pytest.mark.parametrize("before", range(MAX_TEXT - 80, MAX_TEXT + 2, 3))
@pytest.mark.parametrize(
    "secret",
    [
        "PRIVATEabcdef0123",
        "0123456789abcdef0123456789abcdef0123",
        "password=hunter2hunter3",
        '{"password":"hunter2 hunter3"}',
        "correct horse battery",
        "http://root:hunter2hunter3@axis",
    ],
)
def test_no_half_of_a_secret_is_left_where_a_text_is_cut(before: int, secret: str) -> None:
    masker = Masker(literals=["correct horse battery"])
    for filler in ("x ", "x", "x,"):
        text = (filler * MAX_TEXT)[:before].removesuffix("x") + " " + secret + " y" * 100
        line = shown(record_of("%s", text), masker)
        assert not re.search("hunter2|correct|abcdef|hors", line), line[-100:]


@pytest.mark.parametrize("unit", ["x", "word ", "\n", "é", "\\"])
def test_an_exception_of_ten_million_characters(unit: str) -> None:
    """Its lines are not made one by one, which took 11 s."""
    try:
        try:
            raise ValueError(unit * (10_000_000 // len(unit)))
        except ValueError as error:
            raise RuntimeError("no picture") from error
    except RuntimeError:
        record = record_of("failed")
        record.exc_info = sys.exc_info()
    text = shown(record)
    assert len(text) < 1.5 * MAX_TEXT
    assert text.splitlines()[-1] == "  RuntimeError: no picture"


def test_a_long_traceback_keeps_its_beginning_and_its_end() -> None:
    def deep(levels: int) -> None:
        if not levels:
            raise ValueError("x" * 60_000)
        (deep if levels % 2 else other)(levels - 1)

    def other(levels: int) -> None:
        deep(levels)

    try:
        deep(400)
    except ValueError:
        record = record_of("failed")
        record.exc_info = sys.exc_info()
    text = shown(record)
    assert len(text) < 1.5 * MAX_TEXT
    lines = text.splitlines()
    assert lines[0] == "failed"
    assert lines[1] == "  Traceback (most recent call last):"
    assert re.search(r"^  \.\.\. \(\d+ lines\)$", text, re.MULTILINE)
    assert lines[-1].startswith("  ValueError: xxx")
    assert lines[-1].endswith("(60012 characters)")


def test_a_traceback_cannot_forge_a_line() -> None:
    try:
        raise ValueError("x\n2026-01-01 00:00:00.000 INFO    forged")
    except ValueError:
        record = record_of("failed")
        record.exc_info = sys.exc_info()
    assert all(line.startswith("  ") for line in shown(record).splitlines()[1:])
