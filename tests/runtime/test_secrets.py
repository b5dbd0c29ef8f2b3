"""Secrets are masked, other text stays readable, and the cost is linear for any text."""

import html
import json
import re
import time
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import decode_text, join_list
from dhs_runtime import ConfigError
from dhs_runtime.secrets import (
    MAX_REASON,
    MAX_WORD,
    Masker,
    mask_reason,
    named_secrets,
    use_masker,
)
from dhs_runtime.userinfo import MASK
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
        ("aws_secret_access_key = abc1", "aws_secret_access_key = ***"),
        ("exec camera -user root -password abc1 -n 1", "exec camera -user root -password *** -n 1"),
        ("GET /x?user=root&pass=1abc&n=1", "GET /x?user=root&pass=***&n=1"),
        ("<wsse:Password>abc1</wsse:Password>", "<wsse:Password>***"),
        ("got eyJhbGciOiJI.eyJzdWIi-_.dBjft_J4 here", "got *** here"),
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
        "ratio 0.33333333333333333333333333333333333333",
        "bypass=open compass=12.5 passed=3 inside=1 pass=2 sid=17",
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


def test_a_pattern_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'\(' is not a regular expression"):
        Masker(patterns=["("])


def test_recorded_traffic_keeps_no_session_id() -> None:
    texts = shared_path("traffic/messages.jsonl").read_text().splitlines()
    masker = Masker()
    found = [text for text in texts if "PRIVATE" in text]
    assert found
    for text in found:
        assert not re.search(r"PRIVATE\w", masker.mask(text))


# -- any characters, any notation ------------------------------------------------------------

NASTY = "a-b.c+d/e=f!g:h@i#j%k&l?m"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"htos_note PRIVATE{NASTY} ended", "htos_note PRIVATE*** ended"),
        ("x {PRIVATEa b {c} \\} d} e", "x {PRIVATE***} e"),
        ("x {PRIVATEa b", "x {PRIVATE***"),
        ('["PRIVATEa\\" b","x"]', '["PRIVATE***","x"]'),
        ("('PRIVATEa.c', 5)", "('PRIVATE***', 5)"),
        (repr(repr("PRIVATEa'b\"c d") + " e"), None),
        ("GET /x%20PRIVATEabc HTTP/1.1", "GET /x%20PRIVATE*** HTTP/1.1"),
        ("PRIVATEa\\ b c", "PRIVATE*** c"),
    ],
)
def test_a_private_word_may_hold_any_characters(
    masker: Masker, text: str, shown: str | None
) -> None:
    masked = masker.mask(text)
    if shown is None:
        assert "PRIVATE***" in masked
        assert "c d" not in masked
    else:
        assert masked == shown


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\t", "\v"])
@pytest.mark.parametrize("at", range(14))
def test_a_line_end_in_an_argument_hides_no_session_id(masker: Masker, gap: str, at: int) -> None:
    words = ARGS.split()
    words[at] += f"{gap}x"
    text = f"stoh_start_operation detector_collect_image 1.2 {join_list([*words, 'SESSIONID'])}"
    assert "SESSIONID" in text
    for line in (text, repr(text), json.dumps(text), json.dumps([*words, "SESSIONID"])):
        head = "" if "detector" in line else "detector_collect_image 1.2 "
        assert "SESSIONID" not in masker.mask(head + line), line


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_arguments_as_json_hide_no_session_id(masker: Masker, separators: tuple[str, str]) -> None:
    words = ["detector_collect_image", "1.2", *ARGS.split(), "SESSIONID"]
    assert "SESSIONID" not in masker.mask(json.dumps(words, separators=separators))


def test_a_traceback_keeps_what_is_no_argument(masker: Masker) -> None:
    words = " ".join(f"word{number}" for number in range(30))
    trace = (
        'Traceback (most recent call last):\n  File "x.py", line 1, in detector_collect_image\n'
        f'    dhs.operation("detector_collect_image")(run)\nValueError: {words}'
    )
    assert masker.mask(trace) == trace
    assert "SESSIONID" not in masker.mask(f"{trace}\nValueError: {START}")


PASSWORDS = (
    "correct horse",
    "p@ss/w:rd?&x=1",
    "quo\"te'd",
    "back\\slash",
    "caf\u00e9 \u20ac5",
    "a%20b+c",
    "<&;>",
)
NOTATIONS = {
    "plain": str,
    "URL": lambda text: urllib.parse.quote(text, safe=""),
    "path of a URL": urllib.parse.quote,
    "form": urllib.parse.quote_plus,
    "URL in lower case": lambda text: re.sub(
        "%..", lambda found: found[0].lower(), urllib.parse.quote(text, safe="")
    ),
    "URL in a URL": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe=""),
    "JSON": json.dumps,
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "repr": repr,
    "ascii": ascii,
    "repr of repr": lambda text: repr(repr(text)),
    "repr of bytes": lambda text: repr(text.encode()),
    "HTML": html.escape,
    "Tcl": lambda text: re.sub(r"(\W)", r"\\\1", text),
}


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_of_the_configuration_is_known_in_any_notation(
    password: str, notation: str
) -> None:
    written = NOTATIONS[notation](password)  # type: ignore[operator]  # each takes a text
    masked = Masker(literals=[password]).mask(f"before {written} after")
    assert re.fullmatch(r"before b?[\\\"']*\*\*\*[\\\"']* after", masked), masked


@given(
    st.text(st.characters(exclude_categories=["Cs", "Zl", "Zp"]), min_size=4, max_size=20),
    st.sampled_from(sorted(NOTATIONS)),
)
def test_any_password_is_known_in_any_notation(password: str, notation: str) -> None:
    written = NOTATIONS[notation](password)  # type: ignore[operator]
    bare = written.strip("\"'") if notation != "plain" else written
    masked = Masker(literals=[password]).mask(f"<{written}>")
    assert MASK in masked
    assert len(bare) < len(MASK) + 2 or bare not in masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://u:a@b@h/x", "http://u:***@h/x"),
        ("http://u:a/b@h/x", "http://u:***@h/x"),
        ("'http://u:pa'ss#x@h:80/'", "'http://u:***@h:80/'"),
        ("next=http%3A%2F%2Fu%3Apw%40h%2F&x=1", "next=http%3A%2F%2Fu%3A***%40h%2F&x=1"),
        (r'"http:\/\/u:p@h\/"', r'"http:\/\/u:***@h\/"'),
        ("a://u:p1@h b://u:p2@h", "a://u:***@h b://u:***@h"),
        ("http://axis:80/x@y http://axis/x:y@z", "http://axis:80/x@y http://axis/x:y@z"),
        ('{"url":"http://axis:80/","mail":"a@b:c"}', None),
        ("http://[::1]:80/x@y", None),
        ("[('Authorization', 'Basic abc=')]", "[('Authorization', ***"),
        ("[(b'set-cookie', b'SMB=1'), (b'x', b'y')]", "[(b'set-cookie', ***"),
        ("('X-Auth-Token', 'a\\'b'), 5", "('X-Auth-Token', ***), 5"),
        (r"{\"password\": \"hun\\\"ter2\", \"n\": 1}", r"{\"password\": ***, \"n\": 1}"),
        (repr({"password": "a'b\"c\\", "n": 1}), "{'password': ***, 'n': 1}"),
        ("LoopConfig(password=a,b(c, user=x)", "LoopConfig(password=***, user=x)"),
        ("GET /x?token%3Da.b&y=1", "GET /x?token%3D***&y=1"),
        ("Bearer abc.def-123", "Bearer ***"),
        ("run --password hunter2 -v", "run --password *** -v"),
        ("credentials=('root', 'pass')", "credentials=***"),
        ("password=", None),
    ],
)
def test_values_of_any_characters_are_masked(masker: Masker, text: str, shown: str | None) -> None:
    masked = masker.mask(text)
    assert masked == (text if shown is None else shown)
    assert masker.mask(masked) == masked


# -- the cost --------------------------------------------------------------------------------

UNITS = (
    *(
        "a",
        "f",
        " ",
        "\n",
        "\\",
        "'",
        '"',
        "{",
        "}",
        "@",
        ":",
        "/",
        "://",
        "%",
        "%25",
        "-",
        "_",
        "1 ",
    ),
    *(
        "password",
        "password=",
        "password='x\" ",
        "password {",
        "password = ",
        "--password",
        "token,",
    ),
    *("PRIVATE", "{PRIVATE", '"PRIVATE', '\\"PRIVATE"', "session:", "cookie", "authorization "),
    *("detector_collect_image ", "detector_collect_image\n", "gtos_client_is_gui ", "bearer "),
    *(
        "a://b:c@",
        "a:b@",
        "a:,",
        "a:!",
        "http://a:b",
        "%3A%2F%2F",
        "password=,,,",
        "x" * 99 + " ",
        "co rr",
        "correct hors",
    ),
)


@pytest.mark.parametrize("unit", UNITS)
def test_the_cost_is_linear_in_the_length(unit: str) -> None:
    """Four times the text takes about four times as long; quadratic cost would be sixteen times.

    It took 12.8 s for a word of 60 kB.
    """
    masker = Masker(literals=["correct horse", "\\back'slash"])

    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        began = time.process_time()
        masker.mask(text)
        return time.process_time() - began

    # Another program may slow one try down; a quadratic search is slow in each.
    assert any(seconds(60_000) < 9 * seconds(15_000) + 0.01 for _ in range(3))


# -- what goes to DCSS -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason",
    [
        "HTTPError: 401 for url: http://h/x?SMBSessionID=Abc123xyz&y=1",
        "ValueError: no such session: PRIVATEAbc123xyz",
        "ValueError: no such session: Abc123xyz",
        "ValueError: 'Abc123xyz' is not a session",
    ],
)
@pytest.mark.parametrize(
    "command", ["getThing 1.2 0 PRIVATEAbc123xyz", f"detector_collect_image 1.2 {ARGS} Abc123xyz"]
)
def test_a_reason_shows_no_session_id_of_its_command(reason: str, command: str) -> None:
    masked = mask_reason(reason, command)
    assert "Abc123xyz" not in masked
    assert masked.startswith(reason[:9])


def test_a_reason_is_masked_by_what_the_process_knows() -> None:
    assert mask_reason("BL12-key of http://root:hunter2@h") == "BL12-key of http://root:***@h"
    use_masker(Masker(literals=["hunter2"], patterns=[r"BL\d+-\w+"]))
    try:
        assert mask_reason("BL12-key, hunter2, motor at 1.5") == "***, ***, motor at 1.5"
    finally:
        use_masker(Masker())


def test_passwords_of_settings_are_known_by_their_keys() -> None:
    settings = {
        "login": {"user": "root", "password": "one1"},
        "cameras": [{"apiToken": "two2"}, {"token_file": "/x", "secret": 5}],
    }
    assert list(named_secrets(settings)) == ["one1", "two2"]


def test_a_cut_text_may_end_in_half_a_secret() -> None:
    masker = Masker(literals=["correct horse"])
    assert (
        masker.beginning("it was the correct horse", len("it was the correct hor")) == "it was the"
    )
    assert masker.beginning("nothing at all", 10) == "nothing"
    assert masker.beginning("nothing", 7) == "nothing"


TOKEN = f"eyJ{'aZ' * 500}.eyJ{'bY' * 500}.{'cX' * 500}"
LONG_SECRETS = [
    pytest.param(TOKEN, "aZaZ", id="token"),
    pytest.param(f"https://root:{'hunter2' * 400}@axis/x", "hunter2", id="URL"),
    pytest.param(f"https%3A%2F%2Froot%3A{'hunter2' * 400}%40axis", "hunter2", id="quoted URL"),
    pytest.param("0f" * 20, "0f", id="hexadecimal"),
    pytest.param("PRIVATE0f0f0f", "0f", id="PRIVATE"),
    pytest.param("it: correct horse battery", "horse", id="literal"),
    pytest.param("long" + "key1" * 1_000, "key1", id="long literal"),
    pytest.param("password=hunter2hunter2", "hunter2", id="named"),
]


@pytest.fixture(scope="module")
def long_masker() -> Masker:
    """Knows a secret of 4,000 characters, whose pattern takes half a second to be made."""
    return Masker(literals=["correct horse battery", "long" + "key1" * 1_000])


@pytest.mark.parametrize(("secret", "part"), LONG_SECRETS)
@pytest.mark.parametrize("filler", ["x", "x ", "x,"])
def test_no_cut_divides_a_secret(long_masker: Masker, secret: str, part: str, filler: str) -> None:
    use_masker(long_masker)
    try:
        for most in (200, MAX_REASON):
            for inside in range(1, min(len(secret) + 4, most - 20), max(1, len(secret) // 50)):
                before = (filler * most)[: most - inside - 1] + " "
                told = mask_reason(before + secret + " and more" * 1_000, most=most)
                assert part not in told, told[-100:]
                assert told.startswith(before[: max(0, most - 20 - MAX_WORD - inside)])
    finally:
        use_masker(Masker())
