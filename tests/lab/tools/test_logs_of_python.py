"""Logs of Python programs: bytes literals in pieces, places in the source, repeated messages."""

import itertools
import random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcs_codec import Frame, Framing, encode_frame
from dhs_lab.tools.reading import ReadOptions
from dhs_lab.tools.sniffing import Format
from tests.lab.tools.helpers import damages, found
from tests.lab.tools.test_logs_collected import docker, told

STAMP: Final = "2024-01-05 17:47:58,299 - EPICSDHS - DEBUG -reciver - "
PLACE: Final = " (EpicsDHS.py:327)"
TEXTS: Final = (
    "stoh_start_motor_move gonio_phi 360.0",
    "stoh_start_operation detector_stop 1.3905",
    "stoh_set_string note it's 'quoted' \"twice\"",
    "stoh_start_operation x 1.1 PRIVATE00000000000000000000000000000000 1 3 30 0.000000",
    "stoh_abort_all soft",
)
WORDS = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=6)


def frames(texts: list[str]) -> bytes:
    return b"".join(encode_frame(Frame(text.encode()), Framing.V2) for text in texts)


@given(WORDS, st.data())
def test_frames_are_put_together_however_they_were_read(
    texts: list[str], data: st.DataObject
) -> None:
    stream = frames(texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    edges = [0, *cuts, len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
    log = "".join(f"{STAMP}recive {piece!r}{PLACE}\n" for piece in pieces if piece)
    findings = found(log.encode(), ReadOptions(format=Format.LOG))
    assert told(findings) == texts
    assert damages(findings) == []


@given(WORDS)
def test_what_one_program_tells_three_times_is_told_once(texts: list[str]) -> None:
    log = ""
    for text in texts:
        frame = frames([text])
        for piece in (frame[:26], frame[26:]):
            log += f"{STAMP}recive {piece!r}{PLACE}\n"
            log += f"{STAMP}after decode = {piece.decode()}{PLACE}\n"
        log += f"{STAMP}Got message from dcss : {text.split(' ')}{PLACE}\n"
    findings = found(log.encode(), ReadOptions(format=Format.LOG))
    assert told(findings) == texts
    assert damages(findings) == []


@pytest.mark.parametrize(
    "lines",
    [
        ("to dhsA: stoh_abort_all", "to dhsB: stoh_abort_all"),
        ("received: stoh_abort_all", "sending: stoh_abort_all"),
        ("<- stoh_abort_all", "<- stoh_abort_all"),
        ("1.234 dhsA -> stoh_abort_all", "1.234 dhsB -> stoh_abort_all"),
    ],
)
def test_two_messages_stay_two(lines: tuple[str, str]) -> None:
    log = "".join(f"12:00:00 {line}\n" for line in lines)
    assert told(found(log.encode())) == ["stoh_abort_all"] * 2


def test_two_containers_that_tell_the_same_are_two() -> None:
    log = docker("got: stoh_abort_all\n", container="a") + docker(
        "in: stoh_abort_all\n", container="b"
    )
    assert told(found(log.encode())) == ["stoh_abort_all"] * 2


@pytest.mark.parametrize(
    ("log", "texts"),
    [
        ("1:00:00 x b'htos_note a'\n1:00:01 x b'htos_note b'\n", ["htos_note a", "htos_note b"]),
        ("12:00:00 x b'stoh_abo'\n12:00:01 x b'rt_all\\x00'\n", ["stoh_abort_all"]),
        ("12:00:00 got 'stoh_abort_all soft\\x00'\n", ["stoh_abort_all soft"]),
        ('12:00:00 got "stoh_set_string a b\\nc", x\n', ["stoh_set_string a b\nc"]),
        ("12:00:00 x bytearray(b'stoh_abort_all\\x00')\n", ["stoh_abort_all"]),
        ("12:00:00 x " + repr(b"stoh_abort_all".ljust(200, b"\0")) + "\n", ["stoh_abort_all"]),
        ("12:00:00 POST b'{\"a\": \"b\"}'\n12:00:01 <- stoh_abort_all\n", ["stoh_abort_all"]),
        ("12:00:00 x stoh_set_string s a (x.py:3)\n", ["stoh_set_string s a"]),
        ("12:00:00 x stoh_set_string s a\nb (x.py:3)\n" * 2, None),
    ],
)  # fmt: skip
def test_forms_of_python(log: str, texts: list[str] | None) -> None:
    findings = found(("12:00:00 start (x.py:1)\n" * (texts is None) + log).encode())
    if texts is not None:
        assert (told(findings), damages(findings)) == (texts, [])


@pytest.mark.parametrize(
    "log",
    [
        "12:00:00 x b'stoh_abort_all so\n",
        "12:00:00 x          20            0 stoh_abort_all soft\\x00' (x.py:3)\n",
        "12:00:00 x stoh_abort_all soft\\x00' (x.py:3)\n",
        "stoh_start_operation', 'a', '1.1']\n",
        "htos_note x} {src/dcss_hardware_client.c 290  }\n",
        "12:00:00 <- stoh_abort_all soft",
    ],
)
def test_a_line_of_which_a_part_is_lost_is_a_damage(log: str) -> None:
    findings = found(log.encode(), ReadOptions(format=Format.LOG))
    assert told(findings) == []
    assert len(damages(findings)) == 1


C: Final = "06/26/15 14:32:47 1981794048     INFO    "
LOGS: Final = {
    "c": "".join(
        f"{C}message from a <- {{{text}}} {{src/dcss_hardware_client.c 290  }}\n" for text in TEXTS
    ),
    "trace": "".join(
        f"2026-01-01 12:00:00.123 DEBUG   dcss-link        dhs_runtime.wire.a: <- {text}\n"
        for text in TEXTS
    ),
    "python": "".join(f"{STAMP}recive {frames([text])!r}{PLACE}\n" for text in TEXTS),
    "docker": "".join(
        docker(f"2026-01-01 12:00:00.123 DEBUG   x   dhs_runtime.wire.a: <- {text}\n")
        for text in TEXTS
    ),
}


def damaged(data: bytes, random_: random.Random) -> bytes:
    """A log cut at either end, with lost or repeated lines, a block of NULs or noise."""
    lines = data.split(b"\n")
    at, line = random_.randrange(len(data)), random_.randrange(len(lines))
    kind = random_.randrange(6)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[at:]
    if kind == 2:
        return b"\n".join(lines[:line] + lines[line + random_.randrange(1, 4) :])
    if kind == 3:
        return b"\n".join(lines[:line] + lines[max(0, line - 3) :])
    if kind == 4:
        size = random_.choice([8, 50, 512])
        return data[:at] + b"\0" * size + data[at + size :]
    return data[:at] + bytes([random_.choice(b"\x01\x0c\x07\x7f")]) + data[at:]


@pytest.mark.parametrize("kind", LOGS)
@given(st.integers(0, 2**32))
def test_damage_yields_no_message_that_was_not_there(kind: str, seed: int) -> None:
    data = damaged(LOGS[kind].encode(), random.Random(seed))
    assert set(told(found(data, ReadOptions(format=Format.LOG)))) <= set(TEXTS)
