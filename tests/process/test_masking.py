"""No secret reaches a log, and what is none stays readable."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import MalformedMessage, Message, UnknownMessage, decode_text, join_list
from dhs_runtime.process.masking import Masker, SecretFilter
from tests.shared import shared_path

ARGS = "0 file /dir user axis 1.0 0.0 1.0 100.0 1.0 0 0 0 0"
START = f"stoh_start_operation detector_collect_image 1.2 {ARGS} SESSIONID"
SHUTTERLESS = (
    "stoh_start_operation detectorCollectShutterless 1.7 2 test-5_2 /data/user/dir nysbc "
    "gonio_phi 0.20 0.00 0.50 200.000000 1.164233283873994 0.000000 0.000000 0 0 "
    "PRIVATE0123456789ABCDEF0123456789ABCDEF 5 1"
)
HEX = "0123456789abcdef0123456789ABCDEF"


@pytest.fixture
def masker() -> Masker:
    return Masker()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (START, START.replace("SESSIONID", "***")),
        (
            START.replace("SESSIONID", "123456789"),
            START.replace("SESSIONID", "***"),
        ),
        (
            START.replace("file", "{a file}"),
            START.replace("file", "{a file}").replace("0 SESSIONID", "*** ***"),
        ),
        (SHUTTERLESS, SHUTTERLESS[:-44] + " *** 5 1"),
        (f"htos_start_operation detector_collect_image 1.2 {ARGS} me", None),
        ("htos_note session PRIVATEabc_123 ended", "htos_note session PRIVATE*** ended"),
        (f"stoh_set_string session {HEX}", "stoh_set_string session ***"),
        ("gtos_client_is_gui blctl abc host :0", "gtos_client_is_gui blctl *** host :0"),
        ("user=x password=hunter2 host=y", "user=x password=*** host=y"),
        ("{'password': 'a b', 'port': 80}", "{'password': ***, 'port': 80}"),
        ('{"access_token": "zz", "n": 1}', '{"access_token": ***, "n": 1}'),
        ("GET /x?SMBSessionID=ab12&y=1 HTTP/1.1", "GET /x?SMBSessionID=***&y=1 HTTP/1.1"),
        ("GET /x?authToken=ab12 HTTP/1.1", "GET /x?authToken=*** HTTP/1.1"),
        (f"GET /session/{HEX}/x", "GET /session/***/x"),
        ("http://root:pass@axis/jpg", "http://root:***@axis/jpg"),
        ('Authorization: Digest username="r", response="f"', "Authorization: ***"),
        ("send: Cookie: SMB=1\nHost: x", "send: Cookie: ***\nHost: x"),
    ],
)
def test_secrets_are_masked(masker: Masker, text: str, shown: str | None) -> None:
    masked = masker.mask(text)
    assert masked == (text.rsplit(" ", 1)[0] + " ***" if shown is None else shown)
    assert masker.mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "stoh_start_operation getLoopTip 1.10 0",
        "htos_operation_update detector_collect_image 1.2 start_oscillation shutter 1.0 0.0",
        "htos_operation_completed detector_collect_image 1.2 normal",
        "stoh_register_string sharedSession standardString",
        "stoh_configure_string sharedSession self {}",
        "connected to DCSS at bl831:14242 as loopDHS",
        "camera answered 401: check the password of user 'root', and whether it wants digest",
        "picture 3: http://axis:80/axis-cgi/jpg/image.cgi answered 500",
        "htos_motor_move_completed gonio_phi 123456.0000000001 normal",
    ],
)
def test_what_is_no_secret_stays(masker: Masker, text: str) -> None:
    assert masker.mask(text) == text


@pytest.mark.parametrize(
    "text",
    [
        repr(decode_text(START)),
        f"detector_collect_image 1.2: arguments {START.split(' ', 3)[3]}",
        f"detector_collect_image 1.2: {tuple(START.split()[3:])}",
        f"{{'operation_name': 'detector_collect_image', 'operation_args': '{ARGS} SESSIONID'}}",
        f"wrong: {START!r}",
    ],
)
def test_an_operation_is_masked_in_whatever_notation(masker: Masker, text: str) -> None:
    assert "SESSIONID" in text
    masked = masker.mask(text)
    assert "SESSIONID" not in masked
    assert "/dir" in masked


word = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters='{}"\\[]$'),
    min_size=1,
    max_size=12,
)


@given(st.lists(word, min_size=14, max_size=14), st.from_regex(r"[a-z_]{4,20}", fullmatch=True))
def test_no_arguments_hide_the_session_id(words: list[str], secret: str) -> None:
    session = f"<{secret}>"  # so that it is not part of another word by chance
    text = join_list([*words, session])
    for line in (
        f"stoh_start_operation detector_collect_image 1.2 {text}",
        repr(decode_text(f"stoh_start_operation detector_collect_image 1.2 {text}")),
    ):
        assert session not in Masker().mask(line)


def test_passwords_of_the_configuration_and_patterns_of_the_site_are_masked() -> None:
    masker = Masker(literals=["pass", "passwort", "abc", ""], patterns=[r"BL\d+-\w+"])
    assert masker.mask("abc passwort pass BL12-key") == "abc *** *** ***"


def test_recorded_traffic_keeps_no_session_id() -> None:
    texts = shared_path("traffic/messages.jsonl").read_text().splitlines()
    masker = Masker()
    found = [text for text in texts if "PRIVATE" in text]
    assert found
    for text in found:
        assert not re.search(r"PRIVATE\w", masker.mask(text))


# -- the filter ------------------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger of its own whose lines are masked, and what it wrote."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(SecretFilter(Masker()))
    handler.setFormatter(logging.Formatter("%(message)s"))
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


def test_a_line_that_cannot_be_made_costs_nothing_else(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    logger.info("%d pictures", "many")
    logger.info("%(a)s and %(password)s", {"a": 1, "password": "x"})
    assert stream.getvalue().splitlines()[0].startswith("%d pictures (arguments do not fit")
    assert stream.getvalue().splitlines()[1] == "1 and x"


def test_two_handlers_show_the_same(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    other = logging.StreamHandler(stream)
    other.addFilter(SecretFilter(Masker()))
    logger.addHandler(other)
    try:
        logger.info("PRIVATEabc 100%")
    finally:
        logger.removeHandler(other)
    assert stream.getvalue() == "PRIVATE*** 100%\n" * 2
